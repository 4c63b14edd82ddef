//! Parts of calls with limits of their own (`aivi.limits`), as a host sees them: they end without the call, and what
//! they use is the call's, the budget's and the engine's.

use aivi::{CallError, Engine, EngineBuilder, Function, Level, Limit, LimitReport, Limits, Output, Script};

const MEGABYTE: u64 = 1 << 20;

const SCRIPT: &str = "module parts
export *
use aivi.concurrency
use aivi.limits

endless : Int -> Effect Text Int
endless = n => endless (n + 1)

grow : List Int -> Effect Text Int
grow = xs => grow [1, ...xs]

bomb : Effect Text Int
bomb = do Effect {
  _ <- spawn bomb
  _ <- spawn bomb
  sleep 1000000000
  pure 0
}

told : Result LimitReached Int -> Text
told = ended => ended match
  | Err reached => \"{reached.limit} {reached.allowed} {reached.skipped}\"
  | Ok n        => \"{n}\"

part : Limits -> Effect Text Int -> Effect Text Text
part = limits body => do Effect {
  ended <- within limits body
  pure (told ended)
}

fuel : Int -> Effect Text Text
fuel = n => part (noLimits <| { fuel: Some n }) (endless 0)

memory : Int -> Effect Text Text
memory = n => part (noLimits <| { memory: Some n }) (grow [])

fibers : Int -> Effect Text Text
fibers = n => part (noLimits <| { fibers: Some n }) bomb

asleep : Int -> Effect Text Text
asleep = n => part (noLimits <| { fuel: Some 1000 }) (do Effect {
  sleep 1000000000
  pure n
})

// A cleanup that never ends.
stuck : Int -> Effect Text Text
stuck = n => part (noLimits <| { fuel: Some n }) (do Effect {
  _ <- resource {
    yield Unit
    _ <- endless 0
    pure Unit
  }
  endless 0
})

// Each part keeps a list that goes when the call does.
keep : Int -> Effect Text Int
keep = n => do Effect {
  loop (left, kept) = (n, []) => {
    if left == 0 then pure (List.length kept) else do Effect {
      ended <- within (noLimits <| { memory: Some 1000000, fibers: Some 3 }) (do Effect {
        (a, b) <- par (pure [left..left + 100]) (pure 1)
        pure (a |> List.map (_ + b))
      })
      recurse (left - 1, [ended, ...kept] |> List.take 5)
    }
  }
}

plain : Int -> Int
plain = n => n + 1
";

fn script(builder: EngineBuilder) -> (Engine, Script) {
    let output = Output::buffer();
    let engine = builder.stdout(output.clone()).stderr(output).build().expect("an engine");
    let script = engine.compile("parts", SCRIPT).unwrap_or_else(|error| panic!("{error}"));
    (engine, script)
}

fn function(script: &Script, name: &str) -> Function<(i64,), String> {
    script.function::<(i64,), String>(name).expect("it is there")
}

fn stopped<R: std::fmt::Debug>(result: Result<R, CallError>) -> LimitReport {
    match result {
        Err(CallError::Limit(report)) => report,
        other => panic!("not stopped by a limit: {other:?}"),
    }
}

#[test]
fn a_part_ends_without_its_call() {
    let limited = || Engine::builder().workers(2).limits(Limits::none().fuel(10_000_000).memory(64 * MEGABYTE));
    for builder in [Engine::builder().workers(2), limited(), Engine::builder().driven(), Engine::builder().simulated(3)]
    {
        let (_, script) = script(builder);
        let call = |name: &str, n: i64| function(&script, name).call((n,));
        assert_eq!(call("fuel", 100_000), Ok("Fuel 100000 0".to_owned()));
        assert_eq!(call("memory", 3_000_000), Ok("Memory 3000000 0".to_owned()));
        assert_eq!(call("fibers", 200), Ok("Fibers 200 0".to_owned()));
        assert_eq!(call("stuck", 100_000), Ok("Fuel 100000 1".to_owned()));
    }
}

#[test]
fn limits_around_a_part_end_the_call() {
    let (engine, script) = script(Engine::builder().workers(2));
    let with = |name: &str, limits| stopped(function(&script, name).with(limits).call((1 << 40,)));
    let report = with("fuel", Limits::none().fuel(50_000));
    assert_eq!((report.what, report.level, report.allowed), (Limit::Fuel, Level::Call, 50_000));
    let report = with("memory", Limits::none().memory(3 * MEGABYTE));
    assert_eq!((report.what, report.level), (Limit::Memory, Level::Call));
    assert!(report.at.is_some_and(|at| at.contains("grow")));
    let budget = engine.budget("tenant", Limits::none().fibers(300));
    let report = stopped(function(&script, "fibers").within(&budget).call((1 << 40,)));
    assert_eq!((report.what, report.level), (Limit::Fibers, Level::Budget("tenant".into())));
    assert_eq!(budget.used().memory, 0);
}

#[test]
fn what_parts_use_is_used_of_the_call() {
    let (engine, script) = script(Engine::builder().workers(2));
    let budget = engine.budget("tenant", Limits::none());
    assert_eq!(function(&script, "fuel").within(&budget).call((100_000,)), Ok("Fuel 100000 0".to_owned()));
    assert!((100_000..110_000).contains(&budget.used().fuel), "{budget:?}");
    let keep = script.function::<(i64,), i64>("keep").expect("it is there").with(Limits::none().memory(2 * MEGABYTE));
    // Parts give away much more than there may be at once.
    assert_eq!(keep.within(&budget).call((5_000,)), Ok(5));
    assert_eq!(budget.used().memory, 0);
    assert!(budget.used().most_memory < 2 * MEGABYTE, "{budget:?}");
}

#[test]
fn a_call_that_waits_for_a_part_is_cancelled_with_it() {
    let (engine, script) = script(Engine::builder().workers(2));
    let call = function(&script, "asleep").start((1,));
    while !engine.dump().contains("sleeps") {
        std::thread::yield_now();
    }
    let dump = engine.dump();
    assert!(dump.contains("waits for its scope to end"), "{dump}");
    call.cancel();
    assert_eq!(call.wait(), Err(CallError::Cancelled));
}

#[test]
fn only_programs_with_parts_are_counted() {
    let (engine, script) = script(Engine::builder().workers(2));
    let used = |script: &Script| {
        let mut call = script.function::<(i64,), i64>("plain").expect("it is there").start((1,));
        while !call.is_finished() {
            std::thread::yield_now();
        }
        let used = call.used();
        assert_eq!(call.wait_timeout(std::time::Duration::ZERO), Some(Ok(2)));
        used
    };
    assert!(used(&script).fuel > 0);
    let other =
        engine.compile("m", "module m\nexport plain\n\nplain : Int -> Int\nplain = n => n + 1\n").expect("correct");
    assert_eq!(used(&other).fuel, 0);
}
