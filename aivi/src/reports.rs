//! Reports on standard error: for people, or for other programs as one JSON object a line (`spec/reports.md`).

use aivi_compiler::diagnostic::Color;
use serde::Serialize;

use crate::compile::{CompileError, Reports};
use crate::ending::{Ending, FailureReport};
use crate::lateness::LateReport;
use crate::limits::LimitReport;
use crate::shutdown::ShutdownReport;
use crate::stats::Stats;
use crate::waits::{Fibers, Waits};

/// How reports are written.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Format {
    /// Sentences.
    #[default]
    Text,
    /// A JSON object on a line of its own.
    Json,
}

/// One report.
#[derive(Serialize)]
#[serde(tag = "report", rename_all = "lowercase")]
enum Json<'a> {
    Error {
        text: &'a str,
    },
    Warning {
        text: &'a str,
        trace: &'a [String],
    },
    Failure(&'a FailureReport),
    Fault {
        message: &'a str,
        trace: &'a [String],
        waits: Option<&'a Fibers>,
    },
    Limit {
        what: String,
        level: String,
        budget: Option<&'a str>,
        allowed: u64,
        used: u64,
        at: Option<&'a str>,
        message: &'a str,
    },
    Fibers(&'a Fibers),
    Shutdown(&'a ShutdownReport),
    Stuck(&'a Fibers),
    Stats(&'a Stats),
    Late(&'a LateReport),
}

impl Json<'_> {
    fn line(&self) -> String {
        // These types have no maps and no floats: nothing can be refused.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// Lines of `aivi check --json`, which say what kind of report they are, too.
fn tagged(lines: &str) -> String {
    lines.lines().map(|line| line.replacen('{', "{\"report\":\"diagnostic\",", 1) + "\n").collect()
}

impl Format {
    /// Errors and warnings of the compiler.
    #[must_use]
    pub fn diagnostics(self, reports: &Reports, color: Color) -> String {
        match self {
            Format::Text => reports.render(color),
            Format::Json => tagged(&reports.json_of_those(|_| true)),
        }
    }

    /// Why a program was not compiled.
    #[must_use]
    pub fn rejected(self, error: &CompileError, color: Color) -> String {
        match self {
            Format::Text => error.render(color),
            Format::Json => tagged(&error.json()),
        }
    }

    /// Something that could not be done, without the word, as a line.
    #[must_use]
    pub fn error(self, text: &str) -> String {
        match self {
            Format::Text => format!("error: {text}\n"),
            Format::Json => Json::Error { text }.line() + "\n",
        }
    }

    /// A warning, without the word, as a line.
    #[must_use]
    pub fn warning(self, text: &str) -> String {
        self.warning_of(text, &[])
    }

    /// The same about an error with this trace.
    pub(crate) fn warning_of(self, text: &str, trace: &[String]) -> String {
        match self {
            Format::Text => format!("warning: {text}\n"),
            Format::Json => Json::Warning { text, trace }.line() + "\n",
        }
    }

    /// Fibers that wait for ever while others go on, as a line or as a warning.
    pub(crate) fn stuck(self, waits: &Waits<'_>) -> String {
        match self {
            Format::Text => self.warning(waits.stuck().trim_end()),
            Format::Json => Json::Stuck(&waits.data()).line() + "\n",
        }
    }

    /// How a program ended, if that is to be reported, without the last line's end.
    #[must_use]
    pub fn ending(self, ending: &Ending) -> Option<String> {
        match (self, ending) {
            (Format::Text, _) => ending.report(),
            (Format::Json, Ending::Failure(report)) => Some(Json::Failure(report).line()),
            (Format::Json, Ending::Fault(report)) => {
                let (message, trace) = (&report.message, &report.trace);
                Some(Json::Fault { message, trace, waits: report.waits.as_deref() }.line())
            }
            (Format::Json, Ending::Limit(report)) => {
                let LimitReport { what, level, allowed, used, at, message } = report;
                let (what, at, budget) = (what.to_string(), at.as_deref(), level.budget());
                let level = level.to_string();
                Some(Json::Limit { what, level, budget, allowed: *allowed, used: *used, at, message }.line())
            }
            (Format::Json, Ending::Success | Ending::Exit(_) | Ending::Interrupted(_)) => None,
        }
    }

    /// What became of cleanups, if that is to be reported.
    pub(crate) fn shutdown(self, report: &ShutdownReport) -> Option<String> {
        match self {
            Format::Text => report.is_noteworthy().then(|| report.to_string()),
            Format::Json => (!report.is_plain()).then(|| Json::Shutdown(report).line() + "\n"),
        }
    }

    /// What the scheduler did, as a line.
    #[must_use]
    pub fn stats(self, stats: &Stats) -> String {
        match self {
            Format::Text => format!("stats: {stats}\n"),
            Format::Json => Json::Stats(stats).line() + "\n",
        }
    }

    /// That a worker was held up, as a line.
    pub(crate) fn late(self, report: &LateReport) -> String {
        match self {
            Format::Text => self.warning(&report.to_string()),
            Format::Json => Json::Late(report).line() + "\n",
        }
    }

    /// Fibers of a running program as a line; the text comes from elsewhere.
    pub(crate) fn fibers(fibers: &Fibers) -> String {
        Json::Fibers(fibers).line() + "\n"
    }
}
