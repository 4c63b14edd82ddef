//! A call that has come to a deadlock ends, whatever other calls of the engine do.

use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use aivi::{Call, CallError, Callback, Engine, HostModule, Limits, Output, Script};

const SLEEPER: &str = "
module sleeper
export sleepLong
use aivi.concurrency

sleepLong : Unit -> Effect Text Unit
sleepLong = _ => sleep 3600000
";

const CALLS: &str = "
module calls
export *
use aivi.concurrency

// Its own sender, which it keeps.
receive : Unit -> Effect Text Int
receive = _ => do Effect {
  (tx, rx) <- makeBounded 1
  _ <- noted \"first\"
  got <- recv rx
  _ <- send tx 0
  pure (got or 0)
}

traders : Unit -> Effect Text Unit
traders = _ => do Effect {
  (toA, ofA) <- makeBounded 1
  (toB, ofB) <- makeBounded 1
  _ <- par (trade ofA toB) (trade ofB toA)
  pure Unit
}

trade : Receiver Int -> Sender Int -> Effect Text Unit
trade = mine theirs => do Effect {
  got <- recv mine
  send theirs (got or 0)
}

// Its cleanup comes to a deadlock as well.
stubborn : Unit -> Effect Text Int
stubborn = _ => do Effect {
  _ <- noted \"second\"
  _ <- again
  receive Unit
}

again : Resource Text Unit
again = resource {
  yield Unit
  _ <- receive Unit
  pure Unit
}

noted : Text -> Resource Text Unit
noted = name => resource {
  yield Unit
  println \"{name} is cleaned up\"
}
";

fn engine() -> (Engine, Script, Output) {
    let output = Output::buffer();
    let engine = Engine::builder().workers(2).stdout(output.clone()).build().expect("an engine");
    let script = engine.compile("calls.aivi", CALLS).expect("correct");
    (engine, script, output)
}

fn sleeper(engine: &Engine) -> Call<()> {
    engine.compile("sleeper.aivi", SLEEPER).expect("correct").function("sleepLong").expect("it is there").start(((),))
}

// C38
#[test]
fn a_call_that_waits_for_ever_ends_while_another_sleeps() {
    let (engine, script, output) = engine();
    let _sleeper = sleeper(&engine);
    for name in ["receive", "traders"] {
        let ended = match name {
            "receive" => script.call::<i64, _>(name, ((),)).map(drop),
            _ => script.call::<(), _>(name, ((),)),
        };
        let Err(CallError::Fault(report)) = ended else { panic!("{name}: {ended:?}") };
        assert_eq!(report.message, "deadlock", "{name}");
        let dump = report.dump.expect("a deadlock has a dump");
        assert!(dump.contains("recv") && dump.contains("calls.aivi:"), "{dump}");
        assert!(!dump.contains("sleep"), "{dump}");
        let waits = report.waits.expect("and the same as data");
        assert!(waits.fibers.iter().any(|fiber| fiber.state.contains("recv")), "{waits:?}");
    }
    assert_eq!(output.text(), "first is cleaned up\n");
}

// C38
#[test]
fn one_whose_cleanup_waits_for_ever_as_well_is_given_up() {
    let (engine, script, output) = engine();
    let _sleeper = sleeper(&engine);
    let ended = script.call::<i64, _>("stubborn", ((),));
    assert!(matches!(&ended, Err(CallError::Fault(report)) if report.message == "deadlock"), "{ended:?}");
    assert!(!output.text().contains("second"), "{}", output.text());
}

type Kept = Arc<Mutex<Option<Callback<(i64,), ()>>>>;

// C38
#[test]
fn one_that_the_host_can_wake_is_left_alone() {
    let kept: Kept = Arc::default();
    let keeper = kept.clone();
    let host = HostModule::new("host").effect(
        "keep : (Int -> Effect Text Unit) -> Effect Text Unit",
        move |function: Callback<(i64,), ()>| {
            *keeper.lock().expect("nobody panics") = Some(function);
            Ok::<(), String>(())
        },
    );
    let engine = Engine::builder().workers(2).module(host).build().expect("an engine");
    let _sleeper = sleeper(&engine);
    let text = "module door\nexport wait\nuse aivi.concurrency\nuse host\n\nwait : Unit -> Effect Text Int\n\
                wait = _ => do Effect {\n  (tx, rx) <- makeBounded 1\n  keep (n => send tx n)\n  got <- recv rx\n  pure (got or 0)\n}\n";
    let mut waiting = engine.compile("door.aivi", text).expect("correct").function("wait").expect("there").start(((),));
    assert_eq!(waiting.wait_timeout(Duration::from_millis(3500)), None);
    let open = kept.lock().expect("nobody panics").take().expect("it was kept");
    open.call((42,)).expect("there is a receiver");
    assert_eq!(waiting.wait(), Ok(42));
}

const GLOBALS: &str = "
module globals
export needsA, needsB, needsC

spin : Int -> Int
spin = steps => List.foldl (sum step => (sum * 31 + step) % 1000003) 0 [1..steps]

a : Int
a = spin 1000 + b

b : Int
b = spin 1000 + c

c : Int
c = spin 1000 + a

needsA : Unit -> Int
needsA = _ => a

needsB : Unit -> Int
needsB = _ => b

needsC : Unit -> Int
needsC = _ => c
";

// C56
#[test]
fn globals_that_need_each_other_are_a_fault_of_every_call_that_needs_one() {
    let (engine, ..) = engine();
    let _sleeper = sleeper(&engine);
    let script = engine.compile("globals.aivi", GLOBALS).expect("correct");
    let names = ["needsA", "needsB", "needsC"];
    let needs = names.map(|name| script.function::<((),), i64>(name).expect("it is there"));
    for round in 0..300 {
        // Others begin first in each round.
        let calls: Vec<Call<i64>> = (0..3).map(|at| needs[(round + at) % 3].start(((),))).collect();
        for call in calls {
            let ended = call.wait();
            let Err(CallError::Fault(report)) = ended else { panic!("round {round}: {ended:?}") };
            assert!(report.message.starts_with("recursive definition of globals."), "{}", report.message);
        }
    }
}

const SLOW: &str = "
module slow
export needsSlow, cleansUpForLong
use aivi.concurrency
use host

slow : Int
slow = List.foldl (sum step => (sum * 31 + step) % 1000003) 0 [1..3000000]

needsSlow : Unit -> Int
needsSlow = _ => slow

cleansUpForLong : Unit -> Effect Text Unit
cleansUpForLong = _ => do Effect {
  _ <- cleanup
  sleep 3600000
}

cleanup : Resource Text Unit
cleanup = resource {
  yield Unit
  tell Unit
  println \"{slow}\"
}
";

// C56
#[test]
fn a_global_whose_call_does_not_come_to_its_end_is_evaluated_by_who_waits_for_it() {
    let (tell, told) = mpsc::channel();
    let host = HostModule::new("host")
        .effect("tell : Unit -> Effect Text Unit", move |_: ()| tell.send(()).map_err(|error| error.to_string()));
    let engine = Engine::builder().workers(2).module(host).build().expect("an engine");
    let script = engine.compile("slow.aivi", SLOW).expect("correct");
    let waits = || script.function::<((),), i64>("needsSlow").expect("it is there").start(((),));
    // One that is cancelled.
    let (first, second) = (waits(), waits());
    first.canceller().cancel();
    second.wait().expect("it has its value");
    // One that is stopped in a cleanup, as it has used up its reserve.
    let script = engine.compile("slow.aivi", SLOW).expect("correct");
    let limits = Limits::none().time(Duration::from_millis(1)).cleanups(1 << 40, 1 << 30, Duration::from_millis(10));
    let first = script.function::<((),), ()>("cleansUpForLong").expect("it is there").with(limits).start(((),));
    told.recv().expect("its cleanup has begun");
    let second = script.function::<((),), i64>("needsSlow").expect("it is there").start(((),));
    assert!(matches!(first.wait(), Err(CallError::Limit(_))));
    second.wait().expect("it has its value");
}

/// Each call of a simulated engine has a scheduler of its own, and they may run at once.
// C56
#[test]
fn simulated_calls_at_once_do_not_wait_for_each_others_globals() {
    let engine = Engine::builder().simulated(1).build().expect("an engine");
    for _ in 0..5 {
        let script = engine.compile("slow.aivi", ALONE).expect("correct");
        let begin = std::sync::Barrier::new(4);
        let call = || {
            begin.wait();
            script.call::<i64, _>("needsBoth", ((),))
        };
        let calls = std::thread::scope(|scope| {
            let threads = [(); 4].map(|()| scope.spawn(call));
            threads.map(|thread| thread.join().expect("no panic"))
        });
        assert!(calls.iter().all(|call| *call == calls[0] && call.is_ok()), "{calls:?}");
    }
}

const ALONE: &str = "
module alone
export needsBoth

slow : Int
slow = List.foldl (sum step => (sum * 31 + step) % 1000003) 0 [1..30000]

both : Int
both = List.foldl (sum step => (sum * 31 + step) % 1000003) slow [1..30000]

needsBoth : Unit -> Int
needsBoth = _ => both + slow
";
