//! The counted pointer behind a channel's handles.
//!
//! A task that waits in a channel holds no count: counting would cost 12 ns a wait, a tenth of a round trip (measured).
//! Instead the last handle looks, under the lock, whether somebody still waits; if so it leaves the channel an
//! *orphan*, and whoever takes the last waiter out frees it.

use std::marker::PhantomData;
use std::ptr::NonNull;

use super::Core;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use crate::sync::{CHANNEL, Lock};
use crate::{DumpedChannel, Task};

/// Both ends of a channel. Clones are ends of the same one.
pub struct Channel<T: Task> {
    /// Where messages are put in.
    pub tx: Sender<T>,
    /// Where they are taken out.
    pub rx: Receiver<T>,
}

/// The end of a channel that sends and closes.
pub type Sender<T> = ChannelEnd<T, Sending>;

/// The end of a channel that receives.
pub type Receiver<T> = ChannelEnd<T, Receiving>;

/// A counted pointer to a channel, for one of its two uses.
pub struct ChannelEnd<T: Task, S: Side>(NonNull<Shared<T>>, PhantomData<S>);

/// Which end of a channel.
pub trait Side: 'static {
    /// One handle of it, in the word that counts both.
    const ONE: u64;
}

/// The end that sends.
pub struct Sending;

/// The end that receives.
pub struct Receiving;

impl Side for Sending {
    const ONE: u64 = 1;
}

impl Side for Receiving {
    const ONE: u64 = 1 << 32;
}

struct Shared<T: Task> {
    /// Handles of both ends in one word, so that the last one of all is seen by one operation: senders in the lower
    /// half. Neither half overflows: 2^32 handles take 32 GiB.
    handles: AtomicU64,
    /// Messages stand in the buffer: a hint that a simple receive may do.
    is_buffered: AtomicBool,
    /// Receivers waited when the last send or receive was done that was not simple: a hint that a simple send will not
    /// do.
    is_awaited: AtomicBool,
    core: Lock<Core<T>, CHANNEL>,
}

/// How many handles there are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Handles {
    pub senders: u32,
    pub receivers: u32,
}

// SAFETY: a counted pointer to something that is `Send + Sync`: the count is atomic, the rest behind a lock.
unsafe impl<T: Task, S: Side> Send for ChannelEnd<T, S> {}
// SAFETY: as above.
unsafe impl<T: Task, S: Side> Sync for ChannelEnd<T, S> {}

impl<T: Task> Channel<T> {
    pub(super) fn from_core(core: Core<T>) -> Self {
        let handles = AtomicU64::new(Sending::ONE + Receiving::ONE);
        let (is_buffered, is_awaited) = (AtomicBool::new(false), AtomicBool::new(false));
        let shared = Shared { handles, is_buffered, is_awaited, core: Lock::new(core) };
        let shared = NonNull::from(Box::leak(Box::new(shared)));
        Channel { tx: ChannelEnd(shared, PhantomData), rx: ChannelEnd(shared, PhantomData) }
    }
}

impl<T: Task> Clone for Channel<T> {
    fn clone(&self) -> Self {
        Channel { tx: self.tx.clone(), rx: self.rx.clone() }
    }
}

impl<T: Task, S: Side> ChannelEnd<T, S> {
    #[inline]
    pub(super) fn core(&self) -> &Lock<Core<T>, CHANNEL> {
        &self.shared().core
    }

    /// Whether messages stand in the buffer, as far as is known without the lock.
    #[inline(always)]
    pub fn is_buffered(&self) -> bool {
        // Relaxed: a hint.
        self.shared().is_buffered.load(Ordering::Relaxed)
    }

    /// Whether receivers wait, as far as is known without the lock.
    #[inline(always)]
    pub fn is_awaited(&self) -> bool {
        // Relaxed: a hint.
        self.shared().is_awaited.load(Ordering::Relaxed)
    }

    #[inline(always)]
    pub(super) fn note_buffered(&self, is_buffered: bool) {
        // Relaxed: a hint.
        self.shared().is_buffered.store(is_buffered, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(super) fn note_awaited(&self, is_awaited: bool) {
        // Relaxed: a hint.
        self.shared().is_awaited.store(is_awaited, Ordering::Relaxed);
    }

    /// The channel, for a task that waits in it.
    pub(crate) fn waited_at(&self) -> WaitedAt<T> {
        WaitedAt(self.0)
    }

    /// How many handles there are, of both ends.
    pub(crate) fn handles(&self) -> Handles {
        self.shared().handles()
    }

    #[inline(always)]
    fn shared(&self) -> &Shared<T> {
        // SAFETY: our count keeps it.
        unsafe { self.0.as_ref() }
    }
}

impl<T: Task> Shared<T> {
    fn handles(&self) -> Handles {
        // Relaxed: exact only while nobody runs.
        let word = self.handles.load(Ordering::Relaxed);
        Handles { senders: word as u32, receivers: (word >> 32) as u32 }
    }
}

impl<T: Task, S: Side> Clone for ChannelEnd<T, S> {
    fn clone(&self) -> Self {
        // Relaxed: the count is at least ours.
        self.shared().handles.fetch_add(S::ONE, Ordering::Relaxed);
        ChannelEnd(self.0, PhantomData)
    }
}

impl<T: Task, S: Side> PartialEq for ChannelEnd<T, S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<T: Task, S: Side> Eq for ChannelEnd<T, S> {}

impl<T: Task, S: Side> Drop for ChannelEnd<T, S> {
    fn drop(&mut self) {
        // Release pairs with the fence: what others did with the channel is over when it is freed.
        if self.shared().handles.fetch_sub(S::ONE, Ordering::Release) != S::ONE {
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

impl<T: Task> Clone for WaitedAt<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Task> Copy for WaitedAt<T> {}

// SAFETY: a pointer to something that is `Send + Sync`; using it is what needs a reason, on any thread.
unsafe impl<T: Task> Send for WaitedAt<T> {}

impl<T: Task> WaitedAt<T> {
    /// Calls `forget` with the channel's insides, to take the waiter out; frees an orphan that nobody waits in any
    /// more.
    ///
    /// # Safety
    /// The waiter's wait was ended by something else than the channel, or it is a case of a select; and this is called
    /// once. Then the channel lives, by its handles or as an orphan: the waiter is in a list, or among those whose
    /// tasks will come by (`lost`).
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

    /// Calls `look` with the channel's insides.
    ///
    /// # Safety
    /// The channel lives: the caller has a handle.
    pub unsafe fn with<R>(&self, look: impl FnOnce(&mut Core<T>) -> R) -> R {
        // SAFETY: promised by the caller.
        look(&mut unsafe { self.0.as_ref() }.core.lock())
    }

    /// The channel's insides as dumps show them.
    ///
    /// # Safety
    /// The waiter still waits, and the world is stopped: then the channel lives, by its handles or as an orphan.
    pub unsafe fn dump(&self) -> DumpedChannel {
        // SAFETY: promised by the caller.
        let shared = unsafe { self.0.as_ref() };
        shared.core.lock().dump(shared.handles())
    }

    /// How many handles of the channel there are.
    ///
    /// # Safety
    /// As for `dump`; or somebody who does not run has a handle.
    pub unsafe fn handles(&self) -> Handles {
        // SAFETY: promised by the caller.
        unsafe { self.0.as_ref() }.handles()
    }

    /// Calls `visit` for each message that is in the channel, or waits to be.
    ///
    /// # Safety
    /// As for `handles`.
    pub unsafe fn visit(&self, visit: impl FnMut(&T::Value)) {
        // SAFETY: promised by the caller.
        unsafe { self.0.as_ref() }.core.lock().visit(visit);
    }

    /// A number that tells channels apart.
    pub fn id(&self) -> usize {
        self.0.as_ptr().addr()
    }
}
