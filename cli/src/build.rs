//! `aivi build`

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use aivi::Engine;

use crate::args::Build;
use crate::out::fail;
use crate::run::{reject, warn};

/// Compiles a file and writes the program.
pub fn build(build: &Build) -> ExitCode {
    let engine = match Engine::builder().simulated(0).build() {
        Ok(engine) => engine,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let script = match engine.compile_file(&build.file) {
        Ok(script) => script,
        Err(error) => return reject(&error),
    };
    warn(&script);
    let output = build.output.clone().unwrap_or_else(|| build.file.with_extension("aivic"));
    match write(&output, &script.to_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&format!("cannot write {}: {}", output.display(), aivi::cause(&error))),
    }
}

/// Writes all of a file or none of it: who starts the program meanwhile finds the old one or the new one.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}", std::process::id()));
    let beside = path.with_file_name(name);
    let written = fs::write(&beside, bytes).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What could not be written need not be there.
        let _ = fs::remove_file(&beside);
    }
    written
}
