//! Who is parked, and whom to wake.
//!
//! No wake gets lost. There are three ways in which a parked worker could miss work:
//!
//! 1. *From outside* (another thread injects a task). The other thread pushes, then fences, then reads the idle bits.
//!    The worker sets its bit, then fences, then looks at the injector. Both fences are SeqCst, so at least one of them
//!    sees what the other did: the other thread wakes somebody, or the worker finds the task.
//! 2. *From a worker* (it makes or wakes a task). The worker is awake and will run the task itself, or open its gate
//!    when the task has waited too long, and then it wakes somebody as in 1. So nothing waits for a wake that is not
//!    sent.
//! 3. *Time and sources*. A worker parks with the first deadline of its own wheel as limit. A source becomes ready in
//!    the poller; whoever holds it is woken by it. If all park, the first that parks with the poller free takes it; if
//!    it gives it up because it has work, it polls in passing (`Worker::maintain`) and takes it again when it parks.
//!
//! A waker clears the bit of whom it wakes, so two wakes go to two workers, and a bit that is set means that
//! nobody has promised to wake that worker. A woken worker clears its bit by itself if nobody did (time, a source).

use crate::sync::atomic::{AtomicU64, AtomicUsize, Ordering, fence};

/// The idle workers.
pub struct Idle {
    /// A bit for each parked worker. At first all are: nobody drives them.
    bits: AtomicU64,
    all: u64,
    /// Woken workers that have not found work yet.
    searching: AtomicUsize,
}

impl Idle {
    /// All of `workers` idle.
    pub fn new(workers: usize) -> Self {
        let all = u64::MAX >> (64 - workers);
        Idle { bits: AtomicU64::new(all), all, searching: AtomicUsize::new(0) }
    }

    /// A worker is about to park; it looks for work once more afterwards. True: it is the last one.
    pub fn enter(&self, index: usize) -> bool {
        // SeqCst, with the fence: pairs with the fences in `take_any` and `take_searcher` (argument 1).
        let before = self.bits.fetch_or(1 << index, Ordering::SeqCst);
        mutant!("idle.enters-without-a-fence", fence(Ordering::SeqCst), ());
        mutant!("idle.nobody-is-last", before | 1 << index, before) == self.all
    }

    /// A worker has work again. False: its bit was cleared by somebody who wakes it.
    pub fn leave(&self, index: usize) -> bool {
        self.bits.fetch_and(!(1 << index), Ordering::SeqCst) & 1 << index != 0
    }

    /// Is every worker idle?
    pub fn is_everybody_idle(&self) -> bool {
        self.bits.load(Ordering::SeqCst) == self.all
    }

    /// Is this worker idle?
    pub fn is_idle(&self, index: usize) -> bool {
        self.bits.load(Ordering::SeqCst) & 1 << index != 0
    }

    /// A task was injected: whom to wake for it.
    pub fn take_any(&self) -> Option<usize> {
        // Pairs with `enter` (argument 1).
        mutant!("idle.wakes-without-a-fence", fence(Ordering::SeqCst), ());
        self.take_lowest()
    }

    /// A task has waited long: whom to wake for it, if nobody searches already.
    pub fn take_searcher(&self) -> Option<usize> {
        // Pairs with `enter` (argument 1): the gate was opened before.
        mutant!("idle.wakes-a-thief-without-a-fence", fence(Ordering::SeqCst), ());
        // Relaxed: only limits how many are woken.
        if self.searching.load(Ordering::Relaxed) == 0 { self.take_lowest() } else { None }
    }

    /// A woken worker starts or stops searching.
    pub fn search(&self, begins: bool) {
        // Relaxed: only limits how many are woken.
        if begins {
            self.searching.fetch_add(1, Ordering::Relaxed);
        } else {
            self.searching.fetch_sub(1, Ordering::Relaxed);
        }
    }

    fn take_lowest(&self) -> Option<usize> {
        let mut bits = self.bits.load(Ordering::SeqCst);
        while bits != 0 {
            let index = bits.trailing_zeros();
            let rest = mutant!("idle.two-wakes-for-one", bits & !(1 << index), bits);
            match self.bits.compare_exchange_weak(bits, rest, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return Some(index as usize),
                Err(now) => bits = now,
            }
        }
        None
    }
}
