//! What registers hold, followed through the code of each proto: so that the machine looks at values only where nothing
//! is known of them.
//!
//! Each instruction of a module from elsewhere expects things of its registers that no rule of the verifier gives:
//! kinds of values, numbers of items and fields, payloads of truth values and characters, scalars where `follow` could
//! not see an owner. `unproven` tells where that does not follow from the instructions before. There the machine looks,
//! and what it has seen is known from there on.
//!
//! What always holds: a fact is about a register as long as that holds a value, or a scalar (`state.rs`). When the
//! value is consumed or updated through another register, what is known of its length may be wrong, but then the
//! register can be used as a scalar only, and the tag is still there. What may be written while an instruction unwinds
//! is not known in its handlers.

use super::code::window;
use super::fact::Fact;
use super::facts::Facts;
use super::flow::ScalarAt;
use super::ways::{always_jumps, length, registers, targets};
use crate::isa::{Flag, Instruction};
use crate::module::{HandlerKind, Module, Proto};
use crate::operand::Reg;
use crate::role::{Kinds, Role};

/// An instruction before which the machine has to look.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unproven {
    /// Where it stands.
    pub pc: u32,
    /// Whether it is among what has to be seen that registers hold scalars.
    pub scalars: bool,
}

/// Registers that may be looked at for each word of code before nothing counts as known.
const WORK_PER_WORD: usize = 1 << 9;

/// What has to be looked at when a module runs that keeps all rules: per proto, sorted. `scalars` is what `follow` says
/// of the module.
#[must_use]
pub fn unproven(module: &Module, scalars: &[Vec<ScalarAt>]) -> Vec<Vec<Unproven>> {
    let protos = module.protos.iter().zip(scalars);
    protos.map(|(proto, scalars)| Following::new(module, proto, scalars).run()).collect()
}

struct Following<'m> {
    module: &'m Module,
    proto: &'m Proto,
    scalars: &'m [ScalarAt],
    /// What is known at the places that jumps and handlers lead to.
    entries: Vec<Option<Facts>>,
    /// Per word what has to be looked at, if anything, as far as it has been followed.
    looks: Vec<Option<Option<Unproven>>>,
    /// What is known has changed where the code was looked at already.
    is_stale: bool,
    work: usize,
}

impl<'m> Following<'m> {
    fn new(module: &'m Module, proto: &'m Proto, scalars: &'m [ScalarAt]) -> Following<'m> {
        let count = proto.code.len();
        Following {
            module,
            proto,
            scalars,
            entries: vec![None; count],
            looks: vec![None; count],
            is_stale: true,
            work: (count + 1) * WORK_PER_WORD,
        }
    }

    fn run(mut self) -> Vec<Unproven> {
        while std::mem::take(&mut self.is_stale) {
            if self.pass().is_none() {
                self.looks.fill(None);
                break;
            }
        }
        self.distrust();
        self.looks.into_iter().flatten().flatten().collect()
    }

    /// Where no way led to, or there was no time to follow them, nothing is known.
    fn distrust(&mut self) {
        let unknown = Facts::unknown(self.proto);
        let mut pc = 0;
        while let Some(instruction) = self.instruction(pc) {
            if self.looks[pc].is_none() {
                self.look(pc, instruction, &unknown);
            }
            pc += length(instruction);
        }
    }

    /// Follows all instructions once, in order, if there is time to.
    fn pass(&mut self) -> Option<()> {
        let mut pc = 0;
        let mut way = Some(Facts::unknown(self.proto));
        while let Some(instruction) = self.instruction(pc) {
            if let Some(entry) = &mut self.entries[pc] {
                if let Some(way) = &way {
                    entry.join(way, false);
                }
                way = Some(entry.clone());
            }
            if let Some(facts) = way.take() {
                self.work = self.work.checked_sub(1 + facts.len())?;
                way = self.step(pc, instruction, facts);
            }
            pc += length(instruction);
        }
        Some(())
    }

    fn instruction(&self, pc: usize) -> Option<Instruction> {
        self.proto.code.get(pc).copied().and_then(Instruction::decode)
    }

    /// The registers that have to hold scalars at an instruction.
    fn scalars(&self, pc: usize) -> &'m [ScalarAt] {
        let from = &self.scalars[self.scalars.partition_point(|at| (at.pc as usize) < pc)..];
        &from[..from.partition_point(|at| at.pc as usize == pc)]
    }

    /// Notes what has to be looked at before an instruction.
    fn look(&mut self, pc: usize, instruction: Instruction, facts: &Facts) {
        let scalars = !self.scalars(pc).iter().all(|at| facts.get(at.reg).kinds.are_among(Kinds::SCALARS));
        let is_proven = !scalars && facts.prove(self.module, instruction, self.proto.code[pc]);
        self.looks[pc] = Some((!is_proven).then_some(Unproven { pc: pc as u32, scalars }));
    }

    /// One more way from `from` to `to`.
    fn reach(&mut self, from: usize, to: usize, facts: &Facts) {
        let Some(entry) = self.entries.get_mut(to) else { return };
        let has_changed = match entry {
            Some(entry) => entry.join(facts, to <= from),
            None => {
                *entry = Some(facts.clone());
                true
            }
        };
        self.is_stale |= has_changed && to <= from;
    }

    /// What is known behind an instruction, if control gets there.
    fn step(&mut self, pc: usize, instruction: Instruction, mut facts: Facts) -> Option<Facts> {
        self.look(pc, instruction, &facts);
        let word = self.proto.code[pc];
        facts.have_seen(instruction, word);
        for at in self.scalars(pc) {
            facts.put(at.reg, facts.get(at.reg).among(Kinds::SCALARS));
        }
        let row = instruction.opcode().info();
        let (given, edited) = (facts.given(self.module, instruction), facts.edited(instruction));
        let window = window(self.module, instruction);
        let written = |operand| registers(window, word, operand);
        for operand in row.operands {
            written(operand).for_each(|reg| facts.forget(reg, operand.role));
        }
        // The arguments of a call. What whoever is called uses besides is read by nobody before it is written.
        if let Some((first, count)) = window
            && row.operands.iter().any(|operand| operand.role == Role::calls)
        {
            (first.0..).take(count).for_each(|reg| facts.put(Reg(reg), Fact::UNKNOWN));
        }
        // As in `follow`.
        if row.flags.iter().any(|&flag| flag != Flag::ends) || self.has_drops(pc) {
            self.unwind(pc, &facts);
        }
        for target in targets(self.proto, pc, instruction) {
            self.reach(pc, target, &facts.if_jumped(instruction));
        }
        if always_jumps(instruction) || row.flags.contains(&Flag::ends) {
            return None;
        }
        facts = facts.if_not_jumped(instruction);
        for operand in row.operands {
            for reg in written(operand) {
                match operand.role {
                    Role::edits => facts.put(reg, edited),
                    Role::gives | Role::calls => facts.put(reg, given.among(operand.holds.kinds())),
                    Role::sets | Role::becomes => facts.put(reg, given),
                    _ => {}
                }
            }
        }
        Some(facts)
    }

    /// The handlers that unwinding from an instruction may come to.
    fn unwind(&mut self, pc: usize, facts: &Facts) {
        let at = pc as u32;
        let proto = self.proto;
        for handler in proto.handlers.iter().filter(|handler| handler.start <= at && at < handler.end) {
            let mut caught = facts.clone();
            if let HandlerKind::Failure(reg) = handler.kind {
                caught.put(reg, Fact::UNKNOWN);
            }
            self.work = self.work.saturating_sub(caught.len());
            self.reach(pc, handler.target as usize, &caught);
        }
    }

    fn has_drops(&self, pc: usize) -> bool {
        self.proto.drops.binary_search_by_key(&(pc as u32), |drops| drops.pc).is_ok()
    }
}
