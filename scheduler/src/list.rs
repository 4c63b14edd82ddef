//! Lists that run through records of tasks and their waiters: linking and unlinking cost no memory and O(1).
//!
//! A list belongs to something with a lock (a channel, a crew, a record's joiners) and is used only under it; the lock
//! guards the links of everything in the list too. Two kinds of nodes, so that a task can be in one list of each: a [`Spot`] is where
//! it waits, its record where it belongs to, a crew or a crowd.
//!
//! [`Spot`]: crate::task::waiter::Spot

use std::cell::UnsafeCell;

use crate::Task;
use crate::task::record::Raw;

/// What a list runs through.
pub trait Node: Copy {
    /// The link.
    ///
    /// # Safety
    /// The node lives as long as the reference is used.
    unsafe fn link<'a>(self) -> &'a UnsafeCell<Link<Self>>;
}

impl<T: Task> Node for Raw<T> {
    #[inline]
    unsafe fn link<'a>(self) -> &'a UnsafeCell<Link<Self>> {
        // SAFETY: promised by the caller.
        unsafe { &self.get().crew_link }
    }
}

/// A node's place in a list.
pub struct Link<N> {
    prev: Option<N>,
    next: Option<N>,
    is_linked: bool,
    /// The node is one of several that wait for the same; never changes.
    is_case: bool,
    /// It was the one whose wait has ended.
    has_won: bool,
    generation: u32,
}

impl<N> Link<N> {
    /// In no list.
    pub fn new() -> Self {
        Link { prev: None, next: None, is_linked: false, is_case: false, has_won: false, generation: 0 }
    }

    /// The same, of one of several.
    pub fn of_case() -> Self {
        Link { is_case: true, ..Self::new() }
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

    /// Adds a node at the end, with the number of its wait.
    ///
    /// # Safety
    /// The node is in no other list, and lives until it was taken out of this one.
    pub unsafe fn push(&mut self, node: N, generation: u32) {
        let prev = self.tail;
        let link = self.link(node);
        debug_assert!(!link.is_linked, "a node is in one list");
        *link = Link { prev, next: None, is_linked: true, generation, has_won: false, is_case: link.is_case };
        match prev {
            Some(tail) => self.link(tail).next = Some(node),
            None => self.head = Some(node),
        }
        self.tail = Some(node);
    }

    /// Takes the first one out, with the number of its wait.
    pub fn pop(&mut self) -> Option<(N, u32)> {
        let node = self.head?;
        let generation = self.link(node).generation;
        self.remove(node);
        Some((node, generation))
    }

    /// The first one.
    pub fn first(&self) -> Option<N> {
        self.head
    }

    /// The one after `node`, which is in the list.
    pub fn after(&mut self, node: N) -> Option<N> {
        self.link(node).next
    }

    /// The number of the wait of `node`, which is in the list.
    pub fn generation(&mut self, node: N) -> u32 {
        self.link(node).generation
    }

    /// Is `node`, which is in the list or was just taken out, one of several that wait for the same?
    #[inline]
    pub fn is_case(&mut self, node: N) -> bool {
        self.link(node).is_case
    }

    /// Whether the wait of `node` has ended with it: as the one who took it out has said.
    pub fn has_won(&mut self, node: N) -> &mut bool {
        &mut self.link(node).has_won
    }

    /// Takes `node` out, if it is still in.
    pub fn remove(&mut self, node: N) -> bool {
        let link = self.link(node);
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

    fn link(&mut self, node: N) -> &mut Link<N> {
        // SAFETY: what is in the list lives (`push`), and `node` is in it, was just taken from it under the same lock, or is
        // its caller's own. Links are touched only with the list borrowed exclusively, that is under its lock.
        unsafe { &mut *node.link().get() }
    }
}
