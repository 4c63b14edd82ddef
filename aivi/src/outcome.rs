//! How a call ended, and what a host is told of it.

use std::sync::Arc;
use std::time::Duration;

use aivi_scheduler::{CancelKind, CancelReason};
use aivi_vm::{Account, Attached, Failure, Fault, Program, Reached, Shared, Value};

use crate::backtrace;
use crate::ending::{Ending, FailureReport, FaultReport};
use crate::function::Gives;
use crate::limits::LimitReport;
use crate::programs::Programs;
use crate::shutdown::ShutdownReport;
use crate::waits::Waits;

/// How a call ended.
pub(crate) enum Outcome {
    Done(Value),
    Failed(Failure),
    Faulted(Fault),
    Cancelled(CancelReason),
    /// It was cancelled for this limit.
    Limited(Reached),
}

/// A call that has ended, with what is to be said of it beside.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    /// What it has used, if it has limits.
    pub(crate) account: Option<Arc<Account>>,
    /// How long it took, by its own clock.
    pub(crate) time: Duration,
    /// What it has left behind, if it had a runtime of its own: that should be nothing.
    pub(crate) leaked: Vec<String>,
    /// Messages that nobody received, by where their channels were made.
    pub(crate) unreceived: Vec<(String, usize)>,
    /// What its cleanups did at the end.
    pub(crate) shutdown: Option<ShutdownReport>,
}

impl Run {
    /// A call that was not made.
    pub(crate) fn refused(message: impl Into<String>) -> Run {
        let outcome = Outcome::Faulted(Fault::without_place(message.into()));
        let (leaked, unreceived) = Default::default();
        Run { outcome, account: None, time: Duration::ZERO, leaked, unreceived, shutdown: None }
    }
}

impl Outcome {
    /// As the host wants it: a failure is given as well, if it asked for a `Result`.
    pub(crate) fn given(self, gives: Gives) -> Outcome {
        match self {
            Outcome::Done(value) if gives == Gives::Attempt => Outcome::Done(Value::ok(value)),
            Outcome::Failed(failure) if gives == Gives::Attempt => Outcome::Done(Value::err(failure.into_error())),
            other => other,
        }
    }

    /// What a host is told.
    pub(crate) fn to_ending(&self, program: &Program, programs: &Programs) -> Ending {
        match self {
            Outcome::Done(_) => Ending::Success,
            Outcome::Failed(failure) => Ending::Failure(failure_report(failure, program)),
            Outcome::Faulted(fault) => {
                let waits = fault.waits().map(|dump| Box::new(Waits::new(dump, programs).data()));
                Ending::Fault(FaultReport { waits, ..fault_report(fault, program, programs) })
            }
            Outcome::Limited(reached) => Ending::Limit(LimitReport::new(reached, program)),
            Outcome::Cancelled(reason) => match reason.kind {
                CancelKind::Exit(code) => Ending::Exit(code),
                CancelKind::Signal(signal) => Ending::Interrupted(signal),
                other => {
                    Ending::Fault(FaultReport { message: format!("cancelled: {other}"), ..FaultReport::default() })
                }
            },
        }
    }
}

impl Outcome {
    /// How a call with this account ended.
    pub(crate) fn new(outcome: aivi_scheduler::Outcome<Shared, Fault>, account: Option<&Account>) -> Outcome {
        let reached = account.and_then(|account| account.reason(&outcome));
        match outcome {
            _ if let Some(reached) = reached => Outcome::Limited(reached),
            aivi_scheduler::Outcome::Done(value) => Outcome::Done(value.into_value()),
            aivi_scheduler::Outcome::Failed(error) => Outcome::Failed(Failure::unpack(error)),
            aivi_scheduler::Outcome::Faulted(fault) => Outcome::Faulted(fault),
            aivi_scheduler::Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
        }
    }
}

/// Bytes of the text of an error whose parts may be shared: nobody reads more, and it may be endless (arbitrary).
const TEXT_MAX: usize = 1 << 20;

/// An error as `toText` shows it; one that is a `Text` is whole.
pub(crate) fn text_of(value: &Value, program: &Program) -> String {
    aivi_vm::structural::to_short_text(value, program.shapes(), TEXT_MAX)
}

/// What is known about a failure, in words.
pub(crate) fn failure_report(failure: &Failure, program: &Program) -> FailureReport {
    FailureReport {
        error: text_of(failure.error(), program),
        trace: backtrace::of_failure(failure, program),
        beside: failure.beside().map(|other| failure_report(&other, program)).collect(),
    }
}

/// Everything that is known about a fault, in words.
pub(crate) fn fault_report(fault: &Fault, program: &Program, programs: &Programs) -> FaultReport {
    let beside = fault.attached().map(|attached| match attached {
        Attached::Failure(error) => {
            format!("beside it, failure: {}", failure_report(&Failure::unpack(error.clone()), program))
        }
        Attached::Fault(fault) => format!("beside it, fault: {}", fault_report(fault, program, programs)),
    });
    let dump = [fault.waits().map(|dump| Waits::new(dump, programs).deadlock()), beside]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    FaultReport {
        message: fault.message().to_owned(),
        trace: backtrace::of_fault(fault, program),
        dump: (!dump.is_empty()).then_some(dump),
        waits: None,
    }
}
