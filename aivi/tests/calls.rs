//! Calls into scripts: looked up once, many at once, started, awaited, cancelled.

use std::pin::pin;
use std::sync::Arc;
use std::sync::mpsc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aivi::{Call, CallError, Canceller, Capability, Engine, FiberEventKind, Function, LookupError, Output, Script};

const SCRIPT: &str = r#"
module calls
export *
use aivi.concurrency
use aivi.system

twice : Int -> Int
twice = n => n * 2

nap : Int -> Effect Text Int
nap = ms => do Effect {
  sleep ms
  pure ms
}

// For ever, with something to do at the end.
wait : Effect Text Unit
wait = do Effect {
  _ <- onEnd
  println "begun"
  loop _ = 0 => {
    sleep 3600000
    recurse 0
  }
}

onEnd : Resource Text Unit
onEnd = resource {
  yield Unit
  println "cleaned up"
}

spin : Int -> Int
spin = n => spin (n + 1)

leave : Int -> Effect Text Unit
leave = code => exit code

broken : Int -> Effect Text Int
broken = n => if n == 0 then fail "zero" else pure (n / 0)
"#;

fn script(workers: usize) -> (Engine, Script, Output) {
    let output = Output::buffer();
    let builder = Engine::builder().workers(workers).stdout(output.clone()).stderr(output.clone());
    let engine = builder.allow(Capability::exit()).build().expect("an engine");
    let script = engine.compile("calls.aivi", SCRIPT).expect("correct");
    (engine, script, output)
}

fn function<A: aivi::Arguments, R: aivi::FromAivi>(script: &Script, name: &str) -> Function<A, R> {
    script.function(name).expect("it is exported, with this type")
}

/// Calls `wait`, and returns when it waits.
fn waiting(script: &Script, output: &Output) -> Call<()> {
    let before = output.text().len();
    let call = function::<(), ()>(script, "wait").start(());
    while !output.text()[before..].contains("begun") {
        std::thread::yield_now();
    }
    call
}

/// Polls on this thread, which sleeps in between.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(std::thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

#[test]
fn handles_go_to_other_threads() {
    fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Function<(i64,), String>>();
    is_send_and_sync::<Call<String>>();
    is_send_and_sync::<Canceller>();
    is_send_and_sync::<Engine>();
    is_send_and_sync::<Script>();
}

#[test]
fn a_function_is_checked_when_it_is_looked_up() {
    let (_, script, _) = script(1);
    let error = script.function::<(i64,), i64>("thrice").expect_err("there is none");
    assert_eq!(error.to_string(), "the script does not export 'thrice'");
    let error = script.function::<(i64, i64), i64>("twice").expect_err("an argument too many");
    assert!(matches!(error, LookupError::Type { declared, .. } if declared == "Int -> Int"));
    let twice = function::<(i64,), i64>(&script, "twice");
    assert_eq!(twice.name(), "twice");
    for n in 0..100 {
        assert_eq!(twice.call((n,)), Ok(2 * n));
    }
}

#[test]
fn a_started_call_is_waited_for_awaited_or_left_alone() {
    for workers in [1, 2] {
        let (engine, script, _) = script(workers);
        let nap = function::<(i64,), i64>(&script, "nap");
        assert_eq!(nap.start((1,)).wait(), Ok(1));
        assert_eq!(block_on(nap.start((2,))), Ok(2));
        let mut long = nap.start((3_600_000,));
        assert_eq!(long.wait_timeout(Duration::from_millis(1)), None);
        assert!(!long.is_finished());
        nap.start((3_600_000,)).detach();
        assert_eq!(engine.fibers().fibers.len(), 2);
        let mut failed = function::<(i64,), i64>(&script, "broken").start((0,));
        assert_eq!(block_on(&mut failed), Err(CallError::Failure("zero".to_owned())));
        assert!(matches!(script.call::<i64, _>("broken", (1,)), Err(CallError::Fault(_))));
    }
}

#[test]
fn a_call_is_cancelled_by_its_handle_and_by_being_dropped() {
    for workers in [1, 2] {
        let (engine, script, output) = script(workers);
        let call = waiting(&script, &output);
        let canceller = call.canceller();
        std::thread::spawn(move || canceller.cancel()).join().expect("no panic");
        assert_eq!(call.wait(), Err(CallError::Cancelled));
        assert_eq!(output.text(), "begun\ncleaned up\n");
        let spinning = function::<(i64,), i64>(&script, "spin").start((0,));
        spinning.cancel();
        assert_eq!(block_on(spinning), Err(CallError::Cancelled));
        drop(waiting(&script, &output));
        // Nobody waits for that one; its cleanup runs all the same.
        while engine.stats().live > 0 {
            std::thread::yield_now();
        }
        assert_eq!(output.text(), "begun\ncleaned up\n".repeat(2));
    }
}

#[test]
fn an_exit_ends_only_its_own_call() {
    let (_, script, _) = script(1);
    let nap = function::<(i64,), i64>(&script, "nap").start((20,));
    assert!(matches!(script.call::<(), _>("leave", (3,)), Err(CallError::Ended(ending)) if ending.exit_code() == 3));
    assert_eq!(nap.wait(), Ok(20));
}

#[test]
fn many_threads_call_many_scripts_of_one_engine() {
    let (engine, first, _) = script(2);
    let scripts: Vec<Script> = (0..8)
        .map(|n| engine.compile("m", &format!("module m\nexport n\n\nn : Int\nn = 0 + {n}\n")).expect("correct"))
        .collect();
    let nap = function::<(i64,), i64>(&first, "nap");
    std::thread::scope(|scope| {
        for (index, script) in scripts.iter().enumerate() {
            let nap = nap.clone();
            scope.spawn(move || {
                let number = function::<(), i64>(script, "n");
                for _ in 0..50 {
                    assert_eq!(number.call(()), Ok(index as i64));
                    assert_eq!(block_on(nap.start((0,))), Ok(0));
                }
                assert_eq!(nap.call((1,)), Ok(1));
            });
        }
    });
    let calls: Vec<Call<i64>> = (0..2000).map(|ms| nap.start((ms % 7,))).collect();
    for (ms, call) in calls.into_iter().enumerate() {
        assert_eq!(call.wait(), Ok(ms as i64 % 7));
    }
    assert_eq!(engine.dump(), "");
}

/// The threads of the engine are gone when it is, and so are calls that nobody waits for.
#[test]
fn an_engine_that_is_dropped_ends_what_it_runs() {
    let (sender, receiver) = mpsc::channel();
    for workers in [1, 2, 1, 2] {
        let (engine, script, output) = script(workers);
        waiting(&script, &output).detach();
        drop((script, engine));
        sender.send(output.text()).expect("we receive");
    }
    drop(sender);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), ["begun\ncleaned up\n"; 4]);
}

#[test]
fn in_the_simulator_a_started_call_is_over_at_once() {
    let engine = Engine::builder().simulated(1).build().expect("an engine");
    let script = engine.compile("calls.aivi", SCRIPT).expect("correct");
    let call = function::<(i64,), i64>(&script, "nap").start((3_600_000,));
    assert!(call.is_finished());
    assert_eq!(call.wait(), Ok(3_600_000));
}

/// What it does not show: a call that is cancelled while it computes has no wait that ends, and ends without that
/// event.
#[test]
fn that_the_host_cancels_a_call_that_waits_is_an_event() {
    let (tell, told) = mpsc::channel();
    let builder = Engine::builder().workers(1).on_events(move |events| {
        events.iter().for_each(|event| tell.send(event.kind.clone()).expect("the test listens"));
    });
    let engine = builder.build().expect("an engine");
    let text = "module t\nuse aivi.concurrency\nexport nap\n\nnap : Int -> Effect Text Unit\nnap = ms => sleep ms\n";
    let nap = engine.compile("t.aivi", text).expect("correct").function::<(i64,), ()>("nap").expect("a function");
    let call = nap.start((3_600_000,));
    while !matches!(told.recv(), Ok(FiberEventKind::Waits { .. })) {}
    call.cancel();
    assert_eq!(call.wait(), Err(CallError::Cancelled));
    drop((nap, engine));
    let reasons: Vec<String> = told
        .iter()
        .filter_map(|kind| match kind {
            FiberEventKind::Cancelled { reason } => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, ["cancelled through its handle"]);
}

/// What a call gives is there although the memory of a deep recursion is given back at its end.
#[test]
fn deep_calls_give_what_they_have_computed() {
    let text = "module demo\nexport sum, names\n\nsum : Int -> Int\nsum = n => if n == 0 then 0 else n + sum (n - 1)\n\n\
                names : Int -> List Text\nnames = n => if n == 0 then [] else [\"name {n}\", ...names (n - 1)]\n";
    let engine = Engine::builder().workers(1).build().expect("an engine");
    let script = engine.compile("demo.aivi", text).unwrap_or_else(|error| panic!("{error}"));
    let sum = script.function::<(i64,), i64>("sum").expect("an export");
    let names = script.function::<(i64,), Vec<String>>("names").expect("an export");
    for depth in [1, 20, 100, 300, 1000, 3000] {
        assert_eq!(sum.call((depth,)), Ok(depth * (depth + 1) / 2));
        let expected: Vec<String> = (1..=depth).rev().map(|n| format!("name {n}")).collect();
        assert_eq!(names.call((depth,)).as_ref(), Ok(&expected));
    }
}
