//! Options that are looked at where they are made: what they hold goes to a register, and no Option is made.
//!
//! A native function whose modes end with `?` gives the value bare, or the machine's *absent* value for None; `list.at`
//! is a test and a `list.get`. Where a `match`, a `??` or a comparison follows, a jump decides. Everywhere else the
//! Option is made of what there is.

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Count, Instruction, Jump16, Reg};

use super::call::Arg;
use super::code::{Class, Label, Op};
use super::condition::small;
use super::function::{Binding, Dest, Function};
use super::matching::Case;
use super::repr::Repr;
use crate::check::builtin;
use crate::core::{Arm, ConstructorId, Expr, ExprKind, GlobalBody, Native, PatternKind};

/// An Option whose parts can be had without it.
pub(super) struct Source<'p, 'e> {
    form: Form<'p, 'e>,
    /// How what `Some` would hold is held.
    held: Repr,
}

enum Form<'p, 'e> {
    /// The call of a function that gives one.
    Call(&'p Native, Vec<Arg<'e>>),
    /// A variable that is held bare.
    Bare(Reg),
    /// Branches that make one.
    Branches(&'e Expr),
}

impl<'p> Function<'_, 'p> {
    fn option_source<'e>(&self, expr: &'e Expr) -> Option<Source<'p, 'e>> {
        if self.makes_option(expr) {
            let ty = *self.program.types.data_arguments(expr.ty).last()?;
            return Some(Source { form: Form::Branches(expr), held: self.repr(ty) });
        }
        self.bare_source(expr)
    }

    /// Whether there are branches, and one of them ends with `Some` or `None`.
    fn makes_option(&self, expr: &Expr) -> bool {
        let ends = |expr: &Expr| match &expr.kind {
            ExprKind::Constructor(id) => *id == builtin::NONE,
            ExprKind::Apply { function, .. } => matches!(function.kind, ExprKind::Constructor(builtin::SOME)),
            _ => self.makes_option(expr),
        };
        match &expr.kind {
            ExprKind::If { then, otherwise, .. } => ends(then) || ends(otherwise),
            ExprKind::Match { arms, .. } => arms.iter().any(|arm| ends(&arm.body)),
            ExprKind::Block { result, .. } => ends(result),
            _ => false,
        }
    }

    fn bare_source<'e>(&self, expr: &'e Expr) -> Option<Source<'p, 'e>> {
        if let ExprKind::Local(id) = expr.kind {
            let Some(&Binding::Bare(reg, held)) = self.env.get(&id) else { return None };
            return Some(Source { form: Form::Bare(reg), held });
        }
        let (mut head, mut arguments) = (expr, Vec::new());
        while let ExprKind::Apply { function, arguments: more } = &head.kind {
            arguments.splice(0..0, more.iter().map(Arg::Expr));
            head = function;
        }
        let ExprKind::Global(id) = head.kind else { return None };
        let GlobalBody::Native(native) = &self.program.globals[id.0 as usize].body else { return None };
        if arguments.len() != native.arity as usize || !native.gives_option() {
            return None;
        }
        let ty = *self.program.types.data_arguments(expr.ty).last()?;
        Some(Source { form: Form::Call(native, arguments), held: self.repr(ty) })
    }

    /// What `Dest::Held` wants of an Option that is written out here or can be had bare; whether it is one.
    pub(super) fn held(&mut self, expr: &Expr, into: Reg, none: Label) -> bool {
        match &expr.kind {
            ExprKind::Constructor(builtin::NONE) => self.code.push(Op::Jump(none)),
            ExprKind::Apply { function, arguments }
                if matches!(function.kind, ExprKind::Constructor(builtin::SOME)) =>
            {
                self.value(&arguments[0], into);
            }
            _ => match self.bare_source(expr) {
                Some(source) => self.split(&source, none, into),
                None => return false,
            },
        }
        true
    }

    /// R[into] := what the Option in R[option] holds; goes to `none` when that is nothing.
    pub(super) fn open_some(&mut self, option: Reg, into: Reg, held: Repr, none: Label) {
        self.test_constructor(option, builtin::SOME, none);
        let fields = Box::new([held.class()]);
        self.code.push(Op::Unpack { object: option, first: into, fields });
    }

    /// R[dst] := what `Some` would hold; goes to `none` when there is nothing.
    pub(super) fn split(&mut self, source: &Source<'_, '_>, none: Label, dst: Reg) {
        match &source.form {
            Form::Call(native, arguments) => self.split_call(native, arguments, source.held, none, dst),
            Form::Bare(src) => self.split_bare(*src, source.held, none, dst),
            Form::Branches(expr) => self.emit(expr, false, Dest::Held { into: dst, held: source.held, none }),
        }
    }

    /// As `split`, of an Option that R[src] holds bare.
    pub(super) fn split_bare(&mut self, src: Reg, held: Repr, none: Label, dst: Reg) {
        self.code.push(Op::Branch(Instruction::JumpAbsent { src, by: Jump16(0) }, none));
        self.code.push(match held {
            Repr::Scalar(_) => Op::Scalar { dst, src },
            Repr::Plain | Repr::Counted => Op::Take { dst, src },
        });
    }

    fn split_call(&mut self, native: &Native, arguments: &[Arg<'_>], held: Repr, none: Label, dst: Reg) {
        if let ("map.get" | "list.at", [key, _]) = (&*native.name, arguments)
            && let Some(taken) = self.taken_by(key)
        {
            return self.split_bare(taken.bare, held, none, dst);
        }
        let mark = self.top;
        if let ("list.at", [index, list]) = (&*native.name, arguments) {
            let (index, list) = (self.arg_operand(index), self.arg_operand(list));
            self.code.push(Op::Branch(Instruction::JumpOutside { list, index, by: Jump16(0) }, none));
            self.act(held.result_class(), Instruction::ListGet { dst, list, index });
        } else {
            if let ("map.get", [key, map]) = (&*native.name, arguments) {
                let (key, map) = (self.arg_tagged_operand(key), self.arg_operand(map));
                self.act(held.result_class(), Instruction::MapGet { dst, map, key });
            } else {
                self.call_import(native, arguments, held, dst);
            }
            self.code.push(Op::Branch(Instruction::JumpAbsent { src: dst, by: Jump16(0) }, none));
        }
        self.top = mark;
    }

    /// R[dst] := the Option that a native function gives.
    pub(super) fn option(&mut self, native: &Native, arguments: &[Arg<'_>], dst: Reg) {
        let form = Form::Call(native, arguments.to_vec());
        self.option_from(&Source { form, held: Repr::Counted }, dst);
    }

    /// R[dst] := the Option that R[src] holds bare.
    pub(super) fn option_of(&mut self, src: Reg, held: Repr, dst: Reg) {
        self.option_from(&Source { form: Form::Bare(src), held }, dst);
    }

    fn option_from(&mut self, source: &Source<'_, '_>, dst: Reg) {
        let mark = self.top;
        let [none, end] = [self.code.label(), self.code.label()];
        let first = self.alloc(1);
        self.split(source, none, first);
        self.tag_as(source.held, first);
        let shape = self.lowering.constructor_shape(builtin::SOME);
        self.act(Class::Owned, Instruction::New { count: Count(1), dst, first, shape });
        self.code.push(Op::Jump(end));
        self.code.push(Op::Bind(none));
        let shape = self.lowering.constructor_shape(builtin::NONE);
        self.constant(dst, Constant::Nullary(shape));
        self.code.push(Op::Bind(end));
        self.top = mark;
    }

    /// `subject match arms`, when the subject is such a call, and one arm without a guard is for None; whether that was
    /// so.
    pub(super) fn match_option(&mut self, subject: &Expr, arms: &[Arm], run: bool, dest: Dest) -> bool {
        let Some(source) = self.option_source(subject) else { return false };
        let mut some = Vec::new();
        let mut otherwise = None;
        for (index, arm) in arms.iter().enumerate() {
            match &arm.pattern.kind {
                PatternKind::Constructor(builtin::SOME, parts) => some.push((&parts[0], Case::of(arm, run))),
                PatternKind::Constructor(builtin::NONE, _) if otherwise.is_none() => otherwise = Some(arm),
                PatternKind::Wildcard if otherwise.is_none() && index + 1 == arms.len() => otherwise = Some(arm),
                _ => return false,
            }
        }
        let Some(otherwise) = otherwise.filter(|arm| arm.guard.is_none()) else { return false };
        let mark = self.top;
        let [none, end] = [self.code.label(), self.code.label()];
        let value = self.alloc(1);
        self.split(&source, none, value);
        self.cases_or(value, some, none, end, dest);
        self.top = mark;
        self.code.push(Op::Bind(none));
        self.emit_body(&otherwise.body, run, dest);
        self.code.push(Op::Bind(end));
        true
    }

    /// `option ?? fallback`, when the Option comes from such a call; whether that was so.
    pub(super) fn option_or(&mut self, option: &Expr, fallback: &Expr, dest: Dest) -> bool {
        let Some(source) = self.option_source(option) else { return false };
        let [none, end] = [self.code.label(), self.code.label()];
        self.deliver(dest, source.held, |function, dst| function.split(&source, none, dst));
        if dest != Dest::Return {
            self.code.push(Op::Jump(end));
        }
        self.code.push(Op::Bind(none));
        self.emit(fallback, false, dest);
        self.code.push(Op::Bind(end));
        true
    }

    /// Goes to `target` when `value` is (`equal`) or is not the constructor with these small literals as its parts.
    pub(super) fn branch_constructed(&mut self, value: &Expr, made: Made<'_>, equal: bool, target: Label) {
        let behind = self.code.label();
        let differs = if equal { behind } else { target };
        let jump = |index, equal| {
            let literal = small(&made.parts[index]).unwrap_or_default();
            move |function: &mut Self, reg, to| function.branch_equal_immediate(reg, literal, equal, to)
        };
        let source = self.option_source(value).filter(|_| made.id == builtin::SOME);
        if let Some(source) = source {
            let part = self.alloc(1);
            self.split(&source, differs, part);
            jump(0, equal)(self, part, target);
        } else {
            let reg = self.operand(value);
            let last = made.parts.len().checked_sub(1);
            match last {
                None if equal => self.jump_constructor(reg, made.id, target),
                _ => self.test_constructor(reg, made.id, differs),
            }
            for (index, part) in made.parts.iter().enumerate() {
                let field = self.alloc(1);
                self.field_at(field, reg, index, part.ty);
                let is_last = last == Some(index);
                jump(index, is_last && equal)(self, field, if is_last { target } else { differs });
            }
        }
        self.code.push(Op::Bind(behind));
    }

    /// Goes to `target` if R[subject] was made by the constructor.
    fn jump_constructor(&mut self, subject: Reg, id: ConstructorId, target: Label) {
        if self.is_refutable(id) {
            let index = aivi_bytecode::Index(self.program.constructors[id.0 as usize].index as u16);
            self.code.push(Op::Branch(Instruction::JumpConstructor { subject, index, by: Jump16(0) }, target));
        } else {
            self.code.push(Op::Jump(target));
        }
    }
}

/// A constructor with small literals as its parts, or without any.
#[derive(Clone, Copy)]
pub(super) struct Made<'e> {
    id: ConstructorId,
    parts: &'e [Expr],
}

impl<'e> Made<'e> {
    pub(super) fn of(expr: &'e Expr) -> Option<Made<'e>> {
        match &expr.kind {
            ExprKind::Constructor(builtin::TRUE | builtin::FALSE | builtin::UNIT_VALUE) => None,
            ExprKind::Constructor(id) => Some(Made { id: *id, parts: &[] }),
            ExprKind::Apply { function, arguments } => match function.kind {
                ExprKind::Constructor(id) if arguments.iter().all(|part| small(part).is_some()) => {
                    Some(Made { id, parts: arguments })
                }
                _ => None,
            },
            _ => None,
        }
    }
}
