//! The byte lock in models: Loom's mutex, because a model cannot spin.

use std::ops::{Deref, DerefMut};

use loom::sync::{Mutex, MutexGuard};

/// A value behind a mutex of rank `RANK`.
pub struct Lock<V, const RANK: u8>(Mutex<V>);

impl<V, const RANK: u8> Lock<V, RANK> {
    /// An unlocked value.
    pub fn new(value: V) -> Self {
        Lock(Mutex::new(value))
    }

    /// Waits until the lock is free and takes it.
    pub fn lock(&self) -> LockGuard<'_, V, RANK> {
        LockGuard(self.0.lock().expect("no model panics while it holds a lock"))
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<LockGuard<'_, V, RANK>> {
        self.0.try_lock().ok().map(LockGuard)
    }
}

/// Gives access to the value; unlocks when dropped.
pub struct LockGuard<'a, V, const RANK: u8>(MutexGuard<'a, V>);

impl<V, const RANK: u8> Deref for LockGuard<'_, V, RANK> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0
    }
}

impl<V, const RANK: u8> DerefMut for LockGuard<'_, V, RANK> {
    fn deref_mut(&mut self) -> &mut V {
        &mut self.0
    }
}
