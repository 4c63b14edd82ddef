//! The run queue of a real worker.
//!
//! A deque for children (those of the last turn first: they are warm, and a tree of tasks stays small), a deque for
//! woken and yielded tasks (first in, first out), and before them what only the owner sees: the task that was woken
//! last, the children that the running task has made so far, and sleepers that are late since somebody's turn was a
//! long step. Siblings run in the order in which they were made, as everybody expects who reads their output: so they
//! go to their deque together, the first one last. They also run before the task that one of them wakes, up to a
//! number. What thieves could take costs 30 ns an operation (measured), so the hidden ones are moved to the deques only
//! when the owner may be busy for long.

use std::collections::VecDeque;

use crate::Task;
use crate::sync::deque::{Stealer, Worker as Deque};
use crate::task::record::Raw;

/// At most so many tasks in a row come from the slot: two tasks that wake each other do not starve the others. Raising
/// it gains nothing (measured).
const SLOT_RUN_MAX: u32 = 3;

/// Every so many passes the woken ones come first, or new children would starve them.
const WOKEN_FIRST: u32 = 8;

/// So many siblings of a task that wakes another one go before that one at most (arbitrary; a slice of each takes a
/// quarter of a millisecond, and who computes that long shows the woken one to thieves at its first tick).
const SIBLINGS_FIRST: u32 = 16;

/// Queued tasks of one worker. Bounded by the tasks that live: each is queued once.
pub struct LocalQueue<T: Task> {
    /// Woken last.
    slot: Option<Raw<T>>,
    /// Made in this turn, in order. Bounded by the fuel of a slice, and the lists of effects that it runs.
    fresh: Vec<Raw<T>>,
    /// How many tasks in a row came from `slot` and `fresh`.
    slot_run: u32,
    /// How many on top of `children` were made together, by the task that was the last to make any; at least.
    siblings: u32,
    /// How many of them may still go before the task in `slot`.
    patience: u32,
    /// When so few children are left, it comes before them: it may make more, while other workers take these.
    pub left_to_others: usize,
    /// The task whose turn it is has made some.
    has_made: bool,
    children: Deque<Raw<T>>,
    woken: Deque<Raw<T>>,
    /// Woken late.
    late: VecDeque<Raw<T>>,
    /// The last task came from there.
    was_late: bool,
    /// Counts what may have changed which task is the oldest of each deque; see `gate.rs`.
    pub children_emptied: u32,
    pub woken_taken: u32,
}

impl<T: Task> LocalQueue<T> {
    /// Nothing queued.
    pub fn new() -> Self {
        let (children, woken) = (Deque::new_lifo(), Deque::new_fifo());
        LocalQueue {
            slot: None,
            fresh: Vec::new(),
            slot_run: 0,
            siblings: 0,
            patience: 0,
            left_to_others: 0,
            has_made: false,
            late: VecDeque::new(),
            was_late: false,
            children,
            woken,
            children_emptied: 0,
            woken_taken: 0,
        }
    }

    /// Queues a task that is to run soon: it was just woken, and what it needs is warm.
    #[inline]
    pub fn push_next(&mut self, raw: Raw<T>) {
        self.put_next(raw, SIBLINGS_FIRST);
    }

    /// Queues a task for which others wait that it has its turn: before all others but those that come first now and
    /// then, also in a long row of such. The one whose turn it is ends it, and goes behind all others.
    pub fn push_first(&mut self, raw: Raw<T>) {
        self.slot_run = 0;
        self.put_next(raw, 0);
    }

    /// Would `push_next` move no other task?
    #[inline(always)]
    pub fn has_free_slot(&self) -> bool {
        self.slot.is_none()
    }

    /// As `push_next`, which then moves none. Calls nothing.
    #[inline(always)]
    pub fn fill_slot(&mut self, raw: Raw<T>) {
        debug_assert!(self.has_free_slot());
        self.patience = SIBLINGS_FIRST;
        self.slot = Some(raw);
    }

    /// Queues the task whose turn it was, and which has spent its fuel: behind the tasks that it has made, so that
    /// those that many others make begin while they are warm; or else behind all that were woken.
    pub fn push_yielded(&mut self, raw: Raw<T>) {
        if !self.has_made || self.slot.is_some() {
            return self.push_last(raw);
        }
        self.show_fresh();
        self.put_next(raw, self.siblings);
    }

    /// Has the task whose turn it is made so many that wait here?
    #[inline]
    pub fn has_made_at_least(&self, count: usize) -> bool {
        self.fresh.len() >= count
    }

    /// Queues a task that was just made, behind its siblings and before all others that were made.
    #[inline]
    pub fn push_child(&mut self, raw: Raw<T>) {
        self.fresh.push(raw);
        self.has_made = true;
    }

    /// Would one task run next that nobody else knows of: the one that was woken last, or the only one that was made in
    /// this turn?
    #[inline]
    pub fn has_only_next(&self) -> bool {
        match self.slot {
            Some(_) => self.fresh.is_empty() && self.siblings == 0,
            None => self.fresh.len() == 1,
        }
    }

    /// Takes that task.
    #[inline]
    pub fn take_only_next(&mut self) -> Option<Raw<T>> {
        if !self.has_only_next() {
            return None;
        }
        self.has_made = false;
        self.slot.take().or_else(|| self.fresh.pop())
    }

    /// Queues a task behind all others that were woken.
    pub fn push_last(&mut self, raw: Raw<T>) {
        self.woken.push(raw);
    }

    /// Queues a task whose time has come long ago, as others took long: behind others that are late, and before all
    /// else, by turns with that.
    pub fn push_late(&mut self, raw: Raw<T>) {
        self.late.push_back(raw);
    }

    /// Moves what is hidden to where thieves see it.
    pub fn flush(&mut self) {
        if let Some(raw) = self.slot.take() {
            self.woken.push(raw);
        }
        self.show_fresh();
    }

    /// The same for good: also those that are late, who otherwise have their turns within two of others.
    pub fn show_all(&mut self) {
        self.late.drain(..).for_each(|raw| self.woken.push(raw));
        self.flush();
    }

    /// The next task, on pass number `pass`.
    #[inline]
    pub fn pop(&mut self, pass: u32) -> Option<Raw<T>> {
        // A task that was woken in the last turn, which made none: the turns of those that talk to each other. In a
        // long row of such only if nobody else is queued: through a deque and out of it costs two fences.
        if self.fresh.is_empty()
            && self.siblings == 0
            && (self.slot_run < SLOT_RUN_MAX && !pass.is_multiple_of(WOKEN_FIRST) || self.is_only_slot())
            && let Some(raw) = self.slot.take()
        {
            self.has_made = false;
            self.slot_run = self.slot_run.saturating_add(1);
            return Some(raw);
        }
        self.pop_any(pass)
    }

    #[inline(never)]
    fn pop_any(&mut self, pass: u32) -> Option<Raw<T>> {
        self.has_made = false;
        let is_woken_first = pass.is_multiple_of(WOKEN_FIRST);
        self.was_late = !is_woken_first && !self.was_late && !self.late.is_empty();
        let first = match self.was_late {
            true => self.late.pop_front(),
            false if is_woken_first => self.pop_woken(),
            false => None,
        };
        if first.is_some() {
            self.show_fresh();
            return first;
        }
        if self.slot_run < SLOT_RUN_MAX {
            // What is made in the next turn is not a sibling of what was made in the last.
            let first = self.take_fresh();
            if self.siblings > 0
                && first.is_none()
                && self.slot.is_some()
                && let Some(sibling) = self.pop_sibling()
            {
                return Some(sibling);
            }
            if let Some(raw) = self.slot.take() {
                first.into_iter().for_each(|first| self.children.push(first));
                self.slot_run += 1;
                return Some(raw);
            }
            if first.is_some() {
                self.slot_run += 1;
                return first;
            }
        } else {
            self.flush();
        }
        self.slot_run = 0;
        self.pop_child().or_else(|| self.pop_woken()).or_else(|| self.late.pop_front())
    }

    /// What `has_taken` is asked with later: whether all that were woken until now have had their turn.
    pub fn woken_mark(&self) -> u32 {
        self.woken_taken.wrapping_add(self.woken.len() as u32)
    }

    /// Have so many been taken? What others have stolen is not counted, so it may be said late.
    pub fn has_taken(&self, mark: u32) -> bool {
        self.woken_taken.wrapping_sub(mark) as i32 >= 0 || self.woken.is_empty()
    }

    /// Is nothing queued?
    pub fn is_empty(&self) -> bool {
        self.slot.is_none() && self.fresh.is_empty() && self.late.is_empty() && self.is_hidden()
    }

    /// Is nothing queued but perhaps a task in the slot, and what was made in this turn?
    #[inline]
    fn is_only_slot(&self) -> bool {
        self.late.is_empty() && self.is_hidden()
    }

    /// Is nothing queued where thieves look?
    pub fn is_hidden(&self) -> bool {
        self.children.is_empty() && self.woken.is_empty()
    }

    /// Are there children, and are there woken tasks?
    pub fn queued(&self) -> (bool, bool) {
        (!self.children.is_empty(), !self.woken.is_empty())
    }

    /// The thieves' end of the children.
    pub fn children_stealer(&self) -> Stealer<Raw<T>> {
        self.children.stealer()
    }

    /// The thieves' end of the woken tasks.
    pub fn woken_stealer(&self) -> Stealer<Raw<T>> {
        self.woken.stealer()
    }

    /// Where stolen tasks go.
    pub fn woken(&self) -> &Deque<Raw<T>> {
        &self.woken
    }

    /// A sibling of the task that has woken the one in the slot, to go before it. What wakes a parent is mostly one of
    /// many messages or ends that it waits for: so it finds them all, and waits once.
    #[inline]
    fn pop_sibling(&mut self) -> Option<Raw<T>> {
        self.patience = self.patience.checked_sub(1)?;
        if self.children.len() <= self.left_to_others {
            return None;
        }
        self.slot_run = 0;
        self.pop_child()
    }

    fn pop_child(&mut self) -> Option<Raw<T>> {
        self.siblings = self.siblings.saturating_sub(1);
        let raw = self.children.pop()?;
        if self.children.is_empty() {
            self.children_emptied = self.children_emptied.wrapping_add(1);
        }
        Some(raw)
    }

    fn pop_woken(&mut self) -> Option<Raw<T>> {
        let raw = self.woken.pop()?;
        self.woken_taken = self.woken_taken.wrapping_add(1);
        Some(raw)
    }

    fn show_fresh(&mut self) {
        if let Some(first) = self.take_fresh() {
            self.children.push(first);
            self.siblings += 1;
        }
    }

    #[inline]
    fn put_next(&mut self, raw: Raw<T>, patience: u32) {
        self.patience = patience;
        if let Some(old) = self.slot.replace(raw) {
            self.woken.push(old);
        }
    }

    /// The first of the fresh ones; the others go to the deque, the second one on top.
    #[inline]
    fn take_fresh(&mut self) -> Option<Raw<T>> {
        let first = self.fresh.first().copied()?;
        self.siblings = self.fresh.len() as u32 - 1;
        for raw in self.fresh.drain(..).skip(1).rev() {
            self.children.push(raw);
        }
        Some(first)
    }
}
