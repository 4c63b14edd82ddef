//! Deques in models: each operation is one step under a lock. The real ones are proven elsewhere; what is ours is when
//! they are used.

use std::collections::VecDeque;
use std::sync::Arc;

pub use crossbeam_deque::Steal;

use super::mutex::Mutex;

type Shared<V> = Arc<Mutex<VecDeque<V>>>;

/// The owner's end.
pub struct Worker<V> {
    shared: Shared<V>,
    is_lifo: bool,
}

impl<V> Worker<V> {
    /// The owner takes what came last.
    pub fn new_lifo() -> Self {
        Worker { shared: Shared::default(), is_lifo: true }
    }

    /// The owner takes what came first.
    pub fn new_fifo() -> Self {
        Worker { shared: Shared::default(), is_lifo: false }
    }

    /// Adds at the end.
    pub fn push(&self, value: V) {
        self.shared.lock().push_back(value);
    }

    /// Takes the owner's next.
    pub fn pop(&self) -> Option<V> {
        let mut values = self.shared.lock();
        if self.is_lifo { values.pop_back() } else { values.pop_front() }
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.shared.lock().is_empty()
    }

    /// How much is in it.
    pub fn len(&self) -> usize {
        self.shared.lock().len()
    }

    /// The thieves' end.
    pub fn stealer(&self) -> Stealer<V> {
        Stealer(self.shared.clone())
    }
}

/// The thieves' end.
pub struct Stealer<V>(Shared<V>);

impl<V> Stealer<V> {
    /// Takes the oldest.
    pub fn steal(&self) -> Steal<V> {
        self.0.lock().pop_front().map_or(Steal::Empty, Steal::Success)
    }

    /// Takes half, one of them for itself.
    pub fn steal_batch_and_pop(&self, into: &Worker<V>) -> Steal<V> {
        let mut values = self.0.lock();
        let half = values.len().div_ceil(2);
        let mut taken = values.drain(..half).collect::<VecDeque<V>>();
        drop(values);
        let first = taken.pop_front();
        taken.into_iter().for_each(|value| into.push(value));
        first.map_or(Steal::Empty, Steal::Success)
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}

/// A queue that anybody may use.
pub struct Injector<V>(Shared<V>);

impl<V> Injector<V> {
    /// Nothing in it.
    pub fn new() -> Self {
        Injector(Shared::default())
    }

    /// Adds at the end.
    pub fn push(&self, value: V) {
        self.0.lock().push_back(value);
    }

    /// Takes the oldest.
    pub fn steal(&self) -> Steal<V> {
        self.0.lock().pop_front().map_or(Steal::Empty, Steal::Success)
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }
}
