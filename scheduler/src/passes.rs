//! Has every worker come to the end of what it was doing?
//!
//! Who ends a task gives up what is left of it after others may have heard of the end: its record, with the outcome in
//! it. So whoever frees something by hand that outcomes may refer to waits until each worker has *passed*: it was not
//! ending a task, or at rest. A worker says so when it looks at the clock (`Worker::maintain`); in between this costs
//! nothing.

use std::sync::Weak;

use crate::Task;
use crate::runtime::{Runtime, Shared};
use crate::seat::Seat;
use crate::sync::Arc;
use crate::sync::atomic::Ordering;

/// Somebody who looks at the workers of a runtime, as long as there are any: also while it ends.
pub struct Watcher<T: Task>(Weak<Shared<T>>);

/// Where the workers of a runtime stood at some moment.
pub struct Passes<T: Task> {
    shared: Weak<Shared<T>>,
    then: Box<[u32]>,
}

impl<T: Task> Runtime<T> {
    /// Looks at its workers.
    pub fn watcher(&self) -> Watcher<T> {
        Watcher(Arc::downgrade(&self.shared))
    }
}

impl<T: Task> Watcher<T> {
    /// Where the workers stand now. What they did before is known to the caller, as far as that can depend on it.
    /// `None`: there are none any more.
    pub fn passes(&self) -> Option<Passes<T>> {
        let then = self.0.upgrade()?.seats.iter().map(Seat::passed).collect();
        Some(Passes { shared: self.0.clone(), then })
    }
}

impl<T: Task> Passes<T> {
    /// Has each worker since come to the end of its turn, or was it at rest? So it is when the runtime is gone.
    pub fn are_over(&self) -> bool {
        let Some(shared) = self.shared.upgrade() else { return true };
        let mut seats = shared.seats.iter().zip(&self.then).enumerate();
        // Idle is also who has no thread. A worker that is woken clears its bit before it takes a task.
        seats.all(|(index, (seat, then))| seat.passed() != *then || shared.idle.is_idle(index))
    }
}

impl<T: Task> Seat<T> {
    fn passed(&self) -> u32 {
        // Acquire pairs with the Release in `pass`.
        self.passed.load(Ordering::Acquire)
    }

    /// Its worker, who calls this, ends no task at the moment.
    #[inline]
    pub fn pass(&self) {
        // Relaxed: only the worker writes it. Release: what it did before is done for whoever sees this.
        self.passed.store(self.passed.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }
}
