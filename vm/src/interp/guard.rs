//! Programs that nobody vouches for: instructions are looked at before they run, unless what they expect was proven.
//!
//! The verifier has seen who owns what, and follows what registers hold as far as the code says
//! (`aivi_bytecode::verify`: `follow` and `unproven`). What is not proven has a guard: when the program is loaded, the
//! copy of the code that runs gets another number in place of the instruction's own (`set_guards`). Most instructions
//! have a second number, whose handler looks and goes on to the first one's (`table.rs`); all share `internal::GUARD`,
//! which looks up in the module what it stands for. Nothing moves, there is one table, and programs of our own compiler
//! never meet any of this.
//!
//! What always holds: a guard reads tags only of registers that the verifier calls tagged, and follows only pointers
//! with the tag of an object. It changes nothing. A frame that is refused runs none of its handlers: what they may
//! expect is known only where the instruction itself can unwind. Debug builds look at proven instructions as well, and
//! panic when a proof was wrong.
//!
//! Native functions are called in their full form, and a panic in one of them is a fault.

mod look;

use aivi_bytecode::isa::{self, OpcodeInfo};
use aivi_bytecode::role::Kinds;
use aivi_bytecode::verify::{ScalarAt, Unproven};
use aivi_bytecode::{Instruction, Opcode};

use super::table::internal;
use super::{Go, Regs, Word, pairs};
use crate::fiber::Fiber;
pub(super) use look::Look;

/// What is checked besides the instructions' rows: per proto the registers that hold scalars, sorted.
pub(crate) type Scalars = Box<[Box<[ScalarAt]>]>;

/// By number of an instruction that of its guard.
static GUARDS: [u8; 256] = {
    let mut guards = [internal::GUARD; 256];
    let (mut row, mut free) = (0, 0);
    while row < isa::TABLE.len() {
        let opcode = isa::TABLE[row].opcode;
        if has_own_guard(&isa::TABLE[row]) {
            while free < pairs::FIRST && Opcode::from_byte(free).is_some() {
                free += 1;
            }
            // Those that come when no numbers are left share one.
            if free < pairs::FIRST {
                guards[opcode as usize] = free;
                free += 1;
            }
        }
        row += 1;
    }
    guards
};

/// By number of a guard the instruction behind it, if it is of one only.
static GUARDED: [Option<Opcode>; 256] = {
    let mut guarded = [None; 256];
    let mut row = 0;
    while row < isa::TABLE.len() {
        let opcode = isa::TABLE[row].opcode;
        let guard = GUARDS[opcode as usize];
        if guard != internal::GUARD {
            guarded[guard as usize] = Some(opcode);
        }
        row += 1;
    }
    guarded
};

/// Whether an instruction expects things that are seen in its registers alone.
const fn has_own_guard(row: &OpcodeInfo) -> bool {
    let (mut at, mut needs) = (0, matches!(row.opcode, Opcode::Tag | Opcode::ReturnScalar));
    while at < row.operands.len() {
        needs |= row.operands[at].needs().kinds().bits() != Kinds::ALL.bits();
        at += 1;
    }
    // Names are looked up.
    needs && !matches!(row.opcode, Opcode::FieldNamed | Opcode::SetNamed)
}

/// Whether it is this instruction, without a guard.
#[inline(always)]
pub(super) fn is(word: Word, opcode: Opcode) -> bool {
    word.opcode() == opcode as u8
}

/// Whether it is this instruction, or its own guard.
#[inline(always)]
pub(super) fn is_maybe_guarded(word: Word, opcode: Opcode) -> bool {
    is(word, opcode) || word.opcode() == guard_of(opcode)
}

/// The number of the guard that an instruction has for itself.
#[inline(always)]
pub(super) fn guard_of(opcode: Opcode) -> u8 {
    let guard = GUARDS[opcode as usize];
    debug_assert_ne!(guard, internal::GUARD);
    guard
}

/// The instruction behind a guard of its own.
pub(super) const fn guarded(byte: u8) -> Option<Opcode> {
    GUARDED[byte as usize]
}

/// Puts guards into code that is to run; what returns objects to whoever takes them apart has to know that those may
/// have some.
pub(crate) fn set_guards(code: &mut [u64], unproven: &[Unproven]) {
    for look in unproven {
        let word = &mut code[look.pc as usize];
        let guard = if look.scalars { internal::GUARD } else { GUARDS[usize::from(*word as u8)] };
        *word = *word & !0xff | u64::from(guard);
    }
    let returns = code.iter_mut().filter(|word| **word as u8 == Opcode::ReturnNew as u8);
    returns.for_each(|word| *word = *word & !0xff | u64::from(internal::RETURN_NEW));
}

/// The instruction before `pc`, if it may run.
///
/// # Safety
/// As for a handler: the state is that of the running fiber (F1 to F3), whose program was loaded to be guarded, in a
/// frame of a proto.
#[inline(never)]
pub(super) unsafe fn allowed(regs: &Regs) -> Option<Opcode> {
    // SAFETY: F1, F3; the running fiber, which `run` borrows, is only looked at; protos live as long as the program.
    // The verifier has seen that the registers are tagged that are looked at, and those in `scalars` too.
    unsafe {
        let program = (*regs.fiber).program();
        let (code, at) = (&*(*regs.frame).proto, (*regs.frame).index(regs.pc));
        let opcode = Opcode::from_byte(program.proto(code).code[at as usize] as u8)?;
        let look = Look::at(opcode, regs);
        let scalars = scalars(program.scalars(), code.id.0 as usize, at);
        let holds = scalars.iter().all(|at| look.is_scalar(at.reg));
        (holds && look.is_allowed() && look.is_allowed_by(program)).then_some(opcode)
    }
}

/// The instruction that `word` stands for, `None` if it is one of the machine's own; nothing if it may not run. Looks
/// at what was proven as well.
///
/// # Safety
/// As for a handler: the state is that of the running fiber (F1 to F3), `word` the instruction before `pc`.
#[cfg(any(debug_assertions, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(super) unsafe fn instruction_allowed(regs: &Regs, word: Word) -> Option<Option<Opcode>> {
    // SAFETY: promised by the caller.
    unsafe {
        if !(*regs.fiber).is_guarded || (*regs.frame).proto.is_null() {
            return Some(pairs::first_of(word.opcode()));
        }
        let allowed = allowed(regs);
        let looked = match guarded(word.opcode()) {
            Some(opcode) => Look::at(opcode, regs).is_allowed().then_some(opcode),
            None if word.opcode() == internal::GUARD => allowed,
            None if word.opcode() == internal::RETURN_NEW => Some(Opcode::ReturnNew),
            None => pairs::first_of(word.opcode()),
        };
        debug_assert_eq!(looked, allowed, "what was proven is so");
        looked.map(Some)
    }
}

/// The registers that have to hold scalars at an instruction.
fn scalars(scalars: Option<&Scalars>, proto: usize, pc: u32) -> &[ScalarAt] {
    let all = scalars.and_then(|scalars| scalars.get(proto)).map_or(&[][..], |all| all);
    let from = &all[all.partition_point(|at| at.pc < pc)..];
    &from[..from.partition_point(|at| at.pc == pc)]
}

/// The instruction of the top frame's proto that runs as `word`, as the module has it.
pub(crate) fn instruction_of(fiber: &Fiber, word: Word) -> Option<Instruction> {
    // SAFETY: F1; protos live as long as the program.
    let code = unsafe { (*fiber.frame).proto.as_ref() }?;
    let at = word.place().addr().checked_sub(code.code.addr())? / size_of::<u64>();
    Instruction::decode(*fiber.world.program.proto(code).code.get(at)?)
}

/// Ends the frame whose instruction is not allowed.
#[cold]
pub(super) fn refuse(fiber: &mut Fiber, word: Word) -> Go {
    let name = instruction_of(fiber, word).map_or("?", |instruction| instruction.opcode().info().mnemonic);
    fiber.fault_leaving(format!("broken bytecode: '{name}' does not fit the values that it is given"))
}
