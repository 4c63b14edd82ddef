//! Integers, wrapping; operands and results raw.

use super::{Go, Regs, Word};
use crate::fiber::Fiber;

#[inline(always)]
pub(in crate::interp) unsafe fn add(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        regs.set_raw(word.near_a(), (left.wrapping_add(right)) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn sub(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        regs.set_raw(word.near_a(), (left.wrapping_sub(right)) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn mul(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        regs.set_raw(word.near_a(), (left.wrapping_mul(right)) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn div(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        if right == 0 {
            return false;
        }
        regs.set_raw(word.near_a(), left.wrapping_div(right) as u64);
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn rem(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        if right == 0 {
            return false;
        }
        // A division takes as long as a handful of instructions, and generators of random numbers wait for it.
        let mask = right.wrapping_sub(1);
        let rest = if right & mask == 0 && left >= 0 { left & mask } else { left.wrapping_rem(right) };
        regs.set_raw(word.near_a(), rest as u64);
        true
    }
}

pub(in crate::interp) fn by_zero(fiber: &mut Fiber, _: Word) -> Go {
    fiber.fault("division by zero")
}

#[inline(always)]
pub(in crate::interp) unsafe fn neg(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), regs.int(word.near_b()).wrapping_neg() as u64) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn add_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), word.c_signed());
        regs.set_raw(word.near_a(), (left.wrapping_add(right)) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn mul_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), word.c_signed());
        regs.set_raw(word.near_a(), (left.wrapping_mul(right)) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn div_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), word.c_signed());
        // The verifier saw to it that the divisor is neither 0 nor -1. Said otherwise the handler would hold calls of
        // panics.
        regs.set_raw(word.near_a(), left.checked_div(right).unwrap_unchecked() as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn rem_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), word.c_signed());
        // As for `div_imm`.
        regs.set_raw(word.near_a(), left.checked_rem(right).unwrap_unchecked() as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn eq(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        regs.set_raw(word.near_a(), (left == right) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn lt(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        regs.set_raw(word.near_a(), (left < right) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn le(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.int(word.near_b()), regs.int(word.near_c()));
        regs.set_raw(word.near_a(), (left <= right) as u64)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn not(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), u64::from(regs.int(word.near_b()) == 0)) }
}
