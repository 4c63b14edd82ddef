//! One direction of one source: the counter of rises and the waiting keys. The protocol is on the module page.

use smallvec::SmallVec;

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// Who waits. The first word tells waiters apart, the second one waits of the same waiter; otherwise opaque.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WaitKey(pub u64, pub u64);

/// Nearly always there is one waiter; it needs no allocation.
type Keys = SmallVec<[WaitKey; 1]>;

pub(crate) struct Direction {
    /// Rises so far, modulo 2^32. Written under the lock.
    rises: AtomicU32,
    /// The number of rises of which all is used up that they announced; at first one that will not come soon.
    used_up: AtomicU32,
    /// The last rise has been: nothing is announced any more.
    is_over: AtomicBool,
    /// Bounded by the number of waiters: one key each.
    waiting: Mutex<Keys>,
}

impl Default for Direction {
    fn default() -> Self {
        Direction {
            rises: AtomicU32::new(0),
            used_up: AtomicU32::new(u32::MAX),
            is_over: AtomicBool::new(false),
            waiting: Mutex::default(),
        }
    }
}

impl Direction {
    /// The number of rises, to be noted before trying.
    pub fn rises(&self) -> u32 {
        // Acquire pairs with the Release in `rise`: who notes a rise also sees, in its attempt, what the rise announced.
        self.rises.load(Ordering::Acquire)
    }

    /// Whoever noted so many rises before it tried has used up all that there was.
    pub fn use_up(&self, noted: u32) {
        // Release pairs with the Acquire in `is_used_up`, though all that counts is the number: one that is late or overwritten by
        // a smaller one costs a try.
        self.used_up.store(mutant!("reactor.uses-up-a-later-rise", noted, self.rises()), Ordering::Release);
    }

    /// Would a try find nothing, as there was no rise after all was used up?
    pub fn is_used_up(&self, noted: u32) -> bool {
        let is_used_up = self.used_up.load(Ordering::Acquire) == noted;
        // Relaxed: set before the rise that was noted (Acquire in `rises`), or else another rise comes.
        is_used_up && mutant!("reactor.waits-for-a-rise-after-the-last", !self.is_over.load(Ordering::Relaxed), true)
    }

    /// The rise that follows is the last one.
    pub fn end(&self) {
        // Relaxed: the rise publishes it.
        self.is_over.store(true, Ordering::Relaxed);
    }

    /// Adds `key` unless there was a rise after `noted`; says whether it was added.
    pub fn wait(&self, noted: u32, key: WaitKey) -> bool {
        let mut waiting = self.waiting.lock();
        // Relaxed: written only under this lock.
        if mutant!("reactor.waits-after-the-rise", self.rises.load(Ordering::Relaxed) != noted, false) {
            return false;
        }
        match waiting.iter_mut().find(|other| other.0 == key.0) {
            Some(older) => *older = key,
            None => waiting.push(key),
        }
        true
    }

    /// Takes `key` out; false if it was not there (any more).
    pub fn forget(&self, key: WaitKey) -> bool {
        let mut waiting = self.waiting.lock();
        let found = waiting.iter().position(|other| *other == key);
        mutant!("reactor.forgets-nothing", found.is_some_and(|at| waiting.swap_remove(at) == key), found.is_some())
    }

    /// Counts a rise, and moves everybody who waits to `keys`, in order of waiting: they have to be woken.
    pub fn rise(&self, keys: &mut Vec<WaitKey>) {
        let mut waiting = self.waiting.lock();
        // Release pairs with the Acquire in `rises`.
        self.rises.fetch_add(1, Ordering::Release);
        mutant!("reactor.wakes-one-of-two", keys.extend_from_slice(&waiting), keys.extend(waiting.last()));
        match waiting.spilled() {
            true => *waiting = Keys::new(),
            false => waiting.clear(),
        }
    }

    /// How many keys wait.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }
}
