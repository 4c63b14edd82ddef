//! The instruction set and the module format of the AIVI machine.
//!
//! `isa` is one table of instructions; opcodes, the decoded form, encoder, decoder, disassembler, the verifier's
//! operand checks and `spec/bytecode.md` come from its rows. `module` is what the compiler writes and the machine runs.

#![forbid(unsafe_code)]

pub mod codec;
pub mod disasm;
pub mod isa;
pub mod module;
pub mod operand;
pub mod relocate;
pub mod role;
pub mod verify;

pub use isa::{Instruction, Opcode};
pub use module::{Module, Proto};
pub use operand::{
    ConstId, Count, GlobalId, Imm16, Imm32, Index, Jump16, Jump32, LowReg, NativeId, ProtoId, Reg, ScalarKind, ShapeId,
};
