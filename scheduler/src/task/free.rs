//! Freeing records without recursion.
//!
//! An outcome may hold the handle of another task, whose outcome holds the next one, and so on for a million tasks. So
//! a record that is to be freed while another one is being freed by the same thread has to wait for its turn.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

/// How to free something.
type Free = unsafe fn(NonNull<()>);

thread_local! {
    static IS_FREEING: Cell<bool> = const { Cell::new(false) };
    /// Bounded by the records that one of them keeps alive.
    static WAITING: RefCell<Vec<(NonNull<()>, Free)>> = const { RefCell::new(Vec::new()) };
}

/// Is this thread freeing something at the moment, so that the next one has to wait?
pub fn is_freeing() -> bool {
    IS_FREEING.get()
}

/// Calls `free(what)` now, or when what this thread is freeing at the moment is gone.
///
/// # Safety
/// `free(what)` is sound now and at any later time, on this thread.
pub unsafe fn free_in_turn(what: NonNull<()>, free: Free) {
    if IS_FREEING.get() {
        return WAITING.with_borrow_mut(|waiting| waiting.push((what, free)));
    }
    IS_FREEING.set(true);
    let mut next = Some((what, free));
    while let Some((what, free)) = next {
        // SAFETY: promised by the caller that brought it here.
        unsafe { free(what) };
        next = WAITING.with_borrow_mut(Vec::pop);
    }
    IS_FREEING.set(false);
}
