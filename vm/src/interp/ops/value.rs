//! Comparing any values; operands tagged and borrowed, results raw.

use std::cmp::Ordering;

use super::{Go, Regs, Word};
use crate::fiber::Fiber;
use crate::structural;
use crate::value::Kind;

/// Two scalars of the same kind, but for Floats.
#[inline(always)]
pub(in crate::interp) unsafe fn eq_scalar(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (*regs.slot(word.b()), *regs.slot(word.c()));
        let decided = left.kind == right.kind && left.kind <= Kind::Nullary as u64 && left.kind != Kind::Float as u64;
        if decided {
            regs.set_raw(word.a(), u64::from(left.payload == right.payload));
        }
        decided
    }
}

pub(in crate::interp) fn eq(fiber: &mut Fiber, word: Word) -> Go {
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

pub(in crate::interp) fn lt(fiber: &mut Fiber, word: Word) -> Go {
    order(fiber, word, Ordering::is_lt)
}

pub(in crate::interp) fn le(fiber: &mut Fiber, word: Word) -> Go {
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
