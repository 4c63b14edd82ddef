//! Messages that are taken out of their result at once.
//!
//! A receive gives `Ok message`, and nearly always the code behind it tests for `Ok`, takes the message out and drops
//! the result: so begin `match` and `or`. Where that is what comes next, the message goes where it is wanted and the
//! result is not made. It would have cost more than the receive. What comes next is seen when a program is loaded
//! (`note_wanted`), and noted in fields of the receive that its row leaves free.

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
    let Some(wanted) = Wanted::of(word) else {
        fiber.set_result(word, Value::ok(message));
        return Go::On;
    };
    let regs = fiber.load();
    // SAFETY: the register is the result of an instruction that would have run now, so it owns nothing; if that gives a
    // raw scalar, the message is one, which the compiler's types say. What comes next is in the same proto
    // (`note_wanted`).
    unsafe {
        regs.put(wanted.register, message);
        fiber.pc = wanted.behind(fiber.pc);
    }
    Go::On
}

/// Where a message is wanted, and what comes when it is there and its result is gone.
pub(super) struct Wanted {
    pub(super) register: usize,
    /// So many instructions behind the receive; not 0.
    by: usize,
}

impl Wanted {
    /// What was noted for a receive.
    #[inline(always)]
    pub(super) fn of(receive: Word) -> Option<Wanted> {
        let by = receive.x();
        (by != 0).then(|| Wanted { register: receive.c(), by })
    }

    /// What comes then, if `pc` stands behind the receive.
    ///
    /// # Safety
    /// It does.
    #[inline(always)]
    pub(super) unsafe fn behind(&self, pc: *const u64) -> *const u64 {
        // SAFETY: so far it is to an instruction of the same proto (`note_wanted`).
        unsafe { pc.add(self.by) }
    }

    /// By the code that begins at `at` and finds `Ok message` in register `result`. Where it looks are instructions: a
    /// jump leads to one.
    fn by(code: &[u64], at: usize, result: usize) -> Option<Wanted> {
        let test = word(code, at)?;
        if !is_maybe_guarded(test, Opcode::JumpNotConstructor) || test.a() != result {
            return None;
        }
        let then = (at + 1).checked_add_signed(if test.b() == OK { 0 } else { test.c_signed() as isize })?;
        let taken = word(code, then)?;
        // `Ok` has one field.
        if is_maybe_guarded(taken, Opcode::Unpack) && taken.b() == result && taken.x() == 1 {
            return Some(Wanted { register: taken.a(), by: (then + 1).checked_sub(at)? });
        }
        if !is(taken, Opcode::FieldRaw) || taken.near_b().index() != result || taken.c() != 0 {
            return None;
        }
        let dropped = word(code, then + 1)?;
        let is_dropped = is(dropped, Opcode::Drop) && dropped.a() == result;
        Some(Wanted { register: taken.near_a().index(), by: (then + 2).checked_sub(at)? }).filter(|_| is_dropped)
    }
}

/// Notes in the receives of code that is to run, and has its guards but no pairs, where their messages are wanted;
/// `module` is the code as it was. Words that belong to the instruction before them are those of a `const` or a `jump`,
/// and so are no receives.
pub(crate) fn note_wanted(code: &mut [u64], module: &[u64]) {
    let receives = module.iter().enumerate().filter(|(_, word)| **word as u8 == Opcode::ChanRecv as u8);
    for (at, _) in receives {
        let wanted = word(code, at).and_then(|receive| Wanted::by(code, at + 1, receive.a()));
        let near = wanted.and_then(|wanted| Some((u8::try_from(wanted.by).ok()?, wanted.register)));
        let (by, register) = near.unwrap_or_default();
        // X and C, which the instruction has no use for.
        code[at] = code[at] & 0x0000_ffff_ffff_00ff | u64::from(by) << 8 | (register as u64) << 48;
    }
}

fn word(code: &[u64], at: usize) -> Option<Word> {
    // SAFETY: the reference is to a word of code, which outlives its use here.
    code.get(at).map(|word| unsafe { Word::at(word) })
}
