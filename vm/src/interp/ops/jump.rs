//! Jumps.
//!
//! A jump that is taken passes an empty `asm!`: without it the compiler makes the pc a conditional move, and the next
//! fetch waits for the comparison (findings: a third of a loop's time).

use super::{Go, Regs, Word};
use crate::fiber::Fiber;
use crate::value::Kind;

/// Jumps when `test` holds.
#[inline(always)]
unsafe fn branch(regs: &mut Regs, test: bool, by: i64) {
    if test {
        #[cfg(all(not(debug_assertions), any(target_arch = "x86_64", target_arch = "aarch64")))]
        // SAFETY: no instruction, no effect.
        unsafe {
            std::arch::asm!("", options(nomem, nostack, preserves_flags));
        }
        // SAFETY: see `ops/mod.rs`.
        unsafe { regs.jump(by) }
    }
}

/// Jumps back when `test` holds and fuel is left; else the `loop` behind it tests again, and waits for fuel.
#[inline(always)]
unsafe fn branch_back(regs: &mut Regs, test: bool, by: i64) {
    if test && regs.fuel != 0 {
        regs.fuel -= 1;
        // SAFETY: see `ops/mod.rs`.
        unsafe { branch(regs, true, by) }
    }
}

/// The position of the constructor in register `index`.
#[inline(always)]
unsafe fn position(regs: &Regs, index: usize) -> usize {
    // SAFETY: see `ops/mod.rs`; a subject is a constructor with arguments or without, or a truth value (True is 0).
    unsafe {
        let slot = *regs.slot(index);
        if slot.kind == Kind::Nullary as u64 {
            (slot.payload >> 32) as usize
        } else if slot.kind == Kind::Object as u64 {
            ((*regs.value(index).pointer()).meta >> 16) as usize
        } else {
            debug_assert_eq!(slot.kind, Kind::Bool as u64);
            usize::from(slot.payload == 0)
        }
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn jump(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.jump(word.w_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        if regs.fuel == 0 {
            return false;
        }
        regs.fuel -= 1;
        regs.jump(word.w_signed());
        true
    }
}

/// Out of fuel: the scheduler's turn, then the jump runs again.
pub(in crate::interp) fn back_tick(fiber: &mut Fiber, _: Word) -> Go {
    fiber.tick()
}

#[inline(always)]
pub(in crate::interp) unsafe fn when(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) != 0, word.w_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn unless(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) == 0, word.w_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn eq(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) == regs.int(word.near_b()), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn ne(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, is_ne(regs, word), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn is_ne(regs: &Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.int(word.near_a()) != regs.int(word.near_b()) }
}

/// Whether two texts are the same, if no look at objects is needed.
#[inline(always)]
unsafe fn same_text(regs: &Regs, word: Word) -> Option<bool> {
    // SAFETY: see `ops/mod.rs`.
    let (left, right) = unsafe { (*regs.slot(word.a()), *regs.slot(word.b())) };
    match left.kind == right.kind {
        true if left.payload == right.payload => Some(true),
        true if left.kind != Kind::InlineText as u64 => None,
        _ => Some(false),
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn eq_text(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(same) = same_text(regs, word) else { return false };
        branch(regs, same, word.c_signed());
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn ne_text(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(same) = same_text(regs, word) else { return false };
        branch(regs, !same, word.c_signed());
        true
    }
}

pub(in crate::interp) fn eq_text_long(fiber: &mut Fiber, word: Word) -> Go {
    long_texts(fiber, word, true)
}

pub(in crate::interp) fn ne_text_long(fiber: &mut Fiber, word: Word) -> Go {
    long_texts(fiber, word, false)
}

fn long_texts(fiber: &mut Fiber, word: Word, on: bool) -> Go {
    let mut regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let same = regs.value(word.a()).as_str() == regs.value(word.b()).as_str();
        branch(&mut regs, same == on, word.c_signed());
    }
    fiber.store(regs);
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn lt(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) < regs.int(word.near_b()), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn le(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, is_le(regs, word), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn is_le(regs: &Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.int(word.near_a()) <= regs.int(word.near_b()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn eq_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) == word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn ne_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, is_ne_imm(regs, word), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn is_ne_imm(regs: &Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.int(word.near_a()) != word.b_signed() }
}

#[inline(always)]
pub(in crate::interp) unsafe fn lt_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) < word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn le_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) <= word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn gt_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.int(word.near_a()) > word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn ge_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, is_ge_imm(regs, word), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn is_ge_imm(regs: &Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.int(word.near_a()) >= word.b_signed() }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_eq(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) == regs.int(word.near_b()), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_ne(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) != regs.int(word.near_b()), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_lt(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) < regs.int(word.near_b()), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_le(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) <= regs.int(word.near_b()), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_eq_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) == word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_ne_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) != word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_lt_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) < word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_le_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) <= word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_gt_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) > word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn back_ge_imm(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch_back(regs, regs.int(word.near_a()) >= word.b_signed(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn lt_float(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.float(word.near_a()) < regs.float(word.near_b()), word.c_signed()) }
}

#[allow(clippy::neg_cmp_op_on_partial_ord)] // NaN is neither below nor above.
#[inline(always)]
pub(in crate::interp) unsafe fn not_lt_float(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, !(regs.float(word.near_a()) < regs.float(word.near_b())), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn le_float(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.float(word.near_a()) <= regs.float(word.near_b()), word.c_signed()) }
}

#[allow(clippy::neg_cmp_op_on_partial_ord)] // NaN is neither below nor above.
#[inline(always)]
pub(in crate::interp) unsafe fn not_le_float(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, !(regs.float(word.near_a()) <= regs.float(word.near_b())), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn constructor(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, position(regs, word.a()) == word.b(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn not_constructor(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, position(regs, word.a()) != word.b(), word.c_signed()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn switch(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let position = position(regs, word.a());
        debug_assert!(position < word.b());
        regs.jump(position as i64)
    }
}

/// When a native function of an Option gave nothing.
#[inline(always)]
pub(in crate::interp) unsafe fn absent(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { branch(regs, regs.value(word.a()).is_absent(), word.c_signed()) }
}
