//! The end of a task: its outcome is told to whoever waits for it.

use crate::run::Run;
use crate::scope::{Crew, Owner};
use crate::sync::Arc;
use crate::task::body::Parent;
use crate::task::record::{Raw, Ref};
use crate::{CancelKind, CancelReason, DeadlockReport, Outcome, Place, Report, Task, Waker};

use super::Worker;

impl<T: Task> Worker<T> {
    /// Ends a task whose turn it was; `refs` references to its record are ours, the right to run among them.
    pub(super) fn end(&mut self, raw: Raw<T>, outcome: Outcome<T::Value, T::Fault>, refs: u32) {
        // SAFETY: the right to run keeps the record, or for a branch its group; we drop the body ourselves, below.
        let (record, body) = unsafe { (raw.get(), raw.get().body()) };
        let left = record.body_to_drop();
        self.note_end(record, &outcome);
        if left.is_some() {
            // SAFETY: we are the running side until the outcome is set.
            unsafe { *record.task() = None };
        }
        if record.state.load().is_cancelled() {
            self.spread_cancel(record);
        }
        // SAFETY: as above.
        let own = unsafe { record.own() };
        let place = own.place;
        own.crews.take_each(|crew| crew.close(place, |raw, reason| self.ask_to_end(raw, reason)));
        self.core.ended += 1;
        if let Parent::Branch(owner, child) = body.parent {
            // SAFETY: as above. Branches have no handles.
            unsafe { record.set_branch_outcome(outcome) };
            // Its count is the group's, which may be gone afterwards.
            let gone = self.child_ended(owner, child as usize, raw, place);
            // SAFETY: the group has noted the end, so it looks at the outcome only.
            left.into_iter().for_each(|body| unsafe { self.core.spares.drop_body(body) });
            if let Some(gone) = gone {
                self.core.spares.recycle(gone);
            }
            return;
        }
        // SAFETY: the right to run is one count of the record, and it ends here.
        let record = unsafe { Ref::from_raw(raw) };
        // SAFETY: as above.
        unsafe { record.set_outcome(outcome, refs, |raw| self.push_woken(raw)) };
        let Some(outcome) = record.outcome() else { return };
        match &body.parent {
            Parent::Branch(..) => {}
            Parent::Crew(crew) => {
                self.core.note_task();
                // SAFETY: the task is still a member, so its crew lives.
                self.member_ended(unsafe { crew.as_ref() }, &record, outcome, place);
            }
            Parent::Run(run) => {
                self.look_at_end();
                if run.scope.end(Owner::Run(run.clone()), place, |raw, reason| self.ask_to_end(raw, reason)) {
                    self.finish_run(run);
                }
            }
        }
        // SAFETY: it has left its crew; who has a handle looks at the record only.
        left.into_iter().for_each(|body| unsafe { self.core.spares.drop_body(body) });
        match refs {
            1 => self.core.spares.recycle(record),
            _ => record.drop_second(),
        }
    }

    fn member_ended(&mut self, crew: &Crew<T>, member: &Ref<T>, outcome: &Outcome<T::Value, T::Fault>, place: Place) {
        match outcome {
            Outcome::Faulted(fault) => {
                crew.scope().fault(fault, place, |raw, reason| self.ask_to_end(raw, reason));
            }
            Outcome::Failed(_) if !member.is_joined() => self.keep_failed(crew, member),
            Outcome::Cancelled(CancelReason { kind: CancelKind::RootEnded, .. }) => self.report_cut_off(member),
            _ => {}
        }
        if let Some(scope) = crew.remove(member.raw()) {
            match scope.member_ended(|raw| self.push_last(raw)) {
                None => {}
                Some(Owner::Task(owner)) => self.scope_drained(owner),
                Some(Owner::Run(run)) => self.finish_run(&run),
            }
        }
    }

    fn keep_failed(&mut self, crew: &Crew<T>, member: &Ref<T>) {
        if member.is_last_ref() {
            return self.report_unjoined(member);
        }
        for forgotten in crew.scope().keep_failed(member.clone()) {
            self.report_unjoined(&forgotten);
        }
    }

    /// Everything that a run has started has ended.
    pub(super) fn finish_run(&mut self, run: &Arc<Run<T>>) {
        let Some(root) = run.root.lock().take() else { return };
        let (failed, fault) = run.scope.finish();
        failed.iter().for_each(|member| self.report_unjoined(member));
        drop(failed);
        self.shared.deadlines.clear(&run.scope);
        self.hand_in();
        let given_up = run.given_up.lock().take();
        // SAFETY: a root has no handle, so nobody reads its outcome but us: it has ended, and everything that it has
        // started.
        let outcome = match (unsafe { root.take_outcome() }, given_up.or(fault)) {
            (Some(Outcome::Faulted(own)), _) => Some(Outcome::Faulted(own)),
            (_, Some(fault)) => Some(Outcome::Faulted(fault)),
            (outcome, None) => outcome,
        };
        // What nobody wants goes before the root, which may keep what it refers to.
        let outcome = run.wanted(outcome);
        // SAFETY: the root has ended, so it has no running side, and nobody reads the task of one that has.
        unsafe { *root.task() = None };
        // Listed until here: if something of this panics, whoever waits for the run is told (`broken.rs`).
        self.shared.runs.lock().remove(&run.id);
        run.set_outcome(outcome);
        if self.index != 0 {
            // The driver may be parked, and its run be over.
            self.shared.seats[0].parker.unpark(self.shared.poller_if_any());
        }
    }

    /// Reports and gives up: no task of these runs is resumed again.
    pub(crate) fn give_up(&mut self, runs: &[Arc<Run<T>>], report: &DeadlockReport) {
        let told: Vec<Option<T::Fault>> = runs.iter().map(|run| run.told.lock().take()).collect();
        let first = told.iter().flatten().next();
        self.shared.observer.report(Report::GivenUp { first, dump: &report.dump });
        for (run, told) in runs.iter().zip(told) {
            *run.given_up.lock() = told.or_else(|| Some(T::deadlock(report.clone())));
        }
        crate::deadlock::kill_roots(runs, |raw| self.push_woken_by(raw, Waker::Deadlock));
    }
}
