//! Faults: bugs of the program that end a fiber, with all that a report needs.

use std::fmt;
use std::sync::Arc;

use aivi_scheduler::{DeadlockReport, Dump, Place};

use crate::backtrace::{Backtrace, Link};
use crate::object::Shared;

/// A fault. Clones are the same fault.
#[derive(Clone)]
pub struct Fault(Arc<Data>);

#[derive(Clone)]
struct Data {
    message: String,
    trace: Backtrace,
    waits: Option<Arc<Dump>>,
    attached: Option<Attached>,
}

/// The error of the other side of a `par`.
#[derive(Clone)]
pub enum Attached {
    /// It failed.
    Failure(Shared),
    /// It faulted.
    Fault(Fault),
}

impl Fault {
    /// A fault; `calls` are the places of the frames, innermost first.
    pub(crate) fn new(message: String, calls: impl IntoIterator<Item = Place>) -> Fault {
        let mut trace = Backtrace::default();
        trace.add(calls);
        Fault(Arc::new(Data { message, trace, waits: None, attached: None }))
    }

    /// A fault that happened outside of any frame.
    #[must_use]
    pub fn without_place(message: impl Into<String>) -> Fault {
        Fault::new(message.into(), [])
    }

    /// Everything waits for ever.
    pub(crate) fn deadlock(report: DeadlockReport) -> Fault {
        let mut fault = Fault::new("deadlock".to_owned(), report.dump.tasks.first().map(|task| task.place));
        fault.data().waits = Some(Arc::new(report.dump));
        fault
    }

    /// The same fault with another error that happened beside it.
    #[must_use]
    pub(crate) fn with(mut self, attached: Attached) -> Fault {
        self.data().attached = Some(attached);
        self
    }

    /// It has ended its fiber, which was started there.
    #[must_use]
    pub(crate) fn ended(mut self, started_at: impl Iterator<Item = Place>) -> Fault {
        self.data().trace.ended(started_at);
        self
    }

    /// The fiber that waited has it now, and these are its calls.
    #[must_use]
    pub(crate) fn passed(mut self, link: Link, calls: impl Iterator<Item = Place>) -> Fault {
        let trace = &mut self.data().trace;
        trace.passed(link);
        trace.add(calls);
        self
    }

    /// To be changed: a copy, if others have this fault, too.
    fn data(&mut self) -> &mut Data {
        Arc::make_mut(&mut self.0)
    }

    /// What happened, as after `fault: `.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where it happened, and how it came where it is.
    #[must_use]
    pub fn trace(&self) -> &Backtrace {
        &self.0.trace
    }

    /// For a deadlock: who waited for what.
    #[must_use]
    pub fn waits(&self) -> Option<&Dump> {
        self.0.waits.as_deref()
    }

    /// The error of the other side of a `par`.
    #[must_use]
    pub fn attached(&self) -> Option<&Attached> {
        self.0.attached.as_ref()
    }
}

impl fmt::Debug for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fault({:?})", self.message())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}
