//! The lock of the hot paths: one byte, for sections of some tens of nanoseconds.
//!
//! Locking and unlocking costs 8.8 ns, of parking_lot's mutex 16.5 (measured). There is no queue of waiters: who finds
//! it taken pauses, twice as long each time. The first pause decides: with 1 spin hint two senders into one channel
//! cost 87 ns a message, with 128 they cost 31, because one of them does a good part of its work while the other one
//! pauses. At the other locks two workers meet by chance, and have something else to do next: there the first pause is
//! as short as a section. After the longest pause the holder is probably not running, so the thread yields.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};

use super::atomic::{AtomicBool, Ordering};
use super::{CHANNEL, rank};

/// Spin hints of the first pause at a channel, measured as above, and at other locks.
const FIRST_AT_CHANNEL: u32 = 128;
const FIRST: u32 = 4;
/// Spin hints of the longest pause.
const LONGEST: u32 = 1024;

/// A value behind a byte lock of rank `RANK`.
pub struct Lock<V, const RANK: u8> {
    is_locked: AtomicBool,
    value: UnsafeCell<V>,
}

// SAFETY: the value is reached only through a guard, and the flag admits one guard at a time (`lock`).
unsafe impl<V: Send, const RANK: u8> Send for Lock<V, RANK> {}
// SAFETY: as above; a shared lock hands the value from thread to thread, hence `V: Send`.
unsafe impl<V: Send, const RANK: u8> Sync for Lock<V, RANK> {}

impl<V, const RANK: u8> Lock<V, RANK> {
    /// An unlocked value.
    pub fn new(value: V) -> Self {
        Lock { is_locked: AtomicBool::new(false), value: UnsafeCell::new(value) }
    }

    /// Waits until the lock is free and takes it.
    #[inline]
    pub fn lock(&self) -> LockGuard<'_, V, RANK> {
        rank::acquire(RANK);
        // Acquire pairs with the Release in `LockGuard::drop`.
        if self.is_locked.swap(true, Ordering::Acquire) {
            self.lock_slow();
        }
        LockGuard { lock: self }
    }

    /// Takes the lock if it is free. Calls nothing.
    #[inline(always)]
    pub fn try_lock(&self) -> Option<LockGuard<'_, V, RANK>> {
        // Acquire as in `lock`.
        if self.is_locked.swap(true, Ordering::Acquire) {
            return None;
        }
        rank::acquire(RANK);
        Some(LockGuard { lock: self })
    }

    #[cold]
    fn lock_slow(&self) {
        let mut hints = const { if RANK == CHANNEL { FIRST_AT_CHANNEL } else { FIRST } };
        loop {
            pause(hints);
            hints = hints.saturating_mul(2);
            // Relaxed: only a hint to try.
            if !self.is_locked.load(Ordering::Relaxed) && !self.is_locked.swap(true, Ordering::Acquire) {
                return;
            }
        }
    }
}

fn pause(hints: u32) {
    if hints > LONGEST {
        return std::thread::yield_now();
    }
    for _ in 0..hints {
        std::hint::spin_loop();
    }
}

/// Gives access to the value; unlocks when dropped.
pub struct LockGuard<'a, V, const RANK: u8> {
    lock: &'a Lock<V, RANK>,
}

impl<V, const RANK: u8> Deref for LockGuard<'_, V, RANK> {
    type Target = V;

    fn deref(&self) -> &V {
        // SAFETY: a guard exists only while the flag is ours (`lock`), so nobody else has a reference.
        unsafe { &*self.lock.value.get() }
    }
}

impl<V, const RANK: u8> DerefMut for LockGuard<'_, V, RANK> {
    fn deref_mut(&mut self) -> &mut V {
        // SAFETY: as in `deref`, and `self` is borrowed exclusively.
        unsafe { &mut *self.lock.value.get() }
    }
}

impl<V, const RANK: u8> Drop for LockGuard<'_, V, RANK> {
    #[inline]
    fn drop(&mut self) {
        rank::release(RANK);
        // Release pairs with the Acquire of the next `lock`. The owner of the lock may be freed from here on.
        self.lock.is_locked.store(false, Ordering::Release);
    }
}
