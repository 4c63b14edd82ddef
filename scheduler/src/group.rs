//! Groups: the children that a task waits for, of `par`, `race`, `timeout`, a scope, or a list of effects (`crowd.rs`).
//!
//! The owner of a group goes on only when every child has ended, so children may point to it without counting.
//! `pending` is changed under the group's lock, and the owner takes that lock before it goes on: so whoever made
//! `pending` zero has let go of the owner by then.
//!
//! A timer or a request to cancel that claims the owner's wait does not end it: the worker tells the children, and
//! publishes the same wait again.
//!
//! Who decides. Real workers: the first child whose end is noted. The simulator: the first in virtual time, and at the
//! same instant the left one (RULE-2, RULE-3); so it settles a group when everything that is ready at this instant has
//! run.

use smallvec::SmallVec;

use crate::crowd::Crowd;
use crate::scope::Scope;
use crate::sync::Arc;
use crate::task::record::{Raw, Ref, Spares};
use crate::{CancelKind, CancelReason, GroupEnd, Outcome, Place, Task};

/// What the children are to each other.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Par,
    Race,
    Timeout,
    Scope,
    /// A crowd that is over when all of it is.
    All,
    /// A crowd that is over when one child is.
    Any,
}

impl Kind {
    /// Is it over when one child is, whatever the others do?
    pub fn is_race(self) -> bool {
        matches!(self, Kind::Race | Kind::Any)
    }
}

/// The group that a task waits for, or waited for last.
pub struct Group<T: Task> {
    pub kind: Kind,
    /// The number of the owner's wait.
    pub generation: u32,
    /// Children that have not ended; of a scope, its members count for one.
    pub pending: u32,
    children: SmallVec<[Ref<T>; 2]>,
    scope: Option<Arc<Scope<T>>>,
    crowd: Option<Box<Crowd<T>>>,
    decision: Option<Decision>,
}

#[derive(Clone, Copy)]
struct Decision {
    child: usize,
    at_ns: u64,
    is_settled: bool,
}

impl<T: Task> Group<T> {
    /// A group whose children are about to be queued.
    pub fn new(kind: Kind, generation: u32, children: SmallVec<[Ref<T>; 2]>, scope: Option<Arc<Scope<T>>>) -> Self {
        let pending = children.len() as u32 + scope.is_some() as u32;
        Group { kind, generation, pending, children, scope, crowd: None, decision: None }
    }

    /// A crowd whose first children were made and are about to be queued.
    pub fn of_crowd(mut crowd: Box<Crowd<T>>, generation: u32) -> Self {
        let kind = if crowd.rule.is_race() { Kind::Any } else { Kind::All };
        let pending = crowd.live().count() as u32;
        let children = SmallVec::new();
        Group { kind, generation, pending, children, scope: None, crowd: Some(crowd), decision: None }
    }

    /// The children; of a crowd those that live.
    pub fn children(&mut self) -> impl Iterator<Item = Raw<T>> {
        let live = self.crowd.as_mut().map(|crowd| crowd.live());
        self.children.iter().map(Ref::raw).chain(live.into_iter().flatten())
    }

    /// The crowd, if it is one.
    pub fn crowd(&mut self) -> Option<&mut Crowd<T>> {
        self.crowd.as_deref_mut()
    }

    /// The scope, if it is the group of one.
    pub fn scope(&self) -> Option<&Arc<Scope<T>>> {
        self.scope.as_ref()
    }

    /// Notes that a child has ended. True: it has decided the group, which is to be settled.
    pub fn child_ended(&mut self, child: usize, outcome: &Outcome<T::Value, T::Fault>, now_ns: u64) -> bool {
        let decides = match self.kind {
            Kind::Par => outcome.is_error(),
            Kind::Race => outcome.is_completion(),
            Kind::Timeout | Kind::Scope => false,
            Kind::All | Kind::Any => self.crowd.as_ref().is_some_and(|crowd| crowd.rule.decides(outcome)),
        };
        match &mut self.decision {
            _ if !decides => false,
            None => {
                self.decision = Some(Decision { child, at_ns: now_ns, is_settled: false });
                self.close();
                true
            }
            Some(decision) => {
                if !decision.is_settled && decision.at_ns == now_ns && child < decision.child {
                    decision.child = child;
                }
                false
            }
        }
    }

    /// The children to be cancelled now that the group is decided.
    pub fn settle(&mut self) -> Option<CancelKind> {
        let decision = self.decision.as_mut()?;
        decision.is_settled = true;
        Some(if self.kind.is_race() { CancelKind::RaceLost } else { CancelKind::SiblingFailed })
    }

    /// Has the children asked to end by `ask`, but for the one that decided (which has ended).
    pub fn cancel_children(&mut self, kind: CancelKind, place: Place, mut ask: impl FnMut(Raw<T>, CancelReason)) {
        self.close();
        self.children().for_each(|child| ask(child, CancelReason { kind, place }));
    }

    /// No further children begin.
    pub fn close(&mut self) {
        if let Some(crowd) = &mut self.crowd {
            crowd.close();
        }
    }

    /// Every child has ended: what came of it.
    pub fn finish(&mut self, spares: &mut Spares<T>) -> GroupEnd<T::Value, T::Fault> {
        // SAFETY: the caller is the owner's running side, as it is about to go on, and every child has ended.
        let ended = |child: &Ref<T>| unsafe { child.take_outcome() };
        let mut outcomes: SmallVec<[Outcome<T::Value, T::Fault>; 2]> = self.children.iter().filter_map(ended).collect();
        debug_assert_eq!(outcomes.len(), self.children.len(), "a group ends after its children");
        if let Some(crowd) = self.crowd.take() {
            outcomes.extend(crowd.outcomes());
        }
        let mut first = self.decision.map_or(0, |decision| decision.child);
        if matches!(self.kind, Kind::Par | Kind::All)
            && self.decision.is_some()
            && !matches!(outcomes.get(first), Some(Outcome::Faulted(_)))
        {
            // A fault outranks a failure (RULE-2).
            first = outcomes.iter().position(|outcome| matches!(outcome, Outcome::Faulted(_))).unwrap_or(first);
        }
        let is_late = |reason: &CancelReason| reason.kind == CancelKind::TimedOut;
        let timed_out = self.kind == Kind::Timeout
            && matches!(outcomes.first(), Some(Outcome::Cancelled(reason)) if is_late(reason));
        self.children.drain(..).for_each(|child| spares.recycle(child));
        self.decision = None;
        GroupEnd { outcomes, first, timed_out, child_fault: None }
    }

    /// The scope, once all has ended.
    pub fn take_scope(&mut self) -> Option<Arc<Scope<T>>> {
        self.scope.take()
    }
}
