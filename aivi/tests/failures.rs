//! Failures of scripts as values of the host.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use aivi::{Aivi, CallError, Engine, Function, LookupError, Script};

#[derive(Aivi, Debug, PartialEq)]
enum Refusal {
    Short { by: i64 },
    Closed,
}

type Pay = Function<(i64,), Result<i64, Refusal>>;

const TILL: &str = "
module till
export *
use aivi.concurrency

Refusal = Short { by: Int } | Closed

pay : Int -> Effect Refusal Int
pay = coins =>
  if coins < 0 then fail Closed
  else if coins < 10 then fail (Short { by: 10 - coins })
  else pure (coins - 10)

slowly : Int -> Effect Refusal Int
slowly = coins => do Effect {
  sleep 1
  pay coins
}

never_ending : Int -> Effect Refusal Int
never_ending = coins => do Effect {
  sleep 3600000
  pay coins
}

lost : Int -> Effect Refusal Int
lost = n => panic \"no till {n}\"

checked : Int -> Effect Refusal (Result Refusal Int)
checked = coins => attempt (pay coins)

never : Int -> Effect E Int
never = n => pure n

plain : Int -> Result Refusal Int
plain = n => if n == 0 then Err Closed else Ok n
";

fn till() -> Script {
    Engine::builder().build().expect("an engine").compile("till.aivi", TILL).expect("correct")
}

fn pay(name: &str) -> Pay {
    till().function(name).expect("it fits")
}

#[test]
fn a_failure_is_an_err() {
    let pay = pay("pay");
    assert_eq!(pay.call((12,)), Ok(Ok(2)));
    assert_eq!(pay.call((7,)), Ok(Err(Refusal::Short { by: 3 })));
    assert_eq!(pay.call((-1,)), Ok(Err(Refusal::Closed)));
}

#[test]
fn also_of_a_call_that_was_started() {
    let slowly = pay("slowly");
    assert_eq!(slowly.start((3,)).wait(), Ok(Err(Refusal::Short { by: 7 })));
    assert_eq!(slowly.start((10,)).wait(), Ok(Ok(0)));
    let mut call = slowly.start((-1,));
    assert_eq!(call.wait_timeout(Duration::from_secs(60)), Some(Ok(Err(Refusal::Closed))));
    let mut awaited = pin!(slowly.start((4,)));
    let given = loop {
        match awaited.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(given) => break given,
            Poll::Pending => std::thread::yield_now(),
        }
    };
    assert_eq!(given, Ok(Err(Refusal::Short { by: 6 })));
}

#[test]
fn faults_and_cancellation_stay_errors_of_the_call() {
    assert!(matches!(pay("lost").call((1,)), Err(CallError::Fault(report)) if report.message.contains("no till 1")));
    let call = pay("never_ending").start((1,));
    call.cancel();
    assert_eq!(call.wait(), Err(CallError::Cancelled));
}

#[test]
fn a_result_that_the_script_gives_is_not_mistaken_for_it() {
    assert_eq!(pay("checked").call((9,)), Ok(Err(Refusal::Short { by: 1 })));
    assert_eq!(pay("plain").call((0,)), Ok(Err(Refusal::Closed)));
    assert_eq!(pay("plain").call((5,)), Ok(Ok(5)));
    assert_eq!(pay("never").call((5,)), Ok(Ok(5)));
}

#[test]
fn the_type_of_the_failure_is_compared() {
    let error = till().function::<(i64,), Result<i64, String>>("pay").expect_err("it fails with a Refusal");
    assert!(matches!(&error, LookupError::Type { .. }), "{error}");
}

#[test]
fn an_error_that_is_endless_as_text_is_cut_off() {
    let text = "module t\nexport *\n\nTree = Leaf | Node Tree Tree\n\ntree : Int -> Tree\ntree = n => if n == 0 then Leaf else twice (tree (n - 1))\n\n\
                twice : Tree -> Tree\ntwice = t => Node t t\n\nshared : Int -> Effect Tree Unit\nshared = n => fail (tree n)\n\n\
                long : Text -> Effect Text Unit\nlong = text => fail \"{text}{text}\"\n";
    let script = Engine::builder().build().expect("an engine").compile("t", text).expect("correct");
    let failed = |error| match error {
        Err(CallError::Failure(text)) => text,
        other => panic!("no failure: {other:?}"),
    };
    let cut = failed(script.call::<(), _>("shared", (100,)));
    assert!(cut.len() < (1 << 20) + 100 && cut.starts_with("Node (Node (") && cut.ends_with('…'), "{}", cut.len());
    assert_eq!(failed(script.call::<(), _>("shared", (2,))), "Node (Node Leaf Leaf) (Node Leaf Leaf)");
    // A text is as long as the script could make it.
    let long = failed(script.call::<(), _>("long", ("x".repeat(1 << 20),)));
    assert_eq!(long.len(), 2 << 20);
}
