//! What a worker does for a rehearsal: see `rehearsal.rs`.

use crate::rehearsal::{Rehearsal, Step, StepEnd};
use crate::simulator::Simulator;
use crate::task::record::Record;
use crate::{CancelKind, CancelReason, Place, Task};

use super::Worker;

impl<T: Task> Worker<T> {
    /// The rehearsal, if this is one.
    #[inline]
    pub(crate) fn rehearsal(&self) -> Option<&Rehearsal> {
        self.core.simulator.as_ref()?.rehearsal.as_ref()
    }

    /// Is every step looked at?
    pub(crate) fn is_stepped(&self) -> bool {
        self.core.simulator.as_ref().is_some_and(Simulator::is_stepped)
    }

    /// A request to cancel could be noticed now: if this is the moment for it, it is made.
    #[cold]
    pub(crate) fn rehearse_point(&self, place: Place) {
        if self.rehearsal().is_some_and(|rehearsal| rehearsal.point(place)) {
            self.shared.cancel_roots(CancelReason { kind: CancelKind::Handle, place });
        }
    }

    /// A task has done what it does this time.
    #[cold]
    pub(super) fn note_step(&mut self, record: &Record<T>, step: &crate::Step<T>) {
        if self.core.holds.is_timing() {
            self.timed_turn(record);
        }
        let Some(rehearsal) = self.rehearsal() else { return };
        // SAFETY: we are the running side.
        let (own, family) = unsafe { (record.own(), &record.body().family) };
        let end = match step {
            crate::Step::Yielded => StepEnd::Yielded,
            crate::Step::Waiting => StepEnd::Waits(own.waiting.reason(family.kind())),
            crate::Step::Ended(_) => StepEnd::Ended,
        };
        rehearsal.note(Step { task: record.id, place: own.place, end, at_ns: self.core.now_ns });
    }
}
