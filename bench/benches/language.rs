//! How fast does the machine itself run: calls, loops, allocation, collections, effects? One worker.
//!
//! The times include one call from the host into the script, a few microseconds; with these sizes that is noise. They
//! say nothing about start-up: the program is compiled before.

use std::hint::black_box;

use aivi::Engine;
use aivi_bench::{run, script};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Program and size.
const PROGRAMS: &[(&str, i64)] = &[
    ("fib", 22),
    ("turns", 100_000),
    ("trees", 12),
    ("lists", 10_000),
    ("texts", 10_000),
    ("effects", 100_000),
    ("sieve", 10_000),
    ("queens", 10),
    ("memo", 1_000),
    ("words", 1_000),
    ("tokens", 100),
    ("letters", 10_000),
    ("fields", 1_000),
    ("closures", 1_000),
    ("versions", 1_000),
    ("derive", 20),
    ("counters", 100),
    ("folds", 100),
    ("states", 100),
    ("json", 100),
    ("rows", 100),
    ("integrals", 100),
    ("lookups", 100),
];

fn language(criterion: &mut Criterion) {
    let engine = Engine::builder().workers(1).build().expect("an engine");
    let mut group = criterion.benchmark_group("language");
    for &(name, size) in PROGRAMS {
        let script = script(&engine, name);
        group.throughput(Throughput::Elements(size.unsigned_abs()));
        group.bench_function(name, |bencher| bencher.iter(|| run(&script, black_box(size))));
    }
}

criterion_group!(benches, language);
criterion_main!(benches);
