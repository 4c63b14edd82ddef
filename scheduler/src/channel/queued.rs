//! How many messages stand in channels, as a thread sees it: what it has put there less what it has taken out.

use std::cell::Cell;

thread_local! {
    static QUEUED: Cell<isize> = const { Cell::new(0) };
}

/// Messages that this thread has put into channels, less those that it has taken out.
#[inline(always)]
pub fn queued_messages() -> isize {
    QUEUED.get()
}

/// So many more, or fewer.
#[inline(always)]
pub(super) fn add(messages: isize) {
    QUEUED.set(QUEUED.get() + messages);
}
