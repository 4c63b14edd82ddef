//! What instructions do to their register operands: the compiler's view of the instruction table.

use aivi_bytecode::{Instruction, Reg};
use smallvec::{SmallVec, smallvec};

type Regs = SmallVec<[Reg; 3]>;

/// Registers that an instruction names.
#[derive(Default, PartialEq, Debug)]
pub(super) struct Operands {
    /// Read; they keep their values, some of them updated in place.
    pub reads: Regs,
    /// Emptied.
    pub takes: Regs,
    /// Written.
    pub write: Option<Reg>,
}

fn make(dst: Reg) -> Operands {
    Operands { write: Some(dst), ..Operands::default() }
}

fn compute(dst: Reg, reads: &[Reg]) -> Operands {
    Operands { reads: reads.into(), write: Some(dst), ..Operands::default() }
}

fn consume(dst: Reg, takes: &[Reg]) -> Operands {
    Operands { takes: takes.into(), write: Some(dst), ..Operands::default() }
}

fn read(reads: &[Reg]) -> Operands {
    Operands { reads: reads.into(), ..Operands::default() }
}

fn take(reg: Reg) -> Operands {
    Operands { takes: smallvec![reg], ..Operands::default() }
}

/// Takes one register to update the other.
fn update(target: Reg, taken: Reg) -> Operands {
    Operands { reads: smallvec![target], takes: smallvec![taken], write: None }
}

fn window(first: Reg, count: usize) -> Regs {
    (0..count).map(|index| Reg(first.0 + index as u16)).collect()
}

/// The operands of an instruction; arguments of calls are not among them.
pub(super) fn operands(instruction: Instruction) -> Operands {
    use Instruction as I;
    match instruction {
        I::Move { dst, src } | I::MoveRaw { dst, src } | I::Copy { dst, src } => compute(dst, &[src]),
        I::Drop { src } => take(src),
        I::Int { dst, .. } | I::Const { dst, .. } | I::Global { dst, .. } => make(dst),
        I::Tag { dst, src, .. } => compute(dst, &[src]),
        I::AddInt { dst, left, right }
        | I::SubInt { dst, left, right }
        | I::MulInt { dst, left, right }
        | I::DivInt { dst, left, right }
        | I::RemInt { dst, left, right }
        | I::EqInt { dst, left, right }
        | I::LtInt { dst, left, right }
        | I::LeInt { dst, left, right }
        | I::AddFloat { dst, left, right }
        | I::SubFloat { dst, left, right }
        | I::MulFloat { dst, left, right }
        | I::DivFloat { dst, left, right }
        | I::RemFloat { dst, left, right }
        | I::EqFloat { dst, left, right }
        | I::LtFloat { dst, left, right }
        | I::LeFloat { dst, left, right }
        | I::EqValue { dst, left, right }
        | I::LtValue { dst, left, right }
        | I::LeValue { dst, left, right } => compute(dst, &[left, right]),
        I::NegInt { dst, src } | I::Not { dst, src } | I::NegFloat { dst, src } => compute(dst, &[src]),
        I::SqrtFloat { dst, src } | I::FloatOfInt { dst, src } | I::IntOfFloat { dst, src } => compute(dst, &[src]),
        I::AddProduct { dst, base, left, right } | I::SubProduct { dst, base, left, right } => {
            compute(Reg(dst.0.into()), &[base, left, right])
        }
        I::AddIntImm { dst, left, .. }
        | I::MulIntImm { dst, left, .. }
        | I::DivIntImm { dst, left, .. }
        | I::RemIntImm { dst, left, .. } => compute(dst, &[left]),
        _ => jump_operands(instruction),
    }
}

fn jump_operands(instruction: Instruction) -> Operands {
    use Instruction as I;
    match instruction {
        I::JumpIf { test, .. } | I::JumpUnless { test, .. } => read(&[test]),
        I::JumpEqInt { left, right, .. }
        | I::JumpNeInt { left, right, .. }
        | I::JumpLtInt { left, right, .. }
        | I::JumpLeInt { left, right, .. }
        | I::JumpEqText { left, right, .. }
        | I::JumpNeText { left, right, .. }
        | I::JumpLtFloat { left, right, .. }
        | I::JumpNotLtFloat { left, right, .. }
        | I::JumpLeFloat { left, right, .. }
        | I::JumpNotLeFloat { left, right, .. } => read(&[left, right]),
        I::JumpEqIntImm { left, .. }
        | I::JumpNeIntImm { left, .. }
        | I::JumpLtIntImm { left, .. }
        | I::JumpLeIntImm { left, .. }
        | I::JumpGtIntImm { left, .. }
        | I::JumpGeIntImm { left, .. } => read(&[left]),
        I::JumpConstructor { subject, .. }
        | I::JumpNotConstructor { subject, .. }
        | I::SwitchConstructor { subject, .. } => read(&[subject]),
        I::JumpAbsent { src, .. } => read(&[src]),
        I::JumpOutside { list, index, .. } => read(&[list, index]),
        I::JumpLength { list, .. } | I::JumpNotLength { list, .. } | I::JumpShorter { list, .. } => read(&[list]),
        _ => value_operands(instruction),
    }
}

fn value_operands(instruction: Instruction) -> Operands {
    use Instruction as I;
    match instruction {
        I::New { count, dst, first, .. } => Operands { takes: window(first, count.0.into()), ..make(dst) },
        I::Field { dst, object, .. }
        | I::FieldRaw { dst, object, .. }
        | I::FieldPeek { dst, object, .. }
        | I::TakeField { dst, object, .. }
        | I::FieldNamed { dst, object } => compute(dst, &[object]),
        I::SetField { object, value, .. } | I::SetNamed { object, value } => update(object, value),
        I::SetFieldsRaw { object, first, count, .. } => {
            let mut reads = window(first, count.0.into());
            reads.push(object);
            Operands { reads, ..Operands::default() }
        }
        I::List { dst, first, count } | I::TextJoin { dst, first, count } => {
            Operands { takes: window(first, count.0.into()), ..make(dst) }
        }
        I::ListPush { list, item } | I::ListPrepend { list, item } => update(list, item),
        I::ListSet { list, index, item } => Operands { reads: smallvec![list, index], ..update(list, item) },
        I::ListConcat { left, right } => update(left, right),
        I::ListRange { dst, first, last } => compute(dst, &[first, last]),
        I::ListLength { dst, list } | I::ListItem { dst, list, .. } => compute(dst, &[list]),
        I::ListGet { dst, list, index } | I::ListPeek { dst, list, index } | I::ListTake { dst, list, index } => {
            compute(dst, &[list, index])
        }
        I::MapGet { dst, map, key } | I::MapHas { dst, map, key } | I::MapTake { dst, map, key } => {
            compute(dst, &[map, key])
        }
        I::MapGetOr { dst, map, key } => Operands { reads: smallvec![dst, map, key], ..Operands::default() },
        I::MapInsert { map, key, value } => Operands { takes: smallvec![key, value], ..read(&[map]) },
        I::SetInsert { set, item } => update(set, item),
        I::SetHas { dst, set, item } => compute(dst, &[set, item]),
        I::ListDrop { dst, list, .. } => consume(dst, &[list]),
        I::ListUncons { head, list } => compute(head, &[list]),
        I::ToText { dst, src } => compute(dst, &[src]),
        I::TextSlice { dst, text, first } => compute(dst, &[text, first, Reg(first.0 + 1)]),
        I::TextLength { dst, text } => compute(dst, &[text]),
        I::Closure { reg, count, .. } | I::Partial { reg, count, .. } => {
            Operands { takes: window(reg, count.0.into()), ..make(reg) }
        }
        I::Call { base, .. } | I::CallNative { base, .. } => make(base),
        I::CallValue { base, function, .. } | I::CallRun { base, function, .. } => consume(base, &[function]),
        I::TailCallValue { function, .. } | I::TailCallRun { function, .. } => take(function),
        I::Return { src } => take(src),
        I::ReturnNew { count, first, .. } => Operands { takes: window(first, count.0.into()), ..Operands::default() },
        I::ReturnScalar { src, .. } => read(&[src]),
        I::Fail { error } => take(error),
        I::Panic { message } => take(message),
        I::Cleanup { effect, .. } => take(effect),
        _ => fiber_operands(instruction),
    }
}

fn fiber_operands(instruction: Instruction) -> Operands {
    use Instruction as I;
    match instruction {
        I::Sleep { dst, millis } => compute(dst, &[millis]),
        I::Spawn { dst, effect } => consume(dst, &[effect]),
        I::SpawnIn { dst, scope, effect } => consume(dst, &[scope, effect]),
        I::Join { dst, task } | I::Cancel { dst, task } | I::IsCancelled { dst, task } => consume(dst, &[task]),
        I::JoinAll { dst, scope } => consume(dst, &[scope]),
        I::Par { dst, left, right } | I::Race { dst, left, right } => consume(dst, &[left, right]),
        I::Timeout { base } | I::ParEach { base } | I::ParEachSettled { base } => {
            Operands { reads: smallvec![base], takes: smallvec![Reg(base.0 + 1), Reg(base.0 + 2)], write: Some(base) }
        }
        I::ParAll { dst, effects }
        | I::ParSettled { dst, effects }
        | I::RaceAll { dst, effects }
        | I::RaceAny { dst, effects } => consume(dst, &[effects]),
        I::Select { dst, cases } | I::SelectInOrder { dst, cases } => consume(dst, &[cases]),
        I::Scope { dst, body } => consume(dst, &[body]),
        I::RunTaskField { dst, record, .. } => consume(dst, &[record]),
        I::ChanMake { dst } => make(dst),
        I::ChanBounded { dst, capacity } => compute(dst, &[capacity]),
        I::ChanSend { dst, sender, value }
        | I::ChanSendResult { dst, sender, value }
        | I::ChanTrySend { dst, sender, value } => Operands { takes: smallvec![value], ..compute(dst, &[sender]) },
        I::ChanRecv { dst, receiver } | I::ChanTryRecv { dst, receiver } => compute(dst, &[receiver]),
        I::ChanClose { dst, sender } => compute(dst, &[sender]),
        I::PermitsMake { dst, permits } => compute(dst, &[permits]),
        I::PermitsTake { dst, gate, permits } | I::PermitsGive { dst, gate, permits } => compute(dst, &[gate, permits]),
        // Jumps, ends and unpacking are written as operations of their own, or have no operands.
        _ => Operands::default(),
    }
}
