//! Typed failures, and what failed beside them.
//!
//! When both sides of a `par` fail, the first failure is the result; the other one goes along with it, for reports only
//! (RULE-2): `attempt`, `or` and patterns see the error alone. The scheduler carries a failure from fiber to fiber as one
//! value, so a failure with companions is packed into a handle there. No program sees that handle: every way out of an
//! outcome leads through `Failure::unpack`.

use std::sync::Arc;

use crate::object::Shared;
use crate::value::Value;

/// A typed failure.
pub struct Failure {
    error: Value,
    /// Boxed, because it is nearly always absent.
    beside: Option<Box<Companions>>,
}

/// Failures of the other sides, in the order in which they happened; none of them is packed.
#[derive(Default)]
struct Companions(Vec<Shared>);

/// What an outcome holds for a failure with companions.
struct Packed {
    error: Shared,
    beside: Vec<Shared>,
}

impl Failure {
    /// The failure that an outcome holds.
    #[must_use]
    pub fn unpack(outcome: Shared) -> Failure {
        match outcome.value().as_handle::<Packed>() {
            Some(packed) => {
                let beside = Some(Box::new(Companions(packed.beside.clone())));
                Failure { error: packed.error.clone().into_value(), beside }
            }
            None => Failure::from(outcome.into_value()),
        }
    }

    /// The value that stands for this failure in an outcome.
    pub(crate) fn pack(self) -> Shared {
        let error = self.error.share();
        match self.beside {
            None => error,
            Some(beside) => Value::handle("failure", Arc::new(Packed { error, beside: beside.0 })).share(),
        }
    }

    /// The same failure with another one that happened beside it.
    pub(crate) fn with(mut self, other: Failure) -> Failure {
        let beside = &mut self.beside.get_or_insert_default().0;
        beside.push(other.error.share());
        beside.extend(other.beside.into_iter().flat_map(|companions| companions.0));
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

    /// The errors of the other sides.
    pub fn beside(&self) -> impl Iterator<Item = &Value> {
        self.beside.iter().flat_map(|companions| companions.0.iter().map(Shared::value))
    }
}

impl From<Value> for Failure {
    fn from(error: Value) -> Failure {
        Failure { error, beside: None }
    }
}
