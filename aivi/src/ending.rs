//! How a program ends, and what the operating system and the person at the terminal are told then.

use std::fmt;

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
            Ending::Fault(_) => 70,
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
            Ending::Success | Ending::Exit(_) | Ending::Interrupted(_) => None,
        }
    }
}

/// A typed failure, in words.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FailureReport {
    /// The error, as `toText` shows it.
    pub error: String,
    /// The errors of the other sides of a `par` that failed as well.
    pub beside: Vec<String>,
}

impl fmt::Display for FailureReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.error)?;
        self.beside.iter().try_for_each(|error| write!(f, "\nbeside it, failure: {error}"))
    }
}

/// A fault: what happened, where, and how the program got there.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct FaultReport {
    /// What happened, in one line.
    pub message: String,
    /// Where, innermost first: `path:line:column in function`.
    pub trace: Vec<String>,
    /// For a deadlock: every fiber, where it stands and what it waits for.
    pub dump: Option<String>,
    /// The same as data, if the engine writes reports as JSON.
    pub waits: Option<Box<Fibers>>,
}

impl fmt::Display for FaultReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for place in &self.trace {
            write!(f, "\n  at {place}")?;
        }
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
        let mut failure = FailureReport { error: "Oops".into(), beside: Vec::new() };
        assert_eq!(Ending::Failure(failure.clone()).report().as_deref(), Some("runtime error: Oops"));
        failure.beside.push("Ouch".into());
        let report = Ending::Failure(failure).report();
        assert_eq!(report.as_deref(), Some("runtime error: Oops\nbeside it, failure: Ouch"));
        let fault = FaultReport {
            message: "broken".into(),
            trace: vec!["a.aivi:1:2 in a.main".into()],
            dump: None,
            waits: None,
        };
        assert_eq!(Ending::Fault(fault).report().as_deref(), Some("fault: broken\n  at a.aivi:1:2 in a.main"));
        assert_eq!(Ending::Exit(1).report(), None);
    }
}
