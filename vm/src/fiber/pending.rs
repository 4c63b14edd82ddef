//! Waits: what a fiber does with what ended its wait. The result goes into register A of the instruction that waited.

use std::sync::Arc;

use aivi_bytecode::module::well_known;
use aivi_scheduler::reactor::{Attempt, IoSource};
use aivi_scheduler::{GroupEnd, Outcome, Rule, Wake};

use super::series::with_rest;
use super::{Awaited, Branch, Cases, Fiber, Items, Signal, Start, World};
use crate::account::Limit;
use crate::backtrace::Link;
use crate::failure::Failure;
use crate::fault::{Attached, Fault};
use crate::interp::{Go, Word, deliver_message, release_operands, take_early, use_global};
use crate::native::{NativeCx, NativeResult, Then};
use crate::object::Shared;
use crate::value::Value;

/// What a fiber waits for.
pub(crate) enum Pending {
    /// Nothing: it yielded.
    Nothing,
    /// Its first turn, in which it runs this effect.
    Run(Shared),
    /// Its first turn, in which it runs the effect that a function gives for an item of a list.
    RunItem(Arc<Items>, usize),
    /// Its first turn, in which it runs this.
    Start(Box<Start>),
    /// Its first turn, in which it ends with this signal, as it has done in place (`task.rs`).
    Raise(Box<Signal>),
    /// Something that gives `Unit`.
    Unit,
    /// A send that gives a `Result`.
    SendResult,
    /// A message.
    Message,
    /// Permits of a semaphore.
    Permits,
    /// Nothing: it has given permits back, and yielded to who got them.
    Given,
    /// The end of a task.
    Join,
    /// The same in the body of a timeout in place: this is the task, for another try.
    JoinOf(Value),
    /// A send that gives `Unit`, likewise: this is the message.
    SendOf(Value),
    /// Both sides of a `par`.
    Par,
    /// The right side of a `par` whose left side ended with this value.
    RestOfPar(Value),
    /// The effects of a list, or those made of its items.
    Crowd(Rule),
    /// The same for the rest of a list, whose first values these are.
    RestOfCrowd(Rule, Value),
    /// One of these cases of a select.
    Select(Value),
    /// The sides of a race.
    Race,
    /// The body of a timeout, whose error this is.
    Timeout(Value),
    /// The body of a scope and its members.
    Scope,
    /// The same of a part with limits, which has this world.
    Within(Arc<World>),
    /// Another fiber that evaluates this global; its value goes to registers as `use_global` says.
    Global(u32, usize),
    /// Something after which the instruction runs again.
    Again,
    /// As `Again`, and the instruction has run again, before the turn, and came to this (`Task::try_early`).
    Early(Value),
    /// As `Again`, without a wait.
    AgainNow,
    /// A job or completer.
    Completion(Then),
    /// A future of the host.
    Awaited(Box<Awaited>),
    /// The quick form of a host's function has come to this fault, which the full form raises at once.
    Faulted(Box<str>),
    /// A native function has tried in vain, and the full form waits at once.
    Tried(IoSource, Attempt),
}

pub(crate) type FiberOutcome = Outcome<Shared, Fault>;

/// How a wait came out.
pub(super) enum Came {
    /// The instruction's result.
    Value(Value),
    /// Run the instruction again.
    Again,
    /// Wait again.
    Waiting,
    /// Unwind.
    Signal(Signal),
}

impl Fiber {
    /// At the beginning of a turn: starts, or takes what ended the wait.
    pub(super) fn wake(&mut self) -> Go {
        match self.pending {
            Pending::Nothing => {
                self.is_unseen = false;
                if self.is_masked() {
                    // It may have begun a cleanup where it was in place.
                    self.cx().set_masked(true);
                }
                let moves_on = self.has_branch() && self.outermost_branch() != Some(Branch::Timeout);
                if moves_on { self.move_out() } else { Go::On }
            }
            Pending::Message => {
                self.end_pending();
                match self.cx().take_message() {
                    Some(message) => deliver_message(self, self.waiting_word(), message.into_value()),
                    None => self.go_on(Pending::Message),
                }
            }
            Pending::Permits => {
                self.end_pending();
                match self.cx().take_message() {
                    Some(_) => {
                        self.note_taken();
                        self.deliver(Value::unit())
                    }
                    None => self.go_on(Pending::Permits),
                }
            }
            Pending::Given => {
                self.end_pending();
                if self.has_branch() {
                    self.go_on_in_place();
                }
                self.deliver(Value::unit())
            }
            Pending::Unit => {
                self.end_pending();
                match self.cx().take_done() {
                    true => self.deliver(Value::unit()),
                    false => self.go_on(Pending::Unit),
                }
            }
            Pending::Join => {
                self.end_pending();
                match self.cx().take_joined() {
                    Some(outcome) => match self.join_outcome(outcome) {
                        Ok(value) => self.deliver(value),
                        Err(signal) => self.raise(signal),
                    },
                    None => self.go_on(Pending::Join),
                }
            }
            Pending::Again => {
                if self.has_branch() || !self.cx().take_done() {
                    return self.begin_or_go_on();
                }
                self.end_pending();
                self.pc = self.pc.wrapping_sub(1);
                Go::On
            }
            Pending::Early(_) => match std::mem::replace(&mut self.pending, Pending::Nothing) {
                Pending::Early(value) => {
                    let is_done = self.cx().take_done();
                    debug_assert!(is_done, "its wait was over when it tried");
                    take_early(self, value)
                }
                pending => self.go_on(pending),
            },
            _ => self.begin_or_go_on(),
        }
    }

    /// The same for what is less frequent.
    fn begin_or_go_on(&mut self) -> Go {
        match std::mem::replace(&mut self.pending, Pending::Nothing) {
            Pending::Run(effect) => self.begin_effect(effect),
            Pending::RunItem(items, index) => self.begin_item(&items, index),
            Pending::Start(start) => self.begin(*start),
            Pending::Raise(signal) => {
                self.begin_frames();
                self.raise(*signal)
            }
            Pending::Global(global, delta) => match self.cx().take_wake() {
                Wake::Cancelled => {
                    let signal = self.cancelled();
                    self.raise(signal)
                }
                Wake::Deadlock(fault) => self.raise(Signal::Fault(fault)),
                _ => use_global(self, global, delta),
            },
            pending => self.go_on(pending),
        }
    }

    /// What the fiber waits for from here on; it waits for nothing so far.
    #[inline]
    pub(crate) fn wait_for(&mut self, pending: Pending) {
        debug_assert!(matches!(self.pending, Pending::Nothing), "a fiber waits for one thing at a time");
        // There is nothing to drop, which the compiler does not see.
        std::mem::forget(std::mem::replace(&mut self.pending, pending));
    }

    /// The wait, for something that owns nothing, is over.
    #[inline]
    fn end_pending(&mut self) {
        debug_assert!(matches!(
            self.pending,
            Pending::Message | Pending::Permits | Pending::Given | Pending::Unit | Pending::Join | Pending::Again
        ));
        std::mem::forget(std::mem::replace(&mut self.pending, Pending::Nothing));
    }

    /// The result of the instruction that waited.
    fn deliver(&mut self, value: Value) -> Go {
        let word = self.waiting_word();
        self.set_result(word, value);
        Go::On
    }

    /// The instruction that waited.
    pub(crate) fn waiting_word(&self) -> Word {
        // SAFETY: F3.
        unsafe { Word::at(self.pc.sub(1)) }
    }

    /// After a wait: what ended it becomes the result of the instruction.
    #[inline(never)]
    fn go_on(&mut self, pending: Pending) -> Go {
        let wake = self.cx().take_wake();
        if self.has_branch() {
            match wake {
                Wake::Timer => return self.try_once_more(pending),
                Wake::Cancelled => {
                    let signal = self.cancelled();
                    return self.end_in_wait(pending, signal);
                }
                Wake::Deadlock(fault) => return self.end_in_wait(pending, Signal::Fault(fault)),
                _ => {}
            }
        }
        let word = self.waiting_word();
        let holds_operands = matches!(pending, Pending::Again);
        match self.came(pending, wake) {
            Came::Value(value) => self.deliver(value),
            Came::Again => {
                self.pc = self.pc.wrapping_sub(1);
                Go::On
            }
            Came::Waiting => Go::Wait,
            Came::Signal(signal) => {
                if holds_operands {
                    release_operands(self, word);
                }
                self.raise(signal)
            }
        }
    }

    /// Register A of the instruction becomes `value`.
    pub(crate) fn set_result(&mut self, word: Word, value: Value) {
        let regs = self.load();
        // SAFETY: A is the result register of every instruction that can wait, and owns nothing (instruction table).
        unsafe { regs.put(word.a(), value) }
    }

    fn came(&mut self, pending: Pending, wake: Wake<Shared, Fault>) -> Came {
        match (pending, wake) {
            (_, Wake::Cancelled) => Came::Signal(self.cancelled()),
            (_, Wake::Deadlock(fault)) => Came::Signal(Signal::Fault(fault)),
            (Pending::Unit | Pending::SendOf(_), _) => Came::Value(Value::unit()),
            (Pending::SendResult, _) => Came::Value(self.program().sent()),
            (Pending::Message, Wake::Message(message)) => Came::Value(Value::ok(message.into_value())),
            (Pending::Message, _) => Came::Value(closed()),
            (Pending::JoinOf(_), Wake::Joined(outcome)) => match self.join_outcome(outcome) {
                Ok(value) => Came::Value(value),
                Err(signal) => Came::Signal(signal),
            },
            (Pending::Par, Wake::Group(end)) => self.par_ended(end),
            (Pending::RestOfPar(left), Wake::Group(end)) => match self.first_outcome(end, Link::Par) {
                Came::Value(right) => Came::Value(Value::pair(left, right)),
                came => came,
            },
            (Pending::Crowd(rule), Wake::Group(end)) => self.crowd_ended(rule, end),
            (Pending::RestOfCrowd(rule, given), Wake::Group(end)) => match self.crowd_ended(rule, end) {
                Came::Value(rest) if rule == Rule::All => Came::Value(with_rest(given, &rest)),
                came => came,
            },
            (Pending::Select(cases), Wake::Selected(case, message)) => {
                Came::Value(Cases::of(&cases).committed(case, message))
            }
            (Pending::Select(cases), Wake::Timer) => Came::Value(Cases::of(&cases).none()),
            (Pending::Race, Wake::Group(end)) => self.first_outcome(end, Link::Race),
            (Pending::Timeout(error), Wake::Group(end)) if end.timed_out => {
                drop(end);
                Came::Signal(Signal::Failure(error.into()))
            }
            (Pending::Timeout(_), Wake::Group(end)) => self.first_outcome(end, Link::Timeout),
            (Pending::Scope, Wake::Group(end)) => match end.child_fault {
                Some(fault) => Came::Signal(self.passed(fault, Link::Member)),
                None => self.first_outcome(end, Link::Scope),
            },
            (Pending::Within(world), Wake::Group(end)) => self.within_ended(&world, end),
            (Pending::Completion(then), Wake::Completed(result)) => completed(then, result, self),
            // A future that calls its waker while it is asked is always woken, and never waits to be cancelled.
            (Pending::Awaited(awaited), Wake::Completed(_)) if self.sees_cancel() => {
                drop(awaited);
                Came::Signal(self.noticed())
            }
            (Pending::Awaited(awaited), Wake::Completed(_)) => {
                match awaited.ask(&mut NativeCx { fiber: self, needs: None }) {
                    NativeResult::Done(value) => Came::Value(value),
                    NativeResult::Failed(error) => Came::Signal(Signal::Failure(error.into())),
                    NativeResult::Fault(message) => Came::Signal(Signal::Fault(self.make_fault(message))),
                    NativeResult::Wait => Came::Waiting,
                }
            }
            (Pending::Again, _) => Came::Again,
            (_, _) => Came::Signal(Signal::Fault(Fault::without_place("a wait ended in a way that it cannot end"))),
        }
    }

    /// What `join` of a task with this outcome comes to.
    pub(crate) fn join_outcome(&mut self, outcome: FiberOutcome) -> Result<Value, Signal> {
        match outcome {
            Outcome::Done(value) => Ok(value.into_value()),
            Outcome::Failed(error) => Err(Signal::Failure(Failure::unpack(error).passed(Link::Join))),
            Outcome::Cancelled(_) => Err(Signal::Failure(self.program().task_cancelled().into())),
            Outcome::Faulted(fault) => Err(self.passed(fault, Link::Join)),
        }
    }

    /// The fault of a fiber that we have waited for.
    pub(super) fn passed(&self, fault: Fault, link: Link) -> Signal {
        Signal::Fault(fault.passed(link, self.calls()))
    }

    /// The outcome of a child becomes ours.
    pub(super) fn adopt(&mut self, outcome: FiberOutcome, link: Link) -> Came {
        match outcome {
            Outcome::Done(value) => Came::Value(value.into_value()),
            Outcome::Failed(error) => Came::Signal(Signal::Failure(Failure::unpack(error).passed(link))),
            Outcome::Cancelled(reason) => {
                self.is_cancelling = true;
                Came::Signal(Signal::Cancel(reason))
            }
            Outcome::Faulted(fault) => Came::Signal(self.passed(fault, link)),
        }
    }

    pub(super) fn first_outcome(&mut self, mut end: GroupEnd<Shared, Fault>, link: Link) -> Came {
        if end.first < end.outcomes.len() {
            let outcome = end.outcomes.swap_remove(end.first);
            return self.adopt(outcome, link);
        }
        Came::Signal(Signal::Fault(Fault::without_place("a group ended without an outcome")))
    }

    fn par_ended(&mut self, mut end: GroupEnd<Shared, Fault>) -> Came {
        match &mut end.outcomes[..] {
            [Outcome::Done(_), Outcome::Done(_)] => {
                let mut values = end.outcomes.into_iter().map(|outcome| match outcome {
                    Outcome::Done(value) => value.into_value(),
                    _ => Value::unit(),
                });
                let left = values.next().unwrap_or_else(Value::unit);
                let right = values.next().unwrap_or_else(Value::unit);
                Came::Value(Value::pair(left, right))
            }
            outcomes if outcomes.iter().any(Outcome::is_error) => {
                // RULE-2: a fault outranks a failure, otherwise the first one counts.
                let rank = |outcome: &FiberOutcome| match outcome {
                    Outcome::Faulted(_) => 2,
                    Outcome::Failed(_) => 1,
                    Outcome::Done(_) | Outcome::Cancelled(_) => 0,
                };
                let second = 1 - end.first;
                let first = if rank(&outcomes[second]) > rank(&outcomes[end.first]) { second } else { end.first };
                let attached = match &outcomes[1 - first] {
                    Outcome::Failed(error) => Some(Attached::Failure(error.clone())),
                    Outcome::Faulted(fault) => Some(Attached::Fault(fault.clone())),
                    Outcome::Done(_) | Outcome::Cancelled(_) => None,
                };
                match (end.outcomes.swap_remove(first), attached) {
                    (Outcome::Faulted(fault), Some(attached)) => {
                        Came::Signal(self.passed(fault.with(attached), Link::Par))
                    }
                    (Outcome::Failed(error), Some(Attached::Failure(other))) => {
                        let failure = Failure::unpack(error).with(Failure::unpack(other));
                        Came::Signal(Signal::Failure(failure.passed(Link::Par)))
                    }
                    (outcome, _) => self.adopt(outcome, Link::Par),
                }
            }
            outcomes => {
                let cancelled = outcomes.iter().position(Outcome::is_cancelled).unwrap_or(0);
                let outcome = end.outcomes.swap_remove(cancelled);
                self.adopt(outcome, Link::Par)
            }
        }
    }
}

/// `Err Closed`
pub(crate) fn closed() -> Value {
    Value::err(Value::nullary(well_known::CLOSED, 0))
}

fn completed(then: Then, result: Result<Shared, String>, fiber: &mut Fiber) -> Came {
    let value = match result {
        Ok(value) => value.into_value(),
        Err(text) => {
            let fault = fiber.make_fault(format!("native function: {text}"));
            return Came::Signal(Signal::Fault(fault));
        }
    };
    let decoded = match then {
        Then::Done => return Came::Value(value),
        Then::Bounded => {
            return Came::Value(value.as_int().map_or(value, |bytes| {
                // The limit is reached, and nobody sees what the function gives; unless others have given back memory
                // just now.
                _ = fiber.may_make(Limit::Memory, bytes.unsigned_abs());
                Value::err(Value::text("it is larger than the memory that was left"))
            }));
        }
        Then::Decode => decode(value),
        Then::DecodeOrFault => match decode(value) {
            Ok(value) => decode(value),
            Err(text) => return Came::Signal(Signal::Fault(fiber.make_fault(text.as_str().to_owned()))),
        },
    };
    decoded.map_or_else(|error| Came::Signal(Signal::Failure(error.into())), Came::Value)
}

/// What is in a `Result`.
fn decode(value: Value) -> Result<Value, Value> {
    match value.as_object() {
        Some(object) if !object.fields().is_empty() => {
            let inner = object.fields()[0].clone();
            if object.shape() == well_known::OK { Ok(inner) } else { Err(inner) }
        }
        _ => Ok(value),
    }
}
