//! What the benches share: the programs in `programs/`, each with an exported `run : Int -> Effect Text Int` that does
//! the given number of operations, and a `main` whose output `<name>.out` records: a fast wrong answer fails.

#![forbid(unsafe_code)]

pub mod generate;

use std::path::{Path, PathBuf};

use aivi::{Engine, Script};

/// Where the programs are.
#[must_use]
pub fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("programs")
}

/// A program, compiled.
///
/// # Panics
/// When it does not compile: benches have no use for a broken program.
#[must_use]
pub fn script(engine: &Engine, name: &str) -> Script {
    let path = programs().join(name).with_extension("aivi");
    engine.compile_file(&path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Runs `operations` operations of a program.
///
/// # Panics
/// When the program does not succeed.
pub fn run(script: &Script, operations: i64) -> i64 {
    script.call("run", (operations,)).unwrap_or_else(|error| panic!("{}: {error}", script.name()))
}
