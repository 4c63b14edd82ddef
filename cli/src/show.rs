//! `aivi disasm` and `aivi parse`: what the compiler makes of a file.

use std::process::ExitCode;

use aivi::Engine;
use aivi_compiler::diagnostic::{Severity, Source, Sources, render};
use aivi_compiler::syntax::Interner;

use crate::args::{Disasm, File};
use crate::out::{color, fail};
use crate::run::reject;

/// Prints the bytecode of a file's program.
pub fn disasm(disasm: &Disasm) -> ExitCode {
    let engine = match Engine::builder().simulated(0).build() {
        Ok(engine) => engine,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let script = match engine.compile_file(&disasm.file) {
        Ok(script) => script,
        Err(error) => return reject(&error),
    };
    let wanted = |proto: &aivi_bytecode::Proto| disasm.all || !proto.name.starts_with("aivi.");
    print!("{}", aivi_bytecode::disasm::module(script.module(), wanted));
    ExitCode::SUCCESS
}

/// Prints the syntax tree of a file; what is wrong with it goes to standard error.
pub fn parse(file: &File) -> ExitCode {
    let text = match std::fs::read_to_string(&file.file) {
        Ok(text) => text,
        Err(error) => return fail(&format!("cannot read {}: {error}", file.file.display())),
    };
    let mut sources = Sources::default();
    let id = sources.add(Source::new(file.file.to_string_lossy(), text.as_str()));
    let mut interner = Interner::default();
    let parsed = aivi_compiler::parse::parse(id, &text, &mut interner);
    print!("{}", aivi_compiler::syntax::dump::dump_file(&interner, &parsed.file));
    let mut code = ExitCode::SUCCESS;
    for diagnostic in &parsed.diagnostics {
        eprint!("{}", render(diagnostic, &sources, color()));
        if diagnostic.severity() == Severity::Error {
            code = ExitCode::FAILURE;
        }
    }
    code
}
