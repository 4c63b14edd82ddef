//! `aivi run`

use std::fs::File;
use std::io::BufWriter;
use std::path::Path;
use std::process::ExitCode;

use aivi::{Engine, EngineBuilder, Format, Script};

use crate::args::{Machine, Run};
use crate::out::color;
use crate::program;
use crate::signals::Target;

/// Runs `main` of a file.
pub fn run(run: &Run) -> ExitCode {
    let format = if run.json { Format::Json } else { Format::Text };
    let fail = |message: &str| {
        eprint!("{}", format.error(message));
        ExitCode::FAILURE
    };
    let builder = run.permissions.give(builder(&run.machine)).args(run.args.iter().cloned()).reports(format);
    let builder = if run.trace.is_some() { builder.traced() } else { builder };
    let engine = match builder.build() {
        Ok(engine) => engine,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let script = match program::read(&engine, &run.file, Engine::compile_program) {
        Ok(script) => script,
        Err(error) => {
            eprint!("{}", error.render(format));
            return ExitCode::FAILURE;
        }
    };
    eprint!("{}", format.diagnostics(script.reports(), color()));
    if !script.has_main() {
        return fail("main must be an Effect value");
    }
    // A server has a descriptor for each connection. Where the limit cannot be raised, `accept` says so when it is
    // reached.
    let _ = aivi::raise_descriptor_limit();
    let signals = Target::default();
    signals.set(&engine);
    if let Some(path) = run.trace.clone() {
        let script = script.clone();
        signals.before_end(move || write_trace(&script.take_trace(), &path, format));
    }
    signals.listen();
    let ending = script.run_main();
    if let Some(report) = format.ending(&ending) {
        eprintln!("{report}");
    }
    if run.stats {
        eprint!("{}", format.stats(&engine.stats()));
    }
    signals.end(ending.exit_code())
}

/// Writes a trace for a timeline viewer.
fn write_trace(trace: &aivi::Trace, path: &Path, format: Format) {
    if trace.omitted() > 0 {
        eprint!("{}", format.warning(&format!("the trace has only the first {} events", trace.events().len())));
    }
    if let Err(error) = File::create(path).and_then(|file| trace.write_json(BufWriter::new(file))) {
        eprint!("{}", format.error(&format!("cannot write {}: {error}", path.display())));
    }
}

/// An engine as the options say.
pub fn builder(machine: &Machine) -> EngineBuilder {
    let builder = Engine::builder();
    match (machine.simulated(), machine.workers) {
        (Some(seed), _) => builder.simulated(seed),
        (None, Some(workers)) => builder.workers(usize::from(workers)),
        (None, None) => builder,
    }
}

/// Shows why a program was not compiled.
pub fn reject(error: &aivi::CompileError) -> ExitCode {
    eprint!("{}", error.render(color()));
    ExitCode::FAILURE
}

/// Shows a script's warnings.
pub fn warn(script: &Script) {
    eprint!("{}", script.warnings(color()));
}
