//! What a task may ask of the scheduler while it runs.
//!
//! Operations that may wait either answer at once, or register the wait. Then the task returns
//! [`Step::Waiting`](crate::Step::Waiting) and touches nothing; on its next [`resume`](Task::resume),
//! [`Context::take_wake`] says what happened. Whatever an operation answered has happened, also when
//! cancellation is requested at the same moment: the next checkpoint notices.

mod children;
mod permits;
mod waits;

pub use children::Split;

use crate::runtime::Shared;
use crate::simulator::WALL_START_MS;
use crate::task::body::Own;
use crate::task::record::{Raw, Record};
use crate::wait::{Waiting, Woken};
use crate::worker::Worker;
use crate::{CancelReason, EventKind, Outcome, Place, Task, TaskHandle, Tick, Wake};

/// Fuel of a slice, in whatever unit the task counts: at a few nanoseconds each, a slice takes some tens of
/// microseconds.
pub const FUEL: u32 = 4096;

/// The same where the turn is lent: whoever lends it would hear of others meanwhile (arbitrary).
const LENT_FUEL: u32 = FUEL / 4;

/// So many tasks begin before the one that makes them makes more: their records are 32 KiB, and the last of them waits
/// less than 50 us if none computes, after which others would be woken to take it (`worker/gate.rs`): with 256 they
/// were half of the time.
const MANY: usize = 128;

/// The scheduler, as seen by the task that runs.
pub struct Context<'a, T: Task> {
    worker: &'a mut Worker<T>,
    raw: Raw<T>,
    /// What the worker knows, for one comparison where nothing else of it is needed.
    is_observed: bool,
    is_stepped: bool,
}

impl<'a, T: Task> Context<'a, T> {
    /// For a task whose running side the worker is.
    pub(crate) fn new(worker: &'a mut Worker<T>, raw: Raw<T>) -> Self {
        let (is_observed, is_stepped) = match worker.core.attention {
            false => (false, false),
            true => (worker.is_observed(), worker.is_stepped()),
        };
        Context { worker, raw, is_observed, is_stepped }
    }

    /// What ended the last wait. Given once.
    pub fn take_wake(&mut self) -> Wake<T::Value, T::Fault> {
        let record = self.record();
        // SAFETY: we are the running side, and in no list.
        let (own, message) = unsafe { (record.own(), record.message()) };
        let nobody = || Err("nobody completed the call".to_owned());
        match std::mem::replace(&mut own.woken, Woken::Nothing) {
            Woken::Nothing => Wake::None,
            Woken::Timer => Wake::Timer,
            Woken::Sent => Wake::Sent,
            Woken::Message => message.take().map_or(Wake::None, Wake::Message),
            Woken::Closed => Wake::Closed,
            Woken::Joined(target) => target.outcome().cloned().map_or(Wake::None, Wake::Joined),
            Woken::Group => {
                // SAFETY: as above; it has not ended.
                let end = unsafe { record.body().family.end() };
                end.and_then(Option::take).map_or(Wake::None, Wake::Group)
            }
            Woken::AllJoined => Wake::AllJoined,
            Woken::Io => Wake::Io,
            Woken::Completed(delivery) => Wake::Completed(delivery.lock().take().unwrap_or_else(nobody)),
            Woken::Latch => Wake::Latch,
            Woken::Selected(case) => Wake::Selected(case, message.take()),
            Woken::Cancelled => Wake::Cancelled,
            Woken::Deadlock(fault) => Wake::Deadlock(fault),
        }
    }

    /// The message that ended the last wait. `None`: something else did, which [`Context::take_wake`] tells.
    #[inline]
    pub fn take_message(&mut self) -> Option<T::Value> {
        if !matches!(self.own().woken, Woken::Message) {
            return None;
        }
        self.own().woken = Woken::Nothing;
        // SAFETY: we are the running side, and in no list.
        unsafe { self.record().message() }.take()
    }

    /// How the task ended that was joined, if that has ended the last wait. `None`: something else did, which
    /// [`Context::take_wake`] tells.
    pub fn take_joined(&mut self) -> Option<Outcome<T::Value, T::Fault>> {
        if !matches!(self.own().woken, Woken::Joined(_)) {
            return None;
        }
        let Woken::Joined(target) = std::mem::replace(&mut self.own().woken, Woken::Nothing) else { return None };
        self.worker.core.spares.outcome(target)
    }

    /// Did the last wait end as it should, with nothing to tell: the time has come, the message is sent, the source has
    /// risen? Otherwise [`Context::take_wake`] tells.
    #[inline]
    pub fn take_done(&mut self) -> bool {
        let is_done = matches!(self.own().woken, Woken::Timer | Woken::Sent | Woken::Io);
        if is_done {
            self.own().woken = Woken::Nothing;
        }
        is_done
    }

    /// Why the task was asked to end, if that has ended its last wait and nobody listens to events.
    pub fn cancelled_in_wait(&self) -> Option<CancelReason> {
        // SAFETY: we are the running side.
        let is_cancelled = matches!(unsafe { self.record().own() }.woken, Woken::Cancelled);
        if is_cancelled && !self.is_observed && !self.is_stepped { self.cancel_reason() } else { None }
    }

    /// Was the task asked to end? `None` while masked.
    #[inline]
    pub fn cancel_requested(&mut self) -> Option<CancelReason> {
        if self.is_cancel_requested() { self.cancel_reason() } else { None }
    }

    /// As `cancel_requested`, without the reason.
    #[inline]
    pub fn is_cancel_requested(&mut self) -> bool {
        if self.is_stepped() {
            let place = self.own().place;
            self.worker.rehearse_point(place);
        }
        self.shows_cancel()
    }

    /// As `is_cancel_requested`, which this is not where somebody rehearses.
    #[inline]
    pub fn shows_cancel(&self) -> bool {
        self.record().state.load().shows_cancel()
    }

    /// Was the task given up, so that it will not have another turn?
    pub fn is_killed(&self) -> bool {
        self.record().state.load().is_killed()
    }

    /// Why the task was asked to end, if it was and is not masked.
    pub fn cancel_reason(&self) -> Option<CancelReason> {
        let record = self.record();
        if record.state.load().shows_cancel() { record.cancel_reason() } else { None }
    }

    /// While masked, requests to cancel neither show nor end waits.
    pub fn set_masked(&mut self, masked: bool) {
        self.record().state.set_masked(masked);
    }

    /// Where the task stands; to be set before every wait.
    #[inline]
    pub fn set_place(&mut self, place: Place) {
        self.own().place = place;
    }

    /// Where the task said last that it stands.
    #[inline]
    pub fn place(&self) -> Place {
        // SAFETY: we are the running side.
        unsafe { self.record().own() }.place
    }

    /// Are tasks just run, neither simulated nor observed? Then a task may do by itself what it could ask a child to
    /// do, as long as nobody can tell; see [`Context::split`].
    #[inline]
    pub fn is_plain(&self) -> bool {
        self.worker.core.simulator.is_none() && !self.worker.is_observed()
    }

    /// Is every step looked at, in a rehearsal or under a seed? Then a task should say where it stands also while it
    /// computes, and ask [`Context::makes_way`] before each operation.
    #[inline]
    pub fn is_stepped(&self) -> bool {
        self.is_stepped
    }

    /// The task is about to begin an operation at this place, something that others may notice: is another one to run
    /// before? Then it yields, and begins it when it runs again.
    pub fn makes_way(&mut self, place: Place) -> bool {
        self.set_place(place);
        let core = &mut *self.worker.core;
        core.simulator.as_mut().is_some_and(|simulator| simulator.makes_way(&mut core.oracle))
    }

    /// The task's number, unique in the runtime.
    pub fn id(&self) -> u64 {
        self.record().id
    }

    /// Fuel for this slice: to be asked when a slice begins and after a tick that says to go on.
    pub fn fuel(&mut self) -> u32 {
        let is_lent = self.worker.is_lent();
        let core = &mut *self.worker.core;
        match &core.simulator {
            Some(simulator) => simulator.fuel(&mut core.oracle),
            None if is_lent => LENT_FUEL,
            None => FUEL,
        }
    }

    /// The turn is over, with so much of its last slice spent: who computes is shared with other workers, and who lent
    /// the turn pays.
    #[inline]
    pub fn note_spent(&mut self, fuel: u64) {
        self.worker.core.note_spent(fuel);
    }

    /// So much of the fuel that the task spends in this turn is for calls of the system: no computation that another
    /// processor might as well do.
    pub fn note_call(&mut self, fuel: u64) {
        self.worker.core.note_call(fuel);
    }

    /// So much of it was given away, and is no work: the program has come no further by it.
    pub fn note_unearned(&mut self, fuel: u64) {
        self.worker.core.note_unearned(fuel);
    }

    /// So much of it is a price, and no work either. Calls nothing.
    #[inline(always)]
    pub fn note_price(&mut self, fuel: u64) {
        self.worker.core.note_price(fuel);
    }

    /// Is there a task that could have its turn before this one waits? See [`lend_turn`](Self::lend_turn).
    #[inline(always)]
    pub fn can_lend(&self) -> bool {
        self.worker.can_lend()
    }

    /// The task is about to wait for something that has not happened: the one that would run next has its turn first,
    /// inside of this one. Afterwards it may have happened. Says what that takes from the fuel of this slice, and what
    /// was taken is to be told ([`note_unearned`](Self::note_unearned)): the other task has told it, too.
    ///
    /// `awaited` is the task that is to be joined, if one is. Nothing is done where there is no such task.
    pub fn lend_turn(&mut self, awaited: Option<&TaskHandle<T>>) -> u64 {
        self.worker.lend_turn(awaited.map(|handle| handle.0.raw()))
    }

    /// The fuel is spent: go on with more, or yield?
    pub fn tick(&mut self) -> Tick {
        if self.record().state.load().is_killed() {
            return Tick::Yield;
        }
        self.worker.tick()
    }

    /// Has the task made others in this slice that have not begun?
    #[inline]
    pub fn has_made_any(&self) -> bool {
        self.worker.core.queue.has_made_at_least(1)
    }

    /// Has the task made so many tasks in this slice that it should end it, and let them begin?
    #[inline]
    pub fn has_made_many(&self) -> bool {
        self.worker.core.queue.has_made_at_least(MANY)
    }

    /// A step begins that takes many slices (a native function that computes): what is queued may be taken by other
    /// workers, one of which is woken for that.
    pub fn begin_long(&mut self) {
        self.worker.begin_long();
    }

    /// The task has done something at this place that may have taken long, as one step. Others may hear of it.
    pub fn took_long(&mut self, place: Place) {
        self.worker.took_long(place);
    }

    /// Does somebody listen to events?
    #[inline]
    pub fn is_observed(&self) -> bool {
        self.is_observed
    }

    /// Whether nobody listens to events or looks at steps, and no request to cancel shows. Calls nothing.
    #[inline(always)]
    pub fn is_undisturbed(&self) -> bool {
        !self.is_observed && !self.is_stepped && !self.shows_cancel()
    }

    /// Notes that a cleanup begins here, or that the innermost one is over.
    pub fn note_cleanup(&mut self, begins_at: Option<Place>) {
        self.note(begins_at.map_or(EventKind::CleanupEnded, |at| EventKind::CleanupBegan { at }));
    }

    /// Nanoseconds of a clock that never runs backwards; virtual in the simulator.
    pub fn now_ns(&self) -> u64 {
        match &self.worker.core.simulator {
            Some(simulator) => simulator.now_ns(),
            None => self.worker.shared.clock_ns(),
        }
    }

    /// Milliseconds since 1970; virtual in the simulator.
    pub fn wall_ms(&self) -> i64 {
        match &self.worker.core.simulator {
            Some(simulator) => WALL_START_MS + (simulator.now_ns() / 1_000_000) as i64,
            None => Shared::<T>::wall_ms(),
        }
    }

    /// A number by chance; the seed's in the simulator.
    pub fn random_u64(&mut self) -> u64 {
        self.worker.core.oracle.next_u64()
    }

    /// Where sources of input and output are registered.
    pub fn registry(&self) -> std::io::Result<crate::reactor::Registry> {
        self.worker.shared.poller().map(|poller| poller.registry.clone())
    }

    fn note(&mut self, kind: EventKind) {
        let task = self.id();
        self.worker.note(task, kind);
    }

    fn record(&self) -> &Record<T> {
        // SAFETY: the running task lives until the worker ends it, after the context is gone.
        unsafe { self.raw.get() }
    }

    fn own(&mut self) -> &mut Own<T> {
        // SAFETY: we are the running side, and the context is borrowed exclusively meanwhile.
        unsafe { self.record().own() }
    }

    /// Who waits, and the number of the wait, if there is going to be one. Nothing else may be waited for.
    fn next_wait(&mut self) -> (Raw<T>, u32) {
        let raw = self.raw;
        let own = self.own();
        assert!(matches!(own.waiting, Waiting::Nothing), "a task waits for one thing at a time");
        (raw, own.generation.wrapping_add(1))
    }

    /// The wait that `next_wait` has numbered was registered.
    fn register(&mut self, waiting: Waiting<T>) {
        let own = self.own();
        own.generation = own.generation.wrapping_add(1);
        own.wait_for(waiting);
    }
}
