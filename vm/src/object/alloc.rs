//! The one door to memory for objects.
//!
//! Small objects come from `heap`, large ones from the process's allocator, in debug builds all of them. The number of live
//! objects is kept per thread: what a thread allocated minus what it freed. On the simulator everything happens on one thread,
//! so there the number must return to where it was: that is the leak check.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};
use std::cell::Cell;

use super::heap;

thread_local! {
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// Alignment of every object; the low four bits of its address are zero.
pub(crate) const ALIGN: usize = 16;

/// Whether objects of `size` bytes come from `heap`.
#[inline(always)]
const fn is_small(size: usize) -> bool {
    !cfg!(debug_assertions) && size <= heap::SMALL
}

/// Objects that this thread allocated and did not free, constants of programs not included.
#[must_use]
pub fn live_objects() -> isize {
    LIVE.get()
}

/// Takes `count` objects out of the number of live objects (constants, which live as long as their program).
pub(crate) fn forget(count: isize) {
    LIVE.set(LIVE.get() - count);
}

/// Takes `count` objects back into the number, which are freed next.
pub(crate) fn remember(count: isize) {
    LIVE.set(LIVE.get() + count);
}

/// Memory for an object of `size` bytes, a multiple of `ALIGN`; aborts the process when there is none.
#[inline]
pub(crate) fn allocate(size: usize) -> *mut u8 {
    debug_assert!(size >= ALIGN && size <= isize::MAX as usize - ALIGN && size.is_multiple_of(ALIGN));
    let memory = if is_small(size) { heap::allocate(size) } else { allocate_large(size) };
    LIVE.set(LIVE.get() + 1);
    memory
}

/// As `allocate`, if memory is at hand. Calls nothing.
#[inline(always)]
pub(crate) fn try_allocate(size: usize) -> Option<*mut u8> {
    let memory = if is_small(size) { heap::try_allocate(size)? } else { return None };
    LIVE.set(LIVE.get() + 1);
    Some(memory)
}

/// Gives memory back.
///
/// # Safety
/// `memory` came from `allocate(size)` and nothing refers to it.
#[inline]
pub(crate) unsafe fn free(memory: *mut u8, size: usize) {
    LIVE.set(LIVE.get() - 1);
    // SAFETY: the caller promises origin and size.
    unsafe { if is_small(size) { heap::free(memory) } else { dealloc(memory, layout(size)) } }
}

/// As `free`, if that is simple. Calls nothing.
///
/// # Safety
/// As for `free`, if the result is true; else the memory is still in use.
#[inline(always)]
pub(crate) unsafe fn try_free(memory: *mut u8, size: usize) -> bool {
    // SAFETY: the caller promises origin and size.
    let freed = is_small(size) && unsafe { heap::try_free(memory) };
    if freed {
        LIVE.set(LIVE.get() - 1);
    }
    freed
}

#[inline(never)]
fn allocate_large(size: usize) -> *mut u8 {
    let layout = layout(size);
    // SAFETY: the size is not zero, an object has at least its header.
    let memory = unsafe { alloc(layout) };
    if memory.is_null() {
        handle_alloc_error(layout);
    }
    memory
}

#[inline]
fn layout(size: usize) -> Layout {
    // SAFETY: ALIGN is a power of two, and no object comes near isize::MAX bytes: its length is a u32 of 16-byte fields.
    unsafe { Layout::from_size_align_unchecked(size, ALIGN) }
}
