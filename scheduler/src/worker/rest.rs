//! What a worker does when it finds nothing to do: let virtual time jump, park, or find out that all is dead.

use std::time::Duration;

use crate::runtime::Shared;
use crate::sync::atomic::Ordering;
use crate::{Task, deadlock};

use super::{Core, Worker};

impl<T: Task> Core<T> {
    /// The worker was woken to look for work.
    pub(super) fn start_search(&mut self, shared: &Shared<T>) {
        if !std::mem::replace(&mut self.is_searching, true) {
            shared.idle.search(true);
        }
    }

    /// It has found some, or gives up.
    pub(super) fn stop_search(&mut self, shared: &Shared<T>) {
        if std::mem::replace(&mut self.is_searching, false) {
            shared.idle.search(false);
        }
    }
}

impl<T: Task> Worker<T> {
    /// Begins to work in the seat.
    pub(super) fn sit_down(&mut self) {
        self.core.begin_log(&self.shared);
        self.core.update_attention();
        if self.core.simulator.is_none() {
            self.core.now_ns = self.shared.clock_ns();
            self.core.holds.begin(self.core.now_ns);
        }
        self.shared.idle.leave(self.index);
        self.shared.wait_while_paused(self.index);
    }

    /// Waits until there may be something to do.
    pub(crate) fn rest(&mut self, is_over: &impl Fn() -> bool) {
        if let Some(is_last) = self.come_to_rest(is_over) {
            self.park(is_last);
        }
    }

    /// Makes sure that there is nothing to do: then the worker is idle, and this says whether it is the last one.
    pub(super) fn come_to_rest(&mut self, is_over: &impl Fn() -> bool) -> Option<bool> {
        if self.shared.is_paused() {
            // There may be tasks in our queue: we are not idle, only stopped.
            self.core.hand_in_events(&self.shared);
            self.shared.wait_while_paused(self.index);
            return None;
        }
        self.look_simulated();
        if self.jump() {
            return None;
        }
        if self.core.passes.wrapping_sub(std::mem::replace(&mut self.core.rested, self.core.passes)) > 1 {
            self.shared.watch.note_turns();
        }
        self.core.stop_search(&self.shared);
        self.hand_in();
        self.shared.observer.idle();
        let is_last = self.shared.idle.enter(self.index);
        self.shared.note_idle();
        self.shared.sharing.note_rest(self.index, is_last, self.core.now_ns);
        // The second look, after the bit is set: see `idle.rs`.
        let has_work = !self.shared.injector.is_empty() || self.is_theft_possible();
        if mutant!("rest.does-not-look-twice", has_work, false) || is_over() {
            self.shared.idle.leave(self.index);
            self.shared.wait_while_paused(self.index);
            return None;
        }
        if is_last && self.is_dead() {
            let found = deadlock::handle(self);
            self.shared.idle.leave(self.index);
            self.shared.wait_while_paused(self.index);
            if found {
                return None;
            }
            self.shared.idle.enter(self.index);
            self.shared.note_idle();
        }
        Some(is_last)
    }

    /// Parks until somebody wakes us, a timer of ours is due, or a source is ready.
    fn park(&mut self, is_last: bool) {
        let is_real = self.core.simulator.is_none();
        let next_look = if is_last && is_real { self.shared.watch.next_look() } else { None };
        let next_limit = if is_last { self.shared.deadlines.next() } else { None };
        let timed = self.next_deadline().into_iter().chain(next_limit).min();
        let first = timed.into_iter().chain(next_look).chain(self.core.until_ns).min();
        let limit = first.map(|deadline_ns| {
            let now_ns = if self.core.simulator.is_some() { self.core.now_ns } else { self.shared.clock_ns() };
            Duration::from_nanos(deadline_ns.saturating_sub(now_ns))
        });
        let mut ended = std::mem::take(&mut self.core.io);
        // Relaxed: only a counter.
        self.shared.counters.parks.fetch_add(1, Ordering::Relaxed);
        self.core.gate.is_guest = false;
        self.seat().parker.park(self.shared.poller_if_any(), limit, &mut ended);
        if self.core.simulator.is_none() {
            let before_ns = std::mem::replace(&mut self.core.now_ns, self.shared.clock_ns());
            self.core.holds.parked(self.core.now_ns - before_ns);
            self.core.fired_ns = self.core.now_ns;
            self.core.judge_from_here();
        }
        let was_woken = !self.shared.idle.leave(self.index);
        self.shared.wait_while_paused(self.index);
        if was_woken {
            self.core.start_search(&self.shared);
        }
        if self.core.simulator.is_some() && limit.is_some() && ended.ended == 0 && !was_woken {
            // The limit is over in reality, and nothing outside has happened before.
            self.jump_to(timed);
        }
        if ended.ended > 0 {
            self.core.polled_ns = self.core.now_ns;
        }
        // Not before the worker counts as awake: until then its tasks would be neither waiting nor anybody's.
        self.wake_ready(ended);
    }

    /// In the simulator, if nothing outside may happen first: lets time jump to the next timer.
    fn jump(&mut self) -> bool {
        if self.core.simulator.is_none() {
            return false;
        }
        let outside = self.shared.outside_pending() > 0 || self.shared.has_io_waits();
        // Without a timer there is nothing to wait for: a limit of time alone does not keep a deadlock from being told.
        let before = |first: u64| self.shared.deadlines.next().map_or(first, |limit_ns| first.min(limit_ns));
        !outside && self.jump_to(self.next_deadline().map(before))
    }

    fn jump_to(&mut self, deadline_ns: Option<u64>) -> bool {
        let (Some(deadline_ns), Some(simulator)) = (deadline_ns, &mut self.core.simulator) else { return false };
        simulator.pass_to(deadline_ns.max(simulator.now_ns()));
        self.core.now_ns = simulator.now_ns();
        self.fire_timers();
        true
    }

    /// When time itself will wake somebody of ours: never, while it is held before that.
    pub(super) fn next_deadline(&self) -> Option<u64> {
        let first = self.seat().timers.lock().next_deadline();
        first.filter(|deadline_ns| self.core.simulator.as_ref().is_none_or(|time| time.allows(*deadline_ns)))
    }

    /// Are there runs, and can nothing wake any of their tasks? Timers cannot while time is held before them.
    pub(crate) fn is_dead(&self) -> bool {
        let is_held = self.core.simulator.is_some() && self.next_deadline().is_none();
        if is_held { self.shared.is_dead_but_for_time() } else { self.shared.is_dead() }
    }

    fn is_theft_possible(&self) -> bool {
        self.shared.seats.iter().enumerate().any(|(index, seat)| {
            let is_open = index != self.index && seat.is_open.load(Ordering::Relaxed);
            is_open && !(seat.children.is_empty() && seat.woken.is_empty())
        })
    }
}
