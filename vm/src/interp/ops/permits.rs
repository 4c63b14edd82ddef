//! Permits of semaphores.

use super::fiber::checkpoint;
use super::operand::borrowed;
use super::{Go, Regs, Word};
use crate::fiber::{Fiber, Gate, Pending, TimeLeft};
use crate::value::Value;

fn put_taken(fiber: &mut Fiber, word: Word) -> Go {
    fiber.note_taken();
    fiber.set_result(word, Value::unit());
    Go::On
}

pub(in crate::interp) fn make(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    // SAFETY: see `ops/mod.rs`.
    let permits = unsafe { regs.int(word.b()) };
    let gate = Gate::make(permits, fiber.place());
    fiber.set_result(word, gate);
    Go::On
}

/// The usual case of `take`: they are free, and nobody waits.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn take_at_hand(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe {
        let has_taken = at_hand(regs, word, |gate, permits| gate.0.take_at_hand(permits));
        if has_taken {
            (*regs.fiber).note_taken();
        }
        has_taken
    }
}

/// The usual case of `give`: nobody waits.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn give_at_hand(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe {
        let has_given = !(*regs.fiber).is_late() && at_hand(regs, word, |gate, permits| gate.0.give_at_hand(permits));
        if has_given {
            (*regs.fiber).note_given();
        }
        has_given
    }
}

/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
unsafe fn at_hand(regs: &mut Regs, word: Word, does: impl FnOnce(&Gate, i64) -> bool) -> bool {
    // SAFETY: the handler's fiber; the rest promised by the caller.
    unsafe {
        let Some(gate) = regs.value(word.b()).payload::<Gate>() else { return false };
        let fiber = &mut *regs.fiber;
        if fiber.has_branch() || !fiber.cx().is_undisturbed() || !does(gate, regs.int(word.c())) {
            return false;
        }
        regs.put(word.a(), Value::unit());
        true
    }
}

pub(in crate::interp) fn take(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_branch()
        && let Some(go) = take_in_place(fiber, word)
    {
        return go;
    }
    let regs = checkpoint!(fiber, word);
    let gate = borrowed!(regs, word.b(), Gate);
    // SAFETY: see `ops/mod.rs`.
    let permits = unsafe { regs.int(word.c()) };
    if fiber.cx().take_permits(&gate.0, permits, Gate::wish(permits)) {
        return put_taken(fiber, word);
    }
    fiber.wait_for(Pending::Permits);
    Go::Wait
}

/// Takes permits in a branch in place, if it need not wait, or may wait there: the branch stays where it is.
#[inline(never)]
fn take_in_place(fiber: &mut Fiber, word: Word) -> Option<Go> {
    if !fiber.may_act() {
        return None;
    }
    let regs = fiber.load();
    let gate = borrowed!(regs, word.b(), Gate);
    // SAFETY: see `ops/mod.rs`.
    let permits = unsafe { regs.int(word.c()) };
    if fiber.cx().try_take_permits(&gate.0, permits) {
        return Some(put_taken(fiber, word));
    }
    let deadline_ns = match fiber.limit_in_place()? {
        TimeLeft::None => return Some(fiber.end_late(Pending::Permits)),
        TimeLeft::Until(deadline_ns) => deadline_ns,
    };
    fiber.stand_in_place();
    Some(match fiber.cx().take_permits(&gate.0, permits, Gate::wish(permits)) {
        true => put_taken(fiber, word),
        false => fiber.wait_in_place(deadline_ns, Pending::Permits),
    })
}

pub(in crate::interp) fn give(fiber: &mut Fiber, word: Word) -> Go {
    if !fiber.has_branch() || !fiber.may_act() {
        checkpoint!(fiber, word);
    }
    let regs = fiber.load();
    let gate = borrowed!(regs, word.b(), Gate);
    // SAFETY: see `ops/mod.rs`.
    let permits = unsafe { regs.int(word.c()) };
    let ends_turn = fiber.may_yield();
    let has_called = fiber.cx().give_permits(&gate.0, permits, ends_turn);
    let is_over = fiber.note_given();
    if (has_called || is_over) && ends_turn {
        return fiber.yield_to_called();
    }
    fiber.set_result(word, Value::unit());
    Go::On
}
