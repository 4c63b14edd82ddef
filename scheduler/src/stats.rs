//! Numbers: what lives (to find leaks) and what has happened (to understand speed).

use crate::Task;
use crate::runtime::Shared;
use crate::sync::atomic::{AtomicU64, Ordering};

/// A snapshot. Exact while nothing runs.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Stats {
    /// Tasks that have not ended.
    pub tasks: u64,
    /// Timers that are armed.
    pub timers: u64,
    /// Tasks that wait for sources of the reactor.
    pub io_waits: u64,
    /// Blocking jobs and completers that are not done.
    pub outside: u64,
    /// Tasks made so far.
    pub spawned: u64,
    /// Tasks that were found to wait for ever while others went on.
    pub stuck: u64,
    /// Tasks that a worker took from another.
    pub steals: u64,
    /// Workers woken from their park.
    pub wakes: u64,
    /// Times a worker parked.
    pub parks: u64,
}

/// What the runtime counts.
#[derive(Default)]
pub struct Counters {
    ids: AtomicU64,
    ended: AtomicU64,
    spawned: AtomicU64,
    pub stuck: AtomicU64,
    pub steals: AtomicU64,
    pub wakes: AtomicU64,
    pub parks: AtomicU64,
}

impl Counters {
    /// A number for a root.
    pub fn next_id(&self) -> u64 {
        // Relaxed: only unique.
        self.ids.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A task was made outside of the workers.
    pub fn task_begins(&self) {
        self.spawned.fetch_add(1, Ordering::Relaxed);
    }

    /// A worker made and ended that many since it last said so.
    pub fn add(&self, spawned: u64, ended: u64) {
        self.spawned.fetch_add(spawned, Ordering::Relaxed);
        self.ended.fetch_add(ended, Ordering::Relaxed);
    }
}

impl<T: Task> Shared<T> {
    /// The numbers at the moment. Workers hand theirs in when they park and at the end of a run.
    pub fn stats(&self) -> Stats {
        let load = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        let (spawned, ended) = (load(&counters.spawned), load(&counters.ended));
        Stats {
            tasks: spawned.saturating_sub(ended),
            timers: self.seats.iter().map(|seat| seat.timers.lock().len() as u64).sum(),
            io_waits: u64::try_from(self.io_waits()).unwrap_or_default(),
            outside: self.outside_pending() as u64,
            spawned,
            stuck: load(&counters.stuck),
            steals: load(&counters.steals),
            wakes: load(&counters.wakes),
            parks: load(&counters.parks),
        }
    }
}
