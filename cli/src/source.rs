//! One source text that a command works on, and the reports about it.

use std::io::{ErrorKind, Read};
use std::path::Path;
use std::process::ExitCode;

use aivi_compiler::diagnostic::{self, Diagnostic, Severity, Sources, render_all};

use crate::out::{color, fail};
use crate::run::reject;

/// A text and what it is called.
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    /// The text of a file. One that cannot be read is reported.
    pub fn read(path: &Path) -> Result<Source, ExitCode> {
        let text = aivi::read_source(path).map_err(|error| reject(&error))?;
        Ok(Source { name: path.to_string_lossy().into_owned(), text })
    }

    /// The text on standard input.
    pub fn stdin() -> Result<Source, ExitCode> {
        let mut text = String::new();
        match std::io::stdin().read_to_string(&mut text) {
            Ok(_) => Ok(Source { name: "<stdin>".to_owned(), text }),
            Err(error) if error.kind() == ErrorKind::InvalidData => Err(fail("standard input is not UTF-8")),
            Err(error) => Err(fail(&format!("cannot read standard input: {}", aivi::cause(&error)))),
        }
    }

    /// Shows reports about it. A failure if there is an error among them.
    pub fn show(&self, reports: &[Diagnostic]) -> ExitCode {
        let mut sources = Sources::default();
        sources.add(diagnostic::Source::new(&*self.name, &*self.text));
        eprint!("{}", render_all(reports, &sources, color()));
        let is_wrong = reports.iter().any(|report| report.severity() == Severity::Error);
        if is_wrong { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}
