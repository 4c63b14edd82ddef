//! Names and applications.

use super::checker::{Checker, error_expr, expr};
use super::reason::{Callee, Reason};
use super::types::{TyId, TypeStore};
use crate::core::{Expr, ExprKind, GlobalId};
use crate::diagnostic::{Code, Diagnostic, foreign};
use crate::resolve::Value;
use crate::resolve::scope::Qualifier;
use crate::resolve::suggest::nearest_or_longer;
use crate::syntax::{Span, ast};

impl Checker<'_> {
    pub(super) fn name(&mut self, name: ast::Name, wanted: TyId) -> Expr {
        let Some(found) = self.find_name(name) else {
            self.unknown_value(name);
            return error_expr(name.span);
        };
        self.fits(found, wanted)
    }

    fn find_name(&mut self, name: ast::Name) -> Option<Expr> {
        if let Some(local) = self.scope.get(&name.symbol).copied() {
            self.local_facts[local.0 as usize].used = true;
            let mut ty = self.locals[local.0 as usize].ty;
            if self.local_facts[local.0 as usize].generalised {
                ty = self.instantiate(ty, name.span);
            }
            if self.types.is_unknown(ty) {
                self.local_facts[local.0 as usize].unknown_use = Some(name.span);
            }
            return Some(expr(ExprKind::Local(local), ty, name.span));
        }
        let value = self.tables.find_value(self.module, name.symbol, name.span)?;
        Some(self.value(value, name.span))
    }

    pub(super) fn value(&mut self, value: Value, span: Span) -> Expr {
        match value {
            Value::Global(global) => self.global(global, span),
            Value::Constructor(super::builtin::UNIT_VALUE) => expr(ExprKind::Unit, TypeStore::UNIT, span),
            Value::Constructor(id) => {
                let scheme = self.constructor_type(id);
                let ty = self.instantiate(scheme, span);
                expr(ExprKind::Constructor(id), ty, span)
            }
        }
    }

    pub(super) fn global(&mut self, global: GlobalId, span: Span) -> Expr {
        self.warn_if_deprecated(global, span);
        let scheme = self.scheme(global);
        let ty = self.instantiate(scheme, span);
        expr(ExprKind::Global(global), ty, span)
    }

    /// W2500, outside of the module that says so.
    fn warn_if_deprecated(&mut self, global: GlobalId, span: Span) {
        let info = self.tables.global(global);
        if !self.warns || info.module == self.module {
            return;
        }
        if let Some(instead) = &info.deprecated {
            let colon = if instead.is_empty() { "" } else { ": " };
            let message = format!("`{}` is deprecated{colon}{instead}", self.text(info.name));
            let place = info.span;
            self.tables.report(Diagnostic::new(Code::W2500, span, message).label(place, "declared here"));
        }
    }

    /// A use of a scheme.
    pub(super) fn instantiate(&mut self, scheme: TyId, span: Span) -> TyId {
        match self.types.instantiate(scheme, self.level) {
            Some(ty) => ty,
            None => {
                self.report(Code::E4000, span, "the type of this value is too large");
                TypeStore::ERROR
            }
        }
    }

    /// `List.map`, `q.name`
    pub(super) fn qualified(&mut self, names: &[ast::Name], wanted: TyId, span: Span) -> Expr {
        let [qualifier, name] = names[..] else {
            let name = names[names.len() - 1];
            self.unknown_value(name);
            return error_expr(span);
        };
        match self.exported(qualifier, name, span) {
            Some(Ok(found)) => self.fits(found, wanted),
            Some(Err(())) => error_expr(span),
            None => {
                self.unknown_qualifier(qualifier);
                error_expr(span)
            }
        }
    }

    /// The value that `qualifier.name` means: `None` when the qualifier is unknown, `Err` when it was reported.
    fn exported(&mut self, qualifier: ast::Name, name: ast::Name, span: Span) -> Option<Result<Expr, ()>> {
        let modules = match self.tables.find_qualifier(self.module, qualifier.symbol)? {
            Qualifier::Modules(modules) => modules,
            Qualifier::Namespace(path) => self.tables.by_path.get(&path).copied().into_iter().collect(),
        };
        let found = modules.iter().find_map(|module| self.tables.exported_value(*module, name.symbol));
        if let Some(value) = found {
            return Some(Ok(self.value(value, span)));
        }
        // Without modules the qualifier's import has failed, which was reported; a namespace without module was not.
        if !modules.is_empty() || !self.tables.module(self.module).imports.qualifiers.contains_key(&qualifier.symbol) {
            let names = modules.iter().flat_map(|module| self.tables.module(*module).exports.values.keys());
            let text = self.text(name.symbol);
            let near = nearest_or_longer(text, names.map(|symbol| self.text(*symbol))).map(str::to_owned);
            let message = format!("`{}` has no `{text}`", self.text(qualifier.symbol));
            let mut diagnostic = Diagnostic::new(Code::E2003, name.span, message);
            if let Some(near) = near {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
            } else if let Some(instead) = foreign::instead_of_word(self.text(name.symbol)) {
                diagnostic = diagnostic.help(instead);
            }
            self.tables.report(diagnostic);
        }
        Some(Err(()))
    }

    /// `base.name`, where the base may be a module.
    pub(super) fn field(&mut self, base: &ast::Expr, name: ast::Name, wanted: TyId, span: Span) -> Expr {
        if let ast::ExprKind::Name(qualifier) = base.kind
            && !self.scope.contains_key(&qualifier.symbol)
            && self.tables.find_value(self.module, qualifier.symbol, qualifier.span).is_none()
            && let Some(found) = self.exported(qualifier, name, span)
        {
            return match found {
                Ok(found) => self.fits(found, wanted),
                Err(()) => error_expr(span),
            };
        }
        let base = self.infer(base);
        let ty = self.field_type(base.ty, name);
        self.fits(expr(ExprKind::Field { base: Box::new(base), name: name.symbol }, ty, span), wanted)
    }

    pub(super) fn apply(&mut self, function: &ast::Expr, arguments: &[ast::Expr], wanted: TyId, span: Span) -> Expr {
        let written = function;
        let function = self.infer(function);
        if matches!(function.kind, ExprKind::Error) && self.is_foreign(written) {
            // `for x in xs`: the words behind it mean nothing either.
            return error_expr(span);
        }
        let (arguments, result) = self.arguments(&function, arguments);
        let kind = ExprKind::Apply { function: Box::new(function), arguments };
        self.fits(expr(kind, result, span), wanted)
    }

    /// Checks arguments against the parameters of a function's type; gives the type of the result.
    fn arguments(&mut self, function: &Expr, arguments: &[ast::Expr]) -> (Vec<Expr>, TyId) {
        let mut ty = function.ty;
        let mut checked = Vec::with_capacity(arguments.len());
        let mut wrong = Vec::new();
        for (index, argument) in arguments.iter().enumerate() {
            let (from, to) = match self.parameter(ty) {
                Some(parts) => parts,
                None => {
                    if let Some(word) = arguments[index..].iter().find(|argument| self.is_foreign(argument)) {
                        // `a and b`
                        self.infer(word);
                        return (checked, TypeStore::ERROR);
                    }
                    let last = arguments[arguments.len() - 1].span;
                    let swallowed = wrong.last().copied().filter(|(_, _, found)| self.types.is_function(*found));
                    if swallowed.is_some() {
                        // `println length xs`: one mistake, and this is the report that shows it.
                        self.tables.diagnostics.pop();
                    }
                    self.too_many(function, ty, [index, arguments.len()], argument.span.to(last));
                    if let (Some((place, ..)), Some(report)) = (swallowed, self.tables.diagnostics.last_mut()) {
                        report.labels.push((place, "this is a function".into()));
                        report.helps.push("an application that is an argument stands in parentheses: `f (g x)`".into());
                        wrong.clear();
                    }
                    (TypeStore::ERROR, TypeStore::ERROR)
                }
            };
            let reason = Reason::Argument(Callee::of(function), index as u32);
            let reports = self.tables.diagnostics.len();
            checked.push(self.expr_as(argument, from, reason));
            if self.tables.diagnostics.len() == reports + 1 {
                wrong.extend(self.last_mismatch.filter(|(span, ..)| *span == argument.span));
            }
            ty = to;
        }
        if let [first, second] = wrong[..] {
            self.report_swapped(function, first, second);
        }
        (checked, ty)
    }

    /// Two arguments that do not fit, but would in the other order, are one mistake.
    fn report_swapped(&mut self, function: &Expr, first: (Span, TyId, TyId), second: (Span, TyId, TyId)) {
        let ((span, wanted, found), (other_span, other_wanted, other_found)) = (first, second);
        let count = self.tables.diagnostics.len();
        let is_about = |index: usize, span: Span| self.tables.diagnostics[index].span == span;
        let swapped = self.could_be(wanted, other_found) && self.could_be(other_wanted, found);
        if !swapped || count < 2 || !is_about(count - 2, span) || !is_about(count - 1, other_span) {
            return;
        }
        self.tables.diagnostics.truncate(count - 2);
        let (wanted, other_wanted) = self.show_both(wanted, other_wanted);
        let message = format!("these two arguments are in the wrong order: expected {wanted}, then {other_wanted}");
        let diagnostic = Diagnostic::new(Code::E3000, span.to(other_span), message);
        let diagnostic = match Callee::of(function) {
            Callee::Global(global) => self.with_reason(diagnostic, function.ty, Reason::Signature(global, 0)),
            _ => diagnostic,
        };
        self.tables.report(diagnostic);
    }

    /// Parameter and result of something that is, or becomes, a function; `None` when it cannot be one.
    pub(super) fn parameter(&mut self, ty: TyId) -> Option<(TyId, TyId)> {
        if let Some(parts) = self.function_parts(ty) {
            return Some(parts);
        }
        if self.types.is_error(ty) {
            return Some((TypeStore::ERROR, TypeStore::ERROR));
        }
        if !self.types.is_unknown(ty) {
            return None;
        }
        let (from, to) = (self.fresh(), self.fresh());
        let function = self.types.function(from, to);
        self.types.unify(ty, function).ok().map(|()| (from, to))
    }

    /// A function of `taken` arguments got `given`; `span` has those that are too many. Without any it is no function.
    fn too_many(&mut self, function: &Expr, ty: TyId, [taken, given]: [usize; 2], span: Span) {
        if taken == 0 {
            let message = format!("expected a function, found {}", self.show(ty));
            let plural = if given == 1 { "" } else { "s" };
            let label = format!("it stands before {given} argument{plural}");
            let diagnostic = Diagnostic::new(Code::E3000, function.span, message).label(span, label);
            let diagnostic = self.with_origin(diagnostic, Some(function));
            self.tables.report(diagnostic);
            return;
        }
        let plural = if taken == 1 { "" } else { "s" };
        let (name, place) = match Callee::of(function) {
            Callee::Global(global) => {
                let info = self.tables.global(global);
                let place = self.tables.signature_span(global, taken as u32).unwrap_or(info.span);
                (format!("`{}`", self.text(info.name)), Some(place))
            }
            Callee::Constructor(id) => (format!("`{}`", self.text(self.tables.constructors[id.0 as usize].name)), None),
            Callee::Place(_) => ("this function".to_owned(), None),
        };
        let message = format!("{name} takes {taken} argument{plural}, found {given}");
        let mut diagnostic = Diagnostic::new(Code::E3000, span, message);
        if let Some(place) = place {
            diagnostic = diagnostic.label(place, format!("its result is {}", self.show(ty)));
        }
        self.tables.report(diagnostic);
    }

    /// `left |> right` is `right left`, with what is known of `left` used for the arguments on the right.
    pub(super) fn pipe(&mut self, left: Expr, right: &ast::Expr, span: Span) -> Expr {
        let mut inner = right;
        while let ast::ExprKind::Paren(next) = &inner.kind {
            inner = next;
        }
        let (function, given): (_, &[ast::Expr]) = match &inner.kind {
            ast::ExprKind::Apply { function, arguments } => (&**function, arguments),
            _ => (inner, &[]),
        };
        if given.is_empty() {
            return self.pipe_into(left, function, span);
        }
        let function = self.infer(function);
        let mut result = function.ty;
        for _ in given {
            result = self.function_parts(result).map_or(TypeStore::ERROR, |(_, to)| to);
        }
        if let Some((from, _)) = self.function_parts(result) {
            // A mismatch is reported below, where the value is passed.
            if self.types.is_unknown(from) || self.types.head(from) == self.types.head(left.ty) {
                let _ = self.types.unify(from, left.ty);
            }
        }
        let reports = self.tables.diagnostics.len();
        let (mut arguments, ty) = self.arguments(&function, given);
        if self.tables.diagnostics.len() == reports + 1 {
            self.show_piped(&left, given);
        }
        let Some((from, to)) = self.parameter(ty) else {
            self.too_many(&function, ty, [given.len(), given.len() + 1], left.span);
            return error_expr(span);
        };
        let reason = Reason::Argument(Callee::of(&function), given.len() as u32);
        self.expect_expr(from, left.ty, left.span, reason, Some(&left));
        arguments.push(left);
        expr(ExprKind::Apply { function: Box::new(function), arguments }, to, span)
    }

    /// An argument right of `|>` does not fit: shows what comes from the left, which decided what would.
    fn show_piped(&mut self, left: &Expr, given: &[ast::Expr]) {
        let Some(wrong) = self.last_mismatch.map(|(span, ..)| span) else { return };
        let Some(Diagnostic { span, .. }) = self.tables.diagnostics.last() else { return };
        if *span != wrong || !given.iter().any(|argument| argument.span == wrong) {
            return;
        }
        let (place, name) = self.last_of_pipe(left);
        let name = name.map_or_else(|| "what stands before it".to_owned(), |name| format!("`{name}`"));
        let label = format!("it comes after {name}, and from there comes {}", self.show(left.ty));
        if let Some(report) = self.tables.diagnostics.last_mut() {
            report.labels.insert(0, (place, label));
        }
    }

    /// Where the last part of a chain of pipes stands, and the name that it has as its argument: `c` of
    /// `a |> f b |> f c`.
    fn last_of_pipe(&self, left: &Expr) -> (Span, Option<&str>) {
        let ExprKind::Apply { function, arguments } = &left.kind else { return (left.span, self.name_of(left)) };
        let is_piped = arguments.last().is_some_and(|last| last.span.start < function.span.start);
        let own = if is_piped { &arguments[..arguments.len() - 1] } else { &arguments[..] };
        match own.last() {
            Some(last) => (function.span.to(last.span), self.name_of(last)),
            None => (function.span, None),
        }
    }

    fn name_of(&self, e: &Expr) -> Option<&str> {
        match e.kind {
            ExprKind::Global(global) => Some(self.text(self.tables.global(global).name)),
            ExprKind::Local(local) => Some(self.text(self.locals[local.0 as usize].name)),
            _ => None,
        }
    }

    fn pipe_into(&mut self, left: Expr, function: &ast::Expr, span: Span) -> Expr {
        let (argument, result) = (left.ty, self.fresh());
        let wanted = self.types.function(argument, result);
        // A lambda learns its parameter's type; anything else is inferred first, for a better message.
        let function = if matches!(function.kind, ast::ExprKind::Lambda { .. } | ast::ExprKind::Section(_)) {
            self.expr(function, wanted)
        } else {
            let function = self.infer(function);
            match self.parameter(function.ty) {
                Some((from, to)) => {
                    let reason = Reason::Argument(Callee::of(&function), 0);
                    self.expect_expr(from, argument, left.span, reason, Some(&left));
                    let _ = self.types.unify(result, to);
                }
                None => self.too_many(&function, function.ty, [0, 1], left.span),
            }
            function
        };
        expr(ExprKind::Apply { function: Box::new(function), arguments: vec![left] }, result, span)
    }
}
