//! A host program: compiles a script, calls its functions with Rust values, and sees how calls can end.

use aivi::{CallError, Ending, Engine, LookupError, Output};

const SCRIPT: &str = r#"
module shop
use aivi.concurrency

export total, describe, slowest, divide, words

total : List Int -> Int
total = prices => prices |> List.foldl (a b => a + b) 0

describe : (Text, Int) -> Option Text -> Text
describe = (name, price) note => "{name} for {price}{note ?? "!"}"

// Both at once: as long as the slower of the two.
slowest : Int -> Int -> Effect Text Int
slowest = a b => do Effect {
  (x, y) <- par (after a) (after b)
  pure (if x > y then x else y)
}

after : Int -> Effect Text Int
after = millis => do Effect {
  sleep millis
  pure millis
}

divide : Int -> Int -> Effect Text Int
divide = a b => do Effect {
  given b != 100 or fail "a hundred is too much"
  pure (a / b)
}

words : Text -> Result Text (List Text)
words = text => if text == "" then Err "no text" else Ok ["first", text]

main : Effect Text Unit
main = println "main was run"
"#;

/// Runs all calls.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let output = Output::buffer();
    let engine = Engine::builder().workers(2).stdout(output.clone()).build()?;
    let script = engine.compile("shop.aivi", SCRIPT)?;

    let total: i64 = script.call("total", (vec![1, 2, 39],))?;
    assert_eq!(total, 42);

    let text: String = script.call("describe", (("tea".to_owned(), 3), None::<String>))?;
    assert_eq!(text, "tea for 3!");

    let slowest: i64 = script.call("slowest", (3, 5))?;
    assert_eq!(slowest, 5);

    let words: Result<Vec<String>, String> = script.call("words", ("second",))?;
    assert_eq!(words, Ok(vec!["first".to_owned(), "second".to_owned()]));

    // The types of a call are checked before anything runs.
    let wrong: Result<bool, CallError> = script.call("total", (vec![1],));
    assert!(matches!(wrong, Err(CallError::Lookup(LookupError::Type { .. }))));
    let absent: Result<(), CallError> = script.call("after", (1,));
    assert!(matches!(absent, Err(CallError::Lookup(LookupError::Unknown(_)))));

    // A failure is data, a fault comes with the way to it.
    let failed: Result<i64, CallError> = script.call("divide", (1, 100));
    assert_eq!(failed, Err(CallError::Failure("a hundred is too much".to_owned())));
    match script.call::<i64, _>("divide", (1, 0)) {
        Err(CallError::Fault(report)) => println!("as expected: {report}"),
        other => return Err(format!("no fault, but {other:?}").into()),
    }

    // A host may call from many threads at once; all fibers share the engine's workers.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(script.call::<i64, _>("slowest", (2, 1)), Ok(2)));
        }
    });

    assert_eq!(script.run_main(), Ending::Success);
    assert_eq!(output.text(), "main was run\n");
    println!("all calls gave what they should");
    Ok(())
}
