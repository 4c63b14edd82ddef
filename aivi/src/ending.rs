//! How a program ends, and what the operating system and the person at the terminal are told then.

use std::fmt;

use serde::Serialize;

use crate::limits::LimitReport;
use crate::waits::Fibers;

/// How `main` or a test ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Ending {
    /// It succeeded; its value is dropped.
    Success,
    /// It failed.
    Failure(FailureReport),
    /// A bug stopped it.
    Fault(FaultReport),
    /// It has reached a limit.
    Limit(LimitReport),
    /// `system.exit`
    Exit(i32),
    /// A signal cancelled it.
    Interrupted(i32),
}

impl Ending {
    /// The exit code of the process.
    #[must_use]
    pub fn exit_code(&self) -> i32 {
        match self {
            Ending::Success => 0,
            Ending::Failure(_) => 1,
            Ending::Fault(_) | Ending::Limit(_) => 70,
            Ending::Exit(code) => *code,
            Ending::Interrupted(signal) => 128 + signal,
        }
    }

    /// What belongs on standard error.
    #[must_use]
    pub fn report(&self) -> Option<String> {
        match self {
            Ending::Failure(report) => Some(format!("runtime error: {report}")),
            Ending::Fault(report) => Some(format!("fault: {report}")),
            Ending::Limit(report) => Some(report.to_string()),
            Ending::Success | Ending::Exit(_) | Ending::Interrupted(_) => None,
        }
    }
}

/// A typed failure, in words.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct FailureReport {
    /// The error, as `toText` shows it; beyond a mebibyte, if it is no `Text`, the rest is left out.
    pub error: String,
    /// Where it happened and how it came from there, innermost first: `at path:line:column in function`, and
    /// `in the task started at …, joined at …` and the like.
    pub trace: Vec<String>,
    /// The other sides of a `par` that failed as well.
    pub beside: Vec<FailureReport>,
}

impl fmt::Display for FailureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        self.trace.iter().try_for_each(|line| write!(f, "\n  {line}"))?;
        self.beside.iter().try_for_each(|error| write!(f, "\nbeside it, failure: {error}"))
    }
}

/// A fault: what happened, where, and how the program got there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FaultReport {
    /// What happened, in one line.
    pub message: String,
    /// Where it happened and how it came from there, as for a failure.
    pub trace: Vec<String>,
    /// For a deadlock: every fiber, where it stands and what it waits for.
    pub dump: Option<String>,
    /// The same as data.
    pub waits: Option<Box<Fibers>>,
}

impl fmt::Display for FaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.trace.iter().try_for_each(|line| write!(f, "\n  {line}"))?;
        if let Some(dump) = &self.dump {
            write!(f, "\n{}", dump.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_language() {
        let codes = [
            Ending::Success,
            Ending::Failure(FailureReport::default()),
            Ending::Fault(FaultReport::default()),
            Ending::Exit(7),
            Ending::Interrupted(2),
            Ending::Interrupted(15),
        ]
        .map(|ending| ending.exit_code());
        assert_eq!(codes, [0, 1, 70, 7, 130, 143]);
    }

    #[test]
    fn reports_name_the_kind_of_ending() {
        let mut failure = FailureReport { error: "Oops".into(), ..FailureReport::default() };
        assert_eq!(Ending::Failure(failure.clone()).report().as_deref(), Some("runtime error: Oops"));
        failure.trace.push("at a.aivi:1:2 in a.main".into());
        failure.beside.push(FailureReport { error: "Ouch".into(), ..FailureReport::default() });
        let report = Ending::Failure(failure).report();
        assert_eq!(report.as_deref(), Some("runtime error: Oops\n  at a.aivi:1:2 in a.main\nbeside it, failure: Ouch"));
        let fault = FaultReport {
            message: "broken".into(),
            trace: vec!["at a.aivi:1:2 in a.main".into()],
            dump: None,
            waits: None,
        };
        assert_eq!(Ending::Fault(fault).report().as_deref(), Some("fault: broken\n  at a.aivi:1:2 in a.main"));
        assert_eq!(Ending::Exit(1).report(), None);
    }
}
