//! Moves that need not be: a value that is moved to another register and used up before its block ends can stay where
//! it is.
//!
//! Lowering gives what it computes a register on top, also where a variable ends there: the rest of a list, a record
//! that is updated. Once it is known who dies where, the operations behind such a move can name the variable's register
//! instead.
//!
//! The other way round, what is computed and later moved to where it belongs, as the next value of a loop's variable or
//! an argument, is computed there at once.

use aivi_bytecode::isa::Slot;
use aivi_bytecode::operand::OperandKind;
use aivi_bytecode::{Instruction, Reg};

use super::code::{Action, Class, Code, Op};
use super::liveness::{Block, Flow, is_flagged, touched};
use super::operands::{Operands, operands};

/// Operations that are looked at behind a move; arbitrary: what bounds the work.
const REACH: usize = 100;

/// Turns moves into nothing, where it can; keeps `flow` true.
pub(super) fn coalesce(code: &mut Code, flow: &mut Flow) {
    for index in 0..flow.blocks.len() {
        let block = &flow.blocks[index];
        if !block.reachable || !block.regions.is_empty() {
            continue;
        }
        for op in block.start..block.end {
            let Op::Take { dst, src } = code.ops[op].0 else { continue };
            if dst == src || flow.deaths[op].as_slice() != [src] {
                continue;
            }
            if let Some(renamed) = computed_there(code, &flow.blocks[index], op, (dst, src)) {
                for (at, operation) in renamed {
                    code.ops[at].0 = operation;
                    flow.deaths[at].retain(|dead| *dead != dst);
                }
                code.ops[op].0 = Op::Take { dst, src: dst };
                flow.deaths[op].clear();
            } else if let Some(renamed) = renamed(code, flow, &flow.blocks[index], op, (dst, src)) {
                let last = renamed.last().map_or(op, |(at, _)| *at);
                for (at, operation) in renamed {
                    code.ops[at].0 = operation;
                }
                code.ops[op].0 = Op::Take { dst: src, src };
                flow.deaths[op].clear();
                for dead in flow.deaths[last].iter_mut().filter(|dead| **dead == dst) {
                    *dead = src;
                }
            }
        }
    }
}

/// The operations that use what the move at `op` moves, with the source in the place of the target; none unless they
/// are all in the block and the source is free until then.
fn renamed(code: &Code, flow: &Flow, block: &Block, op: usize, (dst, src): (Reg, Reg)) -> Option<Vec<(usize, Op)>> {
    let mut found = Vec::new();
    for at in (op + 1..block.end).take(REACH) {
        let operation = &code.ops[at].0;
        let (all, writes) = touched(operation);
        let touches = |reg| all.reads.contains(&reg) || all.takes.contains(&reg) || writes.contains(&reg);
        // The window of a call lies above the target, perhaps not above the source.
        if touches(src) || src > dst && is_flagged(operation) {
            return None;
        }
        if touches(dst) {
            found.push((at, with(operation, dst, src)?));
            if all.takes.contains(&dst) || flow.deaths[at].contains(&dst) {
                return (!all.takes.contains(&dst) || !writes.contains(&dst)).then_some(found);
            }
        }
    }
    None
}

/// The operations from the one that computes what the move at `op` moves, with the target in the place of the source;
/// none unless they are all in the block and the target is free from there on.
fn computed_there(code: &Code, block: &Block, op: usize, (dst, src): (Reg, Reg)) -> Option<Vec<(usize, Op)>> {
    let mut found = Vec::new();
    for at in (block.start..op).rev().take(REACH) {
        let operation = &code.ops[at].0;
        let (all, writes) = touched(operation);
        if writes.contains(&src) {
            let Op::Do(action) = operation else { return None };
            let replaces = action.class != Class::Scalar && all.reads.contains(&dst) || action.class == Class::Alias;
            if is_flagged(operation) || replaces || all.reads.contains(&src) || all.takes.contains(&src) {
                return None;
            }
            let instruction = instruction_to(action.instruction, src, dst)?;
            found.push((at, Op::Do(Box::new(Action { instruction, ..(**action).clone() }))));
            return Some(found);
        }
        let touches = |reg| all.reads.contains(&reg) || all.takes.contains(&reg) || writes.contains(&reg);
        // The window of a call lies above the source, perhaps not above the target.
        if touches(dst) || dst > src && is_flagged(operation) {
            return None;
        }
        if touches(src) {
            found.push((at, with(operation, src, dst)?));
        }
    }
    None
}

/// The instruction with its result in another register.
fn instruction_to(instruction: Instruction, old: Reg, new: Reg) -> Option<Instruction> {
    let word = instruction.encode();
    let expected = Operands { write: Some(new), ..operands(instruction) };
    let named = instruction.opcode().info().operands.iter().filter(|operand| operand.kind == OperandKind::Reg);
    let fits = |slot| slot != Slot::X || new.0 <= u16::from(u8::MAX);
    named
        .filter(|operand| operand.value(word) == i64::from(old.0) && fits(operand.slot))
        .filter_map(|operand| Instruction::decode(operand.replaced(word, new.0.into())))
        .find(|changed| operands(*changed) == expected)
}

/// The operation with another register in the place of `old`, if that is all that changes.
pub(super) fn with(operation: &Op, old: Reg, new: Reg) -> Option<Op> {
    let other = |reg: Reg| if reg == old { new } else { reg };
    Some(match operation {
        Op::Do(action) => {
            if action.takes.contains(&old) || action.reads.contains(&old) {
                return None;
            }
            let instruction = instruction_with(action.instruction, old, new)?;
            Op::Do(Box::new(Action { instruction, ..(**action).clone() }))
        }
        Op::Take { dst, src } if *dst != old => Op::Take { dst: *dst, src: other(*src) },
        Op::Borrow { dst, src } if *dst != old => Op::Borrow { dst: *dst, src: other(*src) },
        Op::Scalar { dst, src } if *dst != old => Op::Scalar { dst: *dst, src: other(*src) },
        Op::Tag(kind, reg) => Op::Tag(*kind, other(*reg)),
        Op::Fields { object, first, index, count } if *object == old => {
            Op::Fields { object: new, first: *first, index: *index, count: *count }
        }
        Op::Unpack { object, first, fields } if *object == old => {
            Op::Unpack { object: new, first: *first, fields: fields.clone() }
        }
        _ => return None,
    })
}

/// As `with`: windows, which would move as a whole, stay where they are.
pub(super) fn instruction_with(instruction: Instruction, old: Reg, new: Reg) -> Option<Instruction> {
    let mut word = instruction.encode();
    for operand in instruction.opcode().info().operands {
        if operand.kind == OperandKind::Reg && operand.value(word) == i64::from(old.0) {
            if operand.slot == Slot::X && new.0 > u16::from(u8::MAX) {
                return None;
            }
            word = operand.replaced(word, new.0.into());
        }
    }
    let changed = Instruction::decode(word)?;
    let mut expected = operands(instruction);
    let registers = expected.reads.iter_mut().chain(&mut expected.takes).chain(&mut expected.write);
    registers.filter(|reg| **reg == old).for_each(|reg| *reg = new);
    (operands(changed) == expected).then_some(changed)
}
