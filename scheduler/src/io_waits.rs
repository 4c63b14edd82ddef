//! The tasks that wait for sources of the reactor, which names them by their addresses.
//!
//! A task that waits is in its source's list. A rise takes it out and ends its wait, both under the list's lock, and a
//! task whose wait was ended by something else takes itself out before it does anything else (`Worker::undo`). So
//! whoever is in a list lives, as in the lists of channels.

use crate::Task;
use crate::reactor::{Ready, WaitKey};
use crate::runtime::Shared;
use crate::sync::atomic::{AtomicI64, Ordering};
use crate::task::record::Raw;
use crate::task::state::{Claim, Claimed};

/// How many waits began with a worker, less those that ended there. Written by that worker only; the sum of all counts
/// waits, exactly while nobody changes it.
#[derive(Default)]
pub struct IoWaits(AtomicI64);

impl IoWaits {
    /// So many begin, or end.
    pub fn add(&self, waits: i64) {
        // Relaxed, and no atomic addition: nobody else writes. Who has to know exactly looks when all workers are idle,
        // and the bits that say so bring the number along.
        self.0.store(self.0.load(Ordering::Relaxed) + waits, Ordering::Relaxed);
    }
}

impl<T: Task> Shared<T> {
    /// How many tasks wait for sources; while that changes, perhaps too few, even less than none.
    pub fn io_waits(&self) -> i64 {
        // Relaxed: as in `add`.
        self.seats.iter().map(|seat| seat.io_waits.0.load(Ordering::Relaxed)).sum()
    }

    /// Does any task wait for a source?
    pub fn has_io_waits(&self) -> bool {
        self.io_waits() > 0
    }
}

/// Ends the waits for sources that rise, and collects the tasks that are to be queued.
pub struct EndIo<T: Task> {
    pub ready: Vec<Raw<T>>,
    /// How many waits have ended, and are not subtracted yet.
    pub ended: i64,
}

impl<T: Task> EndIo<T> {
    /// How the reactor knows the wait of this number.
    pub fn key(raw: Raw<T>, generation: u32) -> WaitKey {
        WaitKey(raw.to_word(), u64::from(generation))
    }
}

impl<T: Task> Default for EndIo<T> {
    fn default() -> Self {
        EndIo { ready: Vec::new(), ended: 0 }
    }
}

impl<T: Task> Ready for EndIo<T> {
    fn expect(&mut self, waiter: u64) {
        Raw::<T>::from_word(waiter).prefetch();
    }

    fn ready(&mut self, key: WaitKey) {
        self.ended += 1;
        let raw = Raw::<T>::from_word(key.0);
        // SAFETY: the word is from `key`, and the task in the list whose lock is held: it lives.
        if unsafe { raw.get() }.state.claim(key.1 as u32, Claim::Io) == Claimed::Queue {
            self.ready.push(raw);
        }
    }
}
