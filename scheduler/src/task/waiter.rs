//! Where a task stands in a list in which it waits: its own place in its record, or one of several that a select has.
//!
//! A waiter is touched under the lock of the list in which it is; by the running side of its task while it is in none.
//! That goes for the link, the number and the message. A waiter of a select that was taken out of a list has to be
//! forgotten there by the running side before it is freed (`select.rs`), so the one who took it out may still write it
//! while it has the lock.
//!
//! Each record has a waiter, so it has only what cannot be had otherwise: the record around it is the task, and carries
//! the message (`Record::message`). A waiter of a select stands in a [`CaseWaiter`], which says both.

use std::cell::UnsafeCell;
use std::mem::offset_of;
use std::ptr::NonNull;

use super::Task;
use super::record::{Raw, Record};
use crate::list::{Link, List, Node};

/// A place in a list.
pub struct Waiter<T: Task> {
    link: UnsafeCell<Link<Spot<T>>>,
    /// The number of the wait with which it stands in the list.
    generation: UnsafeCell<u32>,
    /// The wait has ended with it, as the one who took it out has said. Only of a select's.
    has_won: UnsafeCell<bool>,
    /// It is that of a [`CaseWaiter`], not that of a record. Never changes.
    is_case: bool,
}

/// A place in a list for one case of a select.
// So that a pointer to the waiter is one to the whole.
#[repr(C)]
pub struct CaseWaiter<T: Task> {
    waiter: Waiter<T>,
    task: Raw<T>,
    message: UnsafeCell<Option<T::Value>>,
}

/// A pointer to a waiter that counts nothing: sound where the waiter is forgotten before it goes. It may be used for
/// all of the record or the [`CaseWaiter`] in which the waiter is.
pub struct Spot<T: Task>(NonNull<Waiter<T>>);

impl<T: Task> Waiter<T> {
    /// The place of a task, in its record, for a wait for one thing.
    pub fn new() -> Self {
        Waiter::of(false)
    }

    fn of(is_case: bool) -> Self {
        Waiter {
            link: UnsafeCell::new(Link::new()),
            generation: UnsafeCell::new(0),
            has_won: UnsafeCell::new(false),
            is_case,
        }
    }
}

impl<T: Task> CaseWaiter<T> {
    /// The place of a task, with the message that it would send.
    pub fn new(task: Raw<T>, message: Option<T::Value>) -> Self {
        CaseWaiter { waiter: Waiter::of(true), task, message: UnsafeCell::new(message) }
    }

    /// The pointer to it.
    pub fn spot(&self) -> Spot<T> {
        Spot(NonNull::from(self).cast())
    }
}

impl<T: Task> Spot<T> {
    /// The place in a record.
    ///
    /// # Safety
    /// The record lives.
    #[inline]
    pub unsafe fn of_record(record: NonNull<Record<T>>) -> Self {
        // SAFETY: promised by the caller; the pointer stays one to the whole record.
        Spot(unsafe { record.byte_add(offset_of!(Record<T>, waiter)).cast() })
    }

    /// Is it one of several where its task waits?
    ///
    /// # Safety
    /// The waiter lives.
    #[inline]
    pub unsafe fn is_case(self) -> bool {
        // SAFETY: promised by the caller; it never changes.
        unsafe { self.0.as_ref() }.is_case
    }

    /// Whose it is.
    ///
    /// # Safety
    /// The waiter lives.
    #[inline]
    pub unsafe fn task(self) -> Raw<T> {
        // SAFETY: promised by the caller. A waiter that is no case is that of a record, at this offset (`of_record`);
        // the task of one that is never changes.
        unsafe {
            match self.is_case() {
                true => self.0.cast::<CaseWaiter<T>>().as_ref().task,
                false => Raw::new(self.0.byte_sub(offset_of!(Record<T>, waiter)).cast()),
            }
        }
    }

    /// The message that travels with the wait.
    ///
    /// # Safety
    /// The waiter lives, its task has not ended, and it is the caller's to touch (see above), who holds no other
    /// reference from this method.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn message<'a>(self) -> &'a mut Option<T::Value> {
        // SAFETY: promised by the caller.
        unsafe {
            match self.is_case() {
                true => &mut *self.0.cast::<CaseWaiter<T>>().as_ref().message.get(),
                false => self.task().get().message(),
            }
        }
    }
}

impl<T: Task> Node for Spot<T> {
    const NOWHERE: Self = Spot(NonNull::dangling());

    #[inline]
    unsafe fn link<'a>(self) -> &'a UnsafeCell<Link<Self>> {
        // SAFETY: promised by the caller.
        unsafe { &self.0.as_ref().link }
    }
}

impl<T: Task> List<Spot<T>> {
    /// Adds a waiter at the end, with the number of its wait.
    ///
    /// # Safety
    /// As for `push`.
    #[inline]
    pub unsafe fn push_wait(&mut self, spot: Spot<T>, generation: u32) {
        // SAFETY: promised by the caller: it is in no list, and ours until it is in this one, whose lock we have.
        unsafe {
            *spot.0.as_ref().generation.get() = generation;
            *spot.0.as_ref().has_won.get() = false;
            self.push(spot);
        }
    }

    /// Takes the first one out, with the number of its wait.
    #[inline]
    pub fn pop_wait(&mut self) -> Option<(Spot<T>, u32)> {
        let spot = self.pop()?;
        Some((spot, self.generation(spot)))
    }

    /// The number of the wait of a waiter, which is in the list or was just taken out.
    #[inline]
    pub fn generation(&mut self, spot: Spot<T>) -> u32 {
        // SAFETY: what is in the list lives (`push`), and its number is guarded as the links are.
        unsafe { *spot.0.as_ref().generation.get() }
    }

    /// Whether the wait of a waiter of a select has ended with it: as the one who took it out has said.
    pub fn has_won(&mut self, spot: Spot<T>) -> &mut bool {
        // SAFETY: it was just taken out under the same lock, or is the caller's own; else as in `generation`.
        unsafe { &mut *spot.0.as_ref().has_won.get() }
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
