//! Threads of others that work in the first seat: for a run of their own until it is over, or for a moment, in a
//! runtime that is driven.

use std::time::Duration;

use crate::run::Run;
use crate::runtime::Shared;
use crate::sync::Arc;
use crate::{Outcome, Task};

use super::{Core, Worker};

/// What is left to do after a turn of a runtime that is driven.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    /// More, at once: the time was up, or somebody else works at the moment.
    Ready,
    /// Nothing for so long, unless something comes from outside before.
    Sleeping(Duration),
    /// Nothing until something comes from outside: a source of input and output, another thread, the host.
    Waiting,
    /// Nothing: there is no run.
    Finished,
}

/// Works in seat 0 until `run` is over, or for `limit`; waits while somebody else sits there. `None`: the time is up,
/// or the outcome was given before.
pub fn drive<T: Task>(
    shared: &Arc<Shared<T>>,
    run: &Arc<Run<T>>,
    limit: Option<Duration>,
) -> Option<Outcome<T::Value, T::Fault>> {
    let deadline_ns = limit.map(|limit| shared.clock_ns().saturating_add(limit.as_nanos() as u64));
    let is_late = || deadline_ns.is_some_and(|deadline_ns| shared.clock_ns() >= deadline_ns);
    shared.drivers.lock().push(run.clone());
    let outcome = loop {
        let mut end = run.end.lock();
        if end.outcome.is_some() || run.is_over() || is_late() {
            break end.outcome.take();
        }
        // Under the lock of the outcome: whoever leaves the seat puts the core back first and takes this lock then, so
        // we see the core or hear of it.
        let core = shared.seats[0].core.lock().take();
        if let Some(core) = core {
            drop(end);
            let mut worker = Worker { shared: shared.clone(), index: 0, core };
            worker.core.until_ns = deadline_ns;
            crate::broken::guard(shared, || {
                worker.work(|| run.is_over() || is_late());
                worker.leave();
            });
        } else {
            match deadline_ns {
                None => run.changed.wait(&mut end),
                Some(deadline_ns) => {
                    let left = Duration::from_nanos(deadline_ns.saturating_sub(shared.clock_ns()));
                    _ = run.changed.wait_for(&mut end, left);
                }
            }
        }
    };
    shared.drivers.lock().retain(|other| !Arc::ptr_eq(other, run));
    shared.man_first_seat();
    outcome
}

/// Runs what is ready, for `budget` at most and a slice of a task more; never waits for anything.
pub fn turn<T: Task>(shared: &Arc<Shared<T>>, budget: Duration) -> Turn {
    if shared.is_broken() {
        return Turn::Finished;
    }
    let Some(core) = shared.seats[0].core.lock().take() else { return Turn::Ready };
    crate::broken::guard(shared, || turn_with(shared, core, budget)).unwrap_or(Turn::Finished)
}

fn turn_with<T: Task>(shared: &Arc<Shared<T>>, core: Box<Core<T>>, budget: Duration) -> Turn {
    let until_ns = shared.clock_ns().saturating_add(budget.as_nanos() as u64);
    let mut worker = Worker { shared: shared.clone(), index: 0, core };
    worker.core.until_ns = Some(until_ns);
    let is_ready = !worker.work_through(until_ns);
    let next_ns = worker.next_deadline().into_iter().chain(shared.deadlines.next()).min();
    worker.leave();
    // The worker is idle: who queues something from here on says so (`Observer::woken`). What came before is seen here.
    if is_ready || !shared.injector.is_empty() {
        return Turn::Ready;
    }
    match next_ns {
        _ if shared.runs.lock().is_empty() => Turn::Finished,
        Some(next_ns) => Turn::Sleeping(Duration::from_nanos(next_ns.saturating_sub(shared.clock_ns()))),
        None => Turn::Waiting,
    }
}

impl<T: Task> Worker<T> {
    /// Works until there is nothing to do. False: until then.
    fn work_through(&mut self, until_ns: u64) -> bool {
        let _at_work = super::working::AtWork::for_runtime(&self.shared);
        self.sit_down();
        self.poll_now();
        while self.shared.clock_ns() < until_ns {
            if let Some(raw) = self.next() {
                self.turn(raw);
                continue;
            }
            self.poll_now();
            if self.core.queue.is_empty() && self.come_to_rest(&|| false).is_some() {
                return true;
            }
        }
        self.core.queue.is_empty() && self.shared.injector.is_empty()
    }
}
