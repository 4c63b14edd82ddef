//! What a host decides when it makes a runtime, and what it is told.

use crate::{Event, Place, Task};

/// More workers of a runtime than this are not used: idle workers are bits of one word.
pub const WORKERS_MAX: usize = 64;

/// How a runtime works.
#[derive(Clone, Debug)]
pub struct Config {
    /// Threads that run tasks, the callers of `run` included: 1 to [`WORKERS_MAX`], to which other numbers are cut. The
    /// simulator uses one.
    pub workers: usize,
    /// Real time and threads, or the simulator.
    pub mode: Mode,
    /// How many blocking jobs run at the same time at most. One program gets half of those that others leave.
    pub blocking_threads: usize,
}

/// Who makes the choices that a program cannot rely on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mode {
    /// Threads, clocks and chance.
    Real,
    /// The same without threads: tasks run when somebody calls `Runtime::turn` or works for a call.
    Driven,
    /// One thread and virtual time: the seed decides. Seed 0 takes turns in order of readiness.
    Simulated {
        /// Same seed, same program, same choices.
        seed: u64,
    },
}

impl Default for Config {
    /// All processors, real time, 128 blocking threads: 64 for a program alone (arbitrary).
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, |count| count.get());
        Config { workers, mode: Mode::Real, blocking_threads: 128 }
    }
}

/// What a host is told. Called by any worker; it should return soon.
pub trait Observer<T: Task>: Send + Sync {
    /// Something that no task will ever see.
    fn report(&self, report: Report<'_, T>);

    /// What to call a place in dumps.
    fn describe_place(&self, place: Place) -> String;

    /// A worker is about to park: flush output.
    fn idle(&self) {}

    /// In a runtime that is driven: something has become ready, and nobody works. Called by any thread.
    fn woken(&self) {}

    /// May tasks be asked to end through their handles? If not, nobody who has one can wake its task.
    fn cancels_tasks(&self) -> bool {
        true
    }

    /// Are events to be noted? Asked once, when the runtime is made.
    fn wants_events(&self) -> bool {
        false
    }

    /// What has happened on a worker since it said so last, in order.
    fn events(&self, _events: &[Event]) {}
}

/// Something that no task will ever see.
pub enum Report<'a, T: Task> {
    /// A spawned task failed and nobody joined it before its scope ended.
    UnjoinedFailure {
        /// Where it was spawned.
        spawned_at: Place,
        /// Its failure.
        failure: &'a T::Value,
    },
    /// A child faulted, but something else decided what its parent sees: it lost a race, or the parent was cancelled.
    LostFault {
        /// Where the parent waited for it.
        place: Place,
        /// Its fault.
        fault: &'a T::Fault,
    },
    /// A spawned task still ran when the root ended, and was cancelled for that.
    CutOff {
        /// Where it was spawned.
        spawned_at: Place,
    },
    /// A worker was held up, and others noticed.
    Held(Hold),
    /// Tasks that wait for ever while others go on. Each is reported once.
    Stuck {
        /// The tasks, none below another.
        dump: &'a crate::Dump,
        /// The root has ended, in the simulator, and they are still stuck; also when they were reported before.
        is_end: bool,
    },
    /// A second deadlock while the first was cleaned up: the run is given up.
    GivenUp {
        /// The first.
        first: Option<&'a T::Fault>,
        /// What waits now.
        dump: &'a crate::Dump,
    },
}

/// A time in which a worker did nothing for others, or too little.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// The worker.
    pub worker: usize,
    /// Why.
    pub cause: HoldCause,
    /// Where the task stood that held it; nowhere if none did.
    pub place: Place,
    /// It held it exactly there, not somewhere before.
    pub is_exact: bool,
    /// For how long.
    pub held_ns: u64,
    /// The processor time of that, at least.
    pub cpu_ns: u64,
    /// How late the first timer fired that was due meanwhile; 0 if none was.
    pub late_ns: u64,
    /// Tasks were ready and waited.
    pub is_awaited: bool,
}

/// Why a worker did nothing for others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HoldCause {
    /// A task computed.
    Computing,
    /// A task waited in a call that blocks, or the program was stopped.
    Blocked,
    /// The system ran other programs.
    NotRun,
    /// None: it ran, but so many tasks were ready that one of them waited for so long.
    Crowded,
}
