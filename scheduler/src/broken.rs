//! A runtime that is broken: code of its own has panicked, so nobody knows any more what its tasks wait for.
//!
//! Tasks catch the panics of what they run, and hosts those of what they are told. What is left is a bug of the
//! scheduler, of a task or of an observer. It ends neither the process nor the waits of others:
//!
//! 1. The text of the panic is noted: from here on nobody stops the world, as one worker would never stop.
//! 2. The workers are told to leave, as at a shutdown.
//! 3. Every run ends with a fault that says so, and every run that begins later.
//!
//! What the worker had in hand stays where it is. Records of tasks are neither run nor freed: their fields may be in
//! the midst of a change.
//!
//! Rejected: ending the process, as a host has other things to do; going on without the worker, as tasks in its hands
//! are waited for.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use crate::run::Run;
use crate::runtime::Shared;
use crate::sync::Arc;
use crate::sync::atomic::Ordering;
use crate::worker::Worker;
use crate::{Outcome, Task};

/// What has broken it, if it is.
#[derive(Default)]
pub struct Broken(OnceLock<String>);

/// Does the work of a worker. `None`: it has panicked, and the runtime is broken.
pub fn guard<T: Task, R>(shared: &Arc<Shared<T>>, work: impl FnOnce() -> R) -> Option<R> {
    if cfg!(loom) {
        // A model has to see panics.
        return Some(work());
    }
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => Some(result),
        Err(panic) => {
            shared.break_down(panic_text(panic));
            None
        }
    }
}

/// Does work of a worker inside of the turn of a task, which would take its panic for one of its own.
pub fn guard_inside<T: Task>(worker: &mut Worker<T>, work: impl FnOnce(&mut Worker<T>)) {
    if cfg!(loom) {
        return work(worker);
    }
    if let Err(panic) = catch_unwind(AssertUnwindSafe(|| work(worker))) {
        worker.shared.break_down(panic_text(panic));
    }
}

/// What a panic says. What it carries otherwise is not dropped: that might panic again.
#[cold]
pub fn panic_text(panic: Box<dyn Any + Send>) -> String {
    let panic = match panic.downcast::<String>() {
        Ok(text) => return *text,
        Err(panic) => panic,
    };
    match panic.downcast::<&'static str>() {
        Ok(text) => (*text).to_owned(),
        Err(panic) => {
            std::mem::forget(panic);
            "a panic without a text".to_owned()
        }
    }
}

impl<T: Task> Shared<T> {
    /// Is it?
    pub fn is_broken(&self) -> bool {
        self.broken.0.get().is_some()
    }

    /// It is, from here on.
    #[cold]
    fn break_down(self: &Arc<Self>, text: String) {
        // The first panic is the one that counts.
        _ = self.broken.0.set(text);
        // Release pairs with the Acquire in `is_shut_down`.
        self.is_shut_down.store(true, Ordering::Release);
        self.all_runs().iter().for_each(|run| self.end_if_broken(run));
        self.seats.iter().for_each(|seat| seat.parker.unpark(self.poller_if_any()));
        self.world.look_again();
    }

    /// Ends a run of a runtime that is broken. Whoever lists a run asks for this afterwards, so that none is
    /// overlooked.
    pub(crate) fn end_if_broken(&self, run: &Run<T>) {
        let Some(text) = self.broken.0.get() else { return };
        self.runs.lock().remove(&run.id);
        // Its record is not freed (see above).
        std::mem::forget(run.root.lock().take());
        run.set_outcome(Some(Outcome::Faulted(T::broken(text))));
    }
}
