//! The run queue of a real worker.
//!
//! A deque for children (those of the last turn first: they are warm, and a tree of tasks stays small), a deque for woken and
//! yielded tasks (first in, first out), and before them what only the owner sees: the task that was woken last, and the
//! children that the running task has made so far. Siblings run in the order in which they were made, as everybody expects
//! who reads their output: so they go to their deque together, the first one last. What thieves could take costs 30 ns an
//! operation (measured), so the hidden ones are moved to the deques only when the owner may be busy for long.

use crate::Task;
use crate::sync::deque::{Stealer, Worker as Deque};
use crate::task::record::Raw;

/// At most so many tasks in a row come from the slot: two tasks that wake each other do not starve the others. Raising it
/// gains nothing (measured).
const SLOT_RUN_MAX: u32 = 3;

/// Every so many passes the woken ones come first, or new children would starve them.
const WOKEN_FIRST: u32 = 8;

/// Queued tasks of one worker. Bounded by the tasks that live: each is queued once.
pub struct LocalQueue<T: Task> {
    /// Woken last.
    slot: Option<Raw<T>>,
    /// Made in this turn, in order. Bounded by the fuel of a slice, and the lists of effects that it runs.
    fresh: Vec<Raw<T>>,
    /// How many tasks in a row came from `slot` and `fresh`.
    slot_run: u32,
    children: Deque<Raw<T>>,
    woken: Deque<Raw<T>>,
    /// Counts what may have changed which task is the oldest of each deque; see `gate.rs`.
    pub children_emptied: u32,
    pub woken_taken: u32,
}

impl<T: Task> LocalQueue<T> {
    /// Nothing queued.
    pub fn new() -> Self {
        let (children, woken) = (Deque::new_lifo(), Deque::new_fifo());
        LocalQueue { slot: None, fresh: Vec::new(), slot_run: 0, children, woken, children_emptied: 0, woken_taken: 0 }
    }

    /// Queues a task that is to run soon: it was just woken, and what it needs is warm.
    #[inline]
    pub fn push_next(&mut self, raw: Raw<T>) {
        if let Some(old) = self.slot.replace(raw) {
            self.woken.push(old);
        }
    }

    /// Queues a task that was just made, behind its siblings and before all others that were made.
    #[inline]
    pub fn push_child(&mut self, raw: Raw<T>) {
        self.fresh.push(raw);
    }

    /// Queues a task behind all others that were woken.
    pub fn push_last(&mut self, raw: Raw<T>) {
        self.woken.push(raw);
    }

    /// Moves what is hidden to where thieves see it.
    pub fn flush(&mut self) {
        if let Some(raw) = self.slot.take() {
            self.woken.push(raw);
        }
        self.show_fresh();
    }

    /// The next task, on pass number `pass`.
    #[inline]
    pub fn pop(&mut self, pass: u32) -> Option<Raw<T>> {
        if pass.is_multiple_of(WOKEN_FIRST)
            && let Some(raw) = self.pop_woken()
        {
            self.show_fresh();
            return Some(raw);
        }
        if self.slot_run < SLOT_RUN_MAX {
            // What is made in the next turn is not a sibling of what was made in the last.
            let first = self.take_fresh();
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
        self.pop_child().or_else(|| self.pop_woken())
    }

    /// Is nothing queued?
    pub fn is_empty(&self) -> bool {
        self.slot.is_none() && self.fresh.is_empty() && self.is_hidden()
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

    fn pop_child(&mut self) -> Option<Raw<T>> {
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
        let first = self.take_fresh();
        first.into_iter().for_each(|first| self.children.push(first));
    }

    /// The first of the fresh ones; the others go to the deque, the second one on top.
    #[inline]
    fn take_fresh(&mut self) -> Option<Raw<T>> {
        while self.fresh.len() > 1
            && let Some(raw) = self.fresh.pop()
        {
            self.children.push(raw);
        }
        self.fresh.pop()
    }
}
