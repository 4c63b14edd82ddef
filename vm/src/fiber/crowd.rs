//! Lists of effects that run at once: the fibers, and what comes of their outcomes.

use aivi_scheduler::{GroupEnd, Maker, Outcome, Rule};

use super::pending::{Came, FiberOutcome};
use super::{Fiber, Pending, Signal, Strand};
use crate::backtrace::Link;
use crate::collections::List;
use crate::failure::Failure;
use crate::fault::{Attached, Fault};
use crate::object::Shared;
use crate::value::Value;

/// Errors besides the first that reports show, at most; arbitrary, of more nobody reads it.
const BESIDE_MAX: usize = 8;

/// A list, and the function whose effects are run for its items.
pub(crate) struct Items {
    pub(crate) function: Shared,
    pub(crate) list: Shared,
}

impl Items {
    /// The item at an index, which is below the length.
    pub(super) fn get(&self, index: usize) -> Shared {
        item(&self.list, index)
    }
}

impl Fiber {
    /// Makes the fibers of a list, wherever and whenever the scheduler wants them; each begins as `make` says.
    pub(crate) fn maker(&mut self, mut make: impl FnMut(usize) -> Pending + Send + 'static) -> Maker<Strand> {
        let (world, origins) = (self.world.pointer(), self.child_origins());
        Box::new(move |index| Strand::made(world.pointer(), make(index), origins))
    }

    /// All fibers of a list have ended that have begun: what the instruction comes to.
    pub(super) fn crowd_ended(&mut self, rule: Rule, end: GroupEnd<Shared, Fault>) -> Came {
        let is_fine = |outcome: &FiberOutcome| match outcome {
            Outcome::Done(_) => true,
            Outcome::Failed(_) => rule == Rule::Settled,
            Outcome::Cancelled(_) | Outcome::Faulted(_) => false,
        };
        match rule {
            Rule::First => self.first_outcome(end, Link::Branch),
            Rule::Any if end.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Failed(_))) => {
                Came::Signal(Signal::Failure(errors(end).into()))
            }
            Rule::Any => self.first_outcome(end, Link::Branch),
            Rule::All | Rule::Settled if end.outcomes.iter().all(is_fine) => {
                let values = end.outcomes.into_iter().map(|outcome| value(outcome, rule == Rule::Settled));
                Came::Value(list(values))
            }
            Rule::All | Rule::Settled => self.first_error(end),
        }
    }

    /// The error that decided, with the others for reports.
    fn first_error(&mut self, mut end: GroupEnd<Shared, Fault>) -> Came {
        let first = match end.outcomes.get(end.first) {
            Some(outcome) if outcome.is_error() => end.first,
            _ => end.outcomes.iter().position(Outcome::is_cancelled).unwrap_or(0),
        };
        if first >= end.outcomes.len() {
            return Came::Signal(Signal::Fault(Fault::without_place("a list of effects ended without an outcome")));
        }
        let decisive = end.outcomes.remove(first);
        let mut others = end.outcomes.into_iter().filter(Outcome::is_error);
        match decisive {
            Outcome::Failed(error) => {
                let mut failure = Failure::unpack(error);
                for other in others.take(BESIDE_MAX) {
                    if let Outcome::Failed(other) = other {
                        failure = failure.with(Failure::unpack(other));
                    }
                }
                Came::Signal(Signal::Failure(failure.passed(Link::Branch)))
            }
            Outcome::Faulted(fault) => {
                let fault = match others.next() {
                    Some(Outcome::Failed(error)) => fault.with(Attached::Failure(error)),
                    Some(Outcome::Faulted(other)) => fault.with(Attached::Fault(other)),
                    _ => fault,
                };
                Came::Signal(self.passed(fault, Link::Branch))
            }
            outcome => self.adopt(outcome, Link::Branch),
        }
    }
}

/// The item at an index, which is below the length.
pub(crate) fn item(list: &Shared, index: usize) -> Shared {
    match list.value().payload::<List>().and_then(|list| list.get(index)) {
        Some(item) => item.clone().share(),
        None => unreachable!("there is an item for each index below the length"),
    }
}

fn list(values: impl Iterator<Item = Value>) -> Value {
    Value::payload_of(values.collect::<List>())
}

/// What an effect gave, or how it ended as a `Result`.
fn value(outcome: FiberOutcome, is_settled: bool) -> Value {
    match outcome {
        Outcome::Done(value) if is_settled => Value::ok(value.into_value()),
        Outcome::Done(value) => value.into_value(),
        Outcome::Failed(error) => Value::err(Failure::unpack(error).into_error()),
        Outcome::Cancelled(_) | Outcome::Faulted(_) => unreachable!("such outcomes are errors of the whole"),
    }
}

/// The errors of effects that all failed.
fn errors(end: GroupEnd<Shared, Fault>) -> Value {
    list(end.outcomes.into_iter().filter_map(|outcome| match outcome {
        Outcome::Failed(error) => Some(Failure::unpack(error).into_error()),
        _ => None,
    }))
}
