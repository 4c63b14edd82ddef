//! `~map{ … }` and `~set[ … ]`: the library's `fromList`, applied to a list. What is spread becomes a list first.

use super::builtin;
use super::checker::{Checker, error_expr, expr};
use super::types::TyId;
use crate::core::{Expr, ExprKind, ListItem};
use crate::syntax::{Span, ast};

impl Checker<'_> {
    pub(super) fn map_literal(&mut self, items: &[ast::MapItem], wanted: TyId, span: Span) -> Expr {
        let arguments = [self.fresh(), self.fresh()];
        let map = self.literal_type(builtin::MAP, &arguments, wanted);
        let [key, value] = arguments;
        let entry = self.types.tuple(&[key, value]);
        let (mut first_key, mut first_value) = (None, None);
        let items = items
            .iter()
            .map(|item| match item {
                ast::MapItem::Entry(from, to) => {
                    let span = from.span.to(to.span);
                    let from = self.expr_alike(from, key, "the key before", &mut first_key);
                    let to = self.expr_alike(to, value, "the value before", &mut first_value);
                    ListItem::Item(expr(ExprKind::Tuple(vec![from, to]), entry, span))
                }
                ast::MapItem::Spread(spread) => {
                    let spread = self.expr(spread, map);
                    ListItem::Spread(self.library_call("aivi.map", "toList", vec![spread]))
                }
            })
            .collect();
        let list = self.list_of(items, entry, span);
        let made = self.library_call("aivi.map", "fromList", vec![list]);
        self.fits(made, wanted)
    }

    pub(super) fn set_literal(&mut self, items: &[ast::ListItem], wanted: TyId, span: Span) -> Expr {
        let element = self.fresh();
        let set = self.literal_type(builtin::SET, &[element], wanted);
        let mut first = None;
        let items = items
            .iter()
            .map(|item| match item {
                ast::ListItem::Spread(spread) => {
                    let spread = self.expr(spread, set);
                    ListItem::Spread(self.library_call("aivi.set", "toList", vec![spread]))
                }
                ast::ListItem::Item(value) => {
                    ListItem::Item(self.expr_alike(value, element, "the item before", &mut first))
                }
                ast::ListItem::Range(from, to) => self.range(from, to, element),
            })
            .collect();
        let list = self.list_of(items, element, span);
        let made = self.library_call("aivi.set", "fromList", vec![list]);
        self.fits(made, wanted)
    }

    /// The literal's type; its arguments are known when a collection of its kind is wanted.
    fn literal_type(&mut self, data: crate::core::DataId, arguments: &[TyId], wanted: TyId) -> TyId {
        let literal = self.types.data(data, arguments);
        if self.types.head(wanted) == Some(data) {
            let _ = self.types.unify(literal, wanted);
        }
        literal
    }

    fn list_of(&mut self, items: Vec<ListItem>, element: TyId, span: Span) -> Expr {
        let list = self.types.data(builtin::LIST, &[element]);
        expr(ExprKind::List(items), list, span)
    }

    /// A function of the library, which `resolve::dependencies` has made known, applied to arguments.
    pub(super) fn library_call(&mut self, module: &str, name: &str, arguments: Vec<Expr>) -> Expr {
        let span = arguments[0].span;
        let Some(global) = self.value_of_library(module, name) else {
            return self.missing(span, &format!("a program without the module `{module}`"));
        };
        let function = self.global(global, span);
        let mut ty = function.ty;
        let mut fitting = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let Some((from, to)) = self.parameter(ty) else { return error_expr(span) };
            fitting.push(self.fits(argument, from));
            ty = to;
        }
        expr(ExprKind::Apply { function: Box::new(function), arguments: fitting }, ty, span)
    }
}
