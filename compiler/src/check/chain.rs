//! `do Option { … }`, `do Result { … }`, `do List { … }`: each `p <- e` asks for what `e` holds before the rest goes
//! on.
//!
//! For Option and Result that is a `match` whose second arm ends the block, for List it is `flatMap`. What follows a
//! bind stands inside of it, so blocks are bounded in length: later passes recurse.

use super::builtin;
use super::checker::{Checker, error_expr, expr};
use super::types::{TyId, TypeStore};
use crate::core::{Arm, ConstructorId, Expr, ExprKind, Pattern, PatternKind};
use crate::diagnostic::Code;
use crate::syntax::{Span, ast};

/// Binds around each other, in all blocks around a place. Arbitrary; far more than anybody writes, and no danger to a
/// stack.
const BINDS_MAX: u32 = 100;

/// A kind of block.
#[derive(Clone, Copy)]
enum Chain {
    Option,
    /// With the type of the error.
    Result(TyId),
    List,
}

impl Checker<'_> {
    pub(super) fn chain(
        &mut self,
        monad: ast::Name,
        statements: &[ast::Statement],
        wanted: TyId,
        tail: bool,
        span: Span,
    ) -> Expr {
        let chain = match self.text(monad.symbol) {
            "Option" => Chain::Option,
            "Result" => Chain::Result(self.fresh()),
            "List" => Chain::List,
            other => {
                let what = format!("`do {other}`");
                return self.missing(span, &what);
            }
        };
        let value = self.fresh();
        let ty = self.chain_of(chain, value);
        let fits = self.expect(wanted, ty, span);
        let before = self.binds;
        let block = self.chain_from(chain, statements, value, tail, span);
        self.binds = before;
        if fits { block } else { error_expr(span) }
    }

    /// The type of a block whose result holds `value`s.
    fn chain_of(&mut self, chain: Chain, value: TyId) -> TyId {
        match chain {
            Chain::Option => self.types.data(builtin::OPTION, &[value]),
            Chain::Result(error) => self.types.data(builtin::RESULT, &[error, value]),
            Chain::List => self.types.data(builtin::LIST, &[value]),
        }
    }

    /// What statements mean, the last of which is the result.
    fn chain_from(&mut self, chain: Chain, statements: &[ast::Statement], value: TyId, tail: bool, span: Span) -> Expr {
        use ast::StatementKind as Kind;
        let wanted = self.chain_of(chain, value);
        let mark = self.enter();
        let mut bindings = Vec::new();
        let mut rest = statements;
        let result = loop {
            let [first, others @ ..] = rest else { break self.chain_unit(chain, value, span) };
            rest = others;
            match &first.kind {
                Kind::Expr(last) if others.is_empty() => {
                    self.tail = tail;
                    break self.expr(last, wanted);
                }
                Kind::Let(binding) => bindings.push(self.local_binding(binding)),
                Kind::Bind { pattern, value: held, .. } => {
                    break self.chain_bind(chain, Some(pattern), held, others, (value, tail), first.span);
                }
                Kind::Expr(held) => break self.chain_bind(chain, None, held, others, (value, tail), first.span),
                // Out of place, which the parser has reported.
                _ => {}
            }
        };
        self.leave(mark);
        if bindings.is_empty() {
            return result;
        }
        let ty = result.ty;
        expr(ExprKind::Block { bindings, result: Box::new(result) }, ty, span)
    }

    /// `pattern <- held`, and what follows.
    fn chain_bind(
        &mut self,
        chain: Chain,
        pattern: Option<&ast::Pattern>,
        held: &ast::Expr,
        rest: &[ast::Statement],
        (value, tail): (TyId, bool),
        span: Span,
    ) -> Expr {
        self.binds += 1;
        if self.binds > BINDS_MAX {
            if self.binds == BINDS_MAX + 1 {
                self.report(Code::E1008, span, format!("more than {BINDS_MAX} binds around each other"));
            }
            return error_expr(span);
        }
        let inner = self.fresh();
        let holder = self.chain_of(chain, inner);
        let held = self.expr(held, holder);
        let mark = self.enter();
        let pattern = match pattern {
            Some(pattern) => match self.irrefutable(pattern, inner) {
                // Reported, and not to be reported again as a `match` that lacks an arm.
                refutable if self.refutable_part(&refutable).is_some() => {
                    Pattern { kind: PatternKind::Error, ..refutable }
                }
                pattern => pattern,
            },
            None => Pattern { kind: PatternKind::Wildcard, ty: inner, span },
        };
        for local in self.bound_since(mark) {
            self.local_facts[local.0 as usize].bound = true;
        }
        let tail = tail && !matches!(chain, Chain::List);
        let rest = self.chain_from(chain, rest, value, tail, span);
        self.leave(mark);
        let ty = self.chain_of(chain, value);
        let arm =
            |id, arguments, body| Arm { pattern: constructor(id, arguments, holder, span), guard: None, body, span };
        let arms = match chain {
            Chain::Option => {
                let none = expr(ExprKind::Constructor(builtin::NONE), ty, span);
                vec![arm(builtin::SOME, vec![pattern], rest), arm(builtin::NONE, Vec::new(), none)]
            }
            Chain::Result(error) => {
                let local = self.made_up_local(error, span);
                let failed = Pattern { kind: PatternKind::Local(local), ty: error, span };
                let again = self.constructed(builtin::ERR, expr(ExprKind::Local(local), error, span), ty);
                vec![arm(builtin::OK, vec![pattern], rest), arm(builtin::ERR, vec![failed], again)]
            }
            Chain::List => {
                let function = self.types.function(inner, ty);
                let kind = ExprKind::Lambda { parameters: vec![pattern], body: Box::new(rest) };
                return self.library_call("aivi.list", "flatMap", vec![expr(kind, function, span), held]);
            }
        };
        expr(ExprKind::Match { subject: Box::new(held), arms }, ty, span)
    }

    /// The result of a block that ends without one.
    fn chain_unit(&mut self, chain: Chain, value: TyId, span: Span) -> Expr {
        self.expect(value, TypeStore::UNIT, span);
        let ty = self.chain_of(chain, value);
        let unit = expr(ExprKind::Unit, TypeStore::UNIT, span);
        match chain {
            Chain::Option => self.constructed(builtin::SOME, unit, ty),
            Chain::Result(_) => self.constructed(builtin::OK, unit, ty),
            Chain::List => expr(ExprKind::List(vec![crate::core::ListItem::Item(unit)]), ty, span),
        }
    }

    /// A constructor of one argument, applied.
    fn constructed(&mut self, id: ConstructorId, argument: Expr, ty: TyId) -> Expr {
        let span = argument.span;
        let function = self.types.function(argument.ty, ty);
        let function = Box::new(expr(ExprKind::Constructor(id), function, span));
        expr(ExprKind::Apply { function, arguments: vec![argument] }, ty, span)
    }
}

fn constructor(id: ConstructorId, arguments: Vec<Pattern>, ty: TyId, span: Span) -> Pattern {
    Pattern { kind: PatternKind::Constructor(id, arguments), ty, span }
}
