//! What a worker does for groups: children that end, limits, and owners that are asked to end.

use crate::crowd::Crowd;
use crate::group::{Group, Kind};
use crate::simulator::{Late, What};
use crate::sync::{GROUP, LockGuard};
use crate::task::body::{Own, Parent};
use crate::task::record::{Raw, Record, Ref};
use crate::task::state::{Claim, Claimed};
use crate::wait::{Waiting, Woken};
use crate::{CancelKind, GroupEnd, Outcome, Place, Report, Role, Task, Waker};

use super::Worker;

impl<T: Task> Worker<T> {
    /// The turn of a task that waits for its children. False: it waits on.
    pub(super) fn group_turn(&mut self, record: &Record<T>, mut claim: Claim) -> bool {
        loop {
            let state = record.state.load();
            if state.is_killed() {
                self.kill_group(record);
            }
            if state.shows_cancel() {
                // Now, and not when the cleanups of the children are over.
                self.spread_cancel(record);
            }
            // Whoever ended the last child has released this lock before we get it, and does not touch us any more.
            // SAFETY: we are the running side.
            let Some(group) = unsafe { record.body() }.family.group() else { return true };
            let mut group = group.lock();
            if group.pending == 0 {
                self.finish_group(record, group);
                return true;
            }
            // SAFETY: we are the running side.
            let own = unsafe { record.own() };
            let kind = match claim {
                Claim::Timer => Some(CancelKind::TimedOut),
                Claim::Deadlock => Some(CancelKind::Deadlock),
                _ if state.shows_cancel() => {
                    own.has_told_group = true;
                    Some(CancelKind::ParentCancelled)
                }
                _ => None,
            };
            if let Some(kind) = kind {
                self.disarm(own);
                group.cancel_children(kind, own.place, |raw, reason| self.ask_to_end(raw, reason));
            }
            if self.is_observed() {
                self.note_wait(record, group.kind);
            }
            if record.state.publish_again(!own.has_told_group, !own.has_spread_kill) {
                return false;
            }
            claim = Claim::Cancel;
        }
    }

    /// Passes a request to kill on to the children, once.
    fn kill_group(&mut self, record: &Record<T>) {
        // SAFETY: we are the running side.
        let own = unsafe { record.own() };
        if std::mem::replace(&mut own.has_spread_kill, true) {
            return;
        }
        // SAFETY: as above.
        let Some(group) = unsafe { record.body() }.family.group() else { return };
        let mut group = group.lock();
        group.close();
        for child in group.children() {
            // SAFETY: a child lives while its group is locked.
            if unsafe { child.get() }.state.kill() {
                self.push_last(child);
            }
        }
        let scope = group.scope().cloned();
        drop(group);
        if let Some(scope) = scope {
            scope.kill_members(|raw| self.push_last(raw));
        }
    }

    /// A branch has ended: tells its owner when it was the last child, and makes the next one of a crowd. The caller
    /// ends what a crowd has let go.
    #[must_use = "who ends it frees it"]
    pub(super) fn child_ended(&mut self, owner: Raw<T>, child: usize, ended: Raw<T>, place: Place) -> Option<Ref<T>> {
        // SAFETY: it lives until its group is over, or until the caller lets go of it.
        let outcome = unsafe { ended.get() }.outcome()?;
        // SAFETY: an owner does not end before its children, and it has to take the group's lock before it goes on.
        let (record, body) = unsafe { (owner.get(), owner.get().body()) };
        let now_ns = self.core.now_ns;
        let mut group = body.family.group()?.lock();
        let is_decided = group.child_ended(child, outcome, now_ns);
        let scope = if group.kind == Kind::Scope { group.scope().cloned() } else { None };
        if is_decided && group.pending > 1 {
            let generation = group.generation;
            match &mut self.core.simulator {
                Some(simulator) => {
                    // SAFETY: the owner lives (above).
                    let owner = unsafe { owner.to_ref() };
                    simulator.push_late(Late { at_ns: now_ns, owner, generation, what: What::Decision(place) });
                }
                None => {
                    if let Some(kind) = group.settle() {
                        group.cancel_children(kind, place, |raw, reason| self.ask_to_end(raw, reason));
                    }
                }
            }
        }
        // SAFETY: it was a child of the crowd, and we have just ended it.
        let gone = group.crowd().map(|crowd| unsafe { crowd.remove(ended, child) });
        let next = group.crowd().and_then(|crowd| self.make_child(crowd, owner));
        group.pending -= u32::from(next.is_none());
        let is_over = group.pending == 0 && record.state.claim(group.generation, Claim::Group) == Claimed::Queue;
        drop(group);
        if let Some(next) = next {
            self.push_child(next);
        }
        if is_over {
            self.push_woken(owner);
        }
        if let Some(scope) = scope
            && scope.end(crate::scope::Owner::Task(owner), place, |raw, reason| self.ask_to_end(raw, reason))
        {
            self.scope_drained(owner);
        }
        gone
    }

    /// Makes the next child of a crowd, if there is one, which the caller queues.
    pub(crate) fn make_child(&mut self, crowd: &mut Crowd<T>, owner: Raw<T>) -> Option<Raw<T>> {
        let (index, task) = crowd.next()?;
        let own = Own::new(crowd.innermost, crowd.place);
        let id = self.core.next_id();
        let raw = Record::create(&mut self.core.spares, id, task, Parent::Branch(owner, index as u32), own, 1);
        // SAFETY: the count is the crowd's: it outlives the right to run of its children.
        crowd.add(unsafe { Ref::from_raw(raw) });
        self.note_spawned(raw, Role::Branch);
        Some(raw)
    }

    /// The last child of a piece begins: makes the next piece of its crowd.
    #[cold]
    pub(super) fn make_piece(&mut self, owner: Raw<T>) {
        // SAFETY: an owner does not end before its children.
        let Some(group) = unsafe { owner.get().body() }.family.group() else { return };
        let mut group = group.lock();
        let live = group.pending as usize;
        let Some(crowd) = group.crowd() else { return };
        let made: Vec<Raw<T>> = (0..crowd.piece(live)).map_while(|_| self.make_child(crowd, owner)).collect();
        group.pending += made.len() as u32;
        drop(group);
        made.into_iter().for_each(|child| self.push_child(child));
    }

    /// The last member of the owner's scope has ended, and the body before.
    pub(super) fn scope_drained(&mut self, owner: Raw<T>) {
        // SAFETY: as in `child_ended`: the members count as one child.
        let (record, body) = unsafe { (owner.get(), owner.get().body()) };
        let Some(group) = body.family.group() else { return };
        let mut group = group.lock();
        group.pending -= 1;
        let is_over = group.pending == 0 && record.state.claim(group.generation, Claim::Group) == Claimed::Queue;
        drop(group);
        if is_over {
            self.push_woken(owner);
        }
    }

    /// Settles what the simulator had put off.
    pub(super) fn settle_late(&mut self, late: Late<T>) {
        let Late { owner, generation, what, .. } = late;
        match what {
            What::Limit => {
                if owner.state.claim(generation, Claim::Timer) == Claimed::Queue {
                    self.push_woken_by(owner.raw(), Waker::Timer);
                }
            }
            What::Decision(place) => {
                // The owner may have ended since.
                if owner.has_ended() {
                    return;
                }
                // SAFETY: it has not, and the simulator has one worker, which is busy here.
                let Some(group) = unsafe { owner.body() }.family.group() else { return };
                let mut group = group.lock();
                if group.generation != generation || group.pending == 0 {
                    return;
                }
                if let Some(kind) = group.settle() {
                    group.cancel_children(kind, place, |raw, reason| self.ask_to_end(raw, reason));
                }
            }
        }
    }

    /// Collects what became of the children and makes it the task's wake.
    fn finish_group(&mut self, record: &Record<T>, mut group: LockGuard<'_, Group<T>, GROUP>) {
        // SAFETY: we are the running side.
        let own = unsafe { record.own() };
        own.waiting = Waiting::Nothing;
        self.disarm(own);
        let kind = group.kind;
        let mut end = group.finish(&mut self.core.spares);
        let scope = group.take_scope();
        drop(group);
        if let Some(scope) = scope {
            self.shared.deadlines.clear(&scope);
            let (failed, fault) = scope.finish();
            failed.iter().for_each(|member| self.report_unjoined(member));
            end.child_fault = fault;
        }
        if !matches!(own.woken, Woken::Deadlock(_)) {
            own.woken = if own.has_told_group { Woken::Cancelled } else { Woken::Group };
        }
        if !matches!(own.woken, Woken::Group) {
            self.report_lost(&end, own.place, usize::MAX);
        } else if kind.is_race() {
            self.report_lost(&end, own.place, end.first);
        }
        // SAFETY: as above.
        if let Some(place) = unsafe { record.body().family.end() } {
            *place = Some(end);
        }
    }

    /// Reports the faults of children whose outcome nobody will see: all but `seen`.
    fn report_lost(&self, end: &GroupEnd<T::Value, T::Fault>, place: Place, seen: usize) {
        for (_, outcome) in end.outcomes.iter().enumerate().filter(|(child, _)| *child != seen) {
            if let Outcome::Faulted(fault) = outcome {
                self.shared.observer.report(Report::LostFault { place, fault });
            }
        }
    }

    /// Reports a member that was cancelled because everything else had ended.
    pub(super) fn report_cut_off(&self, member: &Record<T>) {
        self.shared.observer.report(Report::CutOff { spawned_at: member.spawned_at });
    }

    /// Reports a member that failed, unless somebody joined it after all.
    pub(super) fn report_unjoined(&self, member: &Record<T>) {
        if let Some(Outcome::Failed(failure)) = member.outcome()
            && !member.is_joined()
        {
            let spawned_at = member.spawned_at;
            self.shared.observer.report(Report::UnjoinedFailure { spawned_at, failure });
        }
    }
}
