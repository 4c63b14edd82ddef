//! Where control goes from an instruction, and the registers of its operands: what all that follow code have in common.

use crate::isa::{Instruction, Opcode, OperandInfo};
use crate::module::Proto;
use crate::operand::{OperandKind, Reg};
use crate::role::Role;

/// How many words an instruction takes up with what follows it.
pub(super) fn length(instruction: Instruction) -> usize {
    match instruction {
        Instruction::FieldNamed { .. } | Instruction::SetNamed { .. } => 2,
        Instruction::SwitchConstructor { count, .. } => 1 + usize::from(count.0),
        _ => 1,
    }
}

/// Where the instruction may jump to.
pub(super) fn targets(proto: &Proto, pc: usize, instruction: Instruction) -> impl Iterator<Item = usize> {
    let (words, jump) = match instruction {
        Instruction::SwitchConstructor { count, .. } => (pc + 1..pc + 1 + usize::from(count.0), Opcode::Jump),
        other => (pc..pc + 1, other.opcode()),
    };
    let by = jump.info().operands.iter().find(|operand| operand.kind == OperandKind::Jump);
    by.into_iter().flat_map(move |by| words.clone().filter_map(|at| by.target(proto.code[at], at)))
}

/// Whether it jumps always.
pub(super) fn always_jumps(instruction: Instruction) -> bool {
    use Instruction as I;
    matches!(instruction, I::Jump { .. } | I::Loop { .. } | I::SwitchConstructor { .. })
}

/// The registers of an operand: several where it opens the window of the instruction.
#[inline]
pub(super) fn registers(
    window: Option<(Reg, usize)>,
    word: u64,
    operand: &OperandInfo,
) -> impl Iterator<Item = Reg> + use<> {
    let first = operand.value(word) as u16;
    let count = match window {
        _ if operand.role == Role::none => 0,
        Some((start, count)) if start.0 == first && operand.name == "first" => count as u16,
        _ => 1,
    };
    (0..count).map(move |index| Reg(first + index))
}
