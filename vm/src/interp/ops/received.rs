//! Messages that are taken out of their result at once.
//!
//! A receive gives `Ok message`, and nearly always the code behind it tests for `Ok`, takes the message out and drops the result: so begin
//! `match` and `or`. Where that is what comes next, the message goes where it is wanted and the result is not made. It would
//! have cost more than the receive.

use aivi_bytecode::Opcode;

use super::{Go, Word};
use crate::fiber::Fiber;
use crate::interp::guard::{is, is_maybe_guarded};
use crate::interp::near::Register;
use crate::value::Value;

/// The position of `Ok` among the constructors of `Result`; that of `Err` is 0.
const OK: usize = 1;

/// Gives a message to the receive before `pc`.
pub(crate) fn deliver_message(fiber: &mut Fiber, word: Word, message: Value) -> Go {
    // SAFETY: F3: the receive ends no proto, so there is an instruction behind it.
    let Some(wanted) = (unsafe { Wanted::by(fiber.pc, word.a()) }) else {
        fiber.set_result(word, Value::ok(message));
        return Go::On;
    };
    let regs = fiber.load();
    // SAFETY: the register is the result of an instruction that would have run now, so it owns nothing; if that gives a raw scalar, the
    // message is one, which the compiler's types say.
    unsafe { regs.put(wanted.register, message) };
    fiber.pc = wanted.behind;
    Go::On
}

/// Where a message is wanted, and what comes when it is there and its result is gone.
pub(super) struct Wanted {
    pub(super) register: usize,
    pub(super) behind: *const u64,
}

impl Wanted {
    /// By the code at `pc`, which finds `Ok message` in register `result`.
    ///
    /// # Safety
    /// `pc` points to an instruction of a verified proto.
    #[inline(always)]
    pub(super) unsafe fn by(pc: *const u64, result: usize) -> Option<Wanted> {
        // SAFETY: promised by the caller; a jump goes to an instruction, and one that does not end a proto has another one behind it.
        unsafe {
            let test = Word::at(pc);
            if !is_maybe_guarded(test, Opcode::JumpNotConstructor) || test.a() != result {
                return None;
            }
            let by = if test.b() == OK { 0 } else { test.c_signed() as isize };
            let then = pc.offset(1 + by);
            let taken = Word::at(then);
            // `Ok` has one field.
            if is_maybe_guarded(taken, Opcode::Unpack) && taken.b() == result && taken.x() == 1 {
                return Some(Wanted { register: taken.a(), behind: then.add(1) });
            }
            if !is(taken, Opcode::FieldRaw) || taken.near_b().index() != result || taken.c() != 0 {
                return None;
            }
            let dropped = Word::at(then.add(1));
            let is_dropped = is(dropped, Opcode::Drop) && dropped.a() == result;
            is_dropped.then(|| Wanted { register: taken.near_a().index(), behind: then.add(2) })
        }
    }
}
