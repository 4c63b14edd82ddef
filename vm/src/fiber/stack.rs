//! Memory for registers and frames: an array that doubles, and a few arrays kept per thread for the next fiber.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error, realloc};
use std::cell::RefCell;
use std::ptr::null_mut;

/// A plain array without a length: who uses it knows what is in use.
pub(super) struct Stack<T> {
    start: *mut T,
    end: *mut T,
}

/// Bytes of a fresh array. A fiber that only waits uses a handful of registers and frames.
const FIRST: usize = 512;

/// Arrays that a thread keeps; arbitrary: enough for a burst of short fibers, at most 128 KiB.
const KEPT: usize = 256;

thread_local! {
    static FREE: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// An array of `FIRST` bytes that nobody uses.
struct Block(*mut u8);

impl Drop for Block {
    fn drop(&mut self) {
        // SAFETY: allocated by `Stack::grow` with this layout, and given up by `recycle`.
        unsafe { dealloc(self.0, layout(FIRST)) }
    }
}

fn layout(bytes: usize) -> Layout {
    Layout::from_size_align(bytes, 16).expect("stacks are limited (Limits)")
}

impl<T> Stack<T> {
    /// No memory yet.
    pub(super) const EMPTY: Stack<T> = Stack { start: null_mut(), end: null_mut() };

    /// The first element.
    #[inline(always)]
    pub(super) fn start(&self) -> *mut T {
        self.start
    }

    /// One past the last.
    #[inline(always)]
    pub(super) fn end(&self) -> *mut T {
        self.end
    }

    fn bytes(&self) -> usize {
        self.end as usize - self.start as usize
    }

    /// Makes room for `count` elements, keeping what is there; the array may move.
    pub(super) fn grow(&mut self, count: usize) {
        const { assert!(align_of::<T>() <= 16 && FIRST.is_multiple_of(size_of::<T>())) };
        let (old, needed) = (self.bytes(), count * size_of::<T>());
        if needed <= old {
            return;
        }
        let bytes = needed.next_power_of_two().max(FIRST);
        let recycled = (self.start.is_null() && bytes == FIRST).then(|| FREE.with_borrow_mut(Vec::pop)).flatten();
        let start = match recycled {
            Some(block) => std::mem::ManuallyDrop::new(block).0,
            // SAFETY: `bytes` is not zero; `start` came from here with `old` bytes.
            None if self.start.is_null() => unsafe { alloc(layout(bytes)) },
            // SAFETY: as above.
            None => unsafe { realloc(self.start.cast(), layout(old), bytes) },
        };
        if start.is_null() {
            handle_alloc_error(layout(bytes));
        }
        self.start = start.cast();
        // SAFETY: one past the allocation; `bytes` is a multiple of the element's size.
        self.end = unsafe { self.start.add(bytes / size_of::<T>()) };
    }

    /// Gives back what was needed only for a burst, when the first `count` elements are all that is in use.
    pub(super) fn shrink(&mut self, count: usize) {
        /// Arrays up to this size stay: they will be needed again soon (arbitrary).
        const KEEP: usize = 4096;
        let (old, used) = (self.bytes(), count * size_of::<T>());
        if old <= KEEP || used > old / 4 {
            return;
        }
        let bytes = used.next_power_of_two().max(FIRST);
        // SAFETY: `start` came from `grow` with `old` bytes; `bytes` is not zero.
        let start = unsafe { realloc(self.start.cast(), layout(old), bytes) };
        if start.is_null() {
            handle_alloc_error(layout(bytes));
        }
        self.start = start.cast();
        // SAFETY: one past the allocation.
        self.end = unsafe { self.start.add(bytes / size_of::<T>()) };
    }

    /// Gives the memory up.
    pub(super) fn recycle(&mut self) {
        let bytes = self.bytes();
        let start = std::mem::replace(&mut self.start, null_mut());
        self.end = null_mut();
        if bytes == 0 {
            return;
        }
        let block = Block(start.cast());
        let keep = |free: &RefCell<Vec<Block>>| free.borrow().len() < KEPT;
        if bytes == FIRST && FREE.try_with(keep).unwrap_or(false) {
            FREE.with_borrow_mut(|free| free.push(block));
            return;
        }
        let block = std::mem::ManuallyDrop::new(block);
        // SAFETY: allocated by `grow` with this many bytes; not used any more.
        unsafe { dealloc(block.0, layout(bytes)) }
    }
}
