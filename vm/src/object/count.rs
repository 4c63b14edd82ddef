//! Reference counts: local without atomics, shared with.

use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::fence;

use super::{Header, release};

/// Adds a reference.
///
/// # Safety
/// `object` points at a live object of which the caller holds (or borrows) a reference.
#[inline(always)]
pub(crate) unsafe fn retain(object: *const Header) {
    // SAFETY: the caller holds a reference, so the header is live.
    let count = unsafe { &(*object).count };
    let now = count.load(Relaxed);
    if now > 0 {
        // O1: all references are with this thread, so nobody counts in between.
        count.store(now.checked_add(1).unwrap_or_else(|| overflow()), Relaxed);
    } else if now < 0 {
        note_atomic();
        // Relaxed suffices: a new reference comes from an existing one, as with `Arc`.
        if count.fetch_sub(1, Relaxed) < i32::MIN / 2 {
            overflow();
        }
    }
}

/// Gives a reference up; the last one destroys the object.
///
/// # Safety
/// The caller owns the reference and does not use it again.
#[inline(always)]
pub(crate) unsafe fn release(object: *mut Header) {
    // SAFETY: the caller owns a reference, so the header is live.
    let count = unsafe { &(*object).count };
    let now = count.load(Relaxed);
    if now > 1 {
        count.store(now - 1, Relaxed);
    } else if now == 1 {
        // SAFETY: it was the last reference.
        unsafe { release::destroy(object) };
    } else if now < 0 {
        // SAFETY: passed on from the caller.
        unsafe { release_shared(object) };
    }
}

/// As `release`, when the object is local and lives on, or is immortal; calls nothing. Else nothing happens, and false.
///
/// # Safety
/// As for `release`, if the result is true.
#[inline(always)]
pub(crate) unsafe fn release_early(object: *const Header) -> bool {
    // SAFETY: the caller owns a reference, so the header is live.
    let count = unsafe { &(*object).count };
    let now = count.load(Relaxed);
    if now > 1 {
        count.store(now - 1, Relaxed);
    }
    now > 1 || now == 0
}

/// # Safety
/// As for `release`; the object is shared.
#[cold]
#[inline(never)]
unsafe fn release_shared(object: *mut Header) {
    note_atomic();
    // SAFETY: the caller owns a reference, so the header is live.
    let count = unsafe { &(*object).count };
    // The only reference needs no decrement: nobody else can make another one. Acquire pairs with the Release of those
    // that went. Release: what this thread read or wrote in the object happens before its memory is reused. Pairs with
    // the fence below.
    if count.load(Acquire) == -1 || count.fetch_add(1, Release) == -1 {
        fence(Acquire);
        // SAFETY: it was the last reference.
        unsafe { release::destroy(object) };
    }
}

/// Whether the reference is the only one. A shared object with one reference becomes local again (O2: what it refers to
/// may stay shared).
///
/// # Safety
/// The caller owns a reference to `object`, exclusively.
#[inline(always)]
pub(crate) unsafe fn unshare_if_unique(object: *const Header) -> bool {
    // SAFETY: the caller owns a reference, so the header is live.
    let count = unsafe { &(*object).count };
    // Acquire pairs with the Release in `release_shared`: who sees that others are gone sees what they did before.
    match count.load(Acquire) {
        1 => true,
        -1 => {
            count.store(1, Relaxed);
            true
        }
        _ => false,
    }
}

/// Counts an atomic operation.
#[inline(always)]
pub(super) fn note_atomic() {
    #[cfg(debug_assertions)]
    ATOMIC.fetch_add(1, Relaxed);
}

#[cfg(debug_assertions)]
static ATOMIC: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// How many counts were changed atomically in this process, which is only counted in debug builds: none while no value
/// has gone from one fiber to another.
#[cfg(debug_assertions)]
#[must_use]
pub fn atomic_operations() -> u64 {
    ATOMIC.load(Relaxed)
}

#[cold]
fn overflow() -> ! {
    // More than 2^30 references to one object need more than 16 GiB of them; going on would free it too early.
    eprintln!("aivi: reference count overflow");
    std::process::abort()
}
