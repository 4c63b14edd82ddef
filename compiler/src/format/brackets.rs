//! Runs of tokens, and what stands between brackets: lists, records, tuples, parentheses, of all sorts of nodes.

use std::iter::Peekable;
use std::vec::IntoIter;

use super::gap::Gap;
use super::printer::{Doc, Printer};
use crate::lex::TokenKind;
use crate::syntax::ast::{Expr, ExprKind};

/// The expressions in a run of tokens, in order. What stands between them is printed token by token.
pub(super) type Children<'t> = Peekable<IntoIter<&'t Expr>>;

pub(super) fn no_children<'t>() -> Children<'t> {
    Vec::new().into_iter().peekable()
}

impl<'a> Printer<'a> {
    /// The tokens from here to the byte `end`, a line that goes on indented.
    pub(super) fn run(&mut self, children: &mut Children<'_>, end: u32) -> Doc<'a> {
        let first = if self.here().start < end { self.element(children) } else { self.nil() };
        first.append(self.rest(children, end, false))
    }

    /// What is left up to the byte `end`, gap first. Arguments may be put on lines of their own when the run is `soft`.
    pub(super) fn rest(&mut self, children: &mut Children<'_>, end: u32, soft: bool) -> Doc<'a> {
        let mut doc = self.nil();
        while self.here().start < end {
            let piece = match self.natural() {
                _ if self.at_newline() => self.lead(Gap::Newline).append(self.element(children)).nest(2),
                // Only lists of exports have commas outside of brackets.
                Gap::Blank if self.tokens[self.pos - 1].kind == TokenKind::Comma => {
                    self.lead(Gap::Soft).append(self.element(children)).nest(2).group()
                }
                Gap::Blank if soft => self.lead(Gap::Soft).append(self.element(children)).nest(2),
                gap => self.lead(gap).append(self.element(children)),
            };
            doc = doc.append(piece);
        }
        doc
    }

    /// Tokens up to the byte `end`, none of them part of an expression.
    pub(super) fn tokens_to(&mut self, end: u32) -> Doc<'a> {
        self.run(&mut no_children(), end)
    }

    /// The next child, or what is in the next brackets, or the next token.
    pub(super) fn element(&mut self, children: &mut Children<'_>) -> Doc<'a> {
        let token = self.here();
        if let Some(child) = children.next_if(|child| child.span.start == token.start && child.span.end > token.start) {
            return self.child(child);
        }
        match token.kind {
            TokenKind::ParenOpen | TokenKind::BracketOpen | TokenKind::BraceOpen => self.bracket(children),
            _ => self.token(),
        }
    }

    fn child(&mut self, child: &Expr) -> Doc<'a> {
        let (breakable, is_flat) = (self.breakable.take(), self.is_flat);
        self.is_flat |= breakable.is_some_and(|start| start != child.span.start);
        let doc = self.expr(child);
        (self.breakable, self.is_flat) = (breakable, is_flat);
        doc
    }

    /// Brackets and what is in them. When the author broke the line behind the opening one, the closing one has a line
    /// of its own; when the lines are broken elsewhere, the brackets stay with their neighbours.
    fn bracket(&mut self, children: &mut Children<'_>) -> Doc<'a> {
        let close = self.partner(self.pos);
        let is_broken = self.is_broken(self.pos, close);
        let is_brace = self.at(TokenKind::BraceOpen);
        let is_paren = self.at(TokenKind::ParenOpen);
        let outer = std::mem::replace(&mut self.in_parens, is_paren);
        let is_embracing = is_paren && children.peek().is_some_and(|child| ends_in_brackets(child));
        let open = self.token();
        let is_hanging = is_broken && self.at_newline();
        let edge = match (is_hanging, is_broken, is_brace) {
            (true, ..) => Gap::Newline,
            _ if self.pos == close || is_embracing => Gap::None,
            (_, true, true) => Gap::Blank,
            (_, true, false) => Gap::None,
            (_, false, true) => Gap::Soft,
            (_, false, false) => Gap::SoftNone,
        };
        let items = if self.pos == close { self.nil() } else { self.bracket_items(children, close, edge, is_broken) };
        let (comments, gap) = self.lead_apart(edge);
        let stays = !is_hanging && (is_broken || is_embracing);
        let inner = if stays { items.append(comments.nest(2)) } else { items.append(comments).nest(2) };
        self.in_parens = outer;
        let doc = open.append(inner).append(gap).append(self.token());
        if is_broken { doc } else { doc.group() }
    }

    fn bracket_items(&mut self, children: &mut Children<'_>, close: usize, edge: Gap, is_broken: bool) -> Doc<'a> {
        use TokenKind::{Colon, ColonEqual, Comma, FatArrow};
        let has_fields = self.tokens[self.pos..close].iter().any(|token| token.kind == Colon);
        let mut doc = self.lead(edge).append(self.element(children));
        while self.pos < close {
            let before = self.tokens[self.pos - 1].kind;
            let goes_on = edge != Gap::Newline || matches!(before, Colon | ColonEqual | FatArrow);
            let piece = if self.at_newline() {
                let piece = self.lead(Gap::Item).append(self.element(children));
                if goes_on { piece.nest(2) } else { piece }
            } else {
                match self.natural() {
                    // Names and the like fill their lines.
                    Gap::Blank if before == Comma && !is_broken && !has_fields && children.peek().is_none() => {
                        self.lead(Gap::Soft).append(self.element(children)).group()
                    }
                    Gap::Blank if before == Comma && !is_broken => self.lead(Gap::Soft).append(self.element(children)),
                    gap => self.lead(gap).append(self.element(children)),
                }
            };
            doc = doc.append(piece);
        }
        doc
    }
}

/// The expression ends in a list or a record: parentheses around it stay where they are when that is broken.
pub(super) fn ends_in_brackets(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Section(body) => ends_in_brackets(body),
        ExprKind::Apply { arguments, .. } => arguments.last().is_some_and(|last| match &last.kind {
            ExprKind::List(items) | ExprKind::SetLiteral(items) => !items.is_empty(),
            ExprKind::MapLiteral(items) => !items.is_empty(),
            ExprKind::Record(_) => true,
            _ => false,
        }),
        _ => false,
    }
}
