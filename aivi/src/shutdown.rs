//! The end of a program as a report: what became of cleanups, and how long they took (`spec/reports.md`).

use std::fmt;

use aivi_scheduler::Dump;
use aivi_vm::Program;
use aivi_vm::shutdown::{Ended, Fate, Shutdown, Tally, Why};
use serde::Serialize;

use crate::waits::Duration;

/// A cleanup that takes longer is worth a report (arbitrary: somebody at a terminal begins to wonder).
const SLOW_MS: u64 = 1000;

/// Lines of the report (arbitrary).
const LINES: usize = 20;

/// What became of cleanups since the end of a program began.
#[derive(Serialize)]
pub(crate) struct ShutdownReport {
    /// What it began with.
    why: String,
    /// How long it has taken.
    took_ms: u64,
    cleanups: Vec<CleanupReport>,
}

/// Cleanups whose code begins at the same place, and that came to the same.
#[derive(Serialize)]
struct CleanupReport {
    at: String,
    /// `ran`, `failed`, `cut short` or `skipped`.
    state: &'static str,
    count: usize,
    /// The longest time that one took.
    took_ms: u64,
    /// What one failed with.
    error: Option<String>,
}

impl ShutdownReport {
    /// What is known at the moment; `None` while the end has not begun. `given_up`: why fibers were given up, if that
    /// was the beginning.
    pub(crate) fn new(shutdown: &Shutdown, now_ns: u64, program: &Program, given_up: Why) -> Option<ShutdownReport> {
        let Ended { why, begun_ns, cleanups } = shutdown.ended()?;
        let why = why.unwrap_or(given_up);
        let cleanup = |(place, fate, Tally { count, longest_ns, error })| CleanupReport {
            at: program.describe(place),
            state: state(fate),
            count,
            took_ms: longest_ns / 1_000_000,
            error,
        };
        let took_ms = now_ns.saturating_sub(begun_ns) / 1_000_000;
        Some(ShutdownReport { why: why.to_string(), took_ms, cleanups: cleanups.into_iter().map(cleanup).collect() })
    }

    /// The process ends now: what fibers have not cleaned up is left so.
    pub(crate) fn give_up(&mut self, dump: &Dump, program: &Program) {
        let mut add = |place, fate, took_ms| {
            let (at, state) = (program.describe(place), state(fate));
            match self.cleanups.iter_mut().find(|cleanup| cleanup.at == at && cleanup.state == state) {
                Some(cleanup) => cleanup.count += 1,
                None => self.cleanups.push(CleanupReport { at, state, count: 1, took_ms, error: None }),
            }
        };
        for task in dump.tasks.iter().filter(|task| program.has_place(task.place)) {
            if task.is_masked {
                add(task.place, Fate::CutShort, task.waited_ms);
            }
            task.cleanups.iter().for_each(|place| add(*place, Fate::Skipped, 0));
        }
    }

    /// Is there anything that a person would want to know?
    pub(crate) fn is_noteworthy(&self) -> bool {
        self.cleanups.iter().any(CleanupReport::is_noteworthy)
    }

    /// Has nothing happened but that the program ended?
    pub(crate) fn is_plain(&self) -> bool {
        self.cleanups.is_empty() && self.why == "main ended"
    }
}

impl CleanupReport {
    fn is_noteworthy(&self) -> bool {
        self.state != state(Fate::Ran) || self.took_ms > SLOW_MS
    }
}

fn state(fate: Fate) -> &'static str {
    match fate {
        Fate::Ran => "ran",
        Fate::Failed => "failed",
        Fate::CutShort => "cut short",
        Fate::Skipped => "skipped",
    }
}

/// Lines for people; only what is noteworthy, the rest is counted.
impl fmt::Display for ShutdownReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "the end of the program ({}) took {}:", self.why, Duration(self.took_ms))?;
        let (mut noteworthy, ran): (Vec<_>, Vec<_>) = self.cleanups.iter().partition(|cleanup| cleanup.is_noteworthy());
        let left_out = noteworthy.split_off(noteworthy.len().min(LINES));
        noteworthy.iter().try_for_each(|cleanup| writeln!(f, "  {cleanup}"))?;
        let count = |cleanups: &[&CleanupReport]| cleanups.iter().map(|cleanup| cleanup.count).sum::<usize>();
        match (count(&left_out), count(&ran)) {
            (0, 0) => Ok(()),
            (0, 1) => writeln!(f, "  one other cleanup ran"),
            (0, ran) => writeln!(f, "  {ran} other cleanups ran"),
            (more, ran) => writeln!(f, "  … and {more} more; {ran} others ran"),
        }
    }
}

impl fmt::Display for CleanupReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            1 => f.write_str("a cleanup")?,
            count => write!(f, "{count} cleanups")?,
        }
        write!(f, " of {} ", self.at)?;
        let (were, up_to) = if self.count == 1 { ("was", "") } else { ("were", "up to ") };
        match self.state {
            "ran" => write!(f, "took {up_to}{}", Duration(self.took_ms)),
            "failed" => {
                write!(f, "failed after {up_to}{}", Duration(self.took_ms))?;
                self.error.iter().try_for_each(|error| write!(f, ": {error}"))
            }
            other => write!(f, "{were} {other}"),
        }
    }
}
