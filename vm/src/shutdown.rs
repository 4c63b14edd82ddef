//! What cleanups do while a call ends: for the report of it.
//!
//! The end of a call begins with a signal or `exit`, with a limit, with an error of `main` that nothing will catch, or
//! else when `main` has ended; with none of these when its fibers are given up before, while cleanups run. From then on
//! each fiber that begins or ends a cleanup says so; before, that costs a test of one flag. What is kept is bounded by
//! the places of the program.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use aivi_scheduler::Place;

/// When the end began of a call whose fibers were given up before it did: nothing takes any time then.
const AT_ONCE: u64 = u64::MAX;

/// The end of a call.
#[derive(Default)]
pub struct Shutdown {
    has_begun: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    why: Option<Why>,
    begun_ns: u64,
    /// By the fibers that run them, which do not move.
    running: HashMap<usize, Running>,
    over: HashMap<(Place, Fate), Tally>,
}

struct Running {
    place: Place,
    since_ns: u64,
    error: Option<String>,
}

/// What the end of a call began with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Why {
    /// A signal from the operating system.
    Signal(i32),
    /// The program asked to exit with this code.
    Exit(i32),
    /// A limit of the call was reached.
    Limit,
    /// `main` failed.
    Failure,
    /// `main` faulted.
    Fault,
    /// All fibers waited for ever, also in their cleanups.
    Deadlock,
    /// `main` ended in another way.
    End,
}

/// What became of a cleanup.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fate {
    /// It did what it had to do.
    Ran,
    /// It failed.
    Failed,
    /// It had begun when its fiber was given up.
    CutShort,
    /// It was to run when its fiber was given up.
    Skipped,
}

/// Cleanups of one place that came to the same.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Tally {
    /// How many.
    pub count: usize,
    /// How long the slowest took.
    pub longest_ns: u64,
    /// What one of them failed with.
    pub error: Option<String>,
}

/// The end of a call, once it is over.
pub struct Ended {
    /// What it began with; nothing when fibers were given up before, all at once.
    pub why: Option<Why>,
    /// When.
    pub begun_ns: u64,
    /// What became of cleanups, by the places where their code begins.
    pub cleanups: Vec<(Place, Fate, Tally)>,
}

impl Shutdown {
    /// It begins, unless it has.
    pub fn begin(&self, why: Why, now_ns: u64) {
        let mut state = self.state();
        if !state.has_begun() {
            (state.why, state.begun_ns) = (Some(why), now_ns);
        }
        drop(state);
        // Relaxed: who does not see it yet tells nothing yet; what is told is guarded by the lock.
        self.has_begun.store(true, Ordering::Relaxed);
    }

    /// Has it begun?
    #[inline]
    pub(crate) fn has_begun(&self) -> bool {
        self.has_begun.load(Ordering::Relaxed)
    }

    /// What has become of cleanups; `None` if it has not begun.
    pub fn ended(&self) -> Option<Ended> {
        let state = self.state();
        let cleanups = state.over.iter().map(|((place, fate), tally)| (*place, *fate, tally.clone()));
        let mut cleanups: Vec<_> = cleanups.collect();
        cleanups.sort_unstable_by_key(|(place, fate, _)| (place.0, *fate));
        state.has_begun().then_some(Ended { why: state.why, begun_ns: state.begun_ns, cleanups })
    }

    /// A fiber begins a cleanup.
    pub(crate) fn cleanup_begins(&self, fiber: usize, place: Place, now_ns: u64) {
        self.state().running.insert(fiber, Running { place, since_ns: now_ns, error: None });
    }

    /// The cleanup that a fiber runs is that of another one from here on.
    pub(crate) fn cleanup_moves(&self, from: usize, to: usize) {
        let running = &mut self.state().running;
        if let Some(cleanup) = running.remove(&from) {
            running.insert(to, cleanup);
        }
    }

    /// The cleanup that a fiber runs has failed, and is about to end.
    pub(crate) fn cleanup_fails(&self, fiber: usize, place: Place, error: &str) {
        let state = &mut *self.state();
        let running = Running { place, since_ns: state.begun_ns, error: None };
        state.running.entry(fiber).or_insert(running).error = Some(error.to_owned());
    }

    /// The cleanup that a fiber runs is over. `place` is where it stands, for one that began before the end of the call
    /// did.
    pub(crate) fn cleanup_ends(&self, fiber: usize, place: Place, now_ns: u64) {
        let mut state = self.state();
        let begun_ns = state.begun_ns;
        let running = state.running.remove(&fiber).unwrap_or(Running { place, since_ns: begun_ns, error: None });
        let fate = if running.error.is_some() { Fate::Failed } else { Fate::Ran };
        state.add(running.place, fate, now_ns.saturating_sub(running.since_ns), running.error);
    }

    /// A fiber is given up, with these cleanups to run; `place` is where it stands, if it runs one.
    pub(crate) fn given_up(&self, fiber: usize, place: Option<Place>, skipped: impl IntoIterator<Item = Place>) {
        let mut state = self.state();
        if !state.has_begun() {
            // From here on everything ends at once.
            state.begun_ns = AT_ONCE;
        }
        let running = state.running.remove(&fiber);
        if let Some(place) = place {
            state.add(running.map_or(place, |running| running.place), Fate::CutShort, 0, None);
        }
        skipped.into_iter().for_each(|place| state.add(place, Fate::Skipped, 0, None));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn has_begun(&self) -> bool {
        self.why.is_some() || self.begun_ns == AT_ONCE
    }

    fn add(&mut self, place: Place, fate: Fate, ns: u64, error: Option<String>) {
        let tally = self.over.entry((place, fate)).or_default();
        tally.count += 1;
        tally.longest_ns = tally.longest_ns.max(ns);
        tally.error = tally.error.take().or(error);
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Signal(number) => write!(f, "signal {number}"),
            Why::Exit(code) => write!(f, "exit {code}"),
            Why::Limit => f.write_str("a limit was reached"),
            Why::Failure => f.write_str("main failed"),
            Why::Fault => f.write_str("main faulted"),
            Why::Deadlock => f.write_str("deadlock"),
            Why::End => f.write_str("main ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_becomes_of_cleanups_is_counted_by_place() {
        let shutdown = Shutdown::default();
        assert!(shutdown.ended().is_none());
        shutdown.begin(Why::Exit(3), 100);
        shutdown.begin(Why::End, 900);
        for (fiber, ns) in [(1, 10), (2, 30), (3, 20)] {
            shutdown.cleanup_begins(fiber, Place(7), 100);
            shutdown.cleanup_ends(fiber, Place(0), 100 + ns);
        }
        shutdown.cleanup_fails(4, Place(5), "no");
        shutdown.cleanup_ends(4, Place(0), 150);
        shutdown.cleanup_begins(5, Place(7), 100);
        shutdown.given_up(5, Some(Place(0)), [Place(8), Place(8)]);
        let Some(Ended { why, begun_ns, cleanups }) = shutdown.ended() else { panic!("it has begun") };
        assert_eq!((why, begun_ns), (Some(Why::Exit(3)), 100));
        let tally =
            |count, longest_ns, error: Option<&str>| Tally { count, longest_ns, error: error.map(str::to_owned) };
        let expected = [
            (Place(5), Fate::Failed, tally(1, 50, Some("no"))),
            (Place(7), Fate::Ran, tally(3, 30, None)),
            (Place(7), Fate::CutShort, tally(1, 0, None)),
            (Place(8), Fate::Skipped, tally(2, 0, None)),
        ];
        assert_eq!(cleanups, expected);
    }

    #[test]
    fn what_is_given_up_before_has_begun_with_nothing() {
        let shutdown = Shutdown::default();
        shutdown.given_up(5, None, [Place(8)]);
        shutdown.begin(Why::End, 900);
        let Some(Ended { why, cleanups, .. }) = shutdown.ended() else { panic!("it has begun") };
        assert_eq!((why, cleanups.len()), (None, 1));
    }
}
