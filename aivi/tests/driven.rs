//! Engines without threads, which the host drives.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aivi::{Call, CallError, Engine, Limit, Limits, Script, Turn};

const SCRIPT: &str = r#"
module driven
export *
use aivi.concurrency

nap : Int -> Effect Text Int
nap = ms => do Effect {
  sleep ms
  pure ms
}

spin : Int -> Effect Text Unit
spin = n => pure (count n)

count : Int -> Unit
count = n => count (n + 1)

// Nobody sends.
stuck : Unit -> Effect Text Unit
stuck = _ => do Effect {
  (tx, rx) <- make 0
  _ <- recv rx
  close tx
}
"#;

const BUDGET: Duration = Duration::from_millis(2);

fn start<R: aivi::FromAivi>(script: &Script, name: &str, argument: i64) -> Call<R> {
    script.function::<(i64,), R>(name).expect("a function").start((argument,))
}

fn engine(wakes: &Arc<AtomicUsize>) -> (Engine, Script) {
    let wakes = wakes.clone();
    let builder = Engine::builder().driven().on_wake(move || _ = wakes.fetch_add(1, Ordering::SeqCst));
    let engine = builder.build().expect("an engine");
    let script = engine.compile("driven.aivi", SCRIPT).expect("correct");
    (engine, script)
}

/// What has something to do, and waits for a turn to do it, keeps nobody from looking.
#[test]
fn what_is_ready_is_shown_between_turns() {
    let (engine, script) = engine(&Arc::default());
    let spin = start::<()>(&script, "spin", 0);
    assert_eq!(engine.fibers().fibers.len(), 1, "before the first turn");
    assert_eq!(engine.turn(BUDGET), Turn::Ready);
    let fibers = engine.fibers().fibers;
    assert_eq!((fibers.len(), fibers[0].state.as_str()), (1, "ready"));
    assert!(engine.dump().contains("is ready to run"));
    spin.cancel();
    assert_eq!(spin.wait(), Err(CallError::Cancelled));
}

#[test]
fn nothing_runs_but_in_turns() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let (engine, script) = engine(&wakes);
    assert_eq!(engine.turn(BUDGET), Turn::Finished);
    let mut naps: Vec<Call<i64>> = (1..=20).map(|ms| start(&script, "nap", ms)).collect();
    assert!(naps.iter().all(|nap| !nap.is_finished()));
    assert!(wakes.load(Ordering::SeqCst) >= 1, "the host is told that there is something to do");
    let mut turns = 0;
    loop {
        match engine.turn(BUDGET) {
            Turn::Ready => {}
            Turn::Sleeping(limit) => {
                assert!(limit <= Duration::from_millis(20));
                turns += 1;
            }
            Turn::Waiting => panic!("all sleep"),
            Turn::Finished => break,
        }
    }
    assert!(turns > 0, "it said for how long there was nothing to do");
    for (nap, ms) in naps.iter_mut().zip(1..) {
        assert_eq!(nap.wait_timeout(Duration::ZERO), Some(Ok(ms)));
    }
}

#[test]
fn a_script_that_computes_for_ever_gets_its_share() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let (engine, script) = engine(&wakes);
    let spinning: Call<()> = start(&script, "spin", 0);
    let mut nap: Call<i64> = start(&script, "nap", 1);
    while !nap.is_finished() {
        assert_eq!(engine.turn(BUDGET), Turn::Ready);
    }
    assert_eq!(nap.wait_timeout(Duration::ZERO), Some(Ok(1)));
    spinning.cancel();
    while engine.turn(BUDGET) != Turn::Finished {}
    assert_eq!(spinning.wait(), Err(CallError::Cancelled));
}

#[test]
fn the_host_is_told_when_something_comes_from_outside() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let (engine, script) = engine(&wakes);
    let nap: Call<i64> = start(&script, "nap", 3_600_000);
    while !matches!(engine.turn(BUDGET), Turn::Sleeping(_)) {}
    let before = wakes.load(Ordering::SeqCst);
    let canceller = nap.canceller();
    std::thread::spawn(move || canceller.cancel()).join().expect("no panic");
    assert!(wakes.load(Ordering::SeqCst) > before);
    while engine.turn(BUDGET) != Turn::Finished {}
    assert!(nap.is_finished());
}

#[test]
fn a_deadlock_is_found_and_a_thread_may_wait_instead() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let (engine, script) = engine(&wakes);
    let mut stuck = script.function::<((),), ()>("stuck").expect("a function").start(((),));
    while engine.turn(BUDGET) != Turn::Finished {}
    let ended = stuck.wait_timeout(Duration::ZERO);
    assert!(matches!(&ended, Some(Err(CallError::Fault(report))) if report.message == "deadlock"), "{ended:?}");
    assert_eq!(start::<i64>(&script, "nap", 2).wait(), Ok(2));
    assert_eq!(script.call::<i64, _>("nap", (1,)), Ok(1));
}

#[test]
fn a_limit_of_time_is_met_in_turns() {
    let wakes = Arc::new(AtomicUsize::new(0));
    let (engine, script) = engine(&wakes);
    let limit = Duration::from_millis(5);
    let nap = script.function::<(i64,), i64>("nap").expect("a function").with(Limits::none().time(limit));
    let mut nap = nap.start((3_600_000,));
    loop {
        match engine.turn(BUDGET) {
            Turn::Ready => {}
            Turn::Sleeping(left) => assert!(left <= limit, "{left:?}"),
            Turn::Waiting => panic!("it has a limit"),
            Turn::Finished => break,
        }
    }
    let ended = nap.wait_timeout(Duration::ZERO);
    assert!(matches!(&ended, Some(Err(CallError::Limit(report))) if report.what == Limit::Time), "{ended:?}");
}
