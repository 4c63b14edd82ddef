//! The counted pointer behind a channel's handles.
//!
//! A task that waits in a channel holds no count: counting would cost 12 ns a wait, a tenth of a round trip (measured).
//! Instead the last handle looks, under the lock, whether somebody still waits; if so it leaves the channel an *orphan*, and
//! whoever takes the last waiter out frees it.

use std::ptr::NonNull;

use super::Core;
use crate::sync::atomic::{AtomicUsize, Ordering, fence};
use crate::sync::{CHANNEL, Lock};
use crate::{DumpedChannel, Task};

/// A channel. Clones are the same channel.
pub struct Channel<T: Task>(NonNull<Shared<T>>);

struct Shared<T: Task> {
    handles: AtomicUsize,
    core: Lock<Core<T>, CHANNEL>,
}

// SAFETY: a counted pointer to something that is `Send + Sync`: the count is atomic, the rest behind a lock.
unsafe impl<T: Task> Send for Channel<T> {}
// SAFETY: as above.
unsafe impl<T: Task> Sync for Channel<T> {}

impl<T: Task> Channel<T> {
    pub(super) fn from_core(core: Core<T>) -> Self {
        let shared = Shared { handles: AtomicUsize::new(1), core: Lock::new(core) };
        Channel(NonNull::from(Box::leak(Box::new(shared))))
    }

    #[inline]
    pub(super) fn core(&self) -> &Lock<Core<T>, CHANNEL> {
        &self.shared().core
    }

    /// The channel, for a task that waits in it.
    pub(crate) fn waited_at(&self) -> WaitedAt<T> {
        WaitedAt(self.0)
    }

    fn shared(&self) -> &Shared<T> {
        // SAFETY: our count keeps it.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Task> Clone for Channel<T> {
    fn clone(&self) -> Self {
        // Relaxed: the count is at least ours. It cannot overflow: 2^64 handles do not fit into memory.
        self.shared().handles.fetch_add(1, Ordering::Relaxed);
        Channel(self.0)
    }
}

impl<T: Task> PartialEq for Channel<T> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Task> Eq for Channel<T> {}

impl<T: Task> Drop for Channel<T> {
    fn drop(&mut self) {
        // Release pairs with the fence: what others did with the channel is over when it is freed.
        if self.shared().handles.fetch_sub(1, Ordering::Release) != 1 {
            return;
        }
        fence(Ordering::Acquire);
        let mut core = self.core().lock();
        if core.is_waited_at() {
            core.is_orphan = mutant!("channel.nobody-frees-an-orphan", true, false);
            return;
        }
        drop(core);
        // SAFETY: no handle is left, and no waiter: nobody else can reach it.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// The channel in which a task waits, as the task notes it. Good until the task was taken out of the channel's lists.
pub(crate) struct WaitedAt<T: Task>(NonNull<Shared<T>>);

impl<T: Task> WaitedAt<T> {
    /// Calls `forget` with the channel's insides, to take the waiter out; frees an orphan that nobody waits in any more.
    ///
    /// # Safety
    /// The waiter's wait was ended by something else than the channel, and this is called once. Then the channel lives, by
    /// its handles or as an orphan: the waiter is in a list, or among those that were popped in vain (`lost`).
    pub unsafe fn forget(&self, forget: impl FnOnce(&mut Core<T>)) {
        // SAFETY: promised by the caller.
        let mut core = unsafe { self.0.as_ref() }.core.lock();
        forget(&mut core);
        if !core.is_orphan || core.is_waited_at() {
            return;
        }
        drop(core);
        // SAFETY: an orphan has no handles, and this was its last waiter.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }

    /// The channel's insides as dumps show them.
    ///
    /// # Safety
    /// The waiter still waits, and the world is stopped: then the channel lives, by its handles or as an orphan.
    pub unsafe fn dump(&self) -> DumpedChannel {
        // SAFETY: promised by the caller.
        unsafe { self.0.as_ref() }.core.lock().dump()
    }

    /// A number that tells channels apart.
    pub fn id(&self) -> usize {
        self.0.as_ptr().addr()
    }
}
