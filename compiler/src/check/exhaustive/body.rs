//! Every match of a finished body.

use super::{Kind, Tables, check_match};
use crate::check::walk;
use crate::core::{Arm, Expr, ExprKind, Fallback, Statement, StatementKind};
use crate::diagnostic::{Diagnostic, Severity};

/// What is to be said about the matches in `body`; warnings only where they are wanted. The body is as it was
/// afterwards.
#[must_use]
pub fn check_body(tables: Tables<'_>, warns: bool, body: &mut Expr) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    walk::each(body, &mut |expr| visit(tables, expr, &mut diagnostics));
    diagnostics.retain(|diagnostic| warns || diagnostic.severity() == Severity::Error);
    diagnostics
}

fn visit(tables: Tables<'_>, expr: &Expr, out: &mut Vec<Diagnostic>) {
    match &expr.kind {
        ExprKind::Match { subject, arms } if !is_destructuring(subject, arms) => {
            out.extend(check_match(tables, Kind::Values, arms, subject.span));
        }
        ExprKind::OrArms(value, arms) => out.extend(check_match(tables, Kind::Errors, arms, value.span)),
        ExprKind::Do(body) | ExprKind::Loop { body, .. } => statements(tables, &body.statements, out),
        ExprKind::Resource { setup, cleanup, .. } => {
            statements(tables, setup, out);
            statements(tables, cleanup, out);
        }
        _ => {}
    }
}

fn statements(tables: Tables<'_>, statements: &[Statement], out: &mut Vec<Diagnostic>) {
    for statement in statements {
        if let StatementKind::Bind { fallback: Some(Fallback::Arms(arms)), effect, .. } = &statement.kind {
            out.extend(check_match(tables, Kind::Errors, arms.iter().map(|it| &it.arm), effect.span));
        }
    }
}

/// `(a, b) = value` at top level, which the checker writes as a match; a pattern that can fail is E3021 there.
fn is_destructuring(subject: &Expr, arms: &[Arm]) -> bool {
    matches!((&subject.kind, arms), (ExprKind::Global(_), [arm]) if arm.pattern.span == subject.span)
}
