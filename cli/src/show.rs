//! `aivi disasm` and `aivi parse`: what the compiler makes of a file.

use std::process::ExitCode;

use aivi::{Engine, Format};
use aivi_compiler::syntax::dump::dump_file;
use aivi_compiler::syntax::{FileId, Interner};

use crate::args::{Disasm, Parse};
use crate::out::{fail, print};
use crate::program;
use crate::source::Source;

/// Prints the bytecode of a file's program.
pub fn disasm(disasm: &Disasm) -> ExitCode {
    let engine = match Engine::builder().simulated(0).build() {
        Ok(engine) => engine,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let script = match program::read(&engine, &disasm.file, Engine::compile_file) {
        Ok(script) => script,
        Err(error) => {
            eprint!("{}", error.render(Format::Text));
            return ExitCode::FAILURE;
        }
    };
    let wanted = |proto: &aivi_bytecode::Proto| disasm.all || !proto.name.starts_with("aivi.");
    print(&aivi_bytecode::disasm::module(script.module(), wanted));
    ExitCode::SUCCESS
}

/// Prints the syntax tree of a file; what is wrong with it goes to standard error.
pub fn parse(parse: &Parse) -> ExitCode {
    let source = match Source::read(&parse.file) {
        Ok(source) => source,
        Err(code) => return code,
    };
    let read = || {
        let mut interner = Interner::default();
        let parsed = aivi_compiler::parse::parse(FileId(0), &source.text, &mut interner);
        (dump_file(&interner, &parsed.file), parsed.diagnostics)
    };
    match aivi::on_compiler_stack(read) {
        Ok((tree, reports)) => {
            print(&tree);
            source.show(&reports)
        }
        Err(error) => fail(&format!("cannot start the parser: {error}")),
    }
}
