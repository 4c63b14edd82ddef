//! Latches: closed at first, opened once; then nobody waits any more.

use std::fmt;

use crate::Task;
use crate::list::List;
use crate::sync::{Arc, LATCH, Lock};
use crate::task::record::Raw;
use crate::task::state::{Claim, Claimed};
use crate::task::waiter::Spot;

/// Something that happens once. Clones are the same latch.
pub struct Latch<T: Task>(Arc<Lock<Core<T>, LATCH>>);

struct Core<T: Task> {
    is_open: bool,
    waiters: List<Spot<T>>,
}

impl<T: Task> Latch<T> {
    /// A closed latch.
    pub fn new() -> Self {
        Latch(Arc::new(Lock::new(Core { is_open: false, waiters: List::new() })))
    }

    /// Has it been opened?
    pub fn is_open(&self) -> bool {
        self.0.lock().is_open
    }

    /// Registers a wait; false if the latch is open.
    ///
    /// # Safety
    /// The caller is the running side of the waiter, which is in no list and calls `forget` before it goes on unless it
    /// was claimed by this latch.
    pub(crate) unsafe fn wait(&self, waiter: (Raw<T>, u32)) -> bool {
        let mut core = self.0.lock();
        if core.is_open {
            return false;
        }
        // SAFETY: promised by the caller.
        unsafe { core.waiters.push_wait(waiter.0.spot(), waiter.1) };
        true
    }

    /// Opens; `woken` is told of each task that waited.
    pub(crate) fn open(&self, mut woken: impl FnMut(Raw<T>)) {
        let mut core = self.0.lock();
        core.is_open = true;
        while let Some((spot, generation)) = core.waiters.pop_wait() {
            // SAFETY: it was in the list, so it lives until it has had the lock (its `forget`), which we hold.
            let (raw, record) = unsafe { (spot.task(), spot.task().get()) };
            if record.state.claim(generation, Claim::Latch) == Claimed::Queue {
                woken(raw);
            }
        }
    }

    /// Takes a task, whose wait was ended by something else, out of the list.
    pub(crate) fn forget(&self, waiter: Raw<T>) {
        // SAFETY: the waiter lives: it is the caller's, who goes on.
        self.0.lock().waiters.remove(unsafe { waiter.spot() });
    }
}

impl<T: Task> Default for Latch<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Task> Clone for Latch<T> {
    fn clone(&self) -> Self {
        Latch(self.0.clone())
    }
}

impl<T: Task> PartialEq for Latch<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: Task> Eq for Latch<T> {}

impl<T: Task> fmt::Debug for Latch<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Latch {{ is_open: {} }}", self.is_open())
    }
}
