//! Threads for jobs that block: files, name resolution, host callbacks.
//!
//! A bounded number of threads takes jobs. A thread starts when a job finds nobody idle, and ends after [`IDLE`]
//! without work, so a program without blocking calls has none. Jobs report their results themselves; a job that panics
//! ends only itself.
//!
//! *Shares.* A job has an owner: the program that asked for it. Owners with jobs take turns, the jobs of one owner in
//! the order of their submission. An owner gets another thread only if it has fewer than there are left: one alone gets
//! half of all, the next one half of the rest, and so on. So whose jobs never end, as reading from where nobody writes,
//! keeps nobody else from files; for the bound to be used up all the same it takes as many such owners as there are
//! halves. (Dynamic thresholds, as switches share their buffers: Choudhury and Hahne, 1998.)
//!
//! *Nothing stays behind.* A job may start when its owner's share says so or the pool is closed. Whoever queues one,
//! and whoever takes one, wakes or starts a thread as long as another may start; who is done looks for the next itself.
//! Jobs that may not start wait for one that runs, of their owner: without any that runs every owner may start.
//!
//! The queue has no bound of its own: every job in it is what one task waits for, or has waited for: when its turn
//! comes it looks for itself.
//!
//! Rejected: one thread per job (a thousand files would be a thousand threads), workers that block and are replaced
//! (the replacement is a thread too, and every worker would need a lock around its queue), a fixed share for each owner
//! (a program alone, as all under `aivi run`, would have little).

use std::collections::{HashMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::sync::Arc;

/// Something that may take its time.
pub type Job = Box<dyn FnOnce() + Send>;

/// Whose a job is.
pub type Owner = usize;

/// How long a thread waits for its next job before it ends. Longer keeps its stack, shorter pays 20 us for a new
/// thread more often; arbitrary.
pub const IDLE: Duration = Duration::from_secs(5);

/// A longer limit means for ever; the sum of a clock and a limit must not overflow.
const SHUTDOWN_MAX: Duration = Duration::from_secs(1 << 30);

/// A bounded set of threads that run jobs.
pub struct Pool {
    shared: Arc<Shared>,
}

struct Shared {
    threads_max: usize,
    idle: Duration,
    state: Mutex<State>,
    /// A job was queued, or the pool was closed.
    work: Condvar,
    /// A thread has ended.
    ended: Condvar,
}

#[derive(Default)]
struct State {
    /// Those with jobs that are queued or running.
    shares: HashMap<Owner, Share>,
    /// Owners with queued jobs, each once, in the order of their turns.
    turns: VecDeque<Owner>,
    queued: usize,
    running: usize,
    threads: usize,
    /// Threads in `Shared::wait_work`, including those already notified.
    idle: usize,
    is_closed: bool,
}

#[derive(Default)]
struct Share {
    queue: VecDeque<Job>,
    running: usize,
}

impl State {
    fn push(&mut self, owner: Owner, job: Job) {
        let share = self.shares.entry(owner).or_default();
        if share.queue.is_empty() {
            self.turns.push_back(owner);
        }
        share.queue.push_back(job);
        self.queued += 1;
    }

    /// Where in `turns` the owner stands whose job starts next.
    fn next(&self, threads_max: usize) -> Option<usize> {
        let left = threads_max.saturating_sub(self.running).max(1);
        let running = |owner| self.shares.get(owner).map_or(0, |share| share.running);
        self.turns.iter().position(|owner| self.is_closed || running(owner) < left)
    }

    /// The job that starts now.
    fn pop(&mut self, threads_max: usize) -> Option<(Owner, Job)> {
        let owner = self.turns.remove(self.next(threads_max)?)?;
        let share = self.shares.get_mut(&owner)?;
        let job = share.queue.pop_front()?;
        share.running += 1;
        self.running += 1;
        self.queued -= 1;
        if !share.queue.is_empty() {
            self.turns.push_back(owner);
        }
        Some((owner, job))
    }

    fn done(&mut self, owner: Owner) {
        self.running -= 1;
        let Some(share) = self.shares.get_mut(&owner) else { return };
        share.running -= 1;
        if share.running == 0 && share.queue.is_empty() {
            self.shares.remove(&owner);
        }
    }
}

impl Pool {
    /// A pool of at most `threads_max` threads (at least one), none of which runs yet.
    pub fn new(threads_max: usize) -> Self {
        Self::with_idle(threads_max, IDLE)
    }

    fn with_idle(threads_max: usize, idle: Duration) -> Self {
        let (state, work, ended) = (Mutex::default(), Condvar::new(), Condvar::new());
        Pool { shared: Arc::new(Shared { threads_max: threads_max.max(1), idle, state, work, ended }) }
    }

    /// Runs `job` on some thread, soon. After `shutdown` the job is dropped instead.
    ///
    /// If the system refuses the first thread, the job runs right here: slow is better than never.
    pub fn submit(&self, owner: Owner, job: Job) {
        let mut state = self.shared.state.lock();
        if state.is_closed {
            drop(state);
            return drop(job);
        }
        state.push(owner, job);
        self.shared.wake(&mut state);
    }

    /// Jobs that are queued or running.
    pub fn pending(&self) -> usize {
        let state = self.shared.state.lock();
        state.queued + state.running
    }

    /// Accepts no more jobs and waits until those accepted are done, at most for `limit`; returns how many are not.
    pub fn shutdown(&self, limit: Duration) -> usize {
        let deadline = Instant::now() + limit.min(SHUTDOWN_MAX);
        let mut state = self.shared.state.lock();
        state.is_closed = true;
        self.shared.wake(&mut state);
        self.shared.work.notify_all();
        while state.threads > 0 {
            if self.shared.ended.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.queued + state.running
    }
}

impl Drop for Pool {
    /// Closes the pool; its threads finish what they have and end by themselves.
    fn drop(&mut self) {
        self.shared.state.lock().is_closed = true;
        self.shared.work.notify_all();
    }
}

impl Shared {
    /// Sees to it that somebody takes the next job, if one may start.
    fn wake(self: &Arc<Self>, state: &mut MutexGuard<'_, State>) {
        if state.next(self.threads_max).is_none() {
        } else if state.idle > 0 {
            self.work.notify_one();
        } else if state.threads < self.threads_max {
            self.start_thread(state);
        }
    }

    fn start_thread(self: &Arc<Self>, state: &mut MutexGuard<'_, State>) {
        state.threads += 1;
        let shared = self.clone();
        let started = thread::Builder::new().name("aivi-blocking".into()).spawn(move || shared.run());
        if started.is_ok() {
            return;
        }
        state.threads -= 1;
        if state.threads > 0 {
            return;
        }
        while let Some((owner, job)) = state.pop(self.threads_max) {
            MutexGuard::unlocked(state, || run(job));
            state.done(owner);
        }
    }

    /// The life of a thread.
    fn run(self: &Arc<Self>) {
        let mut state = self.state.lock();
        while let Some((owner, job)) = self.wait_work(&mut state) {
            self.wake(&mut state);
            MutexGuard::unlocked(&mut state, || run(job));
            state.done(owner);
        }
        state.threads -= 1;
        self.ended.notify_all();
    }

    /// The next job; `None` when it is time to end.
    fn wait_work(&self, state: &mut MutexGuard<'_, State>) -> Option<(Owner, Job)> {
        let mut deadline = None;
        loop {
            if let Some(job) = state.pop(self.threads_max) {
                return Some(job);
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.idle);
            if state.is_closed || Instant::now() > deadline {
                return None;
            }
            state.idle += 1;
            self.work.wait_until(state, deadline);
            state.idle -= 1;
        }
    }
}

/// The panic hook has reported a panic by the time it is caught; whoever waits for the job hears of it from the job.
fn run(job: Job) {
    _ = catch_unwind(AssertUnwindSafe(job)).map_err(crate::broken::panic_text);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::sync::{Arc, Barrier};
    use std::time::Duration;

    use parking_lot::Mutex;

    use super::Pool;

    /// Long enough for every machine; only a failing test waits for it.
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn jobs_run_at_once_up_to_the_bound() {
        let pool = Pool::new(4);
        let barrier = Arc::new(Barrier::new(4));
        for _ in 0..8 {
            let barrier = barrier.clone();
            pool.submit(0, Box::new(move || _ = barrier.wait()));
        }
        assert_eq!(pool.shutdown(LONG), 0, "four at a time meet at the barrier, twice");
    }

    #[test]
    fn never_more_threads_than_the_bound() {
        let pool = Pool::new(2);
        let (tx, rx) = channel();
        for _ in 0..100 {
            let tx = tx.clone();
            pool.submit(0, Box::new(move || tx.send(std::thread::current().id()).unwrap()));
        }
        drop(tx);
        let ids: std::collections::HashSet<_> = rx.iter().collect();
        assert!(ids.len() <= 2, "{ids:?}");
    }

    #[test]
    fn a_panic_ends_only_its_job() {
        let pool = Pool::new(1);
        let (tx, rx) = channel();
        pool.submit(0, Box::new(|| std::panic::resume_unwind(Box::new("no report"))));
        pool.submit(0, Box::new(move || tx.send(7).unwrap()));
        assert_eq!(rx.recv(), Ok(7));
        assert_eq!(pool.shutdown(LONG), 0);
    }

    #[test]
    fn shutdown_drains_and_then_drops_jobs() {
        let pool = Pool::new(1);
        let (tx, rx) = channel();
        for nth in 0..10 {
            let tx = tx.clone();
            pool.submit(0, Box::new(move || tx.send(nth).unwrap()));
        }
        assert_eq!(pool.shutdown(LONG), 0);
        pool.submit(0, Box::new(move || tx.send(99).unwrap()));
        assert_eq!(rx.iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        assert_eq!(pool.pending(), 0);
    }

    #[test]
    fn shutdown_counts_what_does_not_end_in_time() {
        let pool = Pool::new(1);
        let (release, held): (Sender<()>, Receiver<()>) = channel();
        pool.submit(0, Box::new(move || _ = held.recv()));
        pool.submit(0, Box::new(|| ()));
        assert_eq!(pool.shutdown(Duration::ZERO), 2);
        drop(release);
        assert_eq!(pool.shutdown(LONG), 0);
    }

    #[test]
    fn jobs_that_never_end_leave_threads_to_others() {
        let pool = Pool::new(16);
        let (release, held) = channel::<()>();
        let held = Arc::new(Mutex::new(held));
        let (began, begun) = channel();
        // Eight of sixteen threads, four of the other eight, two, one: as many owners as there are halves, and one is
        // left.
        for owner in 1..=4 {
            for _ in 0..100 {
                let (began, held) = (began.clone(), held.clone());
                let job = move || {
                    _ = began.send(owner);
                    _ = held.lock().recv();
                };
                pool.submit(owner, Box::new(job));
            }
            for _ in 0..16 >> owner {
                assert_eq!(begun.recv_timeout(LONG), Ok(owner));
            }
            for neighbour in [10, 11, 10] {
                let began = began.clone();
                pool.submit(neighbour, Box::new(move || _ = began.send(neighbour)));
                assert_eq!(begun.recv_timeout(LONG), Ok(neighbour), "beside {owner}");
            }
        }
        drop(release);
        assert_eq!(pool.shutdown(LONG), 0);
        assert_eq!(begun.try_iter().count(), 400 - 15, "nobody's jobs are lost");
    }

    #[test]
    fn owners_take_turns() {
        let pool = Pool::new(1);
        let (release, held) = channel::<()>();
        let (tx, rx) = channel();
        let began = tx.clone();
        let first = move || {
            began.send(usize::MAX).unwrap();
            _ = held.recv();
        };
        pool.submit(0, Box::new(first));
        assert_eq!(rx.recv_timeout(LONG), Ok(usize::MAX));
        for job in 0..6 {
            let tx = tx.clone();
            pool.submit(job / 3, Box::new(move || tx.send(job).unwrap()));
        }
        drop((release, tx));
        assert_eq!(rx.iter().collect::<Vec<_>>(), [0, 3, 1, 4, 2, 5]);
    }

    #[test]
    fn an_idle_thread_ends() {
        /// Tells when its thread is gone.
        struct Gone(Sender<()>);
        impl Drop for Gone {
            fn drop(&mut self) {
                _ = self.0.send(());
            }
        }
        thread_local!(static GONE: std::cell::OnceCell<Gone> = const { std::cell::OnceCell::new() });

        let pool = Pool::with_idle(1, Duration::ZERO);
        for _ in 0..2 {
            let (tx, rx) = channel();
            pool.submit(0, Box::new(move || GONE.with(|gone| _ = gone.set(Gone(tx)))));
            rx.recv().expect("the thread ends although the pool lives");
        }
    }
}
