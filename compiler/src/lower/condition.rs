//! Conditions: comparisons fused with their jumps, short circuits as jumps.

use aivi_bytecode::{Imm16, Imm32, Index, Instruction, Jump16, Jump32, Reg, ScalarKind};

use super::code::{Class, Label, Op};
use super::function::{Dest, Function};
use super::options::Made;
use super::repr::Repr;
use crate::check::builtin;
use crate::core::{Expr, ExprKind, Primitive};

const HERE: Jump16 = Jump16(0);
const FAR: Jump32 = Jump32(0);

impl Function<'_, '_> {
    /// `if`, and every `if` that stands right behind its `else`.
    pub(super) fn choice(&mut self, mut expr: &Expr, run: bool, dest: Dest) {
        let end = self.code.label();
        let (top, known) = (self.top, self.ahead.mark());
        while let ExprKind::If { condition, then, otherwise } = &expr.kind {
            self.code.offset = expr.span.start;
            if run && dest == Dest::Ignore && does_nothing(then) {
                self.branch(condition, true, end);
            } else {
                let no = self.code.label();
                self.branch(condition, false, no);
                self.emit_body(then, run, dest);
                if dest != Dest::Return {
                    self.code.push(Op::Jump(end));
                }
                self.code.push(Op::Bind(no));
            }
            expr = otherwise;
            self.read_ahead(expr, run);
        }
        self.emit(expr, run, dest);
        self.ahead.forget(known);
        self.top = top;
        self.code.push(Op::Bind(end));
    }

    /// Returns `left && right`, or `left || right`, which the left side decides alone when it is `decides`. The right
    /// side is a tail call if it is a call.
    pub(super) fn last_condition(&mut self, left: &Expr, right: &Expr, decides: bool) {
        let decided = self.code.label();
        self.branch(left, decides, decided);
        self.emit(right, false, Dest::Return);
        self.code.push(Op::Bind(decided));
        self.deliver(Dest::Return, Repr::Scalar(ScalarKind::Bool), |function, dst| {
            function.act(Class::Scalar, Instruction::Int { dst, value: Imm32(i32::from(decides)) });
        });
    }

    /// Goes to `target` when `condition` is `on`, else goes on behind.
    pub(super) fn branch(&mut self, condition: &Expr, on: bool, target: Label) {
        let offset = self.code.offset;
        self.code.offset = condition.span.start;
        let mark = self.top;
        match &condition.kind {
            ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                // The value of the left side that decides alone.
                let decides = matches!(condition.kind, ExprKind::Or(..));
                if on == decides {
                    self.branch(left, on, target);
                    self.branch(right, on, target);
                } else {
                    let behind = self.code.label();
                    self.branch(left, decides, behind);
                    self.branch(right, on, target);
                    self.code.push(Op::Bind(behind));
                }
            }
            ExprKind::Primitive(Primitive::Not, operands) => self.branch(&operands[0], !on, target),
            ExprKind::Primitive(primitive, operands) => {
                let [left, right] = operands.as_slice() else { return self.branch_on_value(condition, on, target) };
                self.compare(*primitive, left, right, condition, on, target);
            }
            ExprKind::Equal { negated, left, right } => self.branch_equal(condition, *negated, left, right, on, target),
            ExprKind::Constructor(id) if matches!(*id, builtin::TRUE | builtin::FALSE) => {
                if (*id == builtin::TRUE) == on {
                    self.code.push(Op::Jump(target));
                }
            }
            _ => self.branch_on_value(condition, on, target),
        }
        self.top = mark;
        self.code.offset = offset;
    }

    fn branch_on_value(&mut self, condition: &Expr, on: bool, target: Label) {
        let test = self.operand(condition);
        self.jump_on(test, on, target);
    }

    pub(super) fn jump_on(&mut self, test: Reg, on: bool, target: Label) {
        let jump = if on { Instruction::JumpIf { test, by: FAR } } else { Instruction::JumpUnless { test, by: FAR } };
        self.code.push(Op::Branch(jump, target));
    }

    fn compare(&mut self, primitive: Primitive, left: &Expr, right: &Expr, whole: &Expr, on: bool, target: Label) {
        use Primitive as P;
        // Everything in terms of `<` and `<=`, perhaps with the sides exchanged, perhaps negated.
        let (strict, swapped, float) = match primitive {
            P::LessInt => (true, false, false),
            P::LessEqualInt => (false, false, false),
            P::GreaterInt => (true, true, false),
            P::GreaterEqualInt => (false, true, false),
            P::LessFloat => (true, false, true),
            P::LessEqualFloat => (false, false, true),
            P::GreaterFloat => (true, true, true),
            P::GreaterEqualFloat => (false, true, true),
            _ => return self.branch_on_value(whole, on, target),
        };
        if !float && let Some(value) = small(self.known(right)) {
            let left = self.operand(left);
            let jump = compare_immediate(strict, swapped, on, left, Imm16(value));
            return self.code.push(Op::Branch(jump, target));
        }
        if !float && let Some(value) = small(self.known(left)) {
            let right = self.operand(right);
            let jump = compare_immediate(strict, !swapped, on, right, Imm16(value));
            return self.code.push(Op::Branch(jump, target));
        }
        let (left, right) = (self.operand(left), self.operand(right));
        let (left, right) = if swapped { (right, left) } else { (left, right) };
        let by = HERE;
        let jump = match (float, strict, on) {
            (false, true, true) => Instruction::JumpLtInt { left, right, by },
            (false, false, true) => Instruction::JumpLeInt { left, right, by },
            (false, true, false) => Instruction::JumpLeInt { left: right, right: left, by },
            (false, false, false) => Instruction::JumpLtInt { left: right, right: left, by },
            (true, true, true) => Instruction::JumpLtFloat { left, right, by },
            (true, false, true) => Instruction::JumpLeFloat { left, right, by },
            (true, true, false) => Instruction::JumpNotLtFloat { left, right, by },
            (true, false, false) => Instruction::JumpNotLeFloat { left, right, by },
        };
        self.code.push(Op::Branch(jump, target));
    }

    fn branch_equal(&mut self, whole: &Expr, negated: bool, left: &Expr, right: &Expr, on: bool, target: Label) {
        let Repr::Scalar(kind) = self.repr(left.ty) else {
            if let Some(list) = beside_nothing(left, right) {
                return self.branch_empty(list, on != negated, target);
            }
            return match (Made::of(left), Made::of(right)) {
                (_, Some(made)) => self.branch_constructed(left, made, on != negated, target),
                (Some(made), None) => self.branch_constructed(right, made, on != negated, target),
                (None, None) if self.program.types.head(left.ty) == Some(builtin::TEXT) => {
                    let (left, right, by) = (self.operand(left), self.operand(right), HERE);
                    let jump = match on != negated {
                        true => Instruction::JumpEqText { left, right, by },
                        false => Instruction::JumpNeText { left, right, by },
                    };
                    self.code.push(Op::Branch(jump, target));
                }
                (None, None) => self.branch_on_value(whole, on, target),
            };
        };
        if kind == ScalarKind::Float {
            return self.branch_on_value(whole, on, target);
        }
        let equal = on != negated;
        if let Some(value) = small(self.known(right)) {
            let left = self.operand(left);
            return self.branch_equal_immediate(left, value, equal, target);
        }
        let (left, right, by) = (self.operand(left), self.operand(right), HERE);
        let jump =
            if equal { Instruction::JumpEqInt { left, right, by } } else { Instruction::JumpNeInt { left, right, by } };
        self.code.push(Op::Branch(jump, target));
    }

    /// Goes to `target` when R[left] is (`equal`) or is not the number.
    pub(super) fn branch_equal_immediate(&mut self, left: Reg, value: i16, equal: bool, target: Label) {
        let (right, by) = (Imm16(value), HERE);
        let jump = if equal {
            Instruction::JumpEqIntImm { left, right, by }
        } else {
            Instruction::JumpNeIntImm { left, right, by }
        };
        self.code.push(Op::Branch(jump, target));
    }

    /// Goes to `target` when the list is (`empty`) or is not `[]`.
    fn branch_empty(&mut self, list: &Expr, empty: bool, target: Label) {
        let (list, length, by) = (self.operand(list), Index(0), HERE);
        let jump = match empty {
            true => Instruction::JumpLength { list, length, by },
            false => Instruction::JumpNotLength { list, length, by },
        };
        self.code.push(Op::Branch(jump, target));
    }

    /// R[dst] := `left == right`, raw.
    pub(super) fn equal(&mut self, negated: bool, left: &Expr, right: &Expr, dst: Reg) {
        let scalar = self.repr(left.ty).scalar();
        let (left, right) = (self.operand(left), self.operand(right));
        let instruction = match scalar {
            Some(ScalarKind::Float) => Instruction::EqFloat { dst, left, right },
            Some(_) => Instruction::EqInt { dst, left, right },
            None => Instruction::EqValue { dst, left, right },
        };
        self.act(Class::Scalar, instruction);
        if negated {
            self.act(Class::Scalar, Instruction::Not { dst, src: dst });
        }
    }

    /// R[dst] := a condition, raw.
    pub(super) fn truth(&mut self, condition: &Expr, dst: Reg) {
        let [no, end] = [self.code.label(), self.code.label()];
        self.branch(condition, false, no);
        self.act(Class::Scalar, Instruction::Int { dst, value: Imm32(1) });
        self.code.push(Op::Jump(end));
        self.code.push(Op::Bind(no));
        self.act(Class::Scalar, Instruction::Int { dst, value: Imm32(0) });
        self.code.push(Op::Bind(end));
    }
}

/// `pure Unit`, as in the branch that a statement does not have.
fn does_nothing(effect: &Expr) -> bool {
    let unit = |value: &Expr| matches!(value.kind, ExprKind::Unit | ExprKind::Constructor(builtin::UNIT_VALUE));
    matches!(&effect.kind, ExprKind::Pure(value) if unit(value))
}

/// The list that is compared with `[]`.
fn beside_nothing<'e>(left: &'e Expr, right: &'e Expr) -> Option<&'e Expr> {
    let is_empty = |expr: &Expr| matches!(&expr.kind, ExprKind::List(items) if items.is_empty());
    match (is_empty(left), is_empty(right)) {
        (_, true) => Some(left),
        (true, _) => Some(right),
        _ => None,
    }
}

/// The literal, if it fits a comparison.
pub(super) fn small(expr: &Expr) -> Option<i16> {
    match expr.kind {
        ExprKind::Int(value) => i16::try_from(value).ok(),
        ExprKind::Char(value) => i16::try_from(u32::from(value)).ok(),
        ExprKind::Constructor(builtin::TRUE) => Some(1),
        ExprKind::Constructor(builtin::FALSE) => Some(0),
        _ => None,
    }
}

/// `left < right` (`<=` when not strict), or with the sides exchanged, when it is `on`.
fn compare_immediate(strict: bool, swapped: bool, on: bool, left: Reg, right: Imm16) -> Instruction {
    use Instruction as I;
    let by = HERE;
    match (strict, swapped, on) {
        (true, false, true) | (false, true, false) => I::JumpLtIntImm { left, right, by },
        (false, false, true) | (true, true, false) => I::JumpLeIntImm { left, right, by },
        (true, true, true) | (false, false, false) => I::JumpGtIntImm { left, right, by },
        (false, true, true) | (true, false, false) => I::JumpGeIntImm { left, right, by },
    }
}
