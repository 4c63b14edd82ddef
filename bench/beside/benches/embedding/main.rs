//! The same calls between a Rust host and a script, through AIVI and through others, in one run.
//!
//! Every engine is used as its documentation proposes for speed: functions are looked up once, programs are compiled
//! once. What an engine cannot do is absent from its group. Results are checked before anything is measured.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};
use criterion::measurement::WallTime;

mod aivi;
mod lua;
mod rhai;
mod rune;
mod wasm;

/// What the program `aivi` uses; for everybody.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Numbers in the list that is handed over.
const NUMBERS: i64 = 1_000;
/// Host calls in one call of a script.
const HOST_CALLS: i64 = 1_000;
/// Scripts side by side.
const SCRIPTS: usize = 10_000;

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.warm_up_time(Duration::from_millis(500)).measurement_time(Duration::from_secs(2));
    group
}

/// In and out: two integers go in, one comes back.
fn call(criterion: &mut Criterion) {
    let mut group = group(criterion, "call");
    let mut measure = |name: &str, add: &mut dyn FnMut(i64, i64) -> i64| {
        assert_eq!(add(20, 22), 42, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| add(black_box(20), black_box(22))));
    };
    measure("aivi", &mut aivi::adder());
    measure("mlua", &mut lua::adder());
    measure("rhai", &mut rhai::adder());
    measure("rune", &mut rune::adder());
    measure("wasmtime", &mut wasm::adder());
    group.finish();
}

/// A list of a thousand integers goes in and is summed.
fn list(criterion: &mut Criterion) {
    let mut group = group(criterion, "list of 1,000");
    let numbers: Vec<i64> = (1..=NUMBERS).collect();
    let mut measure = |name: &str, sum: &mut dyn FnMut(&[i64]) -> i64| {
        assert_eq!(sum(&numbers), NUMBERS * (NUMBERS + 1) / 2, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| sum(black_box(&numbers))));
    };
    measure("aivi", &mut aivi::summer());
    measure("mlua", &mut lua::summer());
    measure("rhai", &mut rhai::summer());
    measure("rune", &mut rune::summer());
    group.finish();
}

/// A script calls a function of the host a thousand times; a thousandth of it is a host call with a turn of a loop.
fn host_calls(criterion: &mut Criterion) {
    let mut group = group(criterion, "1,000 host calls");
    let mut measure = |name: &str, run: &mut dyn FnMut(i64) -> i64| {
        assert_eq!(run(HOST_CALLS), HOST_CALLS, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| run(black_box(HOST_CALLS))));
    };
    measure("aivi", &mut aivi::hosted());
    measure("mlua", &mut lua::hosted());
    measure("rhai", &mut rhai::hosted());
    measure("rune", &mut rune::hosted());
    measure("wasmtime", &mut wasm::hosted());
    group.finish();
}

/// The same with a host function that is a future, which is ready at once.
fn future_calls(criterion: &mut Criterion) {
    let mut group = group(criterion, "1,000 host calls by futures");
    let mut measure = |name: &str, run: &mut dyn FnMut(i64) -> i64| {
        assert_eq!(run(HOST_CALLS), HOST_CALLS, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| run(black_box(HOST_CALLS))));
    };
    measure("aivi", &mut aivi::hosted_by_futures());
    measure("mlua", &mut lua::hosted_by_futures());
    measure("rune", &mut rune::hosted_by_futures());
    measure("wasmtime", &mut wasm::hosted_by_futures());
    group.finish();
}

/// Makes what a host needs before its first script, and drops it.
fn engine(criterion: &mut Criterion) {
    let mut group = group(criterion, "engine");
    let mut measure = |name: &str, make: &mut dyn FnMut()| {
        group.bench_function(name, |bencher| bencher.iter(&mut *make));
    };
    measure("aivi", &mut aivi::engine);
    measure("mlua", &mut lua::engine);
    measure("rhai", &mut rhai::engine);
    measure("rune", &mut rune::engine);
    measure("wasmtime", &mut wasm::engine);
    group.finish();
}

/// From the script's text to a function that can be called.
fn compile(criterion: &mut Criterion) {
    let mut group = group(criterion, "compile");
    let mut measure = |name: &str, compile: &mut dyn FnMut()| {
        group.bench_function(name, |bencher| bencher.iter(&mut *compile));
    };
    measure("aivi", &mut aivi::compiler());
    measure("mlua", &mut lua::compiler());
    measure("rhai", &mut rhai::compiler());
    measure("rune", &mut rune::compiler());
    measure("wasmtime", &mut wasm::compiler());
    group.finish();
}

/// Ten thousand scripts with state of their own, made from one compiled program, each called once, and dropped.
fn side_by_side(criterion: &mut Criterion) {
    let mut group = group(criterion, "10,000 scripts");
    group.sample_size(10).measurement_time(Duration::from_secs(8));
    let mut measure = |name: &str, run: &mut dyn FnMut(usize) -> i64| {
        assert_eq!(run(10), 45, "{name}");
        group.bench_function(name, |bencher| bencher.iter(|| run(black_box(SCRIPTS))));
    };
    measure("aivi", &mut aivi::side_by_side());
    measure("mlua", &mut lua::side_by_side());
    measure("rhai", &mut rhai::side_by_side());
    measure("rune", &mut rune::side_by_side());
    measure("wasmtime", &mut wasm::side_by_side());
    group.finish();
}

criterion_group!(benches, call, list, host_calls, future_calls, engine, compile, side_by_side);
criterion_main!(benches);
