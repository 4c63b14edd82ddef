//! Operands: newtypes, each with a width and a kind that the verifier checks.
//!
//! An instruction is one 64-bit word:
//!
//! ```text
//! bits  0..8    8..16   16..32   32..48   48..64
//!       opcode  X       A        B        C
//!                                W (32..64)
//! ```
//!
//! `X` holds a small count, `A`, `B`, `C` a register or a 16-bit number, `W` a 32-bit number in the place of `B` and
//! `C`.

/// What an operand denotes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OperandKind {
    /// A register of the frame's window; below `Proto::registers`.
    Reg,
    /// A signed number.
    Imm,
    /// A signed distance from the *next* instruction; lands inside the proto.
    Jump,
    /// A number of registers or words.
    Count,
    /// A position in an object.
    Index,
    /// An entry of `Module::constants`.
    Const,
    /// An entry of `Module::protos`.
    Proto,
    /// An entry of `Module::natives`.
    Native,
    /// An entry of `Module::globals`.
    Global,
    /// An entry of `Module::shapes`.
    Shape,
    /// A scalar kind, see `ScalarKind`.
    Scalar,
}

/// A value that fits an operand slot.
pub trait Operand: Copy {
    /// What it denotes.
    const KIND: OperandKind;
    /// Its width.
    const BITS: u32;
    /// The bits, above `BITS` all zero.
    fn to_bits(self) -> u64;
    /// From bits of which only the low `BITS` count.
    fn from_bits(bits: u64) -> Self;
}

macro_rules! operands {
    ($($(#[$doc:meta])* $name:ident($repr:ty as $unsigned:ty) $kind:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub $repr);

        impl Operand for $name {
            const KIND: OperandKind = OperandKind::$kind;
            const BITS: u32 = <$unsigned>::BITS;
            #[inline]
            fn to_bits(self) -> u64 {
                u64::from(self.0 as $unsigned)
            }
            #[inline]
            fn from_bits(bits: u64) -> Self {
                $name(bits as $unsigned as $repr)
            }
        }
    )*};
}

operands! {
    /// A register of the current window.
    Reg(u16 as u16) Reg
    /// One of the first 256 registers of the current window.
    LowReg(u8 as u8) Reg
    /// A signed 16-bit number.
    Imm16(i16 as u16) Imm
    /// A signed 32-bit number.
    Imm32(i32 as u32) Imm
    /// A short jump.
    Jump16(i16 as u16) Jump
    /// A long jump.
    Jump32(i32 as u32) Jump
    /// A small number of registers.
    Count(u8 as u8) Count
    /// A position in an object, or a number of items.
    Index(u16 as u16) Index
    /// A constant.
    ConstId(u32 as u32) Const
    /// A proto.
    ProtoId(u32 as u32) Proto
    /// A native function.
    NativeId(u32 as u32) Native
    /// A global.
    GlobalId(u32 as u32) Global
    /// A shape.
    ShapeId(u16 as u16) Shape
}

/// Scalars that live untagged in registers; an instruction attaches the tag where a value enters a cell, an argument of
/// an unknown function, or a register of polymorphic type.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
#[repr(u8)]
pub enum ScalarKind {
    /// A 64-bit integer.
    #[default]
    Int = 0,
    /// A double.
    Float = 1,
    /// 1 for True, 0 for False.
    Bool = 2,
    /// A Unicode scalar value.
    Char = 3,
}

impl Operand for ScalarKind {
    const KIND: OperandKind = OperandKind::Scalar;
    const BITS: u32 = 8;
    fn to_bits(self) -> u64 {
        self as u64
    }
    fn from_bits(bits: u64) -> Self {
        match bits & 3 {
            0 => ScalarKind::Int,
            1 => ScalarKind::Float,
            2 => ScalarKind::Bool,
            _ => ScalarKind::Char,
        }
    }
}
