//! Brackets and their partners.
//!
//! The common case is one pass that finds every partner. Only when that fails is the token list repaired: wrong closing
//! brackets are dropped or replaced, missing ones are put in where a declaration starts at the left margin or where an
//! outer bracket closes. Looking at the margin is a guess that is never made about a well-formed file.

use super::scan::offset;
use super::{Lexed, Token, TokenKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{FileId, Span};

/// How many tokens are looked at to guess what a wrong bracket was meant for. Arbitrary, longer than most declarations.
const LOOK_AHEAD: usize = 1000;

/// Fills in `pairs`, repairing `tokens` first where that is needed.
pub(super) fn pair(file: FileId, text: &str, lexed: &mut Lexed) {
    if let Some(pairs) = partners(&lexed.tokens) {
        lexed.pairs = pairs;
        return;
    }
    let mut repair =
        Repair { file, text, out: Vec::with_capacity(lexed.tokens.len()), open: Vec::new(), reports: Vec::new() };
    repair.run(&lexed.tokens);
    lexed.pairs = partners(&repair.out).expect("repaired");
    lexed.tokens = repair.out;
    lexed.diagnostics.append(&mut repair.reports);
}

/// The partner of each bracket, `None` when some have none.
fn partners(tokens: &[Token]) -> Option<Vec<u32>> {
    let mut pairs = vec![0; tokens.len()];
    let mut open: Vec<(TokenKind, usize)> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if let Some(closer) = token.kind.closer() {
            open.push((closer, at));
        } else if token.kind.is_closer() {
            let (closer, opener) = open.pop()?;
            if closer != token.kind {
                return None;
            }
            pairs[opener] = offset(at);
            pairs[at] = offset(opener);
        }
    }
    open.is_empty().then_some(pairs)
}

struct Repair<'a> {
    file: FileId,
    text: &'a str,
    out: Vec<Token>,
    /// Opening tokens without partner yet.
    open: Vec<Token>,
    reports: Vec<Diagnostic>,
}

impl Repair<'_> {
    fn run(&mut self, tokens: &[Token]) {
        for (at, token) in tokens.iter().enumerate() {
            if token.kind == TokenKind::Eof || (!self.open.is_empty() && self.starts_declaration(&tokens[at..])) {
                self.close_all(*token);
            }
            if token.kind.is_closer() {
                self.close(*token, &tokens[at + 1..]);
            } else {
                if token.kind.closer().is_some() {
                    self.open.push(*token);
                }
                self.out.push(*token);
            }
        }
    }

    /// A token at the left margin that can only start a declaration.
    fn starts_declaration(&self, tokens: &[Token]) -> bool {
        use TokenKind::{At, Class, Colon, Domain, Equal, Export, Instance, Lower, Module, Opaque, Upper, Use};
        let [token, next, ..] = tokens else { return false };
        let at_margin =
            token.has_newline() && (token.start == 0 || self.text.as_bytes()[token.start as usize - 1] == b'\n');
        let declares = match token.kind {
            Lower => matches!(next.kind, Colon | Equal),
            Upper => next.kind == Equal,
            kind => matches!(kind, At | Class | Domain | Export | Instance | Module | Opaque | Use),
        };
        at_margin && declares
    }

    /// The closer of `open` still comes before the next declaration, so that another one here is just too many.
    fn closes_later(&self, open: Token, rest: &[Token]) -> bool {
        let mut depth = 0_usize;
        for (at, token) in rest.iter().enumerate().take(LOOK_AHEAD) {
            if self.starts_declaration(&rest[at..]) {
                return false;
            }
            if token.kind == open.kind {
                depth += 1;
            } else if Some(token.kind) == open.kind.closer() {
                if depth == 0 {
                    return true;
                }
                depth -= 1;
            }
        }
        false
    }

    /// Takes a closing token, which `rest` follows.
    fn close(&mut self, token: Token, rest: &[Token]) {
        let expected = self.open.last().and_then(|open| open.kind.closer());
        if expected == Some(token.kind) {
            self.open.pop();
            self.out.push(token);
            return;
        }
        // Texts and holes are balanced by the lexer, so a bracket reaches no further out than to the innermost hole.
        let wall = |kind: TokenKind| matches!(kind, TokenKind::HoleOpen | TokenKind::TextOpen);
        let reach = if matches!(token.kind, TokenKind::HoleClose | TokenKind::TextClose) {
            0
        } else {
            self.open.iter().rposition(|open| wall(open.kind)).map_or(0, |at| at + 1)
        };
        if let Some(depth) = self.open[reach..].iter().rposition(|open| open.kind.closer() == Some(token.kind)) {
            let reports = self.reports.len();
            while self.open.len() > reach + depth + 1 {
                let label = (self.span(token), format!("{} closes something further out", token.kind.describe()));
                self.insert_closer(Some(label));
            }
            if token.start == token.end {
                // A text that is not closed; the lexer has said so.
                self.reports.truncate(reports);
            }
            self.open.pop();
            self.out.push(token);
        } else if let Some(open) = self.open[reach..].last().copied()
            && !self.closes_later(open, rest)
        {
            let closer = open.kind.closer().expect("only opening tokens are open");
            let message = format!("expected {}, found {}", closer.describe(), token.kind.describe());
            let label = format!("{} opens here", open.kind.describe());
            self.reports.push(Diagnostic::new(Code::E1003, self.span(token), message).label(self.span(open), label));
            self.open.pop();
            self.out.push(Token { kind: closer, ..token });
        } else {
            let message = format!("{} closes nothing", token.kind.describe());
            self.reports.push(Diagnostic::new(Code::E1003, self.span(token), message));
        }
    }

    /// Closes everything, reporting the innermost bracket only: one missing bracket is the common mistake.
    fn close_all(&mut self, next: Token) {
        let label = (self.span(next), "the next declaration begins here".to_owned());
        self.insert_closer(Some(label).filter(|_| next.kind != TokenKind::Eof));
        let reports = self.reports.len();
        while !self.open.is_empty() {
            self.insert_closer(None);
        }
        self.reports.truncate(reports);
    }

    fn insert_closer(&mut self, label: Option<(Span, String)>) {
        let Some(open) = self.open.pop() else { return };
        let closer = open.kind.closer().expect("only opening tokens are open");
        let message = format!("{} is not closed", open.kind.describe());
        let mut report = Diagnostic::new(Code::E1004, self.span(open), message);
        report.labels.extend(label);
        self.reports.push(report);
        let end = self.out.last().map_or(0, |token| token.end);
        self.out.push(Token::new(closer, 0, end, end));
    }

    fn span(&self, token: Token) -> Span {
        Span { file: self.file, start: token.start, end: token.end }
    }
}
