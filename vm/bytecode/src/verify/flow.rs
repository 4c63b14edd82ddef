//! Who owns what, followed through the code of each proto: for modules that nobody vouches for.
//!
//! Every instruction is looked at with what is known of the registers before it (`state.rs`), on all ways that lead
//! there, those of unwinding included; the roles of its operands say what it does to them. What it reads has to be
//! there, and what it consumes has to be owned. A value may be left lying: that is a leak, which harms nobody but its
//! program.
//!
//! The code does not say which values are scalars, which may be used any number of times. Where a register is used
//! whose value is owned elsewhere or was consumed, the result asks for a look at its tag when the program runs:
//! `ScalarAt`.
//!
//! Rejected: types of registers in the module, which would have to describe every type of the language to be of use.

use std::collections::BTreeSet;

use super::code::window;
use super::state::{Cell, State, Taken};
use super::ways::{always_jumps, length, registers, targets};
use super::{Place, Rule, Violation};
use crate::isa::{Flag, Instruction, OperandInfo, Slot};
use crate::module::{HandlerKind, Module, Proto};
use crate::operand::{ProtoId, Reg};
use crate::role::Role;

/// A register that has to hold a scalar when an instruction runs.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct ScalarAt {
    /// The instruction.
    pub pc: u32,
    /// The register.
    pub reg: Reg,
}

/// Registers that may be looked at for each word of code, on average, before a module counts as too large to be
/// followed. What people write needs a hundred.
const WORK_PER_WORD: u64 = 1 << 12;

/// Follows all protos of a module that keeps the rules V1 to V18. The result has, for each proto, what is left to be
/// checked when it runs, sorted.
///
/// # Errors
/// The first broken rule.
pub fn follow(module: &Module) -> Result<Vec<Vec<ScalarAt>>, Violation> {
    let words: usize = module.protos.iter().map(|proto| proto.code.len()).sum();
    let mut work = (words as u64 + 1) * WORK_PER_WORD;
    let ids = (0..).map(ProtoId);
    ids.zip(&module.protos).map(|(id, proto)| Flow::new(module, id, proto).run(&mut work)).collect()
}

/// Follows one proto of a module whose others can be followed; with it alone to be paid for.
///
/// # Errors
/// As `follow`.
///
/// # Panics
/// When the module has no such proto.
pub fn follow_proto(module: &Module, id: ProtoId) -> Result<Vec<ScalarAt>, Violation> {
    let proto = &module.protos[id.0 as usize];
    Flow::new(module, id, proto).run(&mut ((proto.code.len() as u64 + 1) * WORK_PER_WORD))
}

struct Flow<'m> {
    module: &'m Module,
    id: ProtoId,
    proto: &'m Proto,
    /// What is known at the places that jumps and handlers lead to.
    entries: Vec<Option<State>>,
    scalars: BTreeSet<ScalarAt>,
    /// What is known has changed where the code was looked at already.
    is_stale: bool,
    work: u64,
}

impl<'m> Flow<'m> {
    fn new(module: &'m Module, id: ProtoId, proto: &'m Proto) -> Flow<'m> {
        let entries = vec![None; proto.code.len()];
        Flow { module, id, proto, entries, scalars: BTreeSet::new(), is_stale: true, work: 0 }
    }

    fn run(mut self, work: &mut u64) -> Result<Vec<ScalarAt>, Violation> {
        self.entries[0] = Some(self.beginning());
        while std::mem::take(&mut self.is_stale) {
            self.pass(*work)?;
        }
        *work -= self.work.min(*work);
        Ok(self.scalars.into_iter().collect())
    }

    /// Looks at all instructions once, in order.
    fn pass(&mut self, work: u64) -> Result<(), Violation> {
        let mut pc = 0;
        let mut way: Option<State> = None;
        while let Some(instruction) = self.proto.code.get(pc).copied().and_then(Instruction::decode) {
            if self.work > work {
                return Err(self.broken(Rule::V21, pc, format!("{} registers", self.proto.registers)));
            }
            if self.entries[pc].is_some() {
                if let Some(way) = way.take() {
                    self.meet(pc, &way);
                }
                way = self.entries[pc].clone();
            }
            if let Some(state) = way.take() {
                way = self.step(pc, instruction, state)?;
            }
            self.work += 1;
            pc += length(instruction);
        }
        Ok(())
    }

    /// What is known when the proto is entered.
    fn beginning(&self) -> State {
        let mut state = State::empty(self.proto.registers.into());
        let arguments = self.proto.parameters + u16::from(self.proto.captures > 0);
        (0..arguments).for_each(|index| state.give(Reg(index)));
        self.proto.raw.iter().for_each(|&(reg, _)| state.put(reg, Cell::Raw));
        state
    }

    /// One more way from `from` to `to`.
    fn reach(&mut self, from: usize, to: usize, state: &State) {
        self.is_stale |= self.meet(to, state) && to <= from;
    }

    /// One more way to `to`; says whether less is known there now.
    fn meet(&mut self, to: usize, state: &State) -> bool {
        self.work += state.len() as u64;
        let Some(entry) = self.entries.get_mut(to) else { return false };
        let known = entry.as_ref().unwrap_or(state).join(state);
        let has_changed = entry.as_ref() != Some(&known);
        if has_changed {
            *entry = Some(known);
        }
        has_changed
    }

    /// What is known behind an instruction, if control gets there.
    fn step(&mut self, pc: usize, instruction: Instruction, mut state: State) -> Result<Option<State>, Violation> {
        let row = instruction.opcode().info();
        let word = self.proto.code[pc];
        let window = window(self.module, instruction);
        let registers = |operand: &OperandInfo| registers(window, word, operand);
        for operand in row.operands {
            for reg in registers(operand) {
                match operand.role {
                    Role::reads | Role::adjusts => self.read(pc, &state, reg)?,
                    Role::takes | Role::edits => self.take(pc, &mut state, reg)?,
                    Role::calls => self.arguments(pc, instruction, &mut state)?,
                    _ => {}
                }
            }
        }
        let mut shown = Cell::Empty;
        for operand in row.operands {
            for reg in registers(operand) {
                match operand.role {
                    Role::sees => {
                        self.see(pc, &state, reg)?;
                        // What shows a part has the whole in B.
                        shown = if operand.slot == Slot::B { state.part_of(reg) } else { shown };
                    }
                    Role::reads if operand.slot == Slot::B => shown = state.get(reg).clone(),
                    Role::edits => state.give(reg),
                    _ => {}
                }
            }
        }
        if let Some(first) = used_by_callee(instruction) {
            state.clear_from(first);
        }
        // The machine may have left out the value together with this instruction (`return.new`, `chan.recv`): its
        // register was not written.
        if let Instruction::Unpack { object: reg, .. } | Instruction::Drop { src: reg } = instruction {
            state.put(reg, Cell::Empty);
        }
        // Whatever a table says is followed: any instruction may be refused as it runs, and then its frame is left.
        if row.flags.iter().any(|&flag| flag != Flag::ends) || self.drops(pc).is_some() {
            self.unwind(pc, &state)?;
        }
        for target in targets(self.proto, pc, instruction) {
            self.reach(pc, target, &state);
        }
        if always_jumps(instruction) || row.flags.contains(&Flag::ends) {
            return Ok(None);
        }
        for operand in row.operands {
            for reg in registers(operand) {
                match operand.role {
                    Role::gives if self.is_plain(instruction) => state.put(reg, Cell::Plain),
                    Role::gives | Role::calls => state.give(reg),
                    Role::sets | Role::adjusts => state.put(reg, Cell::Raw),
                    Role::shows | Role::becomes => state.put(reg, shown.clone()),
                    _ => {}
                }
            }
        }
        Ok(Some(state))
    }

    /// Whether what it gives is not counted.
    fn is_plain(&self, instruction: Instruction) -> bool {
        match instruction {
            Instruction::Const { .. } | Instruction::Tag { .. } => true,
            Instruction::Global { global, .. } => self.module.globals[global.0 as usize].function,
            _ => false,
        }
    }

    /// The arguments of a call.
    fn arguments(&mut self, pc: usize, instruction: Instruction, state: &mut State) -> Result<(), Violation> {
        use Instruction as I;
        let module = self.module;
        let at = |base: Reg, index: u16| Reg(base.0 + index);
        match instruction {
            I::Call { base, proto } | I::TailCall { base, proto } => {
                let callee = &module.protos[proto.0 as usize];
                for index in 0..callee.parameters + u16::from(callee.captures > 0) {
                    match is_raw(callee, index) {
                        true => self.read(pc, state, at(base, index))?,
                        false => self.take(pc, state, at(base, index))?,
                    }
                }
            }
            I::Partial { reg, count, proto } => {
                let callee = &module.protos[proto.0 as usize];
                for index in 0..u16::from(count.0) {
                    if is_raw(callee, index) {
                        self.read(pc, state, at(reg, index))?;
                        state.put(at(reg, index), Cell::Raw);
                    } else {
                        self.take(pc, state, at(reg, index))?;
                    }
                }
            }
            I::CallNative { base, count, native } => {
                let owned = module.natives[native.0 as usize].owned;
                let (taken, seen): (Vec<u16>, Vec<u16>) =
                    (0..u16::from(count.0)).partition(|index| owned >> index & 1 != 0);
                taken.into_iter().try_for_each(|index| self.take(pc, state, at(base, index)))?;
                seen.into_iter().try_for_each(|index| self.see(pc, state, at(base, index)))?;
            }
            I::Timeout { base } | I::ParEach { base } | I::ParEachSettled { base } => {
                self.read(pc, state, base)?;
                self.take(pc, state, at(base, 1))?;
                self.take(pc, state, at(base, 2))?;
            }
            I::Closure { reg: base, count, .. }
            | I::CallValue { base, count, .. }
            | I::TailCallValue { base, count, .. }
            | I::CallRun { base, count, .. }
            | I::TailCallRun { base, count, .. } => {
                (0..u16::from(count.0)).try_for_each(|index| self.take(pc, state, at(base, index)))?;
            }
            _ => {}
        }
        Ok(())
    }

    /// What unwinding from an instruction releases, and the handlers that it may come to.
    fn unwind(&mut self, pc: usize, state: &State) -> Result<(), Violation> {
        let at = pc as u32;
        let drops = self.drops(pc).unwrap_or_default();
        let mut tokens = Vec::new();
        for &reg in drops {
            let is_owned = match state.get(reg) {
                Cell::Plain => true,
                Cell::Held(token) => !tokens.contains(token),
                _ => false,
            };
            if !is_owned {
                return Err(self.broken(Rule::V20, pc, format!("r{} is released", reg.0)));
            }
            tokens.extend(match state.get(reg) {
                Cell::Held(token) => Some(*token),
                _ => None,
            });
        }
        let proto = self.proto;
        for handler in proto.handlers.iter().filter(|handler| handler.start <= at && at < handler.end) {
            let mut caught = state.clone();
            for &reg in drops.iter().filter(|reg| !handler.keep.contains(reg)) {
                caught.take(reg);
            }
            if let HandlerKind::Failure(reg) = handler.kind {
                caught.give(reg);
            }
            self.work += (drops.len() * state.len()) as u64;
            self.reach(pc, handler.target as usize, &caught);
        }
        Ok(())
    }

    /// What the table says that unwinding from here releases.
    fn drops(&self, pc: usize) -> Option<&'m [Reg]> {
        let found = self.proto.drops.binary_search_by_key(&(pc as u32), |drops| drops.pc);
        found.ok().map(|index| &self.proto.drops[index].registers[..])
    }

    fn read(&self, pc: usize, state: &State, reg: Reg) -> Result<(), Violation> {
        match state.get(reg) {
            Cell::Empty => Err(self.broken(Rule::V19, pc, format!("r{} holds nothing", reg.0))),
            _ => Ok(()),
        }
    }

    fn see(&mut self, pc: usize, state: &State, reg: Reg) -> Result<(), Violation> {
        match state.get(reg) {
            Cell::Spent => self.scalar(pc, reg),
            cell if cell.is_tagged() => {}
            _ => return Err(self.broken(Rule::V19, pc, format!("r{} holds no value", reg.0))),
        }
        Ok(())
    }

    fn take(&mut self, pc: usize, state: &mut State, reg: Reg) -> Result<(), Violation> {
        self.work += state.len() as u64;
        match state.take(reg) {
            Taken::Owned => {}
            Taken::Scalar => self.scalar(pc, reg),
            Taken::Nothing => return Err(self.broken(Rule::V19, pc, format!("r{} holds no value", reg.0))),
        }
        Ok(())
    }

    fn scalar(&mut self, pc: usize, reg: Reg) {
        self.scalars.insert(ScalarAt { pc: pc as u32, reg });
    }

    fn broken(&self, rule: Rule, pc: usize, found: String) -> Violation {
        Violation { rule, place: Place::Code(self.id, pc as u32), found }
    }
}

/// Whether a proto expects its parameter of this number raw.
fn is_raw(proto: &Proto, index: u16) -> bool {
    proto.raw.binary_search_by_key(&Reg(index), |raw| raw.0).is_ok()
}

/// The first of the registers that whoever is called uses for itself.
fn used_by_callee(instruction: Instruction) -> Option<Reg> {
    use Instruction as I;
    match instruction {
        I::Call { base, .. } | I::CallValue { base, .. } | I::CallRun { base, .. } | I::Cleanup { base, .. } => {
            Some(base)
        }
        I::RunTaskField { dst, .. } => Some(dst),
        _ => None,
    }
}
