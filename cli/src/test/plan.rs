//! Which tests are to be run: those of all files, or the ones that `--only` names.

use std::path::PathBuf;

use aivi::{Engine, Script};
use aivi_compiler::resolve::suggest::nearest;

use crate::args::Test;
use crate::files;
use crate::permissions::Permissions;
use crate::run::{reject, warn};

/// The compiled files and their tests.
pub struct Plan {
    files: Vec<TestFile>,
    /// Files that do not compile.
    pub broken: usize,
    permissions: Permissions,
}

/// A file, and those of its tests that are wanted.
struct TestFile {
    path: PathBuf,
    script: Script,
    tests: Vec<aivi::Test>,
}

/// One test of one file.
pub struct Case<'p> {
    pub path: &'p PathBuf,
    pub script: &'p Script,
    pub test: &'p aivi::Test,
    /// What it may do outside of itself.
    pub permissions: &'p Permissions,
}

impl Plan {
    /// Compiles the files that the options name. What is wrong with one goes to standard error, the others are still
    /// tested.
    ///
    /// # Errors
    /// When there is nothing to read, or no test has one of the names of `--only`.
    pub fn load(options: &Test) -> Result<Plan, String> {
        let engine = Engine::builder().simulated(0).build().map_err(|error| format!("cannot start: {error}"))?;
        let mut plan = Plan { files: Vec::new(), broken: 0, permissions: options.permissions.clone() };
        for path in files::expand_all(&options.paths)? {
            match engine.compile_file(&path) {
                Ok(script) => {
                    warn(&script);
                    plan.files.push(TestFile { path, tests: script.tests(), script });
                }
                Err(error) => {
                    reject(&error);
                    plan.broken += 1;
                }
            }
        }
        plan.select(&options.only)?;
        Ok(plan)
    }

    /// In the order of files and lines.
    pub fn cases(&self) -> impl Iterator<Item = Case<'_>> {
        self.files.iter().flat_map(move |TestFile { path, script, tests }| {
            tests.iter().map(move |test| Case { path, script, test, permissions: &self.permissions })
        })
    }

    /// Keeps the tests with these names; all if there are none.
    fn select(&mut self, only: &[String]) -> Result<(), String> {
        if only.is_empty() {
            return Ok(());
        }
        for wanted in only {
            if !self.cases().any(|case| is_named(&case.test.name, wanted)) {
                return Err(self.unknown(wanted));
            }
        }
        for file in &mut self.files {
            file.tests.retain(|test| only.iter().any(|wanted| is_named(&test.name, wanted)));
        }
        Ok(())
    }

    fn unknown(&self, wanted: &str) -> String {
        let mut message = format!("there is no test '{wanted}'");
        let long = wanted.contains('.');
        let names = self.cases().map(|case| if long { &*case.test.name } else { short(&case.test.name) });
        if let Some(near) = nearest(wanted, names) {
            message.push_str(&format!("; did you mean '{near}'?"));
        }
        if self.broken > 0 {
            message.push_str("; it may be in a file that does not compile");
        }
        message
    }
}

/// A test is named by `Module.name` or `name`.
fn is_named(name: &str, wanted: &str) -> bool {
    name == wanted || short(name) == wanted
}

fn short(name: &str) -> &str {
    name.rsplit('.').next().unwrap_or(name)
}
