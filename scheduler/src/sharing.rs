//! Whether it pays to share is tried out.
//!
//! Tasks that talk to each other are done sooner by one worker, as a rule, and so nobody shares them
//! (`worker/gate.rs`). But some gain much: of a long pipeline two workers do twice as much, of a pool of workers at one
//! channel half, and what the tasks look like does not tell which is which. The work that is done does. Programs spend
//! fuel for their calls and loops, about the same amount whoever runs them, so the fuel that all workers spend in a
//! while, with some for each task that was spawned or has ended, says how far the program has come.
//!
//! So while tasks wait and nothing else says that they should be shared, that is tried now and then: the worker that
//! has them, the *home*, measures how far they come alone, opens the gates for as long, and measures again. If they
//! come further by a fifth, twice in a row, the gates stay open for a while, and then it is tried again: once, if it
//! still pays off. If not, the others give back what they have, and the next try is made after twice as long a pause.
//! In a try the work goes at another speed for seven tenths of a millisecond, after some tries ten times a second.
//!
//! What always holds:
//! - Everything here is a hint: it says who may take tasks, and never makes one wait.
//! - A try ends without an answer if all come to rest in between: who waits for the outside is no faster by company.
//! - One try at a time: the state is behind a lock that who looks takes only when something is due, and if it is free.

use crate::sync::Mutex;
use crate::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

/// A try begins so long after there was something to share first: what ends before has cost nothing.
const START_NS: u64 = 1_000_000;

/// For so long it is measured: several looks of each worker, whose turns may take some tens of microseconds
/// (arbitrary).
const WINDOW_NS: u64 = 500_000;

/// Before it is measured, caches get warm, and a thread that slept wakes.
const WARM_NS: u64 = 200_000;

/// The pause after the first try in vain, and the longest.
const PAUSE_NS: u64 = 5_000_000;
const LONGEST_PAUSE_NS: u64 = 100_000_000;

/// For so long the gates stay open after the first try that paid off, and the longest.
const PAID_NS: u64 = 10_000_000;
const LONGEST_PAID_NS: u64 = 80_000_000;

/// If the home has not decided for so long, others end the try (arbitrary).
const LATE_NS: u64 = 1_000_000;

/// Without tasks that wait it is asked again after this.
const NOBODY_NS: u64 = 100_000;

/// What is tried, and what came out.
pub struct Sharing {
    /// Do all share what they have?
    is_on: AtomicBool,
    /// Is something tried, or has paid off?
    is_busy: AtomicBool,
    /// When there is something to decide.
    due_ns: AtomicU64,
    /// Guests that wait for the home.
    leaving: AtomicUsize,
    /// The home.
    home: AtomicUsize,
    trial: Mutex<Trial>,
}

struct Trial {
    phase: Phase,
    /// The worker that has measured alone.
    home: usize,
    /// When the phase began, and how much was done by then, if that is known.
    began: Option<Mark>,
    /// When it is over.
    due_ns: u64,
    /// The last while alone, and what came before it.
    alone: Mark,
    before: Mark,
    /// Has it won once? Twice are needed, as programs have phases themselves.
    has_won: bool,
    pause_ns: u64,
    paid_ns: u64,
}

/// A moment and the work that was done by then; or a time and the work of it.
#[derive(Clone, Copy, Default)]
struct Mark {
    ns: u64,
    done: u64,
}

impl Mark {
    /// The time since then, and the work of it. What is taken back later (`Core::note_unearned`) may be more than was
    /// done.
    fn since(self, then: Mark) -> Mark {
        let done = self.done.wrapping_sub(then.done);
        Mark { ns: self.ns.saturating_sub(then.ns), done: if done > u64::MAX / 2 { 0 } else { done } }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Phase {
    /// Nothing was ever to be shared.
    Never,
    Off,
    Alone,
    /// Others wake and take tasks.
    Joining,
    Together,
    /// It has paid off.
    Paid,
    /// Others give back what they have.
    Leaving,
}

/// What somebody sees who looks.
#[derive(Clone, Copy)]
pub struct Sight {
    pub now_ns: u64,
    pub index: usize,
    /// Do tasks wait that others could take?
    pub is_somebody_queued: bool,
    /// May others take them anyway?
    pub has_reason: bool,
}

impl Sharing {
    pub fn new() -> Sharing {
        let none = Mark::default();
        let trial = Trial {
            phase: Phase::Never,
            home: 0,
            began: None,
            due_ns: 0,
            alone: none,
            before: none,
            has_won: false,
            pause_ns: PAUSE_NS,
            paid_ns: PAID_NS,
        };
        Sharing {
            is_on: AtomicBool::new(false),
            is_busy: AtomicBool::new(false),
            due_ns: AtomicU64::new(0),
            leaving: AtomicUsize::new(0),
            home: AtomicUsize::new(0),
            trial: Mutex::new(trial),
        }
    }

    /// Do all share what they have?
    #[inline]
    pub fn is_on(&self) -> bool {
        // Relaxed: a hint.
        self.is_on.load(Ordering::Relaxed)
    }

    /// The worker that has measured alone.
    pub fn home(&self) -> usize {
        // Relaxed, here and below: hints. Who waits for the home does so for a limited time.
        self.home.load(Ordering::Relaxed)
    }

    /// A guest begins to wait for the home.
    pub fn begin_to_wait(&self) {
        self.leaving.fetch_add(1, Ordering::Relaxed);
    }

    /// It does not wait any more.
    pub fn end_to_wait(&self) {
        self.leaving.fetch_sub(1, Ordering::Relaxed);
    }

    /// Is this the home, and does a guest wait for it?
    #[inline]
    pub fn is_home_awaited(&self, index: usize) -> bool {
        self.leaving.load(Ordering::Relaxed) > 0 && self.home() == index
    }

    /// Somebody looks; `done` says how much all have done. Says whether all share what they have.
    #[inline]
    pub fn look(&self, sight: Sight, done: impl Fn() -> u64) -> bool {
        // Relaxed: a hint; what is decided is behind the lock.
        if sight.now_ns >= self.due_ns.load(Ordering::Relaxed)
            && let Some(mut trial) = self.trial.try_lock()
            && sight.now_ns >= trial.due_ns
        {
            trial.step(sight, done);
            self.publish(&trial);
        }
        self.is_on()
    }

    /// A worker has nothing to do at the moment, or leaves its seat; `is_last`: nobody has.
    pub fn note_rest(&self, index: usize, is_last: bool, now_ns: u64) {
        // Relaxed: a hint.
        if !self.is_busy.load(Ordering::Relaxed) {
            return;
        }
        let mut trial = self.trial.lock();
        let is_over = match trial.phase {
            Phase::Never | Phase::Off => false,
            Phase::Alone | Phase::Leaving => is_last || index == trial.home,
            Phase::Joining | Phase::Together | Phase::Paid => is_last,
        };
        if is_over {
            trial.due_ns = now_ns + trial.off();
            // What was done until then is not known here.
            trial.began = None;
            self.publish(&trial);
        }
    }

    fn publish(&self, trial: &Trial) {
        let is_on = matches!(trial.phase, Phase::Joining | Phase::Together | Phase::Paid);
        // Relaxed: hints.
        self.is_on.store(is_on, Ordering::Relaxed);
        self.is_busy.store(!matches!(trial.phase, Phase::Never | Phase::Off), Ordering::Relaxed);
        self.home.store(trial.home, Ordering::Relaxed);
        self.due_ns.store(trial.due_ns, Ordering::Relaxed);
    }
}

impl Trial {
    /// A try was in vain, or came to no answer: says how long until the next.
    fn off(&mut self) -> u64 {
        (self.phase, self.has_won) = (Phase::Off, false);
        let pause_ns = self.pause_ns;
        self.pause_ns = (2 * pause_ns).min(LONGEST_PAUSE_NS);
        pause_ns
    }

    /// Something is due: what comes next.
    fn step(&mut self, sight: Sight, done: impl Fn() -> u64) {
        if matches!(self.phase, Phase::Alone | Phase::Leaving) && sight.index != self.home {
            // The home decides, but not if it sleeps, or computes for long.
            if sight.now_ns > self.due_ns + LATE_NS {
                self.due_ns = sight.now_ns + self.off();
                self.began = None;
            }
            return;
        }
        let now = Mark { ns: sight.now_ns, done: done() };
        let past = self.began.map(|began| now.since(began)).unwrap_or_default();
        let (phase, lasts_ns) = match self.phase {
            Phase::Never if sight.is_somebody_queued => (Phase::Off, START_NS),
            Phase::Never => (Phase::Never, NOBODY_NS),
            Phase::Off | Phase::Leaving | Phase::Alone if !sight.is_somebody_queued || sight.has_reason => {
                self.has_won = false;
                (Phase::Off, NOBODY_NS)
            }
            Phase::Off | Phase::Leaving => {
                self.home = sight.index;
                if self.phase == Phase::Off {
                    self.before = past;
                }
                (Phase::Alone, WINDOW_NS)
            }
            Phase::Alone => {
                self.alone = past;
                (Phase::Joining, WARM_NS)
            }
            Phase::Joining => (Phase::Together, WINDOW_NS),
            Phase::Together if !is_faster(past, self.alone) || is_slower(past, self.before) => {
                self.paid_ns = PAID_NS;
                (Phase::Off, self.off())
            }
            Phase::Together if !std::mem::replace(&mut self.has_won, true) => (Phase::Leaving, WARM_NS),
            Phase::Together => {
                self.pause_ns = PAUSE_NS;
                let lasts_ns = self.paid_ns;
                self.paid_ns = (2 * self.paid_ns).min(LONGEST_PAID_NS);
                (Phase::Paid, lasts_ns)
            }
            Phase::Paid => {
                self.before = Mark::default();
                (Phase::Leaving, WARM_NS)
            }
        };
        (self.phase, self.began, self.due_ns) = (phase, Some(now), now.ns + lasts_ns);
    }
}

/// Was more done in the time of `together` than in that of `alone`, in which something was, by a fifth?
fn is_faster(together: Mark, alone: Mark) -> bool {
    let (together_rate, alone_rate) = rates(together, alone);
    alone.done > 0 && together_rate * 5 > alone_rate * 6
}

/// Was more done before?
fn is_slower(now: Mark, before: Mark) -> bool {
    let (now_rate, before_rate) = rates(now, before);
    now_rate < before_rate
}

/// What can be compared: the work of each in the time of both.
fn rates(one: Mark, other: Mark) -> (u128, u128) {
    let work = |of: Mark, time: Mark| u128::from(of.done) * u128::from(time.ns.max(1));
    (work(one, other), work(other, one))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// Two workers that always have tasks, and do so much in a microsecond alone and together.
    struct Play {
        sharing: Sharing,
        now_ns: u64,
        done: u64,
        alone: u64,
        together: u64,
        /// Microseconds for which it was on.
        on: u64,
        /// Those that look.
        workers: std::ops::Range<usize>,
    }

    impl Play {
        fn new(alone: u64, together: u64) -> Play {
            Play { sharing: Sharing::new(), now_ns: 0, done: 0, alone, together, on: 0, workers: 0..2 }
        }

        fn run(&mut self, micros: u64) -> u64 {
            let before = self.on;
            for _ in 0..micros {
                self.now_ns += 1000;
                let is_on = self.sharing.is_on();
                self.on += u64::from(is_on);
                self.done += if is_on { self.together } else { self.alone };
                for index in self.workers.clone() {
                    let sight = Sight { now_ns: self.now_ns, index, is_somebody_queued: true, has_reason: false };
                    self.sharing.look(sight, || self.done);
                }
            }
            self.on - before
        }
    }

    #[test]
    fn what_pays_off_is_shared() {
        let mut play = Play::new(100, 190);
        assert_eq!(play.run(1_000), 0, "it is tried later");
        play.run(100_000);
        let on = play.run(1_000_000);
        assert!(on > 980_000, "of a second {on} us were shared");
    }

    #[test]
    fn what_does_not_is_tried_seldom() {
        let mut play = Play::new(100, 110);
        let on = play.run(100_000);
        assert!((1_000..5_000).contains(&on), "of the first tenth of a second {on} us were shared");
        let on = play.run(10_000_000);
        assert!(on < 80_000, "of ten seconds {on} us were shared");
    }

    #[test]
    fn what_changes_is_seen() {
        let mut play = Play::new(100, 190);
        play.run(1_000_000);
        play.together = 60;
        play.run(100_000);
        let on = play.run(1_000_000);
        assert!(on < 10_000, "of a second {on} us were shared");
        play.together = 190;
        play.run(150_000);
        let on = play.run(1_000_000);
        assert!(on > 950_000, "of a second {on} us were shared");
    }

    #[test]
    fn a_home_that_sleeps_is_left() {
        let mut play = Play::new(100, 190);
        play.run(100_000);
        assert!(play.sharing.is_on() && play.sharing.home() == 0);
        play.workers = 1..2;
        play.run(200_000);
        let on = play.run(1_000_000);
        assert!(play.sharing.home() == 1 && on > 950_000, "of a second {on} us were shared");
    }

    #[test]
    fn who_comes_late_decides_nothing() {
        let mut play = Play::new(100, 190);
        while !play.sharing.is_on() {
            play.run(1);
        }
        // It has read when something is due before another one has decided.
        play.sharing.due_ns.store(0, Ordering::Relaxed);
        let state = |play: &Play| {
            let trial = play.sharing.trial.lock();
            (trial.phase, trial.due_ns)
        };
        let before = state(&play);
        let sight = Sight { now_ns: play.now_ns - 500, index: 1, is_somebody_queued: true, has_reason: false };
        play.sharing.look(sight, || play.done);
        assert_eq!(state(&play), before);
    }

    #[test]
    fn one_win_is_none() {
        let mut play = Play::new(100, 190);
        let mut longest = 0;
        for _ in 0..100 {
            while !play.sharing.is_on() {
                play.run(1);
            }
            // It is faster once, and then is not.
            longest = longest.max(play.run(1_000));
            play.together = 90;
            play.run(150_000);
            play.together = 190;
        }
        assert!(longest < 800, "{longest} us were shared at once");
    }

    #[test]
    fn who_waits_for_the_outside_is_left_alone() {
        let mut play = Play::new(100, 190);
        for micros in 0..1000 {
            // At rest in all phases.
            let on = play.run(400 + micros);
            assert!(on < 700, "{on} us were shared at once");
            play.sharing.note_rest(1, false, play.now_ns);
            play.sharing.note_rest(0, true, play.now_ns);
            assert!(!play.sharing.is_on());
        }
    }

    #[test]
    fn without_tasks_that_wait_nothing_is_tried() {
        let sharing = Sharing::new();
        for now_ns in (0..100_000_000).step_by(1000) {
            let sight = Sight { now_ns, index: 0, is_somebody_queued: false, has_reason: false };
            assert!(!sharing.look(sight, || now_ns));
        }
    }
}
