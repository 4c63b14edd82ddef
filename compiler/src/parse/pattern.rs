//! Patterns.

use super::cursor::Parser;
use crate::diagnostic::Code;
use crate::lex::TokenKind;
use crate::lex::text::unescape;
use crate::syntax::ast::{FieldPattern, FieldPatternKind, Name, Pattern, PatternKind};

impl Parser<'_> {
    /// A pattern; a constructor takes the atoms that follow.
    pub(super) fn pattern(&mut self) -> Pattern {
        let Some(level) = self.enter() else { return self.error_pattern() };
        let pattern = match self.kind() {
            TokenKind::Lower if self.peek(1).kind == TokenKind::As => self.as_pattern(Parser::pattern),
            _ if self.at_constructor() => self.constructor_pattern(true),
            _ => self.pattern_atom(),
        };
        self.leave(level);
        pattern
    }

    /// A pattern that can be an argument or a parameter.
    pub(super) fn pattern_atom(&mut self) -> Pattern {
        let Some(level) = self.enter() else { return self.error_pattern() };
        let start = self.here();
        let pattern = match self.kind() {
            TokenKind::Lower if self.peek(1).kind == TokenKind::As => self.as_pattern(Parser::pattern_atom),
            _ if self.at_constructor() => self.constructor_pattern(false),
            _ => {
                let kind = self.pattern_kind();
                Pattern { kind, span: self.span_from(start) }
            }
        };
        self.leave(level);
        pattern
    }

    fn error_pattern(&self) -> Pattern {
        Pattern { kind: PatternKind::Error, span: self.here() }
    }

    fn pattern_kind(&mut self) -> PatternKind {
        match self.kind() {
            TokenKind::Underscore => {
                self.bump();
                PatternKind::Wildcard
            }
            TokenKind::Lower => PatternKind::Name(self.name()),
            TokenKind::Int => PatternKind::Int(self.int()),
            TokenKind::Minus if self.peek(1).kind == TokenKind::Int => {
                self.bump();
                PatternKind::Int(self.int().wrapping_neg())
            }
            TokenKind::Float => PatternKind::Float(self.float()),
            TokenKind::Char => PatternKind::Char(self.char()),
            TokenKind::TextOpen => self.text_pattern(),
            TokenKind::ParenOpen => self.parens_pattern(),
            TokenKind::BracketOpen => self.list_pattern(),
            TokenKind::BraceOpen => PatternKind::Record(self.separated(Parser::field_pattern)),
            _ => {
                self.unexpected(Code::E1503, "a pattern");
                PatternKind::Error
            }
        }
    }

    /// `name as pattern`
    fn as_pattern(&mut self, inner: impl FnOnce(&mut Self) -> Pattern) -> Pattern {
        let start = self.here();
        let name = self.name();
        self.bump();
        let inner = Box::new(inner(self));
        Pattern { kind: PatternKind::As(name, inner), span: self.span_from(start) }
    }

    /// `Name` or `q.Name` follows.
    fn at_constructor(&self) -> bool {
        let mut ahead = 0;
        while self.peek(ahead).kind == TokenKind::Lower
            && self.peek(ahead + 1).kind == TokenKind::Dot
            && !self.peek(ahead + 1).has_blank()
        {
            ahead += 2;
        }
        self.peek(ahead).kind == TokenKind::Upper
    }

    fn constructor_pattern(&mut self, with_arguments: bool) -> Pattern {
        let start = self.here();
        let mut qualifier = Vec::new();
        let mut name = self.name();
        while self.at(TokenKind::Dot) && self.is_glued() {
            if !matches!(self.peek(1).kind, TokenKind::Upper | TokenKind::Lower) {
                break;
            }
            self.bump();
            qualifier.push(std::mem::replace(&mut name, self.name_of(self.token())));
            self.bump();
        }
        let mut arguments = Vec::new();
        while with_arguments && self.starts_pattern_atom() && !self.at_newline() {
            arguments.push(self.pattern_atom());
        }
        let kind = PatternKind::Constructor { qualifier, name, arguments };
        Pattern { kind, span: self.span_from(start) }
    }

    fn starts_pattern_atom(&self) -> bool {
        use TokenKind::{
            BraceOpen, BracketOpen, Char, Float, Int, Lower, Minus, ParenOpen, TextOpen, Underscore, Upper,
        };
        match self.kind() {
            Minus => self.peek(1).kind == Int,
            kind => matches!(
                kind,
                Underscore | Lower | Upper | Int | Float | Char | TextOpen | ParenOpen | BracketOpen | BraceOpen
            ),
        }
    }

    fn text_pattern(&mut self) -> PatternKind {
        let close = self.partner(self.pos);
        self.bump();
        let mut text = String::new();
        while self.pos < close {
            if self.at(TokenKind::TextChunk) {
                let token = self.bump();
                text.push_str(&unescape(self.text_of(token)));
            } else {
                self.report(Code::E1503, self.here(), "a text in a pattern has no holes; write `\\{` for a brace");
                self.skip_one();
            }
        }
        self.bump();
        PatternKind::Text(text)
    }

    /// `()`, `(p)`, `(p, q)`
    fn parens_pattern(&mut self) -> PatternKind {
        let mut items = self.parenthesised(Parser::pattern);
        match items.len() {
            0 => PatternKind::Unit,
            1 => items.remove(0).kind,
            _ => PatternKind::Tuple(items),
        }
    }

    /// `[a, b]`, `[a, ...rest]`
    fn list_pattern(&mut self) -> PatternKind {
        let mut rest: Option<Option<Name>> = None;
        let items = self.separated(|parser| {
            if rest.is_some() {
                parser.report(Code::E1503, parser.here(), "nothing can follow `...` in a list pattern");
            }
            let item = (!parser.at(TokenKind::Ellipsis)).then(|| parser.pattern());
            if parser.eat(TokenKind::Ellipsis) {
                rest = Some(parser.rest_name());
            }
            item
        });
        PatternKind::List { items: items.into_iter().flatten().collect(), rest }
    }

    /// What stands behind `...`: a name, `_`, or nothing.
    fn rest_name(&mut self) -> Option<Name> {
        if self.at(TokenKind::Lower) {
            return Some(self.name());
        }
        self.eat(TokenKind::Underscore);
        None
    }

    fn no_field(&mut self) {
        if self.at(TokenKind::Ellipsis) {
            let message = "a record pattern has no `...`, it may leave fields out";
            self.report(Code::E1537, self.here(), message);
        } else {
            self.unexpected(Code::E1538, "a field");
        }
    }

    /// `a`, `a.b`, `a: p`, `a as p`
    fn field_pattern(&mut self) -> FieldPattern {
        let mut path = Vec::new();
        loop {
            if !self.at(TokenKind::Lower) {
                self.no_field();
                if path.is_empty() {
                    path.push(self.name_of(self.token()));
                }
                return FieldPattern { path, kind: FieldPatternKind::Match(self.error_pattern()) };
            }
            path.push(self.name());
            if !self.eat(TokenKind::Dot) {
                break;
            }
        }
        let kind = if self.eat(TokenKind::Colon) {
            FieldPatternKind::Match(self.pattern())
        } else if self.eat(TokenKind::As) {
            FieldPatternKind::BindAndMatch(self.pattern())
        } else {
            FieldPatternKind::Bind
        };
        FieldPattern { path, kind }
    }
}
