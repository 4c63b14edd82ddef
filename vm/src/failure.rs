//! Typed failures: how they came where they are, and what failed beside them.
//!
//! When both sides of a `par` fail, the first failure is the result; the other one goes along with it, for reports only
//! (RULE-2): `attempt`, `or` and patterns see the error alone. The same goes for the way of a failure. The scheduler
//! carries a failure from fiber to fiber as one value, so a failure with more than its error is packed into a handle
//! there. No program sees that handle: every way out of an outcome leads through `Failure::unpack`.

use std::sync::Arc;

use aivi_scheduler::Place;

use crate::backtrace::{Backtrace, Link};
use crate::object::Shared;
use crate::value::Value;

/// A typed failure.
pub struct Failure {
    error: Value,
    /// Boxed, because a failure that is caught where it happens has nothing there.
    more: Option<Box<More>>,
}

/// What reports show besides the error.
#[derive(Clone, Default)]
struct More {
    trace: Backtrace,
    /// Failures of the other sides, packed, in the order in which they happened; none of them has others.
    beside: Vec<Shared>,
}

/// What an outcome holds for a failure with more than its error.
struct Packed {
    error: Shared,
    more: More,
}

impl Failure {
    /// The failure that an outcome holds.
    #[must_use]
    pub fn unpack(outcome: Shared) -> Failure {
        match outcome.value().as_handle::<Packed>() {
            Some(packed) => {
                Failure { error: packed.error.clone().into_value(), more: Some(Box::new(packed.more.clone())) }
            }
            None => Failure::from(outcome.into_value()),
        }
    }

    /// The value that stands for this failure in an outcome.
    pub(crate) fn pack(self) -> Shared {
        let error = self.error.share();
        match self.more {
            None => error,
            Some(more) => Value::handle("failure", Arc::new(Packed { error, more: *more })).share(),
        }
    }

    /// The same failure with another one that happened beside it.
    pub(crate) fn with(mut self, mut other: Failure) -> Failure {
        let others = other.more.as_deref_mut().map(|more| std::mem::take(&mut more.beside)).unwrap_or_default();
        let beside = &mut self.more().beside;
        beside.push(other.pack());
        beside.extend(others);
        self
    }

    /// It leaves a frame with so many below it, where it stood at this place.
    pub(crate) fn left(&mut self, place: Place, depth: usize) {
        self.more().trace.left(place, depth);
    }

    /// It has ended its fiber, which was started there.
    pub(crate) fn ended(&mut self, started_at: impl Iterator<Item = Place>) {
        self.more().trace.ended(started_at);
    }

    /// The fiber that waited has it now.
    pub(crate) fn passed(mut self, link: Link) -> Failure {
        self.more().trace.passed(link);
        self
    }

    /// The error.
    #[must_use]
    pub fn error(&self) -> &Value {
        &self.error
    }

    /// The error alone.
    #[must_use]
    pub fn into_error(self) -> Value {
        self.error
    }

    /// Its way, if it has gone any.
    #[must_use]
    pub fn trace(&self) -> Option<&Backtrace> {
        self.more.as_deref().map(|more| &more.trace)
    }

    /// The failures of the other sides.
    pub fn beside(&self) -> impl Iterator<Item = Failure> {
        self.more.iter().flat_map(|more| &more.beside).cloned().map(Failure::unpack)
    }

    fn more(&mut self) -> &mut More {
        self.more.get_or_insert_default()
    }
}

impl From<Value> for Failure {
    fn from(error: Value) -> Failure {
        Failure { error, more: None }
    }
}
