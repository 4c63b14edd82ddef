//! Expressions: what they compute goes where a `Dest` says.

use aivi_bytecode::module::Constant;
use aivi_bytecode::{GlobalId as GlobalEntry, Imm16, Imm32, Index, Instruction, LowReg, Reg};

use super::call::Arg;
use super::code::{Class, Op};
use super::function::{Binding, Dest, Function};
use super::options::Made;
use super::peek::is_plain;
use super::program::Named;
use super::repr::{Repr, effect_result, is_task};
use crate::check::builtin;
use crate::check::types::TyId;
use crate::core::{ConstructorId, Expr, ExprKind, GlobalBody, GlobalId, Native, Primitive};

impl<'p> Function<'_, 'p> {
    /// Compiles `expr`: performs it when `run`, else computes its value.
    pub(super) fn emit(&mut self, expr: &Expr, run: bool, dest: Dest) {
        let offset = self.code.offset;
        self.code.offset = expr.span.start;
        match &expr.kind {
            _ if matches!(dest, Dest::Held { into, none, .. } if self.held(expr, into, none)) => {}
            ExprKind::Block { bindings, result } => {
                let (mark, known) = (self.top, self.ahead.mark());
                for (pattern, value) in bindings {
                    self.bind_value(pattern, value);
                    self.load_pending(pattern);
                }
                self.emit(result, run, dest);
                self.ahead.forget(known);
                self.top = mark;
            }
            ExprKind::If { .. } => self.choice(expr, run, dest),
            ExprKind::And(left, right) if dest == Dest::Return => self.last_condition(left, right, false),
            ExprKind::Or(left, right) if dest == Dest::Return => self.last_condition(left, right, true),
            ExprKind::Match { subject, arms } => self.match_on(subject, arms, run, dest),
            ExprKind::OrArms(subject, arms) if !run => self.or_arms(subject, arms, dest),
            ExprKind::Apply { function, arguments } => self.apply(expr, function, arguments, run, dest),
            _ if run => self.run_leaf(expr, dest),
            _ => self.value_leaf(expr, dest),
        }
        self.code.offset = offset;
    }

    /// R[dst] := the value of `expr`, scalars raw.
    pub(super) fn value(&mut self, expr: &Expr, dst: Reg) {
        self.emit(expr, false, Dest::Into(dst));
    }

    /// R[dst] := the value of `expr`, tagged.
    pub(super) fn tagged(&mut self, expr: &Expr, dst: Reg) {
        match &self.known(expr).kind {
            ExprKind::Int(value) => self.constant(dst, Constant::Int(*value)),
            ExprKind::Constructor(builtin::TRUE) => self.constant(dst, Constant::Bool(true)),
            ExprKind::Constructor(builtin::FALSE) => self.constant(dst, Constant::Bool(false)),
            _ => {
                self.value(expr, dst);
                self.tag(expr.ty, dst);
            }
        }
    }

    /// Attaches the tag to a value of type `ty` in `reg`.
    pub(super) fn tag(&mut self, ty: TyId, reg: Reg) {
        self.tag_as(self.repr(ty), reg);
    }

    pub(super) fn tag_as(&mut self, repr: Repr, reg: Reg) {
        if let Some(kind) = repr.scalar() {
            self.code.push(Op::Tag(kind, reg));
        }
    }

    /// A register that holds the value of `expr`: the variable's own, or a new one on top. To be read only.
    pub(super) fn operand(&mut self, expr: &Expr) -> Reg {
        if let ExprKind::Local(id) = expr.kind
            && let Some(Binding::Reg(reg) | Binding::Closure(reg, _)) = self.env.get(&id)
        {
            return *reg;
        }
        if let Some(reg) = self.ahead.register(expr) {
            return reg;
        }
        let reg = self.alloc(1);
        self.value(expr, reg);
        reg
    }

    /// As `operand`, with a tag on scalars.
    pub(super) fn tagged_operand(&mut self, expr: &Expr) -> Reg {
        if self.repr(expr.ty).scalar().is_none() {
            return self.operand(expr);
        }
        let reg = self.alloc(1);
        self.tagged(expr, reg);
        reg
    }

    /// Computes a value in `dest` with instructions that may use registers on top of those in use.
    fn compute(&mut self, expr: &Expr, dest: Dest, write: impl FnOnce(&mut Self, Reg)) {
        self.deliver(dest, self.repr(expr.ty), |function, dst| {
            let mark = function.top;
            write(function, dst);
            function.top = mark;
        });
    }

    /// The value of an expression without branches of its own.
    fn value_leaf(&mut self, expr: &Expr, dest: Dest) {
        if dest == Dest::Return && matches!(expr.kind, ExprKind::Local(_)) {
            let mark = self.top;
            let reg = self.operand(expr);
            self.give_back(reg, self.repr(expr.ty));
            self.top = mark;
            return;
        }
        match &expr.kind {
            ExprKind::Default(value, fallback) | ExprKind::OrValue(value, fallback) => {
                self.or_value(value, fallback, dest)
            }
            _ => self.compute(expr, dest, |function, dst| function.value_into(expr, dst)),
        }
    }

    fn value_into(&mut self, expr: &Expr, dst: Reg) {
        match &self.known(expr).kind {
            ExprKind::Int(value) => match i32::try_from(*value) {
                Ok(value) => self.act(Class::Scalar, Instruction::Int { dst, value: Imm32(value) }),
                Err(_) => self.constant(dst, Constant::Int(*value)),
            },
            ExprKind::Float(value) => self.constant(dst, Constant::Float(*value)),
            ExprKind::Text(text) => self.constant(dst, Constant::Text(text.to_string())),
            ExprKind::Char(value) => self.constant(dst, Constant::Char(*value)),
            ExprKind::Unit => self.constant(dst, Constant::Unit),
            ExprKind::Local(id) => {
                // The use may be more special than the variable: a scalar in a register of unknown type has its tag.
                match (self.repr(expr.ty).scalar(), self.env.get(id)) {
                    (Some(_), Some(Binding::Reg(src))) => {
                        let src = *src;
                        self.code.push(Op::Scalar { dst, src });
                    }
                    _ => self.load(*id, dst),
                }
            }
            ExprKind::Global(id) => self.global_value(*id, expr, dst),
            ExprKind::Constructor(id) => self.constructor_value(*id, dst),
            ExprKind::Lambda { .. } => {
                let (callee, captures) = self.lambda(expr);
                self.closure(callee.proto, &captures, &[], dst);
            }
            ExprKind::Primitive(primitive, operands) => self.primitive(*primitive, operands, dst),
            ExprKind::And(..) | ExprKind::Or(..) => self.truth(expr, dst),
            ExprKind::Equal { left, right, .. } if Made::of(left).or(Made::of(right)).is_some() => {
                self.truth(expr, dst)
            }
            ExprKind::Equal { negated, left, right } => self.equal(*negated, left, right, dst),
            ExprKind::Join(parts) => self.join(parts, dst),
            ExprKind::ToText(inner) => {
                let src = self.tagged_operand(inner);
                self.act(Class::Owned, Instruction::ToText { dst, src });
            }
            ExprKind::Tuple(items) => self.tuple(items, dst),
            ExprKind::List(items) => self.list(items, dst),
            ExprKind::Record(items) => self.record(expr.ty, items, dst),
            ExprKind::Field { base, .. } if is_task(self.program, base.ty) => self.effect_value(expr, dst),
            ExprKind::Field { base, name } => match self.ahead.register(expr) {
                Some(src) => self.code.push(Op::Scalar { dst, src }),
                None => self.field(base, *name, expr.ty, dst),
            },
            ExprKind::Patch { base, items } => self.patch(base, items, dst),
            ExprKind::Index { base, index } => self.index(base, index, expr, dst),
            ExprKind::Pure(_) | ExprKind::Do(_) | ExprKind::Loop { .. } | ExprKind::Recurse(_) => {
                self.effect_value(expr, dst);
            }
            ExprKind::Resource { .. } => self.resource_value(expr, dst),
            // Branching forms are written by `emit`; a program with errors does not come here.
            _ => self.fault("this expression has an error"),
        }
    }

    /// The literal that a top-level name stands for, else the expression itself. Names of the library stay names: what
    /// it was compiled to ahead does not show what they are bound to.
    pub(super) fn known<'e>(&self, expr: &'e Expr) -> &'e Expr
    where
        'p: 'e,
    {
        use ExprKind as K;
        let K::Global(id) = expr.kind else { return expr };
        let global = &self.program.globals[id.0 as usize];
        match &global.body {
            GlobalBody::Expr(body)
                if matches!(body.kind, K::Int(_) | K::Float(_) | K::Char(_) | K::Text(_))
                    && !self.program.interner.text(global.module).starts_with("aivi.") =>
            {
                body
            }
            _ => expr,
        }
    }

    /// R[dst] := what a top-level name is bound to.
    fn global_value(&mut self, id: GlobalId, expr: &Expr, dst: Reg) {
        match self.lowering.named(id) {
            Named::Callee(callee) => self.constant(dst, Constant::Function(callee.proto)),
            Named::Native(native) if native.arity > 0 || native.effect => {
                let callee = self.lowering.callee(id);
                self.constant(dst, Constant::Function(callee.proto));
            }
            Named::Native(native) => self.native(native, &[], self.repr(expr.ty), dst),
            Named::Value(global) => self.global(global, expr.ty, dst),
        }
    }

    fn global(&mut self, global: GlobalEntry, ty: TyId, dst: Reg) {
        let mark = self.top;
        let base = self.window(dst);
        self.alloc(1);
        let class = self.repr(ty).result_class();
        self.act(class, Instruction::Global { dst: base, global });
        self.top = mark;
        self.settle(base, dst);
    }

    fn constructor_value(&mut self, id: ConstructorId, dst: Reg) {
        match id {
            builtin::TRUE | builtin::FALSE => {
                let value = Imm32(i32::from(id == builtin::TRUE));
                self.act(Class::Scalar, Instruction::Int { dst, value });
            }
            builtin::UNIT_VALUE => self.constant(dst, Constant::Unit),
            _ if self.program.constructors[id.0 as usize].arity == 0 => {
                let shape = self.lowering.constructor_shape(id);
                self.constant(dst, Constant::Nullary(shape));
            }
            _ => {
                let callee = self.lowering.constructor(id);
                self.constant(dst, Constant::Function(callee.proto));
            }
        }
    }

    /// Operands of an operation on Ints of which the right one fits into the instruction.
    fn immediate<'e>(&self, operands: &'e [Expr]) -> Option<(&'e Expr, i16)> {
        let [left, right] = operands else { return None };
        let ExprKind::Int(value) = self.known(right).kind else { return None };
        Some((left, i16::try_from(value).ok()?))
    }

    fn primitive(&mut self, primitive: Primitive, operands: &[Expr], dst: Reg) {
        use Instruction as I;
        if let Some((left, value)) = self.immediate(operands) {
            let imm = |value| Imm16(value);
            let make: Option<fn(Reg, Reg, Imm16) -> I> = match primitive {
                Primitive::AddInt => Some(|dst, left, right| I::AddIntImm { dst, left, right }),
                Primitive::SubtractInt if value != i16::MIN => {
                    Some(|dst, left, right| I::AddIntImm { dst, left, right: Imm16(-right.0) })
                }
                Primitive::MultiplyInt => Some(|dst, left, right| I::MulIntImm { dst, left, right }),
                Primitive::DivideInt if value != 0 && value != -1 => {
                    Some(|dst, left, right| I::DivIntImm { dst, left, right })
                }
                Primitive::RemainderInt if value != 0 && value != -1 => {
                    Some(|dst, left, right| I::RemIntImm { dst, left, right })
                }
                _ => None,
            };
            if let Some(make) = make {
                let left = self.operand(left);
                return self.act(Class::Scalar, make(dst, left, imm(value)));
            }
        }
        if primitive == Primitive::ConcatList {
            return self.concat(&operands[0], &operands[1], dst);
        }
        if self.product(primitive, operands, dst) {
            return;
        }
        let left = self.operand(&operands[0]);
        let right = operands.get(1).map_or(left, |right| self.operand(right));
        let text = operands.first().is_some_and(|operand| self.repr(operand.ty).scalar().is_none());
        let instruction = match primitive {
            Primitive::AddInt => I::AddInt { dst, left, right },
            Primitive::SubtractInt => I::SubInt { dst, left, right },
            Primitive::MultiplyInt => I::MulInt { dst, left, right },
            Primitive::DivideInt => I::DivInt { dst, left, right },
            Primitive::RemainderInt => I::RemInt { dst, left, right },
            Primitive::NegateInt => I::NegInt { dst, src: left },
            Primitive::AddFloat => I::AddFloat { dst, left, right },
            Primitive::SubtractFloat => I::SubFloat { dst, left, right },
            Primitive::MultiplyFloat => I::MulFloat { dst, left, right },
            Primitive::DivideFloat => I::DivFloat { dst, left, right },
            Primitive::RemainderFloat => I::RemFloat { dst, left, right },
            Primitive::NegateFloat => I::NegFloat { dst, src: left },
            Primitive::LessInt => I::LtInt { dst, left, right },
            Primitive::LessEqualInt => I::LeInt { dst, left, right },
            Primitive::GreaterInt => I::LtInt { dst, left: right, right: left },
            Primitive::GreaterEqualInt => I::LeInt { dst, left: right, right: left },
            Primitive::LessFloat => I::LtFloat { dst, left, right },
            Primitive::LessEqualFloat => I::LeFloat { dst, left, right },
            Primitive::GreaterFloat => I::LtFloat { dst, left: right, right: left },
            Primitive::GreaterEqualFloat => I::LeFloat { dst, left: right, right: left },
            Primitive::LessText if text => I::LtValue { dst, left, right },
            Primitive::LessEqualText if text => I::LeValue { dst, left, right },
            Primitive::GreaterText if text => I::LtValue { dst, left: right, right: left },
            Primitive::GreaterEqualText if text => I::LeValue { dst, left: right, right: left },
            Primitive::LessText => I::LtInt { dst, left, right },
            Primitive::LessEqualText => I::LeInt { dst, left, right },
            Primitive::GreaterText => I::LtInt { dst, left: right, right: left },
            Primitive::GreaterEqualText => I::LeInt { dst, left: right, right: left },
            Primitive::Not => I::Not { dst, src: left },
            Primitive::ConcatList => I::ListConcat { left, right },
        };
        self.act(Class::Scalar, instruction);
    }

    /// R[dst] := base + left * right, or base - left * right, if that is what the operation is.
    fn product(&mut self, primitive: Primitive, operands: &[Expr], dst: Reg) -> bool {
        let factors = |expr: &Expr| matches!(expr.kind, ExprKind::Primitive(Primitive::MultiplyFloat, _));
        let (base, product) = match (primitive, operands) {
            (Primitive::AddFloat | Primitive::SubtractFloat, [base, product]) if factors(product) => (base, product),
            (Primitive::AddFloat, [product, base]) if factors(product) => (base, product),
            _ => return false,
        };
        let (ExprKind::Primitive(_, factors), Ok(low)) = (&product.kind, u8::try_from(dst.0)) else { return false };
        let first = std::ptr::eq(base, &operands[0]);
        let before = if first { Some(self.operand(base)) } else { None };
        let (left, right) = (self.operand(&factors[0]), self.operand(&factors[1]));
        let base = before.unwrap_or_else(|| self.operand(base));
        let dst = LowReg(low);
        let instruction = match primitive {
            Primitive::AddFloat => Instruction::AddProduct { dst, base, left, right },
            _ => Instruction::SubProduct { dst, base, left, right },
        };
        self.act(Class::Scalar, instruction);
        true
    }

    /// `base[index]`
    fn index(&mut self, base: &Expr, index: &Expr, expr: &Expr, dst: Reg) {
        if let Some(taken) = self.taken_by(&Arg::Expr(index)) {
            let [none, end] = [self.code.label(), self.code.label()];
            self.split_bare(taken.bare, Repr::Counted, none, dst);
            self.code.push(Op::Jump(end));
            self.code.push(Op::Bind(none));
            // It says what is wrong.
            self.act(Class::Owned, Instruction::ListGet { dst, list: taken.from, index: taken.at });
            return self.code.push(Op::Bind(end));
        }
        if self.is_list(base) {
            let class = self.repr(expr.ty).result_class();
            if is_plain(index)
                && let Some(row) = self.peek(base)
            {
                let index = self.operand(index);
                return self.look(class, Instruction::ListGet { dst, list: row.reg, index }, row);
            }
            let list = self.operand(base);
            let index = self.operand(index);
            return self.act(class, Instruction::ListGet { dst, list, index });
        }
        let native = Native { name: "map.index".into(), arity: 2, effect: false, modes: "bb".into() };
        self.call_import(&native, &[Arg::Expr(base), Arg::Expr(index)], self.repr(expr.ty), dst);
    }

    /// R[dst] := an effect that performs `expr` when it is run.
    pub(super) fn effect_value(&mut self, expr: &Expr, dst: Reg) {
        debug_assert!(effect_result(self.program, expr.ty).is_some() || matches!(expr.kind, ExprKind::Field { .. }));
        let (proto, captures) = self.inner(super::free::Uses::of(expr), expr.span, |function, captured| {
            function.compile_body(&[], expr, captured, None);
        });
        self.closure(proto, &captures, &[], dst);
    }

    /// R[dst] := field `index` of R[object].
    pub(super) fn field_at(&mut self, dst: Reg, object: Reg, index: usize, ty: TyId) {
        let index = Index(index as u16);
        match self.repr(ty).scalar() {
            Some(_) => self.act(Class::Scalar, Instruction::FieldRaw { dst, object, index }),
            None => self.act(self.repr(ty).class(), Instruction::Field { dst, object, index }),
        }
    }
}
