//! One direction of one source: the counter of rises and the waiting keys. The protocol is on the module page.

use smallvec::SmallVec;

#[cfg(not(loom))]
use crate::sync::Mutex;
use crate::sync::atomic::{AtomicU32, Ordering};
#[cfg(loom)]
use modelled::Mutex;

/// Who waits. The first word tells waiters apart, the second one waits of the same waiter; otherwise opaque.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct WaitKey(pub u64, pub u64);

/// Nearly always there is one waiter; it needs no allocation.
pub(super) type Keys = SmallVec<[WaitKey; 1]>;

#[derive(Default)]
pub(super) struct Direction {
    /// Rises so far, modulo 2^32. Written under the lock.
    rises: AtomicU32,
    /// Bounded by the number of waiters: one key each.
    waiting: Mutex<Keys>,
}

impl Direction {
    /// The number of rises, to be noted before trying.
    pub fn rises(&self) -> u32 {
        // Acquire pairs with the Release in `rise`: who notes a rise also sees, in its attempt, what the rise announced.
        self.rises.load(Ordering::Acquire)
    }

    /// Adds `key` unless there was a rise after `noted`; says whether it was added.
    pub fn wait(&self, noted: u32, key: WaitKey) -> bool {
        let mut waiting = self.waiting.lock();
        // Relaxed: written only under this lock.
        if self.rises.load(Ordering::Relaxed) != noted {
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
        found.is_some_and(|at| waiting.swap_remove(at) == key)
    }

    /// Counts a rise and takes out everybody who waits, in order of waiting.
    #[must_use = "the keys are out and have to be woken"]
    pub fn rise(&self) -> Keys {
        let mut waiting = self.waiting.lock();
        // Release pairs with the Acquire in `rises`.
        self.rises.fetch_add(1, Ordering::Release);
        std::mem::take(&mut *waiting)
    }

    /// How many keys wait.
    pub fn waiting(&self) -> usize {
        self.waiting.lock().len()
    }
}

/// Loom's mutex with the interface of the real one.
#[cfg(loom)]
mod modelled {
    #[derive(Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    impl<T> Mutex<T> {
        pub fn lock(&self) -> loom::sync::MutexGuard<'_, T> {
            self.0.lock().expect("no thread panics while it holds the lock")
        }
    }
}

/// Run with `RUSTFLAGS="--cfg loom" cargo test --release -p aivi-scheduler loom`.
#[cfg(all(test, loom))]
mod loom_tests {
    use loom::sync::atomic::{AtomicUsize, Ordering};
    use loom::sync::{Arc, Notify};
    use loom::thread;

    use super::{Direction, WaitKey};

    /// A socket as the kernel shows it: bytes to read, and the edge that follows their arrival. A lost rise leaves a
    /// reader without notification, which loom reports as a deadlock.
    struct Socket {
        bytes: AtomicUsize,
        direction: Direction,
        woken: [Notify; 2],
    }

    impl Socket {
        fn new() -> Arc<Self> {
            let woken = [Notify::new(), Notify::new()];
            Arc::new(Socket { bytes: AtomicUsize::new(0), direction: Direction::default(), woken })
        }

        /// The arrival is visible to readers before the poller learns of it.
        fn arrive(&self, bytes: usize) -> usize {
            self.bytes.fetch_add(bytes, Ordering::SeqCst);
            let keys = self.direction.rise();
            keys.iter().for_each(|WaitKey(who, _)| self.woken[*who as usize].notify());
            keys.len()
        }

        /// Takes one byte, waiting for it.
        fn read(&self, who: u64) {
            loop {
                let noted = self.direction.rises();
                let take = |bytes: usize| bytes.checked_sub(1);
                if self.bytes.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take).is_ok() {
                    return;
                }
                if self.direction.wait(noted, WaitKey(who, 0)) {
                    self.woken[who as usize].wait();
                }
            }
        }
    }

    #[test]
    fn a_rise_between_would_block_and_wait_is_not_lost() {
        loom::model(|| {
            let socket = Socket::new();
            let reader = thread::spawn({
                let socket = socket.clone();
                move || socket.read(0)
            });
            socket.arrive(1);
            reader.join().unwrap();
        });
    }

    #[test]
    fn two_readers_share_one_rise() {
        // All interleavings take minutes (and pass); three preemptions take a second.
        let mut model = loom::model::Builder::new();
        model.preemption_bound = Some(3);
        model.check(|| {
            let socket = Socket::new();
            let readers = [0, 1].map(|who| {
                let socket = socket.clone();
                thread::spawn(move || socket.read(who))
            });
            socket.arrive(2);
            readers.into_iter().for_each(|reader| reader.join().unwrap());
        });
    }

    #[test]
    fn a_forgotten_key_is_either_taken_out_or_woken() {
        loom::model(|| {
            let socket = Socket::new();
            let key = WaitKey(0, 0);
            assert!(socket.direction.wait(0, key));
            let poller = thread::spawn({
                let socket = socket.clone();
                move || socket.arrive(1)
            });
            let forgotten = socket.direction.forget(key);
            let woken = poller.join().unwrap();
            assert_eq!(usize::from(forgotten) + woken, 1);
        });
    }
}
