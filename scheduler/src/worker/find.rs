//! Where the next task comes from.

use crate::context::FUEL;
use crate::simulator::Next;
use crate::sync::atomic::Ordering;
use crate::sync::deque::{Steal, Stealer, Worker as Deque};
use crate::task::record::Raw;
use crate::{EventKind, Task, Tick};

use super::Worker;
use super::holds::Suspect;

/// Passes between two looks at injector, clock, timers and poller. Every 61 costs less than 1 ns a pass, every 7 made
/// pingpong 11 ns slower (measured). A prime, so that it does not fall into step with a program's own rhythm.
const MAINTAIN_EVERY: u32 = 61;

/// The oldest child comes out of its turn this often at most. In a tree of tasks it is one near the root, which makes
/// more: every 61 passes, a tree of a million tasks came to have a tenth of its inner ones at once, and lived in no
/// cache any more (measured).
const OLDEST_EVERY_NS: u64 = 1_000_000;

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
        } else if self.core.is_look_due(pass) {
            if std::mem::take(&mut self.core.was_long) {
                self.maintain(Suspect::Somebody);
                self.look_if_due();
            } else if !self.core.queue.is_hidden() && self.shared.seats.len() > 1 {
                self.core.now_ns = self.shared.clock_ns();
                self.look_at_gate();
                self.go_home_if_due();
            }
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

    /// By the clock that was just read: has the caller no more time?
    fn is_late(&self) -> bool {
        self.core.until_ns.is_some_and(|until_ns| self.core.now_ns >= until_ns)
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
