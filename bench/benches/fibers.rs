//! What do fibers, groups and timers cost, with one worker and with two?
//!
//! Two workers have hardly anything to share in most of these programs: the question is how much the second one
//! disturbs. In `jobs` it should do its half. The sleepers sleep for up to 4 ms, which is a floor for that bench.

use std::hint::black_box;

use aivi::Engine;
use aivi_bench::{run, script};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

const WORKERS: &[usize] = &[1, 2];
const SIZE: i64 = 10_000;
const PROGRAMS: &[&str] = &["spawn", "spawn_all", "par", "race", "each_par", "timeout", "sleepers", "jobs"];

fn fibers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("fibers");
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

criterion_group!(benches, fibers);
criterion_main!(benches);
