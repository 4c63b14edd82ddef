//! Calls in place: a call from outside begins on the host's own thread, without the scheduler.
//!
//! Most calls that a host makes compute something and return. So a call begins on a fiber that the host keeps for this
//! (`Caller`), as if it were a branch in place (`branch.rs`): before the first operation in which being a task would
//! show, and when its fuel is spent, it *leaves*. Then it is a strand like any other, which has begun, for the
//! scheduler to go on with.
//!
//! While a call is in place the fiber counts one branch more than there are frames of branches, the outermost of them
//! at index 0; and there is no context (F4).

use std::sync::Arc;

use aivi_scheduler::Outcome;

use super::patience;
use super::strand::caught;
use super::{Fiber, Pending, Strand, World};
use crate::failure::Failure;
use crate::fault::Fault;
use crate::interp::{self, Exit, Go, apply};
use crate::value::Value;

/// Fuel of a call in place: as much as a task has for a slice (`aivi_scheduler::FUEL`), some tens of microseconds.
const FUEL: u64 = aivi_scheduler::FUEL as u64;

/// A fiber for calls in place, one after the other, with a world that they have in turn.
pub struct Caller {
    world: Arc<World>,
    strand: Option<Strand>,
}

/// What came of a call in place.
pub enum Called {
    /// Its value. It belongs to this thread, and to nobody else.
    Done(Value),
    /// It failed.
    Failed(Failure),
    /// It faulted.
    Faulted(Fault),
    /// It goes on as a task, in the world that the caller had.
    GoesOn(Strand),
    /// It cannot begin in place, as the global was not evaluated. The arguments are given back.
    Refused(Vec<Value>),
}

impl Caller {
    /// For calls in this world, in which nothing else runs, and which has no account: who looks at limits is a task.
    #[must_use]
    pub fn new(world: Arc<World>) -> Caller {
        debug_assert!(world.account.is_none());
        Caller { world, strand: None }
    }

    /// The world of the call that goes on.
    #[must_use]
    pub fn into_world(self) -> Arc<World> {
        self.world
    }

    /// Applies a global to arguments and, if `run`, runs the effect that this gives. After `GoesOn` the caller cannot
    /// be used again, as its world belongs to that call.
    pub fn call(&mut self, global: u32, arguments: Vec<Value>, run: bool) -> Called {
        let Some(function) = self.world.program.globals[global as usize].get().cloned() else {
            return Called::Refused(arguments);
        };
        if arguments.is_empty() && !run {
            return Called::Done(function);
        }
        let world = &self.world;
        let made = || Strand::first(world, Pending::Nothing);
        let strand = self.strand.get_or_insert_with(made);
        let fiber = strand.fiber();
        let before = patience::run_with(std::ptr::null_mut());
        let exit = caught(|| fiber.run_in_place(function, arguments, run));
        patience::run_with(before);
        let exit = match exit {
            Ok(exit) => exit,
            Err(fault) => {
                // Nobody knows what it owns.
                std::mem::forget(self.strand.take());
                return Called::Faulted(fault);
            }
        };
        match exit {
            Exit::Ended => match fiber.end_in_place() {
                Ok(value) => Called::Done(value),
                Err(Outcome::Failed(error)) => Called::Failed(Failure::unpack(error)),
                Err(Outcome::Faulted(fault)) => Called::Faulted(fault),
                Err(Outcome::Done(_) | Outcome::Cancelled(_)) => unreachable!("nobody cancels a call in place"),
            },
            Exit::Yielded => self.strand.take().map_or_else(|| unreachable!("it has just run"), Called::GoesOn),
            Exit::Waiting | Exit::Returned => unreachable!("it leaves before it waits, and `run_from` goes on"),
        }
    }
}

impl Fiber {
    /// Whether it is in place: no task of the scheduler.
    #[inline]
    pub(crate) fn is_in_place(&self) -> bool {
        self.branches > 0 && self.outermost == 0
    }

    /// Runs until the end, or until it leaves.
    fn run_in_place(&mut self, function: Value, arguments: Vec<Value>, run: bool) -> Exit {
        (self.branches, self.outermost) = (1, 0);
        self.give_fuel(FUEL);
        self.begin_frames();
        let count = arguments.len();
        let go = if self.make_room(0, count + 1) {
            for (index, argument) in arguments.into_iter().enumerate() {
                // SAFETY: `make_room` made room for them.
                unsafe { *self.base.add(index) = argument.into_slot() };
            }
            apply(self, function, 0, count, run)
        } else {
            self.fault("stack exhausted")
        };
        interp::run_from(self, go)
    }

    /// The call is over: its value, or its outcome if that is another. The fiber is as new.
    fn end_in_place(&mut self) -> Result<Value, super::pending::FiberOutcome> {
        super::count_ended();
        let outcome = match self.outcome.take() {
            // SAFETY: `root_end` has left it in R[0], whose memory is there until below.
            None => Ok(unsafe { (*self.base).into_value() }),
            Some(outcome) => Err(outcome),
        };
        self.frame = std::ptr::null_mut();
        (self.branches, self.outermost) = (0, 0);
        self.forget_holding();
        self.stack.limit();
        self.frames.limit();
        outcome
    }

    /// It becomes a task: the instruction at `pc`, which has taken nothing yet, runs again there.
    pub(super) fn leave_place(&mut self) -> Go {
        self.branches -= 1;
        self.outermost = self.first_branch();
        Go::Yield
    }
}
