//! What does it cost a host to call into a script?
//!
//! All calls are made by one thread, and the scripts do next to nothing, so what is measured is the way in and out.
//! `start` and `wait` pass the scheduler. `10,000 scripts` calls each of as many scripts of one engine once, which were
//! compiled and looked up before. Of host functions, the time is that of one turn of a loop which calls one: there are
//! a thousand in a call. Not shown: many threads that call at the same time.

use std::hint::black_box;

use aivi::{Engine, Function, HostModule, Script};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SCRIPT: &str = "
module host
export *
use aivi.concurrency

twice : Int -> Int
twice = n => n * 2

total : List Int -> Int
total = xs => List.foldl (a b => a + b) 0 xs

plus : Int -> Effect Text Int
plus = n => pure (n + 1)

both : Int -> Effect Text (Int, Int)
both = n => par (plus n) (plus n)

nap : Unit -> Effect Text Unit
nap = _ => sleep 0
";

/// Each of them calls a function of the host so many times.
const LOOPS: &str = "
module loops
export *
use host (pure1, effect1, future1, blocking1)

computed : Int -> Int
computed = turns => go turns 0

go : Int -> Int -> Int
go = left sum => if left == 0 then sum else go (left - 1) (pure1 sum)

acted : Int -> Effect Text Int
acted = turns => do Effect {
  loop (left, sum) = (turns, 0) => {
    if left == 0 then pure sum else do Effect {
      next <- effect1 sum
      recurse (left - 1, next)
    }
  }
}

awaited : Int -> Effect Text Int
awaited = turns => do Effect {
  loop (left, sum) = (turns, 0) => {
    if left == 0 then pure sum else do Effect {
      next <- future1 sum
      recurse (left - 1, next)
    }
  }
}

blocked : Int -> Effect Text Int
blocked = turns => do Effect {
  loop (left, sum) = (turns, 0) => {
    if left == 0 then pure sum else do Effect {
      next <- blocking1 sum
      recurse (left - 1, next)
    }
  }
}
";

const TURNS: i64 = 1_000;

const SCRIPTS: usize = 10_000;

fn engine() -> Engine {
    Engine::builder().workers(1).build().expect("an engine")
}

fn compile(engine: &Engine) -> Script {
    engine.compile("host.aivi", SCRIPT).expect("correct")
}

fn calls(criterion: &mut Criterion) {
    let engine = engine();
    let script = compile(&engine);
    let twice = script.function::<(i64,), i64>("twice").expect("a function");
    let total = script.function::<(Vec<i64>,), i64>("total").expect("a function");
    let plus = script.function::<(i64,), i64>("plus").expect("a function");
    let both = script.function::<(i64,), (i64, i64)>("both").expect("a function");
    let nap = script.function::<((),), ()>("nap").expect("a function");
    let mut group = criterion.benchmark_group("calls");
    group.bench_function("Int to Int", |bencher| bencher.iter(|| twice.call((black_box(21),))));
    group.bench_function("an effect", |bencher| bencher.iter(|| plus.call((black_box(21),))));
    group.bench_function("a par", |bencher| bencher.iter(|| both.call((black_box(21),))));
    let list: Vec<i64> = (0..100).collect();
    group.bench_function("a list of 100", |bencher| bencher.iter(|| total.call((black_box(&list).clone(),))));
    group.bench_function("one that waits", |bencher| bencher.iter(|| nap.call(((),))));
    group.bench_function("start and wait", |bencher| bencher.iter(|| twice.start((black_box(21),)).wait()));
    group.bench_function("look up and call", |bencher| {
        bencher.iter(|| script.call::<i64, _>("twice", (black_box(21),)))
    });
}

fn host_functions(criterion: &mut Criterion) {
    let host = HostModule::new("host")
        .function("pure1 : Int -> Int", |n: i64| n + 1)
        .effect("effect1 : Int -> Effect Text Int", |n: i64| Ok::<_, String>(n + 1))
        .future("future1 : Int -> Effect Text Int", |n: i64| async move { Ok::<_, String>(n + 1) })
        .blocking("blocking1 : Int -> Effect Text Int", |n: i64| Ok::<_, String>(n + 1));
    let engine = Engine::builder().workers(1).module(host).build().expect("an engine");
    let script = engine.compile("loops.aivi", LOOPS).expect("correct");
    let mut group = criterion.benchmark_group("host functions");
    group.throughput(Throughput::Elements(TURNS as u64));
    let cases = [
        ("pure", "computed"),
        ("an effect", "acted"),
        ("a future that is ready", "awaited"),
        ("one that blocks", "blocked"),
    ];
    for (kind, name) in cases {
        let function = script.function::<(i64,), i64>(name).expect("a function");
        assert_eq!(function.call((TURNS,)), Ok(TURNS));
        group.bench_function(kind, |bencher| bencher.iter(|| function.call((black_box(TURNS),))));
    }
}

fn engines(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("engines");
    group.bench_function("made and dropped", |bencher| bencher.iter(engine));
    group.bench_function("with a first call", |bencher| {
        let module = compile(&engine());
        bencher.iter(|| engine().adopt(&module).expect("it loads").call::<i64, _>("twice", (black_box(21),)))
    });
    group.bench_function("compile, cold", |bencher| bencher.iter(|| compile(&engine())));
    let warm = engine();
    group.bench_function("compile, warm", |bencher| bencher.iter(|| compile(&warm)));
}

fn many(criterion: &mut Criterion) {
    let engine = engine();
    let script = engine.compile("m.aivi", "module m\nexport f\n\nf : Int -> Int\nf = n => n + 1\n").expect("correct");
    let copy = |_| engine.adopt(&script).expect("it loads").function::<(i64,), i64>("f").expect("a function");
    let functions: Vec<Function<(i64,), i64>> = (0..SCRIPTS).map(copy).collect();
    let mut group = criterion.benchmark_group("many");
    group.throughput(Throughput::Elements(SCRIPTS as u64));
    group.bench_function("10,000 scripts", |bencher| {
        bencher.iter(|| functions.iter().map(|f| f.call((black_box(1),)).expect("a number")).sum::<i64>())
    });
}

criterion_group!(benches, calls, host_functions, engines, many);
criterion_main!(benches);
