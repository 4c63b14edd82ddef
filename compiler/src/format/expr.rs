//! Expressions.

use super::blocks::Part;
use super::brackets::{Children, ends_in_brackets};
use super::gap::Gap;
use super::printer::{Doc, Printer};
use crate::syntax::ast::{
    Expr, ExprKind, Fallback, ListItem, MapItem, PatchAction, PatchItem, PatchSegment, RecordItem,
};

/// So much may stand beside an argument that is broken without being broken itself. Arbitrary: half a line.
const BESIDE_MAX: u32 = 55;

impl<'a> Printer<'a> {
    /// An expression; a function by clauses is for `follow`.
    pub(super) fn expr(&mut self, expr: &Expr) -> Doc<'a> {
        match &expr.kind {
            ExprKind::Section(body) => self.expr(body),
            ExprKind::Binary { .. } => self.chain(expr),
            ExprKind::If { .. } => self.if_expr(expr),
            ExprKind::Lambda { parameters, body } => {
                let end = parameters.last().map_or(0, |last| last.span.end);
                let head = self.tokens_to(end).append(self.spaced(Gap::Blank));
                head.append(self.follow(body))
            }
            ExprKind::Match { subject, arms } => {
                let head = self.expr(subject).append(self.spaced(Gap::Blank));
                head.append(self.arms(arms))
            }
            ExprKind::Or { value, fallback } => self.expr(value).append(self.fallback(fallback)),
            ExprKind::Do { statements, .. } | ExprKind::Generate(statements) | ExprKind::Resource(statements) => {
                self.braces(statements.iter().map(Part::Statement))
            }
            ExprKind::Block(block) => {
                let bindings = block.bindings.iter().map(Part::Binding);
                self.braces(bindings.chain(block.result.as_deref().map(Part::Expr)))
            }
            ExprKind::Apply { .. } if self.in_parens && !self.is_broken_expr(expr) && !ends_in_brackets(expr) => {
                let mut children = children(expr);
                self.element(&mut children).append(self.rest(&mut children, expr.span.end, true)).group()
            }
            ExprKind::Apply { arguments, .. } if !self.is_broken_expr(expr) => {
                self.breakable = widest(arguments)
                    .filter(|widest| length(expr) - length(widest) <= BESIDE_MAX)
                    .map(|widest| widest.span.start);
                let doc = self.run(&mut children(expr), expr.span.end);
                self.breakable = None;
                doc
            }
            _ => self.run(&mut children(expr), expr.span.end),
        }
    }

    /// The expression behind `=`, `=>` and the like, gap included: on the same line, or indented on the next one.
    pub(super) fn follow(&mut self, expr: &Expr) -> Doc<'a> {
        match &expr.kind {
            ExprKind::Section(body) => self.follow(body),
            ExprKind::Clauses(arms) => self.arms(arms),
            _ if self.at_newline() => self.lead(Gap::Newline).append(self.expr(expr)).nest(2),
            ExprKind::If { .. } if self.has_leading_else(expr) => self.lead(Gap::Blank).append(self.expr(expr)).nest(2),
            kind if self.is_broken_expr(expr) || stays(kind) => self.lead(Gap::Blank).append(self.expr(expr)),
            _ => self.lead(Gap::Soft).append(self.expr(expr)).nest(2).group(),
        }
    }

    /// `or …`, gap included.
    pub(super) fn fallback(&mut self, fallback: &Fallback) -> Doc<'a> {
        let gap = self.break_before(true);
        let or = self.spaced(gap);
        let doc = or.append(match fallback {
            Fallback::Value(value) => self.follow(value),
            Fallback::Arms(arms) => self.arms(arms),
        });
        if gap == Gap::Newline { doc.nest(2) } else { doc }
    }

    /// `if c then a else if d then b else e`
    fn if_expr(&mut self, expr: &Expr) -> Doc<'a> {
        let is_broken = self.is_broken_expr(expr);
        let mut doc = self.nil();
        let mut rest = expr;
        while let ExprKind::If { condition, then, otherwise } = &rest.kind {
            doc = doc.append(self.token()).append(self.lead(Gap::Blank)).append(self.expr(condition));
            let before_then = self.break_before(true);
            doc = doc.append(self.spaced(before_then)).append(self.follow(then));
            let before_else = self.break_before(is_broken);
            doc = doc.append(self.spaced(before_else));
            rest = otherwise;
            if matches!(rest.kind, ExprKind::If { .. }) {
                doc = doc.append(self.lead(Gap::Blank));
            }
        }
        doc = doc.append(self.follow(rest));
        if is_broken { doc } else { doc.group() }
    }

    /// A `then` or `else` of this `if` begins a line.
    fn has_leading_else(&self, expr: &Expr) -> bool {
        let mut rest = expr;
        while let ExprKind::If { condition, then, otherwise } = &rest.kind {
            let leads = |end: u32| self.tokens[self.index(end)].has_newline();
            if leads(condition.span.end) || leads(then.span.end) {
                return true;
            }
            rest = otherwise;
        }
        false
    }
}

/// Where arguments cannot stand on lines of their own, it is the widest one in brackets whose inside may.
fn widest(arguments: &[Expr]) -> Option<&Expr> {
    let is_in_brackets = |argument: &&Expr| {
        matches!(argument.kind, ExprKind::Paren(_) | ExprKind::Tuple(_) | ExprKind::List(_) | ExprKind::Record(_))
    };
    arguments.iter().filter(is_in_brackets).max_by_key(|argument| length(argument))
}

/// How much text it was.
fn length(expr: &Expr) -> u32 {
    expr.span.end - expr.span.start
}

/// Expressions of this kind begin on the line of what they follow: they have better places to break.
fn stays(kind: &ExprKind) -> bool {
    matches!(
        kind,
        ExprKind::Lambda { .. }
            | ExprKind::Match { .. }
            | ExprKind::Block(_)
            | ExprKind::Do { .. }
            | ExprKind::Generate(_)
            | ExprKind::Resource(_)
            | ExprKind::List(_)
            | ExprKind::Record(_)
            | ExprKind::Tuple(_)
            | ExprKind::Paren(_)
            | ExprKind::MapLiteral(_)
            | ExprKind::SetLiteral(_)
    )
}

/// The expressions directly in one that has no layout of its own.
fn children(expr: &Expr) -> Children<'_> {
    let mut found: Vec<&Expr> = Vec::new();
    match &expr.kind {
        ExprKind::Apply { function, arguments } => {
            found.push(function);
            found.extend(arguments);
        }
        ExprKind::Field { base: inner, .. }
        | ExprKind::SuffixApply { value: inner, .. }
        | ExprKind::Unary { operand: inner, .. }
        | ExprKind::Recurse(inner)
        | ExprKind::Paren(inner) => found.push(inner),
        ExprKind::Index { base, index } => found.extend([&**base, &**index]),
        ExprKind::Tuple(items) => found.extend(items),
        ExprKind::List(items) | ExprKind::SetLiteral(items) => {
            for item in items {
                match item {
                    ListItem::Item(item) | ListItem::Spread(item) => found.push(item),
                    ListItem::Range(first, last) => found.extend([first, last]),
                }
            }
        }
        ExprKind::Record(items) => {
            found.extend(items.iter().map(|item| match item {
                RecordItem::Field(_, value) | RecordItem::Spread(value) => value,
            }));
        }
        ExprKind::MapLiteral(items) => {
            for item in items {
                match item {
                    MapItem::Entry(key, value) => found.extend([key, value]),
                    MapItem::Spread(value) => found.push(value),
                }
            }
        }
        ExprKind::Patch { base, items } => {
            found.push(base);
            items.iter().for_each(|item| patch_children(item, &mut found));
        }
        ExprKind::PatchFunction(items) => items.iter().for_each(|item| patch_children(item, &mut found)),
        _ => {}
    }
    found.into_iter().peekable()
}

fn patch_children<'t>(item: &'t PatchItem, found: &mut Vec<&'t Expr>) {
    for segment in &item.path {
        if let PatchSegment::Index(index) = segment {
            found.push(index);
        }
    }
    if let PatchAction::Apply(value) | PatchAction::Store(value) = &item.action {
        found.push(value);
    }
}
