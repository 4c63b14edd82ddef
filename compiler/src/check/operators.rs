//! Operators are resolved by the types of their operands: an operator of an active domain for the left operand's type,
//! else the built-in one. An operator whose operands are not known yet is written down as if it were on Int, and
//! *pending* until they are; at the end of the binding that made them, operands that are still unknown are Int [D-14].

use std::rc::Rc;

use super::builtin;
use super::checker::{Checker, error_expr, expr};
use super::reason::Reason;
use super::types::{TyId, TypeStore, View};
use crate::core::{Expr, ExprKind, GlobalId, Primitive};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::Value;
use crate::syntax::Span;
use crate::syntax::ast::{self, BinaryOp, UnaryOp};

/// An operator whose operands' types were not known where it stands.
#[derive(Clone, Copy)]
pub(super) struct Pending {
    op: Operator,
    left: TyId,
    right: TyId,
    result: TyId,
    left_span: Span,
    right_span: Span,
}

/// Operators that are resolved by type.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Operator {
    Binary(BinaryOp),
    Negate,
}

/// What is known of an operator.
enum Choice {
    /// On the left operand's type.
    Builtin,
    /// On the right operand's type, which the left one gets too.
    BuiltinRight,
    Domain(GlobalId),
    /// Not enough is known.
    Wait,
    /// No such operator.
    Nothing,
}

impl Checker<'_> {
    /// A chain of infix operators; chains nest to the left, so the leftmost operand comes first.
    pub(super) fn binary(&mut self, e: &ast::Expr, wanted: TyId) -> Expr {
        let mut chain = Vec::new();
        let mut leftmost = e;
        while let ast::ExprKind::Binary { left, .. } = &leftmost.kind {
            chain.push(leftmost);
            leftmost = left;
        }
        let mut result = self.infer(leftmost);
        for step in chain.into_iter().rev() {
            if let ast::ExprKind::Binary { op, right, .. } = &step.kind {
                result = self.step(*op, result, right, step.span);
            }
        }
        self.fits(result, wanted)
    }

    fn step(&mut self, op: BinaryOp, left: Expr, right: &ast::Expr, span: Span) -> Expr {
        if op == BinaryOp::PipeForward {
            return self.pipe(left, right, span);
        }
        let wanted = self.wanted_right(op, &left);
        let right = self.expr_as(right, wanted, Reason::Like("the left side", left.span));
        self.combine(op, left, right, span)
    }

    /// What the right operand has to be, as far as the left one tells.
    fn wanted_right(&mut self, op: BinaryOp, left: &Expr) -> TyId {
        match op {
            BinaryOp::And | BinaryOp::Or => {
                self.expect_expr(TypeStore::BOOL, left.ty, left.span, Reason::Unknown, Some(left));
                TypeStore::BOOL
            }
            BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Concat => left.ty,
            BinaryOp::Default => {
                let value = self.fresh();
                let option = self.types.data(builtin::OPTION, &[value]);
                self.expect(option, left.ty, left.span);
                value
            }
            // On numbers both sides have one type, but a domain's operator may take another one on the right.
            _ => self.fresh(),
        }
    }

    fn combine(&mut self, op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr {
        let (left_ty, right_ty) = (left.ty, right.ty);
        let boxed = |left, right| (Box::new(left), Box::new(right));
        let (kind, ty) = match op {
            BinaryOp::And => {
                let (left, right) = boxed(left, right);
                (ExprKind::And(left, right), TypeStore::BOOL)
            }
            BinaryOp::Or => {
                let (left, right) = boxed(left, right);
                (ExprKind::Or(left, right), TypeStore::BOOL)
            }
            BinaryOp::Equal | BinaryOp::NotEqual => {
                self.compared.push((left_ty, span));
                let (left, right) = boxed(left, right);
                (ExprKind::Equal { negated: op == BinaryOp::NotEqual, left, right }, TypeStore::BOOL)
            }
            BinaryOp::Default => {
                let (left, right) = boxed(left, right);
                (ExprKind::Default(left, right), right_ty)
            }
            BinaryOp::Concat => return self.concat(left, right, span),
            _ => return self.by_type(op, left, right, span),
        };
        expr(kind, ty, span)
    }

    /// `++`: on lists, or on maps and sets by their functions.
    fn concat(&mut self, left: Expr, right: Expr, span: Span) -> Expr {
        let union = match self.types.head(left.ty) {
            Some(builtin::MAP) => Some("aivi.map"),
            Some(builtin::SET) => Some("aivi.set"),
            _ => None,
        };
        if let Some(module) = union {
            let Some(global) = self.value_of_library(module, "union") else {
                return self.missing(span, "`++` on this type");
            };
            self.demand(global);
            let function = Box::new(self.global(global, span));
            let ty = left.ty;
            return expr(ExprKind::Apply { function, arguments: vec![left, right] }, ty, span);
        }
        let element = self.fresh();
        let list = self.types.data(builtin::LIST, &[element]);
        if self.types.is_text(left.ty) {
            let diagnostic = Diagnostic::new(Code::E3000, span, "`++` is not defined for Text");
            self.tables.report(diagnostic.help("texts are joined in one that has holes: \"{a}{b}\""));
            return error_expr(span);
        }
        let left = self.fits(left, list);
        expr(ExprKind::Primitive(Primitive::ConcatList, vec![left, right]), list, span)
    }

    /// A value of a library module that is loaded.
    pub(super) fn value_of_library(&mut self, module: &str, name: &str) -> Option<GlobalId> {
        let path = self.tables.interner.intern(module);
        let name = self.tables.interner.intern(name);
        let module = *self.tables.by_path.get(&path)?;
        match self.tables.exported_value(module, name)? {
            Value::Global(global) => Some(global),
            Value::Constructor(_) => None,
        }
    }

    pub(super) fn unary(&mut self, op: UnaryOp, operand: &ast::Expr, wanted: TyId, span: Span) -> Expr {
        match op {
            UnaryOp::Not => {
                let operand = self.expr_as(operand, TypeStore::BOOL, Reason::Unknown);
                self.fits(Expr { span, ..not(operand) }, wanted)
            }
            UnaryOp::Negate => {
                let operand = self.infer(operand);
                self.negate(operand, wanted, span)
            }
        }
    }

    fn negate(&mut self, operand: Expr, wanted: TyId, span: Span) -> Expr {
        let (ty, operand_span) = (operand.ty, operand.span);
        let pending = Pending {
            op: Operator::Negate,
            left: ty,
            right: ty,
            result: ty,
            left_span: operand_span,
            right_span: operand_span,
        };
        let kind = self.resolve_or_wait(pending, vec![operand]);
        self.fits(expr(kind, ty, span), wanted)
    }

    fn by_type(&mut self, op: BinaryOp, left: Expr, right: Expr, span: Span) -> Expr {
        let result = if is_comparison(op) && self.operators(op).is_empty() { TypeStore::BOOL } else { self.fresh() };
        let pending = Pending {
            op: Operator::Binary(op),
            left: left.ty,
            right: right.ty,
            result,
            left_span: left.span,
            right_span: right.span,
        };
        let kind = self.resolve_or_wait(pending, vec![left, right]);
        match kind {
            ExprKind::Error => error_expr(span),
            kind => expr(kind, result, span),
        }
    }

    fn resolve_or_wait(&mut self, pending: Pending, operands: Vec<Expr>) -> ExprKind {
        match self.choose(&pending) {
            Choice::Wait => {
                if self.candidates(pending.op).is_empty() {
                    // Only numbers and the like are left, and both sides are the same.
                    self.unify_builtin(&pending);
                }
                self.pending.push(pending);
                self.provisional = true;
                ExprKind::Primitive(provisional(pending.op), operands)
            }
            Choice::Domain(global) => {
                self.apply_domain(&pending, global);
                self.domain_operators.remove(&pending.result);
                let function = Box::new(self.global(global, pending.left_span));
                ExprKind::Apply { function, arguments: operands }
            }
            Choice::Nothing => {
                self.no_operator(&pending);
                ExprKind::Error
            }
            choice @ (Choice::Builtin | Choice::BuiltinRight) => {
                self.settle_builtin(&pending, &choice);
                match primitive(pending.op, self.types.head(pending.left)) {
                    Some(primitive) => ExprKind::Primitive(primitive, operands),
                    None => ExprKind::Error,
                }
            }
        }
    }

    /// What can be said about an operator now.
    fn choose(&mut self, pending: &Pending) -> Choice {
        let (left, right) = (pending.left, pending.right);
        if self.types.is_error(left) || self.types.is_error(right) {
            return Choice::Builtin;
        }
        let candidates = self.candidates(pending.op);
        if !self.types.is_unknown(left) {
            return self.choose_by_left(pending, &candidates);
        }
        if self.types.is_unknown(right) {
            return Choice::Wait;
        }
        let by_right = candidates.iter().any(|global| self.operand_matches(*global, 1, right));
        if by_right {
            Choice::Wait
        } else if primitive(pending.op, self.types.head(right)).is_some() {
            Choice::BuiltinRight
        } else {
            Choice::Nothing
        }
    }

    fn choose_by_left(&mut self, pending: &Pending, candidates: &[GlobalId]) -> Choice {
        let mut fitting = candidates.to_vec();
        fitting.retain(|global| self.operand_matches(*global, 0, pending.left));
        let builtin = primitive(pending.op, self.types.head(pending.left)).is_some();
        if fitting.is_empty() {
            return if builtin { Choice::Builtin } else { Choice::Nothing };
        }
        let by_left = fitting[0];
        let several = fitting.len() > 1;
        if self.types.is_unknown(pending.right) {
            return if several || builtin { Choice::Wait } else { Choice::Domain(by_left) };
        }
        fitting.retain(|global| self.operand_matches(*global, 1, pending.right));
        match fitting.first() {
            Some(global) => Choice::Domain(*global),
            None if builtin => Choice::Builtin,
            None if several => Choice::Nothing,
            None => Choice::Domain(by_left),
        }
    }

    /// Solves what can be solved of the operators since `mark`. Those whose operands belong to this binding alone and
    /// are still unknown become Int; the others wait on, and their types are not quantified.
    pub(super) fn solve_pending(&mut self, mark: usize) {
        if self.pending.len() == mark {
            return;
        }
        self.solve_known(mark);
        let waiting = self.pending.split_off(mark);
        for pending in waiting {
            let own = self.types.is_deeper(pending.left, self.level) && self.types.is_deeper(pending.right, self.level);
            match self.choose(&pending) {
                Choice::Wait if own => {
                    self.unify_builtin(&pending);
                    let _ = self.types.unify(pending.left, TypeStore::INT);
                    self.settle(&pending);
                }
                Choice::Wait => {
                    for ty in [pending.left, pending.right, pending.result] {
                        let _ = self.types.sink(ty, self.level, None);
                    }
                    self.pending.push(pending);
                }
                _ => self.settle(&pending),
            }
        }
    }

    /// Solves operators whose operands are known, until that makes no more known.
    fn solve_known(&mut self, mark: usize) {
        loop {
            let waiting = self.pending.split_off(mark);
            let before = waiting.len();
            for pending in waiting {
                if matches!(self.choose(&pending), Choice::Wait) {
                    self.pending.push(pending);
                } else {
                    self.settle(&pending);
                }
            }
            if self.pending.len() == mark || self.pending.len() - mark == before {
                return;
            }
        }
    }

    /// Applies what was found about an operator that was written down before.
    fn settle(&mut self, pending: &Pending) {
        match self.choose(pending) {
            Choice::Wait => {}
            Choice::Nothing => self.no_operator(pending),
            Choice::Domain(global) => self.apply_domain(pending, global),
            choice => self.settle_builtin(pending, &choice),
        }
    }

    fn settle_builtin(&mut self, pending: &Pending, choice: &Choice) {
        let fits = match choice {
            Choice::BuiltinRight => self.types.unify(pending.right, pending.left).is_ok(),
            _ => self.types.unify(pending.left, pending.right).is_ok(),
        };
        if fits {
            self.unify_builtin(pending);
        } else {
            self.different_operands(pending, choice);
            // What the operation gives is not known either.
            let _ = self.types.unify(pending.result, TypeStore::ERROR);
        }
    }

    fn different_operands(&mut self, pending: &Pending, choice: &Choice) {
        let (left, right) = self.show_both(pending.left, pending.right);
        let message = format!("`{}` takes two values of one type, found {left} and {right}", symbol(pending.op));
        let (place, other, label) = match choice {
            Choice::BuiltinRight => (pending.left_span, pending.right_span, right),
            _ => (pending.right_span, pending.left_span, left),
        };
        let diagnostic = Diagnostic::new(Code::E3000, place, message).label(other, format!("this is {label}"));
        let head = |ty| self.types.head(ty);
        let heads = [head(pending.left), head(pending.right)];
        self.tables.report(if heads.contains(&Some(builtin::INT)) && heads.contains(&Some(builtin::FLOAT)) {
            diagnostic.help("numbers are not converted by themselves: `toFloat` of `use aivi.math (toFloat)` makes a Float of an Int")
        } else if heads.iter().flatten().any(|head| [builtin::EFFECT, builtin::OPTION, builtin::RESULT].contains(head)) {
            self.with_hint(diagnostic, pending.left, pending.right, None)
        } else {
            diagnostic
        });
    }

    fn unify_builtin(&mut self, pending: &Pending) {
        let _ = self.types.unify(pending.left, pending.right);
        let result = match pending.op {
            Operator::Binary(op) if is_comparison(op) => TypeStore::BOOL,
            _ => pending.left,
        };
        self.expect(result, pending.result, pending.left_span.to(pending.right_span));
    }

    fn apply_domain(&mut self, pending: &Pending, global: GlobalId) {
        self.demand(global);
        let scheme = self.scheme(global);
        let ty = self.instantiate(scheme, pending.left_span);
        if let Some((left, rest)) = self.function_parts(ty)
            && let Some((right, result)) = self.function_parts(rest)
        {
            self.expect(left, pending.left, pending.left_span);
            self.expect(right, pending.right, pending.right_span);
            self.expect(result, pending.result, pending.left_span.to(pending.right_span));
        }
        self.domain_operators.insert(pending.result, global);
    }

    fn no_operator(&mut self, pending: &Pending) {
        let symbol = symbol(pending.op);
        let shown = if self.types.is_unknown(pending.left) { pending.right } else { pending.left };
        let fitting = self.candidates(pending.op).iter().any(|global| self.operand_matches(*global, 0, pending.left));
        let message = if pending.op == Operator::Binary(BinaryOp::Times) {
            "`×` is defined by domains only, and none for this type is active".to_owned()
        } else if fitting {
            let (left, right) = self.show_both(pending.left, pending.right);
            format!("`{symbol}` is not defined for {left} and {right}")
        } else {
            format!("`{symbol}` is not defined for {}", self.show(shown))
        };
        let mut diagnostic = Diagnostic::new(Code::E3000, pending.left_span.to(pending.right_span), message);
        let head = self.types.head(shown);
        if matches!(symbol, "+" | "++") && self.types.is_text(shown) {
            diagnostic = diagnostic.help("texts are joined in one that has holes: \"{a}{b}\"");
        } else if symbol == "+" && head == Some(builtin::LIST) {
            diagnostic = diagnostic.help("lists are joined with `++`");
        } else if symbol == "-" && self.types.is_function(shown) {
            diagnostic = diagnostic.help("a negative number as an argument is written `f (-1)`");
        } else if self.types.is_function(shown) {
            diagnostic = diagnostic.help("this is a function: it still needs arguments");
        } else if let Some(help) = self.opaque_type(shown) {
            diagnostic = diagnostic.help(help);
        } else if symbol == "+" && head == Some(builtin::EFFECT) && self.types.is_text(pending.right) {
            diagnostic =
                diagnostic.help("texts are joined in one that has holes, as one argument: `println \"{a}{b}\"`");
        } else if head == Some(builtin::EFFECT) {
            diagnostic =
                diagnostic.help("an effect gives its value where it is run: bind it in `do Effect`, `x <- effect`");
        } else if head == Some(builtin::RESULT) {
            diagnostic =
                diagnostic.help("this may be an error: go on with `value or other`, or take it apart with `match`");
        } else if head == Some(builtin::OPTION) {
            diagnostic =
                diagnostic.help("the value may be missing: give a default with `??`, or take it apart with `match`");
        }
        self.tables.report(diagnostic);
        let _ = self.types.unify(pending.result, TypeStore::ERROR);
    }

    fn candidates(&mut self, op: Operator) -> Rc<[GlobalId]> {
        match op {
            Operator::Binary(op) => self.operators(op),
            Operator::Negate => Rc::new([]),
        }
    }

    /// The functions of active domains for an operator.
    fn operators(&mut self, op: BinaryOp) -> Rc<[GlobalId]> {
        if let Some(known) = self.operators.get(&(self.module, op)) {
            return known.clone();
        }
        let symbol = self.tables.interner.intern(symbol(Operator::Binary(op)));
        let found: Rc<[GlobalId]> = self.tables.find_operator(self.module, symbol).into();
        self.operators.insert((self.module, op), found.clone());
        found
    }

    /// The operand at `index` (0 or 1) of a domain's operator takes values of type `ty`, as far as that is known.
    fn operand_matches(&mut self, global: GlobalId, index: usize, ty: TyId) -> bool {
        let scheme = self.scheme(global);
        let Some((left, rest)) = self.function_parts(scheme) else { return false };
        let operand = match index {
            0 => left,
            _ => match self.function_parts(rest) {
                Some((right, _)) => right,
                None => return false,
            },
        };
        self.matches(operand, ty)
    }

    /// `ty` could be an instance of `scheme`. Goes as deep as the written scheme does.
    fn matches(&self, scheme: TyId, ty: TyId) -> bool {
        if self.types.is_error(ty) {
            return true;
        }
        let all = |left: &[TyId], right: &[TyId]| left.iter().zip(right).all(|(a, b)| self.matches(*a, *b));
        match (self.types.view(scheme), self.types.view(ty)) {
            (View::Variable, _) => true,
            (_, View::Variable) => self.types.is_unknown(ty),
            (View::Data(a, left), View::Data(b, right)) => a == b && all(left, right),
            (View::Tuple(left), View::Tuple(right)) => left.len() == right.len() && all(left, right),
            (View::Function(a, b), View::Function(c, d)) => self.matches(a, c) && self.matches(b, d),
            (View::Record { fields: left, .. }, View::Record { fields: right, open }) => {
                let fits = |(name, ty): &(_, TyId)| match left.iter().find(|(field, _)| field == name) {
                    Some((_, scheme)) => self.matches(*scheme, *ty),
                    None => false,
                };
                right.iter().all(fits) && (open || left.len() == right.len())
            }
            _ => false,
        }
    }

    /// The final form of an operator that was written down as if it were on Int.
    pub(super) fn finish_operator(&mut self, e: &mut Expr) {
        let ExprKind::Primitive(provisional, operands) = &mut e.kind else { return };
        let Some(op) = operator_of(*provisional) else { return };
        if let Some(global) = self.domain_operators.get(&e.ty).copied()
            && operands.len() == 2
        {
            let arguments = std::mem::take(operands);
            let function = Box::new(self.global(global, e.span));
            e.kind = ExprKind::Apply { function, arguments };
        } else if let Some(exact) = primitive(op, self.types.head(operands[0].ty)) {
            *provisional = exact;
        }
    }
}

/// `!operand`
pub(super) fn not(operand: Expr) -> Expr {
    let span = operand.span;
    expr(ExprKind::Primitive(Primitive::Not, vec![operand]), TypeStore::BOOL, span)
}

fn is_comparison(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual)
}

fn symbol(op: Operator) -> &'static str {
    match op {
        Operator::Negate => "-",
        Operator::Binary(op) => op.text(),
    }
}

/// Operators with their primitives on Int, Float, and Text or Char.
const PRIMITIVES: &[(Operator, Primitive, Primitive, Option<Primitive>)] = &[
    (Operator::Negate, Primitive::NegateInt, Primitive::NegateFloat, None),
    (Operator::Binary(BinaryOp::Add), Primitive::AddInt, Primitive::AddFloat, None),
    (Operator::Binary(BinaryOp::Subtract), Primitive::SubtractInt, Primitive::SubtractFloat, None),
    (Operator::Binary(BinaryOp::Multiply), Primitive::MultiplyInt, Primitive::MultiplyFloat, None),
    (Operator::Binary(BinaryOp::Divide), Primitive::DivideInt, Primitive::DivideFloat, None),
    (Operator::Binary(BinaryOp::Remainder), Primitive::RemainderInt, Primitive::RemainderFloat, None),
    (Operator::Binary(BinaryOp::Less), Primitive::LessInt, Primitive::LessFloat, Some(Primitive::LessText)),
    (
        Operator::Binary(BinaryOp::LessEqual),
        Primitive::LessEqualInt,
        Primitive::LessEqualFloat,
        Some(Primitive::LessEqualText),
    ),
    (Operator::Binary(BinaryOp::Greater), Primitive::GreaterInt, Primitive::GreaterFloat, Some(Primitive::GreaterText)),
    (
        Operator::Binary(BinaryOp::GreaterEqual),
        Primitive::GreaterEqualInt,
        Primitive::GreaterEqualFloat,
        Some(Primitive::GreaterEqualText),
    ),
];

/// The primitive of an operator on a built-in type.
fn primitive(op: Operator, head: Option<crate::core::DataId>) -> Option<Primitive> {
    let (_, on_int, on_float, on_text) = PRIMITIVES.iter().find(|(row, ..)| *row == op)?;
    match head? {
        builtin::INT => Some(*on_int),
        builtin::FLOAT => Some(*on_float),
        builtin::TEXT | builtin::CHAR => *on_text,
        _ => None,
    }
}

/// What stands for an operator until its operands are known. `×` has no primitive and never gets that far: it becomes
/// an application, or a report.
fn provisional(op: Operator) -> Primitive {
    primitive(op, Some(builtin::INT)).unwrap_or(Primitive::MultiplyInt)
}

/// The operator of a provisional primitive.
fn operator_of(provisional: Primitive) -> Option<Operator> {
    PRIMITIVES.iter().find(|(_, on_int, ..)| *on_int == provisional).map(|(op, ..)| *op)
}
