//! Workers: take a task, run it, see what it wants, take the next one.
//!
//! A [`Worker`] is a thread together with the [`Core`] of a seat. The core of seat 0 goes from caller to caller of
//! `run`, and to a thread of its own while there are runs and nobody calls (`seat.rs`); the others stay with their
//! threads. The simulator is a worker whose queue is a [`Simulator`]: everything but the order, the clock and idling is
//! the same code.

mod driver;
mod end;
mod find;
mod gate;
mod group;
mod holds;
mod lend;
mod log;
mod look;
mod ready;
mod rehearse;
mod rest;
mod turn;
mod working;

use crate::channel::Called;
use crate::config::{Config, Mode};
use crate::io_waits::EndIo;
use crate::oracle::Oracle;
use crate::queue::LocalQueue;
use crate::runtime::Shared;
use crate::seat::Seat;
use crate::simulator::Simulator;
use crate::sync::atomic::Ordering;
use crate::sync::{Arc, thread};
use crate::task::record::{Raw, Spares};
use crate::{Task, Waker};

pub use driver::{Turn, drive, turn};
use gate::Gate;
use holds::Holds;
use log::Log;
use look::Lookout;
use working::AtWork;
pub use working::is_at_work;

/// What a worker works with; stays with its seat.
pub struct Core<T: Task> {
    pub queue: LocalQueue<T>,
    pub simulator: Option<Simulator<T>>,
    pub oracle: Oracle,
    /// The clock when it was last read; at most a tick old.
    pub now_ns: u64,
    gate: Gate,
    passes: u32,
    /// When the oldest child was last taken out of its turn.
    oldest_ns: u64,
    polled_ns: u64,
    /// When the queue has come to here, those that were woken by the poller have had their turn.
    polled_until: u32,
    ids: u64,
    spawned: u64,
    ended: u64,
    pub spares: Spares<T>,
    /// Since the clock was read a timer was armed that has read it again.
    pub has_armed: bool,
    /// Fired timers on their way to the queue.
    fired: Vec<Raw<T>>,
    /// When timers were fired last.
    fired_ns: u64,
    /// The last turn had a long step: timers and the rest are looked at before the next one.
    was_long: bool,
    /// Those whose sources are ready, on their way there.
    io: EndIo<T>,
    is_searching: bool,
    /// Turns inside of the one that came from the queue (`lend.rs`).
    nested: u32,
    /// What the last task spent of its slice.
    spent: u64,
    /// The pass of the last rest.
    rested: u32,
    lookout: Lookout,
    /// Events, if somebody listens.
    log: Option<Box<Log>>,
    holds: Holds,
    /// It is to stop then, whether there is something to do or not: its caller has no more time.
    pub until_ns: Option<u64>,
    /// Somebody listens, steps are looked at, or turns are timed: a turn has more to do. One test for all.
    pub attention: bool,
}

/// A thread that runs tasks.
pub struct Worker<T: Task> {
    pub shared: Arc<Shared<T>>,
    pub index: usize,
    pub core: Box<Core<T>>,
}

/// Ids of tasks: the upper bits are the worker's.
const ID_BITS: u32 = 48;

impl<T: Task> Core<T> {
    /// What the worker of seat `index` begins with.
    pub fn new(index: usize, config: &Config) -> Self {
        let (simulator, oracle) = match config.mode {
            Mode::Real | Mode::Driven => (None, Oracle::unseeded()),
            Mode::Simulated { seed } => (Some(Simulator::new(seed)), Oracle::seeded(seed)),
        };
        Core {
            queue: LocalQueue::new(),
            simulator,
            oracle,
            now_ns: 0,
            gate: Gate::default(),
            passes: 0,
            oldest_ns: 0,
            polled_ns: 0,
            polled_until: 0,
            ids: (index as u64 + 1) << ID_BITS,
            spawned: 0,
            ended: 0,
            spares: Spares::new(),
            has_armed: false,
            fired: Vec::new(),
            fired_ns: 0,
            was_long: false,
            io: EndIo::default(),
            is_searching: false,
            nested: 0,
            spent: 0,
            rested: 0,
            lookout: Lookout::default(),
            log: None,
            holds: Holds::default(),
            until_ns: None,
            attention: false,
        }
    }

    /// To be called when what `attention` stands for has changed.
    pub fn update_attention(&mut self) {
        let is_stepped = self.simulator.as_ref().is_some_and(Simulator::is_stepped);
        self.attention = self.log.is_some() || is_stepped || self.holds.is_timing();
    }

    /// The task that was numbered last was not made after all.
    pub fn forget_created(&mut self) {
        self.spawned -= 1;
    }

    /// A number for a new task.
    pub fn next_id(&mut self) -> u64 {
        self.ids += 1;
        self.spawned += 1;
        self.ids
    }
}

/// Starts the thread of seat `index`. If the system refuses, the others work without it.
pub fn start_thread<T: Task>(shared: &Arc<Shared<T>>, index: usize) {
    let worker_shared = shared.clone();
    let begin = move || {
        let Some(core) = take_core(&worker_shared.seats[index]) else { return };
        let mut worker = Worker { shared: worker_shared.clone(), index, core };
        crate::broken::guard(&worker_shared, || {
            worker.core.start_search(&worker.shared);
            worker.work(|| worker_shared.is_shut_down());
            worker.leave();
        });
    };
    let started = thread::Builder::new().name(format!("aivi-worker-{index}")).spawn(begin);
    if started.is_err() {
        // Relaxed as in `Shared::unpark`.
        shared.seats[index].has_thread.store(false, Ordering::Relaxed);
        shared.idle.enter(index);
    }
    *shared.seats[index].thread.lock() = started.ok();
}

/// The core of a seat for the thread that was started for it. If there is none, which only happens at the first seat,
/// the caller of a run was faster, and will see whether a thread is needed when it leaves.
fn take_core<T: Task>(seat: &Seat<T>) -> Option<Box<Core<T>>> {
    let mut core = seat.core.lock();
    if core.is_none() {
        // Relaxed: under the lock.
        seat.has_thread.store(false, Ordering::Relaxed);
    }
    core.take()
}

impl<T: Task> Worker<T> {
    /// Our seat.
    pub fn seat(&self) -> &Seat<T> {
        &self.shared.seats[self.index]
    }

    /// Queues a task that the one whose turn it is has just woken.
    #[inline]
    pub fn push_woken(&mut self, raw: Raw<T>) {
        self.note_woken(raw, None);
        self.push_next(raw);
    }

    /// As `push_woken`, where the caller has noted it.
    #[inline]
    pub fn push_next(&mut self, raw: Raw<T>) {
        match &mut self.core.simulator {
            Some(simulator) => simulator.push(raw),
            None => self.core.queue.push_next(raw),
        }
    }

    /// Queues a task that was just made, to be run behind its siblings and before those made in earlier turns.
    #[inline]
    pub fn push_child(&mut self, raw: Raw<T>) {
        match &mut self.core.simulator {
            Some(simulator) => simulator.push(raw),
            None => self.core.queue.push_child(raw),
        }
    }

    /// As `push_woken`, behind those that were woken before.
    #[inline]
    pub fn push_last(&mut self, raw: Raw<T>) {
        self.note_woken(raw, None);
        self.requeue(raw);
    }

    /// Queues tasks that have got permits, in the order in which they did. With `is_first` the first of them as the
    /// next to run, since others wait until it gives them back; then the turn of the one who has let it in ends.
    pub fn push_called(&mut self, called: Called<T>, is_first: bool) {
        for (index, raw) in called.into_iter().enumerate() {
            self.note_woken(raw, None);
            match &mut self.core.simulator {
                Some(simulator) => simulator.push(raw),
                None if index == 0 && is_first => self.core.queue.push_first(raw),
                None => self.core.queue.push_last(raw),
            }
        }
    }

    /// As `push_last`, for a task that something else has woken.
    #[inline]
    pub fn push_woken_by(&mut self, raw: Raw<T>, by: Waker) {
        self.note_woken(raw, Some(by));
        self.requeue(raw);
    }

    /// Queues a task that can go on, behind those that were woken before.
    #[inline]
    pub fn requeue(&mut self, raw: Raw<T>) {
        match &mut self.core.simulator {
            Some(simulator) => simulator.push(raw),
            None => self.core.queue.push_last(raw),
        }
    }

    /// Queues the task whose turn it was, and which has spent its fuel.
    #[inline]
    pub fn push_yielded(&mut self, raw: Raw<T>) {
        match &mut self.core.simulator {
            Some(simulator) => simulator.push(raw),
            None => self.core.queue.push_yielded(raw),
        }
    }

    /// Works until `is_over`.
    pub(crate) fn work(&mut self, is_over: impl Fn() -> bool) {
        let _at_work = AtWork::for_runtime(&self.shared);
        self.sit_down();
        while !is_over() {
            match self.next() {
                Some(raw) => self.turn(raw),
                None => self.rest(&is_over),
            }
        }
    }

    /// Gives the core back to the seat; if runs are left, one of their callers takes over.
    fn leave(mut self) {
        // An idle worker has nothing queued (see `deadlock.rs`): tasks of other runs go to whoever comes first.
        let mut has_left = false;
        while let Some(raw) = self.core.queue.pop(0) {
            self.shared.injector.push(raw);
            has_left = true;
        }
        if let Some(simulator) = &mut self.core.simulator
            && self.shared.runs.lock().is_empty()
        {
            simulator.finish();
        }
        if self.core.has_armed && self.core.simulator.is_none() {
            // Nobody knows when somebody reads the clock again.
            self.seat().timers.lock().begin(self.shared.clock_ns());
        }
        self.hand_in();
        self.core.stop_search(&self.shared);
        self.core.until_ns = None;
        let (shared, index) = (self.shared, self.index);
        // In this order: whoever takes the core clears the bit again.
        let is_last = shared.idle.enter(index);
        shared.sharing.note_rest(index, is_last, self.core.now_ns);
        *shared.seats[index].core.lock() = Some(self.core);
        shared.note_idle();
        if has_left {
            shared.wake_any();
        }
        if index == 0 {
            for run in shared.drivers.lock().iter() {
                mutant!("seat.tells-without-the-lock", drop(run.end.lock()), ());
                run.changed.notify_all();
            }
        }
    }

    /// Hands in what was counted and noted.
    fn hand_in(&mut self) {
        self.core.hand_in_events(&self.shared);
        let (spawned, ended) = (std::mem::take(&mut self.core.spawned), std::mem::take(&mut self.core.ended));
        self.shared.counters.add(spawned, ended);
    }
}
