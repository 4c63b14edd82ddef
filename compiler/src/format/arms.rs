//! Arm lists. One of several lines has one arm a line, and arrows that follow each other on neighbouring lines stand in
//! one column.

use pretty::DocAllocator;

use super::gap::Gap;
use super::printer::{Doc, Printer};
use crate::lex::TokenKind;
use crate::syntax::ast::{Arm, ExprKind};

/// Arrows are aligned only behind patterns that are not longer; a column far to the right helps nobody.
const ALIGNED_MAX: usize = 40;

impl<'a> Printer<'a> {
    /// The arms, gap before the first one included.
    pub(super) fn arms(&mut self, arms: &[Arm]) -> Doc<'a> {
        let Some(last) = arms.last() else { return self.nil() };
        let is_broken = self.is_broken(self.pos - 1, self.index(last.span.end) - 1);
        let gap = if is_broken { Gap::Newline } else { Gap::Soft };
        let mut doc = self.nil();
        let mut rest = arms;
        while !rest.is_empty() {
            let tall = rest.iter().position(|arm| self.is_tall(arm));
            let (run, others) = rest.split_at(tall.map_or(rest.len(), |tall| tall + 1));
            doc = doc.append(self.aligned(run, gap));
            rest = others;
        }
        let doc = doc.nest(2);
        if is_broken { doc } else { doc.group() }
    }

    /// Arms with their arrows in one column.
    fn aligned(&mut self, arms: &[Arm], gap: Gap) -> Doc<'a> {
        let parts: Vec<_> = arms.iter().map(|arm| (self.lead(gap), self.arm_head(arm), self.arm_body(arm))).collect();
        let widths: Vec<_> = parts.iter().map(|(_, head, _)| width(head)).collect();
        let widest = widths.iter().copied().max().flatten();
        let is_aligned = widths.iter().all(|width| width.is_some_and(|width| width <= ALIGNED_MAX));
        let mut doc = self.nil();
        for ((lead, head, body), width) in parts.into_iter().zip(widths) {
            let missing = widest.unwrap_or(0) - width.unwrap_or(0);
            let padding = self.arena.text(" ".repeat(if is_aligned { missing } else { 0 }));
            let padding = padding.flat_alt(self.nil());
            doc = doc.append(lead).append(head.append(padding).append(body).nest(2));
        }
        doc
    }

    /// The arm was written on several lines: the arrow behind it is too far away to be aligned with its own.
    fn is_tall(&self, arm: &Arm) -> bool {
        self.is_broken(self.index(arm.span.start), self.index(arm.span.end) - 1)
    }

    /// `| pattern when guard`
    fn arm_head(&mut self, arm: &Arm) -> Doc<'a> {
        let bar = self.token();
        let pattern = self.lead(Gap::Blank).append(self.tokens_to(arm.pattern.span.end));
        let head = bar.append(pattern);
        let Some(guard) = &arm.guard else { return head };
        let word = self.spaced(Gap::Blank);
        head.append(word).append(self.lead(Gap::Blank)).append(self.expr(&guard.condition))
    }

    /// `=> body`
    fn arm_body(&mut self, arm: &Arm) -> Doc<'a> {
        debug_assert!(self.at(TokenKind::FatArrow) || matches!(arm.body.kind, ExprKind::Error));
        self.spaced(Gap::Blank).append(self.follow(&arm.body))
    }
}

/// How many characters it takes on one line, if it can stand on one.
fn width(doc: &Doc<'_>) -> Option<usize> {
    let line = doc.pretty(usize::MAX >> 1).to_string();
    (!line.contains('\n')).then(|| line.chars().count())
}
