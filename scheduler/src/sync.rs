//! The only door to atomics, locks, deques, threads and the clock, so that Loom can take their place, and the order in
//! which locks are taken. The threads for jobs that block (`blocking.rs`) have a lock of their own, under which nothing
//! else is taken.
//!
//! A thread that holds a lock may take only locks of a *higher* rank; debug builds check it. No lock is held while a
//! task is resumed.
//!
//! | rank | lock | what for |
//! |---|---|---|
//! | [`SCOPE`] | `Scope` | lists of members, who waits for the end |
//! | [`CREW`] | `Crew` | the tasks that one task spawned into one scope |
//! | [`GROUP`] | `Group` | how many children still run, who decided |
//! | [`JOINERS`] | of a record | who waits for its outcome |
//! | [`CHANNEL`] | `Channel` | buffer or permits, and waiting tasks |
//! | [`LATCH`] | `Latch` | open or not, waiting tasks |
//! | [`TIMERS`] | of a worker | its wheel |
//!
//! The reactor, the blocking pool and the seats of the workers use [`Mutex`]: they are slow paths, and each is a leaf.

#[cfg(not(loom))]
mod lock;
#[cfg(loom)]
mod modelled;
#[cfg(not(loom))]
mod rank;

pub use std::sync::Arc;

#[cfg(not(loom))]
mod real {
    pub use std::sync::atomic;
    pub use std::thread;
    pub use std::time::Instant;

    pub use crossbeam_deque as deque;
    pub use parking_lot::{Condvar, Mutex, MutexGuard};

    pub use super::lock::{Lock, LockGuard};
}

#[cfg(loom)]
pub use modelled::{Condvar, Instant, Lock, LockGuard, Mutex, MutexGuard, atomic, deque, thread};
#[cfg(not(loom))]
pub use real::*;

/// See the table.
pub const SCOPE: u8 = 1;
/// See the table.
pub const CREW: u8 = 2;
/// See the table.
pub const GROUP: u8 = 3;
/// See the table.
pub const JOINERS: u8 = 4;
/// See the table.
pub const CHANNEL: u8 = 5;
/// See the table.
pub const LATCH: u8 = 6;
/// See the table.
pub const TIMERS: u8 = 7;
