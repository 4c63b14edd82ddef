//! Waits: time, channels, latches, sources, other threads.

use smallvec::SmallVec;

use crate::channel::{Channel, ChannelEnd, Receiver, Sender, Side, Woken};
use crate::completer::{Blocking, Completer, Delivery, Job, Keep};
use crate::io_waits::EndIo;
use crate::latch::Latch;
use crate::reactor::{Attempt, IoSource};
use crate::seat::TimerEntry;
use crate::select::{Case, Limit, Selected, Selecting};
use crate::sync::{Arc, Mutex};
use crate::task::body::Timer;
use crate::task::state::{Claim, Claimed};
use crate::wait::{Waiting, Woken as Wakened};
use crate::{EventKind, Recv, Send, Task, TryRecv, TrySend};

use super::Context;

impl<T: Task> Context<'_, T> {
    /// Sleeps for `ns` from now, then [`Wake::Timer`](crate::Wake::Timer). 0 only lets others go first.
    pub fn sleep(&mut self, ns: u64) {
        if ns == 0 {
            self.own().woken = Wakened::Timer;
            return;
        }
        self.next_wait();
        self.register(Waiting::Sleep);
        self.arm(ns, false);
        self.note_wait();
    }

    /// Sleeps until this moment of [`now_ns`](Self::now_ns), then [`Wake::Timer`](crate::Wake::Timer). In the
    /// simulator, until this very moment means until nobody else can run at it.
    pub fn sleep_until(&mut self, deadline_ns: u64) {
        self.next_wait();
        self.register(Waiting::Sleep);
        self.arm_at(deadline_ns, false);
        self.note_wait();
    }

    /// In the simulator: from now on time passes up to this moment, and no further. False: this is no simulator.
    pub fn hold_time(&mut self, moment_ns: u64) -> bool {
        let Some(simulator) = &mut self.worker.core.simulator else { return false };
        simulator.hold(moment_ns);
        true
    }

    /// In the simulator: time passes at least up to this moment. False: this is no simulator.
    pub fn allow_time(&mut self, moment_ns: u64) -> bool {
        let Some(simulator) = &mut self.worker.core.simulator else { return false };
        simulator.allow(moment_ns);
        true
    }

    /// How many tasks of this worker wait for a moment, or have a limit.
    #[must_use]
    pub fn timers(&self) -> usize {
        self.worker.seat().timers.lock().len()
    }

    /// Makes a channel with room for so many messages, at the place that was set.
    pub fn channel(&mut self, capacity: usize) -> Channel<T> {
        let channel = Channel::made_at(self.own().place, capacity);
        if self.worker.core.simulator.is_some() {
            self.worker.shared.register.enter(&channel);
        }
        channel
    }

    /// Sends; may wait for room or a receiver, then [`Wake::Sent`](crate::Wake::Sent).
    pub fn send(&mut self, tx: &Sender<T>, value: T::Value) -> Send<T::Value> {
        self.worker.core.note_message();
        let waiter = self.next_wait();
        let mut woken = None;
        // SAFETY: the waiter is the running task; the worker undoes what is noted in `waiting` before it goes on.
        let sent = unsafe { tx.send(value, waiter, &mut woken) };
        if let Send::Wait = sent {
            self.register(Waiting::Send(tx.waited_at(), 0));
        }
        if self.is_observed() {
            self.note_sent(tx, matches!(sent, Send::Done | Send::Crowded), woken);
        }
        self.queue(woken);
        sent
    }

    /// Receives; may wait, then [`Wake::Message`](crate::Wake::Message) or [`Wake::Closed`](crate::Wake::Closed).
    pub fn recv(&mut self, rx: &Receiver<T>) -> Recv<T::Value> {
        self.worker.core.note_message();
        let waiter = self.next_wait();
        let mut woken = None;
        // SAFETY: as in `send`.
        let received = unsafe { rx.recv(waiter, &mut woken) };
        if let Recv::Wait = received {
            self.register(Waiting::Recv(rx.waited_at(), 0));
        }
        if self.is_observed() {
            self.note_received(rx, matches!(received, Recv::Value(_)), woken);
        }
        self.queue(woken);
        received
    }

    /// Sends if nobody waits there, no other thread is at the channel, and its buffer has room: as [`send`](Self::send)
    /// then does. True: receivers are behind ([`Send::Crowded`]). Calls nothing. The caller has asked
    /// [`is_undisturbed`](Self::is_undisturbed).
    ///
    /// # Errors
    /// The value, if it is not that simple.
    #[inline(always)]
    pub fn send_at_hand(&mut self, tx: &Sender<T>, value: T::Value) -> Result<bool, T::Value> {
        // A request to cancel may have come since.
        debug_assert!(!self.is_observed && !self.is_stepped);
        let is_crowded = tx.send_at_hand(value)?;
        if is_crowded {
            self.worker.core.note_message();
        }
        Ok(is_crowded)
    }

    /// Hands the value to the task that waits first, if no other thread is at the channel, and that task can be the
    /// next one to run: as [`send`](Self::send) then does. Calls nothing. The caller has asked
    /// [`is_undisturbed`](Self::is_undisturbed).
    ///
    /// # Errors
    /// The value, if it is not that simple.
    #[inline(always)]
    pub fn hand_at_hand(&mut self, tx: &Sender<T>, value: T::Value) -> Result<(), T::Value> {
        debug_assert!(!self.is_observed && !self.is_stepped);
        let core = &mut *self.worker.core;
        if core.simulator.is_some() || !core.queue.has_free_slot() {
            return Err(value);
        }
        if let Some(raw) = tx.hand_at_hand(value)? {
            core.queue.fill_slot(raw);
        }
        core.note_message();
        Ok(())
    }

    /// Receives if a message stands in the buffer, nobody waits there, and no other thread is at the channel: as
    /// [`recv`](Self::recv) then does. Calls nothing. The caller has asked [`is_undisturbed`](Self::is_undisturbed).
    #[inline(always)]
    pub fn recv_at_hand(&mut self, rx: &Receiver<T>) -> Option<T::Value> {
        // A request to cancel may have come since.
        debug_assert!(!self.is_observed && !self.is_stepped);
        self.worker.core.note_message();
        rx.recv_at_hand()
    }

    /// Sends if there is room or a receiver; never waits.
    pub fn try_send(&mut self, tx: &Sender<T>, value: T::Value) -> TrySend<T::Value> {
        let mut woken = None;
        let sent = tx.try_send(value, &mut woken);
        if self.is_observed() {
            self.note_sent(tx, matches!(sent, TrySend::Done), woken);
        }
        self.queue(woken);
        sent
    }

    /// Receives if there is a message; never waits.
    pub fn try_recv(&mut self, rx: &Receiver<T>) -> TryRecv<T::Value> {
        let mut woken = None;
        let received = rx.try_recv(&mut woken);
        if self.is_observed() {
            self.note_received(rx, matches!(received, TryRecv::Value(_)), woken);
        }
        self.queue(woken);
        received
    }

    /// Does one of several things: the first of them that can be done at once, in the given order or one by chance.
    /// Otherwise waits for one, if wanted, up to the limit, then [`Wake::Selected`](crate::Wake::Selected) or
    /// [`Wake::Timer`](crate::Wake::Timer).
    pub fn select(&mut self, cases: &[Case<'_, T>], in_order: bool, limit: Limit) -> Selected<T::Value> {
        let mut order: SmallVec<[usize; 8]> = (0..cases.len()).collect();
        for next in 0..order.len() {
            if !in_order {
                let picked = next + self.worker.core.oracle.pick(order.len() - next);
                order.swap(next, picked);
            }
            if let Some(selected) = self.try_case(order[next], &cases[order[next]]) {
                return selected;
            }
        }
        match limit {
            Limit::Never => Selected::Nothing,
            Limit::Within(ns) => self.begin_select(cases, Some(ns)),
            Limit::None => self.begin_select(cases, None),
        }
    }

    /// Does one of the things if it can be done at once.
    fn try_case(&mut self, index: usize, case: &Case<'_, T>) -> Option<Selected<T::Value>> {
        let mut woken = None;
        let (selected, done) = match case {
            Case::Send(tx, value) => match tx.try_send(value.clone(), &mut woken) {
                TrySend::Done if self.is_observed() => {
                    (Selected::Sent(index), Some(EventKind::Sent { channel: self.number(tx) }))
                }
                TrySend::Done => (Selected::Sent(index), None),
                TrySend::Closed { closed_at, .. } => (Selected::Closed(index, closed_at), None),
                TrySend::Full(_) => return None,
            },
            Case::Recv(rx) => match rx.try_recv(&mut woken) {
                TryRecv::Value(value) if self.is_observed() => {
                    (Selected::Received(index, value), Some(EventKind::Received { channel: self.number(rx) }))
                }
                TryRecv::Value(value) => (Selected::Received(index, value), None),
                TryRecv::Closed => (Selected::Drained(index), None),
                TryRecv::Empty => return None,
            },
        };
        done.into_iter().for_each(|kind| self.note(kind));
        if let Some(raw) = woken {
            self.worker.note_woken(raw, None);
        }
        self.queue(woken);
        Some(selected)
    }

    /// Registers a wait for all cases.
    fn begin_select(&mut self, cases: &[Case<'_, T>], limit_ns: Option<u64>) -> Selected<T::Value> {
        let (raw, generation) = self.next_wait();
        let is_observed = self.is_observed();
        let mut selecting = Selecting::new(raw, cases, |case| match case {
            _ if !is_observed => 0,
            Case::Send(tx, _) => self.number(tx),
            Case::Recv(rx) => self.number(rx),
        });
        // SAFETY: we are the running side; the worker undoes what is noted in `waiting` before the task goes on, or we
        // do at once. The caller has handles of the channels.
        let is_registered = unsafe { selecting.register(generation) };
        if !is_registered && mutant!("select.begins-again-without-a-claim", self.give_up_claim(generation), true) {
            // SAFETY: as above.
            drop(unsafe { selecting.forget() });
            return Selected::Again;
        }
        self.register(Waiting::Select(Box::new(selecting)));
        if let Some(ns) = limit_ns {
            self.arm(ns, true);
        }
        self.note_wait();
        Selected::Wait
    }

    /// Ends a wait that is not published for nothing. False: something has ended it already.
    fn give_up_claim(&mut self, generation: u32) -> bool {
        if self.record().state.claim(generation, Claim::Cancel) == Claimed::Lost {
            return false;
        }
        self.own().generation = generation;
        true
    }

    /// Limits the wait that was just begun, which is none for children: if nothing has ended it by this moment of
    /// [`now_ns`](Self::now_ns), the moment does, with [`Wake::Timer`](crate::Wake::Timer).
    pub fn limit_wait(&mut self, deadline_ns: u64) {
        debug_assert!(!matches!(self.own().waiting, Waiting::Nothing | Waiting::Group | Waiting::Sleep));
        debug_assert!(self.own().timer.is_none(), "it has a limit");
        self.arm_at(deadline_ns, true);
    }

    /// Closes a channel, at the place that was set. Sends that wait are still delivered. Again: does nothing.
    pub fn close(&mut self, tx: &Sender<T>) {
        let place = self.own().place;
        if self.is_observed() && !tx.is_closed() {
            let channel = self.number(tx);
            self.note(EventKind::Closed { channel });
        }
        tx.close(place, |raw| self.worker.push_last(raw));
    }

    /// Waits until the latch opens, then [`Wake::Latch`](crate::Wake::Latch). True: it is open, nothing to wait for.
    pub fn wait_latch(&mut self, latch: &Latch<T>) -> bool {
        let waiter = self.next_wait();
        // SAFETY: as in `send`.
        if unsafe { latch.wait(waiter) } {
            self.begin_waiting(Waiting::Latch(latch.clone()));
            return false;
        }
        true
    }

    /// Opens a latch.
    pub fn open_latch(&mut self, latch: &Latch<T>) {
        latch.open(|raw| self.worker.push_last(raw));
    }

    /// Waits for the next rise of a source after `attempt`, then [`Wake::Io`](crate::Wake::Io). True: there was one,
    /// try again now.
    ///
    /// `attempt` was taken before the try that gave `WouldBlock`; the module page of `reactor` has the protocol.
    pub fn wait_io(&mut self, source: IoSource, attempt: Attempt) -> bool {
        let (raw, generation) = self.next_wait();
        // Counted first, so that the sum is never too small.
        self.worker.seat().io_waits.add(1);
        // From here on the source may end the wait; it is undone through what is noted here.
        if !source.wait(attempt, EndIo::key(raw, generation)) {
            self.worker.seat().io_waits.add(-1);
            return true;
        }
        self.begin_waiting(Waiting::Io(source, attempt.interest));
        false
    }

    /// Runs a job that may block on another thread, then [`Wake::Completed`](crate::Wake::Completed). If the wait is
    /// cancelled before it begins, the job is dropped, else its result is. `keep` is kept as long as anything of the
    /// job or the task is; jobs with the same one share the threads that one owner gets.
    pub fn blocking(&mut self, job: Blocking<T::Value>, keep: Option<Keep>) {
        let owner = keep.as_ref().map_or(0, |keep| Arc::as_ptr(keep).cast::<()>().addr());
        let job = Job { job, completer: self.completer(keep) };
        let job = Box::new(move || job.run());
        match &mut self.worker.core.simulator {
            Some(simulator) => simulator.push_job(job),
            None => self.worker.shared.pool().submit(owner, job),
        }
    }

    /// Waits for whoever gets the completer, then [`Wake::Completed`](crate::Wake::Completed). `keep` is kept as long
    /// as it has anything of the task.
    pub fn completer(&mut self, keep: Option<Keep>) -> Completer<T> {
        let (raw, generation) = self.next_wait();
        let delivery: Delivery<T::Value> = Arc::new(Mutex::new(None));
        self.begin_waiting(Waiting::Outside(delivery.clone()));
        // SAFETY: the running task lives.
        let record = unsafe { raw.to_ref() };
        Completer::new(self.worker.shared.clone(), record, generation, delivery, keep)
    }

    /// Arms the task's timer for the wait that was begun.
    ///
    /// Only the first one since the worker has read its clock reads it again. The time of others begins when the worker
    /// reads it next: before it rests, and at latest after one slice and some short turns.
    pub(super) fn arm(&mut self, ns: u64, is_limit: bool) {
        let has_armed = std::mem::replace(&mut self.worker.core.has_armed, true);
        if !has_armed || self.worker.core.simulator.is_some() || self.is_observed() {
            return self.arm_at(self.now_ns().saturating_add(ns), is_limit);
        }
        let entry = self.timer_entry(is_limit);
        let key = self.worker.seat().timers.lock().arm_from_next(ns, entry);
        self.own().timer = Some(Timer::new(self.worker.index, key));
    }

    /// As `arm`, for a moment.
    pub(super) fn arm_at(&mut self, deadline_ns: u64, is_limit: bool) {
        let entry = self.timer_entry(is_limit);
        let key = self.worker.seat().timers.lock().arm(deadline_ns, entry);
        self.own().timer = Some(Timer::new(self.worker.index, key));
        self.note(EventKind::TimerArmed { due_ns: deadline_ns });
    }

    fn timer_entry(&mut self, is_limit: bool) -> TimerEntry<T> {
        TimerEntry { raw: self.raw, generation: self.own().generation, is_limit }
    }

    /// The number of a channel in events.
    fn number<S: Side>(&mut self, channel: &ChannelEnd<T, S>) -> u32 {
        let task = self.id();
        self.worker.channel_number(task, channel)
    }

    #[cold]
    fn note_sent(&mut self, tx: &Sender<T>, is_done: bool, woken: Woken<T>) {
        let channel = self.number(tx);
        self.note_used(is_done.then_some(EventKind::Sent { channel }), channel, woken);
    }

    #[cold]
    fn note_received(&mut self, rx: &Receiver<T>, is_done: bool, woken: Woken<T>) {
        let channel = self.number(rx);
        self.note_used(is_done.then_some(EventKind::Received { channel }), channel, woken);
    }

    /// What came of an operation on a channel; a wait for it gets the channel's number.
    fn note_used(&mut self, done: Option<EventKind>, channel: u32, woken: Woken<T>) {
        if let Waiting::Send(_, number) | Waiting::Recv(_, number) = &mut self.own().waiting {
            *number = channel;
        }
        done.into_iter().for_each(|kind| self.note(kind));
        woken.into_iter().for_each(|raw| self.worker.note_woken(raw, None));
        if done.is_none() {
            self.note_wait();
        }
    }

    /// The task waits from here on, as soon as it returns.
    pub(super) fn begin_waiting(&mut self, waiting: Waiting<T>) {
        self.register(waiting);
        self.note_wait();
    }

    /// Notes the wait that was registered, if there is one and somebody listens.
    #[inline]
    pub(super) fn note_wait(&mut self) {
        if self.is_observed() && !matches!(self.own().waiting, Waiting::Nothing) {
            // SAFETY: the running task lives, and has not ended.
            let (record, body) = unsafe { (self.raw.get(), self.raw.get().body()) };
            let kind = body.family.kind();
            self.worker.note_wait(record, kind);
        }
    }

    fn queue(&mut self, woken: Woken<T>) {
        if let Some(raw) = woken {
            self.worker.push_next(raw);
        }
    }
}
