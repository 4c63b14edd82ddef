//! `resource { setup… yield v cleanup… }`; that there is exactly one `yield`, the parser has checked.

use super::builtin;
use super::checker::{Checker, error_expr, expr};
use super::types::TyId;
use crate::core::{Expr, ExprKind, Statement, StatementKind};
use crate::syntax::{Span, ast};

impl Checker<'_> {
    pub(super) fn resource(&mut self, statements: &[ast::Statement], wanted: TyId, span: Span) -> Expr {
        let (error, value) = (self.fresh(), self.fresh());
        let resource = self.types.data(builtin::RESOURCE, &[error, value]);
        let fits = self.expect(wanted, resource, span);
        let mark = self.enter();
        let mut setup = Vec::new();
        let mut cleanup = Vec::new();
        let mut yielded: Option<Expr> = None;
        // Cleanup may fail with anything: its failure is only written down.
        let cleanup_error = self.fresh();
        for (index, statement) in statements.iter().enumerate() {
            match &statement.kind {
                ast::StatementKind::Yield(result) if yielded.is_none() => yielded = Some(self.expr(result, value)),
                _ if yielded.is_none() => setup.extend(self.statement(statement, error)),
                // The last one is the block's final expression: what it gives, nobody asks for.
                ast::StatementKind::Expr(last) if index + 1 == statements.len() => {
                    let kind = StatementKind::Run(self.dropped(last, cleanup_error));
                    cleanup.push(Statement { kind, span: statement.span });
                }
                _ => cleanup.extend(self.statement(statement, cleanup_error)),
            }
        }
        self.leave(mark);
        match yielded {
            Some(value) if fits => expr(ExprKind::Resource { setup, value: Box::new(value), cleanup }, resource, span),
            _ => error_expr(span),
        }
    }
}
