//! Calls that begin on the thread that makes them: nobody can tell, but by the clock.

use aivi::{CallError, Ending, Engine, Function, Output, Script};

const SCRIPT: &str = r#"
module calls
export *
use aivi.concurrency

double : List Int -> List Int
double = xs => List.map (_ * 2) xs

// Leaves with a list of its own, and goes on with it.
slowly : List Int -> Effect Text (List Int)
slowly = xs => do Effect {
  doubled = double xs
  (left, right) <- par (after 1 doubled) (pure 3)
  pure (double left ++ [right])
}

after : Int -> List Int -> Effect Text (List Int)
after = ms xs => do Effect {
  sleep ms
  pure xs
}

either : Int -> Effect Text Text
either = n => race (pure "left {n}") (do Effect {
  sleep 1000
  pure "right"
})

// A limit needs a clock, also inside of a branch that is in place itself.
soon : Int -> Effect Text (Int, Int)
soon = n => par (timeoutWith 1000 "late" (pure n)) (timeoutWith 1000 "late" (pure 2))

table = List.map (_ * 2) [1, 2, 3]

at : Int -> Option Int
at = index => List.at index table

inner : Int -> Effect Text Int
inner = n => if n == 0 then fail "zero" else pure (10 / (n - 1))

outer : Int -> Effect Text Int
outer = n => do Effect {
  found <- inner n
  pure (found + 1)
}

deep : Int -> Int
deep = n => if n == 0 then 0 else 1 + deep (n - 1)

spin : Int -> Int
spin = n => spin (n + 1)

said : Text -> Effect Text Int
said = text => do Effect {
  println text
  pure 1
}
"#;

fn script(engine: &Engine) -> Script {
    engine.compile("calls.aivi", SCRIPT).unwrap_or_else(|error| panic!("{error}"))
}

/// The same program where calls are in place, and where they are tasks from the start.
fn both() -> [Script; 2] {
    let quiet = || Engine::builder().stdout(Output::buffer()).stderr(Output::buffer());
    [quiet().workers(1), quiet().simulated(1)].map(|builder| script(&builder.build().expect("an engine")))
}

#[test]
fn a_call_gives_what_a_task_would() {
    for script in both() {
        for round in 0..50 {
            let list: Vec<i64> = (0..round).collect();
            let doubled: Vec<i64> = list.iter().map(|n| n * 2).collect();
            assert_eq!(script.call::<Vec<i64>, _>("double", (list.clone(),)), Ok(doubled));
            let mut twice: Vec<i64> = list.iter().map(|n| n * 4).collect();
            twice.push(3);
            assert_eq!(script.call::<Vec<i64>, _>("slowly", (list,)), Ok(twice));
            assert_eq!(script.call::<String, _>("either", (round,)), Ok(format!("left {round}")));
            assert_eq!(script.call::<(i64, i64), _>("soon", (round,)), Ok((round, 2)));
        }
        assert_eq!(script.call::<Option<i64>, _>("at", (2,)), Ok(Some(6)), "the table is made");
        assert_eq!(script.call::<Option<i64>, _>("at", (5,)), Ok(None), "and was made");
        assert_eq!(script.call::<i64, _>("said", ("hello",)), Ok(1));
        assert_eq!(script.call::<i64, _>("deep", (100_000,)), Ok(100_000));
    }
}

#[test]
fn errors_tell_the_same() {
    let told = both().map(|script| {
        let function: Function<(i64,), i64> = script.function("outer").expect("a function");
        let errors: Vec<_> = (0..3).map(|n| function.call((n,))).collect();
        let too_deep = script.call::<i64, _>("deep", (10_000_000,));
        assert!(matches!(&too_deep, Err(CallError::Fault(report)) if report.message == "stack exhausted"));
        // What comes after an error is not disturbed by it.
        assert_eq!(function.call((6,)), Ok(3));
        errors
    });
    assert_eq!(told[0], told[1]);
    assert_eq!(told[0][0], Err(CallError::Failure("zero".to_owned())));
    assert!(matches!(&told[0][1], Err(CallError::Fault(report)) if report.trace.len() == 2), "{:?}", told[0][1]);
}

#[test]
fn a_call_that_takes_long_is_seen_and_can_be_ended() {
    for workers in [1, 2] {
        let engine = Engine::builder().workers(workers).build().expect("an engine");
        let script = script(&engine);
        std::thread::scope(|scope| {
            let call = scope.spawn(|| script.call::<i64, _>("spin", (0,)));
            while engine.fibers().fibers.is_empty() {
                std::thread::yield_now();
            }
            let dump = engine.dump();
            engine.interrupt(2);
            let ended = call.join().expect("no panic");
            assert!(dump.contains("spin (n + 1)"), "{dump}");
            assert_eq!(ended, Err(CallError::Ended(Ending::Interrupted(2))));
        });
    }
}

#[test]
fn threads_that_call_the_same_function_do_not_disturb_each_other() {
    let engine = Engine::builder().workers(2).build().expect("an engine");
    let script = script(&engine);
    let double: Function<(Vec<i64>,), Vec<i64>> = script.function("double").expect("a function");
    let slowly: Function<(Vec<i64>,), Vec<i64>> = script.function("slowly").expect("a function");
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let (double, slowly) = (&double, &slowly);
            scope.spawn(move || {
                for n in 0..500 {
                    assert_eq!(double.call((vec![thread, n],)), Ok(vec![2 * thread, 2 * n]));
                    if n % 100 == 0 {
                        assert_eq!(slowly.call((vec![thread],)), Ok(vec![4 * thread, 3]));
                    }
                }
            });
        }
    });
    assert_eq!(engine.dump(), "");
}
