//! Steps that take long, and look now and then whether they should go on.
//!
//! To compare two values, or to write one as a text, is one step of the machine, and nobody knows beforehand how long
//! it takes: what a value shares with itself is met once for each way that leads there. So whoever walks through values
//! asks [`goes_on`] after each [`PIECE`] of parts. There the piece is paid for with fuel, timers fire and limits of
//! time are met, and the fiber that runs on this thread is asked whether it was told to end. Who shall not go on gives
//! up with whatever error it has; `Fiber::fault` finds out that this was no fault of the program ([`was_stopped`]), and
//! unwinds as at a checkpoint.
//!
//! In the body of a timeout in place that is when the time is over, too, for a step that has said what it costs
//! (`NativeCx::charge`). Nobody can ask a call in place to end but by ending its thread, so it goes on.
//!
//! Rejected: to put the walk away and give the turn to others. What it has come to would have to be kept with the
//! fiber, and own what it refers to.

use std::cell::Cell;
use std::ptr::null_mut;

use aivi_scheduler::Context;

use super::Strand;
use crate::account::meter;

/// Parts of values between two looks: less than a millisecond.
pub(crate) const PIECE: usize = 1 << 14;

/// The fault of a step that was stopped, should nobody know why.
pub(crate) const STOPPED_EARLY: &str = "it was asked to end";

/// What a piece costs; a part takes a sixteenth of the time of a call.
const FUEL: u64 = PIECE as u64 / 16;

thread_local! {
    /// The context of the fiber that runs on this thread; null while none does, or one in place.
    static CONTEXT: Cell<*mut ()> = const { Cell::new(null_mut()) };
    /// When the time of the step is over, if it is one of a body in place.
    static UNTIL: Cell<u64> = const { Cell::new(u64::MAX) };
    /// A step was told not to go on, and has not said so yet.
    static STOPPED: Cell<bool> = const { Cell::new(false) };
}

/// The step that runs on this thread has time until this moment; `u64::MAX` when it ends.
#[inline]
pub(crate) fn run_until(deadline_ns: u64) {
    UNTIL.set(deadline_ns);
}

/// The thread runs a fiber with this context, until it runs what is given back.
#[inline]
pub(super) fn run_with(context: *mut ()) -> *mut () {
    CONTEXT.replace(context)
}

/// Shall a step go on that has done another piece?
#[cold]
pub(crate) fn goes_on() -> bool {
    let context = CONTEXT.get().cast::<Context<'_, Strand>>();
    if context.is_null() {
        return true;
    }
    // SAFETY: F4: `resume` borrows the context exclusively, has set this while it runs, and is the only one to use it;
    // nobody else does meanwhile, as each use of `Fiber::cx` ends at once.
    let context = unsafe { &mut *context };
    // Whether others should have their turn does not matter here, unless another worker can give it: who was woken just
    // now may be about to end this fiber.
    _ = context.tick();
    context.begin_long();
    let is_late = UNTIL.get() < u64::MAX && context.now_ns() >= UNTIL.get();
    let goes_on = meter::spend(FUEL) && !is_late && !context.is_cancel_requested() && !context.is_killed();
    if !goes_on {
        STOPPED.set(true);
    }
    goes_on
}

/// Was a step told not to go on, so that its result, if it gave one, is none? Then it is a fault, which `Fiber::fault`
/// knows to be no fault.
#[inline]
pub(crate) fn is_stopped() -> bool {
    STOPPED.get()
}

/// The same, and it is known from here on.
#[inline]
pub(super) fn was_stopped() -> bool {
    STOPPED.replace(false)
}
