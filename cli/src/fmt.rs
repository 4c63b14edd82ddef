//! `aivi fmt`

use std::path::Path;
use std::process::ExitCode;

use aivi_compiler::diagnostic::{Diagnostic, Source, Sources, render};
use aivi_compiler::format::format;

use crate::args::Fmt;
use crate::files;
use crate::out::{color, fail};

/// Lays out files: to standard output, in place, or only looking whether that would change them. A file with errors is
/// reported and left alone, the others are still done.
pub fn fmt(fmt: &Fmt) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let files = match files::expand_all(&fmt.paths) {
        Ok(files) => files,
        Err(message) => return fail(&message),
    };
    for file in files {
        if !one(&file, fmt) {
            code = ExitCode::FAILURE;
        }
    }
    code
}

/// Does one file; false when there is something wrong with it.
fn one(path: &Path, fmt: &Fmt) -> bool {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) => {
            fail(&format!("cannot read {}: {error}", path.display()));
            return false;
        }
    };
    let result = match format(&text) {
        Ok(result) => result,
        Err(reports) => {
            report(path, &text, &reports);
            return false;
        }
    };
    if fmt.check {
        if result != text {
            println!("{}", path.display());
        }
        return result == text;
    }
    if !fmt.write {
        print!("{result}");
    } else if result != text
        && let Err(error) = std::fs::write(path, result)
    {
        fail(&format!("cannot write {}: {error}", path.display()));
        return false;
    }
    true
}

fn report(path: &Path, text: &str, reports: &[Diagnostic]) {
    let mut sources = Sources::default();
    sources.add(Source::new(path.to_string_lossy(), text));
    for report in reports {
        eprint!("{}", render(report, &sources, color()));
    }
}
