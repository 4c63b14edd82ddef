//! How long does checking take, and does it grow with the program? Prints the time for generated programs of 10,000 and
//! of 20,000 lines, and their ratio: about 2 is linear. It does not show memory, nor what lowering costs.

#[path = "../tests/shapes/mod.rs"]
mod shapes;

use std::time::{Duration, Instant};

use aivi_compiler::check;
use shapes::{Nothing, SHAPES, Shape, module};

const LINES: usize = 10_000;
/// The best of so many runs counts; more are steadier and slower.
const RUNS: usize = 5;

fn time(shape: Shape, lines: usize) -> Duration {
    let source = module(&shape(lines));
    let run = || {
        let start = Instant::now();
        let checked = check(source.clone(), &Nothing);
        let time = start.elapsed();
        assert!(!checked.sources.is_empty());
        time
    };
    (0..RUNS).map(|_| run()).min().unwrap_or_default()
}

fn main() {
    // Lines of the smaller program, if not the usual number.
    let lines = std::env::args().nth(1).and_then(|lines| lines.parse().ok()).unwrap_or(LINES);
    for (name, shape) in SHAPES {
        let (once, twice) = (time(*shape, lines), time(*shape, 2 * lines));
        let ratio = twice.as_secs_f64() / once.as_secs_f64();
        println!("{name:20} {once:>12.2?} {twice:>12.2?}   ratio {ratio:.2}");
    }
}
