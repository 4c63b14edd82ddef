//! Mutex and condition variable in models.

use std::ops::{Deref, DerefMut};
use std::time::Duration;

const POISONED: &str = "no model panics while it holds a lock";

/// Loom's mutex as parking_lot's.
#[derive(Default, Debug)]
pub struct Mutex<V>(loom::sync::Mutex<V>);

impl<V> Mutex<V> {
    /// An unlocked value.
    pub fn new(value: V) -> Self {
        Mutex(loom::sync::Mutex::new(value))
    }

    /// Waits until the lock is free and takes it.
    pub fn lock(&self) -> MutexGuard<'_, V> {
        MutexGuard(Some(self.0.lock().expect(POISONED)))
    }

    /// Takes the lock if it is free.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, V>> {
        self.0.try_lock().ok().map(|guard| MutexGuard(Some(guard)))
    }
}

/// Gives access to the value; unlocks when dropped.
pub struct MutexGuard<'a, V>(Option<loom::sync::MutexGuard<'a, V>>);

impl<V> Deref for MutexGuard<'_, V> {
    type Target = V;

    fn deref(&self) -> &V {
        self.0.as_ref().expect("it is missing only while it waits")
    }
}

impl<V> DerefMut for MutexGuard<'_, V> {
    fn deref_mut(&mut self) -> &mut V {
        self.0.as_mut().expect("it is missing only while it waits")
    }
}

/// Loom's condition variable as parking_lot's.
#[derive(Default, Debug)]
pub struct Condvar(loom::sync::Condvar);

impl Condvar {
    /// Nobody waits.
    pub fn new() -> Self {
        Condvar(loom::sync::Condvar::new())
    }

    /// Lets go of the lock until somebody notifies.
    pub fn wait<V>(&self, guard: &mut MutexGuard<'_, V>) {
        guard.0 = guard.0.take().map(|guard| self.0.wait(guard).expect(POISONED));
    }

    /// The same: in models no limit passes.
    pub fn wait_for<V>(&self, guard: &mut MutexGuard<'_, V>, _: Duration) {
        self.wait(guard);
    }

    /// Wakes one who waits.
    pub fn notify_one(&self) {
        self.0.notify_one();
    }

    /// Wakes all who wait.
    pub fn notify_all(&self) {
        self.0.notify_all();
    }
}
