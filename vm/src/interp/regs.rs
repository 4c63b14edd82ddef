//! What a handler holds in its arguments, and the fields of an instruction word.

use super::near::{Near, Register};
use crate::fiber::{Fiber, Frame};
use crate::value::{Slot, Value};

/// An instruction word, by its place in the code; the fields of `aivi_bytecode::operand`. Each field is loaded from
/// there when it is asked for: that is one instruction, where cutting it out of the word takes three.
#[derive(Clone, Copy)]
pub(crate) struct Word(*const u64);

impl Word {
    /// The word at `place`.
    ///
    /// # Safety
    /// `place` points at a word of code that lives as long as the result is used.
    #[inline(always)]
    pub(crate) unsafe fn at(place: *const u64) -> Word {
        Word(place)
    }

    /// Its place.
    #[inline(always)]
    pub(crate) fn place(self) -> *const u64 {
        self.0
    }

    /// The bits from bit `8 * BYTE` on.
    #[inline(always)]
    fn field<T: Copy, const BYTE: usize>(self) -> T {
        const { assert!(BYTE + size_of::<T>() <= size_of::<u64>() && BYTE.is_multiple_of(align_of::<T>())) };
        let byte = if cfg!(target_endian = "big") { size_of::<u64>() - BYTE - size_of::<T>() } else { BYTE };
        // SAFETY: `at`; the field lies inside the word, as is asserted.
        unsafe { *self.0.byte_add(byte).cast::<T>() }
    }

    /// The register in `A`, of an instruction with near operands (`near.rs`).
    #[inline(always)]
    pub(crate) fn near_a(self) -> Near {
        Near(self.field::<u16, 2>())
    }
    /// … in `B`.
    #[inline(always)]
    pub(crate) fn near_b(self) -> Near {
        Near(self.field::<u16, 4>())
    }
    /// … in `C`.
    #[inline(always)]
    pub(crate) fn near_c(self) -> Near {
        Near(self.field::<u16, 6>())
    }

    /// Opcode and X.
    #[inline(always)]
    pub(crate) fn head(self) -> u16 {
        self.field::<u16, 0>()
    }
    #[inline(always)]
    pub(crate) fn opcode(self) -> u8 {
        self.field::<u8, 0>()
    }
    #[inline(always)]
    pub(crate) fn x(self) -> usize {
        usize::from(self.field::<u8, 1>())
    }
    #[inline(always)]
    pub(crate) fn a(self) -> usize {
        usize::from(self.field::<u16, 2>())
    }
    #[inline(always)]
    pub(crate) fn b(self) -> usize {
        usize::from(self.field::<u16, 4>())
    }
    #[inline(always)]
    pub(crate) fn c(self) -> usize {
        usize::from(self.field::<u16, 6>())
    }
    #[inline(always)]
    pub(crate) fn w(self) -> usize {
        self.field::<u32, 4>() as usize
    }
    /// `B` as a signed number.
    #[inline(always)]
    pub(crate) fn b_signed(self) -> i64 {
        i64::from(self.field::<i16, 4>())
    }
    /// `C` as a signed number.
    #[inline(always)]
    pub(crate) fn c_signed(self) -> i64 {
        i64::from(self.field::<i16, 6>())
    }
    /// `W` as a signed number.
    #[inline(always)]
    pub(crate) fn w_signed(self) -> i64 {
        i64::from(self.field::<i32, 4>())
    }
}

/// The state of the running frame.
#[derive(Clone, Copy)]
pub(crate) struct Regs {
    /// The next instruction.
    pub(crate) pc: *const u64,
    /// Register 0 of the frame.
    pub(crate) base: *mut Slot,
    /// The frame.
    pub(crate) frame: *mut Frame,
    /// Calls and back edges left.
    pub(crate) fuel: u64,
    /// The rest.
    pub(crate) fiber: *mut Fiber,
}

impl Regs {
    /// A register, to be read or written.
    ///
    /// # Safety
    /// `register` comes from an operand of the running frame's code: the verifier bounded it by `Proto::registers`.
    #[inline(always)]
    pub(crate) unsafe fn slot(&self, register: impl Register) -> *mut Slot {
        // SAFETY: `Fiber::enter` made room for `Proto::registers` registers behind `base`.
        unsafe {
            debug_assert!(
                (*self.fiber).in_window(self.base, self.frame, register.index()),
                "register {} outside of its window",
                register.index()
            );
            register.slot(self.base)
        }
    }

    /// # Safety
    /// As for `slot`; the register holds a scalar.
    #[inline(always)]
    pub(crate) unsafe fn int(&self, register: impl Register) -> i64 {
        // SAFETY: as the caller.
        unsafe { (*self.slot(register)).payload as i64 }
    }

    /// # Safety
    /// As for `slot`; the register holds a scalar.
    #[inline(always)]
    pub(crate) unsafe fn float(&self, register: impl Register) -> f64 {
        // SAFETY: as the caller.
        unsafe { f64::from_bits((*self.slot(register)).payload) }
    }

    /// # Safety
    /// As for `slot`; the register owns nothing. Its kind becomes meaningless.
    #[inline(always)]
    pub(crate) unsafe fn set_raw(&self, register: impl Register, payload: u64) {
        // SAFETY: as the caller.
        unsafe { (*self.slot(register)).payload = payload }
    }

    /// # Safety
    /// As for `slot`; the register holds a tagged value, which is not changed while borrowed.
    #[inline(always)]
    pub(crate) unsafe fn value<'a>(&self, register: impl Register) -> &'a Value {
        // SAFETY: as the caller.
        unsafe { Slot::as_value(self.slot(register)) }
    }

    /// # Safety
    /// As for `slot`; the register holds a tagged value, whose reference moves out.
    #[inline(always)]
    pub(crate) unsafe fn take(&self, register: impl Register) -> Value {
        // SAFETY: as the caller.
        unsafe { (*self.slot(register)).into_value() }
    }

    /// # Safety
    /// As for `slot`; the register owns nothing.
    #[inline(always)]
    pub(crate) unsafe fn put(&self, register: impl Register, value: Value) {
        // SAFETY: as the caller.
        unsafe { *self.slot(register) = value.into_slot() }
    }

    /// pc += by.
    ///
    /// # Safety
    /// `by` comes from a jump operand: the verifier bounded the target by the code.
    #[inline(always)]
    pub(crate) unsafe fn jump(&mut self, by: i64) {
        // SAFETY: as the caller.
        self.pc = unsafe { self.pc.offset(by as isize) };
    }
}
