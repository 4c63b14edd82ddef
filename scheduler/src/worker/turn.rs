//! One turn of a task: what has ended its wait, run it, what does it want now.

use crate::broken::guard_inside;
use crate::channel::Called;
use crate::crowd::is_last_of_piece;
use crate::io_waits::EndIo;
use crate::select::Selecting;
use crate::task::body::{Own, Parent};
use crate::task::record::{Raw, Record, Ref};
use crate::task::state::{Claim, Claimed};
use crate::wait::{Waiting, Woken};
use crate::{CancelKind, CancelReason, Context, EventKind, Outcome, Place, Step, Task};

use super::Worker;

/// What to do with a task whose turn it is.
enum Turn<T: Task> {
    Resume,
    /// Its wait goes on.
    Parked,
    End(Outcome<T::Value, T::Fault>),
}

impl<T: Task> Worker<T> {
    /// Runs a task that came from a queue: having it is the right to run it.
    pub(crate) fn turn(&mut self, raw: Raw<T>) {
        self.turn_of(raw, 1);
    }

    /// The same where `refs` references to the record are the caller's, the right to run among them. Part of both
    /// callers, as one more call for each turn shows.
    #[inline(always)]
    pub(super) fn turn_of(&mut self, raw: Raw<T>, refs: u32) {
        // SAFETY: a queued task lives; the right to run is counted and ends in `end`.
        let record = unsafe { raw.get() };
        if self.core.attention {
            self.note_turn(record);
        }
        match self.wake(raw, record) {
            Turn::Resume => {}
            Turn::Parked => return,
            Turn::End(outcome) => return self.end(raw, outcome, refs),
        }
        let mut cx = Context::new(self, raw);
        // SAFETY: we are the running side. The context does not touch the state machine.
        let step = match unsafe { record.task() } {
            Some(task) => task.resume(&mut cx),
            None => return,
        };
        if self.core.attention {
            self.note_step(record, &step);
        }
        match step {
            Step::Waiting => self.publish(raw, record),
            Step::Yielded => {
                self.give_up_wait(raw, record);
                self.note_yield(record);
                self.push_yielded(raw);
            }
            Step::Ended(outcome) => {
                self.give_up_wait(raw, record);
                self.end(raw, outcome, refs);
            }
        }
    }

    /// Finds out what has ended the wait and notes it for the task.
    fn wake(&mut self, raw: Raw<T>, record: &Record<T>) -> Turn<T> {
        let state = record.state.load();
        // SAFETY: we are the running side; the reference is not used after the calls that make their own.
        let own = unsafe { record.own() };
        crate::stuck::proof::ended(&self.shared, own, state.claim());
        if own.waiting.is_group() {
            if !self.group_turn(record, state.claim()) {
                return Turn::Parked;
            }
        } else if !matches!(own.waiting, Waiting::Nothing) && !own.end_with_message(state.claim()) {
            self.end_wait(raw, record, own, state.claim());
        }
        if state.is_killed() {
            self.give_up_wait(raw, record);
            self.spread_kill(record);
            // SAFETY: we are the running side. The context does not touch the state machine.
            if let Some(task) = unsafe { record.task() } {
                task.give_up(&mut Context::new(self, raw));
            }
            return Turn::End(Outcome::Cancelled(reason_of(record)));
        }
        if state.shows_cancel() {
            self.spread_cancel(record);
        }
        // SAFETY: as above.
        let own = unsafe { record.own() };
        if state.shows_cancel() && !own.has_started {
            return Turn::End(Outcome::Cancelled(reason_of(record)));
        }
        if !std::mem::replace(&mut own.has_started, true) {
            // SAFETY: it is about to run, so it has not ended.
            match unsafe { record.body() }.parent {
                Parent::Branch(owner, index) if is_last_of_piece(index) => self.make_piece(owner),
                _ => {}
            }
        }
        Turn::Resume
    }

    /// Notes what has ended a wait, after everything else that was registered for it was undone.
    #[inline]
    fn end_wait(&mut self, raw: Raw<T>, record: &Record<T>, own: &mut Own<T>, claim: Claim) {
        match claim {
            // Its key is worth nothing any more.
            Claim::Timer => own.timer = None,
            _ => self.disarm(own),
        }
        own.woken = match (claim, std::mem::replace(&mut own.waiting, Waiting::Nothing)) {
            (Claim::Message, Waiting::Send(..)) => Woken::Sent,
            (claim @ (Claim::Message | Claim::Closed | Claim::Timer), Waiting::Select(selecting)) => {
                self.end_select(record, claim, *selecting)
            }
            (Claim::Message, _) => Woken::Message,
            (Claim::Timer, Waiting::Sleep) => Woken::Timer,
            // SAFETY: the end of the target has given us a count (`set_outcome`).
            (Claim::Joined, Waiting::Join(target)) => Woken::Joined(unsafe { Ref::from_raw(target) }),
            (Claim::Closed, _) => Woken::Closed,
            (Claim::AllJoined, _) => Woken::AllJoined,
            (Claim::Io, _) => Woken::Io,
            (Claim::Completed, Waiting::Outside(delivery)) => Woken::Completed(delivery),
            (Claim::Latch, _) => Woken::Latch,
            (Claim::Timer, waiting) => {
                mutant!("turn.a-limit-leaves-its-waiter", self.undo(raw, record, own, waiting), drop(waiting));
                Woken::Timer
            }
            (_, waiting) => {
                self.undo(raw, record, own, waiting);
                match std::mem::replace(&mut own.woken, Woken::Nothing) {
                    Woken::Deadlock(fault) if claim == Claim::Deadlock => Woken::Deadlock(fault),
                    _ => Woken::Cancelled,
                }
            }
        };
    }

    /// The same for a select: a case or its time has ended it, and the others are taken out.
    fn end_select(&mut self, record: &Record<T>, claim: Claim, selecting: Selecting<T>) -> Woken<T> {
        let noted: Vec<_> = match self.is_observed() {
            true => selecting.entries().iter().map(|entry| (entry.sends, entry.number)).collect(),
            false => Vec::new(),
        };
        // SAFETY: we are the running side.
        let Some((case, message)) = (unsafe { selecting.forget() }) else {
            debug_assert_eq!(claim, Claim::Timer, "a case has ended it");
            return Woken::Timer;
        };
        if let (Some(&(sends, channel)), Claim::Message) = (noted.get(case), claim) {
            self.note(record.id, if sends { EventKind::Sent { channel } } else { EventKind::Received { channel } });
        }
        // SAFETY: as above, and in no list.
        unsafe { *record.message() = message };
        Woken::Selected(case)
    }

    /// Takes the task out of everything that it waits in.
    #[cold]
    fn undo(&mut self, raw: Raw<T>, record: &Record<T>, own: &mut Own<T>, waiting: Waiting<T>) {
        self.disarm(own);
        match waiting {
            Waiting::Nothing | Waiting::Sleep | Waiting::Group | Waiting::Outside(_) => {}
            // SAFETY: something else has ended the wait, and it is forgotten once: `waiting` becomes `Nothing`.
            Waiting::Send(channel, _) => unsafe { channel.forget(|core| core.forget_sender(raw.spot())) },
            // SAFETY: as above.
            Waiting::Recv(channel, _) => unsafe { channel.forget(|core| core.forget_receiver(raw.spot())) },
            Waiting::Permits(line) => {
                let mut called = Called::new();
                // SAFETY: as above.
                unsafe {
                    line.forget(|core| {
                        core.forget_receiver(raw.spot());
                        mutant!("semaphore.leaves-those-behind-it", core.let_in(&mut called), ());
                    });
                }
                self.push_called(called, false);
            }
            Waiting::Join(target) => forget_join(raw, target),
            Waiting::AllJoined(scope) => scope.forget(raw),
            Waiting::Io(source, interest) => {
                if source.forget(interest, EndIo::key(raw, own.generation)) {
                    self.seat().io_waits.add(-1);
                }
            }
            Waiting::Latch(latch) => latch.forget(raw),
            // SAFETY: we are the running side.
            Waiting::Select(selecting) => drop(unsafe { selecting.forget() }),
        }
        // SAFETY: we are the running side, and in no list any more. What a sender did not send is dropped, and what one
        // wanted who stood in line.
        unsafe { *record.message() = None };
    }

    /// A task that does not wait: if it has registered a wait all the same, that is undone.
    #[inline(always)]
    fn give_up_wait(&mut self, raw: Raw<T>, record: &Record<T>) {
        // SAFETY: we are the running side.
        if !matches!(unsafe { record.own() }.waiting, Waiting::Nothing) {
            self.give_up_registered(raw, record);
        }
    }

    /// A task that registered a wait but does not wait: the wait is claimed for nothing, and undone.
    #[cold]
    fn give_up_registered(&mut self, raw: Raw<T>, record: &Record<T>) {
        // SAFETY: we are the running side.
        let own = unsafe { record.own() };
        let waiting = match std::mem::replace(&mut own.waiting, Waiting::Nothing) {
            Waiting::Group => panic!("a task that has children waits for them"),
            waiting => waiting,
        };
        self.disarm(own);
        // If it was claimed already, it is in no list any more.
        if record.state.claim(own.generation, Claim::Cancel) != Claimed::Lost {
            self.undo(raw, record, own, waiting);
        } else if let Waiting::Join(target) = waiting {
            forget_join(raw, target);
        } else if let Waiting::Select(selecting) = waiting {
            // SAFETY: we are the running side.
            drop(unsafe { selecting.forget() });
        }
    }

    /// Publishes the wait that the task has registered, or goes on if something has ended it already.
    #[inline(always)]
    pub(super) fn publish(&mut self, raw: Raw<T>, record: &Record<T>) {
        // SAFETY: we are the running side until `publish`.
        let own = unsafe { record.own() };
        if matches!(own.waiting, Waiting::Nothing) {
            self.note_yield(record);
            return self.requeue(raw);
        }
        own.begin_to_wait(self.core.now_ns);
        let place = own.place;
        if record.state.publish(own.generation, true).is_some() {
            self.push_woken(raw);
        } else if self.core.simulator.is_some() {
            self.rehearse_point(place);
        }
    }

    /// A task that can go on lets others go first.
    fn note_yield(&mut self, record: &Record<T>) {
        // SAFETY: we are the running side.
        let at = unsafe { record.own() }.place;
        self.close_hold(at);
        self.note(record.id, EventKind::Yielded { at });
    }

    /// Disarms the task's timer, whosever wheel it is in.
    pub(super) fn disarm(&mut self, own: &mut Own<T>) {
        if let Some(timer) = own.timer.take() {
            self.shared.seats[timer.worker()].timers.lock().disarm(timer.key);
        }
    }

    /// Asks a task to end, for the one whose turn it is. The caller has something that keeps the record.
    pub(crate) fn ask_to_end(&mut self, raw: Raw<T>, reason: CancelReason) {
        // SAFETY: said by the caller.
        let record = unsafe { raw.get() };
        self.note_cancel(record, reason);
        self.shared.watch.requests.note();
        if record.request_cancel(reason) {
            self.push_last(raw);
        }
    }

    /// The same for a task whose turn it is, which holds no lock: who waits, and would only end, ends here, without a
    /// turn of its own. True: it has.
    ///
    /// The claim has given us the right to run it, which who takes it from a queue has otherwise.
    pub(crate) fn ask_to_end_here(&mut self, raw: Raw<T>, reason: CancelReason) -> bool {
        // SAFETY: the caller has a reference.
        let record = unsafe { raw.get() };
        self.note_cancel(record, reason);
        self.shared.watch.requests.note();
        if !record.request_cancel(reason) {
            return false;
        }
        let is_run = !self.core.attention && self.core.simulator.is_none();
        let mut has_ended = false;
        guard_inside(self, |worker| {
            has_ended = is_run && worker.end_in_wait(raw, record, reason);
            if !has_ended {
                worker.push_last(raw);
            }
        });
        has_ended
    }

    /// Ends a task whose wait a request to cancel has ended, if it would do nothing else.
    fn end_in_wait(&mut self, raw: Raw<T>, record: &Record<T>, reason: CancelReason) -> bool {
        // SAFETY: we are the running side: said by the caller.
        let task = unsafe { record.task() };
        let Some(outcome) = task.as_mut().and_then(|task| task.end_in_wait(reason)) else { return false };
        // SAFETY: as above.
        let own = unsafe { record.own() };
        crate::stuck::proof::ended(&self.shared, own, record.state.load().claim());
        let waiting = std::mem::replace(&mut own.waiting, Waiting::Nothing);
        mutant!("turn.ends-who-is-still-waited-for", self.undo(raw, record, own, waiting), drop(waiting));
        self.end(raw, outcome, 1);
        true
    }

    /// Passes a request to cancel on to the tasks that this one has spawned, once.
    pub(crate) fn spread_cancel(&mut self, record: &Record<T>) {
        // SAFETY: we are the running side.
        let own = unsafe { record.own() };
        if std::mem::replace(&mut own.has_spread_cancel, true) {
            return;
        }
        let reason = CancelReason { kind: CancelKind::ParentCancelled, place: reason_of(record).place };
        own.crews.each(|crew| crew.cancel(reason, false, |raw, reason| self.ask_to_end(raw, reason)));
    }

    /// Passes a request to kill on to the tasks that this one has spawned.
    fn spread_kill(&mut self, record: &Record<T>) {
        // SAFETY: we are the running side.
        unsafe { record.own() }.crews.each(|crew| crew.kill(|raw| self.push_last(raw)));
    }
}

/// Takes a joiner out of the list of its target, or gives back the count that it was given meanwhile.
fn forget_join<T: Task>(joiner: Raw<T>, target: Raw<T>) {
    // SAFETY: the target lives: it has not ended, and then its right to run keeps it; or it has, and gave us a count.
    if !unsafe { target.get() }.forget_joiner(joiner) {
        // SAFETY: it is not in the list, so the target has ended and gave us a count (`set_outcome`).
        drop(unsafe { Ref::from_raw(target) });
    }
}

/// Why a task was cancelled; a task that is killed may not have been asked before.
pub(super) fn reason_of<T: Task>(record: &Record<T>) -> CancelReason {
    record.cancel_reason().unwrap_or(CancelReason { kind: CancelKind::Shutdown, place: Place::default() })
}
