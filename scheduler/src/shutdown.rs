//! The end of a runtime, in numbered steps.
//!
//! 1. No run is left: `run` borrows the runtime, so its owner cannot drop it before every run has returned.
//! 2. Workers are told, and woken.
//! 3. Their threads are awaited.
//! 4. The pool finishes what it has, for at most [`POOL_LIMIT`]; results go nowhere.
//!
//! Sources, channels and handles that outlive the runtime keep working where that needs no worker.

use std::time::Duration;

use crate::Task;
use crate::runtime::Shared;
use crate::sync::Arc;
use crate::sync::atomic::Ordering;

/// A job that blocks longer is left to the operating system (arbitrary).
const POOL_LIMIT: Duration = Duration::from_millis(100);

/// Steps 2 to 4.
pub fn shut_down<T: Task>(shared: &Arc<Shared<T>>) {
    // Release pairs with the Acquire in `is_shut_down`.
    let tell = || shared.is_shut_down.store(true, Ordering::Release);
    let wake = || shared.seats.iter().for_each(|seat| seat.parker.unpark(shared.poller_if_any()));
    mutant!(
        "shutdown.tells-after-it-woke",
        {
            tell();
            wake();
        },
        {
            wake();
            tell();
        }
    );
    for seat in &shared.seats {
        let thread = seat.thread.lock().take();
        if let Some(thread) = thread {
            // A worker that panicked has said so.
            _ = thread.join();
        }
    }
    if let Some(pool) = shared.pool_if_any() {
        pool.shutdown(POOL_LIMIT);
    }
}

impl<T: Task> Shared<T> {
    /// Are workers to end?
    pub fn is_shut_down(&self) -> bool {
        self.is_shut_down.load(Ordering::Acquire)
    }
}
