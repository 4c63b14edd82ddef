//! Lists that run through the records of tasks: linking and unlinking cost no memory and O(1).
//!
//! A list belongs to something with a lock (a channel, a crew, a record's joiners) and is used only under it; the lock
//! guards the links of everything in the list too. Two kinds, so that a task can be in one list of each: [`Waiters`] is
//! where it waits, [`Siblings`] the crew it belongs to.

use std::cell::UnsafeCell;
use std::marker::PhantomData;

use crate::Task;
use crate::task::record::{Raw, Record};

/// Which link of a record a list runs through.
pub trait Kind<T: Task> {
    /// The link.
    fn link(record: &Record<T>) -> &UnsafeCell<Link<T>>;
}

/// Lists of waiting tasks.
pub struct Waiters;

/// Lists of the tasks that one task spawned into one scope.
pub struct Siblings;

impl<T: Task> Kind<T> for Waiters {
    fn link(record: &Record<T>) -> &UnsafeCell<Link<T>> {
        &record.wait_link
    }
}

impl<T: Task> Kind<T> for Siblings {
    fn link(record: &Record<T>) -> &UnsafeCell<Link<T>> {
        &record.crew_link
    }
}

/// A record's place in a list.
pub struct Link<T: Task> {
    prev: Option<Raw<T>>,
    next: Option<Raw<T>>,
    is_linked: bool,
    generation: u32,
}

impl<T: Task> Link<T> {
    /// In no list.
    pub fn new() -> Self {
        Link { prev: None, next: None, is_linked: false, generation: 0 }
    }
}

/// A list, first in first out. Does not free what is in it.
pub struct List<T: Task, K> {
    head: Option<Raw<T>>,
    tail: Option<Raw<T>>,
    kind: PhantomData<K>,
}

// SAFETY: pointers to records, which are `Send + Sync`; links are touched only under the lock of the list's owner.
unsafe impl<T: Task, K> Send for List<T, K> {}

impl<T: Task, K: Kind<T>> List<T, K> {
    /// Nothing in it.
    pub fn new() -> Self {
        List { head: None, tail: None, kind: PhantomData }
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Adds a record at the end, with the number of its wait.
    ///
    /// # Safety
    /// The record is in no other list of the kind, and lives until it was taken out of this one.
    pub unsafe fn push(&mut self, raw: Raw<T>, generation: u32) {
        let prev = self.tail;
        let link = self.link(raw);
        debug_assert!(!link.is_linked, "a task is in one list of a kind");
        *link = Link { prev, next: None, is_linked: true, generation };
        match prev {
            Some(tail) => self.link(tail).next = Some(raw),
            None => self.head = Some(raw),
        }
        self.tail = Some(raw);
    }

    /// Takes the first one out, with the number of its wait.
    pub fn pop(&mut self) -> Option<(Raw<T>, u32)> {
        let raw = self.head?;
        let generation = self.link(raw).generation;
        self.remove(raw);
        Some((raw, generation))
    }

    /// The first one.
    pub fn first(&self) -> Option<Raw<T>> {
        self.head
    }

    /// The one after `raw`, which is in the list.
    pub fn after(&mut self, raw: Raw<T>) -> Option<Raw<T>> {
        self.link(raw).next
    }

    /// The number of the wait of `raw`, which is in the list.
    pub fn generation(&mut self, raw: Raw<T>) -> u32 {
        self.link(raw).generation
    }

    /// Takes `raw` out, if it is still in.
    pub fn remove(&mut self, raw: Raw<T>) -> bool {
        let link = self.link(raw);
        if !link.is_linked {
            return false;
        }
        link.is_linked = false;
        let (prev, next) = (link.prev.take(), link.next.take());
        match prev {
            Some(prev) => self.link(prev).next = next,
            None => self.head = next,
        }
        match next {
            Some(next) => self.link(next).prev = prev,
            None => self.tail = prev,
        }
        true
    }

    fn link(&mut self, raw: Raw<T>) -> &mut Link<T> {
        // SAFETY: what is in the list lives (`push`), and `raw` is in it, was just taken from it under the same lock, or is
        // its caller's own record. Links are touched only with the list borrowed exclusively, that is under its lock.
        unsafe { &mut *K::link(raw.get()).get() }
    }
}
