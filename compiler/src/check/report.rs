//! Type mismatches in the words of the language.

use super::checker::Checker;
use super::types::{Mismatch, Namer, TyId, View};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::suggest::nearest;
use crate::syntax::{Span, ast};

impl Checker<'_> {
    /// Makes `found` fit `wanted`; false, with a report, when it does not.
    pub(super) fn expect(&mut self, wanted: TyId, found: TyId, span: Span) -> bool {
        match self.types.unify(wanted, found) {
            Ok(()) => true,
            Err(Mismatch::Different) => {
                let diagnostic = self.mismatch(wanted, found, span);
                self.tables.report(diagnostic);
                false
            }
            Err(Mismatch::Infinite) => {
                let (wanted, found) = self.show_both(wanted, found);
                let message = format!("this type would contain itself: {wanted} is {found}");
                self.report(Code::E3023, span, message);
                false
            }
        }
    }

    fn mismatch(&self, wanted: TyId, found: TyId, span: Span) -> Diagnostic {
        let (wanted_text, found_text) = self.show_both(wanted, found);
        let message = format!("expected {wanted_text}, found {found_text}");
        let mut diagnostic = Diagnostic::new(Code::E3000, span, message);
        if let (View::Record { fields: left, open: left_open }, View::Record { fields: right, open: right_open }) =
            (self.types.view(wanted), self.types.view(found))
        {
            let names = |fields: &[(crate::syntax::Symbol, TyId)], other: &[(crate::syntax::Symbol, TyId)]| {
                let only = fields.iter().filter(|(name, _)| other.iter().all(|(field, _)| field != name));
                only.map(|(name, _)| format!("`{}`", self.text(*name))).collect::<Vec<_>>()
            };
            let missing = names(&left, &right);
            if !missing.is_empty() && !right_open {
                diagnostic = diagnostic.note(format!("missing: {}", missing.join(", ")));
            }
            let extra = names(&right, &left);
            if !extra.is_empty() && !left_open {
                diagnostic = diagnostic.note(format!("not wanted: {}", extra.join(", ")));
            }
        }
        let effect = |ty| self.types.is_effect(ty);
        if effect(found) && !effect(wanted) && !self.types.is_unknown(wanted) {
            diagnostic = diagnostic.note("an effect gives its value only where it is run: bind it with `<-` first");
        }
        diagnostic
    }

    /// A type as it would be written.
    pub(super) fn show(&self, ty: TyId) -> String {
        self.types.display(ty, &self.tables.interner, &self.tables.datas)
    }

    /// Two types whose variables have the same names.
    pub(super) fn show_both(&self, a: TyId, b: TyId) -> (String, String) {
        let mut namer = Namer::new(&self.types, &self.tables.interner, &self.tables.datas);
        let first = namer.show(a);
        (first, namer.show(b))
    }

    /// E3000 for a name that means nothing, unless an earlier mistake is to blame.
    pub(super) fn unknown_value(&mut self, name: ast::Name) {
        if self.tables.is_lost(self.module, name.symbol) {
            return;
        }
        let text = self.text(name.symbol);
        let local = nearest(text, self.scope.keys().map(|symbol| self.text(*symbol))).map(str::to_owned);
        let near = local.or_else(|| self.tables.suggest_value(self.module, name.symbol));
        let upper = text.starts_with(|first: char| first.is_ascii_uppercase());
        let what = if upper { "constructor" } else { "name" };
        let mut diagnostic = Diagnostic::new(Code::E3000, name.span, format!("unknown {what} `{text}`"));
        if let Some(near) = near {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.tables.report(diagnostic);
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
                Diagnostic::new(Code::E3000, name.span, message)
            }
        };
        self.tables.report(diagnostic);
    }

    /// E1900
    pub(super) fn unsupported(&mut self, span: Span, what: &str) {
        self.report(Code::E1900, span, format!("{what} is not supported yet"));
    }
}
