//! `do Effect { … }`: statements, loops, `recurse`.

use super::builtin;
use super::checker::{Checker, Loop, error_expr, expr};
use super::reason::Reason;
use super::types::{TyId, TypeStore};
use crate::core::{Body, Expr, ExprKind, Pattern, Statement, StatementKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::Value;
use crate::syntax::{Span, ast};

impl Checker<'_> {
    pub(super) fn do_expr(
        &mut self,
        monad: ast::Name,
        statements: &[ast::Statement],
        wanted: TyId,
        tail: bool,
        span: Span,
    ) -> Expr {
        if self.text(monad.symbol) != "Effect" {
            return self.chain(monad, statements, wanted, tail, span);
        }
        let Some((error, _)) = self.effect_parts(wanted, span) else {
            // The block does not fit, which was reported; its statements are checked all the same.
            let (error, value) = (self.fresh(), self.fresh());
            let effect = self.types.data(builtin::EFFECT, &[error, value]);
            self.body(statements, error, effect, false, span);
            return error_expr(span);
        };
        let fails = match self.asked.reason {
            reason @ (Reason::Signature(..) | Reason::Argument(..)) => reason,
            _ => Reason::Unknown,
        };
        let outer = std::mem::replace(&mut self.fails, fails);
        let body = self.body(statements, error, wanted, tail, span);
        self.fails = outer;
        expr(ExprKind::Do(body), wanted, span)
    }

    /// Error and value of a type that has to be an effect; `None`, with a report, when it cannot be one.
    fn effect_parts(&mut self, ty: TyId, span: Span) -> Option<(TyId, TyId)> {
        if let [error, value] = self.types.data_arguments(ty)
            && self.types.is_effect(ty)
        {
            return Some((*error, *value));
        }
        let (error, value) = (self.fresh(), self.fresh());
        let effect = self.types.data(builtin::EFFECT, &[error, value]);
        self.expect(ty, effect, span).then_some((error, value))
    }

    fn effect_of(&mut self, error: TyId, value: TyId) -> TyId {
        self.types.data(builtin::EFFECT, &[error, value])
    }

    /// Statements that fail with `error`; the last one is the result, an `effect`.
    pub(super) fn body(
        &mut self,
        statements: &[ast::Statement],
        error: TyId,
        effect: TyId,
        tail: bool,
        span: Span,
    ) -> Body {
        let mark = self.enter();
        let (last, others) = match statements.split_last() {
            Some((last, others)) if is_result(last) => (Some(last), others),
            _ => (None, statements),
        };
        let mut checked = Vec::with_capacity(others.len());
        for statement in others {
            let was_unknown = self.types.is_unknown(error);
            checked.extend(self.statement(statement, error));
            if was_unknown && self.fails == Reason::Unknown && !self.types.is_unknown(error) {
                self.fails = Reason::Like("the effect above", statement.span);
            }
        }
        let result = match last.map(|last| (&last.kind, last.span)) {
            Some((ast::StatementKind::Expr(result), _)) => self.run(result, error, effect, tail),
            Some((ast::StatementKind::Loop { pattern, init, body }, span)) => {
                self.loop_expr(pattern, init, body, error, effect, span)
            }
            _ => self.pure_unit(error, effect, span),
        };
        self.leave(mark);
        Body { statements: checked, result: Box::new(result) }
    }

    /// A statement that is not the block's result.
    pub(super) fn statement(&mut self, statement: &ast::Statement, error: TyId) -> Option<Statement> {
        use ast::StatementKind as Kind;
        let span = statement.span;
        let kind = match &statement.kind {
            Kind::Bind { pattern, value, fallback } => self.bind_statement(pattern, value, fallback.as_deref(), error),
            Kind::Let(binding) => self.let_statement(binding),
            Kind::Expr(value) => StatementKind::Run(self.discarded(value, error)),
            Kind::When { negated, condition, effect } => self.when(*negated, condition, effect, error, span),
            Kind::Given { condition, otherwise } => self.given(condition, otherwise, error, span),
            Kind::Loop { pattern, init, body } => {
                let unit = self.effect_of(error, TypeStore::UNIT);
                StatementKind::Run(self.loop_expr(pattern, init, body, error, unit, span))
            }
            // Out of place, which the parser has reported.
            Kind::Yield(_) | Kind::Filter { .. } | Kind::Error => return None,
        };
        Some(Statement { kind, span })
    }

    fn let_statement(&mut self, binding: &ast::Binding) -> StatementKind {
        let mark = self.enter();
        let (pattern, value) = self.local_binding(binding);
        self.check_no_effect(&value, mark);
        StatementKind::Let { pattern, value }
    }

    fn when(
        &mut self,
        negated: bool,
        condition: &ast::Expr,
        effect: &ast::Expr,
        error: TyId,
        span: Span,
    ) -> StatementKind {
        let condition = self.expr_as(condition, TypeStore::BOOL, Reason::Condition);
        let unit = self.effect_of(error, TypeStore::UNIT);
        let effect = self.run(effect, error, unit, false);
        conditional(condition, effect, negated, unit, span)
    }

    fn given(&mut self, condition: &ast::Expr, otherwise: &ast::Expr, error: TyId, span: Span) -> StatementKind {
        let condition = self.expr_as(condition, TypeStore::BOOL, Reason::Condition);
        let unit = self.effect_of(error, TypeStore::UNIT);
        let otherwise = self.dropped(otherwise, error);
        conditional(condition, otherwise, true, unit, span)
    }

    fn bind_statement(
        &mut self,
        pattern: &ast::Pattern,
        value: &ast::Expr,
        fallback: Option<&ast::Fallback>,
        error: TyId,
    ) -> StatementKind {
        let value = self.infer(value);
        if let [failure, yielded] = self.types.data_arguments(value.ty)
            && self.types.head(value.ty) == Some(builtin::RESOURCE)
            && fallback.is_none()
        {
            let (failure, yielded) = (*failure, *yielded);
            // As if it were an effect, for the words of the report.
            let [inside, outside] = [failure, error].map(|error| self.effect_of(error, yielded));
            self.expect_as(outside, inside, value.span, self.fails);
            let pattern = self.bound_pattern(pattern, yielded);
            return StatementKind::Acquire { pattern, resource: value };
        }
        let (failure, result) = (if fallback.is_some() { self.fresh() } else { error }, self.fresh());
        let effect = self.effect_of(failure, result);
        let value = self.bound_effect(value, effect);
        let span = value.span;
        let fallback = fallback.map(|fallback| self.effect_fallback(fallback, failure, result, error, span));
        let pattern = self.bound_pattern(pattern, result);
        StatementKind::Bind { pattern, effect: value, fallback }
    }

    /// What stands right of `<-`: an effect, and no plain value [D-20].
    fn bound_effect(&mut self, value: Expr, effect: TyId) -> Expr {
        let plain =
            !self.types.is_effect(value.ty) && !self.types.is_unknown(value.ty) && !self.types.is_error(value.ty);
        if plain {
            let found = self.show(value.ty);
            // A resource that is acquired does not come here.
            let (message, help) = if self.types.head(value.ty) == Some(builtin::RESOURCE) {
                let message = format!("`or` goes with an effect, a Result or an Option, found {found}");
                (message, "acquire it as it is, and use `or` where the effect around it is run")
            } else {
                (format!("expected an effect or a resource, found {found}"), "bind a plain value with `=`")
            };
            self.tables.report(Diagnostic::new(Code::E3000, value.span, message).help(help));
            let _ = self.types.unify(self.types.data_arguments(effect)[1], TypeStore::ERROR);
            return error_expr(value.span);
        }
        self.fits_as(value, effect, self.fails)
    }

    /// A pattern behind `<-`, whose variables should be used.
    fn bound_pattern(&mut self, pattern: &ast::Pattern, ty: TyId) -> Pattern {
        let mark = self.enter();
        let pattern = self.pattern(pattern, ty);
        for local in self.bound_since(mark) {
            self.local_facts[local.0 as usize].bound = true;
        }
        pattern
    }

    fn check_no_effect(&mut self, value: &Expr, mark: usize) {
        let what = match self.types.head(value.ty) {
            Some(builtin::EFFECT) => "an effect",
            Some(builtin::RESOURCE) => "a resource",
            _ => return,
        };
        let diagnostic = Diagnostic::new(Code::E3020, value.span, format!("{what} is bound with `=`"));
        self.tables.report(diagnostic.help("run it with `<-`, or make it a function"));
        for local in self.bound_since(mark) {
            self.local_facts[local.0 as usize].used = true;
        }
    }

    /// An expression statement: an effect without a value.
    pub(super) fn discarded(&mut self, value: &ast::Expr, error: TyId) -> Expr {
        let result = self.fresh();
        let effect = self.effect_of(error, result);
        let value = self.run(value, error, effect, false);
        if self.types.unify(result, TypeStore::UNIT).is_err() {
            let message = format!("the value of this statement, {}, is not used", self.show(result));
            let diagnostic = Diagnostic::new(Code::E3000, value.span, message);
            self.tables.report(diagnostic.help("bind it with `_ <-` to drop it"));
        }
        value
    }

    /// An effect whose value, of any type, is dropped.
    pub(super) fn dropped(&mut self, value: &ast::Expr, error: TyId) -> Expr {
        let unit = self.effect_of(error, TypeStore::UNIT);
        let result = self.fresh();
        let effect = self.effect_of(error, result);
        let value = self.run(value, error, effect, false);
        if self.types.unify(result, TypeStore::UNIT).is_ok() {
            return value;
        }
        let span = value.span;
        let pure = self.pure_unit(error, unit, span);
        let statements = vec![Statement { kind: StatementKind::Run(value), span }];
        expr(ExprKind::Do(Body { statements, result: Box::new(pure) }), unit, span)
    }

    pub(super) fn pure_unit(&mut self, error: TyId, effect: TyId, span: Span) -> Expr {
        let unit = self.effect_of(error, TypeStore::UNIT);
        self.expect(effect, unit, span);
        pure(expr(ExprKind::Unit, TypeStore::UNIT, span), effect, span)
    }

    /// An effect in statement position. A branch of an `if` that is the value `Unit` counts as `pure Unit`.
    fn run(&mut self, e: &ast::Expr, error: TyId, effect: TyId, tail: bool) -> Expr {
        match &e.kind {
            ast::ExprKind::Paren(inner) => self.run(inner, error, effect, tail),
            ast::ExprKind::If { condition, then, otherwise } => {
                let condition = Box::new(self.expr_as(condition, TypeStore::BOOL, Reason::Condition));
                let then = Box::new(self.branch(then, error, effect, tail));
                let otherwise = Box::new(self.branch(otherwise, error, effect, tail));
                expr(ExprKind::If { condition, then, otherwise }, effect, e.span)
            }
            _ => {
                self.tail = tail;
                let is_result = self.asked.wanted == Some(effect);
                if is_result { self.expr(e, effect) } else { self.expr_as(e, effect, Reason::Statement) }
            }
        }
    }

    fn branch(&mut self, e: &ast::Expr, error: TyId, effect: TyId, tail: bool) -> Expr {
        if self.is_unit_value(e) { self.pure_unit(error, effect, e.span) } else { self.run(e, error, effect, tail) }
    }

    fn is_unit_value(&mut self, e: &ast::Expr) -> bool {
        match &e.kind {
            ast::ExprKind::Paren(inner) => self.is_unit_value(inner),
            ast::ExprKind::Unit => true,
            ast::ExprKind::Block(block) => block.bindings.is_empty() && block.result.is_none(),
            ast::ExprKind::Name(name) => {
                let unit = Some(Value::Constructor(builtin::UNIT_VALUE));
                self.tables.find_value(self.module, name.symbol, name.span) == unit
            }
            _ => false,
        }
    }

    /// `loop p = init => { … }`, which is to be an `effect`.
    fn loop_expr(
        &mut self,
        pattern: &ast::Pattern,
        init: &ast::Expr,
        body: &[ast::Statement],
        error: TyId,
        effect: TyId,
        span: Span,
    ) -> Expr {
        let init = self.infer(init);
        let state = init.ty;
        let mark = self.enter();
        let pattern = self.irrefutable(pattern, state);
        self.loops.push(Loop { state, effect, init: init.span });
        let body = self.body(body, error, effect, true, span);
        self.loops.pop();
        self.leave(mark);
        expr(ExprKind::Loop { pattern, init: Box::new(init), body }, effect, span)
    }

    pub(super) fn recurse(&mut self, state: &ast::Expr, wanted: TyId, tail: bool, span: Span) -> Expr {
        let around = self.loops.last().copied().filter(|_| tail);
        let Some(around) = around else {
            self.report(Code::E1535, span, "`recurse` stands in tail position of a loop's body only");
            self.infer(state);
            return error_expr(span);
        };
        let state = Box::new(self.expr_as(state, around.state, Reason::Like("what the loop starts with", around.init)));
        self.fits(expr(ExprKind::Recurse(state), around.effect, span), wanted)
    }
}

/// The statement can be a block's result.
fn is_result(statement: &ast::Statement) -> bool {
    matches!(statement.kind, ast::StatementKind::Expr(_) | ast::StatementKind::Loop { .. })
}

fn pure(value: Expr, effect: TyId, span: Span) -> Expr {
    expr(ExprKind::Pure(Box::new(value)), effect, span)
}

/// An effect that runs if the condition is true, or with `negated` if it is false; else nothing happens.
fn conditional(condition: Expr, effect: Expr, negated: bool, unit: TyId, span: Span) -> StatementKind {
    let condition = Box::new(condition);
    let effect = Box::new(effect);
    let nothing = Box::new(pure(expr(ExprKind::Unit, TypeStore::UNIT, span), unit, span));
    let (then, otherwise) = if negated { (nothing, effect) } else { (effect, nothing) };
    StatementKind::Run(expr(ExprKind::If { condition, then, otherwise }, unit, span))
}
