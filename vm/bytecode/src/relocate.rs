//! Code that moves to another module: the numbers of constants, protos, natives, globals and shapes change.

use crate::isa::Opcode;
use crate::operand::OperandKind;

/// Replaces what refers to the module's tables: `moved` gives the new number of an entry of the table that the kind
/// names. Words that are no instructions stay as they are.
pub fn relocate(code: &mut [u64], mut moved: impl FnMut(OperandKind, u32) -> u32) {
    use OperandKind as Kind;
    for word in code {
        let Some(opcode) = Opcode::from_byte(*word as u8) else { continue };
        for operand in opcode.info().operands {
            if matches!(operand.kind, Kind::Const | Kind::Proto | Kind::Native | Kind::Global | Kind::Shape) {
                // These kinds are unsigned and have 32 bits at most.
                let old = operand.value(*word) as u32;
                *word = operand.replaced(*word, moved(operand.kind, old));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ConstId, Count, Imm32, Instruction, ProtoId, Reg, ShapeId};

    #[test]
    fn ids_change_and_nothing_else() {
        let code = |constant, proto, shape| {
            [
                Instruction::Const { dst: Reg(7), value: ConstId(constant) },
                Instruction::Int { dst: Reg(3), value: Imm32(-3) },
                Instruction::Closure { count: Count(9), reg: Reg(2), proto: ProtoId(proto) },
                Instruction::New { count: Count(1), dst: Reg(5), first: Reg(6), shape: ShapeId(shape) },
            ]
            .map(Instruction::encode)
        };
        let mut moved = code(1, u32::MAX, 3);
        relocate(&mut moved, |kind, old| match kind {
            OperandKind::Const => old + 70_000,
            OperandKind::Proto => old - 1,
            _ => 65_535,
        });
        assert_eq!(moved, code(70_001, u32::MAX - 1, 65_535));
    }
}
