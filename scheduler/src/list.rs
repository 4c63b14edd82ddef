//! Lists that run through records of tasks and their waiters: linking and unlinking cost no memory and O(1).
//!
//! A list belongs to something with a lock (a channel, a crew, a record's joiners) and is used only under it; the lock
//! guards the links of everything in the list too. Two kinds of nodes, so that a task can be in one list of each: a [`Spot`] is where
//! it waits, its record where it belongs to, a crew or a crowd.
//!
//! A million tasks are two million links: that one is in no list is said by a pointer to nowhere, since a flag would take eight bytes.
//!
//! [`Spot`]: crate::task::waiter::Spot

use std::cell::UnsafeCell;

use crate::Task;
use crate::task::record::Raw;

/// What a list runs through.
pub trait Node: Copy + PartialEq {
    /// Where no node is.
    const NOWHERE: Self;

    /// The link.
    ///
    /// # Safety
    /// The node lives as long as the reference is used.
    unsafe fn link<'a>(self) -> &'a UnsafeCell<Link<Self>>;
}

impl<T: Task> Node for Raw<T> {
    const NOWHERE: Self = Raw::NOWHERE;

    #[inline]
    unsafe fn link<'a>(self) -> &'a UnsafeCell<Link<Self>> {
        // SAFETY: promised by the caller.
        unsafe { &self.get().crew_link }
    }
}

/// A node's place in a list.
pub struct Link<N> {
    /// `NOWHERE` when it is in no list.
    prev: Option<N>,
    next: Option<N>,
}

impl<N: Node> Link<N> {
    /// In no list.
    pub fn new() -> Self {
        Link { prev: Some(N::NOWHERE), next: None }
    }

    fn is_linked(&self) -> bool {
        self.prev != Some(N::NOWHERE)
    }
}

/// A list, first in first out. Does not free what is in it.
pub struct List<N> {
    head: Option<N>,
    tail: Option<N>,
}

impl<N: Node> List<N> {
    /// Nothing in it.
    pub fn new() -> Self {
        List { head: None, tail: None }
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// Adds a node at the end.
    ///
    /// # Safety
    /// The node is in no other list, and lives until it was taken out of this one.
    pub unsafe fn push(&mut self, node: N) {
        let prev = self.tail;
        let link = self.link(node);
        debug_assert!(!link.is_linked(), "a node is in one list");
        *link = Link { prev, next: None };
        match prev {
            Some(tail) => self.link(tail).next = Some(node),
            None => self.head = Some(node),
        }
        self.tail = Some(node);
    }

    /// Takes the first one out.
    pub fn pop(&mut self) -> Option<N> {
        let node = self.head?;
        self.remove(node);
        Some(node)
    }

    /// The first one.
    pub fn first(&self) -> Option<N> {
        self.head
    }

    /// The one after `node`, which is in the list.
    pub fn after(&mut self, node: N) -> Option<N> {
        self.link(node).next
    }

    /// Takes `node` out, if it is still in.
    pub fn remove(&mut self, node: N) -> bool {
        let link = self.link(node);
        if !link.is_linked() {
            return false;
        }
        let Link { prev, next } = std::mem::replace(link, Link::new());
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

    fn link(&mut self, node: N) -> &mut Link<N> {
        // SAFETY: what is in the list lives (`push`), and `node` is in it, was just taken from it under the same lock, or is
        // its caller's own. Links are touched only with the list borrowed exclusively, that is under its lock.
        unsafe { &mut *node.link().get() }
    }
}
