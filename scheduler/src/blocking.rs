//! Threads for jobs that block: files, name resolution, host callbacks.
//!
//! A bounded number of threads takes jobs in the order of their submission. A thread starts when a job finds
//! nobody idle, and ends after [`IDLE`] without work, so a program without blocking calls has none. Jobs report their
//! results themselves; a job that panics ends only itself.
//!
//! The queue has no bound of its own: every job in it is what one waiting task waits for (the result may have been given
//! up by cancellation, the job runs all the same).
//!
//! Rejected: one thread per job (a thousand files would be a thousand threads), workers that block and are replaced
//! (the replacement is a thread too, and every worker would need a lock around its queue).

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};

use crate::sync::Arc;

/// Something that may take its time.
pub type Job = Box<dyn FnOnce() + Send>;

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
    queue: VecDeque<Job>,
    threads: usize,
    /// Threads in `Shared::wait_work`, including those already notified.
    idle: usize,
    running: usize,
    is_closed: bool,
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
    pub fn submit(&self, job: Job) {
        let mut state = self.shared.state.lock();
        if state.is_closed {
            drop(state);
            return drop(job);
        }
        state.queue.push_back(job);
        if state.queue.len() <= state.idle {
            self.shared.work.notify_one();
        } else if state.threads < self.shared.threads_max {
            self.start_thread(state);
        }
    }

    /// Jobs that are queued or running.
    pub fn pending(&self) -> usize {
        let state = self.shared.state.lock();
        state.queue.len() + state.running
    }

    /// Accepts no more jobs and waits until those accepted are done, at most for `limit`; returns how many are not.
    pub fn shutdown(&self, limit: Duration) -> usize {
        let deadline = Instant::now() + limit.min(SHUTDOWN_MAX);
        let mut state = self.shared.state.lock();
        state.is_closed = true;
        self.shared.work.notify_all();
        while state.threads > 0 {
            if self.shared.ended.wait_until(&mut state, deadline).timed_out() {
                break;
            }
        }
        state.queue.len() + state.running
    }

    fn start_thread(&self, mut state: MutexGuard<'_, State>) {
        state.threads += 1;
        let shared = self.shared.clone();
        let started = thread::Builder::new().name("aivi-blocking".into()).spawn(move || shared.run());
        if started.is_ok() {
            return;
        }
        state.threads -= 1;
        if state.threads > 0 {
            return;
        }
        while let Some(job) = state.queue.pop_front() {
            state.running += 1;
            MutexGuard::unlocked(&mut state, || run(job));
            state.running -= 1;
        }
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
    /// The life of a thread.
    fn run(&self) {
        let mut state = self.state.lock();
        while let Some(job) = self.wait_work(&mut state) {
            state.running += 1;
            MutexGuard::unlocked(&mut state, || run(job));
            state.running -= 1;
        }
        state.threads -= 1;
        self.ended.notify_all();
    }

    /// The next job; `None` when it is time to end.
    fn wait_work(&self, state: &mut MutexGuard<'_, State>) -> Option<Job> {
        let mut deadline = None;
        loop {
            if let Some(job) = state.queue.pop_front() {
                return Some(job);
            }
            if state.is_closed {
                return None;
            }
            let deadline = *deadline.get_or_insert_with(|| Instant::now() + self.idle);
            state.idle += 1;
            let waited = self.work.wait_until(state, deadline);
            state.idle -= 1;
            if waited.timed_out() && state.queue.is_empty() {
                return None;
            }
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

    use super::Pool;

    /// Long enough for every machine; only a failing test waits for it.
    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn jobs_run_at_once_up_to_the_bound() {
        let pool = Pool::new(4);
        let barrier = Arc::new(Barrier::new(4));
        for _ in 0..8 {
            let barrier = barrier.clone();
            pool.submit(Box::new(move || _ = barrier.wait()));
        }
        assert_eq!(pool.shutdown(LONG), 0, "four at a time meet at the barrier, twice");
    }

    #[test]
    fn never_more_threads_than_the_bound() {
        let pool = Pool::new(2);
        let (tx, rx) = channel();
        for _ in 0..100 {
            let tx = tx.clone();
            pool.submit(Box::new(move || tx.send(std::thread::current().id()).unwrap()));
        }
        drop(tx);
        let ids: std::collections::HashSet<_> = rx.iter().collect();
        assert!(ids.len() <= 2, "{ids:?}");
    }

    #[test]
    fn a_panic_ends_only_its_job() {
        let pool = Pool::new(1);
        let (tx, rx) = channel();
        pool.submit(Box::new(|| std::panic::resume_unwind(Box::new("no report"))));
        pool.submit(Box::new(move || tx.send(7).unwrap()));
        assert_eq!(rx.recv(), Ok(7));
        assert_eq!(pool.shutdown(LONG), 0);
    }

    #[test]
    fn shutdown_drains_and_then_drops_jobs() {
        let pool = Pool::new(1);
        let (tx, rx) = channel();
        for nth in 0..10 {
            let tx = tx.clone();
            pool.submit(Box::new(move || tx.send(nth).unwrap()));
        }
        assert_eq!(pool.shutdown(LONG), 0);
        pool.submit(Box::new(move || tx.send(99).unwrap()));
        assert_eq!(rx.iter().collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        assert_eq!(pool.pending(), 0);
    }

    #[test]
    fn shutdown_counts_what_does_not_end_in_time() {
        let pool = Pool::new(1);
        let (release, held): (Sender<()>, Receiver<()>) = channel();
        pool.submit(Box::new(move || _ = held.recv()));
        pool.submit(Box::new(|| ()));
        assert_eq!(pool.shutdown(Duration::ZERO), 2);
        drop(release);
        assert_eq!(pool.shutdown(LONG), 0);
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
            pool.submit(Box::new(move || GONE.with(|gone| _ = gone.set(Gone(tx)))));
            rx.recv().expect("the thread ends although the pool lives");
        }
    }
}
