//! What expression lowering writes for one proto: operations on registers, without ownership.
//!
//! Nobody who writes operations says whether a register dies: `Take` reads "give `dst` a value of its own", and
//! `ownership` turns it into a move at the last use and into a copy before. Jumps name labels, and the ranges of
//! handlers are marked in the stream.

use aivi_bytecode::{ConstId, Index, Instruction, Reg, ScalarKind};

use super::liveness::{is_flagged, is_jump};

/// A place in the code.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Label(pub u32);

/// A handler's range and target.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct RegionId(pub u32);

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// A scalar of which only the payload is valid.
    Scalar,
    /// A scalar with its tag.
    Tagged,
    /// A tagged value that is never on the heap, as `Unit`.
    Plain,
    /// A tagged value that the register owns.
    Owned,
    /// A tagged value that another register owns.
    Alias,
}

/// An instruction that is neither a jump nor a choice of ownership.
#[derive(Clone, Debug)]
pub(super) struct Action {
    /// The instruction.
    pub instruction: Instruction,
    /// What its result register holds.
    pub class: Class,
    /// Registers that it takes besides those of its operands.
    pub takes: Vec<Reg>,
    /// Registers that it reads besides those of its operands.
    pub reads: Vec<Reg>,
    /// The field name that follows `field.named` and `set.named`.
    pub name: Option<ConstId>,
}

/// An operation.
#[derive(Clone, Debug)]
pub(super) enum Op {
    /// An instruction.
    Do(Box<Action>),
    /// `dst` gets a value of its own: `src` moved or copied.
    Take { dst: Reg, src: Reg },
    /// `dst` gets an empty list: `list`, which is one, if it dies here and lists are built here, for the room it has;
    /// else the constant `empty`.
    Emptied { dst: Reg, list: Reg, empty: ConstId },
    /// `dst` shows the value that `src` keeps.
    Borrow { dst: Reg, src: Reg },
    /// `dst` gets the scalar in `src`, whatever owns that.
    Scalar { dst: Reg, src: Reg },
    /// The scalar in the register gets its tag, unless it has it.
    Tag(ScalarKind, Reg),
    /// `first`, … get the fields of `object`, which may die here.
    Unpack { object: Reg, first: Reg, fields: Box<[Class]> },
    /// `first`, … get the raw scalars in the `count` fields of `object` from `index` on.
    Fields { object: Reg, first: Reg, index: Index, count: u8 },
    /// The error that a failure handler caught.
    Caught { dst: Reg, class: Class },
    /// Here is the label.
    Bind(Label),
    /// Goes on at the label, which comes later.
    Jump(Label),
    /// Goes on at the label, which came before.
    Loop(Label),
    /// Goes on at the label, which comes later, if the instruction (a jump by 0) says so.
    Branch(Instruction, Label),
    /// `head` gets the first item of `list`, which loses it; goes on at the label, which comes later, when there is
    /// none.
    Next { head: Reg, list: Reg, class: Class, end: Label },
    /// Goes on at the label at the position of `subject`'s constructor.
    Switch { subject: Reg, targets: Box<[Label]> },
    /// The region's handler protects what follows.
    Enter(RegionId),
    /// … until here.
    Leave(RegionId),
}

/// A range under a handler.
#[derive(Clone, Copy, Debug)]
pub(super) struct Region {
    /// Where to go on.
    pub pad: Label,
    /// The register for the error of a failure handler; none for a cleanup.
    pub caught: Option<Reg>,
}

/// The operations of a proto in the making.
#[derive(Default, Debug)]
pub(super) struct Code {
    /// In order, each with the source offset that it comes from.
    pub ops: Vec<(Op, u32)>,
    /// Handlers; an inner one has a greater number than those around it.
    pub regions: Vec<Region>,
    labels: u32,
    references: Vec<u32>,
    /// Source offset of what is written next.
    pub offset: u32,
}

impl Code {
    pub(super) fn label(&mut self) -> Label {
        self.labels += 1;
        self.references.push(0);
        Label(self.labels - 1)
    }

    pub(super) fn labels(&self) -> usize {
        self.labels as usize
    }

    /// How many jumps to the label were written.
    pub(super) fn references(&self, label: Label) -> u32 {
        self.references[label.0 as usize]
    }

    /// Whether one jump leads to the label, which is nobody's pad.
    pub(super) fn is_arm(&self, label: Label) -> bool {
        self.references(label) == 1
    }

    pub(super) fn region(&mut self, caught: Option<Reg>) -> RegionId {
        let pad = self.label();
        self.regions.push(Region { pad, caught });
        RegionId(u32::try_from(self.regions.len() - 1).expect("fewer regions than bytes of source"))
    }

    pub(super) fn push(&mut self, op: Op) {
        match &op {
            Op::Jump(label) | Op::Loop(label) | Op::Branch(_, label) | Op::Next { end: label, .. } => {
                self.references[label.0 as usize] += 1
            }
            Op::Switch { targets, .. } => targets.iter().for_each(|label| self.references[label.0 as usize] += 1),
            _ => {}
        }
        self.ops.push((op, self.offset));
    }

    /// Whether what was written from operation `from` on, `most` operations at most, runs from one end to the other: no
    /// jump, no place to jump to, nothing that may unwind or wait.
    pub(super) fn is_straight(&self, from: usize, most: usize) -> bool {
        let goes_on =
            |op: &Op| !matches!(op, Op::Bind(_) | Op::Enter(_) | Op::Leave(_)) && !is_flagged(op) && !is_jump(op);
        self.ops.get(from..).is_some_and(|ops| ops.len() <= most && ops.iter().all(|(op, _)| goes_on(op)))
    }

    /// Whether an element is put onto a list.
    pub(super) fn builds_lists(&self) -> bool {
        self.ops.iter().any(|(op, _)| match op {
            Op::Do(action) => {
                matches!(action.instruction, Instruction::ListPrepend { .. } | Instruction::ListPush { .. })
            }
            _ => false,
        })
    }

    /// An instruction that the table of operands describes whole.
    pub(super) fn act(&mut self, class: Class, instruction: Instruction) {
        self.act_reading(class, instruction, Vec::new());
    }

    /// The same that reads other registers as well.
    pub(super) fn act_reading(&mut self, class: Class, instruction: Instruction, reads: Vec<Reg>) {
        self.push(Op::Do(Box::new(Action { instruction, class, takes: Vec::new(), reads, name: None })));
    }

    /// When the last operation makes an object in `reg`: takes it back, to return the fields instead.
    pub(super) fn unmake(&mut self, reg: Reg) -> Option<Instruction> {
        let Some((Op::Do(action), _)) = self.ops.last() else { return None };
        let Instruction::New { count, dst, first, shape } = action.instruction else { return None };
        if dst != reg {
            return None;
        }
        self.ops.pop();
        Some(Instruction::ReturnNew { count, first, shape })
    }

    /// An instruction that takes a window of registers.
    pub(super) fn act_on(&mut self, class: Class, instruction: Instruction, first: Reg, count: usize) {
        let takes = (0..count).map(|index| Reg(first.0 + index as u16)).collect();
        self.push(Op::Do(Box::new(Action { instruction, class, takes, reads: Vec::new(), name: None })));
    }

    /// One operation per line, for reports of mistakes.
    pub(super) fn dump(&self) -> String {
        let line = |(op, offset): &(Op, u32)| match op {
            Op::Do(action) => format!("{offset}: {:?} -> {:?}\n", action.instruction, action.class),
            op => format!("{offset}: {op:?}\n"),
        };
        self.ops.iter().map(line).collect()
    }
}
