//! Faults: bugs of the program that end a fiber, with all that a report needs.

use std::fmt;
use std::sync::Arc;

use aivi_scheduler::{DeadlockReport, Dump, Place};

use crate::object::Shared;

/// A fault. Clones are the same fault.
#[derive(Clone)]
pub struct Fault(Arc<Data>);

struct Data {
    message: String,
    places: Vec<Place>,
    omitted: usize,
    spawned_at: Vec<Place>,
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
    /// A fault; `places` are those of the frames, innermost first, of which the `omitted` outermost are not listed.
    pub(crate) fn new(message: String, places: Vec<Place>, omitted: usize, spawned_at: Vec<Place>) -> Fault {
        Fault(Arc::new(Data { message, places, omitted, spawned_at, waits: None, attached: None }))
    }

    /// A fault that happened outside of any frame.
    #[must_use]
    pub fn without_place(message: impl Into<String>) -> Fault {
        Fault::new(message.into(), Vec::new(), 0, Vec::new())
    }

    /// Everything waits for ever.
    pub(crate) fn deadlock(report: DeadlockReport) -> Fault {
        Fault(Arc::new(Data {
            message: "deadlock".to_owned(),
            places: report.dump.tasks.first().map(|task| task.place).into_iter().collect(),
            omitted: 0,
            spawned_at: Vec::new(),
            waits: Some(Arc::new(report.dump)),
            attached: None,
        }))
    }

    /// The same fault with another error that happened beside it.
    #[must_use]
    pub(crate) fn with(self, attached: Attached) -> Fault {
        let Data { message, places, omitted, spawned_at, waits, .. } = &*self.0;
        Fault(Arc::new(Data {
            message: message.clone(),
            places: places.clone(),
            omitted: *omitted,
            spawned_at: spawned_at.clone(),
            waits: waits.clone(),
            attached: Some(attached),
        }))
    }

    /// What happened, as after `fault: `.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Where: the instruction's place, then those of the frames around it.
    #[must_use]
    pub fn places(&self) -> &[Place] {
        &self.0.places
    }

    /// How many outer frames `places` leaves out.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.0.omitted
    }

    /// Where the fiber was spawned, and where the one that spawned it was, the last few.
    #[must_use]
    pub fn spawned_at(&self) -> &[Place] {
        &self.0.spawned_at
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
