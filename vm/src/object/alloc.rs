//! The one door to memory for objects.
//!
//! Small objects come from `heap`, large ones from the process's allocator, in debug builds all of them. The bytes are
//! counted per thread (`account/meter.rs`): what a thread allocated minus what it freed. On the simulator everything
//! happens on one thread, so there the number must return to where it was: that is the leak check.

use std::alloc::{Layout, alloc, dealloc, handle_alloc_error};

use super::heap;
use crate::account::meter;

/// Alignment of every object; the low four bits of its address are zero.
pub(crate) const ALIGN: usize = 16;

/// Whether objects of `size` bytes come from `heap`.
#[inline(always)]
const fn is_small(size: usize) -> bool {
    !cfg!(debug_assertions) && size <= heap::SMALL
}

/// Memory for an object of `size` bytes, a multiple of `ALIGN`; aborts the process when there is none.
#[inline]
pub(crate) fn allocate(size: usize) -> *mut u8 {
    debug_assert!(size >= ALIGN && size <= isize::MAX as usize - ALIGN && size.is_multiple_of(ALIGN));
    let memory = if is_small(size) { heap::allocate(size) } else { allocate_large(size) };
    note(1, size);
    memory
}

/// As `allocate`, if memory is at hand. Calls nothing.
#[inline(always)]
pub(crate) fn try_allocate(size: usize) -> Option<*mut u8> {
    let memory = if is_small(size) { heap::try_allocate(size)? } else { return None };
    note(1, size);
    Some(memory)
}

/// Gives memory back.
///
/// # Safety
/// `memory` came from `allocate(size)` and nothing refers to it.
#[inline]
pub(crate) unsafe fn free(memory: *mut u8, size: usize) {
    note(-1, size);
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
        note(-1, size);
    }
    freed
}

/// An object more or less of so many bytes.
#[inline(always)]
fn note(count: isize, size: usize) {
    meter::add(count * (size / ALIGN) as isize);
    #[cfg(test)]
    tests::OBJECTS.set(tests::OBJECTS.get() + count);
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
    // SAFETY: ALIGN is a power of two, and no object comes near isize::MAX bytes: its length is a u32 of 16-byte
    // fields.
    unsafe { Layout::from_size_align_unchecked(size, ALIGN) }
}

/// For tests of what operations cost.
#[cfg(test)]
pub(crate) mod tests {
    use std::cell::Cell;

    thread_local! {
        pub(super) static OBJECTS: Cell<isize> = const { Cell::new(0) };
    }

    /// Objects that this thread allocated and did not free.
    pub(crate) fn live_objects() -> isize {
        OBJECTS.get()
    }
}
