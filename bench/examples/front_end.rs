//! One pass of the front end over a generated program, for profilers: `front_end parse|check|compile MODULES`.

use aivi_bench::generate::Program;
use aivi_compiler::syntax::{FileId, Interner};
use aivi_compiler::{Options, check, compile, parse};

/// As the program `aivi` allocates.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let pass = arguments.next().unwrap_or_default();
    let modules = arguments.next().and_then(|count| count.parse().ok()).unwrap_or(10);
    let program = Program::of_modules(modules);
    let lines = program.lines();
    let start = std::time::Instant::now();
    let made = match pass.as_str() {
        "parse" => {
            let mut interner = Interner::default();
            program.texts().map(|text| parse::parse(FileId(0), text, &mut interner).file.items.len()).sum()
        }
        "check" => {
            let checked = check(program.entry(), &program);
            checked.diagnostics.iter().take(3).for_each(|report| eprintln!("{report:?}"));
            checked.program.map_or(0, |program| program.globals.len())
        }
        _ => compile(program.entry(), &program, Options::default()).module.map_or(0, |module| module.protos.len()),
    };
    let time = start.elapsed();
    println!("{lines} lines, {made} made, {time:.2?}: {:.0} lines per second", lines as f64 / time.as_secs_f64());
}
