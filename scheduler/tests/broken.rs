//! A runtime whose own code has panicked: everybody who waits is told, and whoever comes later.

use std::sync::Arc;
use std::task::{Context as TaskContext, Poll, Waker};
use std::time::Duration;

use aivi_scheduler::*;

/// Only a test that fails waits for so long.
const LONG: Duration = Duration::from_secs(60);

/// Does one thing, for ever or until it panics.
enum Job {
    Ends,
    Sleeps,
    Computes,
    Panics,
    /// When it is dropped.
    PanicsLate,
    /// Has children, and does not wait for them, which no task may do.
    Leaves,
    /// Lends its turn to a task that leaves its children, and takes the panic for one of its own.
    Lends,
}

impl Task for Job {
    type Value = ();
    type Fault = String;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        if let Some(reason) = cx.cancel_requested() {
            return Step::Ended(Outcome::Cancelled(reason));
        }
        match self {
            Job::Ends | Job::PanicsLate => Step::Ended(Outcome::Done(())),
            Job::Computes => Step::Yielded,
            Job::Panics => panic!("a bug"),
            Job::Sleeps => {
                cx.sleep(u64::MAX / 2);
                Step::Waiting
            }
            Job::Lends => {
                cx.spawn(Job::Leaves, None).expect("the scope is open");
                let lent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| cx.lend_turn(None)));
                assert!(lent.is_ok(), "the panic of another one comes here");
                Step::Ended(Outcome::Done(()))
            }
            Job::Leaves => {
                cx.par(Job::Ends, Job::Ends);
                Step::Ended(Outcome::Done(()))
            }
        }
    }

    fn deadlock(_: DeadlockReport) -> String {
        "deadlock".into()
    }

    fn broken(text: &str) -> String {
        format!("broken: {text}")
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        assert!(!matches!(self, Job::PanicsLate), "a late bug");
    }
}

/// Panics when a worker is about to park, if so.
struct Idle(bool);

impl Observer<Job> for Idle {
    fn report(&self, _: Report<'_, Job>) {}

    fn describe_place(&self, _: Place) -> String {
        String::new()
    }

    fn idle(&self) {
        assert!(!self.0, "an observer's bug");
    }
}

fn runtime(workers: usize, mode: Mode, panics: bool) -> Runtime<Job> {
    Runtime::new(Config { workers, mode, blocking_threads: 1 }, Arc::new(Idle(panics))).expect("a runtime")
}

fn broken(outcome: Option<Outcome<(), String>>, text: &str) {
    assert_eq!(outcome, Some(Outcome::Faulted(format!("broken: {text}"))));
}

/// What else there is of a runtime that has broken down for this reason.
fn is_broken(runtime: &Runtime<Job>, text: &str) {
    broken(Some(runtime.run(Job::Ends)), text);
    let later = runtime.start(Job::Computes);
    broken(later.wait_for(LONG), text);
    assert!(later.is_over());
    assert!(runtime.dump().tasks.is_empty(), "nobody can look");
    runtime.flush_events();
    assert_eq!(runtime.turn(Duration::from_millis(1)), Turn::Finished);
    let reason = CancelReason { kind: CancelKind::Handle, place: Place(0) };
    assert_eq!(runtime.canceller().cancel_roots(reason), 0);
}

#[test]
fn who_waits_is_told() {
    type Make = fn() -> Job;
    let jobs: [(Make, &str); 4] = [
        (|| Job::Panics, "a bug"),
        (|| Job::PanicsLate, "a late bug"),
        (|| Job::Leaves, "a task that has children waits for them"),
        (|| Job::Lends, "a task that has children waits for them"),
    ];
    for (job, text) in jobs {
        for workers in [1, 2, 4] {
            let runtime = runtime(workers, Mode::Real, false);
            let others = [Job::Sleeps, Job::Computes, Job::Sleeps].map(|job| runtime.start(job));
            let waits = |started: &Started<Job>| broken(started.wait_for(LONG), text);
            std::thread::scope(|scope| {
                let (first, rest) = others.split_first().expect("three");
                // One waits already, as its own worker if nobody else is.
                scope.spawn(move || waits(first));
                broken(Some(runtime.run(job())), text);
                rest.iter().for_each(waits);
            });
            is_broken(&runtime, text);
        }
    }
}

#[test]
fn who_polls_is_woken() {
    let runtime = runtime(2, Mode::Real, false);
    let sleeper = runtime.start(Job::Sleeps);
    let (tx, woken) = std::sync::mpsc::channel();
    struct Tell(std::sync::mpsc::Sender<()>);
    impl std::task::Wake for Tell {
        fn wake(self: Arc<Self>) {
            _ = self.0.send(());
        }
    }
    let waker = Waker::from(Arc::new(Tell(tx)));
    let cx = TaskContext::from_waker(&waker);
    assert!(sleeper.poll(cx.waker()).is_pending());
    broken(runtime.start(Job::Panics).wait_for(LONG), "a bug");
    woken.recv_timeout(LONG).expect("woken");
    let Poll::Ready(outcome) = sleeper.poll(cx.waker()) else { panic!("it is over") };
    broken(Some(outcome), "a bug");
}

#[test]
fn who_drives_is_told() {
    let runtime = runtime(1, Mode::Driven, false);
    let (sleeps, panics) = (runtime.start(Job::Sleeps), runtime.start(Job::Panics));
    assert_eq!(runtime.turn(LONG), Turn::Finished);
    broken(sleeps.wait_for(LONG), "a bug");
    broken(panics.wait_for(LONG), "a bug");
    is_broken(&runtime, "a bug");
}

#[test]
fn so_is_who_simulates() {
    let runtime = runtime(1, Mode::Simulated { seed: 1 }, false);
    broken(Some(runtime.run(Job::Panics)), "a bug");
    is_broken(&runtime, "a bug");
}

#[test]
fn an_observer_that_panics_breaks_it_as_well() {
    for workers in [1, 3] {
        let runtime = runtime(workers, Mode::Real, true);
        broken(runtime.start(Job::Sleeps).wait_for(LONG), "an observer's bug");
        is_broken(&runtime, "an observer's bug");
    }
}
