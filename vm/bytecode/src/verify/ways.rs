//! Where control goes from an instruction, and the registers of its operands: what all that follow code have in common.

use super::code::window;
use crate::isa::{Instruction, OperandInfo};
use crate::module::{Module, Proto};
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
    let words = match instruction {
        Instruction::SwitchConstructor { count, .. } => pc + 1..pc + 1 + usize::from(count.0),
        _ => pc..pc + 1,
    };
    words.flat_map(|at| {
        let word = proto.code[at];
        let operands = Instruction::decode(word).map_or(&[][..], |jump| jump.opcode().info().operands);
        let jumps = operands.iter().filter(|operand| operand.kind == OperandKind::Jump);
        jumps.filter_map(move |operand| operand.target(word, at))
    })
}

/// Whether it jumps always.
pub(super) fn always_jumps(instruction: Instruction) -> bool {
    use Instruction as I;
    matches!(instruction, I::Jump { .. } | I::Loop { .. } | I::SwitchConstructor { .. })
}

/// The registers of an operand: several where it opens a window.
pub(super) fn registers(
    module: &Module,
    instruction: Instruction,
    word: u64,
    operand: &OperandInfo,
) -> impl Iterator<Item = Reg> + use<> {
    let first = operand.value(word) as u16;
    let count = match operand.role {
        Role::none => 0,
        _ if operand.name == "first" => window(module, instruction).map_or(1, |(_, count)| count as u16),
        _ => 1,
    };
    (0..count).map(move |index| Reg(first + index))
}
