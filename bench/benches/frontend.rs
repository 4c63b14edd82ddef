//! How long from text to a program that can run, and how it grows with the program.
//!
//! `hello` is what everybody pays; the others are lines per second of generated programs (`generate.rs`) on one core:
//! `parse` is text to trees, `check` all that `aivi check` does short of bytecode, `compile` the whole way to a
//! bytecode module. That a line costs the same in both sizes is the claim; what it does not show is time of the disk.

use std::hint::black_box;

use aivi::Engine;
use aivi_bench::generate::Program;
use aivi_compiler::syntax::{FileId, Interner};
use aivi_compiler::{Options, check, compile, parse};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};

/// As the program `aivi` allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Modules of a thousand lines: a program as large as this project is, and the largest that anybody may write.
const MODULES: [usize; 2] = [10, 100];

fn hello(criterion: &mut Criterion) {
    let engine = Engine::builder().workers(1).build().expect("an engine");
    let hello = "module hello\n\nmain : Effect Text Unit\nmain = println \"hello\"\n";
    criterion.bench_function("frontend/hello", |bencher| {
        bencher.iter(|| engine.compile("hello.aivi", black_box(hello)).expect("it compiles"));
    });
}

fn large(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("frontend");
    group.sample_size(10);
    for modules in MODULES {
        let program = Program::of_modules(modules);
        let lines = program.lines();
        group.throughput(Throughput::Elements(lines as u64));
        group.bench_with_input(BenchmarkId::new("parse", lines), &program, |bencher, program| {
            bencher.iter(|| {
                let mut interner = Interner::default();
                let parsed = |text| parse::parse(FileId(0), black_box(text), &mut interner).file.items.len();
                program.texts().map(parsed).sum::<usize>()
            });
        });
        group.bench_with_input(BenchmarkId::new("check", lines), &program, |bencher, program| {
            bencher.iter(|| check(black_box(program.entry()), program).program.expect("it is correct"));
        });
        group.bench_with_input(BenchmarkId::new("compile", lines), &program, |bencher, program| {
            let options = Options { require_main: true };
            bencher.iter(|| compile(black_box(program.entry()), program, options).module.expect("it is correct"));
        });
    }
}

criterion_group!(benches, hello, large);
criterion_main!(benches);
