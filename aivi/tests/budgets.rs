//! Budgets: what calls share below the engine. Whoever floods one is stopped by it, by name, and the neighbours go on.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aivi::{
    Budget, Call, CallError, Engine, Function, HostModule, Level, Limit, LimitReport, Limits, Output, Script, Turn,
};

const MEGABYTE: u64 = 1 << 20;

const TENANT: &str = "module tenant
export *
use aivi.concurrency

turns : Int -> Int
turns = n => if n == 0 then 0 else turns (n - 1)

endless : Int -> Effect Text Int
endless = n => endless (n + 1)

grow : List Int -> Int
grow = xs => grow [1, ...xs]

memory : Int -> Effect Text Int
memory = _ => pure (grow [])

bomb : Effect Text Unit
bomb = do Effect {
  _ <- spawn bomb
  sleep 1000000000
}

fibers : Int -> Effect Text Int
fibers = _ => do Effect {
  bomb
  pure 0
}

messages : Int -> Effect Text Int
messages = n => do Effect {
  (tx, rx) <- make 0
  loop n = n => {
    send tx n
    recurse (n + 1)
  }
}

output : Int -> Effect Text Int
output = n => do Effect {
  println \"some text\"
  output n
}

wait : Int -> Effect Text Int
wait = n => do Effect {
  sleep 1000000000
  pure n
}

// A turn, a wait, a message.
step : Int -> Effect Text Int
step = n => do Effect {
  (tx, rx) <- make 0
  _ <- spawn (send tx n)
  got <- recv rx
  println \"{n}\"
  pure (got or 0)
}
";

struct Host {
    engine: Engine,
    script: Script,
    output: Output,
}

impl Host {
    fn new() -> Host {
        let output = Output::buffer();
        let builder = Engine::builder().workers(2).stdout(output.clone()).stderr(output.clone());
        let engine = builder.build().expect("an engine");
        let script = engine.compile("tenant", TENANT).expect("correct");
        Host { engine, script, output }
    }

    fn function(&self, name: &str, budget: &Budget) -> Function<(i64,), i64> {
        self.script.function::<(i64,), i64>(name).expect("it is there").within(budget)
    }
}

fn stopped(result: Result<i64, CallError>) -> LimitReport {
    match result {
        Err(CallError::Limit(report)) => report,
        other => panic!("not stopped by a limit: {other:?}"),
    }
}

fn level(name: &str) -> Level {
    Level::Budget(name.into())
}

#[test]
fn a_tenant_that_floods_is_stopped_while_the_other_goes_on() {
    let none = Limits::none();
    let floods = [
        ("endless", none.fuel(300_000), Limit::Fuel, 300_000),
        ("memory", none.memory(8 * MEGABYTE), Limit::Memory, 8 * MEGABYTE),
        ("fibers", none.fibers(500), Limit::Fibers, 500),
        ("messages", none.messages(1_000), Limit::Messages, 1_000),
        ("output", none.output(5_000), Limit::Output, 5_000),
    ];
    let host = Host::new();
    for (flood, limits, limit, allowed) in floods {
        let (left, right) = (host.engine.budget("left", limits), host.engine.budget("right", limits));
        let flood = host.function(flood, &left);
        let step = host.function("step", &right);
        let calls: Vec<Call<i64>> = (0..3).map(|_| flood.start((0,))).collect();
        for n in 0..20 {
            assert_eq!(step.call((n,)), Ok(n), "beside {limit}");
        }
        for call in calls {
            let report = stopped(call.wait());
            assert_eq!((report.what, report.level, report.allowed), (limit, level("left"), allowed));
            assert!(report.message.contains("of the budget 'left'"), "{}", report.message);
        }
        assert!(right.used().fuel > 0 && right.used().fuel < 100_000);
        assert_eq!((right.used().memory, left.used().memory), (0, 0), "{limit}");
    }
    assert_eq!(host.output.text().matches("19\n").count(), 5);
}

#[test]
fn fuel_is_used_up_for_all_calls_to_come() {
    let host = Host::new();
    let budget = host.engine.budget("tenant", Limits::none().fuel(10_000));
    let turns = host.function("turns", &budget);
    assert_eq!(turns.call((4_000,)), Ok(0));
    assert!((4_000..5_000).contains(&budget.used().fuel), "{budget:?}");
    assert_eq!(stopped(turns.call((8_000,))).what, Limit::Fuel);
    // Nothing is left, and nothing runs.
    let report = stopped(turns.call((1,)));
    assert_eq!((report.what, report.level, report.allowed), (Limit::Fuel, level("tenant"), 10_000));
    // The reserve of calls that were stopped comes on top, and is counted.
    assert!(budget.used().fuel < 10_000 + 3 * (1 << 18));
}

#[test]
fn three_deep_the_innermost_that_is_reached_says_so_and_all_around_it_count() {
    let host = Host::new();
    let outer = host.engine.budget("outer", Limits::none().fuel(100_000));
    let middle = outer.nested("middle", Limits::none().fuel(50_000).memory(2 * MEGABYTE));
    let inner = middle.nested("inner", Limits::none().fuel(20_000).memory(64 * MEGABYTE));
    let of = |budget: &Budget, n: i64| host.function("turns", budget).call((n,));
    assert_eq!(of(&inner, 10_000), Ok(0));
    let used = [&inner, &middle, &outer].map(|budget| budget.used().fuel);
    assert!(used[0] > 10_000 && used.iter().all(|fuel| *fuel == used[0]), "{used:?}");
    assert_eq!(stopped(of(&inner, 15_000)).level, level("inner"));
    // What the inner one allows the middle one may not have.
    assert_eq!(
        stopped(host.function("memory", &middle.nested("other", Limits::none())).call((0,))).level,
        level("middle")
    );
    assert_eq!(stopped(of(&middle, 49_000)).level, level("middle"));
    // A call's own limits come first.
    let own = host.function("turns", &outer).with(Limits::none().fuel(10)).call((99_000,));
    assert_eq!(stopped(own).level, Level::Call);
    assert_eq!(stopped(of(&outer, 99_000)).level, level("outer"));
}

#[test]
fn the_engine_is_around_all_budgets() {
    let engine = Engine::builder().workers(2).total(Limits::none().fuel(50_000)).build().expect("an engine");
    let script = engine.compile("tenant", TENANT).expect("correct");
    let turns = script.function::<(i64,), i64>("turns").expect("it is there");
    let budgets: Vec<Budget> = (0..10).map(|n| engine.budget(&format!("{n}"), Limits::none().fuel(20_000))).collect();
    assert_eq!(turns.within(&budgets[0]).call((15_000,)), Ok(0));
    assert_eq!(stopped(turns.within(&budgets[0]).call((15_000,))).level, level("0"));
    assert_eq!(turns.within(&budgets[1]).call((15_000,)), Ok(0));
    assert_eq!(stopped(turns.within(&budgets[2]).call((19_000,))).level, Level::Engine);
}

#[test]
fn a_budget_in_ten_parts() {
    let host = Host::new();
    let whole = host.engine.budget("whole", Limits::none().memory(40 * MEGABYTE));
    let parts: Vec<Budget> =
        (0..10).map(|n| whole.nested(&format!("part {n}"), Limits::none().memory(4 * MEGABYTE))).collect();
    let calls: Vec<Call<i64>> = parts.iter().map(|part| host.function("memory", part).start((0,))).collect();
    for (n, call) in calls.into_iter().enumerate() {
        let report = stopped(call.wait());
        assert_eq!((report.what, report.level), (Limit::Memory, level(&format!("part {n}"))));
    }
    // It had room for all of them, and has it again.
    assert!(whole.used().most_memory <= 45 * MEGABYTE, "{whole:?}");
    assert_eq!(whole.used().memory, 0);
    assert!(parts.iter().all(|part| part.used().memory == 0));
}

#[test]
fn the_first_fiber_of_a_call_counts() {
    // One thread, on which everything has its turn in order.
    let engine = Engine::builder().driven().stdout(Output::buffer()).build().expect("an engine");
    let script = engine.compile("tenant", TENANT).expect("correct");
    let budget = engine.budget("tenant", Limits::none().fibers(3));
    let wait = script.function::<(i64,), i64>("wait").expect("it is there").within(&budget);
    let mut calls: Vec<Call<i64>> = (0..20).map(|n| wait.start((n,))).collect();
    // Who has not begun is none.
    assert_eq!(budget.used().most_fibers, 0);
    while engine.turn(Duration::from_millis(1)) == Turn::Ready {}
    let waiting = calls.iter().filter(|call| !call.is_finished()).count();
    assert_eq!(waiting, 3, "{budget:?}");
    for call in calls.extract_if(.., |call| call.is_finished()) {
        let report = stopped(call.wait());
        assert_eq!((report.what, report.level, report.allowed), (Limit::Fibers, level("tenant"), 3));
    }
    assert!((3..=4).contains(&budget.used().most_fibers), "{budget:?}");
    assert!(calls.iter().all(|call| call.used().most_fibers == 1));
    // One that ends makes room for another.
    drop(calls.pop());
    while engine.turn(Duration::from_millis(1)) == Turn::Ready {}
    calls.push(wait.start((0,)));
    while engine.turn(Duration::from_millis(1)) == Turn::Ready {}
    assert!(calls.iter().all(|call| !call.is_finished()));
    let over = wait.start((0,));
    while engine.turn(Duration::from_millis(1)) == Turn::Ready {}
    assert_eq!(stopped(over.wait()).what, Limit::Fibers);
}

#[test]
fn a_call_is_no_fiber_of_the_one_that_begins_it() {
    let started: Arc<OnceLock<Function<(i64,), i64>>> = Arc::default();
    let to_start = started.clone();
    let host = HostModule::new("host").effect("begin : Int -> Effect Text Unit", move |n: i64| {
        to_start.get().ok_or_else(|| "nothing to start".to_owned())?.start((n,)).detach();
        Ok::<(), String>(())
    });
    let engine = Engine::builder().workers(1).module(host).stdout(Output::buffer()).build().expect("an engine");
    let text = "module m\nuse host\nexport *\n\nmany : Int -> Effect Text Int\n\
                many = n => if n == 0 then pure 0 else do Effect {\n  begin n\n  many (n - 1)\n}\n\n\
                same : Int -> Int\nsame = n => n\n";
    let script = engine.compile("m", text).expect("correct");
    let (own, other) = (engine.budget("own", Limits::none().fibers(1)), engine.budget("other", Limits::none()));
    let same = script.function::<(i64,), i64>("same").expect("it is there").within(&other);
    assert!(started.set(same).is_ok());
    let many = script.function::<(i64,), i64>("many").expect("it is there").within(&own);
    assert_eq!(many.call((100,)), Ok(0));
    assert_eq!(own.used().most_fibers, 1, "{own:?}");
    // None at all is not enough for a call.
    let report = stopped(many.with(Limits::none().fibers(0)).call((0,)));
    assert_eq!((report.what, report.level, report.used), (Limit::Fibers, Level::Call, 1));
}

#[test]
fn who_drops_a_budget_stops_nothing() {
    let host = Host::new();
    let outer = host.engine.budget("outer", Limits::none().fuel(1_000_000));
    let inner = outer.nested("inner", Limits::none().fuel(500_000));
    let (endless, wait) = (host.function("endless", &inner).start((0,)), host.function("wait", &outer).start((0,)));
    drop((inner, outer));
    let report = stopped(endless.wait());
    assert_eq!((report.what, report.level), (Limit::Fuel, level("inner")));
    assert!(!wait.is_finished());
    wait.cancel();
    assert_eq!(wait.wait(), Err(CallError::Cancelled));
}

#[test]
fn all_within_is_cancelled_and_nothing_else() {
    let host = Host::new();
    let (left, right) = (host.engine.budget("left", Limits::none()), host.engine.budget("right", Limits::none()));
    let part = left.nested("part", Limits::none());
    let start = |budget: &Budget| host.function("wait", budget).start((7,));
    let calls: Vec<Call<i64>> = (0..100).map(|_| start(&left)).chain((0..100).map(|_| start(&part))).collect();
    let others: Vec<Call<i64>> = (0..100).map(|_| start(&right)).collect();
    assert_eq!(part.cancel(), 100);
    assert!(left.cancel() >= 100);
    assert!(calls.into_iter().all(|call| call.wait() == Err(CallError::Cancelled)));
    assert!(others.iter().all(|call| !call.is_finished()));
    assert_eq!(left.cancel(), 0);
    // It can be used again.
    assert_eq!(host.function("step", &part).call((3,)), Ok(3));
    assert_eq!(right.cancel(), 100);
    assert!(others.into_iter().all(|call| call.wait() == Err(CallError::Cancelled)));
}

#[test]
fn a_caller_that_waits_is_cancelled_too() {
    let host = Host::new();
    let budget = host.engine.budget("tenant", Limits::none());
    let wait = host.function("wait", &budget);
    std::thread::scope(|scope| {
        let call = scope.spawn(|| wait.call((0,)));
        while budget.cancel() == 0 {
            std::thread::yield_now();
        }
        assert_eq!(call.join().expect("no panic"), Err(CallError::Cancelled));
    });
}

#[test]
fn the_time_of_a_budget_begins_when_it_is_made() {
    let host = Host::new();
    let budget = host.engine.budget("short", Limits::none().time(Duration::ZERO));
    let hour = host.engine.budget("hour", Limits::none().time(Duration::from_secs(3600)));
    assert_eq!(budget.time_left(), Some(Duration::ZERO));
    assert!(hour.time_left().is_some_and(|left| left > Duration::from_secs(3000)));
    assert_eq!(host.engine.budget("endless", Limits::none()).time_left(), None);
    let report = stopped(host.function("wait", &budget.nested("part", Limits::none())).call((0,)));
    assert_eq!((report.what, report.level), (Limit::Time, level("short")));
    assert_eq!(host.function("step", &hour).call((3,)), Ok(3));
    // In the simulator it begins with each call.
    let engine = Engine::builder().simulated(7).stdout(Output::buffer()).build().expect("an engine");
    let wait = engine.compile("tenant", TENANT).expect("correct").function::<(i64,), i64>("wait").expect("it is there");
    let minute = engine.budget("minute", Limits::none().time(Duration::from_secs(60)));
    for _ in 0..2 {
        let report = stopped(wait.within(&minute).call((0,)));
        assert_eq!((report.what, report.level, report.allowed), (Limit::Time, level("minute"), 60_000));
    }
}
