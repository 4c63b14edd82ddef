//! Comparing any values; operands tagged and borrowed, results raw.

use std::cmp::Ordering;

use super::call::move_out;
use super::{Go, Regs, Word};
use crate::fiber::Fiber;
use crate::structural;
use crate::value::Kind;

/// Two values of the same kind without objects, but for Floats.
#[inline(always)]
pub(in crate::interp) unsafe fn eq_scalar(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (*regs.slot(word.b()), *regs.slot(word.c()));
        let decided =
            left.kind == right.kind && left.kind <= Kind::InlineText as u64 && left.kind != Kind::Float as u64;
        if decided {
            regs.set_raw(word.a(), u64::from(left.payload == right.payload));
        }
        decided
    }
}

pub(in crate::interp) fn eq(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let (left, right) = unsafe { (regs.value(word.b()), regs.value(word.c())) };
    match structural::equal(left, right) {
        Ok(equal) => {
            // SAFETY: see `ops/mod.rs`.
            unsafe { regs.set_raw(word.a(), u64::from(equal)) };
            Go::On
        }
        Err(error) => fiber.fault(error.to_string()),
    }
}

/// Two texts without objects.
#[inline(always)]
pub(in crate::interp) unsafe fn lt_inline(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as for the caller.
    unsafe { order_inline(regs, word, Ordering::is_lt) }
}

/// Two texts without objects.
#[inline(always)]
pub(in crate::interp) unsafe fn le_inline(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as for the caller.
    unsafe { order_inline(regs, word, Ordering::is_le) }
}

#[inline(always)]
unsafe fn order_inline(regs: &mut Regs, word: Word, holds: impl Fn(Ordering) -> bool) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.value(word.b()).as_inline_text(), regs.value(word.c()).as_inline_text());
        let (Some(left), Some(right)) = (left, right) else { return false };
        regs.set_raw(word.a(), u64::from(holds(left.order(right))));
        true
    }
}

pub(in crate::interp) fn lt(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    order(fiber, word, Ordering::is_lt)
}

pub(in crate::interp) fn le(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    order(fiber, word, Ordering::is_le)
}

fn order(fiber: &mut Fiber, word: Word, holds: fn(Ordering) -> bool) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let (left, right) = unsafe { (regs.value(word.b()), regs.value(word.c())) };
    match structural::compare(left, right) {
        Ok(order) => {
            // SAFETY: see `ops/mod.rs`.
            unsafe { regs.set_raw(word.a(), u64::from(holds(order))) };
            Go::On
        }
        Err(error) => fiber.fault(error.to_string()),
    }
}
