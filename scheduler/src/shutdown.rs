//! The end of a runtime, in numbered steps.
//!
//! 1. Runs that nobody waits for are asked to end, and after [`RUN_LIMIT`] given up; who waits for one keeps the
//!    runtime.
//! 2. Workers are told, and woken.
//! 3. Their threads are awaited.
//! 4. The pool finishes what it has, for at most [`POOL_LIMIT`]; results go nowhere.
//!
//! A worker cannot wait for itself: if a task drops the runtime, a thread of its own does all this.
//!
//! Sources, channels and handles that outlive the runtime keep working where that needs no worker.

use std::time::Duration;

use crate::runtime::Shared;
use crate::sync::Arc;
use crate::sync::atomic::Ordering;
use crate::{CancelKind, CancelReason, Place, Task};

/// A job that blocks longer is left to the operating system (arbitrary).
const POOL_LIMIT: Duration = Duration::from_millis(100);

/// Cleanups that take longer are given up (arbitrary).
const RUN_LIMIT: Duration = Duration::from_secs(1);

/// All steps, for the owner of the runtime.
pub fn end<T: Task>(shared: &Arc<Shared<T>>) {
    if !crate::worker::is_at_work(shared) {
        end_runs(shared);
        return shut_down(shared);
    }
    let later = shared.clone();
    let started = crate::sync::thread::Builder::new().name("aivi-shutdown".into()).spawn(move || {
        end_runs(&later);
        shut_down(&later);
    });
    // Without a thread for it the workers are left to end by themselves.
    if started.is_err() {
        shared.is_shut_down.store(true, Ordering::Release);
    }
}

/// Step 1.
fn end_runs<T: Task>(shared: &Arc<Shared<T>>) {
    if shared.runs.lock().is_empty() {
        return;
    }
    shared.cancel_roots(CancelReason { kind: CancelKind::Shutdown, place: Place::default() });
    if !all_end(shared) {
        // Stopping everybody makes those yield who compute: what was killed ends at its next turn.
        _ = crate::world::stopped(shared, || crate::deadlock::kill_roots(&shared.all_runs(), |raw| shared.inject(raw)));
        all_end(shared);
    }
}

/// Works, or waits for those who do, until all runs have ended. False: that took too long.
fn all_end<T: Task>(shared: &Arc<Shared<T>>) -> bool {
    let begun_ns = shared.clock_ns();
    shared.all_runs().iter().all(|run| {
        let left = RUN_LIMIT.saturating_sub(Duration::from_nanos(shared.clock_ns() - begun_ns));
        crate::worker::drive(shared, run, Some(left));
        run.is_over()
    })
}

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
            // What a worker does that panics is said elsewhere (`broken.rs`).
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
