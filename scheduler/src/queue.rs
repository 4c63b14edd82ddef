//! The run queue of a real worker.
//!
//! A slot that only the owner sees, a deque for fresh children (last in, first out: they are warm, and a tree of tasks
//! stays small), a deque for woken and yielded tasks (first in, first out). A slot that thieves could take costs 30 ns an
//! operation (measured), so the slot is for the owner, and is moved to the deques when the owner may be busy for long.

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
    slot: Option<Slot<T>>,
    slot_run: u32,
    children: Deque<Raw<T>>,
    woken: Deque<Raw<T>>,
    /// Counts what may have changed which task is the oldest of each deque; see `gate.rs`.
    pub children_emptied: u32,
    pub woken_taken: u32,
}

struct Slot<T: Task> {
    raw: Raw<T>,
    is_child: bool,
}

impl<T: Task> LocalQueue<T> {
    /// Nothing queued.
    pub fn new() -> Self {
        let (children, woken) = (Deque::new_lifo(), Deque::new_fifo());
        LocalQueue { slot: None, slot_run: 0, children, woken, children_emptied: 0, woken_taken: 0 }
    }

    /// Queues a task that is to run soon: it was just made or woken, and what it needs is warm.
    #[inline]
    pub fn push_next(&mut self, raw: Raw<T>, is_child: bool) {
        if let Some(old) = self.slot.replace(Slot { raw, is_child }) {
            self.publish(old);
        }
    }

    /// Queues a task behind all others that were woken.
    pub fn push_last(&mut self, raw: Raw<T>) {
        self.woken.push(raw);
    }

    /// Moves what is in the slot to where thieves see it.
    pub fn flush(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.publish(slot);
        }
    }

    /// The next task, on pass number `pass`.
    #[inline]
    pub fn pop(&mut self, pass: u32) -> Option<Raw<T>> {
        if pass.is_multiple_of(WOKEN_FIRST)
            && let Some(raw) = self.pop_woken()
        {
            return Some(raw);
        }
        if self.slot_run < SLOT_RUN_MAX {
            if let Some(slot) = self.slot.take() {
                self.slot_run += 1;
                return Some(slot.raw);
            }
        } else {
            self.flush();
        }
        self.slot_run = 0;
        self.pop_child().or_else(|| self.pop_woken())
    }

    /// Is nothing queued?
    pub fn is_empty(&self) -> bool {
        self.slot.is_none() && self.children.is_empty() && self.woken.is_empty()
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

    fn publish(&mut self, slot: Slot<T>) {
        if slot.is_child { self.children.push(slot.raw) } else { self.woken.push(slot.raw) }
    }
}
