//! Functions in all their forms, choices and blocks.

use super::checker::{Checker, error_expr, expr};
use super::reason::Reason;
use super::types::{TyId, TypeStore};
use crate::core::{Expr, ExprKind, Pattern, PatternKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::exports::bound_names;
use crate::syntax::{Span, ast};

impl Checker<'_> {
    pub(super) fn lambda(&mut self, parameters: &[ast::Pattern], body: &ast::Expr, wanted: TyId, span: Span) -> Expr {
        let hint = self.parameter_types(wanted, parameters.len(), span);
        let mark = self.enter();
        let mut patterns = Vec::with_capacity(parameters.len());
        for (parameter, ty) in parameters.iter().zip(&hint.parameters) {
            patterns.push(self.irrefutable(parameter, *ty));
        }
        let body = self.expr_of_result(body, hint.result, parameters.len());
        self.leave(mark);
        expr(ExprKind::Lambda { parameters: patterns, body: Box::new(body) }, hint.ty, span)
    }

    /// Types for the parameters and the result of a function that has to be a `wanted`.
    fn parameter_types(&mut self, wanted: TyId, count: usize, span: Span) -> FunctionType {
        let mut parameters = Vec::with_capacity(count);
        let mut rest = wanted;
        for _ in 0..count {
            let Some((from, to)) = self.function_parts(rest) else { break };
            parameters.push(from);
            rest = to;
        }
        if parameters.len() == count {
            return FunctionType { parameters, result: rest, ty: wanted };
        }
        let more: Vec<TyId> = (parameters.len()..count).map(|_| self.fresh()).collect();
        let result = self.fresh();
        let tail = self.types.functions(&more, result);
        let unknown = self.types.is_unknown(rest) || self.types.is_error(rest);
        if unknown {
            let _ = self.types.unify(rest, tail);
            parameters.extend(more);
            return FunctionType { parameters, result, ty: wanted };
        }
        let taken = parameters.len();
        let shown = self.show(rest);
        let diagnostic = if taken == 0 {
            Diagnostic::new(Code::E3000, span, format!("expected {shown}, found a function"))
        } else {
            let plural = if taken == 1 { "" } else { "s" };
            let message = format!("expected a function of {taken} parameter{plural}, found one of {count}");
            Diagnostic::new(Code::E3000, span, message).note(format!("its result has to be {shown}"))
        };
        let diagnostic = self.with_reason(diagnostic, wanted, self.reason_for(wanted));
        self.tables.report(diagnostic);
        parameters.extend(more);
        FunctionType { parameters, result: TypeStore::ERROR, ty: TypeStore::ERROR }
    }

    pub(super) fn section(&mut self, inner: &ast::Expr, wanted: TyId, span: Span) -> Expr {
        let hint = self.parameter_types(wanted, 1, span);
        let parameter = self.made_up_local(hint.parameters[0], span);
        self.sections.push(parameter);
        let body = self.expr_of_result(inner, hint.result, 1);
        self.sections.pop();
        let pattern = Pattern { kind: PatternKind::Local(parameter), ty: hint.parameters[0], span };
        expr(ExprKind::Lambda { parameters: vec![pattern], body: Box::new(body) }, hint.ty, span)
    }

    pub(super) fn placeholder(&mut self, wanted: TyId, span: Span) -> Expr {
        let Some(parameter) = self.sections.last().copied() else {
            self.report(Code::E3000, span, "`_` has no function to be the parameter of");
            return error_expr(span);
        };
        let ty = self.locals[parameter.0 as usize].ty;
        self.fits(expr(ExprKind::Local(parameter), ty, span), wanted)
    }

    pub(super) fn accessor(&mut self, name: ast::Name, wanted: TyId, span: Span) -> Expr {
        let hint = self.parameter_types(wanted, 1, span);
        let parameter = self.made_up_local(hint.parameters[0], span);
        let ty = self.field_type(hint.parameters[0], name);
        let base = Box::new(expr(ExprKind::Local(parameter), hint.parameters[0], span));
        let body = expr(ExprKind::Field { base, name: name.symbol }, ty, span);
        let body = self.fits(body, hint.result);
        let pattern = Pattern { kind: PatternKind::Local(parameter), ty: hint.parameters[0], span };
        expr(ExprKind::Lambda { parameters: vec![pattern], body: Box::new(body) }, hint.ty, span)
    }

    pub(super) fn clauses(&mut self, arms: &[ast::Arm], wanted: TyId, span: Span) -> Expr {
        let hint = self.parameter_types(wanted, 1, span);
        let parameter = self.made_up_local(hint.parameters[0], span);
        let whole = self.reason_for_result(1);
        let mut first = None;
        let arms = self.arms(arms, hint.parameters[0], whole, &mut |this, body| {
            if first.is_none() && !this.types.is_unknown(hint.result) {
                return this.expr_as(body, hint.result, whole);
            }
            this.expr_alike(body, hint.result, "the arm before", &mut first)
        });
        let subject = Box::new(expr(ExprKind::Local(parameter), hint.parameters[0], span));
        let body = expr(ExprKind::Match { subject, arms }, hint.result, span);
        let pattern = Pattern { kind: PatternKind::Local(parameter), ty: hint.parameters[0], span };
        expr(ExprKind::Lambda { parameters: vec![pattern], body: Box::new(body) }, hint.ty, span)
    }

    pub(super) fn if_expr(
        &mut self,
        [condition, then, otherwise]: [&ast::Expr; 3],
        wanted: TyId,
        tail: bool,
        span: Span,
    ) -> Expr {
        // `else if` is a chain as long as people like, so it is a loop.
        let mut first = None;
        let mut choices = vec![self.choice(condition, then, wanted, tail, span, &mut first)];
        let mut last = otherwise;
        while let ast::ExprKind::If { condition, then, otherwise } = &last.kind {
            choices.push(self.choice(condition, then, wanted, tail, last.span, &mut first));
            last = otherwise;
        }
        self.tail = tail;
        let mut result = self.expr_alike(last, wanted, "the branch before", &mut first);
        while let Some((condition, then, span)) = choices.pop() {
            result = expr(ExprKind::If { condition, then, otherwise: Box::new(result) }, wanted, span);
        }
        result
    }

    fn choice(
        &mut self,
        condition: &ast::Expr,
        then: &ast::Expr,
        wanted: TyId,
        tail: bool,
        span: Span,
        first: &mut Option<Span>,
    ) -> (Box<Expr>, Box<Expr>, Span) {
        let condition = Box::new(self.expr_as(condition, TypeStore::BOOL, Reason::Condition));
        self.tail = tail;
        (condition, Box::new(self.expr_alike(then, wanted, "the branch before", first)), span)
    }

    pub(super) fn match_expr(
        &mut self,
        subject: &ast::Expr,
        arms: &[ast::Arm],
        wanted: TyId,
        tail: bool,
        span: Span,
    ) -> Expr {
        let subject = Box::new(self.infer(subject));
        self.tail = tail;
        let matched = Reason::Like("the value that is matched", subject.span);
        let mut first = None;
        let arms = self.arms(arms, subject.ty, matched, &mut |this, body| {
            this.expr_alike(body, wanted, "the arm before", &mut first)
        });
        expr(ExprKind::Match { subject, arms }, wanted, span)
    }

    pub(super) fn block(&mut self, block: &ast::Block, wanted: TyId, tail: bool, span: Span) -> Expr {
        let mark = self.enter();
        let bindings: Vec<_> = block.bindings.iter().map(|binding| self.local_binding(binding)).collect();
        self.tail = tail;
        let result = match &block.result {
            Some(result) => self.expr(result, wanted),
            None => self.fits(expr(ExprKind::Unit, TypeStore::UNIT, span), wanted),
        };
        self.leave(mark);
        if bindings.is_empty() {
            return result;
        }
        let ty = result.ty;
        expr(ExprKind::Block { bindings, result: Box::new(result) }, ty, span)
    }

    /// `p = e`: the value is checked before the pattern's variables exist, and generalised.
    pub(super) fn local_binding(&mut self, binding: &ast::Binding) -> (Pattern, Expr) {
        let pending = self.pending.len();
        let (value, pattern, mark) = self.deeper(|this| {
            let names = this.unbound.len();
            this.unbound.extend(bound_names(&binding.pattern).iter().map(|name| name.symbol));
            let value = this.infer(&binding.value);
            this.unbound.truncate(names);
            let mark = this.enter();
            let pattern = this.irrefutable(&binding.pattern, value.ty);
            (value, pattern, mark)
        });
        self.solve_pending(pending);
        let generalised = self.types.generalise(value.ty, self.level);
        for local in self.bound_since(mark) {
            let facts = &mut self.local_facts[local.0 as usize];
            facts.generalised = generalised;
            facts.bound = true;
        }
        (pattern, value)
    }
}

/// The type of a function, taken apart.
struct FunctionType {
    parameters: Vec<TyId>,
    result: TyId,
    ty: TyId,
}
