//! A call that has come to a deadlock ends, whatever other calls of the engine do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aivi::{Call, CallError, Callback, Engine, HostModule, Output, Script};

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
