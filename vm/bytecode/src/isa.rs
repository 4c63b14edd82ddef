//! The instruction table.
//!
//! Notation: `R[a]` is a register; `:=` moves the right side in; *takes* means the register's value is consumed (the
//! register is dead afterwards), *borrows* means it stays with the register, *copies* means a counted copy. "Raw"
//! registers hold an untagged scalar (`ScalarKind`), all others hold a tagged value. Results of comparisons are raw
//! Bools. Where a result is written into an operand register that is taken, that is what keeps unique values unique.
//!
//! Behind an operand stands what happens to its register and what it has to hold (`role.rs`).
//!
//! Flags: `fuel` charges fuel and may yield; `checkpoint` polls cancellation and may wait; `fails` may unwind with a
//! failure; `faults` may unwind with a fault; `calls` pushes a frame; `ends` does not continue with the next
//! instruction. Any instruction with a flag other than `ends` needs a row in `Proto::drops` when it happens while
//! registers own values.

// `R[dst]` is a register, and no link.
#![allow(rustdoc::broken_intra_doc_links)]

use crate::operand::{
    ConstId, Count, GlobalId, Imm16, Imm32, Index, Jump16, Jump32, LowReg, NativeId, Operand, OperandKind, ProtoId,
    Reg, ScalarKind, ShapeId,
};
use crate::role::{Holds, Role};

/// Where an operand sits in the instruction word.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Slot {
    /// Bits 8..16.
    X,
    /// Bits 16..32.
    A,
    /// Bits 32..48.
    B,
    /// Bits 48..64.
    C,
    /// Bits 32..64.
    W,
}

impl Slot {
    /// The lowest bit.
    #[inline]
    #[must_use]
    pub const fn shift(self) -> u32 {
        match self {
            Slot::X => 8,
            Slot::A => 16,
            Slot::B | Slot::W => 32,
            Slot::C => 48,
        }
    }

    /// How many bits it has.
    #[must_use]
    pub const fn bits(self) -> u32 {
        match self {
            Slot::X => 8,
            Slot::A | Slot::B | Slot::C => 16,
            Slot::W => 32,
        }
    }
}

/// What an instruction may do besides its result.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(non_camel_case_types, missing_docs)]
pub enum Flag {
    fuel,
    checkpoint,
    fails,
    faults,
    calls,
    ends,
}

/// One operand of a row.
#[derive(Clone, Copy, Debug)]
pub struct OperandInfo {
    /// Its name in the table.
    pub name: &'static str,
    /// What it denotes.
    pub kind: OperandKind,
    /// Where it sits.
    pub slot: Slot,
    /// What happens to the register.
    pub role: Role,
    /// What the register has to hold, where it is tagged; after the instruction, if a value arrives there.
    pub holds: Holds,
}

impl OperandInfo {
    /// What the register has to hold before the instruction.
    #[inline]
    #[must_use]
    pub const fn needs(&self) -> Holds {
        match self.role {
            Role::gives | Role::calls => Holds::Any,
            _ => self.holds,
        }
    }

    /// Its number in `word`, sign-extended where it is signed.
    #[inline]
    #[must_use]
    pub const fn value(&self, word: u64) -> i64 {
        let bits = word >> self.slot.shift();
        match (self.kind, self.slot) {
            (OperandKind::Imm | OperandKind::Jump, Slot::W) => bits as i32 as i64,
            (OperandKind::Imm | OperandKind::Jump, _) => bits as i16 as i64,
            (_, Slot::X) => bits as u8 as i64,
            (_, Slot::W) => bits as u32 as i64,
            _ => bits as u16 as i64,
        }
    }

    /// `word` with another number in this place.
    #[must_use]
    pub const fn replaced(&self, word: u64, number: u32) -> u64 {
        let (bits, shift) = (self.slot.bits(), self.slot.shift());
        let mask = ((1 << bits) - 1) << shift;
        word & !mask | (number as u64) << shift & mask
    }

    /// Where the jump in `word` at `pc` leads, if not before the first instruction.
    #[must_use]
    pub fn target(&self, word: u64, pc: usize) -> Option<usize> {
        usize::try_from(self.value(word)).map_or_else(
            |_| (pc + 1).checked_sub(self.value(word).unsigned_abs() as usize),
            |forward| (pc + 1).checked_add(forward),
        )
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct OpcodeInfo {
    /// The opcode.
    pub opcode: Opcode,
    /// As in disassembly.
    pub mnemonic: &'static str,
    /// What it does.
    pub doc: &'static [&'static str],
    /// Its operands.
    pub operands: &'static [OperandInfo],
    /// Its flags.
    pub flags: &'static [Flag],
}

/// The role of an operand and what its register holds, as a row says or leaves out.
macro_rules! role {
    () => {
        Role::none
    };
    ($role:ident $($holds:ident)?) => {
        Role::$role
    };
}
macro_rules! holds {
    ($($role:ident)?) => {
        Holds::Any
    };
    ($role:ident $holds:ident) => {
        Holds::$holds
    };
}

macro_rules! isa {
    ($($(#[doc = $doc:literal])+ $code:literal $name:ident $mnemonic:literal
        { $($operand:ident: $kind:ident @ $slot:ident $($role:ident)*),* } [$($flag:ident),*])*) => {
        /// Opcodes.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[repr(u8)]
        pub enum Opcode { $($(#[doc = $doc])+ $name = $code,)* }

        /// Decoded instructions.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs)]
        pub enum Instruction { $($(#[doc = $doc])+ $name { $($operand: $kind),* },)* }

        /// All rows, in table order.
        pub const TABLE: &[OpcodeInfo] = &[$(OpcodeInfo {
            opcode: Opcode::$name,
            mnemonic: $mnemonic,
            doc: &[$($doc),+],
            operands: &[$(OperandInfo {
                name: stringify!($operand),
                kind: <$kind as Operand>::KIND,
                slot: Slot::$slot,
                role: role!($($role)*),
                holds: holds!($($role)*),
            }),*],
            flags: &[$(Flag::$flag),*],
        },)*];

        impl Opcode {
            /// The opcode with this number.
            #[must_use]
            pub const fn from_byte(byte: u8) -> Option<Opcode> {
                match byte { $($code => Some(Opcode::$name),)* _ => None }
            }

            /// Its row.
            #[inline]
            #[must_use]
            pub fn info(self) -> &'static OpcodeInfo {
                let row = match self { $(Opcode::$name => const { row_of($code) },)* };
                &TABLE[row]
            }
        }

        impl Instruction {
            /// The opcode.
            #[must_use]
            pub const fn opcode(self) -> Opcode {
                match self { $(Instruction::$name { .. } => Opcode::$name,)* }
            }

            /// The instruction word.
            #[must_use]
            pub fn encode(self) -> u64 {
                match self { $(Instruction::$name { $($operand),* } =>
                    $code as u64 $(| $operand.to_bits() << const { Slot::$slot.shift() })*,)* }
            }

            /// The instruction in `word`, if its opcode exists.
            #[must_use]
            pub fn decode(word: u64) -> Option<Instruction> {
                Some(match word as u8 {
                    $($code => Instruction::$name { $($operand: <$kind>::from_bits(word >> const { Slot::$slot.shift() })),* },)*
                    _ => return None,
                })
            }
        }
    };
}

const fn row_of(code: u8) -> usize {
    let mut row = 0;
    while row < TABLE.len() {
        if TABLE[row].opcode as u8 == code {
            return row;
        }
        row += 1;
    }
    panic!("every opcode stands in the table")
}

isa! {
    // -- registers
    /// R[dst] := R[src], all 16 bytes. Ownership goes along or stays, as the compiler decides.
    0x00 Move "move" { dst: Reg @ A becomes, src: Reg @ B reads } []
    /// R[dst] := a counted copy of R[src].
    0x01 Copy "copy" { dst: Reg @ A gives, src: Reg @ B sees } []
    /// Releases R[src].
    0x02 Drop "drop" { src: Reg @ A takes } []
    /// R[dst] := value, raw Int.
    0x03 Int "int" { dst: Reg @ A sets, value: Imm32 @ W } []
    /// R[dst] := constant; tagged, and its payload valid as a raw scalar too.
    0x04 Const "const" { dst: Reg @ A gives, value: ConstId @ W } []
    /// R[dst] := the raw scalar R[src] with the tag of `kind`.
    0x05 Tag "tag" { kind: ScalarKind @ X, dst: Reg @ A gives, src: Reg @ B reads } []
    /// R[dst] := the value of a global, evaluated on first use.
    0x06 Global "global" { dst: Reg @ A gives, global: GlobalId @ W } [calls, faults, checkpoint]
    /// R[dst] := R[src], a raw scalar: its payload only.
    0x07 MoveRaw "move.raw" { dst: Reg @ A sets, src: Reg @ B reads } []

    // -- Int: operands and results raw
    /// R[dst] := R[left] + R[right], wrapping.
    0x10 AddInt "add.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] - R[right], wrapping.
    0x11 SubInt "sub.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] * R[right], wrapping.
    0x12 MulInt "mul.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] / R[right], toward zero; MIN / -1 wraps; a fault when R[right] is 0.
    0x13 DivInt "div.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } [faults]
    /// R[dst] := R[left] % R[right], sign of the dividend; a fault when R[right] is 0.
    0x14 RemInt "rem.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } [faults]
    /// R[dst] := -R[src], wrapping.
    0x15 NegInt "neg.int" { dst: Reg @ A sets, src: Reg @ B reads } []
    /// R[dst] := R[left] + right.
    0x16 AddIntImm "add.int.imm" { dst: Reg @ A sets, left: Reg @ B reads, right: Imm16 @ C } []
    /// R[dst] := R[left] * right.
    0x17 MulIntImm "mul.int.imm" { dst: Reg @ A sets, left: Reg @ B reads, right: Imm16 @ C } []
    /// R[dst] := R[left] / right; right is neither 0 nor -1.
    0x18 DivIntImm "div.int.imm" { dst: Reg @ A sets, left: Reg @ B reads, right: Imm16 @ C } []
    /// R[dst] := R[left] % right; right is neither 0 nor -1.
    0x19 RemIntImm "rem.int.imm" { dst: Reg @ A sets, left: Reg @ B reads, right: Imm16 @ C } []
    /// R[dst] := R[left] == R[right], any raw scalars but Float.
    0x1a EqInt "eq.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] < R[right], signed.
    0x1b LtInt "lt.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] <= R[right], signed.
    0x1c LeInt "le.int" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := not R[src], raw Bools.
    0x1d Not "not" { dst: Reg @ A sets, src: Reg @ B reads } []

    // -- Float: operands and results raw
    /// R[dst] := R[left] + R[right].
    0x20 AddFloat "add.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] - R[right].
    0x21 SubFloat "sub.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] * R[right].
    0x22 MulFloat "mul.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] / R[right].
    0x23 DivFloat "div.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] % R[right], truncated remainder.
    0x24 RemFloat "rem.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := -R[src].
    0x25 NegFloat "neg.float" { dst: Reg @ A sets, src: Reg @ B reads } []
    /// R[dst] := R[left] == R[right], IEEE: NaN differs from itself.
    0x26 EqFloat "eq.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] < R[right], IEEE.
    0x27 LtFloat "lt.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[left] <= R[right], IEEE.
    0x28 LeFloat "le.float" { dst: Reg @ A sets, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := the square root of R[src]; NaN of a negative one.
    0x29 SqrtFloat "sqrt.float" { dst: Reg @ A sets, src: Reg @ B reads } []
    /// R[dst] := R[base] + R[left] * R[right], rounded twice. `dst` is one of the first 256 registers.
    0x2f AddProduct "add.product" { dst: LowReg @ X sets, base: Reg @ A reads, left: Reg @ B reads, right: Reg @ C reads } []
    /// R[dst] := R[base] - R[left] * R[right], rounded twice. `dst` is one of the first 256 registers.
    0x1e SubProduct "sub.product" { dst: LowReg @ X sets, base: Reg @ A reads, left: Reg @ B reads, right: Reg @ C reads } []

    // -- between numbers, raw
    /// R[dst] := the Float nearest to the Int R[src].
    0x2d FloatOfInt "float.of.int" { dst: Reg @ A sets, src: Reg @ B reads } []
    /// R[dst] := the Int that is R[src] without its fraction; the nearest Int when it is out of range, 0 of NaN.
    0x2e IntOfFloat "int.of.float" { dst: Reg @ A sets, src: Reg @ B reads } []

    // -- any values: operands tagged and borrowed
    /// R[dst] := R[left] == R[right], structural; a fault on functions, effects and handles.
    0x2a EqValue "eq.value" { dst: Reg @ A sets, left: Reg @ B sees, right: Reg @ C sees } [faults]
    /// R[dst] := R[left] < R[right] in the built-in total order.
    0x2b LtValue "lt.value" { dst: Reg @ A sets, left: Reg @ B sees, right: Reg @ C sees } [faults]
    /// R[dst] := R[left] <= R[right] in the built-in total order.
    0x2c LeValue "le.value" { dst: Reg @ A sets, left: Reg @ B sees, right: Reg @ C sees } [faults]

    // -- jumps
    /// pc += by.
    0x30 Jump "jump" { by: Jump32 @ W } []
    /// pc += by, backwards; charges fuel.
    0x31 Loop "loop" { by: Jump32 @ W } [fuel, checkpoint]
    /// If the raw Bool R[test] is true, pc += by.
    0x32 JumpIf "jump.if" { test: Reg @ A reads, by: Jump32 @ W } []
    /// If the raw Bool R[test] is false, pc += by.
    0x33 JumpUnless "jump.unless" { test: Reg @ A reads, by: Jump32 @ W } []
    /// If R[left] == R[right] (raw, not Float), pc += by.
    0x34 JumpEqInt "jump.eq.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] != R[right], pc += by.
    0x35 JumpNeInt "jump.ne.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] < R[right], pc += by.
    0x36 JumpLtInt "jump.lt.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] <= R[right], pc += by.
    0x37 JumpLeInt "jump.le.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] == right, pc += by.
    0x38 JumpEqIntImm "jump.eq.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] != right, pc += by.
    0x39 JumpNeIntImm "jump.ne.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] < right, pc += by.
    0x3a JumpLtIntImm "jump.lt.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] <= right, pc += by.
    0x3b JumpLeIntImm "jump.le.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] > right, pc += by.
    0x3c JumpGtIntImm "jump.gt.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] >= right, pc += by.
    0x3d JumpGeIntImm "jump.ge.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] < R[right] (Float), pc += by.
    0x3e JumpLtFloat "jump.lt.float" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If not R[left] < R[right] (Float), pc += by.
    0x3f JumpNotLtFloat "jump.not.lt.float" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] <= R[right] (Float), pc += by.
    0x40 JumpLeFloat "jump.le.float" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If not R[left] <= R[right] (Float), pc += by.
    0x41 JumpNotLeFloat "jump.not.le.float" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If the constructor of R[subject] (borrowed) has position `index`, pc += by.
    0x42 JumpConstructor "jump.con" { subject: Reg @ A sees Subject, index: Index @ B, by: Jump16 @ C } []
    /// If the constructor of R[subject] (borrowed) has another position than `index`, pc += by.
    0x43 JumpNotConstructor "jump.not.con" { subject: Reg @ A sees Subject, index: Index @ B, by: Jump16 @ C } []
    /// pc += position of the constructor of R[subject] (borrowed); `count` jumps follow, one for each position.
    0x44 SwitchConstructor "switch.con" { subject: Reg @ A sees Subject, count: Index @ B } []
    /// If R[src] (borrowed) is the absent value, which a native function gives for None, pc += by.
    0x45 JumpAbsent "jump.absent" { src: Reg @ A sees, by: Jump16 @ C } []

    // -- jumps back: if the condition holds and there is fuel, charge it and pc += by, backwards; else go on with the
    // next instruction, a `loop` to the test of the same condition
    /// If R[left] == R[right] (raw, not Float) and there is fuel: pc += by, backwards.
    0x46 LoopEqInt "loop.eq.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] != R[right] and there is fuel: pc += by, backwards.
    0x47 LoopNeInt "loop.ne.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] < R[right] and there is fuel: pc += by, backwards.
    0x48 LoopLtInt "loop.lt.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] <= R[right] and there is fuel: pc += by, backwards.
    0x49 LoopLeInt "loop.le.int" { left: Reg @ A reads, right: Reg @ B reads, by: Jump16 @ C } []
    /// If R[left] == right and there is fuel: pc += by, backwards.
    0x4a LoopEqIntImm "loop.eq.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] != right and there is fuel: pc += by, backwards.
    0x4b LoopNeIntImm "loop.ne.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] < right and there is fuel: pc += by, backwards.
    0x4c LoopLtIntImm "loop.lt.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] <= right and there is fuel: pc += by, backwards.
    0x4d LoopLeIntImm "loop.le.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] > right and there is fuel: pc += by, backwards.
    0x4e LoopGtIntImm "loop.gt.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []
    /// If R[left] >= right and there is fuel: pc += by, backwards.
    0x4f LoopGeIntImm "loop.ge.int.imm" { left: Reg @ A reads, right: Imm16 @ B, by: Jump16 @ C } []

    // -- objects: constructors with arguments, tuples, records; closures have their captures as fields
    /// R[dst] := a new object of `shape` from R[first], …; takes them. `count` is the shape's number of fields.
    0x50 New "new" { count: Count @ X, dst: Reg @ A gives Object, first: Reg @ B takes, shape: ShapeId @ C } []
    /// R[dst] := a counted copy of field `index` of R[object], which is borrowed.
    0x51 Field "field" { dst: Reg @ A gives, object: Reg @ B sees Parts, index: Index @ C } []
    /// R[dst] := field `index` of R[object] (borrowed), known to be a scalar; raw.
    0x52 FieldRaw "field.raw" { dst: Reg @ A sets, object: Reg @ B sees Fields, index: Index @ C } []
    /// R[first], … := all `count` fields of R[object], which is taken: moved when it is unique, else copied.
    0x53 Unpack "unpack" { count: Count @ X, first: Reg @ A gives, object: Reg @ B takes Fields } []
    /// Field `index` of R[object] := R[value], taken. In place when R[object] is unique, else R[object] becomes a copy
    /// first.
    0x54 SetField "set.field" { object: Reg @ A edits Object, value: Reg @ B takes, index: Index @ C } []
    /// R[dst] := field `index` of R[object], moved out when R[object] is unique (a `set.field` must follow before the
    /// object is used again), else a counted copy of the field, R[object] left as it is.
    0x55 TakeField "take.field" { dst: Reg @ A gives, object: Reg @ B edits Object, index: Index @ C } []
    /// R[dst] := field `index` of R[object] (borrowed), which keeps it: to be read while R[object] lives.
    0x5a FieldPeek "field.peek" { dst: Reg @ A shows, object: Reg @ B sees Fields, index: Index @ C } []
    /// R[first], … := `count` fields of R[object] (borrowed) from `index` on, known to be scalars; raw.
    0x58 FieldsRaw "fields.raw" { count: Count @ X, first: Reg @ A sets, object: Reg @ B sees Fields, index: Index @ C } []
    /// Fields of R[object] from `index` on := the raw scalars R[first], … (`count`), which are of the kinds that the
    /// fields have. In place when R[object] is unique, else R[object] becomes a copy first.
    0x59 SetFieldsRaw "set.fields.raw" { count: Count @ X, object: Reg @ A edits Object, first: Reg @ B reads, index: Index @ C } []
    /// R[dst] := a counted copy of the field of R[object] (borrowed) whose name is the text constant that follows this
    /// word as the `value` of a `const` instruction; for records of open type.
    0x56 FieldNamed "field.named" { dst: Reg @ A gives, object: Reg @ B sees Record } []
    /// As `set.field`, the field named by the `const` word that follows; a task handle becomes an ordinary record
    /// first.
    0x57 SetNamed "set.named" { object: Reg @ A edits Record, value: Reg @ B takes } []

    // -- lists
    /// R[dst] := the list of R[first], … (`count` of them, taken).
    0x60 List "list" { dst: Reg @ A gives List, first: Reg @ B takes, count: Index @ C } []
    /// R[list] := R[list] with R[item] (taken) at its end; amortised O(1) in place when unique.
    0x61 ListPush "list.push" { list: Reg @ A edits List, item: Reg @ B takes } []
    /// R[list] := R[item] (taken) before R[list]; amortised O(1) in place when unique.
    0x62 ListPrepend "list.prepend" { list: Reg @ A edits List, item: Reg @ B takes } []
    /// R[left] := R[left] ++ R[right]; takes both.
    0x63 ListConcat "list.concat" { left: Reg @ A edits List, right: Reg @ B takes List } []
    /// R[dst] := [R[first]..R[last]], raw Ints, inclusive.
    0x64 ListRange "list.range" { dst: Reg @ A gives List, first: Reg @ B reads, last: Reg @ C reads } []
    /// R[dst] := length of R[list] (borrowed), raw Int.
    0x65 ListLength "list.length" { dst: Reg @ A sets, list: Reg @ B sees List } []
    /// R[dst] := a counted copy of item R[index] (raw) of R[list] (borrowed); a fault out of range.
    0x66 ListGet "list.get" { dst: Reg @ A gives, list: Reg @ B sees List, index: Reg @ C reads } [faults]
    /// R[dst] := item R[index] (raw) of R[list] (borrowed), which keeps it: to be read while R[list] lives; a fault out
    /// of range.
    0x5b ListPeek "list.peek" { dst: Reg @ A shows, list: Reg @ B sees List, index: Reg @ C reads } [faults]
    /// R[dst] := a counted copy of item `index` of R[list] (borrowed), known to exist.
    0x67 ListItem "list.item" { dst: Reg @ A gives, list: Reg @ B sees List, index: Index @ C } []
    /// R[dst] := R[list] (taken) without its first `count` items, known to exist. An empty list, without none, keeps
    /// little memory.
    0x68 ListDrop "list.drop" { dst: Reg @ A gives List, list: Reg @ B takes List, count: Index @ C } []
    /// R[head] := the first item of R[list], moved; R[list] := the rest. R[list] is not empty.
    0x69 ListUncons "list.uncons" { head: Reg @ A gives, list: Reg @ B edits List } []
    /// R[list] := R[list] with R[item] (taken) as item R[index] (raw), in place when unique; unchanged out of range.
    0x6d ListSet "list.set" { list: Reg @ A edits List, index: Reg @ B reads, item: Reg @ C takes } []
    /// R[dst] := item R[index] (raw) of R[list], moved out when R[list] is unique, else R[list] becomes a copy first;
    /// `list.set` of it must follow before R[list] is used again. The absent value when there is no such item, R[list]
    /// left as it is.
    0x7f ListTake "list.take" { dst: Reg @ A gives, list: Reg @ B edits List, index: Reg @ C reads } []
    /// If R[list] (borrowed) has exactly `length` items, pc += by.
    0x6a JumpLength "jump.length" { list: Reg @ A sees List, length: Index @ B, by: Jump16 @ C } []
    /// If R[list] (borrowed) has not exactly `length` items, pc += by.
    0x6b JumpNotLength "jump.not.length" { list: Reg @ A sees List, length: Index @ B, by: Jump16 @ C } []
    /// If R[list] (borrowed) has fewer than `length` items, pc += by.
    0x6c JumpShorter "jump.shorter" { list: Reg @ A sees List, length: Index @ B, by: Jump16 @ C } []
    /// As `list.uncons`; if R[list] is empty, pc += by instead.
    0x6f ListNext "list.next" { head: Reg @ A gives, list: Reg @ B edits List, by: Jump16 @ C } []
    /// If R[list] (borrowed) has no item R[index] (raw), pc += by.
    0x6e JumpOutside "jump.outside" { list: Reg @ A sees List, index: Reg @ B reads, by: Jump16 @ C } []

    // -- texts
    /// R[dst] := the texts R[first], … (`count`, taken) one after the other; appends in place when the first is unique.
    0x70 TextJoin "text.join" { dst: Reg @ A gives Text, first: Reg @ B takes Text, count: Index @ C } []
    /// R[dst] := toText R[src]; borrows R[src], which is tagged.
    0x71 ToText "to.text" { dst: Reg @ A gives Text, src: Reg @ B sees } []
    /// R[dst] := the part of R[text] (borrowed) from scalar value R[first] to before R[first + 1], raw Ints, both
    /// clamped; a negative start counts from the end.
    0x72 TextSlice "text.slice" { dst: Reg @ A gives Text, text: Reg @ B sees Text, first: Reg @ C reads } []
    /// R[dst] := number of scalar values of R[text] (borrowed), raw Int.
    0x73 TextLength "text.length" { dst: Reg @ A sets, text: Reg @ B sees Text } []
    /// If R[left] and R[right] (borrowed) are the same text, pc += by.
    0x74 JumpEqText "jump.eq.text" { left: Reg @ A sees Text, right: Reg @ B sees Text, by: Jump16 @ C } []
    /// If R[left] and R[right] (borrowed) are different texts, pc += by.
    0x75 JumpNeText "jump.ne.text" { left: Reg @ A sees Text, right: Reg @ B sees Text, by: Jump16 @ C } []

    // -- maps and sets: keys and elements are tagged; a fault when they cannot be compared
    /// R[dst] := a counted copy of what R[key] leads to in R[map], both borrowed; the absent value when there is
    /// nothing.
    0x78 MapGet "map.get" { dst: Reg @ A gives, map: Reg @ B sees Map, key: Reg @ C sees } [faults]
    /// R[dst] := what R[key] leads to in R[map] (both borrowed), known to be a scalar; unchanged when there is nothing.
    0x79 MapGetOr "map.get.or" { dst: Reg @ A adjusts, map: Reg @ B sees Map, key: Reg @ C sees } [faults]
    /// R[map] := R[map] where R[key] leads to R[value], both taken; in place when unique.
    0x7a MapInsert "map.insert" { map: Reg @ A edits Map, key: Reg @ B takes, value: Reg @ C takes } [faults]
    /// R[dst] := whether R[key] leads to something in R[map], both borrowed; raw.
    0x7b MapHas "map.has" { dst: Reg @ A sets, map: Reg @ B sees Map, key: Reg @ C sees } [faults]
    /// R[set] := R[set] with R[item], taken; in place when unique.
    0x7c SetInsert "set.insert" { set: Reg @ A edits Set, item: Reg @ B takes } [faults]
    /// R[dst] := whether R[item] is in R[set], both borrowed; raw.
    0x7d SetHas "set.has" { dst: Reg @ A sets, set: Reg @ B sees Set, item: Reg @ C sees } [faults]
    /// R[dst] := what R[key] (borrowed) leads to in R[map], moved out when R[map] is unique, else R[map] becomes a copy
    /// first; `map.insert` or the removal of the key must follow before R[map] is used again. The absent value when
    /// there is nothing, R[map] left as it is.
    0x7e MapTake "map.take" { dst: Reg @ A gives, map: Reg @ B edits Map, key: Reg @ C sees } [faults]

    // -- functions
    /// R[reg] := a function of `proto` that captures R[reg], … (`count`, taken).
    0x80 Closure "closure" { count: Count @ X, reg: Reg @ A calls Function, proto: ProtoId @ W } []
    /// R[reg] := `proto` applied to fewer arguments than it has parameters, or all of an effect's: R[reg], … (`count`,
    /// taken).
    0x81 Partial "partial" { count: Count @ X, reg: Reg @ A calls Function, proto: ProtoId @ W } []
    /// Calls `proto` with the arguments R[base], … (taken); its window starts at R[base], where the result arrives,
    /// tagged. For an effect's proto this runs it.
    0x82 Call "call" { base: Reg @ A calls, proto: ProtoId @ W } [calls, fuel, checkpoint, faults, fails]
    /// As `call`, in place of the current frame.
    0x83 TailCall "tail.call" { base: Reg @ A calls, proto: ProtoId @ W } [calls, fuel, checkpoint, faults, ends]
    /// Applies R[function] (taken) to R[base], … (`count`, taken); R[base] := result. Fewer arguments than parameters
    /// make a partial application, more apply the result to the rest. Does not run effects.
    0x84 CallValue "call.value" { count: Count @ X, base: Reg @ A calls, function: Reg @ B takes Function } [calls, fuel, checkpoint, faults]
    /// As `call.value`, in place of the current frame.
    0x85 TailCallValue "tail.call.value" { count: Count @ X, base: Reg @ A calls, function: Reg @ B takes Function } [calls, fuel, checkpoint, faults, ends]
    /// As `call.value`, then runs the effect that results. With count 0, R[function] is an effect and is run.
    0x86 CallRun "call.run" { count: Count @ X, base: Reg @ A calls, function: Reg @ B takes Function } [calls, fuel, checkpoint, faults, fails]
    /// As `call.run`, in place of the current frame.
    0x87 TailCallRun "tail.call.run" { count: Count @ X, base: Reg @ A calls, function: Reg @ B takes Function } [calls, fuel, checkpoint, faults, fails, ends]
    /// R[base] := native function applied to the tagged arguments R[base], … (`count`); each is taken or borrowed as
    /// the import's modes say. For an effect this runs it; else it may be no checkpoint, when there is little to do.
    0x88 CallNative "call.native" { count: Count @ X, base: Reg @ A calls, native: NativeId @ W } [checkpoint, fails, faults]
    /// Returns R[src] (tagged, taken) to the caller.
    0x89 Return "return" { src: Reg @ A takes } [ends]
    /// Returns the raw scalar R[src], tagging it.
    0x8a ReturnScalar "return.scalar" { kind: ScalarKind @ X, src: Reg @ A reads } [ends]

    /// Returns a new object of `shape` from R[first], … (`count`, taken), as `new` makes it. When the caller goes on
    /// with an `unpack` of the result, perhaps behind a `jump.not.con` of it, no object is made: the fields go where
    /// `unpack` would put them.
    0x8b ReturnNew "return.new" { count: Count @ X, first: Reg @ B takes, shape: ShapeId @ C } [ends]

    // -- failures, faults, cleanups
    /// Unwinds with the failure R[error] (taken).
    0x90 Fail "fail" { error: Reg @ A takes } [fails, ends]
    /// Unwinds with a fault whose message is the text R[message] (taken).
    0x91 Panic "panic" { message: Reg @ A takes Text } [faults, ends]
    /// Unwinds with a fault whose message is a text constant.
    0x92 Fault "fault" { message: ConstId @ W } [faults, ends]
    /// Runs the effect R[effect] (taken) as a cleanup: masked from cancellation; its failure or fault is reported as a
    /// warning and dropped, as is its result. Uses the window from R[base] on.
    0x93 Cleanup "cleanup" { base: Reg @ A clears, effect: Reg @ B takes Function } [calls]
    /// End of a cleanup handler: goes on with the unwinding that led there.
    0x94 Resume "resume" {} [fails, faults, ends]

    // -- fibers: every one is a checkpoint, waits or not. Operands tagged unless said otherwise, taken unless said
    // otherwise.
    /// R[dst] := Unit after R[millis] (raw Int) milliseconds; yields when not positive.
    0xa0 Sleep "sleep" { dst: Reg @ A gives, millis: Reg @ B reads } [checkpoint]
    /// R[dst] := the task that runs R[effect] in the innermost scope.
    0xa1 Spawn "spawn" { dst: Reg @ A gives Task, effect: Reg @ B takes Function } [checkpoint]
    /// R[dst] := the task that runs R[effect] in the scope R[scope]; a fault when that has ended.
    0xa2 SpawnIn "spawn.in" { dst: Reg @ A gives Task, scope: Reg @ B takes Scope, effect: Reg @ C takes Function } [checkpoint, faults]
    /// R[dst] := the value of the task R[task].
    0xa3 Join "join" { dst: Reg @ A gives, task: Reg @ B takes Task } [checkpoint, fails, faults]
    /// Requests cancellation of R[task]; R[dst] := Unit.
    0xa4 Cancel "cancel" { dst: Reg @ A gives, task: Reg @ B takes Task } [checkpoint]
    /// R[dst] := whether cancellation of R[task] was requested before it ended; tagged Bool.
    0xa5 IsCancelled "is.cancelled" { dst: Reg @ A gives, task: Reg @ B takes Task } [checkpoint]
    /// Waits until all tasks of R[scope] have ended; R[dst] := Unit.
    0xa6 JoinAll "join.all" { dst: Reg @ A gives, scope: Reg @ B takes Scope } [checkpoint, fails, faults]
    /// R[dst] := (value of R[left], value of R[right]), both effects run at once.
    0xa7 Par "par" { dst: Reg @ A gives Object, left: Reg @ B takes Function, right: Reg @ C takes Function } [checkpoint, fails, faults]
    /// R[dst] := the value of whichever effect ends first.
    0xa8 Race "race" { dst: Reg @ A gives, left: Reg @ B takes Function, right: Reg @ C takes Function } [checkpoint, fails, faults]
    /// R[base] := the value of the effect R[base + 2], or failure R[base + 1] when it takes longer than R[base] (raw
    /// Int) milliseconds.
    0xa9 Timeout "timeout" { base: Reg @ A calls } [checkpoint, fails, faults]
    /// R[dst] := the outcome of applying R[body] to the handle of a new scope and running the effect.
    0xaa Scope "scope" { dst: Reg @ A gives, body: Reg @ B takes Function } [checkpoint, fails, faults]
    /// R[dst] := what the effect in field `field` of R[record] yields when run: `join`, `cancel`, `isCancelled` of a
    /// task handle or of a record that looks like one (fields sorted: cancel 0, isCancelled 1, join 2). Uses the window
    /// from R[dst] on.
    0xab RunTaskField "run.task.field" { dst: Reg @ A gives, record: Reg @ B takes Record, field: Index @ C } [calls, checkpoint, fails, faults]
    /// R[dst] := the values of all effects in the list R[effects], run at once, in its order; the first error cancels
    /// the others.
    0xac ParAll "par.all" { dst: Reg @ A gives List, effects: Reg @ B takes List } [checkpoint, fails, faults]
    /// As `par.all`; R[dst] := Ok value or Err error of each, none is cancelled because another fails.
    0xad ParSettled "par.settled" { dst: Reg @ A gives List, effects: Reg @ B takes List } [checkpoint, faults]
    /// R[dst] := the value of whichever effect in the list R[effects] ends first; the others are cancelled.
    0xae RaceAll "race.all" { dst: Reg @ A gives, effects: Reg @ B takes List } [checkpoint, fails, faults]
    /// As `race.all`, of whichever ends first with a value; when all fail, the failure is the list of their errors.
    0xaf RaceAny "race.any" { dst: Reg @ A gives, effects: Reg @ B takes List } [checkpoint, fails, faults]
    /// As `par.all`, for the effects that R[base + 1] gives for the items of the list R[base + 2], with at most R[base]
    /// (raw Int) of them at once; the result is in R[base].
    0xb8 ParEach "par.each" { base: Reg @ A calls } [checkpoint, fails, faults]
    /// As `par.each`, with the result of `par.settled`.
    0xb9 ParEachSettled "par.each.settled" { base: Reg @ A calls } [checkpoint, faults]
    /// R[dst] := (sender, receiver) of a new unbounded channel.
    0xb0 ChanMake "chan.make" { dst: Reg @ A gives Object } [checkpoint]
    /// R[dst] := (sender, receiver) of a new channel of capacity R[capacity] (raw Int); a fault when negative.
    0xb1 ChanBounded "chan.bounded" { dst: Reg @ A gives Object, capacity: Reg @ B reads } [checkpoint, faults]
    /// Sends R[value] on R[sender], which is borrowed; waits while it is full; R[dst] := Unit. A fault when closed.
    0xb2 ChanSend "chan.send" { dst: Reg @ A gives, sender: Reg @ B sees Sender, value: Reg @ C takes } [checkpoint, faults]
    /// R[dst] := Ok message, or Err Closed; waits while the channel is open and empty. Borrows R[receiver].
    0xb3 ChanRecv "chan.recv" { dst: Reg @ A gives Object, receiver: Reg @ B sees Receiver } [checkpoint]
    /// Closes the channel of R[sender], which is borrowed; R[dst] := Unit.
    0xb4 ChanClose "chan.close" { dst: Reg @ A gives, sender: Reg @ B sees Sender } [checkpoint]
    /// As `chan.send`; R[dst] := Ok Unit or Err Closed.
    0xb5 ChanSendResult "chan.send.result" { dst: Reg @ A gives, sender: Reg @ B sees Sender, value: Reg @ C takes } [checkpoint]
    /// As `chan.send`, but never waits; R[dst] := Ok Unit, Err Full or Err SenderClosed.
    0xb6 ChanTrySend "chan.try.send" { dst: Reg @ A gives, sender: Reg @ B sees Sender, value: Reg @ C takes } [checkpoint]
    /// As `chan.recv`, but never waits; R[dst] := Ok message, Err Empty or Err ReceiverClosed.
    0xb7 ChanTryRecv "chan.try.recv" { dst: Reg @ A gives, receiver: Reg @ B sees Receiver } [checkpoint]
    /// R[dst] := (what came of one case of the list R[cases], the function to be applied to that); of those that can be
    /// done at once one by chance; waits until one can be done, or the shortest of their times is over. A fault when it
    /// sends to a closed channel.
    0xba Select "select" { dst: Reg @ A gives, cases: Reg @ B takes List } [checkpoint, faults]
    /// As `select`; of those that can be done at once the first.
    0xbb SelectInOrder "select.in.order" { dst: Reg @ A gives, cases: Reg @ B takes List } [checkpoint, faults]
    /// R[dst] := a gate with R[permits] (raw Int) permits.
    0xbc PermitsMake "permits.make" { dst: Reg @ A gives Gate, permits: Reg @ B reads } [checkpoint]
    /// Takes R[permits] (raw Int) permits of R[gate], which is borrowed; waits, in the order of coming, until they are
    /// free; R[dst] := Unit.
    0xbd PermitsTake "permits.take" { dst: Reg @ A gives, gate: Reg @ B sees Gate, permits: Reg @ C reads } [checkpoint]
    /// Gives R[permits] (raw Int) permits back to R[gate], which is borrowed; R[dst] := Unit.
    0xbe PermitsGive "permits.give" { dst: Reg @ A gives, gate: Reg @ B sees Gate, permits: Reg @ C reads } [checkpoint]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_register_has_a_role_and_nothing_else_has_one() {
        for row in TABLE {
            for operand in row.operands {
                let is_register = operand.kind == OperandKind::Reg;
                assert_eq!(is_register, operand.role != Role::none, "{} {}", row.mnemonic, operand.name);
            }
        }
    }

    #[test]
    fn every_row_round_trips() {
        for row in TABLE {
            for fill in [0u64, u64::MAX, 0x0102_0304_0506_0708] {
                let Some(first) = Instruction::decode((fill & !0xff) | row.opcode as u64) else {
                    panic!("{} does not decode", row.mnemonic);
                };
                let again = Instruction::decode(first.encode()).expect("what was encoded decodes");
                assert_eq!(first, again, "{}", row.mnemonic);
            }
        }
    }
}
