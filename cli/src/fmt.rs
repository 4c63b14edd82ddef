//! `aivi fmt`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use aivi_compiler::format::format;

use crate::args::Fmt;
use crate::files;
use crate::out::{fail, misused, print};
use crate::source::Source;

/// Lays out texts: to standard output, in place, or only looking whether that would change them. One with errors is
/// reported and left alone, the others are still done.
pub fn fmt(fmt: &Fmt) -> ExitCode {
    let paths = match fmt.is_stdin() {
        true if fmt.write => return misused("standard input cannot be written to; `aivi fmt -` prints the result"),
        true => vec![PathBuf::from("-")],
        false => match files::expand_all(&fmt.paths) {
            Ok(paths) => paths,
            Err(message) => return fail(&message),
        },
    };
    let failed = paths.iter().filter(|path| one(path, fmt).is_err()).count();
    if failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Does one text. There is something wrong with it, which was said, or it would change and must not.
fn one(path: &Path, fmt: &Fmt) -> Result<(), ExitCode> {
    let source = if fmt.is_stdin() { Source::stdin()? } else { Source::read(path)? };
    let result = format(&source.text).map_err(|reports| source.show(&reports))?;
    let is_settled = result == source.text;
    if fmt.check || fmt.diff {
        if is_settled {
            return Ok(());
        }
        print(&if fmt.diff { difference(&source, &result) } else { format!("{}\n", source.name) });
        return Err(ExitCode::FAILURE);
    }
    if !fmt.write {
        print(&result);
    } else if !is_settled {
        let unwritable = |error| fail(&format!("cannot write {}: {}", path.display(), aivi::cause(&error)));
        std::fs::write(path, result).map_err(unwritable)?;
    }
    Ok(())
}

/// What would change, as `diff -u` and `git diff` show it.
fn difference(source: &Source, result: &str) -> String {
    let difference = similar::TextDiff::from_lines(&*source.text, result);
    difference.unified_diff().header(&source.name, &format!("{} (laid out)", source.name)).to_string()
}
