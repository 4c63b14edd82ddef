//! `aivi check`

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aivi::{CompileError, Engine, Report, Reports, Severity};

use crate::args::Check;
use crate::files;
use crate::order;
use crate::out::{self, color, fail};

/// Compiles all files without running them. A module that several of them use is checked and reported once.
pub fn check(check: &Check) -> ExitCode {
    let engine = match Engine::builder().simulated(0).build() {
        Ok(engine) => engine,
        Err(error) => return fail(&format!("cannot start: {error}")),
    };
    let files = match files::expand_all(&check.paths) {
        Ok(files) => files,
        Err(message) => return fail(&message),
    };
    let mut tally = Tally { json: check.json, ..Tally::default() };
    let count_of_files = files.len();
    for file in &order::users_first(files) {
        if tally.checked.contains(&real(file)) {
            continue;
        }
        match engine.compile_file(file) {
            Ok(script) => tally.show(script.reports()),
            Err(CompileError::Rejected(reports)) => tally.show(&reports),
            Err(error) => {
                tally.errors += 1;
                if check.json {
                    out::print(&error.json());
                } else {
                    eprint!("{}", error.render(color()));
                }
            }
        }
    }
    if count_of_files > 1 && !check.json {
        let problems = format!("{}, {}", count(tally.errors, "error"), count(tally.warnings, "warning"));
        eprintln!("{count_of_files} files checked: {problems}");
    }
    if tally.errors == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[derive(Default)]
struct Tally {
    json: bool,
    errors: usize,
    warnings: usize,
    seen: HashSet<Report>,
    /// Files that were read for one that was checked.
    checked: HashSet<PathBuf>,
}

impl Tally {
    fn show(&mut self, reports: &Reports) {
        self.checked.extend(reports.files().map(|path| real(Path::new(path))));
        if self.json {
            out::print(&reports.json_of_those(|report| self.count(report)));
        } else {
            eprint!("{}", reports.render_those(color(), |report| self.count(report)));
        }
    }

    /// False: it was there before.
    fn count(&mut self, report: &Report) -> bool {
        let mut report = report.clone();
        report.path = real(Path::new(&report.path)).to_string_lossy().into_owned();
        let severity = report.code.severity();
        let is_new = self.seen.insert(report);
        if is_new {
            match severity {
                Severity::Error => self.errors += 1,
                Severity::Warning => self.warnings += 1,
            }
        }
        is_new
    }
}

/// As a module a file may have another path than as an argument.
fn real(path: &Path) -> PathBuf {
    std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}
