//! The parser's state: where it is in the tokens, what it knows about the context, what it has reported.

use crate::diagnostic::{Code, Diagnostic};
use crate::lex::{Lexed, Token, TokenKind};
use crate::syntax::ast::Name;
use crate::syntax::{FileId, Interner, Span};

use super::arms::ArmLists;

pub(super) struct Parser<'a> {
    file: FileId,
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pairs: &'a [u32],
    pub(super) pos: usize,
    pub(super) interner: &'a mut Interner,
    /// Where the innermost item began that is being parsed, or the last one that has been.
    item_start: usize,
    diagnostics: Vec<Diagnostic>,
    /// Where the last mistake of the parser was reported; a second one at the same token would be its echo.
    last_report: Option<usize>,
    /// Directly inside of parentheses, where newlines mean nothing.
    pub(super) in_parens: bool,
    /// How deep the parser has recursed, see `limits`.
    pub(super) depth: u32,
    /// This declaration is nested too deeply; that is the only report about the rest of it.
    pub(super) is_too_deep: bool,
    /// How high the tree on this level is, see `limits`.
    pub(super) height: u32,
    /// Lists that a `|` may belong to.
    pub(super) arm_lists: ArmLists,
    /// `_` that no section has claimed yet, see `section`.
    pub(super) placeholders: Vec<Span>,
}

impl<'a> Parser<'a> {
    pub(super) fn new(file: FileId, text: &'a str, lexed: &'a Lexed, interner: &'a mut Interner) -> Self {
        Parser {
            file,
            text,
            tokens: &lexed.tokens,
            pairs: &lexed.pairs,
            pos: 0,
            interner,
            item_start: 0,
            diagnostics: Vec::new(),
            last_report: None,
            in_parens: false,
            depth: 0,
            is_too_deep: false,
            height: 0,
            arm_lists: ArmLists::default(),
            placeholders: Vec::new(),
        }
    }

    pub(super) fn finish(self) -> Vec<Diagnostic> {
        self.diagnostics
    }

    // Reading.

    pub(super) fn token(&self) -> Token {
        self.tokens[self.pos]
    }

    pub(super) fn kind(&self) -> TokenKind {
        self.token().kind
    }

    /// The token `ahead` of this one; `Eof` goes on for ever.
    pub(super) fn peek(&self, ahead: usize) -> Token {
        self.tokens[(self.pos + ahead).min(self.tokens.len() - 1)]
    }

    pub(super) fn at(&self, kind: TokenKind) -> bool {
        self.kind() == kind
    }

    /// A newline that means something stands before this token.
    pub(super) fn at_newline(&self) -> bool {
        self.token().has_newline() && !self.in_parens
    }

    /// This token touches the one before.
    pub(super) fn is_glued(&self) -> bool {
        !self.token().has_blank()
    }

    /// The index of the partner of the bracket at `index`.
    pub(super) fn partner(&self, index: usize) -> usize {
        self.pairs[index] as usize
    }

    /// Steps over this token; `Eof` stays.
    pub(super) fn bump(&mut self) -> Token {
        let token = self.token();
        if token.kind != TokenKind::Eof {
            self.pos += 1;
        }
        token
    }

    pub(super) fn eat(&mut self, kind: TokenKind) -> bool {
        let found = self.at(kind);
        if found {
            self.bump();
        }
        found
    }

    /// An item of a file, a block or a list begins here. Gives its position.
    pub(super) fn start_item(&mut self) -> usize {
        self.item_start = self.pos;
        self.pos
    }

    /// Steps over `kind`, or reports that it is missing.
    pub(super) fn expect(&mut self, kind: TokenKind) -> bool {
        let found = self.eat(kind);
        if !found {
            let code = if kind.is_keyword() { Code::E1500 } else { Code::E1501 };
            self.unexpected(code, kind.describe());
        }
        found
    }

    // Places and names.

    pub(super) fn span_of(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }

    /// The place of this token.
    pub(super) fn here(&self) -> Span {
        self.span_of(self.token())
    }

    /// From `start` to the end of what was read last.
    pub(super) fn span_from(&self, start: Span) -> Span {
        let end = self.tokens[self.pos.saturating_sub(1)].end;
        Span { end: end.max(start.start), ..start }
    }

    pub(super) fn text_of(&self, token: Token) -> &'a str {
        token.text(self.text)
    }

    /// Steps over this token, which is a name.
    pub(super) fn name(&mut self) -> Name {
        let token = self.bump();
        self.name_of(token)
    }

    pub(super) fn name_of(&mut self, token: Token) -> Name {
        Name { symbol: self.interner.intern(token.text(self.text)), span: self.span_of(token) }
    }

    // Reporting.

    /// Reports, unless something was reported at this very token before.
    pub(super) fn report(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.add(Diagnostic::new(code, span, message));
    }

    /// Reports, unless something was reported at this very token before, or the declaration is given up.
    pub(super) fn add(&mut self, diagnostic: Diagnostic) {
        let is_echo = self.last_report.replace(self.pos) == Some(self.pos);
        if !is_echo && !self.is_too_deep {
            self.diagnostics.push(diagnostic);
        }
    }

    /// Reports that this token is not what should stand here.
    pub(super) fn unexpected(&mut self, code: Code, expected: &str) {
        let report = self.unexpected_report(code, expected);
        self.add(report);
    }

    /// The report of that, to which more can be added.
    pub(super) fn unexpected_report(&self, code: Code, expected: &str) -> Diagnostic {
        if self.at(TokenKind::LeftArrow) {
            let message = "`<-` stands in `do`, `generate` and `resource` blocks only";
            return Diagnostic::new(Code::E1536, self.here(), message)
                .help("run the effect in `do Effect { … }`, or bind a value with `=`");
        }
        let (span, found) = if self.at_missing_rest() {
            let before = self.span_of(self.tokens[self.pos - 1]).after();
            (before, if self.at(TokenKind::Eof) { "the end of the file" } else { "the end of the line" }.into())
        } else {
            (self.here(), self.describe())
        };
        let report = Diagnostic::new(code, span, format!("expected {expected}, found {found}"));
        match self.kind() {
            TokenKind::FatArrow => report.help("a function as an argument stands in parentheses: `f (x => …)`"),
            TokenKind::Use | TokenKind::Export | TokenKind::Module | TokenKind::Domain | TokenKind::Opaque => {
                report.help(format!("{} stands at top level only", self.kind().describe()))
            }
            kind if kind.only_leads() => report.help("a keyword cannot be a name"),
            _ => report,
        }
    }

    /// The line before should have gone on, as this token begins something else.
    fn at_missing_rest(&self) -> bool {
        let kind = self.kind();
        let begins_something = self.token().has_newline()
            && !self.in_parens
            && !kind.continues_line()
            && !kind.is_closer()
            && kind != TokenKind::Bar;
        self.pos > 0 && (kind == TokenKind::Eof || (begins_something && self.pos != self.item_start))
    }

    /// A binding or a signature begins on this line, where an operand was expected.
    pub(super) fn at_next_binding(&self) -> bool {
        if !self.at_newline() || self.pos == self.item_start {
            return false;
        }
        let end = self.pattern_end();
        let binds = matches!(self.tokens[end].kind, TokenKind::Equal | TokenKind::LeftArrow)
            || (end == self.pos + 1 && self.tokens[end].kind == TokenKind::Colon);
        end > self.pos && binds
    }

    /// How a message names this token.
    pub(super) fn describe(&self) -> String {
        let token = self.token();
        match token.kind {
            TokenKind::Lower | TokenKind::Upper | TokenKind::Int | TokenKind::Float | TokenKind::Suffixed => {
                format!("`{}`", self.text_of(token))
            }
            kind if kind.is_keyword() => format!("the keyword {}", kind.describe()),
            kind => kind.describe().into(),
        }
    }

    // Going on behind a mistake.

    /// Skips the item that begins here, at least one token of it.
    pub(super) fn skip_item(&mut self) {
        if !self.kind().is_closer() {
            self.skip_one();
        }
        self.skip_group();
    }

    /// Skips to the end of the innermost bracket, or of the item where newlines mean something.
    pub(super) fn skip_group(&mut self) {
        while !self.at_end_of_item() {
            self.skip_one();
        }
    }

    /// Steps over a token, or over a whole bracketed group.
    pub(super) fn skip_one(&mut self) {
        if self.kind().closer().is_some() {
            self.pos = self.partner(self.pos);
        }
        self.bump();
    }

    /// Nothing that belongs to the item before can follow: a closing bracket, the end, or a newline that ends items.
    pub(super) fn at_end_of_item(&self) -> bool {
        let kind = self.kind();
        let continued = || kind.continues_line() || kind == TokenKind::Bar || self.is_continued_behind();
        kind == TokenKind::Eof || kind.is_closer() || (self.at_newline() && !continued())
    }

    fn is_continued_behind(&self) -> bool {
        self.pos > 0 && self.tokens[self.pos - 1].kind.continues_behind()
    }
}
