//! Waits in the body of a timeout that is in place: the fiber waits itself, with the time of the limit as the limit of
//! its wait.
//!
//! A branch that has to wait is moved out (`branch.rs`). But the body of a timeout mostly is one wait, for a message or
//! a socket; so one should wait. To make a fiber of it costs a record, a group, two turns and, when the time is over, a
//! request to cancel. That nobody could tell from this: the owner can do nothing else meanwhile, and of a body that has
//! nothing to clean up nothing runs when its time is over. A sleep for which there is time is such a wait, too.
//!
//! What always holds:
//! - Only timeouts are in place, mostly one, or one inside of another; and none of their frames has a cleanup, is one
//!   of the machine's that has to be told, or runs a global. All others are moved out. Of several limits the wait has
//!   the one that is met first.
//! - It waits there a few times at most ([`MOST`], which begin anew when it was put away), or ends its turn there as it
//!   lets somebody else in (`holding.rs`): then it is a conversation, for which the quick handlers and a fiber of its
//!   own are better.
//! - The first that ends the wait decides: what it was for, the limit, or a request to end (`task/state.rs` of the
//!   scheduler).
//! - At the limit the instruction runs once more, in a turn behind those who were woken at the same time. What they
//!   have sent to it is there then: a body that completes at the limit wins (C27). If it would wait again, the frames
//!   of that body are released, and the fiber unwinds with the error of the limit from the instruction that began the
//!   timeout.
//! - A request that has come by then outranks the limit: it may be that of a limit around this one, which was as long
//!   (C28).
//! - The limit is the moment that was fixed when the timeout began, in the next wait too, and in that of the group if
//!   the body is moved out after all.
//!
//! An instruction that is to run once more needs its operands: one that takes them when it begins to wait (a send, a
//! join) keeps what it took aside (`Pending`).

use super::branch::Found;
use super::{Branch, Fiber, Pending, Signal};
use crate::interp::{Go, abandon_above};
use crate::value::Value;

/// How long the body of a timeout in place may wait.
pub(crate) enum TimeLeft {
    /// Up to this moment.
    Until(u64),
    /// Its time is over.
    None,
}

/// The limit in place that is met first.
pub(super) struct First {
    /// The index of the frame of its branch.
    index: usize,
    /// How many registers the window of the top frame is above that of the branch.
    above: usize,
    /// [`OVER`] if it was met.
    deadline_ns: u64,
}

/// So often may the body of a timeout wait in place. A request and its answer are two waits; each of a thousand
/// receives cost a third more in place (measured).
const MOST: u8 = 4;

/// The moment in the frame of a timeout whose time is over.
const OVER: u64 = 0;

impl Fiber {
    /// How long the body of the timeout in place, which is about to wait, may do so there; `None` if it has to be moved
    /// out for that.
    pub(crate) fn limit_in_place(&mut self) -> Option<TimeLeft> {
        match self.first_limit()?.deadline_ns {
            OVER => Some(TimeLeft::None),
            _ if self.waited == MOST => None,
            deadline_ns => {
                self.waited += 1;
                Some(TimeLeft::Until(deadline_ns))
            }
        }
    }

    /// When the body in place has no more time, if that would end it.
    pub(crate) fn deadline_in_place(&self) -> u64 {
        self.first_limit().map_or(u64::MAX, |first| first.deadline_ns)
    }

    /// The limit that is met first, of equal ones the outermost (C28), if all branches in place are bodies of timeouts
    /// of which nothing would run as they end.
    fn first_limit(&self) -> Option<First> {
        let outermost = self.outermost as usize;
        let mut first: Option<First> = None;
        if !self.has_branch() {
            return None;
        }
        let found = self.find_branch_without_cleanups(|Found { branch, index, above }| {
            // SAFETY: the window of the branch is `above` registers below the top one, and its second one is the moment
            // of a timeout.
            let deadline_ns = unsafe { (*self.base.sub(above).add(1)).payload };
            if first.as_ref().is_none_or(|first| deadline_ns <= first.deadline_ns) {
                first = Some(First { index, above, deadline_ns });
            }
            match branch {
                Branch::Timeout if index > outermost => None,
                Branch::Timeout => Some(true),
                _ => Some(false),
            }
        });
        if found == Some(true) { first } else { None }
    }

    /// Whether the body of a timeout is in place, and nothing else.
    pub(super) fn is_body_in_place(&self) -> bool {
        self.branches == 1 && self.outermost_branch() == Some(Branch::Timeout)
    }

    /// Whether a turn may end where the fiber is: not in a branch in place, unless that is a body which has not waited
    /// often.
    pub(crate) fn may_yield(&self) -> bool {
        !self.has_branch() || self.is_body_in_place() && self.waited < MOST
    }

    /// Its turn ends here, as it has let somebody in.
    pub(crate) fn yield_to_called(&mut self) -> Go {
        self.waited += u8::from(self.has_branch());
        self.wait_for(Pending::Given);
        Go::Yield
    }

    /// A turn begins in the body of a timeout in place. If its time is over, it ends at the next checkpoint.
    pub(super) fn go_on_in_place(&mut self) {
        if self.is_body_late() {
            self.charge(self.fuel_left());
        }
    }

    /// The limit that ends a body in place at this checkpoint: its time is over, nothing of it would run as it ends,
    /// and nobody has asked the fiber for something else.
    pub(super) fn limit_that_is_over(&mut self) -> Option<First> {
        let first = self.first_limit()?;
        (self.cx().now_ns() >= first.deadline_ns && !self.sees_cancel()).then_some(first)
    }

    /// Whether the time of the body in place is over.
    fn is_body_late(&mut self) -> bool {
        let mut base = self.base;
        // SAFETY: F1: the outermost branch is one of the frames, and its window below that of the top one by the
        // distances of those between.
        let deadline_ns = unsafe {
            for index in (self.outermost as usize + 1..=self.depth()).rev() {
                base = base.byte_sub((*self.frames.start().add(index)).bytes);
            }
            (*base.add(1)).payload
        };
        self.cx().now_ns() >= deadline_ns
    }

    /// Tells the scheduler where a wait in place begins.
    pub(crate) fn stand_in_place(&mut self) {
        let place = self.place();
        self.cx().set_place(place);
    }

    /// The wait that was begun lasts up to this moment at most.
    pub(crate) fn wait_in_place(&mut self, deadline_ns: u64, pending: Pending) -> Go {
        self.cx().limit_wait(deadline_ns);
        self.wait_for(pending);
        Go::Wait
    }

    /// The limit has ended a wait: the instruction runs once more.
    #[cold]
    pub(super) fn try_once_more(&mut self, pending: Pending) -> Go {
        if self.sees_cancel() {
            let signal = self.noticed();
            return self.end_in_wait(pending, signal);
        }
        match self.first_limit() {
            // SAFETY: as in `first_limit`.
            Some(first) => unsafe { (*self.base.sub(first.above).add(1)).payload = OVER },
            None => unreachable!("it waits in the body of a timeout without cleanups"),
        }
        let (word, regs) = (self.waiting_word(), self.load());
        // SAFETY: the registers of the instruction from which it took them (`ops/fiber.rs`, `ops/channel.rs`), which
        // own nothing since.
        unsafe {
            match pending {
                Pending::JoinOf(task) => regs.put(word.b(), task),
                Pending::SendOf(message) => regs.put(word.c(), message),
                _ => {}
            }
        }
        self.pc = self.pc.wrapping_sub(1);
        Go::On
    }

    /// An instruction would wait, and the time is over. `pending` is what it would wait for.
    #[cold]
    pub(crate) fn end_late(&mut self, pending: Pending) -> Go {
        match self.first_limit() {
            Some(first) => self.end_body(&first, pending),
            None => unreachable!("whoever says that it is late has found the limit"),
        }
    }

    /// The body of the timeout with this limit ends with its error.
    #[cold]
    pub(super) fn end_body(&mut self, first: &First, pending: Pending) -> Go {
        self.release_body(pending, first.index);
        // SAFETY: the frame of the branch is on top, and owns R[0]: the error.
        let error = unsafe { std::mem::replace(&mut *self.base, Value::unit().into_slot()).into_value() };
        self.leave_body(Signal::Failure(error.into()))
    }

    /// Something has ended a wait that ends the fiber, too.
    #[cold]
    pub(super) fn end_in_wait(&mut self, pending: Pending, signal: Signal) -> Go {
        self.release_body(pending, self.outermost as usize);
        self.leave_body(signal)
    }

    /// Releases what the body has of the timeout at this index.
    fn release_body(&mut self, pending: Pending, index: usize) {
        self.pending = pending;
        abandon_above(self, index);
    }

    /// Takes the frame of the timeout off.
    fn leave_body(&mut self, signal: Signal) -> Go {
        self.leave_branch();
        self.pop();
        self.raise(signal)
    }
}
