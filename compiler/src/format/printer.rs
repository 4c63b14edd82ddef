//! The printer's place in the tokens, and what it knows about them.

use pretty::{Arena, DocAllocator, DocBuilder};

use super::gap::Gap;
use crate::lex::{Comment, Token, TokenKind};
use crate::parse::Parsed;
use crate::syntax::ast::Expr;

pub(super) type Doc<'a> = DocBuilder<'a, Arena<'a>>;

/// Takes the tokens of a file in order. Whoever prints a node has printed the gap before its first token.
pub(super) struct Printer<'a> {
    pub(super) arena: &'a Arena<'a>,
    pub(super) text: &'a str,
    pub(super) tokens: &'a [Token],
    pub(super) comments: &'a [Comment],
    /// The next token.
    pub(super) pos: usize,
    /// The next comment.
    pub(super) next_comment: usize,
    /// For every opening token the index of its partner, for others 0.
    partners: Vec<usize>,
    /// For every token how many newlines stand before or in the tokens up to it.
    newlines: Vec<u32>,
    /// Directly inside of parentheses, where a newline means nothing.
    pub(super) in_parens: bool,
    /// Of the children that are printed now only the one that begins at this byte may break.
    pub(super) breakable: Option<u32>,
    /// Nothing may break where the author did not.
    pub(super) is_flat: bool,
}

impl<'a> Printer<'a> {
    pub(super) fn new(arena: &'a Arena<'a>, text: &'a str, parsed: &'a Parsed) -> Self {
        let tokens = &parsed.tokens[..];
        let mut partners = vec![0; tokens.len()];
        let mut open = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if token.kind.closer().is_some() {
                open.push(at);
            } else if token.kind.is_closer()
                && let Some(opener) = open.pop()
            {
                partners[opener] = at;
            }
        }
        let count = |sum: &mut u32, token: &Token| {
            let is_tall = token.kind == TokenKind::Sigil && token.text(text).contains('\n');
            *sum += u32::from(token.has_newline()) + u32::from(is_tall);
            Some(*sum)
        };
        let newlines = tokens.iter().scan(0, count).collect();
        Printer {
            arena,
            text,
            tokens,
            comments: &parsed.comments,
            pos: 0,
            next_comment: 0,
            partners,
            newlines,
            in_parens: false,
            breakable: None,
            is_flat: false,
        }
    }

    pub(super) fn here(&self) -> Token {
        self.tokens[self.pos]
    }

    pub(super) fn at(&self, kind: TokenKind) -> bool {
        self.here().kind == kind
    }

    /// The author began a line with this token.
    pub(super) fn at_newline(&self) -> bool {
        self.here().has_newline()
    }

    /// The index of the partner of the opening token at `index`.
    pub(super) fn partner(&self, index: usize) -> usize {
        self.partners[index]
    }

    /// The index of the first token at or behind this byte.
    pub(super) fn index(&self, byte: u32) -> usize {
        self.tokens.partition_point(|token| token.start < byte)
    }

    /// A newline stands in or between the tokens `first` and `last`.
    pub(super) fn is_broken(&self, first: usize, last: usize) -> bool {
        let before = if first == 0 { 0 } else { self.newlines[first - 1] };
        self.newlines[last] > before + u32::from(self.tokens[first].has_newline())
    }

    /// The expression was written on several lines.
    pub(super) fn is_broken_expr(&self, expr: &Expr) -> bool {
        let first = self.index(expr.span.start);
        self.is_broken(first, self.index(expr.span.end).max(first + 1) - 1)
    }

    pub(super) fn nil(&self) -> Doc<'a> {
        self.arena.nil()
    }

    /// Takes a token; a text with its holes is one, as written.
    pub(super) fn token(&mut self) -> Doc<'a> {
        let first = self.here();
        let last = if first.kind == TokenKind::TextOpen { self.partner(self.pos) } else { self.pos };
        let end = self.tokens[last].end;
        self.pos = (last + 1).min(self.tokens.len() - 1);
        while self.comments.get(self.next_comment).is_some_and(|comment| comment.span.start < end) {
            self.next_comment += 1;
        }
        self.arena.text(&self.text[first.start as usize..end as usize])
    }

    /// A gap and the token behind it.
    pub(super) fn spaced(&mut self, gap: Gap) -> Doc<'a> {
        self.lead(gap).append(self.token())
    }
}
