//! Which registers are still needed after each operation: blocks, edges, and the usual backward iteration.
//!
//! An operation that may unwind has an edge to the pad of every handler around it: what a pad needs is live wherever
//! control could leave for it. Blocks that nothing leads to are left out.

use aivi_bytecode::Reg;
use aivi_bytecode::isa::Flag;
use smallvec::{SmallVec, smallvec};

use super::code::{Code, Label, Op, RegionId};
use super::operands::{Operands, operands};

/// A set of registers.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Registers(Vec<u64>);

impl Registers {
    fn new(count: usize) -> Self {
        Registers(vec![0; count.div_ceil(64)])
    }

    pub(super) fn has(&self, reg: Reg) -> bool {
        self.0[usize::from(reg.0) / 64] >> (reg.0 % 64) & 1 == 1
    }

    fn insert(&mut self, reg: Reg) {
        self.0[usize::from(reg.0) / 64] |= 1 << (reg.0 % 64);
    }

    fn remove(&mut self, reg: Reg) {
        self.0[usize::from(reg.0) / 64] &= !(1 << (reg.0 % 64));
    }

    fn add_all(&mut self, other: &Registers) {
        self.0.iter_mut().zip(&other.0).for_each(|(mine, theirs)| *mine |= theirs);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Reg> + '_ {
        self.0.iter().enumerate().flat_map(|(word, &bits)| {
            std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)))
                .take_while(|&bits| bits != 0)
                .map(move |bits| Reg((word * 64) as u16 + bits.trailing_zeros() as u16))
        })
    }
}

/// A run of operations that is entered at its start and left at its end.
#[derive(Debug)]
pub(super) struct Block {
    /// First operation.
    pub start: usize,
    /// One past the last.
    pub end: usize,
    /// Regions around it, outermost first.
    pub regions: SmallVec<[RegionId; 2]>,
    /// Where it goes on.
    pub successors: SmallVec<[usize; 2]>,
    /// Number of edges that lead here, pads not counted.
    pub predecessors: usize,
    /// Control gets here.
    pub reachable: bool,
    /// A `loop` leads here.
    pub is_header: bool,
    /// Needed when it is entered.
    pub live_in: Registers,
}

/// The flow of control and values in a proto.
#[derive(Debug)]
pub(super) struct Flow {
    /// In order of their operations.
    pub blocks: Vec<Block>,
    labels: Vec<usize>,
    /// For each operation, registers that it touches and that are not needed afterwards.
    pub deaths: Vec<SmallVec<[Reg; 2]>>,
}

/// Whether the operation may unwind, wait, or call.
pub(super) fn is_flagged(op: &Op) -> bool {
    match op {
        Op::Do(action) => action.instruction.opcode().info().flags.iter().any(|&flag| flag != Flag::ends),
        Op::Loop(_) => true,
        _ => false,
    }
}

/// Whether the operation may go on somewhere else than at the next one.
pub(super) fn is_jump(op: &Op) -> bool {
    matches!(op, Op::Jump(_) | Op::Loop(_) | Op::Branch(..) | Op::Next { .. } | Op::Switch { .. })
}

/// Whether the operation leaves the proto.
pub(super) fn ends(op: &Op) -> bool {
    matches!(op, Op::Do(action) if action.instruction.opcode().info().flags.contains(&Flag::ends))
}

/// What the operation does to registers, and which ones it writes.
pub(super) fn touched(op: &Op) -> (Operands, SmallVec<[Reg; 4]>) {
    let mut all = Operands::default();
    let mut writes = SmallVec::new();
    match op {
        Op::Do(action) => {
            all = operands(action.instruction);
            all.reads.extend_from_slice(&action.reads);
            all.takes.extend_from_slice(&action.takes);
            writes.extend(all.write);
        }
        Op::Take { dst, src } | Op::Borrow { dst, src } | Op::Scalar { dst, src } => {
            all.reads.push(*src);
            writes.push(*dst);
        }
        Op::Emptied { dst, list, .. } => {
            all.reads.push(*list);
            writes.push(*dst);
        }
        Op::Tag(_, reg) => all.reads.push(*reg),
        Op::Unpack { object, first, fields } => {
            all.reads.push(*object);
            writes.extend((0..fields.len()).map(|index| Reg(first.0 + index as u16)));
        }
        Op::Fields { object, first, count, .. } => {
            all.reads.push(*object);
            writes.extend((0..*count).map(|index| Reg(first.0 + u16::from(index))));
        }
        Op::Caught { dst, .. } => writes.push(*dst),
        Op::Branch(instruction, _) => all = operands(*instruction),
        Op::Next { head, list, .. } => {
            all.reads.push(*list);
            writes.push(*head);
        }
        Op::Switch { subject, .. } => all.reads.push(*subject),
        Op::Bind(_) | Op::Jump(_) | Op::Loop(_) | Op::Enter(_) | Op::Leave(_) => {}
    }
    (all, writes)
}

impl Flow {
    /// The flow of `code`, which uses `registers` registers.
    pub(super) fn new(code: &Code, registers: usize) -> Flow {
        let mut flow = Flow { blocks: Vec::new(), labels: vec![usize::MAX; code.labels()], deaths: Vec::new() };
        flow.find_blocks(code, registers);
        flow.link(code);
        flow.reach(code);
        flow.solve(code);
        flow
    }

    pub(super) fn block_of(&self, label: Label) -> usize {
        self.labels[label.0 as usize]
    }

    fn find_blocks(&mut self, code: &Code, registers: usize) {
        let mut regions: SmallVec<[RegionId; 2]> = smallvec![];
        let mut start = 0;
        let mut only_labels = true;
        for (index, (op, _)) in code.ops.iter().enumerate() {
            let begins = matches!(op, Op::Bind(_)) && !only_labels || matches!(op, Op::Enter(_) | Op::Leave(_));
            if begins && index > start {
                self.block(start, index, &regions, registers);
                (start, only_labels) = (index, true);
            }
            match op {
                Op::Bind(label) => self.labels[label.0 as usize] = self.blocks.len(),
                Op::Enter(region) => regions.push(*region),
                Op::Leave(region) => regions.retain(|active| active != region),
                _ => only_labels = false,
            }
            if is_jump(op) || ends(op) {
                self.block(start, index + 1, &regions, registers);
                (start, only_labels) = (index + 1, true);
            }
        }
        self.block(start, code.ops.len(), &regions, registers);
    }

    fn block(&mut self, start: usize, end: usize, regions: &SmallVec<[RegionId; 2]>, registers: usize) {
        self.blocks.push(Block {
            start,
            end,
            regions: regions.clone(),
            successors: SmallVec::new(),
            predecessors: 0,
            reachable: false,
            is_header: false,
            live_in: Registers::new(registers),
        });
    }

    fn link(&mut self, code: &Code) {
        for index in 0..self.blocks.len() {
            let block = &self.blocks[index];
            let next = index + 1;
            let last = code.ops[block.start..block.end].last().map(|(op, _)| op);
            let successors: SmallVec<[usize; 2]> = match last {
                Some(Op::Jump(label)) => smallvec![self.block_of(*label)],
                Some(Op::Loop(label)) => {
                    let header = self.block_of(*label);
                    self.blocks[header].is_header = true;
                    smallvec![header]
                }
                Some(Op::Branch(_, label) | Op::Next { end: label, .. }) => smallvec![self.block_of(*label), next],
                Some(Op::Switch { targets, .. }) => targets.iter().map(|&label| self.block_of(label)).collect(),
                Some(op) if ends(op) => smallvec![],
                _ if next < self.blocks.len() => smallvec![next],
                _ => smallvec![],
            };
            self.blocks[index].successors = successors;
        }
    }

    fn reach(&mut self, code: &Code) {
        let mut work = vec![0];
        while let Some(index) = work.pop() {
            if self.blocks[index].reachable {
                continue;
            }
            self.blocks[index].reachable = true;
            for successor in self.blocks[index].successors.clone() {
                self.blocks[successor].predecessors += 1;
                work.push(successor);
            }
            let block = &self.blocks[index];
            if code.ops[block.start..block.end].iter().any(|(op, _)| is_flagged(op)) {
                work.extend(block.regions.iter().map(|region| self.block_of(code.regions[region.0 as usize].pad)));
            }
        }
    }

    /// Iterates to the least solution, then notes who dies where.
    fn solve(&mut self, code: &Code) {
        loop {
            let mut changed = false;
            for index in (0..self.blocks.len()).rev().filter(|&index| self.blocks[index].reachable).collect::<Vec<_>>()
            {
                let live = self.transfer(code, index, |_, _, _, _| {});
                if live != self.blocks[index].live_in {
                    self.blocks[index].live_in = live;
                    changed = true;
                }
            }
            if !changed {
                break;
            }
        }
        let mut deaths = vec![SmallVec::new(); code.ops.len()];
        for index in (0..self.blocks.len()).filter(|&index| self.blocks[index].reachable) {
            self.transfer(code, index, |op, live, (all, writes), pads| {
                let mut dead: SmallVec<[Reg; 2]> = smallvec![];
                for &reg in all.reads.iter().chain(writes) {
                    if !live.has(reg) && !dead.contains(&reg) {
                        dead.push(reg);
                    }
                }
                for reg in pads.iter().filter(|&reg| !live.has(reg)) {
                    if !all.takes.contains(&reg) && !dead.contains(&reg) {
                        dead.push(reg);
                    }
                }
                deaths[op] = dead;
            });
        }
        self.deaths = deaths;
    }

    /// What is live before the block; calls `visit` with each operation, what is live after it, what it touches, and
    /// what the pads around it need if it may go there.
    fn transfer(
        &self,
        code: &Code,
        index: usize,
        mut visit: impl FnMut(usize, &Registers, (&Operands, &[Reg]), &Registers),
    ) -> Registers {
        let block = &self.blocks[index];
        let none = Registers::new(block.live_in.0.len() * 64);
        let mut live = none.clone();
        for &successor in &block.successors {
            live.add_all(&self.blocks[successor].live_in);
        }
        let mut pads = none.clone();
        for region in &block.regions {
            pads.add_all(&self.blocks[self.block_of(code.regions[region.0 as usize].pad)].live_in);
        }
        for op in (block.start..block.end).rev() {
            let (all, writes) = touched(&code.ops[op].0);
            let unwinds = is_flagged(&code.ops[op].0);
            visit(op, &live, (&all, &writes), if unwinds { &pads } else { &none });
            writes.iter().for_each(|&reg| live.remove(reg));
            all.reads.iter().chain(&all.takes).for_each(|&reg| live.insert(reg));
            if unwinds {
                live.add_all(&pads);
            }
        }
        live
    }
}
