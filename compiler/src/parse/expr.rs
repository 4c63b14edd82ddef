//! Expressions, from the loosest level to application.

use super::cursor::Parser;
use super::operator::{PIPE, infix};
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::Span;
use crate::syntax::ast::{BinaryOp, Expr, ExprKind, UnaryOp};

impl Parser<'_> {
    /// Any expression.
    pub(super) fn expr(&mut self) -> Expr {
        let Some(level) = self.enter() else { return self.error_expr() };
        let expr = match self.kind() {
            TokenKind::If => self.if_expr(false),
            TokenKind::Recurse => self.recurse(),
            TokenKind::Lower if self.at_foreign_case() => {
                self.skip_foreign_case();
                self.error_expr()
            }
            _ if self.at_lambda() => self.lambda(),
            _ => self.or_level(),
        };
        self.leave(level);
        expr
    }

    /// An expression with `or` left to the statement that it is part of.
    pub(super) fn expr_without_or(&mut self) -> Expr {
        let Some(level) = self.enter() else { return self.error_expr() };
        let expr = match self.kind() {
            TokenKind::If => self.if_expr(false),
            TokenKind::Recurse => self.recurse(),
            TokenKind::Lower if self.at_foreign_case() => {
                self.skip_foreign_case();
                self.error_expr()
            }
            _ if self.at_lambda() => self.lambda(),
            _ => self.matched(true),
        };
        self.leave(level);
        expr
    }

    /// A pipe, and no lambda: what follows has a `=>` of its own.
    pub(super) fn pipe_without_lambda(&mut self) -> Expr {
        let Some(level) = self.enter() else { return self.error_expr() };
        let expr = self.binary(PIPE, false);
        self.leave(level);
        expr
    }

    /// The initial value of a loop, which a `=>` of the loop follows.
    pub(super) fn matched_without_lambda(&mut self) -> Expr {
        let Some(level) = self.enter() else { return self.error_expr() };
        let expr = self.matched(false);
        self.leave(level);
        expr
    }

    /// An `Error` node of no width, here.
    pub(super) fn error_expr(&self) -> Expr {
        let start = self.here().start;
        Expr { kind: ExprKind::Error, span: Span { end: start, ..self.here() } }
    }

    /// `p q => e`
    fn lambda(&mut self) -> Expr {
        let start = self.here();
        let end = self.pattern_end();
        let mut parameters = Vec::new();
        while self.pos < end {
            parameters.push(self.pattern_atom());
        }
        let body = if self.fat_arrow() { self.expr() } else { self.error_expr() };
        let body = Box::new(body);
        Expr { kind: ExprKind::Lambda { parameters, body }, span: self.span_from(start) }
    }

    /// `recurse e`
    fn recurse(&mut self) -> Expr {
        let start = self.here();
        self.bump();
        let state = Box::new(self.expr());
        Expr { kind: ExprKind::Recurse(state), span: self.span_from(start) }
    }

    /// `if c then a else if … else b`: the chain is parsed by a loop, so that it may be long. In a generator block the
    /// branches in braces are generators.
    pub(super) fn if_expr(&mut self, generator: bool) -> Expr {
        let mut links = Vec::new();
        let otherwise = loop {
            let start = self.here();
            self.bump();
            let condition = self.expr();
            if !self.expect_then() {
                break self.error_expr();
            }
            let then = self.branch(generator);
            links.push((start, condition, then));
            if self.at_foreign_elif() && self.link() {
                continue;
            }
            if !self.expect_else(start) || !self.link() {
                break self.error_expr();
            }
            if !self.at(TokenKind::If) {
                break self.branch(generator);
            }
        };
        links.into_iter().rev().fold(otherwise, |otherwise, (start, condition, then)| {
            let span = self.span_from(start);
            let [condition, then, otherwise] = [condition, then, otherwise].map(Box::new);
            Expr { kind: ExprKind::If { condition, then, otherwise }, span }
        })
    }

    fn expect_then(&mut self) -> bool {
        if self.eat(TokenKind::Then) {
            return true;
        }
        if self.at(TokenKind::Equal) {
            let report = Diagnostic::new(Code::E1500, self.here(), "expected `then`, found `=`");
            self.add(report.help("two values are compared with `==`; `=` binds a name"));
            self.bump();
            self.expr();
            return self.eat(TokenKind::Then);
        }
        let report = self.unexpected_report(Code::E1500, "`then`");
        self.add(report.help("a choice is `if condition then a else b`"));
        false
    }

    fn expect_else(&mut self, start: Span) -> bool {
        if self.eat(TokenKind::Else) {
            return true;
        }
        let gap = self.unexpected_report(Code::E1500, "`else`");
        let word = Span { end: start.start + 2, ..start };
        let report = Diagnostic::new(Code::E1500, word, "this `if` has no `else`").label(gap.span, gap.message);
        self.add(
            report.help(
                "an `if` always has a value; `when condition <- effect` in `do Effect` runs an effect or nothing",
            ),
        );
        false
    }

    fn branch(&mut self, generator: bool) -> Expr {
        if generator && self.at(TokenKind::BraceOpen) && !self.at_record() {
            self.generate_branch()
        } else {
            self.expr()
        }
    }

    fn or_level(&mut self) -> Expr {
        let value = self.matched(true);
        if self.at(TokenKind::Or) { self.or_expr(value) } else { value }
    }

    /// `e match | …`
    fn matched(&mut self, lambdas: bool) -> Expr {
        let subject = self.binary(PIPE, lambdas);
        if !self.eat(TokenKind::Match) {
            return subject;
        }
        let arms = self.arms();
        let span = self.span_from(subject.span);
        Expr { kind: ExprKind::Match { subject: Box::new(subject), arms }, span }
    }

    /// Infix operators of at least this level.
    fn binary(&mut self, level: u8, lambdas: bool) -> Expr {
        let mut left = self.unary();
        while let Some((op, op_level)) = infix(self.kind()).filter(|(_, op_level)| *op_level >= level) {
            // The only infix operator that can also start an item.
            if op == BinaryOp::Subtract && self.at_newline() {
                break;
            }
            let op_span = self.here();
            self.bump();
            self.skip_foreign_operator();
            let right =
                if op == BinaryOp::PipeForward { self.pipe_operand(lambdas) } else { self.binary(op_level + 1, false) };
            if !self.link() {
                left = self.error_expr();
                continue;
            }
            let span = self.span_from(left.span);
            let [left_box, right] = [left, right].map(Box::new);
            left = Expr { kind: ExprKind::Binary { op, op_span, left: left_box, right }, span };
        }
        left
    }

    /// What follows `|>`.
    fn pipe_operand(&mut self, lambdas: bool) -> Expr {
        let mark = self.mark();
        let operand = if lambdas && self.at_lambda() {
            let Some(level) = self.enter() else { return self.error_expr() };
            let lambda = self.lambda();
            self.leave(level);
            lambda
        } else {
            self.binary(PIPE + 1, false)
        };
        self.section(mark, operand)
    }

    /// `!a`, `-a`
    fn unary(&mut self) -> Expr {
        let op = match self.kind() {
            TokenKind::Bang => UnaryOp::Not,
            TokenKind::Minus => UnaryOp::Negate,
            _ => return self.patched(),
        };
        let Some(level) = self.enter() else { return self.error_expr() };
        let start = self.here();
        self.bump();
        let operand = Box::new(self.unary());
        self.leave(level);
        Expr { kind: ExprKind::Unary { op, operand }, span: self.span_from(start) }
    }

    /// `e <| { … }`
    fn patched(&mut self) -> Expr {
        let mut base = self.application();
        while self.eat(TokenKind::PatchArrow) {
            let items = self.patch_items();
            if !self.link() {
                return self.error_expr();
            }
            let span = self.span_from(base.span);
            base = Expr { kind: ExprKind::Patch { base: Box::new(base), items }, span };
        }
        base
    }

    /// `f(a, b)`
    fn report_commas(&mut self, function: &Expr, argument: &Expr) {
        let text = |span: Span| &self.text[span.start as usize..span.end as usize];
        let (name, tuple) = (text(function.span), text(argument.span));
        let items: Vec<&str> = tuple.trim_matches(['(', ')']).split(',').map(str::trim).collect();
        let is_plain = items.iter().all(|item| !item.is_empty() && !item.contains(|c: char| " ()[]{}\"".contains(c)));
        let help = if is_plain {
            format!("write `{name} {}`; one argument that is a tuple is `{name} {tuple}`", items.join(" "))
        } else {
            "write `f a b`; one argument that is a tuple is `f (a, b)`".to_owned()
        };
        let report = Diagnostic::new(Code::E1506, argument.span, "arguments are separated by blanks, without commas");
        self.add(report.help(help));
    }

    /// `name:`, which no argument is: a separator is missing before it.
    fn at_field(&self) -> bool {
        self.at(TokenKind::Lower) && self.peek(1).kind == TokenKind::Colon
    }

    /// `f a b`
    fn application(&mut self) -> Expr {
        let function = self.postfix();
        let mut arguments = Vec::new();
        while self.starts_atom() && !self.at_newline() && !self.at_field() {
            let is_call = self.at(TokenKind::ParenOpen) && self.is_glued();
            let mark = self.mark();
            let argument = self.postfix();
            if is_call && is_tuple(&argument) {
                self.report_commas(&function, &argument);
            }
            let argument = self.section(mark, argument);
            self.check_argument(&argument);
            match argument.kind {
                ExprKind::Tuple(items) if is_call => arguments.extend(items),
                _ => arguments.push(argument),
            }
        }
        if arguments.is_empty() {
            return function;
        }
        let span = self.span_from(function.span);
        Expr { kind: ExprKind::Apply { function: Box::new(function), arguments }, span }
    }
}

/// `(a, b)`, or a section like `(_, b)`.
fn is_tuple(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Tuple(_) => true,
        ExprKind::Section(body) => matches!(body.kind, ExprKind::Tuple(_)),
        _ => false,
    }
}
