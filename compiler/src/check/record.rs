//! Records: literals and fields.

use super::checker::{Checker, error_expr, expr};
use super::types::{TyId, TypeStore, View};
use crate::core::{Expr, ExprKind, RecordItem};
use crate::diagnostic::{Code, Diagnostic};
use crate::hash::IdMap;
use crate::resolve::suggest::nearest;
use crate::syntax::{Span, Symbol, ast};

impl Checker<'_> {
    /// The type of a field; an open or unknown record gets the field.
    pub(super) fn field_type(&mut self, record: TyId, name: ast::Name) -> TyId {
        if let Some(ty) = self.types.field(record, name.symbol) {
            return ty;
        }
        if self.types.is_error(record) {
            return TypeStore::ERROR;
        }
        if let Some(row) = self.types.row_of(record) {
            // It is known that the field is new, so the fields there are need not be looked at again.
            let (ty, rest) = (self.fresh(), self.fresh());
            let field = self.types.record(vec![(name.symbol, ty)], Some(rest), &self.tables.interner);
            return if self.expect(field, row, name.span) { ty } else { TypeStore::ERROR };
        }
        if self.types.is_unknown(record) {
            let (ty, rest) = (self.fresh(), self.fresh());
            let wanted = self.types.record(vec![(name.symbol, ty)], Some(rest), &self.tables.interner);
            return if self.expect(wanted, record, name.span) { ty } else { TypeStore::ERROR };
        }
        self.unknown_field(record, name);
        TypeStore::ERROR
    }

    pub(super) fn record(&mut self, items: &[ast::RecordItem], wanted: TyId, span: Span) -> Expr {
        let mut fields: Vec<(Symbol, TyId)> = Vec::new();
        let mut places: IdMap<Symbol, usize> = IdMap::default();
        let mut put = |fields: &mut Vec<(Symbol, TyId)>, name: Symbol, ty: TyId| match places.get(&name) {
            Some(index) => fields[*index].1 = ty,
            None => {
                places.insert(name, fields.len());
                fields.push((name, ty));
            }
        };
        let mut checked = Vec::with_capacity(items.len());
        for item in items {
            match item {
                ast::RecordItem::Field(name, value) => {
                    let value = match self.types.field(wanted, name.symbol) {
                        Some(ty) => self.expr_of_whole(value, ty),
                        None => self.infer(value),
                    };
                    put(&mut fields, name.symbol, value.ty);
                    checked.push(RecordItem::Field(name.symbol, value));
                }
                ast::RecordItem::Spread(value) => {
                    let value = self.infer(value);
                    let known = match self.types.view(value.ty) {
                        View::Record { fields, open: false } => fields,
                        _ => {
                            self.unknown_spread(&value);
                            return error_expr(span);
                        }
                    };
                    for (name, ty) in known {
                        put(&mut fields, name, ty);
                    }
                    checked.push(RecordItem::Spread(value));
                }
            }
        }
        if self.other_fields(items, &fields, wanted, span) {
            return error_expr(span);
        }
        let ty = self.types.record(fields, None, &self.tables.interner);
        self.fits(expr(ExprKind::Record(checked), ty, span), wanted)
    }

    /// Reports fields that a literal has too many or too few, when it is known which ones it has to have.
    fn other_fields(&mut self, items: &[ast::RecordItem], found: &[(Symbol, TyId)], wanted: TyId, span: Span) -> bool {
        let View::Record { fields: known, open: false } = self.types.view(wanted) else { return false };
        let has = |fields: &[(Symbol, TyId)], name: Symbol| fields.iter().any(|(field, _)| *field == name);
        let mut missing: Vec<(Symbol, TyId)> = known.iter().filter(|(name, _)| !has(found, *name)).copied().collect();
        let extra: Vec<ast::Name> = items
            .iter()
            .filter_map(|item| match item {
                ast::RecordItem::Field(name, _) if !has(&known, name.symbol) => Some(*name),
                _ => None,
            })
            .collect();
        let spread = found.iter().filter(|(name, _)| !has(&known, *name)).count() > extra.len();
        if spread || (missing.is_empty() && extra.is_empty()) {
            return false;
        }
        for name in extra {
            let message = format!("{} has no field `{}`", self.show(wanted), self.text(name.symbol));
            let mut diagnostic = Diagnostic::new(Code::E3000, name.span, message);
            let near = nearest(self.text(name.symbol), missing.iter().map(|(field, _)| self.text(*field)));
            if let Some(near) = near {
                diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
                let meant = missing.iter().position(|(field, _)| self.text(*field) == near);
                meant.map(|meant| missing.remove(meant));
            }
            self.tables.report(diagnostic);
        }
        if !missing.is_empty() {
            let names: Vec<String> =
                missing.iter().map(|(name, ty)| format!("`{}: {}`", self.text(*name), self.show(*ty))).collect();
            let plural = if names.len() == 1 { "field" } else { "fields" };
            let message = format!("this record lacks the {plural} {}", names.join(", "));
            let diagnostic = Diagnostic::new(Code::E3000, span, message);
            let diagnostic = self.with_reason(diagnostic, wanted, self.reason_for(wanted));
            self.tables.report(diagnostic);
        }
        true
    }

    pub(super) fn unknown_spread(&mut self, value: &Expr) {
        if self.types.is_error(value.ty) {
            return;
        }
        let known = matches!(self.types.view(value.ty), View::Record { .. } | View::Variable);
        let diagnostic = if known {
            Diagnostic::new(Code::E3000, value.span, "the fields of this record have to be known here")
                .help("give the function a signature, or the parameter's type by an earlier use")
        } else {
            let message = format!("expected a record, found {}", self.show(value.ty));
            let help = self.opaque_type(value.ty);
            help.into_iter().fold(Diagnostic::new(Code::E3000, value.span, message), Diagnostic::help)
        };
        self.tables.report(diagnostic);
    }
}
