//! Deadlock: all workers idle, and nothing left that could wake a task (RULE-12).
//!
//! The worker that idles last looks: no injected task, no timer in any wheel (or time is held before all of them),
//! nobody waiting for a source, nothing going on outside. Everything that can wake a task from outside is counted
//! *before* it stops being visible elsewhere, so when all counts are zero after all idle bits were seen set, no wake is
//! under way.
//!
//! A run may begin at any moment, also while the world is stopped. It is listed and its root is queued under one lock,
//! and those who look take the list first: of the runs in it all roots were queued before the rest was read. Only they
//! are told.
//!
//! A run that is dead while other runs go on is found by the search for tasks that wait for ever (`stuck/mod.rs`), when
//! its tasks have waited for a second, and told as well.
//!
//! The first time, each root is given the fault; it unwinds, its cleanups run. If all is dead once more with a run that
//! was told, the run is given up: its tasks are ended without being resumed.

use crate::run::Run;
use crate::runtime::Shared;
use crate::stuck::{Dead, Holders};
use crate::sync::Arc;
use crate::sync::atomic::Ordering;
use crate::task::record::Raw;
use crate::task::state::Claim;
use crate::wait::Woken;
use crate::worker::Worker;
use crate::{DeadlockReport, Task, Waker, dump, stuck};

impl<T: Task> Shared<T> {
    /// Are there runs, and can nothing but time wake any of their tasks?
    pub fn is_dead_but_for_time(&self) -> bool {
        let has_runs = !self.runs.lock().is_empty();
        has_runs
            && self.idle.is_everybody_idle()
            && self.outside_pending() == 0
            && !self.has_io_waits()
            && self.injector.is_empty()
    }

    /// Are there runs, and can nothing wake any of their tasks?
    pub fn is_dead(&self) -> bool {
        self.is_dead_but_for_time() && self.seats.iter().all(|seat| seat.timers.lock().is_empty())
    }
}

/// Tells the roots, or gives up. True: there is something to do now. The caller is the last idle worker, its bit is
/// set.
pub fn handle<T: Task>(worker: &mut Worker<T>) -> bool {
    let shared = worker.shared.clone();
    let Some(_world) = shared.try_stop_idle() else { return true };
    let runs = shared.all_runs();
    if !worker.is_dead() {
        return true;
    }
    let report = DeadlockReport { dump: dump::of(&shared, &stuck::find(&shared).holders) };
    let mut is_told = false;
    for run in &runs {
        is_told |= tell(worker, run, &report);
    }
    if !is_told {
        worker.give_up(&runs, &report);
    }
    true
}

/// The same for runs whose tasks all wait for ever while other runs go on. The world is stopped as it was when that was
/// found.
pub fn handle_some<T: Task>(worker: &mut Worker<T>, dead: &[Dead<T>], holders: &Holders) {
    for Dead { run, tasks } in dead {
        let report = DeadlockReport { dump: dump::of_tasks(&worker.shared, tasks, holders) };
        if !tell(worker, run, &report) {
            worker.give_up(std::slice::from_ref(run), &report);
        }
    }
}

/// Gives the root of `run` its fault, unless it has had one.
fn tell<T: Task>(worker: &mut Worker<T>, run: &Run<T>, report: &DeadlockReport) -> bool {
    let Some(root) = run.root.lock().clone() else { return false };
    // Relaxed: only while the world is stopped.
    if run.was_told.swap(true, Ordering::Relaxed) || root.has_ended() {
        return false;
    }
    let fault = T::deadlock(report.clone());
    *run.told.lock() = Some(fault.clone());
    // SAFETY: the world is stopped: nobody is the running side.
    unsafe { root.own() }.woken = Woken::Deadlock(fault);
    worker.shared.watch.requests.note();
    let is_claimed = root.state.claim_any(Claim::Deadlock);
    if is_claimed {
        worker.push_woken_by(root.raw(), Waker::Deadlock);
    }
    is_claimed
}

/// Ends all tasks of these runs without resuming them.
pub fn kill_roots<T: Task>(runs: &[Arc<Run<T>>], mut woken: impl FnMut(Raw<T>)) {
    runs.iter().for_each(|run| crate::deadline::kill(&run.scope, &mut woken));
}
