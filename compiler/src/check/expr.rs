//! Expressions: which rule applies. Each rule is a method next to its kin (`call`, `function`, `literal`, `operators`,
//! `record`, `fallback`, `effect`, `resource`).
//!
//! The functions that call `expr` again keep small frames, because nesting is as deep as the parser allows.

use super::checker::{Checker, error_expr, expr};
use super::reason::{Asked, Reason};
use super::types::{TyId, TypeStore};
use crate::core::{Expr, ExprKind};
use crate::syntax::{Span, ast};

impl Checker<'_> {
    /// An expression of unknown type.
    pub(super) fn infer(&mut self, e: &ast::Expr) -> Expr {
        let ty = self.fresh();
        self.expr(e, ty)
    }

    /// An expression that has to be a `wanted`.
    pub(super) fn expr(&mut self, e: &ast::Expr, wanted: TyId) -> Expr {
        use ast::ExprKind as Kind;
        // Only the forms below that pass tail position on set it again.
        let tail = std::mem::take(&mut self.tail);
        let reason = self.next_reason.take().unwrap_or_else(|| self.reason_for(wanted));
        let outer = std::mem::replace(&mut self.asked, Asked { wanted: Some(wanted), reason });
        let mut e = e;
        while let Kind::Paren(inner) = &e.kind {
            e = inner;
        }
        let span = e.span;
        let result = match &e.kind {
            Kind::If { condition, then, otherwise } => self.if_expr([condition, then, otherwise], wanted, tail, span),
            Kind::Match { subject, arms } => self.match_expr(subject, arms, wanted, tail, span),
            Kind::Block(block) => self.block(block, wanted, tail, span),
            Kind::Do { monad, statements } => self.do_expr(*monad, statements, wanted, tail, span),
            Kind::Recurse(state) => self.recurse(state, wanted, tail, span),
            Kind::Int(_) | Kind::Float(_) | Kind::Char(_) | Kind::Unit | Kind::Paren(_) | Kind::Error => {
                self.scalar(&e.kind, wanted, span)
            }
            Kind::Text(parts) => self.text_literal(parts, wanted, span),
            Kind::Sigil { name, body } => self.sigil(*name, body, wanted, span),
            Kind::Suffixed { number, suffix } => self.suffixed(*number, *suffix, wanted, span),
            Kind::SuffixApply { value, suffix } => self.suffix_apply(value, *suffix, wanted, span),
            Kind::Name(name) => self.name(*name, wanted),
            Kind::Qualified(names) => self.qualified(names, wanted, span),
            Kind::Field { base, name } => self.field(base, *name, wanted, span),
            Kind::Placeholder => self.placeholder(wanted, span),
            Kind::Section(inner) => self.section(inner, wanted, span),
            Kind::Accessor(name) => self.accessor(*name, wanted, span),
            Kind::Lambda { parameters, body } => self.lambda(parameters, body, wanted, span),
            Kind::Clauses(arms) => self.clauses(arms, wanted, span),
            Kind::Apply { function, arguments } => self.apply(function, arguments, wanted, span),
            Kind::Tuple(items) => self.tuple(items, wanted, span),
            Kind::List(items) => self.list(items, wanted, span),
            Kind::Record(items) => self.record(items, wanted, span),
            Kind::Patch { base, items } => self.patch(base, items, wanted, span),
            Kind::Index { base, index } => self.index(base, index, wanted, span),
            Kind::Binary { .. } => self.binary(e, wanted),
            Kind::Unary { op, operand } => self.unary(*op, operand, wanted, span),
            Kind::Or { value, fallback } => self.or_expr(value, fallback, wanted, span),
            Kind::Resource(statements) => self.resource(statements, wanted, span),
            Kind::Generate(_) => self.missing(span, "`generate`"),
            Kind::PatchFunction(items) => self.patch_function(items, wanted, span),
            Kind::MapLiteral(items) => self.map_literal(items, wanted, span),
            Kind::SetLiteral(items) => self.set_literal(items, wanted, span),
        };
        self.asked = outer;
        result
    }

    /// A literal of one value.
    fn scalar(&mut self, kind: &ast::ExprKind, wanted: TyId, span: Span) -> Expr {
        use ast::ExprKind as Kind;
        let (kind, ty) = match (kind, self.hole) {
            (Kind::Int(1), Some(hole)) => (ExprKind::Local(hole), self.locals[hole.0 as usize].ty),
            (Kind::Int(value), _) => (ExprKind::Int(*value), TypeStore::INT),
            (Kind::Float(value), _) => (ExprKind::Float(*value), TypeStore::FLOAT),
            (Kind::Char(value), _) => (ExprKind::Char(*value), TypeStore::CHAR),
            (Kind::Unit, _) => (ExprKind::Unit, TypeStore::UNIT),
            _ => (ExprKind::Error, TypeStore::ERROR),
        };
        self.fits(expr(kind, ty, span), wanted)
    }

    /// `found`, if it is a `wanted`; else it is reported.
    pub(super) fn fits(&mut self, found: Expr, wanted: TyId) -> Expr {
        let reason = self.reason_for(wanted);
        self.fits_as(found, wanted, reason)
    }

    /// The same, with a reason of its own.
    pub(super) fn fits_as(&mut self, found: Expr, wanted: TyId, reason: Reason) -> Expr {
        if self.expect_expr(wanted, found.ty, found.span, reason, Some(&found)) {
            found
        } else {
            error_expr(found.span)
        }
    }

    pub(super) fn missing(&mut self, span: Span, what: &str) -> Expr {
        self.unsupported(span, what);
        error_expr(span)
    }
}
