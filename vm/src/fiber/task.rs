//! Tasks in place: a task begins on the stack of the fiber that spawns it.
//!
//! Most tasks that only compute are over within a microsecond, and a fiber, a record and a turn cost a multiple of
//! that. So `spawn` begins with the task in place, as a branch (`branch.rs`): if it ends with a value there, the handle
//! that `spawn` gives is that value, and nothing of a task was ever made. As soon as it could tell the difference, or
//! has spent [`SHORT`], it is moved out like every branch, into a fiber that is queued, and the spawner goes on.
//!
//! What always holds:
//! - `spawn` returns at once (C5): nothing that anybody could notice happens in place, and it takes half a microsecond.
//! - A task in place is the outermost branch, since `spawn` moves all others out. So what it begins in place moves with
//!   it.
//! - An error is told by a task: what ends in place with a failure or fault becomes a fiber that ends with that in its
//!   first turn. Joined or not, caught or reported, everything goes the usual way from there.
//! - A task in place is never cancelled: a request to its spawner is noticed where the task is over or moved out. One
//!   that is moved out and cancelled before its next turn has not begun, and drops what it has.
//! - Steps that may take long are none of what is in place: comparisons that go through objects, maps, and functions of
//!   the library that have no quick form are left to the fiber.
//!
//! The idea is that of lazy task creation (Mohr, Kranz, Halstead 1991), which takes a child to be a call until somebody
//! could take the rest; here nobody takes the rest, so it is for short ones only. Python's eager tasks
//! (`asyncio.eager_task_factory`) run up to the first wait; that a program would notice.

use std::cell::Cell;

use aivi_scheduler::{FUEL, ScopeEnded, TaskHandle};

use super::{Branch, Fiber, Pending, Signal, Strand, TaskValue};
use crate::interp::{Go, Word};
use crate::value::Value;

/// Calls and turns of loops that a task may spend in place: a third of a microsecond. Two workers do tasks of 30 of
/// them sooner in place (592 ns each, and 754 if they are shared), and tasks of 100 sooner if they share them (806 and
/// 1,042).
pub(super) const SHORT: u64 = FUEL as u64 / 64;

/// With less than this at the end of a slice none begins.
pub(super) const LEAST: u64 = SHORT / 4;

/// After tasks that had to be moved out, one after the other, so many come without, twice as many each time: the next
/// ones mostly do the same, and one that was moved has cost twice what a task costs that was queued at once (both
/// arbitrary).
const LEAST_SKIPPED: u8 = 8;
const MOST_SKIPPED: u8 = 128;

thread_local! {
    static HUNCH: Cell<Hunch> = const { Cell::new(Hunch { skip: 0, next: LEAST_SKIPPED }) };
}

/// What a worker expects of the next task that is spawned.
#[derive(Clone, Copy)]
pub(super) struct Hunch {
    /// So many will be queued at once.
    skip: u8,
    /// And so many after the next one that is moved out.
    next: u8,
}

impl Hunch {
    /// Whether to try with the next one, or, of so many together, with the first.
    #[inline]
    pub(super) fn tries(count: usize) -> bool {
        let hunch = HUNCH.get();
        if hunch.skip > 0 {
            let count = u8::try_from(count).unwrap_or(u8::MAX);
            HUNCH.set(Hunch { skip: hunch.skip.saturating_sub(count), ..hunch });
            return count > hunch.skip;
        }
        true
    }

    /// One has ended in place.
    #[inline]
    pub(super) fn was_right() {
        HUNCH.set(Hunch { skip: 0, next: LEAST_SKIPPED });
    }

    /// One has not.
    pub(super) fn was_wrong() {
        let next = HUNCH.get().next;
        HUNCH.set(Hunch { skip: next, next: next.saturating_mul(2).min(MOST_SKIPPED) });
    }
}

impl Fiber {
    /// Whether a task may begin in place: then `On`, or how to go on before; `None` if not. The instruction has taken
    /// nothing yet.
    #[inline]
    pub(crate) fn may_begin_task(&mut self) -> Option<Go> {
        if !Hunch::tries(1) || !self.may_branch() {
            return None;
        }
        if self.fuel >= SHORT {
            return Some(Go::On);
        }
        if self.next_piece() {
            self.pc = self.pc.wrapping_sub(1);
            return Some(Go::Return);
        }
        (self.fuel >= LEAST).then_some(Go::On)
    }

    /// Begins a task in place, which may. Its frame says how much of the piece was set aside, which it may not spend.
    pub(crate) fn begin_task(&mut self, effect: Value) -> Go {
        let aside = self.set_fuel_aside(SHORT);
        let go = self.begin_branch(Branch::Task, Value::unit(), aside, effect);
        if !self.has_branch() {
            self.take_fuel_back(aside);
        }
        go
    }

    /// The result of an instruction that has spawned a task.
    pub(crate) fn spawned(&mut self, word: Word, handle: Result<TaskHandle<Strand>, ScopeEnded>) -> Go {
        let Ok(handle) = handle else { return self.fault("the scope has ended") };
        if self.cx().has_made_many() {
            self.give_up_slice();
        }
        self.set_result(word, Value::payload_of(TaskValue(handle)));
        Go::On
    }

    /// Whether the outermost branch is a task: then a request to cancel is not the one's that runs.
    pub(crate) fn has_task_in_place(&self) -> bool {
        self.has_branch() && self.outermost_branch() == Some(Branch::Task)
    }

    /// Whether the outermost branch is one that may not spend more than a piece.
    #[inline]
    pub(crate) fn has_short_branch(&self) -> bool {
        self.has_branch() && matches!(self.outermost_branch(), Some(Branch::Task | Branch::Series))
    }

    /// Whether the outermost branch is a side of a `par` or a `race`.
    #[inline]
    pub(crate) fn has_side_in_place(&self) -> bool {
        self.has_branch() && !self.is_in_place() && !matches!(self.outermost_branch(), Some(Branch::Timeout) | None)
    }

    /// The handle of a task that has ended in place with this value, and had so much fuel set aside.
    pub(super) fn end_task(&mut self, result: Value, aside: u64) -> Value {
        Hunch::was_right();
        self.take_fuel_back(aside);
        self.note_made();
        Value::ended_task(result)
    }

    /// A task that was moved out of the top frame is spawned. If it is cancelled before its first turn it has not
    /// begun, as far as anybody knows.
    pub(super) fn spawn_moved(&mut self, mut moved: Strand, aside: u64) -> Go {
        self.take_fuel_back(aside);
        Hunch::was_wrong();
        let word = self.waiting_word();
        moved.fiber().is_unseen = true;
        let handle = self.cx().spawn(moved, None);
        self.spawned(word, handle)
    }

    /// A task has ended in place with this signal, and its frame is off. A fiber that ends so is spawned in its place;
    /// gives the signal with which the spawner unwinds itself, if it does.
    pub(super) fn fail_task(&mut self, signal: Signal, aside: u64) -> Option<Signal> {
        self.take_fuel_back(aside);
        Hunch::was_wrong();
        if let Signal::Cancel(_) = signal {
            return Some(signal);
        }
        let place = self.place();
        self.cx().set_place(place);
        let word = self.waiting_word();
        let child = self.child_that(Pending::Raise(Box::new(signal.shared())));
        let handle = self.cx().spawn(child, None);
        match self.spawned(word, handle) {
            Go::Raise => self.signal.take(),
            _ => None,
        }
    }
}
