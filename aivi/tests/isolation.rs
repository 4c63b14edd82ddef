//! Engines beside each other: thousands come and go, some in the middle of a call, and leave no thread and no memory;
//! and a neighbour that floods its engine, or the same one, does not keep others waiting.

use std::fs;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use aivi::{CallError, Engine, Limits, Output};

/// One at a time: both look at what the whole process has.
static TURN: Mutex<()> = Mutex::new(());

const SCRIPT: &str = "module m
export *
use aivi.concurrency

words : List Text
words = [\"some text that is long enough to be an object\", \"and another one, which is no shorter than the first\"]

compute : Int -> Int
compute = n => n + List.length words

wait : Int -> Effect Text Int
wait = n => do Effect {
  (tx, rx) <- make words
  task <- spawn (scope (s => do Effect {
    _ <- spawnIn s (sleep 1000000)
    send tx words
    sleep 1000000
  }))
  _ <- recv rx
  task.join
  pure n
}

turn : Int -> Int
turn = n => turn (n + 1)
";

/// Threads of engines in this process, by their names. None where the system does not tell.
fn threads() -> usize {
    let tasks = fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    tasks
        .filter(|task| fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.starts_with("aivi-")))
        .count()
}

/// Waits until engines have so many threads: one whose calls were detached goes with the last of them, for which nobody
/// waits.
fn await_threads(count: usize) {
    let begun = Instant::now();
    while threads() != count {
        assert!(begun.elapsed() < Duration::from_secs(60), "{} threads in place of {count}", threads());
        std::thread::yield_now();
    }
}

/// Bytes of memory that the process holds.
fn resident_bytes() -> usize {
    let text = fs::read_to_string("/proc/self/statm").unwrap_or_default();
    text.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or(0) * 4096
}

/// An engine that is made, used, and dropped; in what state says `number`.
fn one(number: usize, bytes: &[u8]) {
    let engine = Engine::builder().workers(2).stdout(Output::buffer()).stderr(Output::buffer());
    let engine = if number.is_multiple_of(7) { engine.driven() } else { engine }.build().expect("an engine");
    let script = engine.load(bytes).expect("it is as it was compiled");
    let compute = script.function::<(i64,), i64>("compute").expect("it is there");
    match number % 5 {
        // Never used.
        0 => {}
        // Called in place: without workers.
        1 => assert_eq!(compute.call((1,)), Ok(3)),
        // Dropped while a call waits, and another one computes.
        2 => {
            let (waits, turns) = (script.function::<(i64,), i64>("wait"), script.function::<(i64,), i64>("turn"));
            let waits = waits.expect("it is there").start((1,));
            let turns = turns.expect("it is there").start((1,));
            if number.is_multiple_of(2) {
                // Nobody waits for these, and the engine goes with the last that has it.
                waits.detach();
                turns.detach();
            }
        }
        // Dropped by itself, a call with limits behind it.
        3 => {
            let limited = script.function::<(i64,), i64>("turn").expect("it is there").with(Limits::none().fuel(5_000));
            if !number.is_multiple_of(7) {
                assert!(matches!(limited.call((0,)), Err(CallError::Limit(_))));
            }
        }
        // Used as a task.
        _ => {
            let call = compute.start((1,));
            while !number.is_multiple_of(7) && !call.is_finished() {
                std::thread::yield_now();
            }
        }
    }
}

#[test]
fn ten_thousand_engines_leave_nothing() {
    let _turn = TURN.lock();
    let compiler = Engine::builder().workers(1).build().expect("an engine");
    let script = compiler.compile("m", SCRIPT).expect("correct");
    let bytes = script.to_bytes();
    let waits = script.function::<(i64,), i64>("wait").expect("it is there").start((1,));
    if fs::exists("/proc/self/task").unwrap_or(false) {
        await_threads(1);
    }
    drop((waits, script, compiler));
    (0..1_000).for_each(|number| one(number, &bytes));
    await_threads(0);
    let bytes_before = resident_bytes();
    (0..9_000).for_each(|number| one(number, &bytes));
    await_threads(0);
    let more = resident_bytes().saturating_sub(bytes_before);
    // What one leaves behind shows nine thousand times.
    assert!(more < 4 << 20, "{more} bytes more");
}

#[test]
fn ten_thousand_budgets_leave_nothing() {
    let _turn = TURN.lock();
    let engine = Engine::builder().workers(2).build().expect("an engine");
    let script = engine.compile("m", SCRIPT).expect("correct");
    let whole = engine.budget("whole", Limits::none().memory(64 << 20));
    let function = |name| script.function::<(i64,), i64>(name).expect("it is there").within(&whole);
    let (compute, turn, wait) = (function("compute"), function("turn"), function("wait"));
    let one = |number: usize| {
        let budget = whole.nested(&format!("request {number}"), Limits::none().fuel(5_000));
        match number % 4 {
            0 => {}
            1 => assert_eq!(compute.within(&budget).call((1,)), Ok(3)),
            2 => assert!(matches!(turn.within(&budget).call((0,)), Err(CallError::Limit(_)))),
            // Dropped while the call waits, which is cancelled then.
            _ => drop(wait.within(&budget).start((1,))),
        }
    };
    (0..2_000).for_each(one);
    let before = resident_bytes();
    (0..10_000).for_each(one);
    let more = resident_bytes().saturating_sub(before);
    assert!(more < 4 << 20, "{more} bytes more");
    while whole.cancel() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(whole.used().memory, 0);
}

/// Starts so many fibers that compute for ever.
const FLOOD: &str = "module flood
export *
use aivi.concurrency

busy : Int -> Effect Text Unit
busy = n => busy (n + 1)

flood : Int -> Effect Text Unit
flood = fibers => do Effect {
  loop n = 0 => {
    if n == fibers then pure Unit else do Effect {
      _ <- spawn (busy 0)
      recurse (n + 1)
    }
  }
  busy 0
}
";

/// The longest of many short calls in the one engine, made while so many fibers compute in the other.
fn longest_call(quiet: &Engine, flooded: &Engine, fibers: i64, limits: Limits) -> Duration {
    let quiet = quiet.compile("m", SCRIPT).expect("correct").function::<(i64,), i64>("compute").expect("it is there");
    let flood = flooded.compile("flood", FLOOD).expect("correct").function::<(i64,), ()>("flood").expect("it is there");
    let flood = flood.with(limits).start((fibers,));
    let mut longest = Duration::ZERO;
    for number in 0..200 {
        let begun = Instant::now();
        // A task like those of the flood, not in place.
        assert_eq!(quiet.start((number,)).wait(), Ok(number + 2));
        longest = longest.max(begun.elapsed());
    }
    flood.cancel();
    assert!(flood.wait().is_err());
    longest
}

#[test]
fn a_flood_does_not_keep_its_neighbours_waiting() {
    let _turn = TURN.lock();
    let engine = || Engine::builder().workers(2).build().expect("an engine");
    let (left, right) = (engine(), engine());
    // The system shares its processors between the threads of both: a slice of it is some milliseconds.
    let beside = longest_call(&left, &right, 5_000, Limits::none());
    // In the same engine a fiber gets its turn after those that were there before, each of some tens of microseconds:
    // so calls of strangers have a limit of fibers. Debug builds are twenty times slower.
    let within = longest_call(&left, &left, 20, Limits::none().fibers(50));
    println!("{beside:?} in an engine beside, {within:?} within");
    // Generous, for machines that are busy otherwise: without turns it would be for ever.
    assert!(beside.max(within) < Duration::from_secs(2), "{beside:?} in an engine beside, {within:?} within");
}
