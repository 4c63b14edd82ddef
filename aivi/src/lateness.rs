//! Warnings about fibers that keep others from running (`spec/reports.md`): one for each line of the program, and not
//! too many.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aivi_scheduler::{Hold, HoldCause};
use serde::Serialize;

use crate::programs::Programs;
use crate::waits;

/// At most one warning in this time (arbitrary).
const EVERY: Duration = Duration::from_secs(1);

/// At most one in this time that names no line (arbitrary).
const BUSY_EVERY: Duration = Duration::from_secs(60);

/// What was said so far.
#[derive(Default)]
pub(crate) struct Lateness(Mutex<Said>);

#[derive(Default)]
struct Said {
    /// Programs, sources and lines.
    lines: HashSet<(usize, u32, u32)>,
    last: Option<Instant>,
    last_busy: Option<Instant>,
}

/// A worker was held up.
#[derive(Serialize)]
pub(crate) struct LateReport {
    /// `computing`, `blocked`, `not run` by the system, or `crowded`.
    cause: &'static str,
    worker: usize,
    /// Where the fiber stood that held it.
    at: Option<String>,
    #[serde(rename = "in")]
    function: Option<String>,
    /// It was there that it held the worker, not somewhere before.
    is_exact: bool,
    held_ms: u64,
    /// The processor time of that, at least.
    cpu_ms: u64,
    /// How late the first timer fired that was due.
    timers_late_ms: u64,
    /// Fibers were ready, and waited.
    fibers_waited: bool,
}

impl Lateness {
    /// The report, if it is to be made now.
    pub(crate) fn report(&self, hold: &Hold, programs: &Programs, now: Instant) -> Option<LateReport> {
        let mut said = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |last: Option<Instant>, pause| last.is_none_or(|last| now.duration_since(last) >= pause);
        if !is_over(said.last, EVERY) {
            return None;
        }
        let program = programs.of(hold.place);
        let line = program.as_ref().and_then(|program| program.locate(hold.place));
        let owner = program.as_ref().map_or(0, |program| Arc::as_ptr(program).addr());
        match (hold.cause, line) {
            (HoldCause::NotRun | HoldCause::Crowded, _) if !is_over(said.last_busy, BUSY_EVERY) => return None,
            (HoldCause::NotRun | HoldCause::Crowded, _) => said.last_busy = Some(now),
            (_, Some(line)) if !said.lines.insert((owner, line.source, line.line)) => return None,
            _ => {}
        }
        said.last = Some(now);
        Some(LateReport {
            cause: match hold.cause {
                HoldCause::Computing => "computing",
                HoldCause::Blocked => "blocked",
                HoldCause::NotRun => "not run",
                HoldCause::Crowded => "crowded",
            },
            worker: hold.worker,
            at: line.map(|_| programs.describe(hold.place)),
            function: line.map(|_| programs.name_at(hold.place)),
            is_exact: hold.is_exact,
            held_ms: hold.held_ns / 1_000_000,
            cpu_ms: hold.cpu_ns / 1_000_000,
            timers_late_ms: hold.late_ns / 1_000_000,
            fibers_waited: hold.is_awaited,
        })
    }
}

/// As a sentence.
impl fmt::Display for LateReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held = waits::Duration(self.held_ms);
        let at = match (&self.at, &self.function) {
            (Some(at), Some(function)) if self.is_exact => format!(" at {at} in {function}"),
            (Some(at), Some(function)) => format!(" before {at} in {function}"),
            _ => String::new(),
        };
        match self.cause {
            "computing" => {
                write!(f, "a fiber kept its worker for {held} in one step{at}")?;
                if self.cpu_ms < self.held_ms / 4 * 3 {
                    write!(f, ", of which the system gave it {}", waits::Duration(self.cpu_ms))?;
                }
            }
            "blocked" => {
                write!(f, "a fiber kept its worker for {held} in a call that waits{at}, or the program was stopped")?
            }
            "crowded" => {
                return write!(
                    f,
                    "a fiber was ready and waited for {held}: more of them are ready than worker {} can run",
                    self.worker
                );
            }
            _ => write!(f, "the system did not run worker {} for {held}", self.worker)?,
        }
        match (self.timers_late_ms, self.fibers_waited) {
            (0, _) => f.write_str("; other fibers were ready and waited"),
            (ms, false) => write!(f, "; timers fired {} late", waits::Duration(ms)),
            (ms, true) => write!(f, "; timers fired {} late, other fibers were ready and waited", waits::Duration(ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Engine;
    use aivi_scheduler::Place;

    #[test]
    fn each_line_is_named_once_and_not_too_often() {
        let engine = Engine::builder().simulated(0).build().expect("an engine");
        let script =
            engine.compile("a.aivi", "module a\nexport x, y\n\nx = 1 + 1\n\ny = 2 + 2\n").expect("it compiles");
        let programs = Programs::default();
        let program = programs.link(script.code().clone(), &crate::library::natives()).expect("it loads");
        let places = script.module().globals.iter().map(|global| Place(u64::from(global.proto.0) << 32));
        let places: Vec<Place> = places.filter(|place| program.text_at(*place).is_some()).collect();
        let hold = Hold {
            worker: 0,
            cause: HoldCause::Computing,
            place: places[0],
            is_exact: true,
            held_ns: 412_000_000,
            cpu_ns: 410_000_000,
            late_ns: 400_000_000,
            is_awaited: false,
        };
        let (lateness, begin) = (Lateness::default(), Instant::now());
        let at = |ms| begin + Duration::from_millis(ms);
        let report = lateness.report(&hold, &programs, at(0)).expect("the first").to_string();
        assert!(report.starts_with("a fiber kept its worker for 412 ms in one step at a.aivi:4:"), "{report}");
        assert!(report.ends_with(" in a.x; timers fired 400 ms late"), "{report}");
        let other = Hold { place: places[1], ..hold };
        assert!(lateness.report(&other, &programs, at(500)).is_none(), "too soon");
        assert!(lateness.report(&hold, &programs, at(2000)).is_none(), "the same line");
        assert!(lateness.report(&other, &programs, at(2000)).is_some());
        let busy = Hold { cause: HoldCause::NotRun, place: Place::default(), ..hold };
        let report = lateness.report(&busy, &programs, at(4000)).expect("the first").to_string();
        assert!(report.starts_with("the system did not run worker 0 for 412 ms; timers"), "{report}");
        assert!(lateness.report(&busy, &programs, at(60_000)).is_none());
        assert!(lateness.report(&busy, &programs, at(64_000)).is_some());
    }
}
