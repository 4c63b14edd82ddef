//! The last step for a proto: places, distances of jumps, handler ranges, tables.
//!
//! Conditional jumps reach 32,767 words. One that has to go further becomes three words: the conditional jump over the
//! second, the second over the third, and the long jump. Which are long is found by widening until nothing changes.

use aivi_bytecode::module::{Drops, Handler, HandlerKind, Line, Proto};
use aivi_bytecode::{Index, Instruction, Jump16, Jump32, Reg};

use super::code::{Label, RegionId};
use crate::diagnostic::{Position, Source};

#[derive(Debug)]
enum Kind {
    Word(Instruction),
    Branch(Instruction, Label),
    Jump(Label),
    Loop(Label),
    /// A jump back that does the test at the loop's start; nothing when the way is too far.
    Again(Instruction, Label),
    Switch(Reg, Box<[Label]>),
    Bind(Label),
    Enter(RegionId),
    Leave(RegionId),
}

#[derive(Debug)]
struct Item {
    kind: Kind,
    offset: u32,
    wide: bool,
    pc: usize,
}

/// A handler in the making.
#[derive(Clone, Debug)]
pub(super) struct Pad {
    /// Where it is.
    pub label: Label,
    /// What it catches.
    pub kind: HandlerKind,
    /// What stays owned.
    pub keep: Vec<Reg>,
}

/// Instructions with labels, in their final order.
#[derive(Default, Debug)]
pub(super) struct Assembler {
    items: Vec<Item>,
    drops: Vec<(usize, Vec<Reg>)>,
    labels: u32,
    /// Source offset of what is written next.
    pub offset: u32,
}

impl Assembler {
    /// `labels` labels are taken.
    pub(super) fn new(labels: usize) -> Self {
        Assembler { labels: labels as u32, ..Assembler::default() }
    }

    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        Label(self.labels - 1)
    }

    fn push(&mut self, kind: Kind) {
        self.items.push(Item { kind, offset: self.offset, wide: false, pc: 0 });
    }

    pub(super) fn word(&mut self, instruction: Instruction) {
        if let Some(Item { kind: Kind::Word(last), .. }) = self.items.last_mut()
            && let Some(both) = fused(*last, instruction)
        {
            *last = both;
        } else {
            self.push(Kind::Word(instruction));
        }
    }

    pub(super) fn branch(&mut self, instruction: Instruction, to: Label) {
        self.push(Kind::Branch(instruction, to));
    }

    pub(super) fn jump(&mut self, to: Label) {
        self.push(Kind::Jump(to));
    }

    /// Jumps back; the frame owns `registers`. Where the loop begins with a test of integers whose outcome leads on in
    /// the loop, that test is made here, so that a turn takes one jump instead of two: the `loop` is left for the end,
    /// and when fuel is out.
    pub(super) fn loop_to(&mut self, to: Label, registers: Vec<Reg>) {
        if let Some((instruction, label)) = self.again(to) {
            self.push(Kind::Again(instruction, label));
        }
        self.owned(registers);
        self.push(Kind::Loop(to));
    }

    /// The test at the start of a loop, as a jump back to where it goes on.
    fn again(&mut self, start: Label) -> Option<(Instruction, Label)> {
        let bound = |label: Label, items: &[Item]| {
            items.iter().rposition(|item| matches!(item.kind, Kind::Bind(here) if here == label))
        };
        let first = bound(start, &self.items)?;
        let test = first + self.items[first..].iter().position(|item| !matches!(item.kind, Kind::Bind(_)))?;
        let Kind::Branch(instruction, taken) = self.items[test].kind else { return None };
        if bound(taken, &self.items).is_some() {
            return Some((back(instruction)?, taken));
        }
        // Taken when the loop ends: goes on behind it.
        let instruction = back(opposite(instruction)?)?;
        let label = self.label();
        let Item { offset, .. } = self.items[test];
        self.items.insert(test + 1, Item { kind: Kind::Bind(label), offset, wide: false, pc: 0 });
        for (item, _) in self.drops.iter_mut().filter(|(item, _)| *item > test) {
            *item += 1;
        }
        Some((instruction, label))
    }

    pub(super) fn switch(&mut self, subject: Reg, targets: Box<[Label]>) {
        self.push(Kind::Switch(subject, targets));
    }

    pub(super) fn bind(&mut self, label: Label) {
        self.push(Kind::Bind(label));
    }

    pub(super) fn enter(&mut self, region: RegionId) {
        self.push(Kind::Enter(region));
    }

    pub(super) fn leave(&mut self, region: RegionId) {
        self.push(Kind::Leave(region));
    }

    /// What the frame owns at the instruction that is written next.
    pub(super) fn owned(&mut self, registers: Vec<Reg>) {
        if !registers.is_empty() {
            self.drops.push((self.items.len(), registers));
        }
    }

    /// Fills in code and tables of `proto`. `pads` has an entry for each region whose pad is ever reached.
    pub(super) fn finish(mut self, proto: &mut Proto, pads: &[Option<Pad>], source: u32, text: &Source) {
        self.skip_jumps_to_next();
        let places = self.place();
        let at = |label: &Label| places[label.0 as usize];
        for item in &self.items {
            let next = item.pc as i64 + 1;
            let by = |label: &Label| Jump32((at(label) as i64 - next) as i32);
            match &item.kind {
                Kind::Word(instruction) => proto.code.push(instruction.encode()),
                Kind::Branch(instruction, label) if !item.wide => {
                    proto.code.push(branch_by(*instruction, by(label).0).encode());
                }
                Kind::Branch(instruction, label) => {
                    proto.code.push(branch_by(*instruction, 1).encode());
                    proto.code.push(Instruction::Jump { by: Jump32(1) }.encode());
                    proto.code.push(Instruction::Jump { by: Jump32(by(label).0 - 2) }.encode());
                }
                Kind::Jump(label) => proto.code.push(Instruction::Jump { by: by(label) }.encode()),
                Kind::Again(instruction, label) if !item.wide => {
                    proto.code.push(branch_by(*instruction, by(label).0).encode());
                }
                Kind::Loop(label) => proto.code.push(Instruction::Loop { by: by(label) }.encode()),
                Kind::Switch(subject, targets) => {
                    let count = Index(targets.len() as u16);
                    proto.code.push(Instruction::SwitchConstructor { subject: *subject, count }.encode());
                    for (index, label) in targets.iter().enumerate() {
                        let by = Jump32(by(label).0 - index as i32 - 1);
                        proto.code.push(Instruction::Jump { by }.encode());
                    }
                }
                Kind::Again(..) | Kind::Bind(_) | Kind::Enter(_) | Kind::Leave(_) => {}
            }
        }
        let pc_of = |item: usize| self.items[item].pc as u32;
        proto.drops = self
            .drops
            .iter()
            .map(|(item, registers)| Drops { pc: pc_of(*item), registers: registers.clone() })
            .collect();
        proto.handlers = self.handlers(pads, &places, proto.code.len());
        proto.lines = self.lines(source, text);
    }

    fn skip_jumps_to_next(&mut self) {
        for index in 0..self.items.len() {
            let Kind::Jump(label) = self.items[index].kind else { continue };
            let mut behind = self.items[index + 1..].iter();
            let lands = behind.by_ref().take_while(|item| !matches!(item.kind, Kind::Word(_) | Kind::Branch(..)));
            let mut found = false;
            for item in lands {
                match item.kind {
                    Kind::Bind(bound) if bound == label => {
                        found = true;
                        break;
                    }
                    Kind::Bind(_) | Kind::Enter(_) | Kind::Leave(_) => {}
                    _ => break,
                }
            }
            if found {
                // A leave of the region that leads nowhere new: an empty place in the stream.
                self.items[index].kind = Kind::Bind(Label(u32::MAX));
            }
        }
    }

    /// The pc of each label; decides which branches are wide.
    fn place(&mut self) -> Vec<usize> {
        let mut places = vec![0; self.labels as usize];
        loop {
            let mut pc = 0;
            for item in &mut self.items {
                item.pc = pc;
                match &item.kind {
                    Kind::Bind(label) if label.0 != u32::MAX => places[label.0 as usize] = pc,
                    Kind::Bind(_) | Kind::Enter(_) | Kind::Leave(_) => {}
                    Kind::Switch(_, targets) => pc += 1 + targets.len(),
                    Kind::Branch(..) => pc += if item.wide { 3 } else { 1 },
                    Kind::Again(..) => pc += usize::from(!item.wide),
                    Kind::Word(_) | Kind::Jump(_) | Kind::Loop(_) => pc += 1,
                }
            }
            let mut changed = false;
            for item in &mut self.items {
                if let Kind::Branch(_, label) | Kind::Again(_, label) = &item.kind
                    && !item.wide
                    && places[label.0 as usize].abs_diff(item.pc + 1) > i16::MAX as usize
                {
                    item.wide = true;
                    changed = true;
                }
            }
            if !changed {
                return places;
            }
        }
    }

    /// Innermost first: an inner region has a greater number than those around it.
    fn handlers(&self, pads: &[Option<Pad>], places: &[usize], length: usize) -> Vec<Handler> {
        let mut open = vec![None; pads.len()];
        let mut found = Vec::new();
        for item in &self.items {
            match item.kind {
                Kind::Enter(region) => open[region.0 as usize] = Some(item.pc),
                Kind::Leave(region) => {
                    let start = open[region.0 as usize].take();
                    found.extend(start.map(|start| (region, start, item.pc)));
                }
                _ => {}
            }
        }
        found.sort_by_key(|&(region, start, _)| (std::cmp::Reverse(region), start));
        let protects = found.into_iter().filter(|&(_, start, end)| start < end && end <= length);
        protects
            .filter_map(|(region, start, end)| {
                let pad = pads[region.0 as usize].as_ref()?;
                let target = places[pad.label.0 as usize] as u32;
                Some(Handler { start: start as u32, end: end as u32, target, kind: pad.kind, keep: pad.keep.clone() })
            })
            .collect()
    }

    fn lines(&self, source: u32, text: &Source) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        let mut last = None;
        for item in &self.items {
            if last == Some(item.offset) || matches!(item.kind, Kind::Bind(_) | Kind::Enter(_) | Kind::Leave(_)) {
                continue;
            }
            last = Some(item.offset);
            let Position { line, column } = text.position(item.offset);
            lines.push(Line { pc: item.pc as u32, source, line: line as u32, column: column as u32 });
        }
        lines
    }
}

/// One instruction that does what the two do, one after the other.
fn fused(first: Instruction, second: Instruction) -> Option<Instruction> {
    use Instruction as I;
    match (first, second) {
        (I::MoveRaw { dst: moved, src }, I::Tag { kind, dst, src: tagged }) if moved == tagged && tagged == dst => {
            Some(I::Tag { kind, dst, src })
        }
        _ => None,
    }
}

/// The jump that is taken when this one is not; only for integers.
fn opposite(instruction: Instruction) -> Option<Instruction> {
    use Instruction as I;
    Some(match instruction {
        I::JumpEqInt { left, right, by } => I::JumpNeInt { left, right, by },
        I::JumpNeInt { left, right, by } => I::JumpEqInt { left, right, by },
        I::JumpLtInt { left, right, by } => I::JumpLeInt { left: right, right: left, by },
        I::JumpLeInt { left, right, by } => I::JumpLtInt { left: right, right: left, by },
        I::JumpEqIntImm { left, right, by } => I::JumpNeIntImm { left, right, by },
        I::JumpNeIntImm { left, right, by } => I::JumpEqIntImm { left, right, by },
        I::JumpLtIntImm { left, right, by } => I::JumpGeIntImm { left, right, by },
        I::JumpLeIntImm { left, right, by } => I::JumpGtIntImm { left, right, by },
        I::JumpGtIntImm { left, right, by } => I::JumpLeIntImm { left, right, by },
        I::JumpGeIntImm { left, right, by } => I::JumpLtIntImm { left, right, by },
        _ => return None,
    })
}

/// The jump as one back.
fn back(instruction: Instruction) -> Option<Instruction> {
    use Instruction as I;
    Some(match instruction {
        I::JumpEqInt { left, right, by } => I::LoopEqInt { left, right, by },
        I::JumpNeInt { left, right, by } => I::LoopNeInt { left, right, by },
        I::JumpLtInt { left, right, by } => I::LoopLtInt { left, right, by },
        I::JumpLeInt { left, right, by } => I::LoopLeInt { left, right, by },
        I::JumpEqIntImm { left, right, by } => I::LoopEqIntImm { left, right, by },
        I::JumpNeIntImm { left, right, by } => I::LoopNeIntImm { left, right, by },
        I::JumpLtIntImm { left, right, by } => I::LoopLtIntImm { left, right, by },
        I::JumpLeIntImm { left, right, by } => I::LoopLeIntImm { left, right, by },
        I::JumpGtIntImm { left, right, by } => I::LoopGtIntImm { left, right, by },
        I::JumpGeIntImm { left, right, by } => I::LoopGeIntImm { left, right, by },
        _ => return None,
    })
}

/// The conditional jump with its distance.
fn branch_by(instruction: Instruction, by: i32) -> Instruction {
    use Instruction as I;
    let short = Jump16(by as i16);
    let long = Jump32(by);
    match instruction {
        I::JumpIf { test, .. } => I::JumpIf { test, by: long },
        I::JumpUnless { test, .. } => I::JumpUnless { test, by: long },
        I::JumpEqInt { left, right, .. } => I::JumpEqInt { left, right, by: short },
        I::JumpNeInt { left, right, .. } => I::JumpNeInt { left, right, by: short },
        I::JumpLtInt { left, right, .. } => I::JumpLtInt { left, right, by: short },
        I::JumpLeInt { left, right, .. } => I::JumpLeInt { left, right, by: short },
        I::JumpEqIntImm { left, right, .. } => I::JumpEqIntImm { left, right, by: short },
        I::JumpNeIntImm { left, right, .. } => I::JumpNeIntImm { left, right, by: short },
        I::JumpLtIntImm { left, right, .. } => I::JumpLtIntImm { left, right, by: short },
        I::JumpLeIntImm { left, right, .. } => I::JumpLeIntImm { left, right, by: short },
        I::JumpGtIntImm { left, right, .. } => I::JumpGtIntImm { left, right, by: short },
        I::JumpGeIntImm { left, right, .. } => I::JumpGeIntImm { left, right, by: short },
        I::LoopEqInt { left, right, .. } => I::LoopEqInt { left, right, by: short },
        I::LoopNeInt { left, right, .. } => I::LoopNeInt { left, right, by: short },
        I::LoopLtInt { left, right, .. } => I::LoopLtInt { left, right, by: short },
        I::LoopLeInt { left, right, .. } => I::LoopLeInt { left, right, by: short },
        I::LoopEqIntImm { left, right, .. } => I::LoopEqIntImm { left, right, by: short },
        I::LoopNeIntImm { left, right, .. } => I::LoopNeIntImm { left, right, by: short },
        I::LoopLtIntImm { left, right, .. } => I::LoopLtIntImm { left, right, by: short },
        I::LoopLeIntImm { left, right, .. } => I::LoopLeIntImm { left, right, by: short },
        I::LoopGtIntImm { left, right, .. } => I::LoopGtIntImm { left, right, by: short },
        I::LoopGeIntImm { left, right, .. } => I::LoopGeIntImm { left, right, by: short },
        I::JumpEqText { left, right, .. } => I::JumpEqText { left, right, by: short },
        I::JumpNeText { left, right, .. } => I::JumpNeText { left, right, by: short },
        I::JumpLtFloat { left, right, .. } => I::JumpLtFloat { left, right, by: short },
        I::JumpNotLtFloat { left, right, .. } => I::JumpNotLtFloat { left, right, by: short },
        I::JumpLeFloat { left, right, .. } => I::JumpLeFloat { left, right, by: short },
        I::JumpNotLeFloat { left, right, .. } => I::JumpNotLeFloat { left, right, by: short },
        I::JumpConstructor { subject, index, .. } => I::JumpConstructor { subject, index, by: short },
        I::JumpNotConstructor { subject, index, .. } => I::JumpNotConstructor { subject, index, by: short },
        I::JumpLength { list, length, .. } => I::JumpLength { list, length, by: short },
        I::JumpNotLength { list, length, .. } => I::JumpNotLength { list, length, by: short },
        I::JumpShorter { list, length, .. } => I::JumpShorter { list, length, by: short },
        I::ListNext { head, list, .. } => I::ListNext { head, list, by: short },
        I::JumpAbsent { src, .. } => I::JumpAbsent { src, by: short },
        I::JumpOutside { list, index, .. } => I::JumpOutside { list, index, by: short },
        other => other,
    }
}
