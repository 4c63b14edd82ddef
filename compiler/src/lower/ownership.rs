//! Who owns what: turns operations into instructions that move at a value's last use, copy before, and drop what is not
//! used any more.
//!
//! The state maps registers to what they hold. These hold at all times:
//! - an owned register that is not needed any more is dropped right after the operation that touched it last, or, when
//!   the last use was on another path, on the edge where the paths part;
//! - where paths join, all of them own the same registers: those that are needed behind the join;
//! - a register that is written holds nothing then, and one that is read holds something. This is checked, so a mistake
//!   of the passes before ends here and not in a running program.
//!
//! Drops on an edge into a place with other ways in stand right before that place, jumped over by the other ways.

use std::collections::BTreeSet;

use aivi_bytecode::module::{HandlerKind, Proto};
use aivi_bytecode::{ConstId, Count, Index, Instruction, Jump16, Reg};

use super::assemble::{Assembler, Pad};
use super::coalesce::coalesce;
use super::code::{Action, Class, Code, Label, Op};
use super::common;
use super::liveness::{Flow, Registers, ends, is_flagged, is_jump};
use super::operands::operands;
use crate::diagnostic::Source;

type State = Vec<(Reg, Class)>;

/// How a block is entered.
#[derive(Clone, Default)]
struct Entry {
    state: Option<State>,
    /// Edges that drop registers before they join the others.
    stubs: Vec<(Label, Vec<Reg>)>,
}

/// A proto's code, ready to be assembled.
pub(super) struct Assembled {
    assembler: Assembler,
    pads: Vec<Option<Pad>>,
    /// What does not hold that must: a mistake in lowering.
    pub mistakes: Vec<String>,
}

impl Assembled {
    /// Fills in `proto`.
    pub(super) fn finish(self, proto: &mut Proto, source: u32, text: &Source) {
        self.assembler.finish(proto, &self.pads, source, text);
    }
}

/// Resolves the ownership of all registers; `arguments` hold something at entry.
pub(super) fn resolve(code: &mut Code, registers: usize, arguments: &[(Reg, Class)]) -> Assembled {
    common::share(code);
    let mut flow = Flow::new(code, registers);
    coalesce(code, &mut flow);
    let mut pass = Pass {
        code,
        flow: &flow,
        out: Assembler::new(code.labels()),
        entries: vec![Entry::default(); flow.blocks.len()],
        pads: vec![None; code.regions.len()],
        state: vec![None; registers],
        owned: BTreeSet::new(),
        builds: code.builds_lists(),
        falls: false,
        mistakes: Vec::new(),
    };
    pass.entries[0].state = Some(arguments.to_vec());
    for block in 0..flow.blocks.len() {
        pass.block(block);
    }
    Assembled { assembler: pass.out, pads: pass.pads, mistakes: pass.mistakes }
}

struct Pass<'c> {
    code: &'c Code,
    flow: &'c Flow,
    out: Assembler,
    entries: Vec<Entry>,
    pads: Vec<Option<Pad>>,
    state: Vec<Option<Class>>,
    owned: BTreeSet<Reg>,
    /// Elements are put onto lists here: what has room is of use.
    builds: bool,
    /// The instruction before goes on with the next one.
    falls: bool,
    mistakes: Vec<String>,
}

impl Pass<'_> {
    fn block(&mut self, index: usize) {
        let block = &self.flow.blocks[index];
        if !block.reachable {
            // Marks of regions stay, so that their ranges end where they should.
            for (op, _) in &self.code.ops[block.start..block.end] {
                match op {
                    Op::Enter(region) => self.out.enter(*region),
                    Op::Leave(region) => self.out.leave(*region),
                    _ => {}
                }
            }
            return;
        }
        let entry = std::mem::take(&mut self.entries[index]);
        self.load(entry.state.unwrap_or_default(), block.is_header);
        self.stubs(entry.stubs, block.start);
        if index == 0 {
            // Parameters that nobody uses. Before the label: who comes around a loop does not have them any more.
            self.drop_not_in(&block.live_in);
        }
        self.falls = true;
        let mut at_head = true;
        for op in block.start..block.end {
            let (operation, offset) = &self.code.ops[op];
            self.out.offset = *offset;
            if at_head && !matches!(operation, Op::Bind(_) | Op::Enter(_) | Op::Leave(_)) {
                self.drop_not_in(&block.live_in);
                at_head = false;
            }
            self.operation(index, op, operation);
        }
        if at_head {
            self.drop_not_in(&block.live_in);
        }
        let last = self.code.ops[block.start..block.end].last().map(|(op, _)| op);
        let goes_on = !last.is_some_and(|op| is_jump(op) || ends(op));
        if goes_on && let Some(&next) = block.successors.first() {
            self.flow_to(next);
        }
        self.falls &= goes_on || matches!(last, Some(Op::Branch(..) | Op::Next { .. }));
    }

    fn load(&mut self, state: State, is_header: bool) {
        self.state.fill(None);
        self.owned.clear();
        for (reg, class) in state {
            let class = match class {
                // What comes around the loop may have no tag, or be counted.
                Class::Tagged if is_header => Class::Scalar,
                Class::Plain if is_header => Class::Owned,
                _ => class,
            };
            self.set(reg, class);
        }
    }

    /// Edges into this block that drop something first.
    fn stubs(&mut self, stubs: Vec<(Label, Vec<Reg>)>, start: usize) {
        if stubs.is_empty() {
            return;
        }
        let Some((Op::Bind(label), _)) = self.code.ops.get(start) else {
            return self.mistake("an edge into the middle of the code");
        };
        if self.falls {
            self.out.jump(*label);
        }
        for (stub, registers) in stubs {
            self.out.bind(stub);
            registers.iter().for_each(|&src| self.out.word(Instruction::Drop { src }));
            self.out.jump(*label);
        }
    }

    fn operation(&mut self, block: usize, index: usize, op: &Op) {
        match op {
            Op::Do(action) => self.action(index, action),
            Op::Take { dst, src } if dst == src => {}
            Op::Take { dst, src } => self.take(index, *dst, *src),
            Op::Emptied { dst, list, empty } => self.emptied(index, *dst, *list, *empty),
            Op::Borrow { dst, src } => {
                self.read(*src);
                self.out.word(Instruction::Move { dst: *dst, src: *src });
                self.write(*dst, if self.get(*src) == Some(Class::Owned) { Class::Alias } else { Class::Tagged });
            }
            Op::Scalar { dst, src } => {
                self.read(*src);
                let class = if self.get(*src) == Some(Class::Scalar) { Class::Scalar } else { Class::Tagged };
                if dst != src && !self.flow.deaths[index].contains(dst) {
                    self.out.word(moved(class, *dst, *src));
                }
                self.write(*dst, class);
                self.bury(index);
            }
            Op::Tag(kind, reg) => {
                self.read(*reg);
                if self.get(*reg) == Some(Class::Scalar) {
                    self.out.word(Instruction::Tag { kind: *kind, dst: *reg, src: *reg });
                    self.set(*reg, Class::Tagged);
                }
                self.bury(index);
            }
            Op::Unpack { object, first, fields } => self.unpack(index, *object, *first, fields),
            Op::Fields { object, first, index: from, count } => self.fields(index, *object, *first, *from, *count),
            Op::Caught { dst, class } => {
                self.write(*dst, *class);
                self.bury(index);
            }
            Op::Bind(label) => self.out.bind(*label),
            Op::Enter(region) => self.out.enter(*region),
            Op::Leave(region) => self.out.leave(*region),
            Op::Jump(label) => {
                self.flow_to(self.flow.block_of(*label));
                self.out.jump(*label);
            }
            Op::Loop(label) => self.loop_to(block, *label),
            Op::Branch(instruction, label) => {
                operands(*instruction).reads.iter().for_each(|&reg| self.read(reg));
                let target = self.edge(*label);
                self.out.branch(*instruction, target);
                self.flow_to(block + 1);
            }
            Op::Next { head, list, class, end } => {
                self.read(*list);
                let target = self.edge(*end);
                self.out.branch(Instruction::ListNext { head: *head, list: *list, by: Jump16(0) }, target);
                self.write(*head, *class);
                self.flow_to(block + 1);
            }
            Op::Switch { subject, targets } => {
                self.read(*subject);
                let targets = targets.iter().map(|&label| self.edge(label)).collect();
                self.out.switch(*subject, targets);
            }
        }
    }

    fn action(&mut self, index: usize, action: &Action) {
        let instruction = action.instruction;
        let all = operands(instruction);
        let dead = |reg: Reg| self.flow.deaths[index].contains(&reg);
        let flagged = is_flagged(&self.code.ops[index].0);
        let effects = flagged || !all.takes.is_empty() || !action.takes.is_empty();
        let updates = matches!(instruction, Instruction::ListUncons { .. });
        if !effects && !updates && all.write.is_some_and(dead) {
            return self.bury(index);
        }
        all.reads.iter().chain(&action.reads).for_each(|&reg| self.read(reg));
        for &reg in all.takes.iter().chain(&action.takes) {
            self.read(reg);
            if self.get(reg) == Some(Class::Alias) {
                self.mistake(&format!("{instruction:?} takes what is only borrowed"));
            }
            self.clear(reg);
        }
        if flagged {
            self.out.owned(self.owned.iter().copied().collect());
            self.unwind(index);
        }
        self.out.word(instruction);
        if let Some(value) = action.name {
            self.out.word(Instruction::Const { dst: Reg(0), value });
        }
        if ends(&self.code.ops[index].0) {
            return;
        }
        if let Some(reg) = all.write {
            self.write(reg, action.class);
        }
        self.bury(index);
    }

    fn take(&mut self, index: usize, dst: Reg, src: Reg) {
        self.read(src);
        let Some(class) = self.get(src) else { return };
        let deaths = &self.flow.deaths[index];
        if deaths.contains(&dst) {
            return self.bury(index);
        }
        match class {
            Class::Owned if deaths.contains(&src) => {
                self.out.word(Instruction::Move { dst, src });
                self.clear(src);
            }
            Class::Owned | Class::Alias => self.out.word(Instruction::Copy { dst, src }),
            Class::Scalar | Class::Tagged | Class::Plain => self.out.word(moved(class, dst, src)),
        }
        self.write(dst, if class == Class::Alias { Class::Owned } else { class });
        self.bury(index);
    }

    fn emptied(&mut self, index: usize, dst: Reg, list: Reg, empty: ConstId) {
        self.read(list);
        let deaths = &self.flow.deaths[index];
        if deaths.contains(&dst) {
            return self.bury(index);
        }
        if self.builds && deaths.contains(&list) && self.get(list) == Some(Class::Owned) {
            self.out.word(Instruction::ListDrop { dst, list, count: Index(0) });
            self.clear(list);
            self.write(dst, Class::Owned);
        } else {
            self.out.word(Instruction::Const { dst, value: empty });
            self.write(dst, Class::Plain);
        }
        self.bury(index);
    }

    fn unpack(&mut self, index: usize, object: Reg, first: Reg, fields: &[Class]) {
        self.read(object);
        let deaths = &self.flow.deaths[index];
        let at = |field: usize| Reg(first.0 + field as u16);
        let live: Vec<usize> = (0..fields.len()).filter(|&field| !deaths.contains(&at(field))).collect();
        let consumes = deaths.contains(&object) && self.get(object) == Some(Class::Owned);
        // Few of many fields: copying those is cheaper than moving all. One or two more than needed: arbitrary.
        let counted = live.iter().any(|&field| fields[field] == Class::Owned);
        if consumes && (counted || self.returned(index, object)) && live.len() + 2 >= fields.len() {
            let count = Count(fields.len() as u8);
            self.out.word(Instruction::Unpack { count, first, object });
            self.clear(object);
            for (field, &class) in fields.iter().enumerate() {
                self.write(at(field), if class == Class::Scalar { Class::Tagged } else { class });
            }
        } else {
            for field in live {
                let (dst, index) = (at(field), Index(field as u16));
                let scalar = fields[field] == Class::Scalar;
                self.out.word(if scalar {
                    Instruction::FieldRaw { dst, object, index }
                } else {
                    Instruction::Field { dst, object, index }
                });
                self.write(dst, fields[field]);
            }
        }
        self.bury(index);
    }

    fn fields(&mut self, op: usize, object: Reg, first: Reg, index: Index, count: u8) {
        self.read(object);
        let registers = (0..count).map(|field| Reg(first.0 + u16::from(field)));
        if registers.clone().any(|reg| !self.flow.deaths[op].contains(&reg)) {
            self.out.word(match count {
                1 => Instruction::FieldRaw { dst: first, object, index },
                _ => Instruction::FieldsRaw { count: Count(count), first, object, index },
            });
            registers.for_each(|reg| self.write(reg, Class::Scalar));
        }
        self.bury(op);
    }

    fn loop_to(&mut self, block: usize, label: Label) {
        let header = self.flow.block_of(label);
        let live = &self.flow.blocks[header].live_in;
        self.drop_not_in(live);
        live.iter().for_each(|reg| self.read(reg));
        self.unwind(self.flow.blocks[block].end - 1);
        self.out.loop_to(label, self.owned.iter().copied().collect());
    }

    /// Notes that control may go from here to the pads around operation `index`.
    fn unwind(&mut self, index: usize) {
        let block = self.flow.blocks.partition_point(|block| block.end <= index);
        for &region in &self.flow.blocks[block].regions {
            let found = self.code.regions[region.0 as usize];
            let target = self.flow.block_of(found.pad);
            let live = &self.flow.blocks[target].live_in;
            let state: State = live
                .iter()
                .filter_map(|reg| {
                    let class = self.state[usize::from(reg.0)]?;
                    Some((reg, if class == Class::Tagged { Class::Scalar } else { class }))
                })
                .collect();
            let owned = state.iter().filter(|&&(_, class)| class == Class::Owned).map(|&(reg, _)| reg);
            let pad = self.pads[region.0 as usize].get_or_insert_with(|| Pad {
                label: found.pad,
                kind: found.caught.map_or(HandlerKind::Cleanup, HandlerKind::Failure),
                keep: Vec::new(),
            });
            // A register that is plain before a loop is owned inside: kept is what is owned anywhere.
            for reg in owned {
                if let Err(at) = pad.keep.binary_search(&reg) {
                    pad.keep.insert(at, reg);
                }
            }
            self.join(target, state);
        }
    }

    /// The state on the way to a block, after an edge that may drop something.
    fn flow_to(&mut self, target: usize) {
        let block = &self.flow.blocks[target];
        if block.predecessors > 1 {
            self.drop_not_in(&block.live_in);
        }
        self.join(target, self.current());
    }

    /// The label to which a conditional jump to `label` goes.
    fn edge(&mut self, label: Label) -> Label {
        let target = self.flow.block_of(label);
        let block = &self.flow.blocks[target];
        let mut state = self.current();
        let mut result = label;
        if block.predecessors > 1 {
            let dead: Vec<Reg> = self.owned.iter().copied().filter(|&reg| !block.live_in.has(reg)).collect();
            state.retain(|&(reg, _)| block.live_in.has(reg));
            if !dead.is_empty() {
                let stubs = &mut self.entries[target].stubs;
                result = match stubs.iter().find(|(_, registers)| *registers == dead) {
                    Some(&(stub, _)) => stub,
                    None => {
                        let stub = self.out.label();
                        stubs.push((stub, dead));
                        stub
                    }
                };
            }
        }
        self.join(target, state);
        result
    }

    fn current(&self) -> State {
        let held = self.state.iter().enumerate();
        held.filter_map(|(index, class)| class.map(|class| (Reg(index as u16), class))).collect()
    }

    /// One more way into a block.
    fn join(&mut self, target: usize, mut state: State) {
        let block = &self.flow.blocks[target];
        if block.predecessors > 1 || self.entries[target].state.is_some() {
            state.retain(|&(reg, _)| block.live_in.has(reg));
        }
        let Some(known) = self.entries[target].state.take() else {
            self.entries[target].state = Some(state);
            return;
        };
        let mut met = State::new();
        let mut others = state.into_iter().peekable();
        for (reg, class) in known.into_iter().filter(|&(reg, _)| block.live_in.has(reg)) {
            while others.next_if(|&(other, _)| other < reg).is_some() {}
            match others.next_if(|&(other, _)| other == reg) {
                Some((_, other)) => met.push((reg, self.meet(reg, class, other))),
                None => self.mistake(&format!("r{} holds something on some ways only", reg.0)),
            }
        }
        self.entries[target].state = Some(met);
    }

    fn meet(&mut self, reg: Reg, left: Class, right: Class) -> Class {
        use Class::{Owned, Plain, Scalar, Tagged};
        match (left, right) {
            _ if left == right => left,
            (Scalar, Tagged) | (Tagged, Scalar) => Scalar,
            (Owned, Plain | Tagged) | (Plain | Tagged, Owned) => Owned,
            (Plain, Tagged) | (Tagged, Plain) => Plain,
            _ => {
                self.mistake(&format!("r{} is {left:?} on one way and {right:?} on another", reg.0));
                left
            }
        }
    }

    /// Drops owned registers that are not in `live`, and forgets the others that are not.
    fn drop_not_in(&mut self, live: &Registers) {
        let dead: Vec<Reg> = self.owned.iter().copied().filter(|&reg| !live.has(reg)).collect();
        for src in dead {
            self.out.word(Instruction::Drop { src });
            self.clear(src);
        }
    }

    /// Registers that operation `index` touched for the last time.
    fn bury(&mut self, index: usize) {
        for &reg in &self.flow.deaths[index] {
            if self.get(reg) == Some(Class::Owned) {
                self.out.word(Instruction::Drop { src: reg });
            }
            self.clear(reg);
        }
    }

    /// Whether the operation before is a call that leaves its result in `object`, perhaps with a question for its
    /// constructor between: a callee that makes the object just to return it leaves that to the `unpack`.
    fn returned(&self, index: usize, object: Reg) -> bool {
        let mut before = self.code.ops[..index].iter().rev().map(|(op, _)| op).peekable();
        let asks = |op: &&Op| matches!(op, Op::Branch(Instruction::JumpNotConstructor { subject, .. }, _) if *subject == object);
        before.next_if(asks);
        matches!(before.next(), Some(Op::Do(action)) if matches!(action.instruction,
            Instruction::Call { base, .. } | Instruction::CallValue { base, .. } | Instruction::CallRun { base, .. }
                if base == object))
    }

    fn get(&self, reg: Reg) -> Option<Class> {
        self.state[usize::from(reg.0)]
    }

    fn set(&mut self, reg: Reg, class: Class) {
        self.state[usize::from(reg.0)] = Some(class);
        if class == Class::Owned {
            self.owned.insert(reg);
        } else {
            self.owned.remove(&reg);
        }
    }

    fn clear(&mut self, reg: Reg) {
        self.state[usize::from(reg.0)] = None;
        self.owned.remove(&reg);
    }

    fn write(&mut self, reg: Reg, class: Class) {
        if self.get(reg) == Some(Class::Owned) {
            self.mistake(&format!("r{} is written over", reg.0));
        }
        self.set(reg, class);
    }

    fn read(&mut self, reg: Reg) {
        if self.get(reg).is_none() {
            self.mistake(&format!("r{} is read and holds nothing", reg.0));
        }
    }

    fn mistake(&mut self, text: &str) {
        self.mistakes.push(format!("{text} (before offset {})", self.out.offset));
    }
}

/// What moves a value that is not counted.
fn moved(class: Class, dst: Reg, src: Reg) -> Instruction {
    match class {
        Class::Scalar => Instruction::MoveRaw { dst, src },
        _ => Instruction::Move { dst, src },
    }
}
