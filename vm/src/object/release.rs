//! Destroying objects without recursion on the host stack, however deep the structure.
//!
//! Dead objects of the fields family wait in a list that is linked through their own headers: the first eight bytes
//! (count and meta) hold the next one. A payload is dropped by Rust code, which may drop values and `Ref`s inside it;
//! while such code runs on a thread, further dead payloads only join the thread's list of `pending` ones. So the host
//! stack holds at most: one drain loop, one payload's drop, one loop over fields.

use std::cell::Cell;
use std::ptr::null_mut;

use super::count::note_atomic;
use super::{Header, alloc, boxed};
use crate::value::Value;

thread_local! {
    /// Dead payloads that wait for the drain loop; meaningful while `DRAINING`.
    static PENDING: Cell<*mut Header> = const { Cell::new(null_mut()) };
    static DRAINING: Cell<bool> = const { Cell::new(false) };
}

/// Destroys an object and everything that only it kept alive.
///
/// # Safety
/// Nothing refers to `object` any more.
#[inline(never)]
pub(crate) unsafe fn destroy(object: *mut Header) {
    let mut dead = null_mut();
    // SAFETY: all objects in the list `dead` are unreferenced: the caller's, and those whose last reference was a
    // field.
    unsafe {
        push(&mut dead, object);
        while !dead.is_null() {
            let object = pop(&mut dead);
            if (*object).has_fields() {
                destroy_fields(object, &mut dead);
            } else {
                destroy_payload(object);
            }
        }
    }
}

/// Gives up the fields of a dead object, adding those that die to `dead`, and frees it.
///
/// # Safety
/// Nothing refers to `object`, which is of the fields family.
#[inline(always)]
unsafe fn destroy_fields(object: *mut Header, dead: &mut *mut Header) {
    // SAFETY: the object is ours; each field is read once and then forgotten with the memory.
    unsafe {
        let length = (*object).length as usize;
        let fields = object.add(1).cast::<Value>();
        for index in 0..if (*object).is_plain() { 0 } else { length } {
            let field = std::mem::ManuallyDrop::new(fields.add(index).read());
            if let Some(inner) = field.heap()
                && last_reference(inner)
            {
                push(dead, inner);
            }
        }
        alloc::free(object.cast(), size_of::<Header>() + length * size_of::<Value>());
    }
}

/// Gives a reference up; says whether it was the last.
///
/// # Safety
/// The caller owns the reference.
#[inline(always)]
unsafe fn last_reference(object: *mut Header) -> bool {
    use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
    // SAFETY: the caller owns a reference, so the header is live. Orderings: see `count.rs`.
    let count = unsafe { &(*object).count };
    let now = count.load(Relaxed);
    if now > 1 {
        count.store(now - 1, Relaxed);
        false
    } else if now < 0 {
        // As in `release_shared`.
        note_atomic();
        let last = count.load(Acquire) == -1 || count.fetch_add(1, Release) == -1;
        if last {
            std::sync::atomic::fence(Acquire);
        }
        last
    } else {
        now == 1
    }
}

/// Drops a dead payload now, or leaves it to the drain loop that runs on this thread.
///
/// # Safety
/// Nothing refers to `object`, which is of the payload family.
unsafe fn destroy_payload(object: *mut Header) {
    let mut pending = PENDING.get();
    // SAFETY: the object is dead, so its header is free to hold the link.
    unsafe { push(&mut pending, object) };
    PENDING.set(pending);
    if DRAINING.replace(true) {
        return;
    }
    let _end = EndOfDrain;
    loop {
        let mut pending = PENDING.get();
        if pending.is_null() {
            return;
        }
        // SAFETY: the list holds dead payloads only.
        unsafe {
            let object = pop(&mut pending);
            PENDING.set(pending);
            boxed::drop_payload(object);
        }
    }
}

/// Ends the drain even if a payload's drop panics; what is then pending leaks, which is safe.
struct EndOfDrain;

impl Drop for EndOfDrain {
    fn drop(&mut self) {
        PENDING.set(null_mut());
        DRAINING.set(false);
    }
}

/// # Safety
/// `object` is dead.
#[inline(always)]
unsafe fn push(list: &mut *mut Header, object: *mut Header) {
    // SAFETY: a dead object's first eight bytes are not used otherwise.
    unsafe { object.cast::<*mut Header>().write(*list) };
    *list = object;
}

/// # Safety
/// `list` is not empty.
#[inline(always)]
unsafe fn pop(list: &mut *mut Header) -> *mut Header {
    let object = *list;
    // SAFETY: `push` wrote the link.
    *list = unsafe { object.cast::<*mut Header>().read() };
    object
}
