//! The readiness of one source: counters of rises, and who waits. The protocol is on the module page.

use smallvec::SmallVec;

use super::source::Interest;
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

/// Who waits. The first word tells waiters apart, the second one waits of the same waiter; otherwise opaque.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WaitKey(pub u64, pub u64);

/// Who is told that waits are over.
pub trait Ready {
    /// A waiter that may be ready soon: a hint, for it may be gone.
    fn expect(&mut self, _waiter: u64) {}

    /// This wait is over. Called under the lock of its source: who takes a key back
    /// ([`IoSource::forget`](super::IoSource::forget)) does so before or after, so the waiter is there.
    fn ready(&mut self, key: WaitKey);
}

impl Ready for Vec<WaitKey> {
    fn ready(&mut self, key: WaitKey) {
        self.push(key);
    }
}

/// Directions, by `Interest as usize`.
pub(crate) type Directions = [bool; 2];

pub(crate) const BOTH: Directions = [true; 2];

/// Nearly always there is one waiter; it needs no allocation.
type Keys = SmallVec<[WaitKey; 1]>;

#[derive(Default)]
pub(crate) struct Readiness {
    directions: [Direction; 2],
    /// Bounded by the number of waiters: one key each and direction.
    waiting: Mutex<[Keys; 2]>,
}

struct Direction {
    /// Rises so far, modulo 2^32. Written under the lock.
    rises: AtomicU32,
    /// The number of rises of which all is used up that they announced; at first one that will not come soon.
    used_up: AtomicU32,
    /// The last rise has been: nothing is announced any more.
    is_over: AtomicBool,
    /// Who was the only one to wait last.
    expected: AtomicU64,
}

impl Default for Direction {
    fn default() -> Self {
        Direction {
            rises: AtomicU32::new(0),
            used_up: AtomicU32::new(u32::MAX),
            is_over: AtomicBool::new(false),
            expected: AtomicU64::new(0),
        }
    }
}

impl Readiness {
    /// The number of rises, to be noted before trying.
    pub fn rises(&self, interest: Interest) -> u32 {
        // Acquire pairs with the Release in `count`: who notes a rise also sees, in its attempt, what the rise
        // announced.
        self.direction(interest).rises.load(Ordering::Acquire)
    }

    /// Whoever noted so many rises before it tried has used up all that there was.
    pub fn use_up(&self, interest: Interest, noted: u32) {
        let all = mutant!("reactor.uses-up-a-later-rise", noted, self.rises(interest));
        // Release pairs with the Acquire in `is_used_up`, though all that counts is the number: one that is late or
        // overwritten by a smaller one costs a try.
        self.direction(interest).used_up.store(all, Ordering::Release);
    }

    /// Would a try find nothing, as there was no rise after all was used up?
    pub fn is_used_up(&self, interest: Interest, noted: u32) -> bool {
        let direction = self.direction(interest);
        let is_used_up = direction.used_up.load(Ordering::Acquire) == noted;
        // Relaxed: set before the rise that was noted (Acquire in `rises`), or else another rise comes.
        let is_over = direction.is_over.load(Ordering::Relaxed);
        is_used_up && mutant!("reactor.waits-for-a-rise-after-the-last", !is_over, true)
    }

    /// The rise that follows is the last one.
    pub fn end(&self, interest: Interest) {
        // Relaxed: the rise publishes it.
        self.direction(interest).is_over.store(true, Ordering::Relaxed);
    }

    /// Adds `key` unless there was a rise after `noted`; says whether it was added.
    pub fn wait(&self, interest: Interest, noted: u32, key: WaitKey) -> bool {
        let mut waiting = self.waiting.lock();
        let direction = self.direction(interest);
        // Relaxed: written only under this lock.
        if mutant!("reactor.waits-after-the-rise", direction.rises.load(Ordering::Relaxed) != noted, false) {
            return false;
        }
        let waiting = &mut waiting[interest as usize];
        match waiting.iter_mut().find(|other| other.0 == key.0) {
            Some(older) => *older = key,
            None => waiting.push(key),
        }
        // Relaxed: a hint.
        direction.expected.store(key.0, Ordering::Relaxed);
        true
    }

    /// Takes `key` out; false if it was not there (any more).
    pub fn forget(&self, interest: Interest, key: WaitKey) -> bool {
        let waiting = &mut self.waiting.lock()[interest as usize];
        let found = waiting.iter().position(|other| *other == key);
        mutant!("reactor.forgets-nothing", found.is_some_and(|at| waiting.swap_remove(at) == key), found.is_some())
    }

    /// Who may wait in these directions, before they rise.
    pub fn expect(&self, risen: Directions, ready: &mut impl Ready) {
        for (index, direction) in self.directions.iter().enumerate() {
            if risen[index] {
                // Relaxed: a hint.
                ready.expect(direction.expected.load(Ordering::Relaxed));
            }
        }
    }

    /// Counts a rise of these directions, and tells of everybody who waits in them, in order of waiting.
    pub fn rise(&self, risen: Directions, ready: &mut impl Ready) {
        let mut waiting = self.waiting.lock();
        self.count(risen);
        for index in 0..2 {
            if risen[index] && !waiting[index].is_empty() {
                let keys = std::mem::take(&mut waiting[index]);
                let first = mutant!("reactor.wakes-one-of-two", 0, keys.len() - 1);
                keys[first..].iter().for_each(|key| ready.ready(*key));
            }
        }
    }

    /// The first half of a rise: from here on it is a rise for everybody who comes. True: somebody waits, and is to be
    /// told by the second, another `rise`.
    pub fn begin_rise(&self, risen: Directions) -> bool {
        let waiting = self.waiting.lock();
        self.count(risen);
        waiting.iter().zip(risen).any(|(waiting, is_risen)| is_risen && !waiting.is_empty())
    }

    /// How many keys wait.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().iter().map(|waiting| waiting.len()).sum()
    }

    /// Counts, under the lock.
    fn count(&self, risen: Directions) {
        for (index, direction) in self.directions.iter().enumerate() {
            if risen[index] {
                // Relaxed: written only under the lock, which the caller has. Release pairs with the Acquire in
                // `rises`.
                let rises = direction.rises.load(Ordering::Relaxed);
                direction.rises.store(rises.wrapping_add(1), Ordering::Release);
            }
        }
    }

    fn direction(&self, interest: Interest) -> &Direction {
        &self.directions[interest as usize]
    }
}
