//! Doubles; operands and results raw.

use super::{Go, Regs, Word};
use crate::fiber::Fiber;

#[inline(always)]
pub(in crate::interp) unsafe fn add(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.float(word.near_b()), regs.float(word.near_c()));
        regs.set_raw(word.near_a(), (left + right).to_bits())
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn sub(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.float(word.near_b()), regs.float(word.near_c()));
        regs.set_raw(word.near_a(), (left - right).to_bits())
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn mul(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.float(word.near_b()), regs.float(word.near_c()));
        regs.set_raw(word.near_a(), (left * right).to_bits())
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn div(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.float(word.near_b()), regs.float(word.near_c()));
        regs.set_raw(word.near_a(), (left / right).to_bits())
    }
}

/// Full, since it calls the C library.
pub(in crate::interp) fn rem(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.a(), (regs.float(word.b()) % regs.float(word.c())).to_bits()) }
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn neg(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), (-regs.float(word.near_b())).to_bits()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn eq(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.float(word.near_b()), regs.float(word.near_c()));
        regs.set_raw(word.near_a(), u64::from(left == right))
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn lt(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.float(word.near_b()), regs.float(word.near_c()));
        regs.set_raw(word.near_a(), u64::from(left < right))
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn le(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (left, right) = (regs.float(word.near_b()), regs.float(word.near_c()));
        regs.set_raw(word.near_a(), u64::from(left <= right))
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn sqrt(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), regs.float(word.near_b()).sqrt().to_bits()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn add_product(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let product = regs.float(word.near_b()) * regs.float(word.near_c());
        regs.set_raw(word.x(), (regs.float(word.near_a()) + product).to_bits())
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn sub_product(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let product = regs.float(word.near_b()) * regs.float(word.near_c());
        regs.set_raw(word.x(), (regs.float(word.near_a()) - product).to_bits())
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn of_int(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), (regs.int(word.near_b()) as f64).to_bits()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn to_int(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), regs.float(word.near_b()) as i64 as u64) }
}
