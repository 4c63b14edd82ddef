//! What a host relies on.

use aivi::{CallError, Ending, Engine, Limit, Limits, LookupError, Output};

#[path = "../examples/embed.rs"]
mod embed;

/// The example is a test: its assertions hold.
#[test]
fn the_example_runs() {
    embed::main().expect("the example succeeds");
}

fn engine() -> (Engine, Output) {
    let output = Output::buffer();
    let engine =
        Engine::builder().simulated(1).stdout(output.clone()).stderr(output.clone()).build().expect("an engine");
    (engine, output)
}

#[test]
fn a_call_checks_the_whole_signature() {
    let (engine, _) = engine();
    let script = engine
        .compile("t", "module t\nexport *\n\nf : Int -> Text -> Option Int\nf = n t => Some n\n")
        .expect("correct");
    assert_eq!(script.call::<Option<i64>, _>("f", (1, "x")), Ok(Some(1)));
    let few = script.call::<Option<i64>, _>("f", (1,)).expect_err("an argument is missing");
    assert_eq!(few.to_string(), "'f' has type Int -> Text -> Option Int, the call needs Int -> Option Int");
    assert!(matches!(script.call::<i64, _>("f", (1, "x")), Err(CallError::Lookup(LookupError::Type { .. }))));
    assert!(matches!(script.call::<Option<i64>, _>("f", ("x", 1)), Err(CallError::Lookup(LookupError::Type { .. }))));
}

#[test]
fn polymorphic_results_are_checked_when_they_arrive() {
    let (engine, _) = engine();
    let script = engine.compile("t", "module t\nexport *\n\nsame : A -> A\nsame = x => x\n").expect("correct");
    assert_eq!(script.call::<i64, _>("same", (7,)), Ok(7));
    assert!(matches!(script.call::<String, _>("same", (7,)), Err(CallError::Mismatch(_))));
}

#[test]
fn a_script_sees_only_the_library() {
    let (engine, _) = engine();
    let error = engine.compile("t", "module t\nuse my.api\n").expect_err("there is no such module");
    assert_eq!(error.reports().map(|report| report.line).collect::<Vec<_>>(), [2]);
}

#[test]
fn two_engines_do_not_see_each_other() {
    let ((left, left_out), (right, right_out)) = (engine(), engine());
    let text = |word: &str| format!("module t\n\nmain : Effect Text Unit\nmain = println \"{word}\"\n");
    let scripts = [left.compile("t", &text("left")), right.compile("t", &text("right"))];
    for script in scripts {
        assert_eq!(script.expect("correct").run_main(), Ending::Success);
    }
    assert_eq!((left_out.text().as_str(), right_out.text().as_str()), ("left\n", "right\n"));
}

/// C42
#[test]
fn a_simulated_script_runs_in_the_same_way_every_time() {
    let text = "module t\nuse aivi.concurrency\n\nmain : Effect Text Unit\nmain = scope (s => do Effect {\n  \
        List.traverse_ (n => spawnIn s (println \"{n}\")) [1..20]\n  joinAll s\n})\n";
    let run = |seed| {
        let output = Output::buffer();
        let engine = Engine::builder().simulated(seed).stdout(output.clone()).build().expect("an engine");
        let script = engine.compile("t", text).expect("correct");
        assert_eq!((script.run_main(), script.run_main()), (Ending::Success, Ending::Success));
        output.text()
    };
    let first = run(1);
    let half = first.len() / 2;
    assert_eq!(first[..half], first[half..], "the second run of one script");
    assert_eq!(first, run(1), "another engine with the same seed");
    assert!((2..20).any(|seed| run(seed) != first), "seeds make a difference");
}

#[test]
fn many_calls_leave_nothing_behind() {
    let (engine, _) = engine();
    let script = engine
        .compile("t", "module t\nexport *\n\nf : List Int -> List Int\nf = xs => List.map (_ + 1) xs\n")
        .expect("correct");
    for _ in 0..1000 {
        assert_eq!(script.call::<Vec<i64>, _>("f", (vec![1, 2, 3],)), Ok(vec![2, 3, 4]));
    }
    assert_eq!(engine.dump(), "");
}

const ENDLESS: &str = "module t
export *
use aivi.concurrency

turn : Int -> Int
turn = n => turn (n + 1)

waiting : Effect Text Unit
waiting = do Effect {
  loop _ = 0 => {
    sleep 1000
    recurse 0
  }
}

bomb : Effect Text Unit
bomb = do Effect {
  _ <- par bomb bomb
  pure Unit
}

stubborn : Resource Text Unit
stubborn = resource {
  yield Unit
  waiting
}

tidy : Effect Text Unit
tidy = do Effect {
  _ <- stubborn
  _ = turn 0
  pure Unit
}

little : Int
little = 1 + 1
";

#[test]
fn a_call_that_does_not_end_runs_out_of_fuel() {
    let output = Output::buffer();
    let limits = Limits::none().fuel(20_000);
    let builder = Engine::builder().simulated(1).limits(limits).stdout(output.clone()).stderr(output.clone());
    let script = builder.build().expect("an engine").compile("t", ENDLESS).expect("correct");
    let is_out_of_fuel = |result: Result<(), CallError>| match result {
        Err(CallError::Limit(report)) => report.what == Limit::Fuel && report.allowed == 20_000,
        _ => false,
    };
    for name in ["waiting", "bomb", "tidy"] {
        assert!(is_out_of_fuel(script.call::<(), _>(name, ())), "{name}");
        // The next call has fuel again.
        assert_eq!(script.call::<i64, _>("little", ()), Ok(2));
    }
    assert!(is_out_of_fuel(script.call::<i64, _>("turn", (1,)).map(|_| ())));
    assert_eq!(output.text(), "");
}

#[test]
fn a_main_that_is_no_effect_is_not_run() {
    let (engine, _) = engine();
    for main in ["5", "[1]", "x => x"] {
        let script = engine.compile("t", &format!("module t\n\nmain = {main}\n")).expect("correct without `main`");
        assert!(!script.has_main(), "{main}");
        assert!(matches!(script.run_main(), Ending::Fault(report) if report.message.contains("Effect")), "{main}");
    }
}

#[test]
fn a_module_of_the_library_that_is_not_used_is_named() {
    let engine = Engine::builder().build().expect("an engine");
    let text = "module t\nexport short\n\nshort : Text -> Text\nshort = text => Text.trim text\n";
    let error = engine.compile("t.aivi", text).expect_err("there is no such name").to_string();
    assert!(error.contains("unknown module or namespace `Text`"), "{error}");
    assert!(error.contains("help: `aivi.text` is a module: add `use aivi.text as Text`"), "{error}");
    let helped = text.replacen('\n', "\nuse aivi.text as Text\n", 1);
    let script = engine.compile("t.aivi", &helped).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(script.call("short", (" a ",)), Ok("a".to_owned()));
}
