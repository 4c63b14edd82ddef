//! What does a message cost, with one worker and with two?
//!
//! A round trip is two messages and two switches; with two workers the two fibers may or may not share one. The patient
//! one receives each message under a limit of time. The jobs of a pool are worth sharing.

use std::hint::black_box;

use aivi::Engine;
use aivi_bench::{run, script};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const WORKERS: &[usize] = &[1, 2];
const SIZE: i64 = 10_000;
const PROGRAMS: &[&str] = &["pingpong", "fanin", "patient", "select", "pool"];

fn channels(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("channels");
    group.throughput(Throughput::Elements(SIZE.unsigned_abs()));
    for &workers in WORKERS {
        let engine = Engine::builder().workers(workers).build().expect("an engine");
        for name in PROGRAMS {
            let script = script(&engine, name);
            group.bench_function(BenchmarkId::new(*name, workers), |bencher| {
                bencher.iter(|| run(&script, black_box(SIZE)))
            });
        }
    }
}

criterion_group!(benches, channels);
criterion_main!(benches);
