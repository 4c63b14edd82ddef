//! Memory for registers and frames: an array that doubles. It stays with its fiber, and with the fiber's memory when
//! that goes to the next one (`strand.rs`).

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::ptr::null_mut;

use crate::account::meter;

/// A plain array without a length: who uses it knows what is in use.
pub(super) struct Stack<T> {
    start: *mut T,
    /// Where the last element stands: what is below it has another one above.
    last: *mut T,
}

/// Bytes of a fresh array. A fiber that only waits uses a handful of registers and frames. Few in debug builds, where
/// arrays shall move as often as they can: who forgets to make room is found by any test then, not only by those with
/// large functions.
const FIRST: usize = if cfg!(debug_assertions) { 96 } else { 512 };

/// Arrays up to this size stay when less is needed: they will be needed again soon (arbitrary).
const KEEP: usize = 8 * FIRST;

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 16).expect("stacks are limited (Limits)")
}

impl<T> Stack<T> {
    /// No memory yet.
    pub(super) const EMPTY: Stack<T> = Stack { start: null_mut(), last: null_mut() };

    /// The first element.
    #[inline(always)]
    pub(super) fn start(&self) -> *mut T {
        self.start
    }

    /// The last element, which is there only if there is memory.
    #[inline(always)]
    pub(super) fn last(&self) -> *mut T {
        self.last
    }

    pub(super) fn bytes(&self) -> usize {
        let one = if self.start.is_null() { 0 } else { size_of::<T>() };
        self.span() + one
    }

    /// Units of memory (`meter`).
    #[inline]
    pub(super) fn units(&self) -> isize {
        const { assert!(size_of::<T>().is_multiple_of(meter::UNIT)) };
        let one = if self.start.is_null() { 0 } else { size_of::<T>() / meter::UNIT };
        (self.span() / meter::UNIT + one) as isize
    }

    /// Makes room for `count` elements and one more, keeping what is there; the array may move.
    #[inline]
    pub(super) fn grow(&mut self, count: usize) {
        // Without the last element, which is not there if there is no memory: two instructions in place of seven.
        let is_small = count * size_of::<T>() > self.span();
        if is_small || count == 0 && self.start.is_null() {
            self.resize(((count + 1) * size_of::<T>()).next_power_of_two().max(FIRST));
        }
    }

    /// Whether so much memory is there that it may be worth giving some back.
    #[inline]
    pub(super) fn is_large(&self) -> bool {
        self.span() > KEEP - size_of::<T>()
    }

    /// From the first element to the last one, in bytes.
    #[inline]
    fn span(&self) -> usize {
        self.last as usize - self.start as usize
    }

    /// Gives back what was needed only for a burst, when the first `count` elements are all that is in use.
    pub(super) fn shrink(&mut self, count: usize) {
        if self.is_much_for(count) {
            self.resize(((count + 1) * size_of::<T>()).next_power_of_two().max(FIRST));
        }
    }

    /// Is it worth giving some back when only so many elements are in use?
    pub(super) fn is_much_for(&self, count: usize) -> bool {
        self.is_large() && (count + 1) * size_of::<T>() <= self.bytes() / 4
    }

    /// Gives back what was needed only for a burst, when nothing is in use.
    pub(super) fn limit(&mut self) {
        if self.is_large() {
            drop(self.take());
        }
    }

    /// Moves the memory out.
    pub(super) fn take(&mut self) -> Stack<T> {
        std::mem::replace(self, Stack::EMPTY)
    }

    /// The array has `bytes` bytes then, at least what is in use.
    fn resize(&mut self, bytes: usize) {
        const { assert!(align_of::<T>() <= 16 && FIRST.is_multiple_of(size_of::<T>()) && FIRST > size_of::<T>()) };
        let old = self.bytes();
        // SAFETY: `bytes` is not zero; `start` came from here with `old` bytes.
        let start = unsafe {
            match self.start.is_null() {
                true => alloc(layout(bytes)),
                false => realloc(self.start.cast(), layout(old), bytes),
            }
        };
        if start.is_null() {
            handle_alloc_error(layout(bytes));
        }
        meter::add(meter::units(bytes) - meter::units(old));
        self.start = start.cast();
        // SAFETY: inside of the allocation, which has more than one element.
        self.last = unsafe { self.start.add(bytes / size_of::<T>() - 1) };
    }
}

impl<T> Drop for Stack<T> {
    fn drop(&mut self) {
        if !self.start.is_null() {
            meter::add(-self.units());
            // SAFETY: allocated by `resize` with this many bytes; who uses the array has it no more.
            unsafe {
                if cfg!(debug_assertions) {
                    // No kind of value, for those who look here nevertheless.
                    self.start.cast::<u8>().write_bytes(0xdd, self.bytes());
                }
                dealloc(self.start.cast(), layout(self.bytes()));
            }
        }
    }
}
