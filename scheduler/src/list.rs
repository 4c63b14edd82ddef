//! Lists that run through records of tasks and their waiters: linking and unlinking cost no memory and O(1).
//!
//! A list belongs to something with a lock (a channel, a crew, a record's joiners) and is used only under it; the lock
//! guards the links of everything in the list too. Two kinds of nodes, so that a task can be in one list of each: a
//! [`Spot`] is where it waits, its record where it belongs to, a crew or a crowd.
//!
//! A million tasks are two million links, and a million lists of joiners: that one is in no list is said by a pointer
//! to nowhere, since a flag would take eight bytes; and a list is a ring that knows its first node, whose predecessor
//! is the last one.
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
        unsafe { &self.get().body().crew_link }
    }
}

/// A node's place in a list.
pub struct Link<N> {
    /// Of the first one, the last; `NOWHERE` when it is in no list.
    prev: N,
    /// Of the last one, the first.
    next: N,
}

impl<N: Node> Link<N> {
    /// In no list.
    pub fn new() -> Self {
        Link { prev: N::NOWHERE, next: N::NOWHERE }
    }

    fn is_linked(&self) -> bool {
        self.prev != N::NOWHERE
    }
}

/// A list, first in first out. Does not free what is in it.
pub struct List<N> {
    first: Option<N>,
}

impl<N: Node> List<N> {
    /// Nothing in it.
    pub fn new() -> Self {
        List { first: None }
    }

    /// Is nothing in it?
    pub fn is_empty(&self) -> bool {
        self.first.is_none()
    }

    /// Adds a node at the end.
    ///
    /// # Safety
    /// The node is in no other list, and lives until it was taken out of this one.
    pub unsafe fn push(&mut self, node: N) {
        debug_assert!(!self.link(node).is_linked(), "a node is in one list");
        let Some(first) = self.first else {
            *self.link(node) = Link { prev: node, next: node };
            self.first = Some(node);
            return;
        };
        let last = std::mem::replace(&mut self.link(first).prev, node);
        self.link(last).next = node;
        *self.link(node) = Link { prev: last, next: first };
    }

    /// Takes the first one out.
    pub fn pop(&mut self) -> Option<N> {
        let node = self.first?;
        self.remove(node);
        Some(node)
    }

    /// The first one.
    pub fn first(&self) -> Option<N> {
        self.first
    }

    /// The one after `node`, which is in the list.
    pub fn after(&mut self, node: N) -> Option<N> {
        let next = self.link(node).next;
        (Some(next) != self.first).then_some(next)
    }

    /// Takes `node` out, if it is still in.
    pub fn remove(&mut self, node: N) -> bool {
        let link = self.link(node);
        if !link.is_linked() {
            return false;
        }
        let Link { prev, next } = std::mem::replace(link, Link::new());
        if next == node {
            self.first = None;
            return true;
        }
        self.link(prev).next = next;
        self.link(next).prev = prev;
        if self.first == Some(node) {
            self.first = Some(next);
        }
        true
    }

    fn link(&mut self, node: N) -> &mut Link<N> {
        // SAFETY: what is in the list lives (`push`), and `node` is in it, was just taken from it under the same lock,
        // or is its caller's own. Links are touched only with the list borrowed exclusively, that is under its lock.
        unsafe { &mut *node.link().get() }
    }
}
