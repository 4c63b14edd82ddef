//! How long from text to a program that can run: the library's modules included, as nothing of them is kept between programs.
//!
//! `hello` is what everybody pays; `large` has many small functions and shows the cost per line.

use std::fmt::Write;
use std::hint::black_box;

use aivi::Engine;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// Functions of the large program; each has 5 lines.
const FUNCTIONS: u64 = 400;

fn large() -> String {
    let mut text = String::from("module bench.large\nexport *\n");
    for index in 0..FUNCTIONS {
        write!(
            text,
            "\nf{index} : Int -> Option Int -> List Int\nf{index} = n x => x match\n  | Some m when m > n => [m + {index}, n]\n  \
             | _ => [n * {index}, ...List.map (_ + n) [1..3]]\n"
        )
        .expect("a String takes everything");
    }
    text.push_str("\nmain : Effect Text Unit\nmain = println \"{f1 1 None}\"\n");
    text
}

fn frontend(criterion: &mut Criterion) {
    let engine = Engine::builder().workers(1).build().expect("an engine");
    let hello = "module hello\n\nmain : Effect Text Unit\nmain = println \"hello\"\n";
    let mut group = criterion.benchmark_group("frontend");
    group.bench_function("hello", |bencher| {
        bencher.iter(|| engine.compile("hello.aivi", black_box(hello)).expect("it compiles"));
    });
    let text = large();
    group.throughput(Throughput::Elements(text.lines().count() as u64));
    group.bench_function("large", |bencher| {
        bencher.iter(|| engine.compile("large.aivi", black_box(&text)).expect("it compiles"));
    });
}

criterion_group!(benches, frontend);
criterion_main!(benches);
