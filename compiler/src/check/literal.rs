//! Texts, numbers with suffix, tuples, lists and indexing.

use super::builtin;
use super::checker::{Checker, error_expr, expr};
use super::reason::Reason;
use super::types::{TyId, TypeStore, View};
use crate::core::{Expr, ExprKind, ListItem};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::suggest::nearest;
use crate::syntax::{Span, ast};

impl Checker<'_> {
    pub(super) fn text_literal(&mut self, parts: &[ast::TextPart], wanted: TyId, span: Span) -> Expr {
        let mut texts = Vec::with_capacity(parts.len());
        for part in parts {
            texts.push(match part {
                ast::TextPart::Literal(text) => expr(ExprKind::Text(text.as_str().into()), TypeStore::TEXT, span),
                ast::TextPart::Hole(hole) => {
                    let hole = self.infer(hole);
                    self.text_of(hole)
                }
            });
        }
        let kind = match texts.len() {
            0 => ExprKind::Text("".into()),
            1 if matches!(texts[0].kind, ExprKind::Text(_)) => return self.fits(texts.remove(0), wanted),
            _ => ExprKind::Join(texts),
        };
        self.fits(expr(kind, TypeStore::TEXT, span), wanted)
    }

    /// The text of a value; a text is its own.
    fn text_of(&mut self, value: Expr) -> Expr {
        if self.types.is_text(value.ty) || self.types.is_error(value.ty) {
            return value;
        }
        let span = value.span;
        expr(ExprKind::ToText(Box::new(value)), TypeStore::TEXT, span)
    }

    pub(super) fn sigil(&mut self, name: Option<ast::Name>, body: &str, wanted: TyId, span: Span) -> Expr {
        match name {
            Some(name) if !self.text(name.symbol).is_empty() => {
                let what = format!("the sigil `~{}`", self.text(name.symbol));
                self.missing(span, &what)
            }
            _ => self.fits(expr(ExprKind::Text(body.into()), TypeStore::TEXT, span), wanted),
        }
    }

    pub(super) fn suffixed(&mut self, number: ast::Number, suffix: ast::Name, wanted: TyId, span: Span) -> Expr {
        let number = match number {
            ast::Number::Int(value) => expr(ExprKind::Int(value), TypeStore::INT, span),
            ast::Number::Float(value) => expr(ExprKind::Float(value), TypeStore::FLOAT, span),
        };
        self.with_suffix(number, suffix, wanted, span)
    }

    pub(super) fn suffix_apply(&mut self, value: &ast::Expr, suffix: ast::Name, wanted: TyId, span: Span) -> Expr {
        let value = self.infer(value);
        self.with_suffix(value, suffix, wanted, span)
    }

    fn with_suffix(&mut self, value: Expr, suffix: ast::Name, wanted: TyId, span: Span) -> Expr {
        let found = self.tables.find_suffix(self.module, suffix.symbol);
        let global = match found[..] {
            [global] => global,
            [] => {
                self.unknown_suffix(suffix);
                return error_expr(span);
            }
            _ => {
                let message = format!("suffix `{}` belongs to two domains", self.text(suffix.symbol));
                let diagnostic = Diagnostic::new(Code::E3010, suffix.span, message);
                let places = found.iter().map(|global| self.tables.global(*global).span);
                let diagnostic = places.fold(diagnostic, |it, place| it.label(place, "defined here"));
                self.tables.report(diagnostic.help("import only one of the domains"));
                return error_expr(span);
            }
        };
        let function = self.global(global, suffix.span);
        let Some((from, to)) = self.parameter(function.ty) else { return error_expr(span) };
        let value = self.fits(value, from);
        let kind = ExprKind::Apply { function: Box::new(function), arguments: vec![value] };
        self.fits(expr(kind, to, span), wanted)
    }

    fn unknown_suffix(&mut self, suffix: ast::Name) {
        let text = self.text(suffix.symbol);
        let names = self.tables.domains.iter().flat_map(|domain| domain.suffixes.keys());
        let near = nearest(text, names.map(|symbol| self.text(*symbol))).map(str::to_owned);
        let mut diagnostic = Diagnostic::new(Code::E3000, suffix.span, format!("unknown suffix `{text}`"));
        if let Some(near) = near {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.tables.report(diagnostic);
    }

    pub(super) fn tuple(&mut self, items: &[ast::Expr], wanted: TyId, span: Span) -> Expr {
        let known = match self.types.view(wanted) {
            View::Tuple(types) if types.len() == items.len() => Some(types.to_vec()),
            _ => None,
        };
        if let Some(types) = known {
            let items = items.iter().zip(types).map(|(item, ty)| self.expr_of_whole(item, ty)).collect();
            return expr(ExprKind::Tuple(items), wanted, span);
        }
        let items: Vec<Expr> = items.iter().map(|item| self.infer(item)).collect();
        let types: Vec<TyId> = items.iter().map(|item| item.ty).collect();
        let ty = self.types.tuple(&types);
        self.fits(expr(ExprKind::Tuple(items), ty, span), wanted)
    }

    pub(super) fn list(&mut self, items: &[ast::ListItem], wanted: TyId, span: Span) -> Expr {
        let known = self.types.head(wanted) == Some(builtin::LIST);
        let element = if known { self.types.data_arguments(wanted)[0] } else { self.fresh() };
        let list = if known { wanted } else { self.types.data(builtin::LIST, &[element]) };
        let (whole, mut first) = (self.asked.reason, None);
        let items = items
            .iter()
            .map(|item| match item {
                ast::ListItem::Item(value) if known => ListItem::Item(self.expr_as(value, element, whole)),
                ast::ListItem::Item(value) => {
                    ListItem::Item(self.expr_alike(value, element, "the item before", &mut first))
                }
                ast::ListItem::Spread(value) => ListItem::Spread(self.expr(value, list)),
                ast::ListItem::Range(from, to) => self.range(from, to, element),
            })
            .collect();
        self.fits(expr(ExprKind::List(items), list, span), wanted)
    }

    /// `from..to` among items that are `element`s.
    pub(super) fn range(&mut self, from: &ast::Expr, to: &ast::Expr, element: TyId) -> ListItem {
        self.expect(element, TypeStore::INT, from.span.to(to.span));
        let [from, to] = [from, to].map(|end| self.expr_as(end, TypeStore::INT, Reason::Unknown));
        ListItem::Range(from, to)
    }

    /// `xs[i]` on a list, `m[k]` on a map; something unknown is taken for a list.
    pub(super) fn index(&mut self, base: &ast::Expr, index: &ast::Expr, wanted: TyId, span: Span) -> Expr {
        let base = self.infer(base);
        let (key, value) = if self.types.head(base.ty) == Some(builtin::MAP) {
            let arguments = self.types.data_arguments(base.ty);
            (arguments[0], arguments[1])
        } else {
            let element = self.fresh();
            let list = self.types.data(builtin::LIST, &[element]);
            self.expect(list, base.ty, base.span);
            (TypeStore::INT, element)
        };
        let index = Box::new(self.expr_as(index, key, Reason::Unknown));
        self.fits(expr(ExprKind::Index { base: Box::new(base), index }, value, span), wanted)
    }
}
