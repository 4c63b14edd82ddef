//! `loop` and `recurse`, and jumps back that give registers new values.

use aivi_bytecode::{Instruction, Reg};

use super::code::{Label, Op};
use super::free::Uses;
use super::function::{Binding, Dest, Function};
use super::lists::PREPEND_MAX;
use super::repr::Repr;
use crate::check::types::TyId;
use crate::core::{Body, Expr, ExprKind, GlobalBody, ListItem, LocalId, Pattern, PatternKind, Primitive, RecordItem};

/// Where a loop keeps its state.
#[derive(Clone, Debug)]
pub(super) enum Slots {
    /// In a register.
    One(Reg),
    /// A tuple that is never made; its type's parts.
    Tuple(Vec<(Slots, TyId)>),
}

/// A loop that is being compiled.
#[derive(Clone, Debug)]
pub(super) struct Loop {
    start: Label,
    slots: Slots,
    /// Number of resources acquired around the loop.
    depth: usize,
}

impl Function<'_, '_> {
    /// `loop pattern = init => body`
    pub(super) fn run_loop(&mut self, pattern: &Pattern, init: &Expr, body: &Body, outcome: Repr, dest: Dest) {
        let mark = self.top;
        let slots = self.slots(pattern);
        self.initialise(&slots, init);
        let start = self.code.label();
        self.code.push(Op::Bind(start));
        self.loops.push(Loop { start, slots: slots.clone(), depth: self.cleanups.len() });
        self.bind_slots(pattern, &slots);
        let known = self.ahead.mark();
        self.read_body_ahead(body);
        self.body(body, outcome, dest);
        self.ahead.forget(known);
        self.loops.pop();
        self.top = mark;
    }

    /// `recurse next`
    pub(super) fn recurse(&mut self, next: &Expr) {
        let Some(Loop { start, slots, depth }) = self.loops.last().cloned() else { return };
        let mark = self.top;
        let mut pairs = Vec::new();
        let mut unpacked = Vec::new();
        self.pair(&slots, next, &mut pairs, &mut unpacked);
        self.assign(pairs);
        for (target, src) in unpacked {
            self.code.push(Op::Take { dst: target, src });
        }
        self.jump_back(start, depth);
        self.top = mark;
    }

    fn slots(&mut self, pattern: &Pattern) -> Slots {
        match &pattern.kind {
            PatternKind::Tuple(items) => Slots::Tuple(items.iter().map(|item| (self.slots(item), item.ty)).collect()),
            _ => Slots::One(self.alloc(1)),
        }
    }

    fn initialise(&mut self, slots: &Slots, init: &Expr) {
        match (slots, &init.kind) {
            (Slots::One(reg), _) => self.value(init, *reg),
            (Slots::Tuple(parts), ExprKind::Tuple(items)) => {
                for ((slots, _), item) in parts.iter().zip(items) {
                    self.initialise(slots, item);
                }
            }
            (Slots::Tuple(_), _) => {
                let mark = self.top;
                let tuple = self.operand(init);
                let mut moves = Vec::new();
                self.take_apart(slots, tuple, &mut moves);
                for (dst, src) in moves {
                    self.code.push(Op::Take { dst, src });
                }
                self.top = mark;
            }
        }
    }

    fn bind_slots(&mut self, pattern: &Pattern, slots: &Slots) {
        match (&pattern.kind, slots) {
            (PatternKind::Tuple(items), Slots::Tuple(parts)) => {
                for (item, (slots, _)) in items.iter().zip(parts) {
                    self.bind_slots(item, slots);
                }
            }
            (_, Slots::One(reg)) => self.bind(pattern, *reg),
            _ => {}
        }
    }

    /// Which registers get the values of which expressions; parts of tuples that are not written out are computed now,
    /// and moved later.
    fn pair<'e>(
        &mut self,
        slots: &Slots,
        next: &'e Expr,
        pairs: &mut Vec<(Reg, &'e Expr, bool)>,
        unpacked: &mut Vec<(Reg, Reg)>,
    ) {
        match (slots, &next.kind) {
            (Slots::One(reg), _) => pairs.push((*reg, next, true)),
            (Slots::Tuple(parts), ExprKind::Tuple(items)) => {
                for ((slots, _), item) in parts.iter().zip(items) {
                    self.pair(slots, item, pairs, unpacked);
                }
            }
            (Slots::Tuple(_), _) => {
                let tuple = self.operand(next);
                self.take_apart(slots, tuple, unpacked);
            }
        }
    }

    fn take_apart(&mut self, slots: &Slots, tuple: Reg, moves: &mut Vec<(Reg, Reg)>) {
        match slots {
            Slots::One(reg) => moves.push((*reg, tuple)),
            Slots::Tuple(parts) => {
                let types: Vec<TyId> = parts.iter().map(|&(_, ty)| ty).collect();
                let first = self.unpack_types(tuple, &types);
                for (index, (slots, _)) in parts.iter().enumerate() {
                    self.take_apart(slots, Reg(first.0 + index as u16), moves);
                }
            }
        }
    }

    /// Gives registers the values of expressions, all at once: raw scalars where a pair says so, else tagged. What
    /// updates the very register that it goes to, and arithmetic that goes to a register which no other pair still
    /// reads, is computed in place; everything else is computed first and moved last.
    pub(super) fn assign(&mut self, pairs: Vec<(Reg, &Expr, bool)>) {
        let targets: Vec<Reg> = pairs.iter().map(|&(target, ..)| target).collect();
        let changes = pairs.into_iter().filter(|&(target, expr, _)| self.register_of(expr) != Some(target));
        let (mut simple, mut others): (Vec<_>, Vec<_>) =
            changes.partition(|&(_, expr, raw)| raw && self.is_simple(expr));
        let updates = others.split_off(self.updates_from(&others));
        let mut moves = Vec::new();
        for (target, expr, raw) in others {
            let scalar = self.repr(expr.ty).scalar().is_some();
            let stays = self.register_of(expr).filter(|src| !scalar && !targets.contains(src));
            moves.push((target, stays.unwrap_or_else(|| self.computed(expr, raw))));
        }
        for (target, expr, _) in updates {
            self.value(expr, target);
        }
        while !simple.is_empty() {
            let free = (0..simple.len()).find(|&index| {
                let (target, ..) = simple[index];
                simple.iter().enumerate().all(|(other, (_, expr, _))| other == index || !self.reads(expr, target))
            });
            let (target, expr, _) = simple.remove(free.unwrap_or(0));
            match free {
                Some(_) => self.value(expr, target),
                None => moves.push((target, self.computed(expr, true))),
            }
        }
        for (dst, src) in moves {
            self.code.push(Op::Take { dst, src });
        }
    }

    /// From where on all pairs are updates in place of registers that the other ones do not read. They come last, so
    /// that the order of evaluation stays.
    fn updates_from(&self, pairs: &[(Reg, &Expr, bool)]) -> usize {
        let mut from = pairs.len();
        while from > 0 {
            let (target, expr, _) = pairs[from - 1];
            let others = &pairs[from..];
            let read =
                |target: Reg, expr: &Expr| Uses::of(expr).iter().any(|id| self.register_named(*id) == Some(target));
            let alone = others.iter().all(|&(other, later, _)| !read(target, later) && !read(other, expr));
            if !alone || !self.updates(expr, target) {
                break;
            }
            from -= 1;
        }
        from
    }

    /// Whether `expr` changes one part of what is in R[target] and leaves the rest.
    fn updates(&self, expr: &Expr, target: Reg) -> bool {
        let base = |expr: &Expr| self.register_of(expr) == Some(target);
        match &expr.kind {
            ExprKind::List(items) => match items.as_slice() {
                [heads @ .., ListItem::Spread(rest)] if !heads.is_empty() => {
                    base(rest) && heads.len() <= PREPEND_MAX && heads.iter().all(is_item)
                }
                [ListItem::Spread(first), item] => base(first) && is_item(item),
                _ => false,
            },
            ExprKind::Primitive(Primitive::ConcatList, operands) => base(&operands[0]),
            ExprKind::Apply { function, arguments } => match arguments.as_slice() {
                [first, second] => {
                    self.is_native(function, &["list.push", "list.concat"]) && base(first)
                        || self.is_native(function, &["set.insert"]) && base(second)
                }
                [_, _, last] if self.is_native(function, &["list.set", "map.insert"]) => base(last),
                [_, change, last] if self.is_native(function, &["map.update", "map.alter"]) => {
                    let used = Uses::of(change);
                    base(last) && used.iter().all(|id| self.register_named(*id) != Some(target))
                }
                _ => false,
            },
            ExprKind::Patch { base: record, .. } => base(record),
            ExprKind::Record(items) => match items.as_slice() {
                [RecordItem::Spread(record), rest @ ..] => {
                    let same = self.fields_of(record.ty).0.len() == self.fields_of(expr.ty).0.len();
                    base(record) && same && rest.iter().all(|item| matches!(item, RecordItem::Field(..)))
                }
                _ => false,
            },
            _ => false,
        }
    }

    fn is_native(&self, function: &Expr, names: &[&str]) -> bool {
        let ExprKind::Global(id) = function.kind else { return false };
        match &self.program.globals[id.0 as usize].body {
            GlobalBody::Native(native) => names.contains(&&*native.name),
            _ => false,
        }
    }

    fn computed(&mut self, expr: &Expr, raw: bool) -> Reg {
        let reg = self.alloc(1);
        if raw {
            self.value(expr, reg)
        } else {
            self.tagged(expr, reg)
        }
        reg
    }

    fn register_of(&self, expr: &Expr) -> Option<Reg> {
        match expr.kind {
            ExprKind::Local(id) => self.register_named(id),
            _ => None,
        }
    }

    fn register_named(&self, id: LocalId) -> Option<Reg> {
        match self.env.get(&id) {
            Some(Binding::Reg(reg) | Binding::Closure(reg, _)) => Some(*reg),
            _ => None,
        }
    }

    /// Scalar arithmetic on variables and literals that cannot fault.
    fn is_simple(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Int(_) | ExprKind::Float(_) => true,
            ExprKind::Local(_) => self.repr(expr.ty).scalar().is_some() && self.register_of(expr).is_some(),
            ExprKind::Primitive(primitive, operands) => {
                use Primitive as P;
                let total = matches!(
                    primitive,
                    P::AddInt
                        | P::SubtractInt
                        | P::MultiplyInt
                        | P::NegateInt
                        | P::AddFloat
                        | P::SubtractFloat
                        | P::MultiplyFloat
                        | P::DivideFloat
                        | P::NegateFloat
                );
                total && operands.iter().all(|operand| self.is_simple(operand))
            }
            _ => false,
        }
    }

    fn reads(&self, expr: &Expr, reg: Reg) -> bool {
        match &expr.kind {
            ExprKind::Local(_) => self.register_of(expr) == Some(reg),
            ExprKind::Primitive(_, operands) => operands.iter().any(|operand| self.reads(operand, reg)),
            _ => false,
        }
    }

    /// Ends an iteration: releases what was acquired in it, innermost first, and starts the next one.
    fn jump_back(&mut self, start: Label, depth: usize) {
        let open = self.cleanups[depth..].to_vec();
        for cleanup in open.iter().rev() {
            self.code.push(Op::Leave(cleanup.region));
            self.clean(cleanup.effect);
        }
        self.code.push(Op::Loop(start));
        for cleanup in &open {
            self.code.push(Op::Enter(cleanup.region));
        }
    }

    /// Runs the cleanup in R[effect].
    pub(super) fn clean(&mut self, effect: Reg) {
        let mark = self.top;
        let base = self.alloc(1);
        self.act(super::code::Class::Plain, Instruction::Cleanup { base, effect });
        self.top = mark;
    }
}

fn is_item(item: &ListItem) -> bool {
    matches!(item, ListItem::Item(_))
}
