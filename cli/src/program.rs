//! A program that a command works on: a source file, or what `aivi build` made of one.

use std::path::Path;

use aivi::{CompileError, Engine, Format, Script};

use crate::out::color;

/// Why there is no program.
pub enum NoProgram {
    /// The source is wrong.
    Source(CompileError),
    /// The compiled program cannot be loaded, in words.
    Compiled(String),
}

impl NoProgram {
    /// As it is reported.
    pub fn render(&self, format: Format) -> String {
        match self {
            NoProgram::Source(error) => format.rejected(error, color()),
            NoProgram::Compiled(why) => format.error(why),
        }
    }
}

/// The program in a file; `compile` is for a source.
pub fn read(
    engine: &Engine,
    path: &Path,
    compile: impl FnOnce(&Engine, &Path) -> Result<Script, CompileError>,
) -> Result<Script, NoProgram> {
    let refused = |error: aivi::LoadError| {
        NoProgram::Compiled(match error {
            aivi::LoadError::Unreadable { .. } => error.to_string(),
            _ => format!("cannot load {}: {error}", path.display()),
        })
    };
    match aivi::read_precompiled(path).map_err(refused)? {
        Some(bytes) => engine.load(&bytes).map_err(refused),
        None => compile(engine, path).map_err(NoProgram::Source),
    }
}
