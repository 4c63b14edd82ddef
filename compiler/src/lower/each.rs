//! Functions of `aivi.list` that call a function for every element, where that function is written out or has a name: a
//! loop in place of the call, with the function's body inside, or its call. Where the list is a range, its numbers are
//! counted and no list is made.
//!
//! What they mean stands in `stdlib/aivi/list.aivi`, which is what runs when they get any other function. The loop
//! takes the list apart from its front: a list that nobody else holds gives its elements away and is freed on the way.

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Count, Imm16, Imm32, Instruction, Jump16, Reg};

use super::code::{Class, Label, Op};
use super::function::{Dest, Function};
use super::program::peel;
use super::repr::Repr;
use crate::check::builtin;
use crate::check::types::{TyId, View};
use crate::core::{Expr, ExprKind, GlobalId, ListItem, Pattern, PatternKind};
use crate::syntax::Span;

/// What happens with the elements.
#[derive(Clone, Copy, PartialEq)]
enum Each {
    Map,
    Filter,
    FlatMap,
    Fold,
    /// Whether one (`true`) or all are such that …
    Test(bool),
    Find,
    Run,
    Collect,
}

impl Each {
    fn of(name: &str) -> Option<Each> {
        Some(match name {
            "map" => Each::Map,
            "filter" => Each::Filter,
            "flatMap" => Each::FlatMap,
            "foldl" => Each::Fold,
            "any" => Each::Test(true),
            "all" => Each::Test(false),
            "find" => Each::Find,
            "traverse_" | "mapM_" | "forM_" | "forEachEffect" => Each::Run,
            "traverse" | "mapM" | "forM" => Each::Collect,
            _ => return None,
        })
    }

    fn is_effect(self) -> bool {
        matches!(self, Each::Run | Each::Collect)
    }
}

/// A call that becomes a loop.
struct Walk<'e> {
    each: Each,
    /// Of the function: one, or the state and the element.
    parameters: Vec<&'e Pattern>,
    body: &'e Expr,
    initial: Option<&'e Expr>,
    list: &'e Expr,
}

impl Function<'_, '_> {
    /// The call of a top-level function, when a loop can stand for it; whether that was so.
    pub(super) fn each(&mut self, id: GlobalId, arguments: &[&Expr], outcome: Repr, run: bool, dest: Dest) -> bool {
        let written_out: Vec<Option<Expr>> = arguments.iter().map(|argument| self.written_out(argument, id)).collect();
        let arguments: Vec<&Expr> =
            arguments.iter().zip(&written_out).map(|(argument, lambda)| lambda.as_ref().unwrap_or(argument)).collect();
        let Some(walk) = self.walk_of(id, &arguments, run) else { return false };
        if walk.each == Each::Run {
            self.walk(&walk, |function, _, _| function.emit(walk.body, true, Dest::Ignore));
            if dest != Dest::Ignore {
                self.deliver(dest, outcome, |function, dst| function.constant(dst, Constant::Unit));
            }
        } else {
            self.deliver(dest, outcome, |function, dst| {
                let mark = function.top;
                function.walk_into(&walk, dst);
                function.top = mark;
            });
        }
        true
    }

    /// A function with a name as one that is written out and calls it: an argument of the function `of`.
    fn written_out(&mut self, function: &Expr, of: GlobalId) -> Option<Expr> {
        let ExprKind::Global(id) = function.kind else { return None };
        let name = self.program.interner.text(self.program.globals[of.0 as usize].name);
        let count = 1 + u32::from(Each::of(name)? == Each::Fold);
        let Expr { ty, span, .. } = *function;
        let (parameters, body) = self.calling(ExprKind::Global(id), ty, count, span)?;
        Some(Expr { kind: ExprKind::Lambda { parameters, body: Box::new(body) }, ty, span })
    }

    /// So many parameters, and the call of a function with them.
    pub(super) fn calling(
        &mut self,
        callee: ExprKind,
        ty: TyId,
        count: u32,
        span: Span,
    ) -> Option<(Vec<Pattern>, Expr)> {
        let (mut parameters, mut arguments) = (Vec::new(), Vec::new());
        let mut result = ty;
        for _ in 0..count {
            let View::Function(from, to) = self.program.types.view(result) else { return None };
            let local = self.fresh(from);
            parameters.push(Pattern { kind: PatternKind::Local(local), ty: from, span });
            arguments.push(Expr { kind: ExprKind::Local(local), ty: from, span });
            result = to;
        }
        let function = Box::new(Expr { kind: callee, ty, span });
        Some((parameters, Expr { kind: ExprKind::Apply { function, arguments }, ty: result, span }))
    }

    fn walk_of<'e>(&self, id: GlobalId, arguments: &[&'e Expr], run: bool) -> Option<Walk<'e>> {
        let global = &self.program.globals[id.0 as usize];
        let text = |symbol| self.program.interner.text(symbol);
        let name = text(global.name);
        let each = Each::of(name).filter(|each| each.is_effect() == run && text(global.module) == "aivi.list")?;
        let (function, initial, list) = match *arguments {
            [list, function] if matches!(name, "forM" | "forM_" | "forEachEffect") => (function, None, list),
            [function, list] if each != Each::Fold => (function, None, list),
            [function, initial, list] if each == Each::Fold => (function, Some(initial), list),
            _ => return None,
        };
        let (parameters, body) = peel(function);
        let is_whole = parameters.len() == 1 + usize::from(each == Each::Fold);
        (is_whole && matches!(function.kind, ExprKind::Lambda { .. })).then_some(Walk {
            each,
            parameters,
            body,
            initial,
            list,
        })
    }

    /// R[dst] := what comes of it.
    fn walk_into(&mut self, walk: &Walk<'_>, dst: Reg) {
        let body = walk.body;
        match walk.each {
            Each::Map | Each::FlatMap | Each::Filter | Each::Collect => {
                self.constant(dst, Constant::EmptyList);
                self.walk(walk, |function, item, _| function.gather(walk, item, dst));
            }
            Each::Fold => {
                if let Some(initial) = walk.initial {
                    self.value(initial, dst);
                }
                self.walk(walk, |function, _, _| {
                    function.bind(walk.parameters[0], dst);
                    function.assign(vec![(dst, body, true)]);
                });
            }
            Each::Test(one) => {
                let [found, end] = [self.code.label(), self.code.label()];
                self.walk(walk, |function, _, _| function.branch(body, one, found));
                for (label, value) in [(end, !one), (found, one)] {
                    self.act(Class::Scalar, Instruction::Int { dst, value: Imm32(i32::from(value)) });
                    if label == end {
                        self.code.push(Op::Jump(end));
                        self.code.push(Op::Bind(found));
                    }
                }
                self.code.push(Op::Bind(end));
            }
            Each::Find => {
                let end = self.code.label();
                self.walk(walk, |function, item, next| {
                    function.branch(body, false, next);
                    let first = function.kept(walk, item);
                    let shape = function.lowering.constructor_shape(builtin::SOME);
                    function.act(Class::Owned, Instruction::New { count: Count(1), dst, first, shape });
                    function.code.push(Op::Jump(end));
                });
                let shape = self.lowering.constructor_shape(builtin::NONE);
                self.constant(dst, Constant::Nullary(shape));
                self.code.push(Op::Bind(end));
            }
            Each::Run => {}
        }
    }

    /// R[list] := R[list] with what the function makes of R[item].
    fn gather(&mut self, walk: &Walk<'_>, item: Reg, list: Reg) {
        let behind = self.code.label();
        let made = match walk.each {
            Each::Filter => {
                self.branch(walk.body, false, behind);
                self.kept(walk, item)
            }
            Each::Collect => {
                let made = self.alloc(1);
                self.emit(walk.body, true, Dest::Into(made));
                self.tag_as(self.outcome(walk.body.ty, true), made);
                made
            }
            _ => {
                let made = self.alloc(1);
                self.tagged(walk.body, made);
                made
            }
        };
        self.act(
            Class::Owned,
            match walk.each {
                Each::FlatMap => Instruction::ListConcat { left: list, right: made },
                _ => Instruction::ListPush { list, item: made },
            },
        );
        self.code.push(Op::Bind(behind));
    }

    /// A register with the element, tagged, to be taken.
    fn kept(&mut self, walk: &Walk<'_>, item: Reg) -> Reg {
        let reg = self.alloc(1);
        self.code.push(Op::Take { dst: reg, src: item });
        self.tag(walk.parameters[walk.parameters.len() - 1].ty, reg);
        reg
    }

    /// A loop over the elements. `inside` gets the register of the element, whose parts have their names, and the label
    /// where the next one has its turn.
    fn walk(&mut self, walk: &Walk<'_>, inside: impl FnOnce(&mut Self, Reg, Label)) {
        let mark = self.top;
        let [start, next, end] = [self.code.label(), self.code.label(), self.code.label()];
        let pattern = walk.parameters[walk.parameters.len() - 1];
        let by = Jump16(0);
        if let Some((first, last)) = range(walk.list) {
            let item = self.alloc(1);
            self.value(first, item);
            let last = self.operand(last);
            self.code.push(Op::Branch(Instruction::JumpLtInt { left: last, right: item, by }, end));
            self.code.push(Op::Bind(start));
            self.bind(pattern, item);
            inside(self, item, next);
            self.code.push(Op::Bind(next));
            // Before the step: there is no number behind the largest one.
            self.code.push(Op::Branch(Instruction::JumpEqInt { left: item, right: last, by }, end));
            self.act(Class::Scalar, Instruction::AddIntImm { dst: item, left: item, right: Imm16(1) });
        } else {
            let list = self.alloc(1);
            self.value(walk.list, list);
            let head = self.alloc(1);
            self.code.push(Op::Bind(start));
            self.code.push(Op::Next { head, list, class: self.repr(pattern.ty).result_class(), end });
            self.bind(pattern, head);
            let known = self.ahead.mark();
            self.read_ahead(walk.body, walk.each.is_effect());
            inside(self, head, next);
            self.ahead.forget(known);
            self.code.push(Op::Bind(next));
        }
        self.code.push(Op::Loop(start));
        self.code.push(Op::Bind(end));
        self.top = mark;
    }
}

/// The bounds, when the list is nothing but a range.
fn range(list: &Expr) -> Option<(&Expr, &Expr)> {
    match &list.kind {
        ExprKind::List(items) => match items.as_slice() {
            [ListItem::Range(first, last)] => Some((first, last)),
            _ => None,
        },
        _ => None,
    }
}
