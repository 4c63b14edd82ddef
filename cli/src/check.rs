//! `aivi check`

use std::process::ExitCode;

use aivi::Engine;

use crate::args::Paths;
use crate::files;
use crate::out::fail;
use crate::run::{reject, warn};

/// Compiles all files without running them.
pub fn check(paths: &Paths) -> ExitCode {
    let engine = match Engine::builder().simulated(0).build() {
        Ok(engine) => engine,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let mut code = ExitCode::SUCCESS;
    let files = match files::expand_all(&paths.paths) {
        Ok(files) => files,
        Err(message) => return fail(&message),
    };
    for file in files {
        match engine.compile_file(&file) {
            Ok(script) => warn(&script),
            Err(error) => code = reject(&error),
        }
    }
    code
}
