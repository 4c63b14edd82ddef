//! Placeholder sections: how far the function reaches that a `_` makes.
//!
//! Each `_` goes onto a stack. At the end of everything that can be a section (an argument, parentheses, the right
//! operand of a pipe, the right side of a binding, an item of a list, a field, an instruction of a patch) those pushed
//! meanwhile are claimed, unless the whole of it is just the `_`, which then belongs to the next section outward.

use super::cursor::Parser;
use crate::diagnostic::Code;
use crate::syntax::ast::{Expr, ExprKind};

/// The number of placeholders before a section began.
#[derive(Clone, Copy)]
pub(super) struct Mark(usize);

impl Parser<'_> {
    /// A section may begin here.
    pub(super) fn mark(&self) -> Mark {
        Mark(self.placeholders.len())
    }

    /// The section that began at `mark` ends with `expr`.
    pub(super) fn section(&mut self, Mark(mark): Mark, expr: Expr) -> Expr {
        if self.placeholders.len() == mark || is_placeholder(&expr) {
            return expr;
        }
        self.placeholders.truncate(mark);
        let span = expr.span;
        Expr { kind: ExprKind::Section(Box::new(expr)), span }
    }

    /// Parses an expression that is a section if it has placeholders of its own.
    pub(super) fn section_expr(&mut self) -> Expr {
        let mark = self.mark();
        let expr = self.expr();
        self.section(mark, expr)
    }

    /// Reports placeholders that no section has claimed.
    pub(super) fn end_sections(&mut self) {
        let first = self.placeholders.first().copied();
        self.placeholders.clear();
        if let Some(span) = first {
            self.report(Code::E1502, span, "`_` stands for an argument, but nothing around it can be a function");
        }
    }

    /// `map _.name` is better written `map .name`.
    pub(super) fn check_argument(&mut self, argument: &Expr) {
        if let Some(name) = field_of_placeholder(argument) {
            let name = self.interner.text(name).to_owned();
            self.report(Code::E1507, argument.span, format!("write `.{name}` instead of `_.{name}`"));
        }
    }
}

fn is_placeholder(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Placeholder => true,
        ExprKind::Paren(inner) => is_placeholder(inner),
        _ => false,
    }
}

fn field_of_placeholder(expr: &Expr) -> Option<crate::syntax::Symbol> {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Section(inner) => field_of_placeholder(inner),
        ExprKind::Field { base, name } if is_placeholder(base) => Some(name.symbol),
        _ => None,
    }
}
