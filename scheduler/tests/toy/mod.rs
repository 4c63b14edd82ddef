//! A toy language, small enough to see through: what the tests of the scheduler run instead of fibers.
//!
//! A program is a list of [`Op`]s. Tasks, channels, latches and scopes are named by numbers and live in an [`Env`] that
//! all tasks of a test share; what happens is written to its log. Every operation begins with a checkpoint. A task that
//! ends early, for whatever reason, runs its [`defer`](Op::Defer)red programs first, last one first, masked.
#![allow(dead_code, unused_imports)]

mod ops;
mod run;
mod tree;

pub use ops::{CANCELLED, Op, Program, TIMED_OUT, program};
pub use run::{Env, Test, everywhere, on_seeds, run};
pub use tree::{Ended, Tree, check, plant};

use std::collections::VecDeque;
use std::sync::Arc;

use aivi_scheduler::*;

/// A running program.
pub struct Toy {
    env: Arc<Env>,
    code: VecDeque<Op>,
    cleanups: Vec<Program>,
    /// How the task will end once its cleanups have run.
    ending: Option<End>,
    waiting: Option<Op>,
    last: i64,
    fuel: u32,
    masked: bool,
}

pub type End = Outcome<i64, String>;

/// A number from the environment, for those who want more than the ordinary tests do.
pub fn wanted(name: &str, ordinary: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(ordinary)
}

impl Toy {
    pub fn new(env: &Arc<Env>, program: &Program) -> Self {
        let code = program.iter().cloned().collect();
        env.begin();
        let (env, cleanups, ending) = (env.clone(), Vec::new(), None);
        Toy { env, code, cleanups, ending, waiting: None, last: 0, fuel: 0, masked: false }
    }

    fn child(&self, program: &Program) -> Toy {
        Toy::new(&self.env, program)
    }

    /// Drops what is left of the code and goes on with the cleanups.
    fn unwind(&mut self, cx: &mut Context<'_, Self>, end: End) {
        self.waiting = None;
        self.code.clear();
        if self.ending.is_none() || matches!(end, Outcome::Faulted(_)) {
            self.ending = Some(end);
        }
        cx.set_masked(true);
        self.masked = true;
    }

    fn finish(&mut self, cx: &mut Context<'_, Self>) -> Option<End> {
        let Some(cleanup) = self.cleanups.pop() else {
            return Some(self.ending.take().unwrap_or(Outcome::Done(self.last)));
        };
        let last = self.last;
        self.ending.get_or_insert(Outcome::Done(last));
        cx.set_masked(true);
        self.masked = true;
        self.code.extend(cleanup.iter().cloned());
        None
    }

    /// A wait is over.
    fn woken(&mut self, cx: &mut Context<'_, Self>, wake: Wake<i64, String>) {
        let Some(op) = self.waiting.take() else {
            assert!(matches!(wake, Wake::None), "a wake without a wait");
            return;
        };
        match wake {
            Wake::Timer => {}
            Wake::None => assert!(matches!(op, Op::Yield), "{op:?} was woken by nothing"),
            Wake::Sent => self.env.sent(),
            Wake::Message(value) => self.received(value),
            Wake::Closed => self.last = ops::CLOSED,
            Wake::Joined(outcome) => self.joined(cx, outcome),
            Wake::Group(end) => self.group_end(cx, op, end),
            Wake::AllJoined | Wake::Latch | Wake::Io => {}
            Wake::Selected(..) => panic!("{op:?} selects nothing"),
            Wake::Completed(Ok(value)) => self.last = value,
            Wake::Completed(Err(text)) => self.unwind(cx, Outcome::Faulted(text)),
            Wake::Cancelled => {
                assert!(!self.masked, "{op:?} was cancelled though masked");
                self.checkpoint(cx);
                assert!(self.ending.is_some(), "a cancelled wait without a request");
            }
            Wake::Deadlock(fault) => {
                self.code.clear();
                self.unwind(cx, Outcome::Faulted(fault));
            }
        }
    }

    fn received(&mut self, value: i64) {
        self.env.received(value);
        self.last = value;
    }

    fn joined(&mut self, cx: &mut Context<'_, Self>, outcome: End) {
        match outcome {
            Outcome::Done(value) => self.last = value,
            Outcome::Failed(value) => self.last = -value,
            Outcome::Cancelled(_) => self.last = ops::CANCELLED,
            fault => self.unwind(cx, fault),
        }
    }

    fn group_end(&mut self, cx: &mut Context<'_, Self>, op: Op, end: GroupEnd<i64, String>) {
        let GroupEnd { outcomes, first, timed_out, child_fault } = end;
        if let Some(fault) = child_fault {
            return self.unwind(cx, Outcome::Faulted(fault));
        }
        if timed_out {
            self.last = ops::TIMED_OUT;
            return;
        }
        if matches!(op, Op::Par(..)) && outcomes.iter().all(|outcome| !outcome.is_error()) {
            self.last =
                outcomes.iter().map(|outcome| if let Outcome::Done(value) = outcome { *value } else { 0 }).sum();
            return;
        }
        match &outcomes[first] {
            Outcome::Done(value) => self.last = *value,
            other => {
                let other = other.clone();
                self.unwind(cx, other);
            }
        }
    }

    fn checkpoint(&mut self, cx: &mut Context<'_, Self>) {
        if self.masked {
            assert!(cx.cancel_requested().is_none(), "masked tasks see no request");
        } else if let Some(reason) = cx.cancel_requested() {
            self.unwind(cx, Outcome::Cancelled(reason));
        }
    }

    /// Spends fuel; true: yield.
    fn spend(&mut self, cx: &mut Context<'_, Self>, amount: u32) -> bool {
        let mut amount = amount;
        while amount >= self.fuel {
            amount -= self.fuel;
            match cx.tick() {
                Tick::Continue => self.fuel = cx.fuel(),
                Tick::Yield => {
                    self.fuel = 0;
                    if amount > 0 {
                        self.code.push_front(Op::Work(amount));
                    }
                    return true;
                }
            }
        }
        self.fuel -= amount;
        false
    }
}

impl Drop for Toy {
    fn drop(&mut self) {
        self.env.end();
    }
}

impl Task for Toy {
    type Value = i64;
    type Fault = String;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        let slice = cx.fuel();
        self.fuel = slice;
        let wake = cx.take_wake();
        self.woken(cx, wake);
        loop {
            self.checkpoint(cx);
            let Some(op) = self.code.pop_front() else {
                match self.finish(cx) {
                    Some(end) => {
                        cx.note_spent(u64::from(slice.saturating_sub(self.fuel)));
                        return Step::Ended(end);
                    }
                    None => continue,
                }
            };
            match self.perform(cx, op) {
                ops::Done::Next => {}
                ops::Done::Wait(op) => {
                    self.waiting = Some(op);
                    cx.note_spent(u64::from(slice.saturating_sub(self.fuel)));
                    return Step::Waiting;
                }
                ops::Done::Yield => return Step::Yielded,
            }
        }
    }

    fn end_in_wait(&mut self, reason: CancelReason) -> Option<End> {
        let waits_alone =
            matches!(self.waiting, Some(Op::Sleep(_) | Op::Send(..) | Op::Recv(_) | Op::Drain(_) | Op::Join(_)));
        let is_plain = waits_alone && !self.masked && self.ending.is_none() && self.cleanups.is_empty();
        is_plain.then_some(Outcome::Cancelled(reason))
    }

    fn deadlock(report: DeadlockReport) -> String {
        format!("deadlock\n{report}")
    }

    fn broken(text: &str) -> String {
        format!("broken: {text}")
    }
}
