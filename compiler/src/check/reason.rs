//! Why something has to have the type that is wanted of it: the other place that a mismatch is about.
//!
//! `expr` knows the reason for the type it was asked for (`Checker::asked`). An expression that passes the same type on
//! to a part of it, as a block does to its result, passes the reason on too, because the type is the same entry of the
//! store.

use super::checker::Checker;
use super::types::{TyId, View};
use crate::core::{ConstructorId, Expr, ExprKind, GlobalId};
use crate::diagnostic::Diagnostic;
use crate::syntax::{Span, ast};

/// Why a type is wanted.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Reason {
    /// Nothing that could be shown.
    Unknown,
    /// The signature of a global, behind a number of parameters.
    Signature(GlobalId, u32),
    /// The argument at an index of something that is applied.
    Argument(Callee, u32),
    /// `if`, `when`, `given` and guards decide by a Bool.
    Condition,
    /// Statements of `do Effect` are effects, and all fail with the same error.
    Statement,
    /// Something of the same type stands there: the words for it, and where.
    Like(&'static str, Span),
}

/// What is applied.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum Callee {
    Global(GlobalId),
    Constructor(ConstructorId),
    /// Something else, and where it stands.
    Place(Span),
}

/// A type that an expression is asked for, and why.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) wanted: Option<TyId>,
    pub(super) reason: Reason,
}

impl Asked {
    pub(super) const NOTHING: Asked = Asked { wanted: None, reason: Reason::Unknown };
}

impl Callee {
    pub(super) fn of(function: &Expr) -> Callee {
        match function.kind {
            ExprKind::Global(global) => Callee::Global(global),
            ExprKind::Constructor(id) => Callee::Constructor(id),
            _ => Callee::Place(function.span),
        }
    }
}

impl Checker<'_> {
    /// `expr`, with a reason of its own.
    pub(super) fn expr_as(&mut self, e: &ast::Expr, wanted: TyId, reason: Reason) -> Expr {
        self.next_reason = Some(reason);
        self.expr(e, wanted)
    }

    /// `expr` for the result of a function of `count` parameters, wanted for the function's reason.
    pub(super) fn expr_of_result(&mut self, e: &ast::Expr, wanted: TyId, count: usize) -> Expr {
        let reason = self.reason_for_result(count);
        self.expr_as(e, wanted, reason)
    }

    /// Why the result of the function around here is wanted, when it takes `count` parameters.
    pub(super) fn reason_for_result(&self, count: usize) -> Reason {
        match self.asked.reason {
            Reason::Signature(global, taken) => Reason::Signature(global, taken + count as u32),
            reason => reason,
        }
    }

    /// `expr` for a part of another type than what it is part of, wanted for the same reason.
    pub(super) fn expr_of_whole(&mut self, e: &ast::Expr, wanted: TyId) -> Expr {
        self.expr_as(e, wanted, self.asked.reason)
    }

    /// `expr` for one of several that have the same type: when nothing else asks for it, `first` says where it was
    /// found.
    pub(super) fn expr_alike(
        &mut self,
        e: &ast::Expr,
        wanted: TyId,
        what: &'static str,
        first: &mut Option<Span>,
    ) -> Expr {
        let was_unknown = self.types.is_unknown(wanted);
        let result = match *first {
            Some(span) => self.expr_as(e, wanted, Reason::Like(what, span)),
            None => self.expr(e, wanted),
        };
        if was_unknown && first.is_none() && !self.types.is_unknown(wanted) {
            *first = Some(e.span);
        }
        result
    }

    /// Why `wanted` is wanted, as far as the expression around here knows.
    pub(super) fn reason_for(&self, wanted: TyId) -> Reason {
        if self.asked.wanted == Some(wanted) { self.asked.reason } else { Reason::Unknown }
    }

    /// Adds the place that asks for a `wanted`.
    pub(super) fn with_reason(&self, diagnostic: Diagnostic, wanted: TyId, reason: Reason) -> Diagnostic {
        match reason {
            Reason::Unknown | Reason::Condition | Reason::Statement => diagnostic,
            Reason::Signature(global, taken) => match self.tables.signature_span(global, taken) {
                Some(span) => {
                    let name = self.text(self.tables.global(global).name);
                    let what = if taken == 0 { "the signature of" } else { "the result of" };
                    diagnostic.label(span, format!("{what} `{name}`"))
                }
                None => diagnostic,
            },
            Reason::Argument(callee, index) => self.with_parameter(diagnostic, callee, index),
            Reason::Like(what, span) if span == diagnostic.span => diagnostic.note(format!("{what} is the same")),
            Reason::Like(what, span) => diagnostic.label(span, format!("{what} is {}", self.show(wanted))),
        }
    }

    fn with_parameter(&self, diagnostic: Diagnostic, callee: Callee, index: u32) -> Diagnostic {
        let found = match callee {
            Callee::Place(span) => return diagnostic.label(span, format!("{} of this", argument(index))),
            Callee::Global(global) => {
                let info = self.tables.global(global);
                (info.name, self.tables.parameter_span(global, index).or(Some(info.span)))
            }
            Callee::Constructor(id) => {
                let constructor = &self.tables.constructors[id.0 as usize];
                (constructor.name, self.tables.argument_span(id, index))
            }
        };
        let (name, span) = found;
        match span {
            Some(span) if !self.text(name).is_empty() => {
                diagnostic.label(span, format!("{} of `{}`", argument(index), self.text(name)))
            }
            _ => diagnostic,
        }
    }

    /// Adds where a variable got the type that it has.
    pub(super) fn with_origin(&self, diagnostic: Diagnostic, found: Option<&Expr>) -> Diagnostic {
        let Some(Expr { kind: ExprKind::Local(local), ty, span }) = found else { return diagnostic };
        let (name, facts) = (self.text(self.locals[local.0 as usize].name), &self.local_facts[local.0 as usize]);
        if name.is_empty() {
            return diagnostic;
        }
        match facts.unknown_use {
            Some(first) if first != *span => {
                diagnostic.label(first, format!("here `{name}` is taken for {}", self.show(*ty)))
            }
            _ => diagnostic.label(facts.span, format!("`{name}` is {}", self.show(*ty))),
        }
    }

    /// The number of arguments that what `ty` is takes.
    pub(super) fn parameter_count(&self, ty: TyId) -> usize {
        let mut count = 0;
        let mut rest = ty;
        while let View::Function(_, to) = self.types.view(rest) {
            count += 1;
            rest = to;
        }
        count
    }
}

/// `the 2nd argument`
pub(super) fn argument(index: u32) -> String {
    let number = index + 1;
    let ending = match (number % 10, number % 100) {
        (1, tens) if tens != 11 => "st",
        (2, tens) if tens != 12 => "nd",
        (3, tens) if tens != 13 => "rd",
        _ => "th",
    };
    format!("the {number}{ending} argument")
}
