//! The rules about one proto's code, handlers and drops.

use super::{Place, Rule, Verifier};
use crate::isa::{Flag, Instruction, OperandInfo};
use crate::module::{Constant, HandlerKind, Module, Proto};
use crate::operand::{OperandKind, ProtoId, Reg};

pub(super) fn verify(verifier: &mut Verifier<'_>, id: ProtoId, proto: &Proto) {
    let mut code = Code { verifier, id, proto, starts: vec![false; proto.code.len()] };
    code.find_starts();
    for (pc, &word) in proto.code.iter().enumerate() {
        if code.starts[pc]
            && let Some(instruction) = Instruction::decode(word)
        {
            code.operands(pc, instruction, word);
            code.counts(pc, instruction);
            code.special(pc, instruction);
        }
    }
    code.end();
    code.handlers();
    code.drops();
}

struct Code<'v, 'm> {
    verifier: &'v mut Verifier<'m>,
    id: ProtoId,
    proto: &'v Proto,
    /// Words where an instruction begins that may be jumped to: no `const` words of named fields, no tables of
    /// switches.
    starts: Vec<bool>,
}

/// Registers that an instruction reads or writes beyond its register operands: the first, and how many.
pub(super) fn window(module: &Module, instruction: Instruction) -> Option<(Reg, usize)> {
    use Instruction as I;
    let of_proto = |id: ProtoId| {
        let proto = module.protos.get(id.0 as usize);
        proto.map_or(0, |proto| usize::from(proto.parameters) + usize::from(proto.captures > 0)).max(1)
    };
    Some(match instruction {
        I::New { first, count, .. }
        | I::ReturnNew { first, count, .. }
        | I::Unpack { first, count, .. }
        | I::FieldsRaw { first, count, .. }
        | I::SetFieldsRaw { first, count, .. } => (first, usize::from(count.0)),
        I::List { first, count, .. } => (first, usize::from(count.0)),
        // Its first register is looked at in any case, as its row says.
        I::TextJoin { first, count, .. } => (first, usize::from(count.0).max(1)),
        I::Closure { reg, count, .. } | I::Partial { reg, count, .. } => (reg, usize::from(count.0).max(1)),
        I::Call { base, proto } | I::TailCall { base, proto } => (base, of_proto(proto)),
        I::CallValue { base, count, .. }
        | I::TailCallValue { base, count, .. }
        | I::CallRun { base, count, .. }
        | I::TailCallRun { base, count, .. }
        | I::CallNative { base, count, .. } => (base, usize::from(count.0).max(1)),
        I::TextSlice { first, .. } => (first, 2),
        I::Timeout { base } | I::ParEach { base } | I::ParEachSettled { base } => (base, 3),
        _ => return None,
    })
}

impl Code<'_, '_> {
    fn check(&mut self, holds: bool, rule: Rule, pc: usize, found: impl FnOnce() -> String) {
        let place = Place::Code(self.id, u32::try_from(pc).unwrap_or(u32::MAX));
        self.verifier.check(holds, rule, place, found);
    }

    fn is_start(&self, pc: usize) -> bool {
        self.starts.get(pc).copied().unwrap_or(false)
    }

    /// Rules V2 and V16: which words are instructions that stand on their own.
    fn find_starts(&mut self) {
        let mut pc = 0;
        while let Some(&word) = self.proto.code.get(pc) {
            let decoded = Instruction::decode(word).filter(|instruction| instruction.encode() == word);
            self.check(decoded.is_some(), Rule::V2, pc, || format!("{word:#018x}"));
            self.starts[pc] = true;
            pc += 1;
            match decoded {
                Some(Instruction::FieldNamed { .. } | Instruction::SetNamed { .. }) => {
                    let name = self.proto.code.get(pc).copied().and_then(Instruction::decode);
                    let is_text = matches!(name, Some(Instruction::Const { value, .. }) if self.is_text(value.0));
                    self.check(is_text, Rule::V16, pc, || "no field name follows".into());
                    // What is no name is looked at as an instruction of its own, so that it is checked all the same.
                    pc += usize::from(is_text);
                }
                Some(Instruction::SwitchConstructor { count, .. }) => {
                    let table = self.proto.code[pc..].iter().take(usize::from(count.0));
                    let jumps =
                        table.take_while(|&&word| matches!(Instruction::decode(word), Some(Instruction::Jump { .. })));
                    let holds = count.0 > 0 && jumps.count() == usize::from(count.0);
                    self.check(holds, Rule::V16, pc, || format!("no table of {} jumps follows", count.0));
                    if holds {
                        self.table(pc, usize::from(count.0));
                        pc += usize::from(count.0);
                    }
                }
                _ => {}
            }
        }
    }

    /// The jumps of a switch: checked here, as they are no starts. Targets behind the table are checked once all starts
    /// are known, see `operands`.
    fn table(&mut self, pc: usize, count: usize) {
        for entry in pc..pc + count {
            let word = self.proto.code[entry];
            let canonical = Instruction::decode(word).is_some_and(|instruction| instruction.encode() == word);
            self.check(canonical, Rule::V2, entry, || format!("{word:#018x}"));
        }
    }

    /// Rules V3, V5, V6, V7, by the table of instructions.
    fn operands(&mut self, pc: usize, instruction: Instruction, word: u64) {
        for operand in instruction.opcode().info().operands {
            self.operand(pc, operand, instruction, word);
        }
        match instruction {
            Instruction::SwitchConstructor { count, .. } => {
                for entry in pc + 1..=pc + usize::from(count.0) {
                    if let Some(&word) = self.proto.code.get(entry).filter(|_| !self.starts[entry])
                        && let Some(jump) = Instruction::decode(word)
                    {
                        self.operands(entry, jump, word);
                    }
                }
            }
            Instruction::FieldNamed { .. } | Instruction::SetNamed { .. } => {
                if let Some(&word) = self.proto.code.get(pc + 1).filter(|_| !self.starts[pc + 1]) {
                    let canonical = Instruction::decode(word).is_some_and(|name| name.encode() == word);
                    self.check(canonical, Rule::V2, pc + 1, || format!("{word:#018x}"));
                }
            }
            _ => {}
        }
    }

    fn operand(&mut self, pc: usize, operand: &OperandInfo, instruction: Instruction, word: u64) {
        let place = Place::Code(self.id, u32::try_from(pc).unwrap_or(u32::MAX));
        let value = operand.value(word);
        let module = self.verifier.module;
        let length = match operand.kind {
            OperandKind::Reg => {
                let registers = i64::from(self.proto.registers);
                return self
                    .check(value < registers, Rule::V3, pc, || format!("{} r{value} of {registers}", operand.name));
            }
            OperandKind::Jump => {
                let lands = operand.target(word, pc).is_some_and(|target| self.is_start(target));
                self.check(lands, Rule::V5, pc, || format!("jump by {value}"));
                let loops = instruction.opcode().info().mnemonic.starts_with("loop");
                return self.check((value < 0) == loops, Rule::V6, pc, || format!("jump by {value}"));
            }
            OperandKind::Imm | OperandKind::Count | OperandKind::Index | OperandKind::Scalar => return,
            OperandKind::Const => module.constants.len(),
            OperandKind::Proto => module.protos.len(),
            OperandKind::Native => module.natives.len(),
            OperandKind::Global => module.globals.len(),
            OperandKind::Shape => module.shapes.len(),
        };
        self.verifier.id(u32::try_from(value).unwrap_or(u32::MAX), length, operand.name, place);
    }

    /// Rules V4 and V8.
    fn counts(&mut self, pc: usize, instruction: Instruction) {
        use Instruction as I;
        let module = self.verifier.module;
        if let Some((first, count)) = window(module, instruction) {
            let holds = usize::from(first.0) + count <= usize::from(self.proto.registers);
            self.check(holds, Rule::V4, pc, || format!("{count} registers from r{}", first.0));
        }
        let (found, fits) = match instruction {
            I::New { count, shape, .. } | I::ReturnNew { count, shape, .. } => {
                let Some(shape) = module.shapes.get(usize::from(shape.0)) else { return };
                (usize::from(count.0), count.0 > 0 && usize::from(count.0) == shape.arity())
            }
            I::Closure { count, proto, .. } => {
                let Some(proto) = module.protos.get(proto.0 as usize) else { return };
                (usize::from(count.0), count.0 > 0 && count.0 == proto.captures)
            }
            I::Partial { count, proto, .. } => {
                let Some(proto) = module.protos.get(proto.0 as usize) else { return };
                let limit = proto.parameters + u16::from(proto.effect);
                (usize::from(count.0), proto.captures == 0 && u16::from(count.0) < limit)
            }
            I::CallNative { count, native, .. } => {
                let Some(native) = module.natives.get(native.0 as usize) else { return };
                (usize::from(count.0), count.0 == native.arity)
            }
            I::CallValue { count, .. } | I::TailCallValue { count, .. } => (usize::from(count.0), count.0 > 0),
            I::Unpack { count, .. } | I::FieldsRaw { count, .. } | I::SetFieldsRaw { count, .. } => {
                (usize::from(count.0), count.0 > 0)
            }
            _ => return,
        };
        self.check(fits, Rule::V8, pc, || format!("{found} operands"));
    }

    /// Rules V13 and V16.
    fn special(&mut self, pc: usize, instruction: Instruction) {
        use Instruction as I;
        match instruction {
            I::DivIntImm { right, .. } | I::RemIntImm { right, .. } => {
                self.check(right.0 != 0 && right.0 != -1, Rule::V13, pc, || right.0.to_string());
            }
            I::Fault { message } => {
                let known = (message.0 as usize) < self.verifier.module.constants.len();
                let holds = !known || self.is_text(message.0);
                self.check(holds, Rule::V16, pc, || format!("constant {} is no text", message.0));
            }
            _ => {}
        }
    }

    fn is_text(&self, constant: u32) -> bool {
        matches!(self.verifier.module.constants.get(constant as usize), Some(Constant::Text(_)))
    }

    /// Rule V12.
    fn end(&mut self) {
        let last = (0..self.proto.code.len()).rev().find(|&pc| self.starts[pc]);
        let ends = last.and_then(|pc| Instruction::decode(self.proto.code[pc])).is_some_and(|instruction| {
            let jumps = matches!(
                instruction,
                Instruction::Jump { .. } | Instruction::Loop { .. } | Instruction::SwitchConstructor { .. }
            );
            jumps || instruction.opcode().info().flags.contains(&Flag::ends)
        });
        let pc = self.proto.code.len().saturating_sub(1);
        self.check(ends, Rule::V12, pc, || if last.is_some() { "last instruction".into() } else { "no code".into() });
    }

    /// Rules V3 and V9.
    fn handlers(&mut self) {
        let proto = self.proto;
        for handler in &proto.handlers {
            let [start, end, target] = [handler.start, handler.end, handler.target].map(|pc| pc as usize);
            let holds = start < end && end <= proto.code.len() && target >= end && self.is_start(target);
            self.check(holds, Rule::V9, start, || format!("handler {start}..{end} -> {target}"));
            let caught = match handler.kind {
                HandlerKind::Failure(reg) => Some(reg),
                HandlerKind::Cleanup => None,
            };
            for reg in handler.keep.iter().copied().chain(caught) {
                self.check(reg.0 < proto.registers, Rule::V3, start, || format!("handler's r{}", reg.0));
            }
        }
    }

    /// Rules V3 and V10.
    fn drops(&mut self) {
        let proto = self.proto;
        let mut last = None;
        for drops in &proto.drops {
            let pc = drops.pc as usize;
            let holds = last < Some(drops.pc) && self.is_start(pc);
            self.check(holds, Rule::V10, pc, || "order".into());
            last = Some(drops.pc);
            let mut registers = drops.registers.clone();
            registers.sort_unstable();
            let unique = registers.windows(2).all(|pair| pair[0] != pair[1]);
            self.check(unique, Rule::V10, pc, || "a register twice".into());
            let inside = registers.last().is_none_or(|reg| reg.0 < proto.registers);
            self.check(inside, Rule::V3, pc, || "a register to drop".into());
        }
    }
}
