//! Records and patches.

use std::collections::HashSet;

use super::cursor::Parser;
use crate::diagnostic::Code;
use crate::lex::TokenKind;
use crate::syntax::Symbol;
use crate::syntax::ast::{ExprKind, Name, PatchAction, PatchItem, PatchSegment, RecordItem};

impl Parser<'_> {
    /// The `{` here starts a record and not a block.
    pub(super) fn at_record(&self) -> bool {
        match self.peek(1).kind {
            TokenKind::Ellipsis => true,
            kind => (kind == TokenKind::Lower || kind.is_keyword()) && self.peek(2).kind == TokenKind::Colon,
        }
    }

    pub(super) fn record_items(&mut self) -> Vec<RecordItem> {
        let mut seen = HashSet::new();
        self.separated(|parser| parser.record_item(&mut seen))
    }

    /// `name: e`, `...e`
    fn record_item(&mut self, seen: &mut HashSet<Symbol>) -> RecordItem {
        if self.eat(TokenKind::Ellipsis) {
            return RecordItem::Spread(self.section_expr());
        }
        let Some(name) = self.field_name() else { return RecordItem::Spread(self.error_expr()) };
        self.check_repeated(name, seen);
        if self.expect_field_colon(name) {
            return RecordItem::Field(name, self.section_expr());
        }
        RecordItem::Field(name, self.error_expr())
    }

    /// A field's name; a keyword in its place is reported and taken for one.
    pub(super) fn field_name(&mut self) -> Option<Name> {
        if self.at(TokenKind::Lower) {
            return Some(self.name());
        }
        if self.kind().is_keyword() && self.peek(1).kind == TokenKind::Colon {
            let message = format!("{} cannot name a field", self.describe());
            self.report(Code::E1525, self.here(), message);
            return Some(self.name());
        }
        self.unexpected(Code::E1525, "a field");
        None
    }

    pub(super) fn check_repeated(&mut self, name: Name, seen: &mut HashSet<Symbol>) {
        if !seen.insert(name.symbol) {
            let message = format!("field `{}` is given twice", self.interner.text(name.symbol));
            self.report(Code::E1526, name.span, message);
        }
    }

    /// The `:` behind the field `name`.
    pub(super) fn expect_field_colon(&mut self, name: Name) -> bool {
        let found = self.eat(TokenKind::Colon);
        if !found {
            let text = self.interner.text(name.symbol).to_owned();
            self.report(Code::E1527, name.span, format!("field `{text}` has no value, expected `{text}: …`"));
        }
        found
    }

    /// `patch { … }`
    pub(super) fn patch_function(&mut self) -> ExprKind {
        self.bump();
        ExprKind::PatchFunction(self.patch_items())
    }

    /// `{ path: instruction, … }`
    pub(super) fn patch_items(&mut self) -> Vec<PatchItem> {
        if self.at(TokenKind::BraceOpen) {
            return self.separated(Parser::patch_item);
        }
        self.unexpected(Code::E1501, "`{`");
        Vec::new()
    }

    fn patch_item(&mut self) -> PatchItem {
        let start = self.here();
        let path = self.patch_path();
        let action = if self.at(TokenKind::Colon) || self.at(TokenKind::ColonEqual) {
            self.patch_action()
        } else {
            match path.last() {
                Some(PatchSegment::Name(name)) => _ = self.expect_field_colon(*name),
                _ => _ = self.expect(TokenKind::Colon),
            }
            PatchAction::Store(self.error_expr())
        };
        PatchItem { path, action, span: self.span_from(start) }
    }

    /// `: e`, `: := e`, `: -`; the colon before `:=` may be left out.
    fn patch_action(&mut self) -> PatchAction {
        self.eat(TokenKind::Colon);
        if self.eat(TokenKind::ColonEqual) {
            return PatchAction::Store(self.section_expr());
        }
        if self.at(TokenKind::Minus) {
            let next = self.peek(1);
            if next.kind == TokenKind::Comma || next.kind.is_closer() || next.has_newline() {
                self.bump();
                return PatchAction::Remove;
            }
        }
        PatchAction::Apply(self.section_expr())
    }

    /// `a.b`, `xs[*].f`, `Some.name`
    fn patch_path(&mut self) -> Vec<PatchSegment> {
        let mut path = Vec::new();
        loop {
            match self.kind() {
                TokenKind::Lower | TokenKind::Upper => path.push(PatchSegment::Name(self.name())),
                TokenKind::BracketOpen => path.push(self.patch_index()),
                _ if path.is_empty() => {
                    path.extend(self.field_name().map(PatchSegment::Name));
                    return path;
                }
                _ => {
                    self.unexpected(Code::E1525, "a field");
                    return path;
                }
            }
            let goes_on = self.eat(TokenKind::Dot) || (self.at(TokenKind::BracketOpen) && !self.at_newline());
            if !goes_on {
                return path;
            }
        }
    }

    /// `[*]`, `[e]`
    fn patch_index(&mut self) -> PatchSegment {
        let start = self.here();
        if self.peek(1).kind == TokenKind::Star && self.peek(2).kind == TokenKind::BracketClose {
            self.skip_one();
            return PatchSegment::Every(self.span_from(start));
        }
        PatchSegment::Index(self.bracketed(Parser::expr))
    }
}
