//! What is known of all registers of a frame, and what instructions ask of it and add to it.

use super::fact::{Bits, Fact};
use crate::isa::Instruction;
use crate::module::{Module, Proto};
use crate::operand::{Reg, ScalarKind};
use crate::role::{Kinds, Role};

/// One fact for each register.
#[derive(Clone, Debug)]
pub(super) struct Facts(Box<[Fact]>);

impl Facts {
    pub(super) fn unknown(proto: &Proto) -> Facts {
        Facts(vec![Fact::UNKNOWN; proto.registers.into()].into())
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn get(&self, reg: Reg) -> Fact {
        self.0.get(usize::from(reg.0)).copied().unwrap_or(Fact::UNKNOWN)
    }

    pub(super) fn put(&mut self, reg: Reg, fact: Fact) {
        if let Some(place) = self.0.get_mut(usize::from(reg.0)) {
            *place = fact;
        }
    }

    /// What an operand's register may have lost when its instruction is over, or unwinds.
    pub(super) fn forget(&mut self, reg: Reg, role: Role) {
        match role {
            Role::none | Role::reads | Role::sees => {}
            // Scalars stay where they are, or make place for others.
            Role::takes if self.get(reg).kinds.are_among(Kinds::SCALARS) => self.put(reg, Fact::of(Kinds::SCALARS)),
            _ => self.put(reg, Fact::UNKNOWN),
        }
    }

    /// Only what another way knows too; says whether that is less.
    pub(super) fn join(&mut self, other: &Facts, is_from_behind: bool) -> bool {
        let mut has_changed = false;
        for (fact, other) in self.0.iter_mut().zip(&other.0) {
            let joined = fact.join(*other, is_from_behind);
            has_changed |= joined != *fact;
            *fact = joined;
        }
        has_changed
    }

    fn kinds(&self, reg: Reg) -> Kinds {
        self.get(reg).kinds
    }

    fn least(&self, reg: Reg) -> usize {
        self.get(reg).least.into()
    }

    /// Whether the registers of an instruction hold what it expects: all that the machine looks at otherwise.
    pub(super) fn prove(&self, module: &Module, instruction: Instruction, word: u64) -> bool {
        use Instruction as I;
        let operands = instruction.opcode().info().operands;
        let holds = operands.iter().all(|operand| {
            let needed = operand.needs().kinds();
            needed == Kinds::ALL || self.kinds(Reg(operand.value(word) as u16)).are_among(needed)
        });
        holds
            && match instruction {
                I::Tag { kind, src, .. } | I::ReturnScalar { kind, src } => self.get(src).bits <= Bits::of(kind),
                I::Field { object, index, .. } => {
                    self.kinds(object).are_among(Kinds::TASK) || self.least(object) > usize::from(index.0)
                }
                I::FieldPeek { object, index, .. }
                | I::TakeField { object, index, .. }
                | I::SetField { object, index, .. } => self.least(object) > usize::from(index.0),
                I::Unpack { object, count, .. } => {
                    let fact = self.get(object);
                    [fact.least, fact.most] == [u16::from(count.0); 2]
                }
                I::ListItem { list, index, .. } => self.least(list) > usize::from(index.0),
                I::ListDrop { list, count, .. } => self.least(list) >= usize::from(count.0),
                I::ListUncons { list, .. } => self.least(list) > 0,
                I::TextJoin { first, count, .. } => {
                    (first.0..).take(count.0.into()).all(|reg| self.kinds(Reg(reg)).are_among(Kinds::TEXT))
                }
                I::Partial { reg, count, proto } => {
                    let raw = &module.protos[proto.0 as usize].raw;
                    let mut given = raw.iter().filter(|(at, _)| at.0 < count.0.into());
                    given.all(|&(at, kind)| self.get(Reg(reg.0 + at.0)).bits <= Bits::of(kind))
                }
                I::SwitchConstructor { .. }
                | I::FieldRaw { .. }
                | I::FieldsRaw { .. }
                | I::SetFieldsRaw { .. }
                | I::FieldNamed { .. }
                | I::SetNamed { .. }
                | I::Timeout { .. }
                | I::ParEach { .. }
                | I::ParEachSettled { .. }
                | I::RunTaskField { .. } => false,
                _ => true,
            }
    }

    /// What is known now that an instruction was found to have what it expects.
    pub(super) fn have_seen(&mut self, instruction: Instruction, word: u64) {
        use Instruction as I;
        for operand in instruction.opcode().info().operands {
            let reg = Reg(operand.value(word) as u16);
            if operand.needs().kinds() != Kinds::ALL {
                self.put(reg, self.get(reg).among(operand.needs().kinds()));
            }
        }
        let (reg, least) = match instruction {
            I::Field { object, index, .. }
            | I::FieldRaw { object, index, .. }
            | I::FieldPeek { object, index, .. }
            | I::TakeField { object, index, .. }
            | I::SetField { object, index, .. } => (object, usize::from(index.0) + 1),
            I::FieldsRaw { object, index, count, .. } | I::SetFieldsRaw { object, index, count, .. } => {
                (object, usize::from(index.0) + usize::from(count.0))
            }
            I::ListItem { list, index, .. } => (list, usize::from(index.0) + 1),
            I::ListUncons { list, .. } => (list, 1),
            _ => return,
        };
        self.put(reg, self.get(reg).with_least(least));
    }

    /// What an instruction gives, or what it sets.
    pub(super) fn given(&self, module: &Module, instruction: Instruction) -> Fact {
        use Instruction as I;
        match instruction {
            I::Move { src, .. } | I::Copy { src, .. } => self.get(src),
            I::MoveRaw { src, .. } => Fact::raw(self.get(src).bits),
            I::Int { value, .. } => Fact::number(value.0.into()),
            I::Const { value, .. } => Fact::constant(&module.constants[value.0 as usize]),
            I::Tag { kind, .. } => Fact::of(Kinds::of_scalar(kind)),
            I::Global { global, .. } if module.globals[global.0 as usize].function => Fact::of(Kinds::FUNCTION),
            I::EqInt { .. }
            | I::LtInt { .. }
            | I::LeInt { .. }
            | I::Not { .. }
            | I::EqFloat { .. }
            | I::LtFloat { .. }
            | I::LeFloat { .. }
            | I::EqValue { .. }
            | I::LtValue { .. }
            | I::LeValue { .. }
            | I::MapHas { .. }
            | I::SetHas { .. } => Fact::raw(Bits::of(ScalarKind::Bool)),
            I::New { count, .. } => Fact::UNKNOWN.with_length(count.0.into()),
            I::List { count, .. } => Fact::UNKNOWN.with_length(count.0),
            I::ListDrop { list, count, .. } => self.get(list).longer(-i32::from(count.0)),
            _ => Fact::UNKNOWN,
        }
    }

    /// What is behind an update in the register that was updated.
    pub(super) fn edited(&self, instruction: Instruction) -> Fact {
        use Instruction as I;
        match instruction {
            I::ListPush { list, .. } | I::ListPrepend { list, .. } => self.get(list).longer(1),
            I::ListConcat { left, right } => self.get(left).longer(self.get(right).least.into()),
            I::ListUncons { list, .. } | I::ListNext { list, .. } => self.get(list).longer(-1),
            I::ListSet { list, .. } | I::ListTake { list, .. } => self.get(list),
            I::SetField { object, .. }
            | I::SetFieldsRaw { object, .. }
            | I::TakeField { object, .. }
            | I::SetNamed { object, .. } => self.get(object),
            I::MapInsert { map, .. } | I::MapTake { map, .. } => self.get(map),
            I::SetInsert { set, .. } => self.get(set),
            _ => Fact::UNKNOWN,
        }
    }

    /// What is known besides when an instruction jumps.
    pub(super) fn if_jumped(&self, instruction: Instruction) -> Facts {
        let mut facts = self.clone();
        if let Instruction::JumpLength { list, length, .. } = instruction {
            facts.put(list, facts.get(list).with_least(length.0.into()));
        }
        facts
    }

    /// … and when it does not.
    pub(super) fn if_not_jumped(mut self, instruction: Instruction) -> Facts {
        if let Instruction::JumpNotLength { list, length, .. } | Instruction::JumpShorter { list, length, .. } =
            instruction
        {
            self.put(list, self.get(list).with_least(length.0.into()));
        }
        self
    }
}
