//! Numbers about what the scheduler did: `Engine::stats`, `aivi run --stats`.

use std::fmt;
use std::ops::AddAssign;

use serde::Serialize;

/// What happened so far. Exact when nothing runs; while something does, workers are up to a park behind.
#[derive(Clone, Copy, PartialEq, Eq, Default, Serialize, Debug)]
#[non_exhaustive]
pub struct Stats {
    /// Fibers that were started. A branch or task that only computed, and not for long, was none.
    pub started: u64,
    /// Fibers that have not ended.
    pub live: u64,
    /// Timers that are armed.
    pub timers: u64,
    /// Fibers that a worker took from another one.
    pub steals: u64,
    /// Times a worker had nothing to do and went to sleep.
    pub parks: u64,
    /// Times a worker was woken because there was something to take.
    pub wakes: u64,
}

impl From<aivi_scheduler::Stats> for Stats {
    fn from(stats: aivi_scheduler::Stats) -> Stats {
        let aivi_scheduler::Stats { spawned, tasks, timers, steals, parks, wakes, .. } = stats;
        Stats { started: spawned, live: tasks, timers, steals, parks, wakes }
    }
}

impl AddAssign for Stats {
    fn add_assign(&mut self, other: Stats) {
        self.started += other.started;
        self.live += other.live;
        self.timers += other.timers;
        self.steals += other.steals;
        self.parks += other.parks;
        self.wakes += other.wakes;
    }
}

impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Stats { started, live, timers, steals, parks, wakes } = self;
        write!(f, "{started} fibers started, {live} live, {timers} timers armed; ")?;
        write!(f, "{steals} taken by other workers; workers slept {parks} times and were woken {wakes} times")
    }
}
