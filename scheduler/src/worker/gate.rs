//! When to share: a push wakes nobody by itself.
//!
//! Waking a worker costs 1.4 us and takes about 5 (measured), and what is taken to another processor leaves a warm
//! cache. Two tasks that talk to each other, or a thousand that do a tenth of a microsecond's work each, are done
//! sooner by one worker. So a worker looks every [`LOOK_EVERY`] passes, when tasks have computed for a while, and at
//! each tick, and opens its gate, which thieves respect, only if tasks wait for one of these reasons:
//!
//! - *Turns are long*: the last ones took [`LONG_NS`] each or more, and spent the fuel for that, but not on messages
//!   and calls of the system. Tasks that compute run as well elsewhere.
//! - *A child waits*: the oldest one is the same as [`CHILD_NS`] ago. It may be half of a tree.
//! - *All wait for long*: of the woken ones that were queued [`WOKEN_NS`] ago some have not had their turns. There are
//!   very many.
//! - *It pays off*, as was found out by trying (`sharing.rs`).
//!
//! Then it wakes one worker, unless one searches; and again at each look, as long as one of them holds.

use crate::Task;
use crate::context::FUEL;
use crate::seat::Seat;
use crate::sharing::Sight;
use crate::sync::atomic::Ordering;
use crate::sync::thread;

use super::find::{steal_batch, steal_one};
use super::{Core, Worker};

/// Who computes so long is worth being taken: that costs some hundreds of nanoseconds. Tasks of half of it are done as
/// soon by two workers as by one, and of a tenth of it later (measured).
const LONG_NS: u64 = 1_000;

/// Without as much fuel it was no computation, but the system ran others. Computing spends twice as much in that time.
const LONG_FUEL: u64 = FUEL as u64 / 48;

/// For each message, so much of the fuel was no computation: who sends or receives thousands in a slice talks to
/// somebody, who should stay near.
const MESSAGE_FUEL: u64 = 32;

/// What it is worth to spawn a task, and that it ends, as fuel: about what else could be done in that time.
const TASK_FUEL: u64 = 32;

/// Turns are judged together that have spent so much, or are so many.
const JUDGED_FUEL: u64 = 4 * FUEL as u64;
const JUDGED_PASSES: u32 = 4 * LOOK_EVERY;

/// Delays from 0 to 50 us made no difference for trees of work, 100 us did (4.3 ms against 2.8). With 20 us half of a
/// million tasks that end at once went elsewhere, and took 327 ns each in place of 285.
const CHILD_NS: u64 = 50_000;

/// Less than a person notices, and longer than it takes to run a hundred thousand tasks that end at once (arbitrary).
const WOKEN_NS: u64 = 30_000_000;

/// Passes between two looks: 16 passes of short tasks are about a microsecond.
const LOOK_EVERY: u32 = 16;

/// Fuel that tasks spend between two looks at most, but for a turn: some microseconds.
const LOOK_AFTER: u64 = FUEL as u64 / 8;

/// So many children who compute are left to other workers while the task that has made them makes more (arbitrary; with
/// none the other worker went to sleep once for each batch, and of tasks of 3 us each a fifth of its time was lost).
const LEFT_TO_OTHERS: usize = 32;

/// A guest waits so long at most for the home to take back what it has: several looks of that (arbitrary).
const LEAVE_NS: u64 = 100_000;

/// What a worker remembers of its last looks.
#[derive(Default)]
pub struct Gate {
    /// Fuel that was spent since the last look.
    spent: u64,
    /// Fuel that was spent before.
    done: u64,
    /// Fuel that went with messages and calls of the system since turns are judged.
    talked: u64,
    /// Since when turns are judged, from which pass on, and what they had spent at the last look.
    judged: (u64, u32, u64),
    are_turns_long: bool,
    /// Since when there are children, and how often there were none before.
    children_since: Option<(u64, u32)>,
    /// When the woken ones were counted, and how many will have been taken when those have had their turns.
    woken_since: Option<(u64, u32)>,
    is_open: bool,
    /// It has taken tasks while that was tried or paid off, and not slept since.
    pub(super) is_guest: bool,
}

impl<T: Task> Core<T> {
    /// A turn is over that has spent so much fuel, of its last slice.
    #[inline]
    pub fn note_spent(&mut self, fuel: u64) {
        self.spent = fuel;
        self.gate.spent += fuel;
    }

    /// The task whose turn it is sends or receives a message. Not told of those that go into a buffer at once: who
    /// sends many of them soon waits, or hears that receivers are behind.
    #[inline(always)]
    pub fn note_message(&mut self) {
        self.gate.talked += MESSAGE_FUEL;
    }

    /// So much of what the task spends is for calls of the system.
    pub fn note_call(&mut self, fuel: u64) {
        self.gate.talked += fuel;
    }

    /// Is it time to look, at pass number `pass`?
    #[inline]
    pub(super) fn is_look_due(&self, pass: u32) -> bool {
        pass.is_multiple_of(LOOK_EVERY) || self.gate.spent >= LOOK_AFTER
    }

    /// What was until now is no part of turns.
    pub(super) fn judge_from_here(&mut self) {
        self.gate.judged = (self.now_ns, self.passes, 0);
        self.gate.talked = 0;
    }

    /// Judges the last turns, if they are enough for that.
    fn judge(&mut self) {
        let (since_ns, first, before) = self.gate.judged;
        let last = std::mem::take(&mut self.gate.spent);
        self.gate.done = self.gate.done.wrapping_add(last);
        let (passes, spent) = (self.passes.wrapping_sub(first).max(1), before + last);
        if spent < JUDGED_FUEL && passes < JUDGED_PASSES {
            self.gate.judged.2 = spent;
            return;
        }
        let turns = u64::from(passes);
        let computed = spent.saturating_sub(self.gate.talked);
        self.gate.are_turns_long =
            computed >= turns * LONG_FUEL && self.now_ns.saturating_sub(since_ns) >= turns * LONG_NS;
        self.queue.left_to_others = if self.gate.are_turns_long { LEFT_TO_OTHERS } else { 0 };
        self.judge_from_here();
    }

    /// Fuel that was counted twice, or given away: neither computation nor work of any sort.
    pub fn note_unearned(&mut self, fuel: u64) {
        self.gate.talked += fuel;
        self.note_price(fuel);
    }

    /// Fuel that was a price, and no work.
    #[inline(always)]
    pub fn note_price(&mut self, fuel: u64) {
        self.gate.done = self.gate.done.wrapping_sub(fuel);
    }

    /// A task was spawned, or has ended that was.
    #[inline]
    pub fn note_task(&mut self) {
        self.gate.done = self.gate.done.wrapping_add(TASK_FUEL);
    }

    /// The task whose turn it is has spent a slice, and has another one.
    pub fn note_slice(&mut self, fuel: u64) {
        self.gate.done = self.gate.done.wrapping_add(fuel);
    }

    /// Is there a reason to share, by the clock that was just read? And is anybody queued?
    fn has_reason_to_share(&mut self) -> (bool, bool) {
        self.judge();
        let waits = |since_ns: u64, limit_ns: u64| self.now_ns.saturating_sub(since_ns) >= limit_ns;
        let (has_children, has_woken) = self.queue.queued();

        let emptied = self.queue.children_emptied;
        let children_since = self.gate.children_since.filter(|(_, counter)| *counter == emptied);
        let is_child_old = children_since.is_some_and(|(since_ns, _)| waits(since_ns, CHILD_NS));
        let woken_since = self.gate.woken_since.filter(|(_, mark)| !self.queue.has_taken(*mark));
        let are_woken_old = woken_since.is_some_and(|(since_ns, _)| waits(since_ns, WOKEN_NS));

        self.gate.children_since = has_children.then(|| children_since.unwrap_or((self.now_ns, emptied)));
        let mark = self.queue.woken_mark();
        self.gate.woken_since = has_woken.then(|| woken_since.unwrap_or((self.now_ns, mark)));
        let is_somebody_queued = has_children || has_woken;
        let has_reason = is_somebody_queued && self.gate.are_turns_long
            || has_children && is_child_old
            || has_woken && are_woken_old;
        (has_reason, is_somebody_queued)
    }
}

impl<T: Task> Worker<T> {
    /// The task whose turn it is begins a step that takes many slices. The next look will judge anew.
    pub(crate) fn begin_long(&mut self) {
        if self.shared.seats.len() == 1 || self.core.simulator.is_some() {
            return;
        }
        // Behind all others those that are late would be worse off, unless somebody takes them now.
        match (0..self.shared.seats.len()).any(|index| self.shared.idle.is_idle(index)) {
            true => self.core.queue.show_all(),
            false => self.core.queue.flush(),
        }
        if !self.core.queue.is_hidden() {
            self.set_gate(true);
        }
    }

    /// Opens or closes the gate by the clock that was just read.
    pub(super) fn look_at_gate(&mut self) {
        if self.shared.seats.len() == 1 {
            return;
        }
        let (has_reason, is_somebody_queued) = self.core.has_reason_to_share();
        // Relaxed: only a number.
        self.seat().done.store(self.core.gate.done, Ordering::Relaxed);
        let is_shared = self.look_at_sharing(is_somebody_queued, has_reason);
        if self.shared.sharing.is_home_awaited(self.index) {
            self.take_back();
        }
        self.set_gate(has_reason || is_shared && is_somebody_queued);
    }

    /// Opens or closes the gate. If it is open, somebody searches.
    fn set_gate(&mut self, is_open: bool) {
        if is_open != self.core.gate.is_open {
            self.core.gate.is_open = is_open;
            // Relaxed: `take_searcher` fences before it looks for sleepers; the rest is a hint.
            self.shared.seats[self.index].is_open.store(is_open, Ordering::Relaxed);
        }
        if mutant!("gate.opens-and-wakes-nobody", is_open, false)
            && let Some(index) = self.shared.idle.take_searcher()
        {
            self.shared.unpark(index);
        }
    }

    /// Does it pay off to share, or is that tried at the moment?
    fn look_at_sharing(&self, is_somebody_queued: bool, has_reason: bool) -> bool {
        let sight = Sight { now_ns: self.core.now_ns, index: self.index, is_somebody_queued, has_reason };
        // Relaxed: only numbers.
        let done = |sum: u64, seat: &Seat<T>| sum.wrapping_add(seat.done.load(Ordering::Relaxed));
        self.shared.sharing.look(sight, || self.shared.seats.iter().fold(0, done))
    }

    /// The home takes back what guests have that wait for that.
    #[cold]
    fn take_back(&mut self) {
        for seat in &self.shared.seats {
            // Relaxed, all of it: a hint. Who waits makes nothing new, and does so for a limited time.
            while seat.is_leaving.load(Ordering::Relaxed) {
                let found = steal_one(&seat.children).or_else(|| steal_batch(&seat.woken, self.core.queue.woken()));
                let Some(raw) = found else { break };
                self.core.queue.push_last(raw);
            }
        }
    }

    /// A guest gives back what it has, if it does not pay off any more: waits until the home has taken it, but not for
    /// long, and not if that sleeps.
    pub(super) fn go_home_if_due(&mut self) {
        if self.core.gate.is_guest && !self.shared.sharing.is_on() {
            self.go_home();
        }
    }

    #[cold]
    fn go_home(&mut self) {
        self.core.gate.is_guest = false;
        let home = self.shared.sharing.home();
        if home == self.index {
            return;
        }
        self.core.queue.show_all();
        let until_ns = self.shared.clock_ns() + LEAVE_NS;
        // Relaxed: hints.
        self.seat().is_leaving.store(true, Ordering::Relaxed);
        self.shared.sharing.begin_to_wait();
        while !self.core.queue.is_hidden()
            && !self.shared.idle.is_idle(home)
            && !self.shared.is_paused()
            && self.shared.clock_ns() < until_ns
        {
            thread::yield_now();
        }
        self.seat().is_leaving.store(false, Ordering::Relaxed);
        self.shared.sharing.end_to_wait();
    }
}
