//! Runs: calls from outside, each with a root task in a scope of its own.
//!
//! The thread that makes the call may work for it ([`Runtime::run`], [`Started::wait`]), or leave it to the workers and
//! hear of its end through a [`Waker`]. Seat 0 is for those who work for their own call (`seat.rs`); as long as runs
//! live that nobody works for, a thread sits there: whoever leaves the seat, or starts a run while it is empty, sees to
//! that (`Shared::man_first_seat`).
//!
//! [`Runtime::run`]: crate::Runtime::run

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Weak;
use std::task::{Poll, Waker};
use std::time::Duration;

use crate::broken::panic_text;
use crate::runtime::Shared;
use crate::scope::Scope;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Arc, Condvar, Mutex};
use crate::task::body::{Own, Parent};
use crate::task::record::{Record, Ref, Spares};
use crate::{CancelReason, Outcome, Task};

/// One call from outside.
pub struct Run<T: Task> {
    /// That of its root: runs are listed in the order in which they began.
    pub id: u64,
    pub scope: Arc<Scope<T>>,
    pub root: Mutex<Option<Ref<T>>>,
    pub end: Mutex<End<T>>,
    is_over: AtomicBool,
    /// A deadlock was told its root once.
    pub was_told: AtomicBool,
    /// The deadlock that its root was told.
    pub told: Mutex<Option<T::Fault>>,
    /// The deadlock that it was given up for: the one that its root was told, if it was.
    pub given_up: Mutex<Option<T::Fault>>,
    /// The outcome is there, or the first seat is free.
    pub changed: Condvar,
}

/// How a run ended, and who wants to know.
pub struct End<T: Task> {
    pub outcome: Option<Outcome<T::Value, T::Fault>>,
    waker: Option<Waker>,
    /// The outcome was set: the first one counts.
    is_set: bool,
    /// Nobody will ask for the outcome.
    is_unwanted: bool,
}

/// A run that was started, and goes on whether somebody waits for it or not.
pub struct Started<T: Task> {
    shared: Arc<Shared<T>>,
    run: Arc<Run<T>>,
}

/// Asks one run to end, from any thread.
pub struct RunCanceller<T: Task> {
    shared: Weak<Shared<T>>,
    run: Weak<Run<T>>,
}

impl<T: Task> Started<T> {
    /// Waits until it and everything that it has spawned has ended. The calling thread works meanwhile if the first
    /// seat is free. `None`: the outcome was given before.
    pub fn wait(&self) -> Option<Outcome<T::Value, T::Fault>> {
        crate::worker::drive(&self.shared, &self.run, None)
    }

    /// The same for `limit` at most. `None`: the time is up, or the outcome was given before.
    pub fn wait_for(&self, limit: Duration) -> Option<Outcome<T::Value, T::Fault>> {
        crate::worker::drive(&self.shared, &self.run, Some(limit))
    }

    /// How it ended, given once; or `waker` is told when it has. The waker of the last call counts.
    pub fn poll(&self, waker: &Waker) -> Poll<Outcome<T::Value, T::Fault>> {
        // Wakers are somebody else's code: none of it runs under the lock.
        let waker = waker.clone();
        let mut end = self.run.end.lock();
        if let Some(outcome) = end.outcome.take() {
            return Poll::Ready(outcome);
        }
        let before = end.waker.replace(waker);
        drop(end);
        drop(before);
        Poll::Pending
    }

    /// Has everything ended?
    pub fn is_over(&self) -> bool {
        self.run.is_over()
    }

    /// Asks its root to end.
    pub fn cancel(&self, reason: CancelReason) {
        self.shared.cancel_run(&self.run, reason);
    }

    /// Asks it to end from elsewhere.
    pub fn canceller(&self) -> RunCanceller<T> {
        RunCanceller { shared: Arc::downgrade(&self.shared), run: Arc::downgrade(&self.run) }
    }
}

impl<T: Task> Drop for Started<T> {
    /// Nobody asks for the outcome any more: what is there goes now, what comes goes when it comes.
    fn drop(&mut self) {
        let mut end = self.run.end.lock();
        end.is_unwanted = true;
        let outcome = end.outcome.take();
        drop(end);
        drop(outcome);
    }
}

impl<T: Task> RunCanceller<T> {
    /// Asks the root to end. Without effect when the run is over.
    pub fn cancel(&self, reason: CancelReason) {
        if let (Some(shared), Some(run)) = (self.shared.upgrade(), self.run.upgrade()) {
            shared.cancel_run(&run, reason);
        }
    }
}

impl<T: Task> Clone for RunCanceller<T> {
    fn clone(&self) -> Self {
        RunCanceller { shared: self.shared.clone(), run: self.run.clone() }
    }
}

impl<T: Task> Shared<T> {
    /// Makes a run and queues its root.
    pub(crate) fn begin_run(self: &Arc<Self>, root: T) -> Arc<Run<T>> {
        let id = self.counters.next_id();
        let run = Arc::new_cyclic(|run| Run {
            id,
            scope: Scope::new(run.clone()),
            root: Mutex::new(None),
            end: Mutex::new(End { outcome: None, waker: None, is_set: false, is_unwanted: false }),
            is_over: AtomicBool::new(false),
            was_told: AtomicBool::new(false),
            told: Mutex::new(None),
            given_up: Mutex::new(None),
            changed: Condvar::new(),
        });
        let mut own = Own::new(std::ptr::NonNull::from(&*run.scope), root.entry());
        own.has_started = root.has_begun();
        let raw = Record::create(&mut Spares::new(), id, root, Parent::Run(run.clone()), own, 2);
        self.counters.task_begins();
        // SAFETY: one of the two counts is the run's, the other the right to run.
        let root = unsafe { Ref::from_raw(raw) };
        run.scope.set_body(root.clone());
        *run.root.lock() = Some(root);
        // Together, under the lock: a run whose root is not queued yet would look dead, and be given up
        // (`deadlock.rs`).
        let mut runs = self.runs.lock();
        runs.insert(id, run.clone());
        self.injector.push(raw);
        drop(runs);
        self.end_if_broken(&run);
        self.wake_any();
        run
    }

    /// The same for a run that nobody works for.
    pub(crate) fn start_run(self: &Arc<Self>, root: T) -> Started<T> {
        let started = self.begun(root);
        self.man_first_seat();
        started
    }

    /// The same for a run that its caller will work for.
    pub(crate) fn begun(self: &Arc<Self>, root: T) -> Started<T> {
        Started { shared: self.clone(), run: self.begin_run(root) }
    }

    /// The runs that have not ended, in the order in which they began.
    pub fn all_runs(&self) -> Vec<Arc<Run<T>>> {
        self.runs.lock().values().cloned().collect()
    }

    /// Asks the root of a run to end, and gives it.
    pub fn cancel_run(self: &Arc<Self>, run: &Run<T>, reason: CancelReason) -> Option<Ref<T>> {
        let root = run.root.lock().clone()?;
        // Between a claim and its queueing nobody may take the system for dead.
        self.outside_begin();
        self.watch.requests.note();
        if root.request_cancel(reason) {
            self.inject(root.raw());
        }
        self.outside_end();
        Some(root)
    }

    /// If there are runs, and nobody who waits for one could work in the first seat: a thread will.
    pub fn man_first_seat(self: &Arc<Self>) {
        let is_needed = self.config.has_threads() && self.drivers.lock().is_empty() && !self.runs.lock().is_empty();
        if !is_needed || self.is_shut_down() {
            return;
        }
        // Under the lock of the core, as is the decision of the thread to go: whoever sits there looks again when
        // leaving.
        let core = self.seats[0].core.lock();
        // Relaxed: under the lock.
        if core.is_some() && !self.seats[0].has_thread.swap(true, Ordering::Relaxed) {
            drop(core);
            crate::worker::start_thread(self, 0);
        }
    }
}

impl<T: Task> Run<T> {
    /// Has everything ended?
    pub fn is_over(&self) -> bool {
        // Acquire pairs with the Release in `set_outcome`.
        self.is_over.load(Ordering::Acquire)
    }

    /// The outcome, if anybody wants it.
    pub fn wanted(&self, outcome: Option<Outcome<T::Value, T::Fault>>) -> Option<Outcome<T::Value, T::Fault>> {
        let is_unwanted = self.end.lock().is_unwanted;
        outcome.filter(|_| !is_unwanted)
    }

    /// Everything has ended, like this. What nobody wants is gone when this returns.
    pub fn set_outcome(&self, outcome: Option<Outcome<T::Value, T::Fault>>) {
        let mut end = self.end.lock();
        let unwanted = if std::mem::replace(&mut end.is_set, true) || end.is_unwanted {
            outcome
        } else {
            end.outcome = outcome;
            None
        };
        let waker = end.waker.take();
        drop(end);
        drop(unwanted);
        // Release pairs with the Acquire in `is_over`.
        self.is_over.store(true, Ordering::Release);
        self.changed.notify_all();
        // Somebody else's code: a panic of it must not take the worker along.
        _ = catch_unwind(AssertUnwindSafe(|| waker.map(Waker::wake))).map_err(panic_text);
    }
}
