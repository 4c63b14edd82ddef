//! The end of a run, for whoever frees by hand what outcomes refer to: the order in which things go, and what is known
//! of the workers meanwhile.

use std::sync::{Arc, Mutex};

use aivi_scheduler::*;

type Log = Arc<Mutex<Vec<&'static str>>>;

/// Notes when it is dropped.
struct Noted(Log, &'static str);

impl Drop for Noted {
    fn drop(&mut self) {
        self.0.lock().unwrap().push(self.1);
    }
}

/// Runs a closure for each turn, and has something that goes with it.
struct Root(Box<Steps>, #[allow(dead_code)] Noted);

type Steps = dyn FnMut(&mut Context<'_, Root>) -> Step<Root> + std::marker::Send;

impl Task for Root {
    type Value = Arc<Noted>;
    type Fault = String;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        cx.take_wake();
        (self.0)(cx)
    }

    fn deadlock(report: DeadlockReport) -> String {
        report.to_string()
    }

    fn broken(text: &str) -> String {
        format!("broken: {text}")
    }
}

struct Silent;

impl Observer<Root> for Silent {
    fn report(&self, _: Report<'_, Root>) {}

    fn describe_place(&self, place: Place) -> String {
        format!("place {}", place.0)
    }
}

fn runtime(mode: Mode) -> Runtime<Root> {
    Runtime::new(Config { workers: 1, mode, blocking_threads: 1 }, Arc::new(Silent)).expect("a runtime")
}

#[test]
fn an_outcome_that_nobody_wants_goes_before_the_root() {
    for mode in [Mode::Driven, Mode::Real] {
        let log = Log::default();
        let value = Arc::new(Noted(log.clone(), "value"));
        let mut value = Some(value);
        let turn = Box::new(move |_: &mut Context<'_, Root>| match value.take() {
            Some(value) => Step::Ended(Outcome::Done(value)),
            None => Step::Ended(Outcome::Faulted("it has ended".into())),
        });
        let runtime = runtime(mode);
        let driven = matches!(mode, Mode::Driven);
        drop(runtime.start(Root(turn, Noted(log.clone(), "root"))));
        if driven {
            while runtime.turn(std::time::Duration::from_millis(1)) == Turn::Ready {}
        }
        drop(runtime);
        assert_eq!(*log.lock().unwrap(), ["value", "root"]);
    }
}

#[test]
fn workers_are_seen_until_the_runtime_has_ended() {
    for mode in [Mode::Driven, Mode::Real] {
        let log = Log::default();
        let runtime = runtime(mode);
        let watcher = Arc::new(runtime.watcher());
        let (seen, notes) = (watcher.clone(), log.clone());
        let (begun, has_begun) = std::sync::mpsc::channel();
        let turn = Box::new(move |cx: &mut Context<'_, Root>| match cx.cancel_requested() {
            None => {
                begun.send(()).expect("somebody waits");
                cx.sleep(3_600_000_000_000);
                Step::Waiting
            }
            Some(reason) => {
                let passes = seen.passes();
                notes.lock().unwrap().push(match passes {
                    Some(passes) if !passes.are_over() => "at work",
                    Some(_) => "past it",
                    None => "gone",
                });
                Step::Ended(Outcome::Cancelled(reason))
            }
        });
        drop(runtime.start(Root(turn, Noted(Log::default(), ""))));
        if matches!(mode, Mode::Driven) {
            runtime.turn(std::time::Duration::from_millis(1));
        }
        has_begun.recv().expect("it begins");
        drop(runtime);
        assert_eq!(*log.lock().unwrap(), ["at work"], "the runtime was ending then");
        assert!(watcher.passes().is_none());
    }
}
