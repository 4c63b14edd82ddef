//! Looking ahead: where a run of pattern atoms ends. Brackets are jumped over, so a look takes as many steps as there
//! are atoms.

use super::cursor::Parser;
use crate::lex::{Token, TokenKind};

impl Parser<'_> {
    /// The index of the first token behind a pattern that may start here; this position when none can.
    pub(super) fn pattern_end(&self) -> usize {
        let mut at = self.pos;
        while at == self.pos || !self.tokens[at].has_newline() || self.in_parens {
            let next = self.atom_end(at);
            if next == at {
                break;
            }
            at = next;
        }
        at
    }

    /// Patterns and then `=>` follow.
    pub(super) fn at_lambda(&self) -> bool {
        let end = self.pattern_end();
        // `->` in its place is reported when it is reached.
        end > self.pos && matches!(self.tokens[end].kind, TokenKind::FatArrow | TokenKind::Arrow)
    }

    /// The index behind the pattern atom at `at`, `name as` included; `at` when there is none.
    fn atom_end(&self, at: usize) -> usize {
        match self.tokens[at].kind {
            TokenKind::Lower if self.tokens[at + 1].kind == TokenKind::As => at + 2,
            TokenKind::Lower | TokenKind::Upper => self.path_end(at),
            TokenKind::Underscore | TokenKind::Int | TokenKind::Float | TokenKind::Char => at + 1,
            TokenKind::Minus if self.tokens[at + 1].kind == TokenKind::Int => at + 2,
            TokenKind::TextOpen | TokenKind::ParenOpen | TokenKind::BracketOpen | TokenKind::BraceOpen => {
                self.partner(at) + 1
            }
            _ => at,
        }
    }

    /// The index behind `name` or `a.b.Constructor`; other dotted names are no patterns, and the dot ends the run.
    fn path_end(&self, at: usize) -> usize {
        let mut end = at + 1;
        let is_glued = |token: Token| !token.has_blank();
        while self.tokens[end].kind == TokenKind::Dot && is_glued(self.tokens[end]) {
            match self.tokens[end + 1].kind {
                TokenKind::Upper | TokenKind::Lower => end += 2,
                _ => break,
            }
        }
        if self.tokens[end - 1].kind == TokenKind::Upper { end } else { at + 1 }
    }
}
