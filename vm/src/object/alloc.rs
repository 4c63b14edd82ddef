//! The one door to memory for objects.
//!
//! Objects come from the process's allocator (the `aivi` program uses mimalloc, whose free lists are per page). Rejected: a
//! list of 64 dead objects per thread and size before it, which made building and counting trees 20 % slower. The number
//! of live objects is kept per thread: what a thread allocated minus what it freed. On the simulator everything happens on
//! one thread, so there the number must return to where it was: that is the leak check.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// Alignment of every object; the low four bits of its address are zero.
const ALIGN: usize = 16;

/// Objects that this thread allocated and did not free, constants of programs not included.
#[must_use]
pub fn live_objects() -> isize {
    LIVE.get()
}

/// Takes `count` objects out of the number of live objects (constants, which live as long as the process).
pub(crate) fn forget(count: isize) {
    LIVE.set(LIVE.get() - count);
}

/// Memory for an object of `size` bytes; aborts the process when there is none.
#[inline]
pub(crate) fn allocate(size: usize) -> *mut u8 {
    debug_assert!(size >= ALIGN && size <= isize::MAX as usize - ALIGN);
    // SAFETY: ALIGN is a power of two, and no object comes near isize::MAX bytes: its length is a u32 of 16-byte fields.
    let layout = unsafe { Layout::from_size_align_unchecked(size, ALIGN) };
    // SAFETY: the size is not zero, an object has at least its header.
    let memory = unsafe { alloc(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    LIVE.set(LIVE.get() + 1);
    memory
}

/// Gives memory back.
///
/// # Safety
/// `memory` came from `allocate(size)` and nothing refers to it.
#[inline]
pub(crate) unsafe fn free(memory: *mut u8, size: usize) {
    LIVE.set(LIVE.get() - 1);
    // SAFETY: the caller promises origin and size; see `allocate` for the layout.
    unsafe { dealloc(memory, Layout::from_size_align_unchecked(size, ALIGN)) }
}
