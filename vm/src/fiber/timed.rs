//! Waits in the body of a timeout that is in place: the fiber waits itself, with the time of the limit as the limit of its wait.
//!
//! A branch that has to wait is moved out (`branch.rs`). But the body of a timeout mostly is one wait, for a message, a socket, the end of a task; so one should wait. To
//! make a fiber of it costs a record, a group, two turns and, when the time is over, a request to cancel. That nobody could tell from this:
//! the owner can do nothing else meanwhile, and of a body that has nothing to clean up nothing runs when its time is over.
//!
//! What always holds:
//! - The timeout is the only branch in place, and none of its frames has a cleanup, is one of the machine's that has to be told, or runs a global. All others are moved out.
//! - The first that ends the wait decides: what it was for, the limit, or a request to end (`task/state.rs` of the scheduler). Then the body goes on in place, or its frames are released
//!   and the fiber unwinds with the error of the limit, or as cancelled, from the instruction that began the timeout.
//! - A request that has come by the time the limit is seen outranks it: it may be that of a limit around this one, which was as long (C28).
//! - The limit is the moment that was fixed when the timeout began, in the next wait too, and in that of the group if the body is moved out after all.

use aivi_scheduler::Wake;

use super::{Branch, Fiber, Pending, Signal};
use crate::fault::Fault;
use crate::interp::{Go, abandon_above};
use crate::object::Shared;
use crate::value::Value;

impl Fiber {
    /// The moment up to which the body of the timeout in place may wait there; `None` if it has to be moved out for that.
    pub(crate) fn limit_in_place(&mut self) -> Option<u64> {
        if self.branches != 1 || self.outermost_branch() != Some(Branch::Timeout) {
            return None;
        }
        let above = self.branch_without_cleanups()?.above;
        // SAFETY: the window of the branch is `above` registers below the top one, and its second one is the moment.
        Some(unsafe { (*self.base.sub(above).add(1)).payload })
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

    /// Whether the fiber was in such a wait, and something else has ended it than what it was for.
    pub(super) fn is_over_limited(&self, wake: &Wake<Shared, Fault>) -> bool {
        self.has_branch() && matches!(wake, Wake::Timer | Wake::Cancelled | Wake::Deadlock(_))
    }

    /// What the body of the timeout had is released, and the fiber goes on as it does without it.
    #[cold]
    pub(super) fn end_limited(&mut self, pending: Pending, wake: Wake<Shared, Fault>) -> Go {
        let other = match wake {
            Wake::Deadlock(fault) => Some(Signal::Fault(fault)),
            Wake::Cancelled => Some(self.cancelled()),
            _ => self.sees_cancel().then(|| self.noticed()),
        };
        self.pending = pending;
        abandon_above(self, self.outermost as usize);
        // SAFETY: the frame on top is that of the branch, which owns R[0].
        let error = unsafe { std::mem::replace(&mut *self.base, Value::unit().into_slot()).into_value() };
        self.leave_branch();
        self.pop();
        self.raise(other.unwrap_or_else(|| Signal::Failure(error.into())))
    }
}
