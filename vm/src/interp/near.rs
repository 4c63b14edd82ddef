//! Near operands: registers by half their distance.
//!
//! A register has 16 bytes, and the processor's addresses multiply by 8 at most. Instructions that do little besides
//! reaching their registers (`is_near`) have them doubled when the program is loaded, so that no handler shifts them:
//! two of every ten instructions of an addition. The others, and all that looks at code from outside, go by plain
//! numbers, in the module's own code.

use aivi_bytecode::module::REGISTERS_MAX;
use aivi_bytecode::operand::OperandKind;
use aivi_bytecode::{Opcode, isa};

use crate::value::Slot;

/// The number of a register, doubled.
#[derive(Clone, Copy)]
pub(crate) struct Near(pub(super) u16);

/// What names a register.
pub(crate) trait Register: Copy {
    /// Its number.
    fn index(self) -> usize;

    /// The register in the window at `base`.
    ///
    /// # Safety
    /// The window has that many registers.
    unsafe fn slot(self, base: *mut Slot) -> *mut Slot;
}

impl Register for usize {
    #[inline(always)]
    fn index(self) -> usize {
        self
    }

    #[inline(always)]
    unsafe fn slot(self, base: *mut Slot) -> *mut Slot {
        // SAFETY: the caller's.
        unsafe { base.add(self) }
    }
}

impl Register for Near {
    #[inline(always)]
    fn index(self) -> usize {
        usize::from(self.0) / 2
    }

    #[inline(always)]
    unsafe fn slot(self, base: *mut Slot) -> *mut Slot {
        const { assert!(size_of::<Slot>() == 2 * size_of::<u64>()) };
        // SAFETY: the caller's.
        unsafe { base.cast::<u64>().add(usize::from(self.0)).cast() }
    }
}

const _: () = assert!(2 * (REGISTERS_MAX as u32 - 1) <= u16::MAX as u32);

/// The code as the machine runs it.
pub(crate) fn with_near_operands(code: &[u64]) -> Box<[u64]> {
    let near = |&word: &u64| match Opcode::from_byte(word as u8) {
        Some(opcode) if is_near(opcode) => {
            let registers = opcode.info().operands.iter().filter(|operand| operand.kind == OperandKind::Reg);
            let registers = registers.filter(|operand| operand.slot != isa::Slot::X);
            registers.fold(word, |word, operand| operand.replaced(word, 2 * operand.value(word) as u32))
        }
        // The jumps of a switch and the names behind `field.named` are words too; those have no registers that are
        // used.
        _ => word,
    };
    code.iter().map(near).collect()
}

/// Whether the functions of `ops` that run the instruction expect near operands.
#[inline(always)]
pub(super) const fn is_near(opcode: Opcode) -> bool {
    use Opcode as O;
    matches!(
        opcode,
        O::Move
            | O::MoveRaw
            | O::Copy
            | O::Int
            | O::Tag
            | O::AddInt
            | O::SubInt
            | O::MulInt
            | O::DivInt
            | O::RemInt
            | O::NegInt
            | O::AddIntImm
            | O::MulIntImm
            | O::DivIntImm
            | O::RemIntImm
            | O::EqInt
            | O::LtInt
            | O::LeInt
            | O::Not
            | O::AddFloat
            | O::SubFloat
            | O::MulFloat
            | O::DivFloat
            | O::NegFloat
            | O::EqFloat
            | O::LtFloat
            | O::LeFloat
            | O::SqrtFloat
            | O::AddProduct
            | O::SubProduct
            | O::FloatOfInt
            | O::IntOfFloat
            | O::JumpIf
            | O::JumpUnless
            | O::JumpEqInt
            | O::JumpNeInt
            | O::JumpLtInt
            | O::JumpLeInt
            | O::JumpEqIntImm
            | O::JumpNeIntImm
            | O::JumpLtIntImm
            | O::JumpLeIntImm
            | O::JumpGtIntImm
            | O::JumpGeIntImm
            | O::LoopEqInt
            | O::LoopNeInt
            | O::LoopLtInt
            | O::LoopLeInt
            | O::LoopEqIntImm
            | O::LoopNeIntImm
            | O::LoopLtIntImm
            | O::LoopLeIntImm
            | O::LoopGtIntImm
            | O::LoopGeIntImm
            | O::JumpLtFloat
            | O::JumpNotLtFloat
            | O::JumpLeFloat
            | O::JumpNotLeFloat
            | O::FieldRaw
            | O::ReturnScalar
    )
}
