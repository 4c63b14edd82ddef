//! Domains.

use super::cursor::Parser;
use crate::diagnostic::Code;
use crate::lex::TokenKind;
use crate::syntax::ast::{Binding, DomainDecl, DomainItem, ItemKind, Name, Pattern, PatternKind, Signature};

impl Parser<'_> {
    /// `domain D over C = { … }`
    pub(super) fn domain(&mut self) -> ItemKind {
        self.bump();
        if !self.at(TokenKind::Upper) {
            self.unexpected(Code::E1504, "the name of a domain");
            self.skip_group();
            return ItemKind::Error;
        }
        let name = self.name();
        if !self.expect(TokenKind::Over) {
            self.skip_group();
            return ItemKind::Error;
        }
        let carrier = self.ty();
        if !self.expect(TokenKind::Equal) || !self.at(TokenKind::BraceOpen) {
            self.unexpected(Code::E1501, "`{`");
            self.skip_group();
            return ItemKind::Error;
        }
        let items = self.group(false, |parser| {
            let mut items = Vec::new();
            while !parser.kind().is_closer() {
                let start = parser.start_item();
                parser.domain_item(&mut items);
                parser.end_item(start);
            }
            items
        });
        ItemKind::Domain(DomainDecl { name, carrier, items })
    }

    fn domain_item(&mut self, items: &mut Vec<DomainItem>) {
        match self.kind() {
            TokenKind::Upper | TokenKind::Opaque => items.extend(self.type_decl().map(DomainItem::Type)),
            TokenKind::Suffixed => items.extend(self.suffix_item()),
            TokenKind::Lower if self.peek(1).kind == TokenKind::Colon => {
                let name = self.name();
                self.named_item(name, items);
            }
            TokenKind::ParenOpen if is_operator(self.peek(1).kind) && self.peek(2).kind == TokenKind::ParenClose => {
                self.bump();
                let name = self.name();
                self.bump();
                self.named_item(name, items);
            }
            _ if self.tokens[self.pattern_end()].kind == TokenKind::Equal => {
                items.push(DomainItem::Binding(self.binding()));
            }
            _ => {
                self.unexpected(Code::E1505, "a declaration");
                self.skip_item();
            }
        }
    }

    /// `: Type` or `= e` behind a name or an operator.
    fn named_item(&mut self, name: Name, items: &mut Vec<DomainItem>) {
        if self.eat(TokenKind::Equal) {
            let pattern = Pattern { kind: PatternKind::Name(name), span: name.span };
            let value = self.right_side();
            items.push(DomainItem::Binding(Binding { pattern, value, span: self.span_from(name.span) }));
        } else if self.expect(TokenKind::Colon) {
            let ty = self.ty();
            items.push(DomainItem::Signature(Signature { name, ty }));
            items.extend(self.body_behind_signature(name).map(DomainItem::Binding));
        }
    }

    /// `1ms : Delta`, `1ms = Millisecond 1`
    fn suffix_item(&mut self) -> Option<DomainItem> {
        let token = self.bump();
        let (_, suffix) = self.split_suffix(token);
        if self.eat(TokenKind::Colon) {
            return Some(DomainItem::SuffixSignature { suffix, ty: self.ty() });
        }
        if !self.expect(TokenKind::Equal) {
            return None;
        }
        Some(DomainItem::Suffix { suffix, value: self.section_expr() })
    }
}

/// Operators that a domain can define.
fn is_operator(kind: TokenKind) -> bool {
    use TokenKind::{Greater, GreaterEqual, Less, LessEqual, Minus, Percent, Plus, PlusPlus, Slash, Star, Times};
    matches!(kind, Plus | Minus | Star | Times | Slash | Percent | Less | LessEqual | Greater | GreaterEqual | PlusPlus)
}
