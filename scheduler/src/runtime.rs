//! The runtime: what a host creates, and what all workers share.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use smallvec::SmallVec;

use crate::blocking::Pool;
use crate::broken::Broken;
use crate::channel::{ChannelsLeft, Register};
use crate::deadline::Deadlines;
use crate::dump::{self, Dump};
use crate::idle::Idle;
use crate::park::Poll;
use crate::reactor::{Reactor, Ready, Registry, Waker};
use crate::run::{Run, Started};
use crate::seat::Seat;
use crate::sharing::Sharing;
use crate::stats::{Counters, Stats};
use crate::stuck::{Holders, Watch};
use crate::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use crate::sync::deque::{Injector, Steal};
use crate::sync::{Arc, Instant, Mutex};
use crate::task::body::Body;
use crate::task::record::{Raw, Record, Ref};
use crate::worker::Turn;
use crate::world::World;
use crate::{CancelKind, CancelReason, Config, Mode, Observer, Outcome, Place, Rehearsal, Task};

/// Runs tasks. Dropping it shuts it down.
pub struct Runtime<T: Task> {
    pub(crate) shared: Arc<Shared<T>>,
}

/// What all workers share.
pub struct Shared<T: Task> {
    pub config: Config,
    pub observer: Arc<dyn Observer<T>>,
    /// Tasks from outside. Bounded by the tasks that live: each is queued once.
    pub injector: Injector<Raw<T>>,
    pub seats: Box<[Seat<T>]>,
    pub idle: Idle,
    pub counters: Counters,
    /// The runs that have not ended, by their numbers.
    pub runs: Mutex<BTreeMap<u64, Arc<Run<T>>>>,
    /// Those whose callers work for them, or would if the first seat were free.
    pub drivers: Mutex<Vec<Arc<Run<T>>>>,
    pool: OnceLock<Pool>,
    reactor: OnceLock<Poller>,
    /// Completers that have not completed, and other outside work that may still wake a task.
    outside: AtomicUsize,
    pub world: World,
    pub deadlines: Deadlines<T>,
    pub sharing: Sharing,
    /// When to look for tasks that wait for ever.
    pub watch: Watch,
    pub is_shut_down: AtomicBool,
    /// Do workers note events?
    pub is_observed: bool,
    /// Channels that were numbered for events.
    pub channels: AtomicU32,
    /// The channels that tasks have made, in the simulator.
    pub register: Arc<Register<T>>,
    /// Virtual time as the simulator last saw it.
    pub virtual_ns: AtomicU64,
    pub broken: Broken,
    started: Instant,
}

/// The reactor, and what may be used of it while somebody polls.
pub struct Poller {
    pub reactor: Mutex<Reactor>,
    pub registry: Registry,
    pub waker: Waker,
}

impl Poll for Poller {
    fn try_poll(&self, limit: Option<Duration>, may_begin: impl FnOnce() -> bool, ready: &mut impl Ready) -> bool {
        let Some(mut reactor) = self.reactor.try_lock() else { return false };
        if may_begin() {
            // An error of the poller leaves nothing to do here: tasks wait on, time goes on.
            _ = reactor.poll(limit, ready);
        }
        true
    }

    fn wake(&self) {
        self.waker.wake();
    }
}

/// Cancels all roots, from any thread.
pub struct Canceller {
    cancel: Arc<dyn Fn(CancelReason) -> usize + Send + Sync>,
}

impl<T: Task> Runtime<T> {
    /// What the scheduler keeps of a task, in bytes.
    pub const TASK_BYTES: usize = size_of::<Record<T>>() + size_of::<Body<T>>();

    /// A runtime that runs nothing yet. Threads and the reactor are made when they are needed.
    pub fn new(config: Config, observer: Arc<dyn Observer<T>>) -> io::Result<Self> {
        let workers = if config.mode != Mode::Real { 1 } else { config.workers.clamp(1, crate::config::WORKERS_MAX) };
        let config = Config { workers, ..config };
        let seats = (0..workers).map(|index| Seat::new(index, &config)).collect();
        let shared = Shared {
            config,
            injector: Injector::new(),
            seats,
            idle: Idle::new(workers),
            counters: Counters::default(),
            runs: Mutex::default(),
            drivers: Mutex::default(),
            pool: OnceLock::new(),
            reactor: OnceLock::new(),
            outside: AtomicUsize::new(0),
            world: World::default(),
            deadlines: Deadlines::default(),
            sharing: Sharing::new(),
            watch: Watch::default(),
            is_shut_down: AtomicBool::new(false),
            is_observed: observer.wants_events(),
            channels: AtomicU32::new(0),
            register: Arc::default(),
            virtual_ns: AtomicU64::new(0),
            broken: Broken::default(),
            started: Instant::now(),
            observer,
        };
        Ok(Runtime { shared: Arc::new(shared) })
    }

    /// Runs `root` in a scope of its own until it and everything that it spawned has ended. The calling thread works.
    pub fn run(&self, root: T) -> Outcome<T::Value, T::Fault> {
        self.run_known(root, |_| ())
    }

    /// The same; `tell` may tell others of the run before it is waited for.
    pub fn run_known(&self, root: T, tell: impl FnOnce(&Started<T>)) -> Outcome<T::Value, T::Fault> {
        let started = self.shared.begun(root);
        tell(&started);
        let gone = Outcome::Cancelled(CancelReason { kind: CancelKind::Shutdown, place: Place::default() });
        started.wait().unwrap_or(gone)
    }

    /// The same, and does not wait for the end.
    pub fn start(&self, root: T) -> Started<T> {
        self.shared.start_run(root)
    }

    /// In a runtime that is driven: runs what is ready on the calling thread, for `budget` at most and a slice of a
    /// task more. Never waits. Says what is left to do.
    pub fn turn(&self, budget: Duration) -> Turn {
        crate::worker::turn(&self.shared, budget)
    }

    /// Does the calling thread work for it? Then it must not wait for a task of it.
    pub fn is_at_work(&self) -> bool {
        crate::worker::is_at_work(&self.shared)
    }

    /// Makes the next `run` a rehearsal. Without effect but in the simulator.
    pub fn rehearse(&self, rehearsal: Rehearsal) {
        if let Some(core) = &mut *self.shared.seats[0].core.lock()
            && let Some(simulator) = &mut core.simulator
        {
            simulator.rehearsal = Some(rehearsal);
        }
    }

    /// Cancels all roots, from any thread, also after the runtime is gone (then it does nothing).
    pub fn canceller(&self) -> Canceller {
        let shared = Arc::downgrade(&self.shared);
        let cancel = move |reason| shared.upgrade().map_or(0, |shared| shared.cancel_roots(reason).len());
        Canceller { cancel: Arc::new(cancel) }
    }

    /// What each task is doing; nothing if the runtime is broken, or [at work](Self::is_at_work) for the caller. Stops
    /// all workers for the moment.
    pub fn dump(&self) -> Dump {
        crate::world::stopped(&self.shared, || dump::of(&self.shared, &Holders::new())).unwrap_or_default()
    }

    /// Nanoseconds since the runtime was made, virtual ones in the simulator.
    pub fn now_ns(&self) -> u64 {
        self.shared.latest_ns()
    }

    /// Hands over all events that were noted so far. Stops all workers for the moment.
    pub fn flush_events(&self) {
        _ = crate::world::stopped(&self.shared, || ());
    }

    /// Numbers of what lives and what has happened.
    pub fn stats(&self) -> Stats {
        self.shared.stats()
    }

    /// What is left of the channels that tasks have made; nothing but in the simulator. Stops all workers for the
    /// moment.
    pub fn channels_left(&self) -> ChannelsLeft {
        crate::world::stopped(&self.shared, || self.shared.register.left()).unwrap_or_default()
    }

    /// Where sources of input and output are registered. Makes the reactor if there is none.
    pub fn registry(&self) -> io::Result<Registry> {
        self.shared.poller().map(|poller| poller.registry.clone())
    }
}

impl<T: Task> Drop for Runtime<T> {
    fn drop(&mut self) {
        crate::shutdown::end(&self.shared);
    }
}

impl Canceller {
    /// Asks every root to end and says how many there are. The first reason that a task is given stays.
    pub fn cancel_roots(&self, reason: CancelReason) -> usize {
        (self.cancel)(reason)
    }
}

impl Clone for Canceller {
    fn clone(&self) -> Self {
        Canceller { cancel: self.cancel.clone() }
    }
}

impl fmt::Debug for Canceller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Canceller")
    }
}

impl<T: Task> Shared<T> {
    /// Nanoseconds of the monotonic clock since the runtime was made. The simulator has its own.
    pub fn clock_ns(&self) -> u64 {
        self.started.elapsed().as_nanos() as u64
    }

    /// The time of dumps and of whoever asks from outside.
    pub fn latest_ns(&self) -> u64 {
        // Relaxed: only shown.
        if self.config.is_simulated() { self.virtual_ns.load(Ordering::Relaxed) } else { self.clock_ns() }
    }

    /// Milliseconds since 1970.
    pub fn wall_ms() -> i64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
    }

    /// The reactor; made by the first call.
    pub fn poller(&self) -> io::Result<&Poller> {
        if let Some(poller) = self.reactor.get() {
            return Ok(poller);
        }
        let reactor = Reactor::new()?;
        let (registry, waker) = (reactor.registry(), reactor.waker());
        Ok(self.reactor.get_or_init(|| Poller { reactor: Mutex::new(reactor), registry, waker }))
    }

    /// The reactor, if there is one.
    pub fn poller_if_any(&self) -> Option<&Poller> {
        self.reactor.get()
    }

    /// The pool for blocking jobs; made by the first call.
    pub fn pool(&self) -> &Pool {
        self.pool.get_or_init(|| Pool::new(self.config.blocking_threads))
    }

    /// The pool, if there is one.
    pub fn pool_if_any(&self) -> Option<&Pool> {
        self.pool.get()
    }

    /// Queues a task from outside of the workers.
    pub fn inject(self: &Arc<Self>, raw: Raw<T>) {
        self.injector.push(raw);
        self.wake_any();
    }

    /// Somebody has to look for work, or whether there is any left.
    pub fn wake_any(self: &Arc<Self>) {
        if let Some(index) = self.idle.take_any() {
            self.unpark(index);
        }
    }

    /// Wakes a worker, whose idle bit the caller has cleared; starts its thread the first time.
    pub fn unpark(self: &Arc<Self>, index: usize) {
        // Relaxed: only a counter.
        self.counters.wakes.fetch_add(1, Ordering::Relaxed);
        let seat = &self.seats[index];
        // Relaxed: only one caller has the idle bit.
        if index > 0 && !seat.has_thread.swap(true, Ordering::Relaxed) {
            return crate::worker::start_thread(self, index);
        }
        seat.parker.unpark(self.poller_if_any());
        if self.config.mode == Mode::Driven {
            self.observer.woken();
        }
    }

    /// The next task from outside.
    pub fn take_injected(&self) -> Option<Raw<T>> {
        loop {
            match self.injector.steal() {
                Steal::Success(raw) => return Some(raw),
                Steal::Empty => return None,
                Steal::Retry => {}
            }
        }
    }

    /// Something outside begins that will wake a task.
    pub fn outside_begin(&self) {
        // Relaxed: the task that waits for it runs at the moment, so nobody takes the system for dead.
        self.outside.fetch_add(1, Ordering::Relaxed);
    }

    /// It has woken its task, or never will.
    pub fn outside_end(self: &Arc<Self>) {
        // SeqCst pairs with the load in `outside_pending`, after the idle bits were read: see `deadlock.rs`.
        if self.outside.fetch_sub(1, Ordering::SeqCst) == 1 {
            // It may have been the last thing to wait for: somebody has to look whether all is dead.
            self.wake_any();
        }
    }

    /// How much is going on outside that will wake a task.
    pub fn outside_pending(&self) -> usize {
        self.outside.load(Ordering::SeqCst)
    }

    /// Asks every root to end, and gives those that there are.
    pub fn cancel_roots(self: &Arc<Self>, reason: CancelReason) -> SmallVec<[Ref<T>; 4]> {
        // Between a claim and its queueing nobody may take the system for dead.
        self.outside_begin();
        let runs = self.all_runs();
        let roots: SmallVec<[Ref<T>; 4]> = runs.iter().filter_map(|run| run.root.lock().clone()).collect();
        for root in &roots {
            self.watch.requests.note();
            if root.request_cancel(reason) {
                self.inject(root.raw());
            }
        }
        self.outside_end();
        roots
    }
}

impl Config {
    /// Is it the simulator?
    pub fn is_simulated(&self) -> bool {
        matches!(self.mode, Mode::Simulated { .. })
    }

    /// Do workers have threads of their own?
    pub fn has_threads(&self) -> bool {
        self.mode == Mode::Real
    }
}
