//! Pairs: two instructions that often follow each other, run by one handler.
//!
//! Leaving a handler costs four or five instructions of the processor and a jump that it has to foresee, as much as the
//! work of a small instruction. So when a program is loaded, the number of an instruction gives way to that of a pair,
//! if it begins one (`set_pairs`). Its operands stay, and so does the instruction behind it, which the pair's handler
//! runs as well.
//!
//! What always holds: nothing moves. A jump that leads between the two finds the second, by itself or as the first of
//! another pair; all that looks at code from outside looks at the module's. The first of a pair cannot fail, leave or
//! wait; when the quick form of the second says no, it runs again by itself. So nobody can see whether two instructions
//! ran as a pair, and in the loop of debug builds a pair *is* its first instruction.
//!
//! Rejected: instructions of the module's that do the work of two. Each would need its row, its rules in the verifier
//! and its guard.

use aivi_bytecode::Opcode;
use aivi_bytecode::operand::OperandKind;

use super::table::internal;

/// The number of the first pair. Guards have what is left below (`guard.rs`).
pub(super) const FIRST: u8 = 0xd0;

/// `$with!` applied to all rows: name, first, second, and how both run. `both(f, g)`: f, then g. `either(f, g)`: f,
/// then g, which may say no. `unless(f, g)`: g, unless the test f of a jump holds, which then leads behind g.
macro_rules! with_pairs {
    ($with:ident) => {
        $with! {
            AddImmCall: AddIntImm, Call, either(int::add_imm, call::call);
            AddCall: AddInt, Call, either(int::add, call::call);
            MoveCall: Move, Call, either(register::mov, call::call);
            MoveRawCall: MoveRaw, Call, either(register::mov_raw, call::call);
            AddReturn: AddInt, ReturnScalar, both(int::add, call::ret_scalar);
            ReturnUnlessNe: JumpNeInt, ReturnScalar, unless(jump::is_ne, call::ret_scalar);
            ReturnUnlessLe: JumpLeInt, ReturnScalar, unless(jump::is_le, call::ret_scalar);
            ReturnUnlessNeImm: JumpNeIntImm, ReturnScalar, unless(jump::is_ne_imm, call::ret_scalar);
            ReturnUnlessGeImm: JumpGeIntImm, ReturnScalar, unless(jump::is_ge_imm, call::ret_scalar);
            MoveMove: Move, Move, both(register::mov, register::mov);
            MoveRawMove: MoveRaw, Move, both(register::mov_raw, register::mov);
            TagMove: Tag, Move, both(register::tag, register::mov);
            TagTag: Tag, Tag, both(register::tag, register::tag);
            AddImmMove: AddIntImm, Move, both(int::add_imm, register::mov);
            AddImmTag: AddIntImm, Tag, both(int::add_imm, register::tag);
            AddImmAddImm: AddIntImm, AddIntImm, both(int::add_imm, int::add_imm);
            AddAddImm: AddInt, AddIntImm, both(int::add, int::add_imm);
            MulAdd: MulInt, AddInt, both(int::mul, int::add);
            MulImmAdd: MulIntImm, AddInt, both(int::mul_imm, int::add);
            MulAddProduct: MulFloat, AddProduct, both(float::mul, float::add_product);
            MulSubProduct: MulFloat, SubProduct, both(float::mul, float::sub_product);
            SubSub: SubFloat, SubFloat, both(float::sub, float::sub);
            ConstSet: Const, ListSet, either(register::constant, list::set_flat);
            MoveLoop: Move, Loop, either(register::mov, jump::back);
            AddImmLoop: AddIntImm, Loop, either(int::add_imm, jump::back);
            AddImmLoopNe: AddIntImm, LoopNeInt, both(int::add_imm, jump::back_ne);
            AddImmLoopLe: AddIntImm, LoopLeInt, both(int::add_imm, jump::back_le);
            AddImmLoopNeImm: AddIntImm, LoopNeIntImm, both(int::add_imm, jump::back_ne_imm);
            AddLoopLe: AddInt, LoopLeInt, both(int::add, jump::back_le);
        }
    };
}

macro_rules! make {
    ($($name:ident: $first:ident, $second:ident, $kind:ident($($function:path),+);)*) => {
        /// The pairs, in the order of their numbers.
        #[derive(Clone, Copy)]
        pub(super) enum Pair {
            $($name,)*
        }

        /// All of them, with their first instructions.
        const PAIRS: &[(Pair, Opcode)] = &[$((Pair::$name, Opcode::$first),)*];

        /// The pair that two instructions are.
        const fn pair_of(first: Opcode, second: Opcode) -> Option<Pair> {
            match (first, second) {
                $((Opcode::$first, Opcode::$second) => Some(Pair::$name),)*
                _ => None,
            }
        }

        /// Whether its second instruction is left out when the jump, its first one, is taken.
        const fn is_skipping(pair: Pair) -> bool {
            match pair {
                $(Pair::$name => is_unless!($kind),)*
            }
        }
    };
}

macro_rules! is_unless {
    (unless) => {
        true
    };
    ($kind:ident) => {
        false
    };
}
with_pairs!(make);

const _: () = assert!(FIRST as usize + PAIRS.len() <= internal::APPLY_REST as usize);

/// The pair with this number.
pub(super) const fn pair(byte: u8) -> Option<Pair> {
    let index = byte.wrapping_sub(FIRST) as usize;
    if index < PAIRS.len() { Some(PAIRS[index].0) } else { None }
}

/// The instruction that begins at a word with this number, `None` if it is one of the machine's own.
#[cfg(any(test, debug_assertions, not(any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(super) fn first_of(byte: u8) -> Option<Opcode> {
    match pair(byte) {
        Some(pair) => Some(PAIRS[pair as usize].1),
        None => Opcode::from_byte(byte),
    }
}

/// Puts pairs into code that is to run, which has its guards: they begin no pair, and are no part of one.
pub(crate) fn set_pairs(code: &mut [u64]) {
    for at in 1..code.len() {
        let (word, next) = (code[at - 1], code[at]);
        // What stands behind `field.named` and in a switch may become one, too. Those words are read for other things
        // than their number.
        let (Some(first), Some(second)) = (Opcode::from_byte(word as u8), Opcode::from_byte(next as u8)) else {
            continue;
        };
        if let Some(pair) = pair_of(first, second)
            && (!is_skipping(pair) || leads_behind_next(first, word))
        {
            code[at - 1] = word & !0xff | u64::from(FIRST + pair as u8);
        }
    }
}

/// Whether a jump leads over one instruction.
fn leads_behind_next(jump: Opcode, word: u64) -> bool {
    jump.info().operands.iter().any(|operand| operand.kind == OperandKind::Jump && operand.value(word) == 1)
}

#[cfg(test)]
mod tests {
    use aivi_bytecode::{Imm16, Instruction, Jump16, ProtoId, Reg, ScalarKind};

    use super::*;

    fn with_pairs(code: &[Instruction]) -> Vec<u64> {
        let mut words: Vec<u64> = code.iter().map(|instruction| instruction.encode()).collect();
        set_pairs(&mut words);
        words
    }

    /// What begins at the words: the name of a pair's first instruction with a plus behind it.
    fn shown(words: &[u64]) -> Vec<String> {
        let name = |word: &u64| {
            let first = first_of(*word as u8).expect("it is an instruction").info().mnemonic;
            format!("{first}{}", if pair(*word as u8).is_some() { " +" } else { "" })
        };
        words.iter().map(name).collect()
    }

    const ADD: Instruction = Instruction::AddIntImm { dst: Reg(1), left: Reg(0), right: Imm16(1) };
    const CALL: Instruction = Instruction::Call { base: Reg(1), proto: ProtoId(0) };
    const RETURN: Instruction = Instruction::ReturnScalar { kind: ScalarKind::Int, src: Reg(0) };

    fn unless(by: i16) -> Instruction {
        Instruction::JumpGeIntImm { left: Reg(0), right: Imm16(2), by: Jump16(by) }
    }

    #[test]
    fn only_the_number_of_the_first_changes() {
        let words = with_pairs(&[ADD, CALL]);
        assert_eq!(shown(&words), ["add.int.imm +", "call"]);
        assert_eq!(words[0] & !0xff, ADD.encode() & !0xff);
        assert_eq!(words[1], CALL.encode());
    }

    #[test]
    fn pairs_overlap() {
        assert_eq!(shown(&with_pairs(&[ADD, ADD, CALL])), ["add.int.imm +", "add.int.imm +", "call"]);
    }

    #[test]
    fn a_jump_begins_a_pair_with_what_it_jumps_over_only() {
        assert_eq!(
            shown(&with_pairs(&[unless(1), RETURN, RETURN])),
            ["jump.ge.int.imm +", "return.scalar", "return.scalar"]
        );
        assert_eq!(
            shown(&with_pairs(&[unless(2), RETURN, RETURN])),
            ["jump.ge.int.imm", "return.scalar", "return.scalar"]
        );
    }

    #[test]
    fn what_has_a_guard_is_in_no_pair() {
        let guarded = RETURN.encode() & !0xff | u64::from(internal::GUARD);
        let mut words = [unless(1).encode(), guarded];
        set_pairs(&mut words);
        assert_eq!(words, [unless(1).encode(), guarded]);
    }

    #[test]
    fn numbers_of_pairs_are_of_nothing_else() {
        for byte in (0..=u8::MAX).filter(|byte| pair(*byte).is_some()) {
            assert_eq!(Opcode::from_byte(byte), None);
            assert_eq!(super::super::guard::guarded(byte), None);
        }
    }
}
