//! The text form of a module, for people and for golden tests.
//!
//! ```text
//! proto shop.total: 2 parameters, 5 registers
//!   raw r0 Int
//! ; 12 | total = price count =>
//!    0  mul.int          dst=r2 left=r0 right=r1
//!    1  jump.lt.int.imm  left=r2 right=100 by=L1
//!    2  call             base=r3 proto=shop.discount                ; owns r1
//!  L1:
//!    3  return.scalar    kind=Int src=r2
//! ```
//!
//! Ids are shown as what they name, never as numbers: adding a constant somewhere must not change the text of
//! everything else. Any module can be shown, wrong ones too: an id that names nothing prints as `?7`, a word that is no
//! instruction as `.word`.

use std::collections::BTreeMap;
use std::fmt::{self, Write};

use crate::isa::{Instruction, OpcodeInfo, OperandInfo};
use crate::module::{Constant, HandlerKind, Line, Module, Proto, Shape};
use crate::operand::{OperandKind, ScalarKind};

/// The text of all protos for which `wanted` holds.
#[must_use]
pub fn module(module: &Module, wanted: impl Fn(&Proto) -> bool) -> String {
    let mut out = format!("module {}\n", module.name);
    for proto in module.protos.iter().filter(|proto| wanted(proto)) {
        out.push('\n');
        out.push_str(&self::proto(module, proto));
    }
    out
}

/// The text of one proto of `module`.
#[must_use]
pub fn proto(module: &Module, proto: &Proto) -> String {
    let mut out = String::new();
    // Writing to a String cannot fail.
    let _ = Disassembler::new(module, proto).write(&mut out);
    out
}

struct Disassembler<'a> {
    module: &'a Module,
    proto: &'a Proto,
    /// Names of the places that jumps and handlers lead to.
    labels: BTreeMap<usize, usize>,
}

impl<'a> Disassembler<'a> {
    fn new(module: &'a Module, proto: &'a Proto) -> Self {
        let mut labels: BTreeMap<usize, usize> = BTreeMap::new();
        for (pc, &word) in proto.code.iter().enumerate() {
            for operand in row(word).into_iter().flat_map(|row| row.operands) {
                if operand.kind == OperandKind::Jump
                    && let Some(target) = operand.target(word, pc)
                {
                    labels.insert(target, 0);
                }
            }
        }
        for handler in &proto.handlers {
            for pc in [handler.start, handler.end, handler.target] {
                labels.insert(pc as usize, 0);
            }
        }
        for (number, label) in labels.values_mut().enumerate() {
            *label = number + 1;
        }
        Disassembler { module, proto, labels }
    }

    fn write(&self, out: &mut String) -> fmt::Result {
        self.header(out)?;
        let mut lines = self.proto.lines.iter().peekable();
        let mut shown = None;
        for (pc, &word) in self.proto.code.iter().enumerate() {
            if let Some(label) = self.labels.get(&pc) {
                writeln!(out, " L{label}:")?;
            }
            while let Some(line) = lines.next_if(|line| line.pc as usize <= pc) {
                if line.pc as usize == pc && shown != Some((line.source, line.line)) {
                    shown = Some((line.source, line.line));
                    self.source_line(line, out)?;
                }
            }
            self.instruction(pc, word, out)?;
        }
        if let Some(label) = self.labels.get(&self.proto.code.len()) {
            writeln!(out, " L{label}:")?;
        }
        self.handlers(out)
    }

    fn header(&self, out: &mut String) -> fmt::Result {
        let Proto { name, parameters, registers, captures, .. } = self.proto;
        write!(out, "{} {name}: {parameters} parameters, ", if self.proto.effect { "effect" } else { "proto" })?;
        if *captures > 0 {
            write!(out, "{captures} captures, ")?;
        }
        writeln!(out, "{registers} registers")?;
        for (reg, kind) in &self.proto.raw {
            writeln!(out, "  raw r{} {kind:?}", reg.0)?;
        }
        Ok(())
    }

    fn source_line(&self, line: &Line, out: &mut String) -> fmt::Result {
        let source = self.module.sources.get(line.source as usize);
        let text = source.and_then(|source| source.text.lines().nth((line.line as usize).wrapping_sub(1)));
        match text {
            Some(text) => writeln!(out, "; {} | {}", line.line, text.trim()),
            None => writeln!(out, "; {}", line.line),
        }
    }

    fn instruction(&self, pc: usize, word: u64, out: &mut String) -> fmt::Result {
        let mut text = String::new();
        match row(word) {
            None => write!(text, "{pc:5}  .word            {word:#018x}")?,
            Some(row) => {
                write!(text, "{pc:5}  {:<16}", row.mnemonic)?;
                for operand in row.operands {
                    write!(text, " {}=", operand.name)?;
                    self.operand(operand, pc, word, &mut text)?;
                }
            }
        }
        let at = self.proto.drops.binary_search_by_key(&pc, |drops| drops.pc as usize);
        if let Ok(at) = at {
            write!(text, "{:width$}; owns", "", width = 72usize.saturating_sub(text.chars().count()).max(2))?;
            for reg in &self.proto.drops[at].registers {
                write!(text, " r{}", reg.0)?;
            }
        }
        writeln!(out, "{}", text.trim_end())
    }

    fn operand(&self, operand: &OperandInfo, pc: usize, word: u64, out: &mut String) -> fmt::Result {
        let value = operand.value(word);
        let id = usize::try_from(value).unwrap_or(usize::MAX);
        let named = |name: Option<&str>, out: &mut String| match name {
            Some(name) => out.write_str(name),
            None => write!(out, "?{id}"),
        };
        match operand.kind {
            OperandKind::Reg => write!(out, "r{value}"),
            OperandKind::Imm | OperandKind::Count | OperandKind::Index => write!(out, "{value}"),
            OperandKind::Jump => match operand.target(word, pc).and_then(|target| self.labels.get(&target)) {
                Some(label) => write!(out, "L{label}"),
                None => write!(out, "?{value}"),
            },
            OperandKind::Scalar => {
                write!(out, "{:?}", <ScalarKind as crate::operand::Operand>::from_bits(value as u64))
            }
            OperandKind::Const => match self.module.constants.get(id) {
                Some(constant) => out.write_str(&self.constant(constant)),
                None => write!(out, "?{id}"),
            },
            OperandKind::Proto => named(self.module.protos.get(id).map(|proto| proto.name.as_str()), out),
            OperandKind::Native => named(self.module.natives.get(id).map(|native| native.name.as_str()), out),
            OperandKind::Global => named(self.module.globals.get(id).map(|global| global.name.as_str()), out),
            OperandKind::Shape => match self.module.shapes.get(id) {
                Some(shape) => out.write_str(&shape_name(shape)),
                None => write!(out, "?{id}"),
            },
        }
    }

    fn constant(&self, constant: &Constant) -> String {
        match constant {
            Constant::Int(value) => value.to_string(),
            Constant::Float(value) => format!("{value:?}"),
            Constant::Char(value) => format!("{value:?}"),
            Constant::Bool(true) => "True".into(),
            Constant::Bool(false) => "False".into(),
            Constant::Unit => "Unit".into(),
            Constant::Text(value) => format!("{value:?}"),
            Constant::Nullary(id) => {
                self.module.shapes.get(usize::from(id.0)).map_or_else(|| format!("?{}", id.0), shape_name)
            }
            Constant::Function(id) => match self.module.protos.get(id.0 as usize) {
                Some(proto) => proto.name.clone(),
                None => format!("?{}", id.0),
            },
            Constant::EmptyList => "[]".into(),
        }
    }

    fn handlers(&self, out: &mut String) -> fmt::Result {
        for handler in &self.proto.handlers {
            let [start, end, target] = [handler.start, handler.end, handler.target]
                .map(|pc| self.labels.get(&(pc as usize)).copied().unwrap_or(0));
            write!(out, "  handler L{start}..L{end} -> L{target}")?;
            match handler.kind {
                HandlerKind::Failure(reg) => write!(out, " failure r{}", reg.0)?,
                HandlerKind::Cleanup => write!(out, " cleanup")?,
            }
            if !handler.keep.is_empty() {
                write!(out, " keeps")?;
                for reg in &handler.keep {
                    write!(out, " r{}", reg.0)?;
                }
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

fn row(word: u64) -> Option<&'static OpcodeInfo> {
    Instruction::decode(word).map(|instruction| instruction.opcode().info())
}

/// A constructor's name, `(,)` for a pair, `{a, b}` for a record.
fn shape_name(shape: &Shape) -> String {
    match shape {
        Shape::Constructor { name, .. } => name.clone(),
        Shape::Tuple(arity) => format!("({})", ",".repeat(usize::from(*arity).saturating_sub(1))),
        Shape::Record(names) => format!("{{{}}}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests;
