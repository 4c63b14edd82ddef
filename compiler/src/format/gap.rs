//! What stands between two tokens: comments, and a gap.

use pretty::DocAllocator;

use super::printer::{Doc, Printer};
use crate::lex::{Comment, Token, TokenKind};

/// What separates two tokens where no comment stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Gap {
    None,
    Blank,
    /// A blank, or a newline where the group around it is broken.
    Soft,
    /// Nothing, or a newline where the group around it is broken.
    SoftNone,
    Newline,
    /// A newline between items: an empty line of the author's stays.
    Item,
}

impl<'a> Printer<'a> {
    /// The comments before this token, and the gap to it.
    pub(super) fn lead(&mut self, gap: Gap) -> Doc<'a> {
        let (comments, gap) = self.lead_apart(gap);
        comments.append(gap)
    }

    /// The comments before this token; and the gap between them and it, for those who indent them differently.
    pub(super) fn lead_apart(&mut self, gap: Gap) -> (Doc<'a>, Doc<'a>) {
        let start = self.here().start;
        let mut end = if self.pos == 0 { 0 } else { self.tokens[self.pos - 1].end };
        let mut comments = self.nil();
        let mut last = None;
        while let Some(comment) = self.comments.get(self.next_comment).copied().filter(|next| next.span.start < start) {
            self.next_comment += 1;
            comments = comments.append(self.before_comment(end, comment, gap, last.is_none()));
            let written = &self.text[comment.span.start as usize..comment.span.end as usize];
            comments = comments.append(self.arena.text(written.trim_end()));
            end = comment.span.end;
            last = Some(written);
        }
        let Some(last) = last else { return (comments, self.gap(gap, end)) };
        let between = &self.text[end as usize..start as usize];
        let separation = if last.starts_with("/*") && !between.contains('\n') {
            self.arena.space()
        } else if gap == Gap::Item {
            self.gap(Gap::Item, end)
        } else {
            self.arena.hardline()
        };
        (comments, separation)
    }

    fn before_comment(&self, end: u32, comment: Comment, gap: Gap, is_first: bool) -> Doc<'a> {
        if end == 0 {
            self.nil()
        } else if !comment.leads_line {
            self.arena.space()
        } else if self.has_empty_line(end, comment.span.start) && (gap == Gap::Item || !is_first) {
            self.empty_line()
        } else {
            self.arena.hardline()
        }
    }

    fn gap(&self, gap: Gap, end: u32) -> Doc<'a> {
        match gap {
            Gap::None => self.nil(),
            Gap::Blank => self.arena.space(),
            Gap::Soft if self.is_flat => self.arena.space(),
            Gap::SoftNone if self.is_flat => self.nil(),
            Gap::Soft => self.arena.line(),
            Gap::SoftNone => self.arena.line_(),
            Gap::Item if end == 0 => self.nil(),
            Gap::Item if self.has_empty_line(end, self.here().start) => self.empty_line(),
            Gap::Newline | Gap::Item => self.arena.hardline(),
        }
    }

    /// The author left a line empty here. One behind an opening bracket does not count.
    fn has_empty_line(&self, end: u32, start: u32) -> bool {
        let opens = |previous: &Token| previous.end == end && previous.kind.closer().is_some();
        let is_first = self.tokens[..self.pos].last().is_some_and(opens);
        !is_first && self.text[end as usize..start as usize].matches('\n').count() > 1
    }

    /// An empty line, without the blanks of the indentation.
    fn empty_line(&self) -> Doc<'a> {
        self.arena.text("\n").append(self.arena.hardline())
    }

    /// The gap before this token as its neighbours want it, on one line.
    pub(super) fn natural(&self) -> Gap {
        use TokenKind::{
            At, Bang, BraceClose, BraceOpen, BracketClose, BracketOpen, Colon, Comma, Dot, DotDot, Ellipsis, Lower,
            Minus, ParenClose, ParenOpen, Percent, TildeMap, TildeSet,
        };
        let (before, token) = (self.tokens[self.pos - 1].kind, self.here());
        let when = |is_blank: bool| if is_blank { Gap::Blank } else { Gap::None };
        match (before, token.kind) {
            (_, Comma | ParenClose | BracketClose | Colon | DotDot)
            | (ParenOpen | BracketOpen | At | Dot | Bang, _)
            | (BraceOpen, BraceClose)
            | (TildeMap, BraceOpen)
            | (TildeSet, BracketOpen) => Gap::None,
            (_, BraceClose) => Gap::Blank,
            (Ellipsis | DotDot, next) => when(matches!(next, Dot | Ellipsis)),
            (_, Dot) => when(token.has_blank()),
            (before, BracketOpen | Bang) => when(token.has_blank() || !before.ends_operand()),
            (ParenClose, Lower | Percent) => when(token.has_blank()),
            (Minus, _) => when(self.is_infix(self.pos - 1) || token.has_blank() && self.could_join_minus()),
            _ => Gap::Blank,
        }
    }

    /// The `-` at `index` stands behind an operand.
    fn is_infix(&self, index: usize) -> bool {
        index > 0 && self.tokens[index - 1].kind.ends_operand()
    }

    /// This token would become another one directly behind a `-`.
    fn could_join_minus(&self) -> bool {
        self.here().text(self.text).starts_with(|first: char| first == '-' || first.is_ascii_digit())
    }
}
