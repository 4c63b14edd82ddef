//! `aivi test`: every binding with `@test` runs on its own.

use std::path::Path;
use std::process::ExitCode;

use aivi::{Ending, Engine};

use crate::args::Test;
use crate::files;
use crate::run::{builder, fail, reject, warn};

/// Runs the tests of all files.
pub fn test(test: &Test) -> ExitCode {
    let engine = match builder(&test.machine).build() {
        Ok(engine) => engine,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let mut tally = Tally { passed: 0, failed: 0, broken: false };
    for path in &test.paths {
        match files::expand(path) {
            Ok(files) => files.iter().for_each(|file| tally.file(&engine, file, &test.only)),
            Err(error) => return fail(&format!("cannot read {}: {error}", path.display())),
        }
    }
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    let success = tally.passed > 0 && tally.failed == 0 && !tally.broken;
    if success { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

struct Tally {
    passed: usize,
    failed: usize,
    /// A file does not compile.
    broken: bool,
}

impl Tally {
    fn file(&mut self, engine: &Engine, file: &Path, only: &[String]) {
        let script = match engine.compile_file(file) {
            Ok(script) => script,
            Err(error) => {
                reject(&error);
                self.broken = true;
                return;
            }
        };
        warn(&script);
        for test in script.tests() {
            let short = test.name.rsplit('.').next().unwrap_or_default();
            if !only.is_empty() && !only.iter().any(|name| *name == test.name || name == short) {
                continue;
            }
            let ending = script.run_test(&test);
            let passed = ending == Ending::Success;
            println!("{} {}: {}", if passed { "pass" } else { "FAIL" }, test.name, test.description);
            if passed {
                self.passed += 1;
            } else {
                self.failed += 1;
                let report = ending.report().unwrap_or_else(|| format!("ended with {}", ending.exit_code()));
                for line in report.lines() {
                    println!("     {line}");
                }
            }
        }
    }
}
