//! What other languages write differently. Each of these is wrong in AIVI whatever surrounds it, so recognising it
//! costs correct programs nothing; the report says what to write, and parsing goes on as if that stood there.

use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic, foreign};
use crate::lex::TokenKind;
use crate::syntax::ast::{ItemKind, TypeKind};

impl Parser<'_> {
    fn foreign_word(&self, words: &[&str]) -> bool {
        self.at(TokenKind::Lower) && words.contains(&self.text_of(self.token()))
    }

    /// E1509 at this word.
    fn report_word(&mut self) {
        let word = self.text_of(self.token());
        let report = Diagnostic::new(Code::E1509, self.here(), format!("AIVI has no `{word}`"));
        let help = foreign::instead_of_word(word);
        self.add(match help {
            Some(help) => report.help(help),
            None => report,
        });
    }

    /// A declaration that begins with a word of another language; `None` when none does.
    pub(super) fn foreign_declaration(&mut self) -> Option<Vec<ItemKind>> {
        let next = self.peek(1);
        let begins = !next.has_newline()
            && matches!(next.kind, TokenKind::Lower | TokenKind::Upper | TokenKind::ParenOpen | TokenKind::TextOpen);
        if !begins {
            return None;
        }
        if self.foreign_word(foreign::TYPE) && next.kind == TokenKind::Upper {
            self.report_word();
            self.bump();
            return Some(vec![self.type_decl().map_or(ItemKind::Error, ItemKind::Type)]);
        }
        if self.foreign_word(foreign::IMPORT) {
            self.report_word();
            let is_path = self.text_of(self.token()) != "from" && next.kind != TokenKind::TextOpen;
            if is_path {
                return Some(vec![self.use_item()]);
            }
        } else if self.foreign_word(foreign::LET) && self.peek(2).kind == TokenKind::Equal {
            self.report_word();
            self.bump();
            return Some(vec![ItemKind::Binding(self.binding())]);
        } else if [foreign::LET, foreign::FUNCTION, foreign::PUBLIC].iter().any(|words| self.foreign_word(words)) {
            self.report_word();
        } else {
            return None;
        }
        self.skip_item();
        Some(vec![ItemKind::Error])
    }

    /// Steps over the `let` of another language in front of a binding.
    pub(super) fn skip_foreign_let(&mut self) {
        let next = self.peek(1);
        let end = self.tokens[self.pattern_end()];
        let binds = matches!(end.kind, TokenKind::Equal | TokenKind::LeftArrow) && !end.has_newline();
        let begins = matches!(next.kind, TokenKind::Lower | TokenKind::ParenOpen | TokenKind::BraceOpen);
        if binds && begins && self.foreign_word(foreign::LET) {
            self.report_word();
            self.bump();
        }
    }

    /// `case x of` at the end of a line, where nothing but an arm of that form follows.
    pub(super) fn at_foreign_case(&self) -> bool {
        if !self.foreign_word(&["case"]) {
            return false;
        }
        let line = self.tokens[self.pos + 1..].iter().position(|token| token.has_newline());
        let Some(line) = line.filter(|length| *length > 0) else { return false };
        let (last, next) = (self.peek(line), self.pos + 1 + line);
        let is_arm = self.tokens[next..].iter().take_while(|token| token.kind != TokenKind::Eof);
        let mut arm = is_arm.skip(1).take_while(|token| !token.has_newline());
        self.text_of(last) == "of" && arm.any(|token| token.kind == TokenKind::Arrow)
    }

    /// `elif` and its like stand for the `else if` of a chain: reports it and stays there.
    pub(super) fn at_foreign_elif(&mut self) -> bool {
        let found = self.foreign_word(&["elif", "elsif", "elseif"]);
        if found {
            self.report_word();
        }
        found
    }

    /// Reports a `case … of` and skips it with the lines that can only be its arms.
    pub(super) fn skip_foreign_case(&mut self) {
        self.report_word();
        self.skip_group();
        while self.at_newline() && !self.kind().is_closer() && !self.at(TokenKind::Eof) {
            let before = self.pos;
            let line = self.tokens[before + 1..].iter().take_while(|token| !token.has_newline());
            if !line.into_iter().any(|token| token.kind == TokenKind::Arrow) || self.is_at_margin() {
                return;
            }
            self.skip_item();
        }
    }

    /// This token is the first of its line, without blanks before it.
    pub(super) fn is_at_margin(&self) -> bool {
        let start = self.token().start as usize;
        start == 0 || self.text.as_bytes()[start - 1] == b'\n'
    }

    /// Steps over `=>`. `->` in its place is reported and taken for it.
    pub(super) fn fat_arrow(&mut self) -> bool {
        if self.at(TokenKind::Arrow) {
            let report = Diagnostic::new(Code::E1501, self.here(), "expected `=>`, found `->`");
            self.add(report.help("functions and arms are written with `=>`; `->` stands in types"));
            self.bump();
            return true;
        }
        self.eat(TokenKind::FatArrow)
    }

    /// Steps over `->` in a type. `=>` in its place is reported and taken for it.
    pub(super) fn type_arrow(&mut self) -> bool {
        if self.at(TokenKind::FatArrow) {
            let report = Diagnostic::new(Code::E1501, self.here(), "expected `->`, found `=>`");
            self.add(report.help("types of functions are written with `->`; `=>` stands in functions"));
            self.bump();
            return true;
        }
        self.eat(TokenKind::Arrow)
    }

    /// Behind an infix operator: the rest of `===`, `!==`, `+=`, `/=` and the like is reported and stepped over.
    pub(super) fn skip_foreign_operator(&mut self) {
        let touches = self.pos > 0 && self.is_glued();
        let (before, here) = (self.tokens[self.pos.saturating_sub(1)], self.token());
        let help = match (before.kind, here.kind) {
            _ if !touches => return,
            (TokenKind::EqualEqual, TokenKind::Equal) => "two values are compared with `==`",
            (TokenKind::NotEqual, TokenKind::Equal) | (TokenKind::Less, TokenKind::Greater) => {
                "whether two values differ is told by `!=`"
            }
            (TokenKind::Slash, TokenKind::Equal) if !self.in_statement_head() => {
                "whether two values differ is told by `!=`"
            }
            (
                TokenKind::Plus | TokenKind::Minus | TokenKind::Star | TokenKind::Slash | TokenKind::Percent,
                TokenKind::Equal,
            ) => "values do not change: bind a new one, `y = x + 1`, or let a `loop` carry it along",
            (TokenKind::Star, TokenKind::Star) => "there is no operator for powers; `pow` of `aivi.math` computes them",
            _ => return,
        };
        let operator = &self.text[before.start as usize..here.end as usize];
        let span = self.span_of(before).to(self.here());
        let report = Diagnostic::new(Code::E1509, span, format!("AIVI has no `{operator}`"));
        self.add(report.help(help));
        self.bump();
    }

    /// The operator before this token is the second token of its item: `x /= 2`.
    fn in_statement_head(&self) -> bool {
        self.pos >= 2 && self.tokens[self.pos - 2].has_newline()
    }

    /// `name : Type` in a block, where no signature can stand: reports it and steps over it.
    pub(super) fn skip_local_signature(&mut self) {
        let name = self.text_of(self.token());
        let message = format!("the signature of `{name}` stands in a block, but signatures stand at top level only");
        let report = Diagnostic::new(Code::E1529, self.here(), message);
        self.add(report.help("leave it out: types of local names are inferred"));
        self.bump();
        self.bump();
        let is_type = !matches!(self.ty().kind, TypeKind::Error);
        if !is_type && !self.at(TokenKind::Equal) {
            self.skip_group();
        }
    }
}
