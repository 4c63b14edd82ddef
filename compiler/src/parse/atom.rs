//! Atoms and what may be glued to them.

use super::cursor::Parser;
use super::operator;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::text::{strip_margin, unescape};
use crate::lex::{Token, TokenKind};
use crate::syntax::Span;
use crate::syntax::ast::{Expr, ExprKind, Name, Number, TextPart};

impl Parser<'_> {
    /// An operand can start here.
    pub(super) fn starts_atom(&self) -> bool {
        use TokenKind::{
            BraceOpen, BracketOpen, Char, Do, Dot, Float, Generate, Int, Lower, ParenOpen, Patch, Resource, Sigil,
            Suffixed, TextOpen, TildeMap, TildeSet, Underscore, Upper,
        };
        matches!(
            self.kind(),
            Lower
                | Upper
                | Underscore
                | Int
                | Float
                | Suffixed
                | Char
                | TextOpen
                | Sigil
                | TildeMap
                | TildeSet
                | ParenOpen
                | BracketOpen
                | BraceOpen
                | Dot
                | Do
                | Generate
                | Resource
                | Patch
        )
    }

    /// `a.b[i].c`
    pub(super) fn postfix(&mut self) -> Expr {
        let mut expr = self.atom();
        while self.is_glued() {
            let start = expr.span;
            let kind = match self.kind() {
                TokenKind::Dot if matches!(self.peek(1).kind, TokenKind::Lower | TokenKind::Upper) => {
                    self.bump();
                    ExprKind::Field { base: Box::new(expr), name: self.name() }
                }
                TokenKind::BracketOpen => {
                    let index = self.bracketed(Parser::expr);
                    ExprKind::Index { base: Box::new(expr), index: Box::new(index) }
                }
                TokenKind::Lower | TokenKind::Percent if matches!(expr.kind, ExprKind::Paren(_)) => {
                    ExprKind::SuffixApply { value: Box::new(expr), suffix: self.name() }
                }
                _ => break,
            };
            if !self.link() {
                return self.error_expr();
            }
            expr = Expr { kind, span: self.span_from(start) };
        }
        expr
    }

    fn atom(&mut self) -> Expr {
        let start = self.here();
        let kind = match self.kind() {
            _ if self.at_next_binding() => self.no_atom(),
            TokenKind::Lower => ExprKind::Name(self.name()),
            TokenKind::Upper => self.qualified(),
            TokenKind::Int => ExprKind::Int(self.int()),
            TokenKind::Float => ExprKind::Float(self.float()),
            TokenKind::Suffixed => self.suffixed(),
            TokenKind::Char => ExprKind::Char(self.char()),
            TokenKind::TextOpen => ExprKind::Text(self.text_parts()),
            TokenKind::Sigil => self.sigil(),
            TokenKind::Underscore => self.placeholder(),
            TokenKind::Dot => self.accessor(),
            TokenKind::ParenOpen => self.parens(),
            TokenKind::BracketOpen => ExprKind::List(self.list_items()),
            TokenKind::BraceOpen if self.at_record() => ExprKind::Record(self.record_items()),
            TokenKind::BraceOpen => ExprKind::Block(self.block()),
            TokenKind::Do => self.do_block(),
            TokenKind::Generate => self.generate_block(),
            TokenKind::Resource => self.resource_block(),
            TokenKind::Patch => self.patch_function(),
            TokenKind::TildeMap => self.map_literal(),
            TokenKind::TildeSet => self.set_literal(),
            _ => self.no_atom(),
        };
        Expr { kind, span: self.span_from(start) }
    }

    /// Reports that there is no expression. Tokens that nobody else waits for are stepped over.
    fn no_atom(&mut self) -> ExprKind {
        match self.kind() {
            TokenKind::Yield => {
                let message = "`yield` is a statement of `generate` and `resource` blocks";
                self.report(Code::E1534, self.here(), message);
                self.bump();
                self.expr();
            }
            TokenKind::Loop => {
                self.report(Code::E1533, self.here(), "`loop` is a statement of `do Effect` and `generate` blocks");
                self.skip_group();
            }
            TokenKind::Match => {
                let report =
                    Diagnostic::new(Code::E1502, self.here(), "the value stands before `match`, found nothing");
                self.add(report.help("write `value match`, then the arms: `| pattern => result`"));
                self.skip_group();
            }
            TokenKind::If | TokenKind::Recurse => {
                let message = format!("{} needs parentheses here", self.kind().describe());
                self.report(Code::E1502, self.here(), message);
                self.expr();
            }
            kind if operator::infix(kind).is_some() && self.peek(1).kind == TokenKind::ParenClose => {
                let symbol = self.text_of(self.token());
                let report = self.unexpected_report(Code::E1502, "an expression");
                self.add(report.help(format!("an operator is no value: write a function, `a b => a {symbol} b`")));
                self.bump();
            }
            _ => self.unexpected(Code::E1502, "an expression"),
        }
        ExprKind::Error
    }

    /// `Name`, `A.B.c`
    fn qualified(&mut self) -> ExprKind {
        let mut names = vec![self.name()];
        let mut ended = false;
        while !ended && self.at(TokenKind::Dot) && self.is_glued() {
            ended = match self.peek(1).kind {
                TokenKind::Upper => false,
                TokenKind::Lower => true,
                _ => break,
            };
            self.bump();
            names.push(self.name());
        }
        if let [name] = names[..] { ExprKind::Name(name) } else { ExprKind::Qualified(names) }
    }

    /// Steps over an integer. A too large one was reported by the lexer.
    pub(super) fn int(&mut self) -> i64 {
        let token = self.bump();
        self.text_of(token).parse().unwrap_or(i64::MAX)
    }

    /// Steps over a decimal number.
    pub(super) fn float(&mut self) -> f64 {
        let token = self.bump();
        self.text_of(token).parse().unwrap_or(f64::NAN)
    }

    /// `500ms`
    fn suffixed(&mut self) -> ExprKind {
        let token = self.bump();
        let (number, suffix) = self.split_suffix(token);
        ExprKind::Suffixed { number, suffix }
    }

    /// The number and the suffix of a token of both.
    pub(super) fn split_suffix(&mut self, token: Token) -> (Number, Name) {
        let text = self.text_of(token);
        let is_number = |c: char| c.is_ascii_digit() || c == '.' || c == '-';
        let length = text.find(|c| !is_number(c)).unwrap_or(text.len());
        let (digits, suffix) = text.split_at(length);
        let number = match digits.parse() {
            Ok(int) => Number::Int(int),
            Err(_) if digits.contains('.') => Number::Float(digits.parse().unwrap_or(f64::NAN)),
            Err(_) => Number::Int(i64::MAX),
        };
        let span = self.span_of(token);
        let span = Span { start: span.end - u32::try_from(suffix.len()).unwrap_or(0), ..span };
        (number, Name { symbol: self.interner.intern(suffix), span })
    }

    /// Steps over a character. What is wrong with it was reported by the lexer.
    pub(super) fn char(&mut self) -> char {
        let token = self.bump();
        let raw = self.text_of(token).trim_start_matches('\'');
        unescape(raw).chars().next().unwrap_or('\'')
    }

    fn text_parts(&mut self) -> Vec<TextPart> {
        let close = self.partner(self.pos);
        let mut parts = Vec::new();
        self.bump();
        while self.pos < close {
            if self.at(TokenKind::TextChunk) {
                let token = self.bump();
                parts.push(TextPart::Literal(unescape(self.text_of(token))));
            } else {
                parts.push(TextPart::Hole(self.bracketed(Parser::expr)));
            }
        }
        self.bump();
        parts
    }

    fn sigil(&mut self) -> ExprKind {
        let token = self.bump();
        let raw = &self.text_of(token)[1..];
        let length = raw.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(raw.len());
        let name = (length > 0).then(|| {
            let start = token.start + 1;
            let end = start + u32::try_from(length).unwrap_or(0);
            let span = Span { start, end, ..self.span_of(token) };
            Name { symbol: self.interner.intern(&raw[..length]), span }
        });
        let body = raw.get(length + 1..).unwrap_or("");
        let body = body.strip_suffix(['`', '/', ')', ']', '}']).unwrap_or(body);
        let body = if name.is_none() { strip_margin(body).into_owned() } else { body.to_owned() };
        ExprKind::Sigil { name, body }
    }

    fn placeholder(&mut self) -> ExprKind {
        self.placeholders.push(self.here());
        self.bump();
        ExprKind::Placeholder
    }

    /// `.name`
    fn accessor(&mut self) -> ExprKind {
        self.bump();
        if self.at(TokenKind::Lower) && self.is_glued() {
            return ExprKind::Accessor(self.name());
        }
        let report = self.unexpected_report(Code::E1502, "a field name behind `.`");
        self.add(match self.kind() {
            TokenKind::Int => report.help("a tuple is taken apart by a pattern: `(first, second) = pair`"),
            _ => report,
        });
        ExprKind::Error
    }

    /// `()`, `(e)`, `(a, b)`
    fn parens(&mut self) -> ExprKind {
        let mark = self.mark();
        let mut items = self.parenthesised(|parser| {
            let item = parser.expr();
            parser.reject_guard();
            item
        });
        match items.len() {
            0 => ExprKind::Unit,
            1 => {
                let inner = items.remove(0);
                ExprKind::Paren(Box::new(self.section(mark, inner)))
            }
            _ => {
                let span = items[0].span;
                let tuple = Expr { kind: ExprKind::Tuple(items), span };
                self.section(mark, tuple).kind
            }
        }
    }
}
