//! Where the next task comes from.

use smallvec::SmallVec;

use crate::context::FUEL;
use crate::io_waits::EndIo;
use crate::seat::TimerEntry;
use crate::simulator::{Late, Next, What};
use crate::sync::atomic::Ordering;
use crate::sync::deque::{Steal, Stealer, Worker as Deque};
use crate::task::record::Raw;
use crate::task::state::{Claim, Claimed};
use crate::{EventKind, Task, Tick, Waker};

use super::Worker;
use super::holds::Suspect;

/// Passes between two looks at injector, clock, timers and poller. Every 61 costs less than 1 ns a pass, every 7 made
/// pingpong 11 ns slower (measured). A prime, so that it does not fall into step with a program's own rhythm.
const MAINTAIN_EVERY: u32 = 61;

/// The oldest child comes out of its turn this often at most. In a tree of tasks it is one near the root, which makes more: every 61
/// passes, a tree of a million tasks came to have a tenth of its inner ones at once, and lived in no cache any more (measured).
const OLDEST_EVERY_NS: u64 = 1_000_000;

/// The poller is asked in passing after this long, if nobody else has it.
const POLL_EVERY_NS: u64 = 200_000;

/// And after this long, though tasks that it has woken still wait for their turn. Before, more of them would only grow cold in the queue:
/// with a thousand busy connections all of them came to wait there.
const POLL_LATEST_NS: u64 = 2_000_000;

/// Tasks that are looked at together (arbitrary).
const AT_ONCE: usize = 16;

/// So long tasks may try before their turns, and some more: others wait meanwhile. With small messages 64 of them take half of it.
const TRYING_NS: u64 = 200_000;

/// What more tasks touch is in no cache any more when their turns come (arbitrary).
const PREFETCHED_MAX: usize = 256;

impl<T: Task> Worker<T> {
    /// The next task; `None` when there is nothing to do at the moment.
    pub(crate) fn next(&mut self) -> Option<Raw<T>> {
        if self.core.simulator.is_some() {
            return self.next_simulated();
        }
        self.core.passes = self.core.passes.wrapping_add(1);
        let pass = self.core.passes;
        if pass.is_multiple_of(MAINTAIN_EVERY) {
            self.maintain(Suspect::Somebody);
            self.look_if_due();
            self.go_home_if_due();
            if let Some(raw) = self.take_injected().or_else(|| self.oldest_child()) {
                return Some(raw);
            }
        } else if self.core.is_look_due(pass) && !self.core.queue.is_hidden() && self.shared.seats.len() > 1 {
            self.core.now_ns = self.shared.clock_ns();
            self.look_at_gate();
            self.go_home_if_due();
        }
        if self.shared.is_paused() {
            return None;
        }
        let found = self.core.queue.pop(pass);
        if found.is_some() {
            return found;
        }
        self.maintain(Suspect::Somebody);
        self.look_if_due();
        let found = self.core.queue.pop(pass).or_else(|| self.take_injected()).or_else(|| self.steal());
        if found.is_some() {
            self.core.stop_search(&self.shared);
        }
        found
    }

    /// The task has spent its fuel.
    pub(crate) fn tick(&mut self) -> Tick {
        if let Some(simulator) = &mut self.core.simulator {
            simulator.pass_to(simulator.now_ns().saturating_add(simulator.tick_ns()));
            self.core.now_ns = simulator.now_ns();
            self.fire_timers();
            let must_yield = self.core.simulator.as_ref().is_some_and(|simulator| simulator.must_yield());
            return if must_yield || self.shared.is_paused() { Tick::Yield } else { Tick::Continue };
        }
        mutant!("queue.hides-the-slot-from-thieves", self.core.queue.flush(), ());
        self.maintain(Suspect::Running);
        if self.core.holds.open.is_some() {
            // Where it stands is known when it has yielded.
            return Tick::Yield;
        }
        let is_alone = !self.is_lent()
            && self.core.queue.is_empty()
            && self.shared.injector.is_empty()
            && !self.shared.is_paused();
        let is_alone = is_alone && !self.shared.watch.is_due(self.core.now_ns) && !self.is_late();
        if !is_alone {
            return Tick::Yield;
        }
        self.core.note_slice(u64::from(FUEL));
        Tick::Continue
    }

    /// Reads the clock, fires timers, asks the poller if it is time, and looks at the gate.
    pub(super) fn maintain(&mut self, suspect: Suspect) {
        self.seat().pass();
        let before_ns = std::mem::replace(&mut self.core.now_ns, self.shared.clock_ns());
        if self.core.now_ns >= self.core.holds.next_ns {
            self.look_back(before_ns, suspect);
        }
        self.fire_timers();
        self.poll_in_passing();
        self.look_at_gate();
    }

    /// Fires what is due in our own wheel, and says how many tasks that woke.
    pub(crate) fn fire_timers(&mut self) -> usize {
        let now_ns = self.core.now_ns;
        if self.shared.is_deadline_met(now_ns) {
            self.meet_deadlines();
        }
        self.core.has_armed = false;
        let mut fired = std::mem::take(&mut self.core.fired);
        let mut limits = Vec::new();
        let mut late = Vec::new();
        let is_simulated = self.core.simulator.is_some();
        let mut claim = |entry| {
            let TimerEntry { raw, generation, is_limit } = entry;
            // SAFETY: a task whose timer is armed lives until it has had this lock (`disarm`).
            let record = unsafe { raw.get() };
            if is_limit && is_simulated {
                // SAFETY: as above.
                let owner = unsafe { raw.to_ref() };
                late.push(Late { at_ns: now_ns, owner, generation, what: What::Limit });
            } else if record.state.claim(generation, Claim::Timer) == Claimed::Queue {
                if is_limit { limits.push(raw) } else { fired.push(raw) }
            }
        };
        // Some at a time: the cache gets their records together.
        let mut due: SmallVec<[TimerEntry<T>; AT_ONCE]> = SmallVec::new();
        let mut timers = self.seat().timers.lock();
        timers.advance(now_ns, &mut |entry: TimerEntry<T>| {
            entry.raw.prefetch();
            due.push(entry);
            if due.len() == AT_ONCE {
                due.drain(..).for_each(&mut claim);
            }
        });
        due.drain(..).for_each(&mut claim);
        drop(timers);
        let count = fired.len() + limits.len();
        if (2..=PREFETCHED_MAX).contains(&fired.len()) {
            // SAFETY: we have won the claim of each, and not queued it yet.
            unsafe { prefetch_all(&fired) };
        }
        // A body that completes at its limit wins: sleepers first.
        for raw in fired.drain(..).chain(limits) {
            self.push_woken_by(raw, Waker::Timer);
        }
        self.core.fired = fired;
        if let Some(simulator) = &mut self.core.simulator {
            late.into_iter().for_each(|late| simulator.push_late(late));
        }
        count
    }

    /// Queues the tasks of sources that have become ready.
    pub(crate) fn wake_ready(&mut self, mut ended: EndIo<T>) {
        if ended.ended > 0 {
            self.seat().io_waits.add(-std::mem::take(&mut ended.ended));
            if ended.ready.len() > 1 {
                // SAFETY: we have won the claim of each, and not queued it yet.
                unsafe { prefetch_all(&ended.ready) };
                if self.core.simulator.is_none() {
                    // SAFETY: as above.
                    unsafe { self.try_all(&ended.ready) };
                }
            }
            for raw in ended.ready.drain(..) {
                self.push_woken_by(raw, Waker::Io);
            }
            self.core.polled_until = self.core.queue.woken_mark();
        }
        self.core.io = ended;
    }

    /// Lets tasks try what they waited for: a hundred calls of the system that read and then a hundred that write take less time than both by turns, as
    /// the peer is not woken for each answer. Those who come too late try in their turns.
    ///
    /// # Safety
    /// They are the caller's to queue.
    unsafe fn try_all(&self, woken: &[Raw<T>]) {
        let until_ns = self.shared.clock_ns().saturating_add(TRYING_NS);
        for some in woken.chunks(AT_ONCE) {
            for raw in some {
                // SAFETY: promised by the caller; it lives and nobody runs it.
                let record = unsafe { raw.get() };
                if record.state.load().shows_cancel() {
                    continue;
                }
                // SAFETY: as above: we are the running side.
                if let Some(task) = unsafe { record.task() } {
                    task.try_early();
                }
            }
            if self.shared.clock_ns() >= until_ns {
                return;
            }
        }
    }

    /// By the clock that was just read: has the caller no more time?
    fn is_late(&self) -> bool {
        self.core.until_ns.is_some_and(|until_ns| self.core.now_ns >= until_ns)
    }

    fn poll_in_passing(&mut self) {
        let past_ns = self.core.now_ns.saturating_sub(self.core.polled_ns);
        if past_ns >= POLL_EVERY_NS && (past_ns >= POLL_LATEST_NS || self.core.queue.has_taken(self.core.polled_until))
        {
            self.poll_now();
        }
    }

    /// Queues the tasks of sources that are ready, without waiting, if nobody else polls.
    pub(super) fn poll_now(&mut self) {
        let Some(poller) = self.shared.poller_if_any().filter(|_| self.shared.has_io_waits()) else { return };
        self.core.polled_ns = self.core.now_ns;
        let mut ended = std::mem::take(&mut self.core.io);
        if let Some(mut reactor) = poller.reactor.try_lock() {
            // An error of the poller leaves nothing to do here: tasks wait on.
            _ = reactor.poll(Some(std::time::Duration::ZERO), &mut ended);
        }
        self.wake_ready(ended);
    }

    /// Now and then the oldest child comes first: the deque of children starves its bottom otherwise.
    fn oldest_child(&mut self) -> Option<Raw<T>> {
        if self.core.now_ns.saturating_sub(self.core.oldest_ns) < OLDEST_EVERY_NS {
            return None;
        }
        self.core.oldest_ns = self.core.now_ns;
        steal_one(&self.seat().children)
    }

    /// The next task from outside.
    fn take_injected(&mut self) -> Option<Raw<T>> {
        let raw = self.shared.take_injected()?;
        self.note_injected(raw);
        Some(raw)
    }

    fn steal(&mut self) -> Option<Raw<T>> {
        let (raw, victim) = self.steal_from()?;
        // SAFETY: what was queued lives, and taking it was taking the right to run it.
        self.note(unsafe { raw.get() }.id, EventKind::Stolen { from: victim as u32 });
        Some(raw)
    }

    /// Takes from workers whose gate is open, and says from which.
    fn steal_from(&mut self) -> Option<(Raw<T>, usize)> {
        let seats = &self.shared.seats;
        let start = if seats.len() > 2 { self.core.oracle.pick(seats.len()) } else { 0 };
        for offset in 0..seats.len() {
            let victim = &seats[(start + offset) % seats.len()];
            // Relaxed: a hint; whoever opens a gate wakes somebody afterwards.
            if std::ptr::eq(victim, self.seat()) || !victim.is_open.load(Ordering::Relaxed) {
                continue;
            }
            let found = steal_one(&victim.children).or_else(|| steal_batch(&victim.woken, self.core.queue.woken()));
            if let Some(raw) = found {
                self.core.gate.is_guest |= self.shared.sharing.is_on();
                // Relaxed: only a counter.
                self.shared.counters.steals.fetch_add(1, Ordering::Relaxed);
                return Some((raw, (start + offset) % seats.len()));
            }
        }
        None
    }

    fn next_simulated(&mut self) -> Option<Raw<T>> {
        while let Some(raw) = self.take_injected() {
            self.requeue(raw);
        }
        if self.shared.is_paused() {
            return None;
        }
        loop {
            let core = &mut *self.core;
            let simulator = core.simulator.as_mut()?;
            core.now_ns = simulator.now_ns();
            // Relaxed: only shown.
            self.shared.virtual_ns.store(core.now_ns, Ordering::Relaxed);
            match simulator.next(&mut core.oracle)? {
                Next::Task(raw) => {
                    if simulator.count_turn() {
                        core.now_ns = simulator.now_ns();
                        self.fire_timers();
                    }
                    return Some(raw);
                }
                Next::Job(job) => {
                    job();
                    while let Some(raw) = self.take_injected() {
                        self.requeue(raw);
                    }
                }
                Next::Late(late) => self.settle_late(late),
            }
        }
    }
}

/// Asks for the memory that woken tasks will touch, all of each depth before the next: what a deeper one reads is there by then.
///
/// # Safety
/// They are the caller's to queue.
unsafe fn prefetch_all<T: Task>(woken: &[Raw<T>]) {
    for raw in woken {
        // SAFETY: promised by the caller; it lives and nobody runs it.
        unsafe { raw.get() }.prefetch_body();
    }
    for depth in 0..T::PREFETCH_DEPTHS {
        for raw in woken {
            // SAFETY: as above.
            if let Some(task) = unsafe { raw.get().task() } {
                task.prefetch(depth);
            }
        }
    }
}

pub(super) fn steal_one<V>(stealer: &Stealer<V>) -> Option<V> {
    loop {
        match stealer.steal() {
            Steal::Success(found) => return Some(found),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}

/// Some of a deque, to another one, and one of them.
pub(super) fn steal_batch<V>(stealer: &Stealer<V>, into: &Deque<V>) -> Option<V> {
    loop {
        match stealer.steal_batch_and_pop(into) {
            Steal::Success(found) => return Some(found),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}
