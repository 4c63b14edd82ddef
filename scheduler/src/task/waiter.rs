//! Where a task stands in a list in which it waits: its own place in its record, or one of several that a select has.
//!
//! A waiter is touched under the lock of the list in which it is; by the running side of its task while it is in none. That goes for
//! the link and the message. A waiter of a select that was taken out of a list has to be forgotten there by the running side before it
//! is freed (`select.rs`), so the one who took it out may still write it while it has the lock.

use std::cell::UnsafeCell;
use std::ptr::NonNull;

use super::Task;
use super::record::Raw;
use crate::list::{Link, Node};

/// A place in a list, with the message that travels with the wait.
pub struct Waiter<T: Task> {
    link: UnsafeCell<Link<Spot<T>>>,
    message: UnsafeCell<Option<T::Value>>,
    task: Raw<T>,
}

/// A pointer to a waiter that counts nothing: sound where the waiter is forgotten before it goes.
pub struct Spot<T: Task>(NonNull<Waiter<T>>);

impl<T: Task> Waiter<T> {
    /// The place of a task for a wait for one thing.
    pub fn new(task: Raw<T>) -> Self {
        Waiter { link: UnsafeCell::new(Link::new()), message: UnsafeCell::new(None), task }
    }

    /// The place of a task for one case of a select.
    pub fn of_case(task: Raw<T>, message: Option<T::Value>) -> Self {
        Waiter { link: UnsafeCell::new(Link::of_case()), message: UnsafeCell::new(message), task }
    }

    /// The message.
    pub fn message(&self) -> &UnsafeCell<Option<T::Value>> {
        &self.message
    }
}

impl<T: Task> Spot<T> {
    /// The place at this address.
    pub fn new(waiter: NonNull<Waiter<T>>) -> Self {
        Spot(waiter)
    }

    /// Whose it is.
    ///
    /// # Safety
    /// The waiter lives.
    #[inline]
    pub unsafe fn task(self) -> Raw<T> {
        // SAFETY: promised by the caller; it never changes.
        unsafe { self.0.as_ref() }.task
    }

    /// The message that travels with the wait.
    ///
    /// # Safety
    /// The waiter lives, and it is the caller's to touch (see above), who holds no other reference from this method.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn message<'a>(self) -> &'a mut Option<T::Value> {
        // SAFETY: promised by the caller.
        unsafe { &mut *self.0.as_ref().message.get() }
    }
}

impl<T: Task> Node for Spot<T> {
    #[inline]
    unsafe fn link<'a>(self) -> &'a UnsafeCell<Link<Self>> {
        // SAFETY: promised by the caller.
        unsafe { &self.0.as_ref().link }
    }
}

impl<T: Task> Clone for Spot<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Task> Copy for Spot<T> {}

impl<T: Task> PartialEq for Spot<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

// SAFETY: a pointer to what is guarded by locks; using it is what needs a reason, on any thread.
unsafe impl<T: Task> Send for Spot<T> {}
