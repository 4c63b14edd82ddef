//! The right side of `or`, and the rules about its arms.

use super::arms::is_err;
use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::ast::{Arm, Expr, ExprKind, Fallback, PatternKind};

impl Parser<'_> {
    /// `value or fallback` as an expression, from `or` on.
    pub(super) fn or_expr(&mut self, value: Expr) -> Expr {
        let fallback = self.fallback();
        if let Fallback::Arms(arms) = &fallback {
            self.check_result_arms(arms, Code::E1530);
        }
        or_node(value, fallback, self)
    }

    /// `or …` behind `<-`: the effect's own fallback, or part of the value when the first arm begins with `Err`.
    pub(super) fn bind_fallback(&mut self, value: Expr) -> (Expr, Option<Box<Fallback>>) {
        let fallback = self.fallback();
        let Fallback::Arms(arms) = &fallback else { return (value, Some(Box::new(fallback))) };
        if arms.first().is_some_and(|arm| is_err(self, &arm.pattern)) {
            self.check_result_arms(arms, Code::E1532);
            return (or_node(value, fallback, self), None);
        }
        if let Some(arm) = arms.iter().find(|arm| is_err(self, &arm.pattern)) {
            let message = "this arm matches a Result, the first one the error of an effect";
            self.add(Diagnostic::new(Code::E1532, arm.pattern.span, message));
        }
        (value, Some(Box::new(fallback)))
    }

    /// From `or` on.
    pub(super) fn fallback(&mut self) -> Fallback {
        self.bump();
        if self.at(TokenKind::Bar) { Fallback::Arms(self.arms()) } else { Fallback::Value(self.expr()) }
    }

    /// In the Result form every arm starts with `Err` and the last one catches all errors.
    fn check_result_arms(&mut self, arms: &[Arm], stray: Code) {
        if let Some(arm) = arms.iter().find(|arm| !is_err(self, &arm.pattern)) {
            self.add(Diagnostic::new(stray, arm.pattern.span, "arms of `or` on a Result start with `Err`"));
            return;
        }
        let Some(last) = arms.last() else { return };
        let catches_all = last.guard.is_none()
            && matches!(&last.pattern.kind, PatternKind::Constructor { arguments, .. }
                if matches!(arguments[..], [ref argument] if matches!(argument.kind, PatternKind::Wildcard | PatternKind::Name(_))));
        if !catches_all {
            self.add(Diagnostic::new(
                Code::E1531,
                last.pattern.span,
                "the last arm of `or` must be `Err _` or `Err name`",
            ));
        }
    }
}

fn or_node(value: Expr, fallback: Fallback, parser: &Parser<'_>) -> Expr {
    let span = parser.span_from(value.span);
    Expr { kind: ExprKind::Or { value: Box::new(value), fallback: Box::new(fallback) }, span }
}
