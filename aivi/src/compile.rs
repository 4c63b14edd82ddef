//! From text to a verified module, and the error that says why not.

use std::cell::Cell;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::string::FromUtf8Error;

use aivi_bytecode::Module;
use aivi_compiler::diagnostic::{self, Code, Color, Diagnostic, Severity, Sources};
use aivi_compiler::syntax::{FileId, Interner, ast};
use aivi_compiler::{Options, Source, parse};

use aivi_stdlib::cause;

use crate::host_module::HostModules;
use crate::loader::{Files, Modules};

/// The compiler's passes recurse over trees whose height the parser bounds; this is enough for the highest, also
/// without optimisation. It is address space, not memory.
const STACK_BYTES: usize = 256 << 20;

/// Why a program was not compiled.
#[derive(Debug)]
pub enum CompileError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// There are errors in the text.
    Rejected(Reports),
    /// The machine does not take what the compiler made. A bug of ours, never of the program.
    Refused(String),
    /// It calls functions of this module of the host, which is another one here, or not there.
    OtherHost(String),
    /// There is no memory for the compiler's stack.
    NoStack(io::Error),
}

/// Errors and warnings, with the sources that they are about.
#[derive(Default)]
pub struct Reports {
    diagnostics: Vec<Diagnostic>,
    sources: Sources,
}

/// One error or warning.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Report {
    /// Its code.
    pub code: Code,
    /// What is wrong.
    pub message: String,
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1, in characters.
    pub column: u32,
}

/// A program that can be run.
pub(crate) struct Compiled {
    pub(crate) module: Module,
    pub(crate) warnings: Reports,
}

/// What is compiled.
pub(crate) enum Input<'a> {
    /// A text that may only use the library and the host's modules.
    Text { name: &'a str, text: &'a str },
    /// A file and the modules around it.
    File(&'a Path),
}

/// Compiles on a stack that is large enough whatever the caller's is.
pub(crate) fn compile(
    input: &Input<'_>,
    require_main: bool,
    hosts: &HostModules,
    budget: Budget,
) -> Result<Compiled, CompileError> {
    on_compiler_stack(|| compile_here(input, require_main, hosts, budget)).map_err(CompileError::NoStack)?
}

/// Does something with the compiler's trees, on a stack that is large enough for the highest of them. It is the
/// caller's thread that goes over to it: to start another one takes as long as a small program is compiled in.
///
/// # Errors
/// When the system has no such stack.
pub fn on_compiler_stack<T>(work: impl FnOnce() -> T) -> io::Result<T> {
    let begun = Cell::new(false);
    let work = || {
        begun.set(true);
        work()
    };
    // Where there is no memory for a stack, the library panics.
    match panic::catch_unwind(AssertUnwindSafe(|| stacker::grow(STACK_BYTES, work))) {
        Ok(result) => Ok(result),
        Err(panic) if begun.get() => panic::resume_unwind(panic),
        Err(_) => Err(io::ErrorKind::OutOfMemory.into()),
    }
}

fn compile_here(
    input: &Input<'_>,
    require_main: bool,
    hosts: &HostModules,
    budget: Budget,
) -> Result<Compiled, CompileError> {
    let (entry, files) = read(input, &budget)?;
    let modules = Modules { files, hosts, budget };
    let compiled = aivi_compiler::compile(entry, &modules, Options { require_main });
    let reports = Reports { diagnostics: compiled.diagnostics, sources: compiled.sources };
    match compiled.module {
        Some(module) => Ok(Compiled { module, warnings: reports }),
        None => Err(CompileError::Rejected(reports)),
    }
}

fn read(input: &Input<'_>, budget: &Budget) -> Result<(Source, Option<Files>), CompileError> {
    match input {
        Input::Text { name, text } => {
            budget.take(Path::new(name), text.len())?;
            Ok((Source::new(*name, *text), None))
        }
        Input::File(path) => {
            let text = budget.read(path)?;
            let files = Files::for_entry(path, &module_path(&text));
            Ok((Source::new(path.to_string_lossy(), text), Some(files)))
        }
    }
}

/// The text of a file.
///
/// # Errors
/// When it cannot be read, or is no text.
pub fn read_source(path: &Path) -> Result<String, CompileError> {
    Budget::new(usize::MAX).read(path)
}

/// How much text a program may have, and what is left of that.
pub(crate) struct Budget {
    limit: usize,
    left: Cell<usize>,
}

impl Budget {
    /// So many bytes.
    pub(crate) fn new(limit: usize) -> Budget {
        Budget { limit, left: Cell::new(limit) }
    }

    /// The text of a file, of which no more is read than may be there.
    pub(crate) fn read(&self, path: &Path) -> Result<String, CompileError> {
        let unreadable = |error| CompileError::Unreadable { path: path.to_path_buf(), error };
        let file = File::open(path).map_err(unreadable)?;
        let length = file.metadata().map_or(0, |metadata| usize::try_from(metadata.len()).unwrap_or(usize::MAX));
        let most = self.left.get().saturating_add(1);
        let mut bytes = Vec::with_capacity(length.min(most));
        file.take(most as u64).read_to_end(&mut bytes).map_err(unreadable)?;
        self.take(path, bytes.len())?;
        String::from_utf8(bytes).map_err(|error| unreadable(not_utf8(&error)))
    }

    /// So much is read of something.
    fn take(&self, path: &Path, bytes: usize) -> Result<(), CompileError> {
        let left = self.left.get().checked_sub(bytes).ok_or_else(|| {
            let message = format!("it makes the program larger than the limit of {} bytes", self.limit);
            let error = io::Error::new(io::ErrorKind::FileTooLarge, message);
            CompileError::Unreadable { path: path.to_path_buf(), error }
        })?;
        self.left.set(left);
        Ok(())
    }
}

fn not_utf8(error: &FromUtf8Error) -> io::Error {
    let (valid, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
    let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
    let byte = rest.first().copied().unwrap_or_default();
    io::Error::new(io::ErrorKind::InvalidData, format!("line {line} is not UTF-8 at the byte 0x{byte:02X}"))
}

/// What stands after `module`; nothing if the header is wrong, which the compiler will report.
fn module_path(text: &str) -> String {
    let mut interner = Interner::default();
    let file: ast::File = parse::parse(FileId(0), text, &mut interner).file;
    let segments = file.path.into_iter().flat_map(|path| path.segments);
    segments.map(|segment| interner.text(segment.symbol).to_owned()).collect::<Vec<_>>().join(".")
}

impl Reports {
    /// In the order of sources and places.
    pub fn iter(&self) -> impl Iterator<Item = Report> + '_ {
        self.diagnostics.iter().map(|diagnostic| self.report(diagnostic))
    }

    fn report(&self, diagnostic: &Diagnostic) -> Report {
        let source = self.sources.get(diagnostic.span.file);
        let position = source.map(|source| source.position(diagnostic.span.start));
        let number = |number: Option<usize>| number.and_then(|number| u32::try_from(number).ok()).unwrap_or(0);
        Report {
            code: diagnostic.code,
            message: diagnostic.message.clone(),
            path: source.map_or_else(String::new, |source| source.path.clone()),
            line: number(position.map(|position| position.line)),
            column: number(position.map(|position| position.column)),
        }
    }

    /// As a person reads them: each with its source line.
    #[must_use]
    pub fn render(&self, color: Color) -> String {
        self.render_those(color, |_| true)
    }

    /// The same, of those for which `wanted` is true.
    pub fn render_those(&self, color: Color, mut wanted: impl FnMut(&Report) -> bool) -> String {
        let wanted = self.diagnostics.iter().filter(|diagnostic| wanted(&self.report(diagnostic)));
        diagnostic::render_all(wanted, &self.sources, color)
    }

    /// As tools read them: a line of JSON for each of which `wanted` is true.
    pub fn json_of_those(&self, mut wanted: impl FnMut(&Report) -> bool) -> String {
        let wanted = self.diagnostics.iter().filter(|diagnostic| wanted(&self.report(diagnostic)));
        wanted.map(|diagnostic| diagnostic::json::line(diagnostic, &self.sources)).collect()
    }

    /// The paths of the sources that were read, those of the library in angles.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.sources.iter().map(|source| source.path.as_str())
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.diagnostics.is_empty()
    }

    /// Only those of this severity.
    #[must_use]
    pub fn only(mut self, severity: Severity) -> Reports {
        self.diagnostics.retain(|diagnostic| diagnostic.severity() == severity);
        self
    }
}

/// As a person reads them: the sources, with all of the library, would be a wall of text.
impl fmt::Debug for Reports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Color::Never))
    }
}

impl CompileError {
    /// The errors and warnings in the text.
    pub fn reports(&self) -> impl Iterator<Item = Report> + '_ {
        let reports = match self {
            CompileError::Rejected(reports) => Some(reports),
            CompileError::Unreadable { .. }
            | CompileError::Refused(_)
            | CompileError::OtherHost(_)
            | CompileError::NoStack(_) => None,
        };
        reports.into_iter().flat_map(Reports::iter)
    }

    /// As tools read it: lines of JSON.
    #[must_use]
    pub fn json(&self) -> String {
        let path = match self {
            CompileError::Rejected(reports) => return reports.json_of_those(|_| true),
            CompileError::Unreadable { path, .. } => Some(path.to_string_lossy()),
            CompileError::NoStack(_) | CompileError::OtherHost(_) | CompileError::Refused(_) => None,
        };
        let text = self.render(Color::Never);
        let message = text.trim_end().trim_start_matches("error: ");
        diagnostic::json::line_of_file(path.as_deref(), message)
    }

    /// Why the machine refused it, in words; else as `Display`.
    pub(crate) fn reason(&self) -> String {
        match self {
            CompileError::Refused(why) => why.clone(),
            _ => self.to_string(),
        }
    }

    /// As a person reads it; ends with a newline.
    #[must_use]
    pub fn render(&self, color: Color) -> String {
        match self {
            CompileError::Unreadable { path, error } => {
                format!("error: cannot read {}: {}\n", path.display(), cause(error))
            }
            CompileError::NoStack(error) => format!("error: cannot start the compiler: {error}\n"),
            CompileError::OtherHost(module) => {
                format!("error: the host's module '{module}' is not the one with which the program was compiled\n")
            }
            CompileError::Refused(error) => format!("error: {error}; please report this\n"),
            CompileError::Rejected(reports) => reports.render(color),
        }
    }
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.render(Color::Never).trim_end())
    }
}

impl std::error::Error for CompileError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Result<Compiled, CompileError> {
        compile(&Input::Text { name: "test.aivi", text }, false, &HostModules::default(), Budget::new(usize::MAX))
    }

    #[test]
    fn errors_say_where() {
        let error = text("module demo\n\nx = 1 + nam\n").err().expect("an unknown name");
        let reports: Vec<Report> = error.reports().collect();
        assert_eq!(reports.len(), 1);
        assert_eq!((reports[0].code, reports[0].line, reports[0].column), (Code::E3000, 3, 9));
        assert!(error.to_string().starts_with("error[E3000] test.aivi:3:9 "), "{error}");
    }

    #[test]
    fn what_is_no_text_is_an_error_that_says_where() {
        let error = String::from_utf8(b"module m\n\nx = \"\xff\"\n".to_vec()).expect_err("not UTF-8");
        assert_eq!(not_utf8(&error).to_string(), "line 3 is not UTF-8 at the byte 0xFF");
    }

    #[test]
    fn a_file_that_is_not_there_is_an_error() {
        let error =
            compile(&Input::File(Path::new("no/such.aivi")), false, &HostModules::default(), Budget::new(usize::MAX));
        let error = error.err().expect("no file");
        assert!(error.to_string().starts_with("error: cannot read no/such.aivi: "), "{error}");
    }
}
