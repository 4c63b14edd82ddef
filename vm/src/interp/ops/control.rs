//! Failures, faults, cleanups, the end.

use aivi_scheduler::Outcome;

use super::call::{move_out, run_effect};
use super::{Go, Word};
use crate::fiber::{Fiber, Frame, FrameKind, Signal};
use crate::shutdown::Why;

pub(in crate::interp) fn fail(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the error is taken.
    let error = unsafe { regs.take(word.a()) };
    fiber.raise(Signal::Failure(error.into()))
}

pub(in crate::interp) fn panic(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the message is taken.
    let message = unsafe { regs.take(word.a()) };
    fiber.fault(message.as_str())
}

pub(in crate::interp) fn fault(fiber: &mut Fiber, word: Word) -> Go {
    // SAFETY: the verifier bounded the constant.
    let message = unsafe { &*fiber.constants.add(word.w()) };
    fiber.fault(message.as_str())
}

/// Runs an effect, masked; `cleanup_end` or unwinding ends the mask. In a branch in place, too. But a call in place
/// cannot be masked; and who hears of cleanups that fail would hear of a task before it was spawned.
pub(in crate::interp) fn cleanup(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.is_in_place() || fiber.has_task_in_place() {
        return move_out(fiber);
    }
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the effect is taken.
    let effect = unsafe { regs.take(word.b()) };
    fiber.mask(&effect);
    if !fiber.make_room(word.a(), 1) {
        fiber.unmask();
        return fiber.fault("stack exhausted");
    }
    fiber.push(Frame::internal(FrameKind::CleanupEnd, word.a(), 0));
    run_effect(fiber, effect, 0)
}

pub(in crate::interp) fn cleanup_end(fiber: &mut Fiber) -> Go {
    // SAFETY: a `CleanupEnd` frame: the result is in R[0].
    drop(unsafe { (*fiber.base).into_value() });
    fiber.unmask();
    fiber.pop();
    Go::On
}

/// Goes on with the unwinding that led to the cleanup handler.
pub(in crate::interp) fn resume(fiber: &mut Fiber, _: Word) -> Go {
    match fiber.in_flight.pop() {
        Some(signal) => fiber.raise(signal),
        None => fiber.fault("resume outside of a cleanup handler"),
    }
}

/// The fiber's result has arrived.
pub(in crate::interp) fn root_end(fiber: &mut Fiber) -> Go {
    if fiber.is_in_place() {
        // The result stays where it is.
        return Go::End;
    }
    // SAFETY: the root frame: the result is in R[0].
    let value = unsafe { (*fiber.base).into_value() };
    if fiber.is_root() {
        fiber.begin_shutdown(Why::End);
    }
    fiber.outcome = Some(match fiber.program_is_ending() {
        Some(reason) => Outcome::Cancelled(reason),
        None => Outcome::Done(value.share()),
    });
    Go::End
}
