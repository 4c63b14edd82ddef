//! Bracketed groups: one item, items with commas, items with commas or newlines. Lists, maps, sets.

use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::ast::{Expr, ExprKind, ListItem, MapItem};

impl Parser<'_> {
    /// Runs `body` between this opening token and its partner; what `body` leaves over is reported and skipped.
    pub(super) fn group<T>(&mut self, in_parens: bool, body: impl FnOnce(&mut Self) -> T) -> T {
        let open = self.here();
        let close = self.partner(self.pos);
        let outer = std::mem::replace(&mut self.in_parens, in_parens);
        let base = self.hide_arm_lists();
        self.bump();
        let result = body(self);
        if self.pos < close {
            let closer = self.tokens[close].kind.describe();
            let report = self.unexpected_report(Code::E1501, closer).label(open, "opened here");
            self.add(match self.kind() {
                TokenKind::Colon if in_parens => {
                    report.help("types stand in a signature, on a line of its own: `name : A -> B`")
                }
                _ => report,
            });
            self.pos = close;
        }
        self.bump();
        self.show_arm_lists(base);
        self.in_parens = outer;
        result
    }

    /// One item between brackets in which newlines mean nothing.
    pub(super) fn bracketed<T>(&mut self, item: impl FnOnce(&mut Self) -> T) -> T {
        self.group(true, item)
    }

    /// `( item, item )`, perhaps without any.
    pub(super) fn parenthesised<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.group(true, |parser| {
            let mut items = Vec::new();
            if !parser.at(TokenKind::ParenClose) {
                items.push(item(parser));
                while parser.eat(TokenKind::Comma) {
                    items.push(item(parser));
                }
            }
            items
        })
    }

    /// Items separated by commas or newlines, between this opening token and its partner.
    pub(super) fn separated<T>(&mut self, mut item: impl FnMut(&mut Self) -> T) -> Vec<T> {
        self.group(false, |parser| {
            let mut items = Vec::new();
            while !parser.kind().is_closer() {
                let start = parser.start_item();
                items.push(item(parser));
                parser.separator(start);
            }
            items
        })
    }

    /// Steps over what separates the item that began at `start` from the next one.
    fn separator(&mut self, start: usize) {
        if self.kind().is_closer() {
            return;
        }
        let newline = self.at_newline() && self.pos > start;
        if self.eat(TokenKind::Comma) || newline {
            return;
        }
        let report = self.unexpected_report(Code::E1524, "`,` or a newline");
        self.add(if self.at(TokenKind::Equal) {
            report.help("`{ name: …` begins a record; a block has bindings, `{ name = …`")
        } else {
            report
        });
        while !self.at_end_of_item() && !self.at(TokenKind::Comma) {
            self.skip_one();
        }
        if !self.eat(TokenKind::Comma) && self.pos == start && !self.kind().is_closer() {
            self.skip_one();
        }
    }

    pub(super) fn list_items(&mut self) -> Vec<ListItem> {
        self.separated(Parser::list_item)
    }

    /// `e`, `a..b`, `...e`
    fn list_item(&mut self) -> ListItem {
        if self.eat(TokenKind::Ellipsis) {
            return ListItem::Spread(self.section_expr());
        }
        let mark = self.mark();
        let item = self.expr();
        self.check_separated(&item);
        if self.eat(TokenKind::DotDot) {
            return ListItem::Range(item, self.expr());
        }
        ListItem::Item(self.section(mark, item))
    }

    /// `[1 2]`: a literal that is applied is an item behind which a comma is missing.
    fn check_separated(&mut self, item: &Expr) {
        let ExprKind::Apply { function, arguments } = &item.kind else { return };
        use ExprKind::{Char, Float, Int, List, Record, Text};
        if matches!(function.kind, Int(_) | Float(_) | Char(_) | Text(_) | List(_) | Record(_)) {
            let report = Diagnostic::new(Code::E1524, arguments[0].span, "expected `,` or a newline before this item");
            self.add(report.label(function.span, "this cannot be applied to it"));
        }
    }

    /// `~set[ … ]`
    pub(super) fn set_literal(&mut self) -> ExprKind {
        self.bump();
        ExprKind::SetLiteral(self.list_items())
    }

    /// `~map{ … }`
    pub(super) fn map_literal(&mut self) -> ExprKind {
        self.bump();
        ExprKind::MapLiteral(self.separated(Parser::map_item))
    }

    /// `k => v`, `...e`
    fn map_item(&mut self) -> MapItem {
        if self.eat(TokenKind::Ellipsis) {
            return MapItem::Spread(self.section_expr());
        }
        let mark = self.mark();
        let key = self.pipe_without_lambda();
        let key = self.section(mark, key);
        let value: Expr = if self.expect(TokenKind::FatArrow) { self.section_expr() } else { self.error_expr() };
        MapItem::Entry(key, value)
    }
}
