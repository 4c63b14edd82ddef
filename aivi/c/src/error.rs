//! Why something did not succeed.

use std::ffi::{CString, c_char};
use std::ptr;

use aivi::{CallError, CompileError, Data, Level, LimitReport, LoadError, LookupError, Report};

use crate::export::{Out, exports, put};
use crate::limits::number_of;
use crate::pointers::c_text;

/// `aivi_error_kind`
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub enum Kind {
    #[default]
    None = 0,
    Argument = 1,
    Compile = 2,
    Load = 3,
    Lookup = 4,
    Mismatch = 5,
    Failure = 6,
    Fault = 7,
    Cancelled = 8,
    Exit = 9,
    System = 10,
    Panic = 11,
    Limit = 12,
}

/// `aivi_error`
pub struct Error {
    kind: Kind,
    text: CString,
    code: i32,
    reports: Vec<Located>,
    value: Option<Data>,
    limit: Option<Reached>,
}

/// A limit that was reached.
struct Reached {
    /// Its number.
    what: i32,
    level: CLevel,
    /// The name of the budget.
    budget: Option<CString>,
}

/// `aivi_level`
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub enum CLevel {
    #[default]
    None = 0,
    Call = 1,
    Budget = 2,
    Engine = 3,
}

/// A report of the compiler, in texts for C.
struct Located {
    code: CString,
    message: CString,
    path: CString,
    line: u32,
    column: u32,
}

/// `aivi_report`
#[repr(C)]
pub struct CReport {
    code: *const c_char,
    message: *const c_char,
    path: *const c_char,
    line: u32,
    column: u32,
}

impl Error {
    /// Of this kind.
    pub fn new(kind: Kind, text: impl AsRef<str>) -> Error {
        Error { kind, text: c_text(text.as_ref()), code: 0, reports: Vec::new(), value: None, limit: None }
    }

    /// Something that the caller gave is not what it has to be.
    pub fn argument(text: impl AsRef<str>) -> Error {
        Error::new(Kind::Argument, text)
    }

    /// We have panicked.
    pub fn panicked() -> Error {
        Error::new(Kind::Panic, "a bug in AIVI itself; please report it, with what standard error says")
    }

    /// An effect has failed with this.
    pub fn failed(value: Data) -> Error {
        let text = value.to_string();
        Error { value: Some(value), ..Error::new(Kind::Failure, text) }
    }

    /// A call was stopped at a limit.
    pub fn limit(report: &LimitReport) -> Error {
        let level = match report.level {
            Level::Call => CLevel::Call,
            Level::Budget(_) => CLevel::Budget,
            Level::Engine => CLevel::Engine,
            // Scripts are told of their own limits themselves.
            _ => CLevel::None,
        };
        let limit = Reached { what: number_of(report.what), level, budget: report.level.budget().map(c_text) };
        Error { limit: Some(limit), ..Error::new(Kind::Limit, report.to_string()) }
    }

    /// The program wants to end with this code, or was ended.
    pub fn exit(code: i32) -> Error {
        Error { code, ..Error::new(Kind::Exit, format!("ended early with code {code}")) }
    }
}

/// What an argument is that must not be null.
pub fn required<T>(argument: Option<T>, name: &str) -> Result<T, Error> {
    argument.ok_or_else(|| Error::argument(format!("{name} is NULL")))
}

impl From<Report> for Located {
    fn from(report: Report) -> Located {
        let Report { code, message, path, line, column } = report;
        let (code, message, path) = (c_text(&format!("{code:?}")), c_text(&message), c_text(&path));
        Located { code, message, path, line, column }
    }
}

impl From<CompileError> for Error {
    fn from(error: CompileError) -> Error {
        let reports = error.reports().map(Located::from).collect();
        Error { reports, ..Error::new(Kind::Compile, error.to_string()) }
    }
}

impl From<LoadError> for Error {
    fn from(error: LoadError) -> Error {
        Error::new(Kind::Load, error.to_string())
    }
}

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Error {
        Error::new(Kind::Lookup, error.to_string())
    }
}

impl From<CallError> for Error {
    fn from(error: CallError) -> Error {
        match error {
            CallError::Lookup(error) => error.into(),
            CallError::Mismatch(mismatch) => Error::new(Kind::Mismatch, mismatch.to_string()),
            CallError::Failure(error) => Error::new(Kind::Failure, error),
            CallError::Fault(report) => Error::new(Kind::Fault, report.to_string()),
            CallError::Limit(report) => Error::limit(&report),
            CallError::Cancelled => Error::new(Kind::Cancelled, CallError::Cancelled.to_string()),
            CallError::Ended(ending) => Error::exit(ending.exit_code()),
        }
    }
}

exports! {
    fn aivi_error_kind(error: Option<&Error>) -> Kind {
        error.map_or(Kind::None, |error| error.kind)
    }

    fn aivi_error_text(error: Option<&Error>) -> CText {
        CText(error.map_or(c"", |error| &error.text).as_ptr())
    }

    fn aivi_error_exit_code(error: Option<&Error>) -> i32 {
        error.map_or(0, |error| error.code)
    }

    fn aivi_error_value(error: Option<&Error>) -> Option<&Data> {
        error.and_then(|error| error.value.as_ref())
    }

    fn aivi_error_limit(error: Option<&Error>) -> i32 {
        error.and_then(|error| error.limit.as_ref()).map_or(-1, |limit| limit.what)
    }

    fn aivi_error_level(error: Option<&Error>) -> CLevel {
        error.and_then(|error| error.limit.as_ref()).map_or(CLevel::None, |limit| limit.level)
    }

    fn aivi_error_budget(error: Option<&Error>) -> CText {
        let budget = error.and_then(|error| error.limit.as_ref()?.budget.as_ref());
        budget.map_or_else(CText::default, |name| CText(name.as_ptr()))
    }

    fn aivi_error_report_count(error: Option<&Error>) -> usize {
        error.map_or(0, |error| error.reports.len())
    }

    fn aivi_error_report(error: Option<&Error>, index: usize, report: Out<'_, CReport>) -> bool {
        let Some(found) = error.and_then(|error| error.reports.get(index)) else { return false };
        let Located { code, message, path, line, column } = found;
        let (code, message, path) = (code.as_ptr(), message.as_ptr(), path.as_ptr());
        put(report, CReport { code, message, path, line: *line, column: *column });
        true
    }

    fn aivi_error_free(error: Option<Box<Error>>) {
        drop(error);
    }

    fn aivi_version() -> CText {
        CText(concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast())
    }
}

/// A text that somebody else owns.
#[repr(transparent)]
pub struct CText(pub *const c_char);

impl Default for CText {
    fn default() -> CText {
        CText(ptr::null())
    }
}
