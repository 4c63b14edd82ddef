//! `or`: as an expression on a `Result`, and behind `<-` on an effect.

use super::builtin;
use super::checker::{Checker, error_expr, expr};
use super::exhaustive;
use super::reason::Reason;
use super::types::{TyId, TypeStore};
use crate::core::{Arm, Expr, ExprKind, Fallback, FallbackArm, Pattern, PatternKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::Tables;
use crate::syntax::{Span, ast};

impl Checker<'_> {
    /// `res or e`, `res or | Err p => e …`. That every arm starts with `Err` and the last one catches everything was
    /// checked by the parser.
    pub(super) fn or_expr(&mut self, value: &ast::Expr, fallback: &ast::Fallback, wanted: TyId, span: Span) -> Expr {
        let value = self.infer(value);
        let error = self.fresh();
        let result = self.types.data(builtin::RESULT, &[error, wanted]);
        if self.types.is_effect(value.ty) {
            let message = format!("expected a Result, found {}", self.show(value.ty));
            let diagnostic = Diagnostic::new(Code::E3000, value.span, message);
            self.tables.report(diagnostic.help(match fallback {
                ast::Fallback::Arms(_) => {
                    "arms of `x <- effect or` match the error itself: `| error => …`, without `Err`"
                }
                ast::Fallback::Value(_) => "`or` on an effect stands behind `<-`: `x <- effect or other`",
            }));
            return error_expr(span);
        }
        let value = Box::new(self.fits(value, result));
        let kind = match fallback {
            ast::Fallback::Value(fallback) => {
                let reason = match self.reason_for(wanted) {
                    Reason::Unknown => Reason::Like("the value before `or`, unless it is an error,", value.span),
                    reason => reason,
                };
                ExprKind::OrValue(value, Box::new(self.expr_as(fallback, wanted, reason)))
            }
            ast::Fallback::Arms(arms) => {
                let matched = Reason::Like("the value before `or`", value.span);
                let arms = self.arms(arms, result, matched, &mut |this, body| this.expr(body, wanted));
                ExprKind::OrArms(value, arms.into_iter().map(on_error).collect())
            }
        };
        expr(kind, wanted, span)
    }

    /// `or …` of `x <- eff or …`. The effect fails with `error` and gives a `value`; the block fails with `outer`.
    pub(super) fn effect_fallback(
        &mut self,
        fallback: &ast::Fallback,
        error: TyId,
        value: TyId,
        outer: TyId,
        span: Span,
    ) -> Fallback {
        match fallback {
            ast::Fallback::Value(fallback) => {
                Fallback::Value(self.expr_as(fallback, value, Reason::Like("the value of the effect", span)))
            }
            ast::Fallback::Arms(arms) => {
                let mut runs = Vec::with_capacity(arms.len());
                let matched = Reason::Like("the error of this effect", span);
                let arms = self.arms(arms, error, matched, &mut |this, body| {
                    let (body, run) = this.value_or_effect(body, value, outer);
                    runs.push(run);
                    body
                });
                let Tables { datas, constructors, interner, .. } = &*self.tables;
                if !exhaustive::covers_all(exhaustive::Tables { datas, constructors, interner }, &arms) {
                    // What no arm matches is passed on.
                    self.expect_as(outer, error, span, self.fails);
                }
                Fallback::Arms(arms.into_iter().zip(runs).map(|(arm, runs)| FallbackArm { arm, runs }).collect())
            }
        }
    }

    /// An arm's body is the value itself or an effect that gives it [D-22].
    fn value_or_effect(&mut self, body: &ast::Expr, value: TyId, outer: TyId) -> (Expr, bool) {
        let body = self.infer(body);
        if self.types.is_effect(body.ty) && !self.types.is_effect(value) {
            let effect = self.types.data(builtin::EFFECT, &[outer, value]);
            (self.fits(body, effect), true)
        } else {
            (self.fits(body, value), false)
        }
    }
}

/// The arm `Err p => e` as an arm on the error.
fn on_error(arm: Arm) -> Arm {
    let span = arm.pattern.span;
    let pattern = match arm.pattern.kind {
        PatternKind::Constructor(builtin::ERR, mut arguments) if arguments.len() == 1 => arguments.remove(0),
        _ => Pattern { kind: PatternKind::Error, ty: TypeStore::ERROR, span },
    };
    Arm { pattern, ..arm }
}
