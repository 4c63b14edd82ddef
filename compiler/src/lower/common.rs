//! What was computed already: a number that is computed once more from the same registers, with nothing between that
//! could have changed them, is read where it stands.
//!
//! Scripts write `i % 26` twice rather than give it a name. Known is what the operations before have computed on every
//! way to a place: in a run of them, and on from a branch to where only it leads, as the other arm of an `if`. Who
//! reads the copy that then stands in the place of the second computation is told to read the first one's register; a
//! copy that nobody reads any more ends in `ownership`. (Value numbering in extended basic blocks, as compilers of
//! other languages do it.)

use std::collections::BTreeMap;

use aivi_bytecode::isa::Flag;
use aivi_bytecode::role::Role;
use aivi_bytecode::{Instruction, Reg};
use smallvec::SmallVec;

use super::coalesce::{instruction_with, with};
use super::code::{Action, Class, Code, Label, Op};
use super::liveness::{ends, is_flagged, is_jump, touched};
use super::operands::operands;

/// Computations that are remembered at a time; arbitrary: what bounds the work.
const KNOWN: usize = 16;
/// Operations behind a second computation that are told where to read; arbitrary, as well.
const REACH: usize = 100;

/// A number in a register, and where it comes from.
#[derive(Clone)]
struct Known {
    /// The instruction without its target.
    word: u64,
    reads: SmallVec<[Reg; 3]>,
    result: Reg,
}

/// Computes what is the same once.
pub(super) fn share(code: &mut Code) {
    let mut known: Vec<Known> = Vec::new();
    let mut arms: BTreeMap<Label, Vec<Known>> = BTreeMap::new();
    for at in 0..code.ops.len() {
        let op = &code.ops[at].0;
        match op {
            Op::Bind(label) => {
                let falls = at.checked_sub(1).is_some_and(|before| goes_on(&code.ops[before].0));
                known = arms.remove(label).filter(|_| !falls).unwrap_or_default();
                continue;
            }
            Op::Branch(_, label) if code.is_arm(*label) => _ = arms.insert(*label, known.clone()),
            Op::Switch { targets, .. } => {
                arms.extend(targets.iter().filter(|label| code.is_arm(**label)).map(|label| (*label, known.clone())));
            }
            _ => {}
        }
        if !goes_on(op) || is_border(op) {
            known.clear();
            continue;
        }
        let computed = computation(op);
        let before = computed.as_ref().and_then(|now| known.iter().find(|known| known.word == now.word));
        if let (Some(Known { result: dst, .. }), Some(Known { result: src, .. })) = (&computed, before) {
            let (dst, src) = (*dst, *src);
            code.ops[at].0 = Op::Scalar { dst, src };
            if dst != src {
                rename(code, at + 1, dst, src);
                forget(&mut known, &code.ops[at].0);
            }
        } else {
            forget(&mut known, op);
            known.extend(computed.filter(|now| !now.reads.contains(&now.result)));
        }
        if known.len() > KNOWN {
            known.remove(0);
        }
    }
}

/// Whether the operation may go on at the next one.
fn goes_on(op: &Op) -> bool {
    !ends(op) && (!is_jump(op) || matches!(op, Op::Branch(..) | Op::Next { .. }))
}

/// Where a run ends: others come to it, its failures lead elsewhere, or it goes through a list.
fn is_border(op: &Op) -> bool {
    matches!(op, Op::Bind(_) | Op::Enter(_) | Op::Leave(_) | Op::Next { .. })
}

/// Forgets what the operation changes.
fn forget(known: &mut Vec<Known>, op: &Op) {
    let (all, writes) = touched(op);
    // Who calls, or lets others run, has a window from the register of its result on.
    let flags = match op {
        Op::Do(action) => action.instruction.opcode().info().flags,
        _ => &[],
    };
    let window = flags.iter().any(|flag| *flag != Flag::faults).then(|| writes.first().map_or(0, |reg| reg.0));
    known.retain(|known| {
        let stays =
            |reg: &Reg| !writes.contains(reg) && !all.takes.contains(reg) && window.is_none_or(|window| reg.0 < window);
        stays(&known.result) && known.reads.iter().all(stays)
    });
}

/// What the operation computes, if that depends on nothing but numbers in registers.
fn computation(op: &Op) -> Option<Known> {
    let Op::Do(action) = op else { return None };
    let Action { instruction, class: Class::Scalar, .. } = &**action else { return None };
    let instruction = *instruction;
    if !is_computed(instruction) {
        return None;
    }
    let target = instruction.opcode().info().operands.iter().find(|operand| operand.role == Role::sets)?;
    let word = instruction.encode();
    let result = Reg(u16::try_from(target.value(word)).ok()?);
    Some(Known { word: target.replaced(word, 0), reads: operands(instruction).reads, result })
}

/// Instructions whose results are a function of the numbers in their operands.
fn is_computed(instruction: Instruction) -> bool {
    use Instruction as I;
    matches!(
        instruction,
        I::AddInt { .. }
            | I::SubInt { .. }
            | I::MulInt { .. }
            | I::DivInt { .. }
            | I::RemInt { .. }
            | I::AddIntImm { .. }
            | I::MulIntImm { .. }
            | I::DivIntImm { .. }
            | I::RemIntImm { .. }
            | I::AddFloat { .. }
            | I::SubFloat { .. }
            | I::MulFloat { .. }
            | I::DivFloat { .. }
            | I::RemFloat { .. }
            | I::SqrtFloat { .. }
            | I::FloatOfInt { .. }
            | I::IntOfFloat { .. }
    )
}

/// From `start` on, as long as both hold the same: who reads `dst` reads `src`.
fn rename(code: &mut Code, start: usize, dst: Reg, src: Reg) {
    for op in code.ops[start..].iter_mut().take(REACH).map(|(op, _)| op) {
        let (all, writes) = touched(op);
        // A tag is asked for by those that follow, of which some may not be renamed.
        let ends = !goes_on(op) || is_border(op) || matches!(op, Op::Tag(_, reg) if *reg == dst);
        if ends || all.takes.contains(&dst) || all.takes.contains(&src) || is_flagged(op) && src > dst {
            return;
        }
        if all.reads.contains(&dst) {
            let renamed = match &*op {
                Op::Branch(instruction, label) => {
                    instruction_with(*instruction, dst, src).map(|instruction| Op::Branch(instruction, *label))
                }
                op => with(op, dst, src),
            };
            match renamed {
                Some(renamed) => *op = renamed,
                None => return,
            }
        }
        if writes.contains(&dst) || writes.contains(&src) {
            return;
        }
    }
}
