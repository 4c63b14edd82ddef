//! Running a script, with everything that it says caught.

use std::path::Path;

use aivi::{Capability, CompileError, Ending, Engine, EngineBuilder, Output, Script};

/// Who decides what fibers do next.
#[derive(Clone, Copy, Debug)]
pub enum Schedule {
    /// Threads.
    Workers(usize),
    /// The simulator.
    Seed(u64),
}

/// What a run gave.
#[derive(Debug)]
pub struct Ran {
    /// How it ended.
    pub ending: Ending,
    /// Standard output.
    pub stdout: String,
    /// Standard error, the report of the ending included.
    pub stderr: String,
}

impl Schedule {
    /// An engine of this kind.
    pub fn engine(self) -> EngineBuilder {
        let builder = Engine::builder().allow(Capability::all());
        match self {
            Schedule::Workers(count) => builder.workers(count),
            Schedule::Seed(seed) => builder.simulated(seed),
        }
    }
}

/// A program that is compiled once and run often, each time from its beginning and by itself.
pub struct Subject(Script);

impl Subject {
    /// Compiles a file.
    ///
    /// # Errors
    /// When it does not compile.
    ///
    /// # Panics
    /// When the engine cannot be made.
    pub fn compile(path: &Path) -> Result<Subject, CompileError> {
        Schedule::Seed(0).engine().build().expect("an engine").compile_program(path).map(Subject)
    }

    /// Runs its `main`.
    ///
    /// # Errors
    /// When the machine refuses it.
    ///
    /// # Panics
    /// As `compile`.
    pub fn run(&self, args: &[String], schedule: Schedule) -> Result<Ran, CompileError> {
        let (stdout, stderr) = (Output::buffer(), Output::buffer());
        let builder = schedule.engine().args(args.iter().cloned()).stdout(stdout.clone()).stderr(stderr.clone());
        let engine = builder.build().expect("an engine");
        let ending = engine.adopt(&self.0)?.run_main();
        let report = ending.report().map_or_else(String::new, |report| report + "\n");
        Ok(Ran { ending, stdout: stdout.text(), stderr: stderr.text() + &report })
    }
}

/// Compiles and runs the `main` of a file.
///
/// # Errors
/// When it does not compile.
///
/// # Panics
/// As `Subject::compile`.
pub fn run(path: &Path, args: &[String], schedule: Schedule) -> Result<Ran, CompileError> {
    Subject::compile(path)?.run(args, schedule)
}
