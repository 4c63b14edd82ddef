//! Blocks and statements.

use super::brackets::no_children;
use super::gap::Gap;
use super::printer::{Doc, Printer};
use crate::lex::TokenKind;
use crate::syntax::ast::{Binding, DomainItem, Expr, Statement, StatementKind};

/// What stands in braces, an item a line.
#[derive(Clone, Copy)]
pub(super) enum Part<'t> {
    Statement(&'t Statement),
    Binding(&'t Binding),
    Expr(&'t Expr),
    Domain(&'t DomainItem),
}

impl<'a> Printer<'a> {
    /// `do Effect { … }` and the like, from the first word on.
    pub(super) fn braces<'t>(&mut self, parts: impl Iterator<Item = Part<'t>>) -> Doc<'a> {
        let mut head = self.nil();
        while !self.at(TokenKind::BraceOpen) {
            head = head.append(self.token()).append(self.lead(Gap::Blank));
        }
        let close = self.partner(self.pos);
        let is_broken = self.is_broken(self.pos, close);
        let outer = std::mem::replace(&mut self.in_parens, false);
        let open = self.token();
        let mut parts = parts.peekable();
        let (item, edge) = match is_broken {
            true => (Gap::Item, Gap::Newline),
            false if parts.peek().is_some() => (Gap::Soft, Gap::Soft),
            false => (Gap::None, Gap::None),
        };
        let mut body = self.nil();
        for part in parts {
            body = body.append(self.lead(item)).append(self.part(part));
        }
        let (comments, gap) = self.lead_apart(edge);
        self.in_parens = outer;
        let doc = open.append(body.append(comments).nest(2)).append(gap).append(self.token());
        head.append(if is_broken { doc } else { doc.group() })
    }

    fn part(&mut self, part: Part<'_>) -> Doc<'a> {
        match part {
            Part::Statement(statement) => self.statement(statement),
            Part::Binding(binding) => self.binding(binding),
            Part::Expr(expr) => self.expr(expr),
            Part::Domain(item) => self.domain_item(item),
        }
    }

    fn statement(&mut self, statement: &Statement) -> Doc<'a> {
        let words = match &statement.kind {
            StatementKind::Let(binding) => return self.binding(binding),
            StatementKind::Expr(expr) => return self.expr(expr),
            StatementKind::Bind { pattern, value, fallback } => {
                let head = self.tokens_to(pattern.span.end).append(self.spaced(Gap::Blank));
                let head = head.append(self.follow(value));
                return match fallback {
                    Some(fallback) => head.append(self.fallback(fallback)),
                    None => head,
                };
            }
            StatementKind::Loop { init, body, .. } => {
                let head = self.tokens_to(init.span.start).append(self.lead(Gap::Blank));
                let head = head.append(self.expr(init)).append(self.spaced(Gap::Blank)).append(self.lead(Gap::Blank));
                return head.append(self.braces(body.iter().map(Part::Statement)));
            }
            StatementKind::When { condition, effect, .. } => vec![condition, effect],
            StatementKind::Given { condition, otherwise } => vec![condition, otherwise],
            StatementKind::Yield(value) => vec![value],
            StatementKind::Filter { predicate, .. } => vec![predicate],
            StatementKind::Error => Vec::new(),
        };
        self.run(&mut words.into_iter().peekable(), statement.span.end)
    }

    /// `p = e`
    pub(super) fn binding(&mut self, binding: &Binding) -> Doc<'a> {
        let mut doc = self.tokens_to(binding.pattern.span.end);
        // The parenthesis behind the name of an operator.
        while !self.at(TokenKind::Equal) && self.here().start < binding.value.span.start {
            let gap = self.natural();
            doc = doc.append(self.lead(gap)).append(self.element(&mut no_children()));
        }
        doc.append(self.spaced(Gap::Blank)).append(self.follow(&binding.value))
    }
}
