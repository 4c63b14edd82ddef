//! A line of a large program costs what a line of a small one costs.

use std::time::{Duration, Instant};

use aivi_bench::generate::Program;
use aivi_compiler::{Options, compile};

/// Modules of the small and of the large program.
const SMALL: usize = 4;
const LARGE: usize = 16;
/// How much more a line of the large program may cost. Caches make some difference; what is quadratic makes it 4.
const MORE: f64 = 2.0;
/// The best of so many runs counts.
const RUNS: usize = 3;

#[test]
fn the_time_of_the_front_end_is_linear() {
    let (small, large) = (cost_of_a_line(SMALL), cost_of_a_line(LARGE));
    let ratio = large / small;
    assert!(ratio < MORE, "{small:.0} ns a line with {SMALL} modules, {large:.0} ns with {LARGE}");
}

#[test]
fn the_generated_program_is_correct() {
    let program = Program::of_modules(3);
    let compiled = compile(program.entry(), &program, Options { require_main: true });
    assert_eq!(compiled.diagnostics, []);
    let module = compiled.module.expect("there are no errors");
    let generated = module.protos.iter().filter(|proto| proto.name.starts_with("generated.")).count();
    assert!(generated > program.lines() / 20, "only {generated} functions are reached");
}

fn cost_of_a_line(modules: usize) -> f64 {
    let program = Program::of_modules(modules);
    let run = || {
        let start = Clock::start();
        let compiled = compile(program.entry(), &program, Options { require_main: true });
        let time = start.elapsed();
        assert!(compiled.module.is_some());
        time
    };
    let best = (0..RUNS).map(|_| run()).min().unwrap_or_default();
    best.as_nanos() as f64 / program.lines() as f64
}

/// Time that this thread computes, where the system says so: a busy machine makes no difference. Else time that passes.
struct Clock {
    computed: Option<Duration>,
    began: Instant,
}

impl Clock {
    fn start() -> Clock {
        Clock { computed: computed(), began: Instant::now() }
    }

    fn elapsed(&self) -> Duration {
        match (self.computed, computed()) {
            (Some(before), Some(now)) => now - before,
            _ => self.began.elapsed(),
        }
    }
}

fn computed() -> Option<Duration> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
}
