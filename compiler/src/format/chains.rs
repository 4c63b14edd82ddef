//! Infix operators: operands that are joined by operators of one level break together.

use super::gap::Gap;
use super::printer::{Doc, Printer};
use crate::syntax::ast::{BinaryOp, Expr, ExprKind};

impl<'a> Printer<'a> {
    /// `a |> b |> c`
    pub(super) fn chain(&mut self, expr: &Expr) -> Doc<'a> {
        let is_broken = self.is_broken_expr(expr);
        let (first, links) = spine(expr);
        let mut doc = self.expr(first);
        for (op, right) in links {
            let breaks_behind = op == BinaryOp::Subtract;
            let before = self.break_before(is_broken || breaks_behind);
            let operator = self.spaced(before);
            let behind = self.break_before(is_broken || !breaks_behind);
            let operand = self.lead(behind).append(self.expr(right));
            let link = operator.append(operand);
            let is_indented = [before, behind].iter().any(|gap| matches!(gap, Gap::Newline | Gap::Soft));
            doc = doc.append(if is_indented { link.nest(2) } else { link });
        }
        if is_broken { doc } else { doc.group() }
    }

    /// A newline where the author put one, else a blank, which may become a newline unless it is `fixed`.
    pub(super) fn break_before(&self, fixed: bool) -> Gap {
        match fixed {
            _ if self.at_newline() => Gap::Newline,
            true => Gap::Blank,
            false => Gap::Soft,
        }
    }
}

/// The first operand of a chain, and the operators of its level with their right operands.
fn spine(expr: &Expr) -> (&Expr, Vec<(BinaryOp, &Expr)>) {
    let mut links = Vec::new();
    let mut first = expr;
    while let ExprKind::Binary { op, left, right, .. } = &first.kind
        && links.last().is_none_or(|(last, _)| level(*last) == level(*op))
    {
        links.push((*op, &**right));
        first = left;
    }
    links.reverse();
    (first, links)
}

/// Operators of one level have the same number.
fn level(op: BinaryOp) -> u8 {
    match op {
        BinaryOp::PipeForward => 2,
        BinaryOp::Default => 3,
        BinaryOp::Or => 4,
        BinaryOp::And => 5,
        BinaryOp::Equal | BinaryOp::NotEqual => 6,
        BinaryOp::Less | BinaryOp::LessEqual | BinaryOp::Greater | BinaryOp::GreaterEqual => 7,
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Concat => 8,
        BinaryOp::Multiply | BinaryOp::Times | BinaryOp::Divide | BinaryOp::Remainder => 9,
    }
}
