//! Was a worker held up for so long that others noticed, and by whom?
//!
//! A worker reads the clock when a task has spent its fuel, and between turns now and then. When much more time has
//! passed than that takes, something held it: an operation on a large value, a call that blocks, or a system that had
//! no processor for it. Which of them tells the processor time of the thread, which is read every ten milliseconds at
//! most; nothing else is done while all goes well. A hold counts only if it did harm: a timer fired late, or tasks were
//! ready.
//!
//! Who it was is known when the task says that a step of it may have taken long ([`Context::took_long`]), or spends its
//! fuel. A hold that is only found later, between turns, has no name; then turns are timed for a while, so that the
//! next one has. There is no watchdog thread, so a hold is told when it is over. In the simulator there is none: time
//! is virtual.
//!
//! [`Context::took_long`]: crate::Context::took_long

use crate::sync::atomic::Ordering;
use crate::task::record::Record;
use crate::usage::Usage;
use crate::{Hold, HoldCause, Place, Report, Task};

use super::Worker;
use super::ready::LATE_NS;

/// What is told: a timer that is late by more, and a task that held its worker for longer. A person begins to notice,
/// and a slice is four orders shorter.
const HELD_NS: u64 = 100_000_000;

/// The thread's usage is read this often at most, so that what came before a hold is known well enough: less than 1 us
/// each.
const READ_EVERY_NS: u64 = 10_000_000;

/// How long turns are timed, 30 ns each, after a hold by nobody knows whom (arbitrary).
const TIMED_FOR_NS: u64 = 10_000_000_000;

/// What is told: a task that was ready and waited while its worker had more processor time than this for others. Ten
/// thousand tasks that compute take turns of 150 ms.
const CROWDED_NS: u64 = 1_000_000_000;

/// What a worker remembers for this.
#[derive(Default)]
pub struct Holds {
    /// When to read the usage next.
    pub next_ns: u64,
    /// When it was read last, and what it was.
    base: Option<(u64, Usage)>,
    /// How long and how often the worker has parked since.
    parked_ns: u64,
    parks: u64,
    /// The task that has its turn is to blame; where it stands is known when it yields.
    pub open: Option<Hold>,
    /// Turns are timed up to then.
    timed_until_ns: Option<u64>,
    /// Tasks were ready when the turn began that is timed.
    had_queued: bool,
    sample: Option<Sample>,
}

/// The task that was the last one of the queue at a moment.
#[derive(Clone, Copy)]
struct Sample {
    at_ns: u64,
    /// How many will have been taken from the queue when it was.
    taken: u32,
    /// If others have taken tasks since, nobody knows when it was.
    steals: u64,
    /// The processor time since, at least.
    cpu_ns: u64,
}

/// Who may have held the worker.
#[derive(Clone, Copy)]
pub enum Suspect {
    /// The task whose turn it is, at this place.
    At(Place),
    /// The task whose turn it is, before this place.
    Before(Place),
    /// The task whose turn it is, which has spent its fuel.
    Running,
    /// One of those that had their turns.
    Somebody,
}

impl Holds {
    /// Another thread sits in the seat: its usage is another one.
    pub fn begin(&mut self, now_ns: u64) {
        *self = Holds { next_ns: now_ns + READ_EVERY_NS, timed_until_ns: self.timed_until_ns, ..Holds::default() };
        self.base = Usage::of_thread().map(|usage| (now_ns, usage));
    }

    /// The worker has parked.
    pub fn parked(&mut self, ns: u64) {
        self.parked_ns += ns;
        self.parks += 1;
    }

    /// Are turns timed?
    pub fn is_timing(&self) -> bool {
        self.timed_until_ns.is_some()
    }

    /// How long the sampled task has waited, if the worker ran others for too long meanwhile. Takes the next sample
    /// when it is over.
    fn crowded_ns(&mut self, now_ns: u64, taken: u32, queued: usize, steals: u64, cpu_ns: u64) -> Option<u64> {
        let is_over = |sample: &Sample| sample.steals != steals || sample.taken.wrapping_sub(taken) as i32 <= 0;
        let Some(sample) = self.sample.as_mut().filter(|sample| !is_over(sample)) else {
            let taken = taken.wrapping_add(queued as u32);
            self.sample = (queued > 0).then_some(Sample { at_ns: now_ns, taken, steals, cpu_ns: 0 });
            return None;
        };
        sample.cpu_ns += cpu_ns;
        if sample.cpu_ns < CROWDED_NS {
            return None;
        }
        let waited_ns = now_ns - sample.at_ns;
        self.sample = None;
        Some(waited_ns)
    }

    /// Why nothing else happened from `before_ns` to `now_ns`, if that is proven, and how much processor time it took
    /// at least. The usage is read.
    fn judge(&mut self, before_ns: u64, now_ns: u64) -> Option<(HoldCause, u64)> {
        let Some(usage) = Usage::of_thread() else {
            self.next_ns = u64::MAX;
            return None;
        };
        let (parked_ns, parks) = (std::mem::take(&mut self.parked_ns), std::mem::take(&mut self.parks));
        self.next_ns = now_ns + READ_EVERY_NS;
        let (base_ns, base) = self.base.replace((now_ns, usage))?;
        // All of the time before the hold may have been processor time.
        let busy_ns = before_ns.saturating_sub(base_ns + parked_ns);
        let cpu_ns = usage.cpu_ns.saturating_sub(base.cpu_ns).saturating_sub(busy_ns);
        let other_ns = now_ns.saturating_sub(before_ns + cpu_ns);
        match () {
            () if cpu_ns >= HELD_NS => Some((HoldCause::Computing, cpu_ns)),
            // A little of both: nobody is to blame.
            () if other_ns < HELD_NS => None,
            () if usage.waits - base.waits > parks => Some((HoldCause::Blocked, cpu_ns)),
            () => Some((HoldCause::NotRun, cpu_ns)),
        }
    }
}

impl<T: Task> Worker<T> {
    /// The clock was just read; before, it was `before_ns`.
    #[cold]
    pub(super) fn look_back(&mut self, before_ns: u64, suspect: Suspect) {
        let now_ns = self.core.now_ns;
        let cpu_before = self.core.holds.base.map(|(_, usage)| usage.cpu_ns);
        let verdict = self.core.holds.judge(before_ns, now_ns);
        self.look_at_crowd(cpu_before);
        let held_ns = now_ns.saturating_sub(before_ns);
        let Some((cause, cpu_ns)) = verdict.filter(|_| held_ns >= HELD_NS) else { return };
        let is_awaited = match suspect {
            Suspect::Before(_) => self.core.holds.had_queued,
            _ => !(self.core.queue.is_empty() && self.shared.injector.is_empty()),
        };
        let due_ns = self.seat().timers.lock().next_deadline();
        let late_ns = due_ns.map_or(0, |due_ns| now_ns.saturating_sub(due_ns));
        let late_ns = if self.fire_timers() > 0 { late_ns } else { 0 };
        if !is_awaited && late_ns < HELD_NS {
            return;
        }
        let (place, is_exact) = match suspect {
            Suspect::At(place) => (place, true),
            Suspect::Before(place) => (place, false),
            Suspect::Running | Suspect::Somebody => (Place::default(), false),
        };
        let hold = Hold { worker: self.index, cause, place, is_exact, held_ns, cpu_ns, late_ns, is_awaited };
        match suspect {
            _ if cause == HoldCause::NotRun => self.report_hold(Hold { place: Place::default(), ..hold }),
            Suspect::Running => self.core.holds.open = Some(hold),
            Suspect::Somebody => {
                self.core.holds.timed_until_ns = Some(now_ns + TIMED_FOR_NS);
                self.core.update_attention();
            }
            Suspect::At(_) | Suspect::Before(_) => self.report_hold(hold),
        }
    }

    /// Have tasks been ready for long? `cpu_before` is the thread's processor time when it was read before.
    fn look_at_crowd(&mut self, cpu_before: Option<u64>) {
        let core = &mut *self.core;
        let Some((cpu_before, (_, usage))) = cpu_before.zip(core.holds.base) else { return };
        // Relaxed: only a counter.
        let steals = self.shared.counters.steals.load(Ordering::Relaxed);
        let (taken, queued, cpu_ns) = (core.queue.woken_taken, core.queue.woken().len(), usage.cpu_ns - cpu_before);
        let Some(waited_ns) = core.holds.crowded_ns(core.now_ns, taken, queued, steals, cpu_ns) else { return };
        let (worker, cause, place) = (self.index, HoldCause::Crowded, Place::default());
        let hold =
            Hold { worker, cause, place, is_exact: false, held_ns: waited_ns, cpu_ns, late_ns: 0, is_awaited: true };
        self.report_hold(hold);
    }

    /// The task whose turn it is has done something at this place that may have taken long.
    pub(crate) fn took_long(&mut self, place: Place) {
        if self.core.simulator.is_some() {
            return;
        }
        let before_ns = std::mem::replace(&mut self.core.now_ns, self.shared.clock_ns());
        let taken_ns = self.core.now_ns.saturating_sub(before_ns);
        if taken_ns >= LATE_NS {
            self.core.was_long = true;
        }
        if taken_ns >= HELD_NS {
            self.look_back(before_ns, Suspect::At(place));
        }
    }

    /// The task that is to blame has yielded.
    pub(super) fn close_hold(&mut self, place: Place) {
        if let Some(hold) = self.core.holds.open.take() {
            self.report_hold(Hold { place, ..hold });
        }
    }

    /// A turn begins that is timed.
    pub(super) fn time_turn(&mut self) {
        self.core.now_ns = self.shared.clock_ns();
        self.core.holds.had_queued = !(self.core.queue.is_empty() && self.shared.injector.is_empty());
    }

    /// It is over.
    pub(super) fn timed_turn(&mut self, record: &Record<T>) {
        let before_ns = std::mem::replace(&mut self.core.now_ns, self.shared.clock_ns());
        if self.core.now_ns.saturating_sub(before_ns) >= HELD_NS {
            // SAFETY: we are the running side: the task has not been queued or published since it ran.
            let place = unsafe { record.own() }.place;
            self.look_back(before_ns, Suspect::Before(place));
        }
        if self.core.holds.timed_until_ns.is_some_and(|until_ns| until_ns < self.core.now_ns) {
            self.core.holds.timed_until_ns = None;
            self.core.update_attention();
        }
    }

    fn report_hold(&self, hold: Hold) {
        self.shared.observer.report(Report::Held(hold));
    }
}

#[cfg(all(test, target_os = "linux", not(loom)))]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Holds whose thread had `cpu_ms` of processor time since the last look, which was at 0, and never waited.
    fn holds(cpu_ms: u64, waits: u64) -> Holds {
        let usage = Usage::of_thread().expect("Linux tells it");
        let base = Usage { cpu_ns: usage.cpu_ns.saturating_sub(cpu_ms * MS), waits: usage.waits - waits };
        Holds { base: Some((0, base)), ..Holds::default() }
    }

    /// Uses so much processor time that `holds` can pretend that it is since the last look.
    fn compute(cpu_ms: u64) {
        while Usage::of_thread().expect("Linux tells it").cpu_ns < cpu_ms * MS {}
    }

    #[test]
    fn processor_time_tells_who_is_to_blame() {
        compute(160);
        let cause =
            |mut holds: Holds, before_ms, now_ms| holds.judge(before_ms * MS, now_ms * MS).map(|(cause, _)| cause);
        assert_eq!(cause(holds(150, 0), 0, 150), Some(HoldCause::Computing));
        assert_eq!(cause(holds(20, 0), 10, 160), Some(HoldCause::NotRun), "the system ran others");
        assert_eq!(cause(holds(80, 0), 0, 150), None, "neither is proven");
        assert_eq!(cause(Holds::default(), 0, 150), None, "nothing is known");
        let mut parked = holds(160, 0);
        parked.parked(500 * MS);
        assert_eq!(cause(parked, 505, 660), Some(HoldCause::Computing), "what it slept before is no hold");
        let mut busy = holds(150, 0);
        busy.base = busy.base.map(|(_, usage)| (0, usage));
        assert_eq!(cause(busy, 130, 1000), Some(HoldCause::NotRun), "it computed before, and not since");
    }

    #[test]
    fn a_task_that_is_ready_for_long_is_noticed() {
        let mut holds = Holds::default();
        assert_eq!(holds.crowded_ns(0, 5, 100, 0, 0), None, "the last of a hundred");
        assert_eq!(holds.crowded_ns(900 * MS, 90, 100, 0, 900 * MS), None, "it waits");
        assert_eq!(holds.crowded_ns(1200 * MS, 104, 100, 0, 200 * MS), Some(1200 * MS));
        assert_eq!(holds.crowded_ns(1200 * MS, 104, 100, 0, 0), None, "the next sample");
        assert_eq!(holds.crowded_ns(2300 * MS, 204, 100, 0, 1100 * MS), None, "it had its turn");
        assert_eq!(holds.crowded_ns(3400 * MS, 210, 90, 1, 1100 * MS), None, "it may have been stolen");
        assert_eq!(holds.crowded_ns(9000 * MS, 220, 90, 1, 100 * MS), None, "the system did not run us");
    }

    #[test]
    fn a_thread_that_waited_was_blocked() {
        std::thread::park_timeout(std::time::Duration::from_millis(1));
        let mut blocked = holds(0, 1);
        assert_eq!(blocked.judge(0, 150 * MS).map(|(cause, _)| cause), Some(HoldCause::Blocked));
        let mut parked = holds(0, 1);
        parked.parked(100 * MS);
        assert_eq!(parked.judge(100 * MS, 250 * MS).map(|(cause, _)| cause), Some(HoldCause::NotRun));
    }
}
