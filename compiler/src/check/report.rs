//! Type mismatches in the words of the language.

use super::builtin;
use super::checker::Checker;
use super::reason::Reason;
use super::types::{Mismatch, Namer, TyId, View};
use crate::core::Expr;
use crate::diagnostic::{Code, Diagnostic, foreign};
use crate::resolve::suggest::nearest;
use crate::syntax::{Span, Symbol, ast};

impl Checker<'_> {
    /// Makes `found` fit `wanted`; false, with a report, when it does not.
    pub(super) fn expect(&mut self, wanted: TyId, found: TyId, span: Span) -> bool {
        let reason = self.reason_for(wanted);
        self.expect_as(wanted, found, span, reason)
    }

    /// The same, with a reason of its own.
    pub(super) fn expect_as(&mut self, wanted: TyId, found: TyId, span: Span, reason: Reason) -> bool {
        self.expect_expr(wanted, found, span, reason, None)
    }

    /// The same about the type of an expression.
    pub(super) fn expect_expr(
        &mut self,
        wanted: TyId,
        found: TyId,
        span: Span,
        reason: Reason,
        expr: Option<&Expr>,
    ) -> bool {
        match self.types.unify(wanted, found) {
            Ok(()) => true,
            Err(Mismatch::Different) if reason == Reason::Statement && !self.types.is_effect(found) => {
                let message = format!("a statement of `do Effect` is an effect, found {}", self.show(found));
                let diagnostic = Diagnostic::new(Code::E3000, span, message);
                let is_resource = self.types.head(found) == Some(builtin::RESOURCE);
                self.tables.report(diagnostic.help(if is_resource {
                    "a resource is acquired by binding it: `x <- resource`"
                } else {
                    "bind a value to a name with `=`; the last expression is the result"
                }));
                false
            }
            Err(Mismatch::Different) => {
                let reason = if reason == Reason::Statement { self.fails } else { reason };
                self.last_mismatch = Some((span, wanted, found));
                let diagnostic = self.mismatch(wanted, found, span, reason);
                let diagnostic = self.with_reason(diagnostic, wanted, reason);
                let diagnostic = self.with_origin(diagnostic, expr);
                let diagnostic = match reason {
                    Reason::Signature(_, taken) if taken > 0 && self.types.is_function(wanted) => {
                        let plural = if taken == 1 { "" } else { "s" };
                        diagnostic.help(format!(
                            "the signature has more parameters: this function names {taken} argument{plural} only"
                        ))
                    }
                    _ => self.with_hint(diagnostic, wanted, found, expr),
                };
                self.tables.report(diagnostic);
                false
            }
            Err(Mismatch::Infinite) => {
                let (wanted, found) = self.show_both(wanted, found);
                let message = format!("this type would contain itself: {wanted} is {found}");
                let diagnostic = Diagnostic::new(Code::E3023, span, message);
                self.tables.report(diagnostic.note("often there is an argument too many or too few"));
                false
            }
        }
    }

    /// Makes a pattern for a `found` fit the value that it takes apart.
    pub(super) fn expect_pattern(&mut self, value: TyId, found: TyId, span: Span) -> bool {
        if self.types.unify(value, found) != Err(Mismatch::Different) {
            // Fits, or is infinite, about which there is nothing else to say.
            return self.expect(value, found, span);
        }
        let (of_value, of_pattern) = self.show_pair(value, found);
        let message = format!("this pattern is for {of_pattern}, the value is {of_value}");
        let diagnostic = Diagnostic::new(Code::E3000, span, message);
        let diagnostic = match self.matched {
            Reason::Like(what, place) => diagnostic.label(place, what),
            reason => self.with_reason(diagnostic, value, reason),
        };
        let help = self.lower_case_type(value).or_else(|| self.opaque_type(value));
        let diagnostic = help.into_iter().fold(diagnostic, Diagnostic::help);
        self.tables.report(diagnostic);
        false
    }

    fn mismatch(&self, wanted: TyId, found: TyId, span: Span, reason: Reason) -> Diagnostic {
        if let Some(diagnostic) = self.other_failure(wanted, found, span) {
            return diagnostic;
        }
        let (wanted_text, found_text) = self.show_pair(wanted, found);
        let message = match reason {
            Reason::Condition => format!("a condition has to be {wanted_text}, found {found_text}"),
            _ => format!("expected {wanted_text}, found {found_text}"),
        };
        let mut diagnostic = Diagnostic::new(Code::E3000, span, message);
        if let (View::Record { fields: left, open: left_open }, View::Record { fields: right, open: right_open }) =
            (self.types.view(wanted), self.types.view(found))
        {
            let missing = self.names_of_others(&left, &right);
            if !missing.is_empty() && !right_open {
                diagnostic = diagnostic.note(format!("missing: {}", missing.join(", ")));
            }
            let meant = |missing: &String| {
                let others = right.iter().filter(|(name, _)| left.iter().all(|(field, _)| field != name));
                let near = nearest(missing.trim_matches('`'), others.map(|(name, _)| self.text(*name)));
                near.map(|near| format!("did you mean {missing} by `{near}`?"))
            };
            if let Some(help) = missing.iter().find_map(meant) {
                diagnostic = diagnostic.help(help);
            }
            let extra = self.names_of_others(&right, &left);
            if !extra.is_empty() && !left_open {
                diagnostic = diagnostic.note(format!("not wanted: {}", extra.join(", ")));
            }
        }
        diagnostic
    }

    /// Names of the fields that only the first record has.
    fn names_of_others(&self, fields: &[(Symbol, TyId)], other: &[(Symbol, TyId)]) -> Vec<String> {
        let only = fields.iter().filter(|(name, _)| other.iter().all(|(field, _)| field != name));
        only.map(|(name, _)| format!("`{}`", self.text(*name))).collect()
    }

    /// Two effects that differ in what they fail with.
    fn other_failure(&self, wanted: TyId, found: TyId, span: Span) -> Option<Diagnostic> {
        if !self.types.is_effect(wanted) || !self.types.is_effect(found) {
            return None;
        }
        let (wanted, found) = (self.types.data_arguments(wanted), self.types.data_arguments(found));
        if self.could_be(wanted[0], found[0]) || !self.could_be(wanted[1], found[1]) {
            return None;
        }
        let (outside, here) = self.show_both(wanted[0], found[0]);
        let message = format!("expected an effect that fails with {outside}, this one fails with {here}");
        let help =
            "turn the error into another one with `x <- effect or | error => fail …`, or into data with `attempt`";
        Some(Diagnostic::new(Code::E3000, span, message).help(help))
    }

    /// A type as it would be written.
    pub(super) fn show(&self, ty: TyId) -> String {
        self.types.display(ty, &self.tables.interner, &self.tables.datas)
    }

    /// Two types that differ, long ones without what they have in common.
    pub(super) fn show_pair(&self, a: TyId, b: TyId) -> (String, String) {
        Namer::new(&self.types, &self.tables.interner, &self.tables.datas).pair(a, b)
    }

    /// Two types whose variables have the same names.
    pub(super) fn show_both(&self, a: TyId, b: TyId) -> (String, String) {
        let mut namer = Namer::new(&self.types, &self.tables.interner, &self.tables.datas);
        let first = namer.show(a);
        (first, namer.show(b))
    }

    /// E3000 for a name that means nothing, unless an earlier mistake is to blame. In one definition a name is
    /// reported once.
    pub(super) fn unknown_value(&mut self, name: ast::Name) {
        if self.tables.is_lost(self.module, name.symbol) || !self.reported.insert(name.symbol) {
            return;
        }
        let text = self.text(name.symbol);
        let local = nearest(text, self.scope.keys().map(|symbol| self.text(*symbol))).map(str::to_owned);
        let near = local.or_else(|| self.tables.suggest_value(self.module, name.symbol));
        let upper = text.starts_with(|first: char| first.is_ascii_uppercase());
        let what = if upper { "constructor" } else { "name" };
        if self.unbound.contains(&name.symbol) {
            let message = format!("`{text}` is not known yet in its own value");
            let diagnostic = Diagnostic::new(Code::E3000, name.span, message);
            let help = "a local name is not recursive: define the function at top level, or use `loop` in `do Effect`";
            self.tables.report(diagnostic.help(help));
            return;
        }
        if upper && self.tables.knows_type(self.module, name.symbol) {
            let message = format!("`{text}` is a type, and no value");
            let diagnostic = Diagnostic::new(Code::E3000, name.span, message);
            self.tables.report(diagnostic.help("a declaration of a type begins with an upper-case name: `Name = …`"));
            return;
        }
        let diagnostic = Diagnostic::new(Code::E3000, name.span, format!("unknown {what} `{text}`"));
        let same = near.as_ref().is_some_and(|near| near.eq_ignore_ascii_case(text));
        let diagnostic = match (near, foreign::instead_of_word(text)) {
            (Some(near), _) if near.eq_ignore_ascii_case(text) => diagnostic.help(format!("did you mean `{near}`?")),
            (_, Some(instead)) => diagnostic.help(instead),
            (Some(near), None) => diagnostic.help(format!("did you mean `{near}`?")),
            (None, None) => diagnostic,
        };
        self.tables.report(diagnostic);
        if !same {
            self.tables.note_unknown(name.symbol, name.span);
        }
    }

    /// The name means nothing here, and is a word of another language.
    pub(super) fn is_foreign(&self, e: &ast::Expr) -> bool {
        let ast::ExprKind::Name(name) = e.kind else { return false };
        !self.scope.contains_key(&name.symbol)
            && self.tables.peek_value(self.module, name.symbol).is_none()
            && foreign::instead_of_word(self.text(name.symbol)).is_some()
    }

    /// E3000 for what stands before a dot and is neither a module nor a namespace.
    pub(super) fn unknown_qualifier(&mut self, name: ast::Name) {
        if self.tables.is_lost(self.module, name.symbol) {
            return;
        }
        let near = self.tables.suggest_qualifier(self.module, name.symbol);
        let message = format!("unknown module or namespace `{}`", self.text(name.symbol));
        let mut diagnostic = Diagnostic::new(Code::E3000, name.span, message);
        if let Some(near) = near {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.tables.report(diagnostic);
        self.tables.note_unknown_qualifier(name.symbol, name.span);
    }

    /// E3000 for a field that a record does not have.
    pub(super) fn unknown_field(&mut self, record: TyId, name: ast::Name) {
        let text = self.text(name.symbol);
        let diagnostic = match self.types.view(record) {
            View::Record { fields, .. } => {
                let message = format!("{} has no field `{text}`", self.show(record));
                let diagnostic = Diagnostic::new(Code::E3000, name.span, message);
                match nearest(text, fields.iter().map(|(field, _)| self.text(*field))) {
                    Some(near) => diagnostic.help(format!("did you mean `{near}`?")),
                    None => diagnostic,
                }
            }
            _ => {
                let message = format!("expected a record with field `{text}`, found {}", self.show(record));
                let help = self.opaque_type(record).unwrap_or_else(|| {
                    format!("only records have fields; a function is applied to a value: `{text} value`")
                });
                Diagnostic::new(Code::E3000, name.span, message).help(help)
            }
        };
        self.tables.report(diagnostic);
    }

    /// E1900
    pub(super) fn unsupported(&mut self, span: Span, what: &str) {
        self.tables.report(Diagnostic::absent(span, what));
    }
}
