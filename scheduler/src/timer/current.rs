//! The timers of the current tick, in firing order.
//!
//! They come in two ways: from the list of a slot whose tick has come (`batch`, sorted once), or armed with a deadline
//! in the tick that is running (`late`, a heap). Both refer to nodes by value, so disarming just frees the node and
//! leaves a dead entry behind. Dead entries go when their time comes, which is within one tick; for a clock that stands
//! still (virtual time) `late` is swept when more than half of it is dead.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::slab::Slab;

/// A timer in firing order: the derived order compares deadline, then arming number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub deadline_ns: u64,
    pub armed: u64,
    pub index: u32,
}

/// The two sorted sources and what of them is dead.
#[derive(Default)]
pub(super) struct Current {
    /// Ascending; the entries before `fired` are done.
    batch: Vec<Entry>,
    fired: usize,
    late: BinaryHeap<Reverse<Entry>>,
    /// Upper bound of the dead entries in `late`.
    late_dead: usize,
}

/// Entries that an emptied batch or heap may keep allocated (24 KiB each, arbitrary).
const KEEP_ENTRIES: usize = 1024;

impl Current {
    /// Adds a timer of the tick that begins. The tick before it has been fired to its end; `sort` follows.
    pub fn add(&mut self, entry: Entry) {
        debug_assert!(self.fired == 0, "a tick began before the last one was done");
        self.batch.push(entry);
    }

    /// Brings the tick's timers into firing order.
    pub fn sort(&mut self) {
        // A slot's list is one run, up or down with the arming if the deadlines are: down in one that was handed down
        // no times or two. The stable sort recognises a run in O(n), but for short ones that go down.
        if self.batch.is_sorted_by(|before, after| before > after) {
            self.batch.reverse();
        }
        self.batch.sort();
    }

    /// Adds a timer that was armed for the running tick.
    pub fn push(&mut self, entry: Entry) {
        self.late.push(Reverse(entry));
    }

    /// Notes that a timer of this tick was disarmed.
    pub fn disarmed<H: Copy>(&mut self, slab: &Slab<H>) {
        self.late_dead += 1;
        if self.late_dead > KEEP_ENTRIES && self.late_dead > self.late.len() / 2 {
            self.late.retain(|Reverse(entry)| slab.is_armed(entry.index, entry.armed));
            self.late_dead = 0;
        }
    }

    /// The first entry in firing order; it may be dead.
    pub fn first(&self) -> Option<Entry> {
        let batch = self.batch.get(self.fired);
        let late = self.late.peek().map(|Reverse(entry)| entry);
        match (batch, late) {
            (Some(batch), Some(late)) => Some(*batch.min(late)),
            (batch, late) => batch.or(late).copied(),
        }
    }

    /// Removes `first`, which the caller has just looked at.
    pub fn pop(&mut self, first: Entry) {
        if self.batch.get(self.fired) == Some(&first) {
            self.fired += 1;
            if self.fired == self.batch.len() {
                self.batch.clear();
                self.batch.shrink_to(KEEP_ENTRIES);
                self.fired = 0;
            }
        } else {
            self.late.pop();
            if self.late.is_empty() {
                self.late.shrink_to(KEEP_ENTRIES);
                self.late_dead = 0;
            }
        }
    }

    #[cfg(test)]
    pub fn retained_bytes(&self) -> usize {
        (self.batch.capacity() + self.late.capacity()) * size_of::<Entry>()
    }
}
