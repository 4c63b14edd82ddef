//! Statements.

use super::block::BlockKind;
use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::ast::{Binding, Expr, ExprKind, Pattern, PatternKind, Statement, StatementKind};

impl Parser<'_> {
    /// A statement of a block of this kind.
    pub(super) fn statement(&mut self, block: BlockKind) -> Statement {
        self.skip_foreign_let();
        let start = self.here();
        let kind = match self.kind() {
            TokenKind::Yield => self.yield_statement(block),
            TokenKind::Loop => self.loop_statement(block),
            TokenKind::When | TokenKind::Unless => self.when_statement(block),
            TokenKind::Given => self.given_statement(block),
            TokenKind::If if block == BlockKind::Generate => StatementKind::Expr(self.generator_if()),
            TokenKind::Lower if block == BlockKind::Generate && self.peek(1).kind == TokenKind::Arrow => self.filter(),
            TokenKind::Lower if self.peek(1).kind == TokenKind::Colon => self.local_signature(),
            _ => {
                let end = self.tokens[self.pattern_end()];
                match end.kind {
                    TokenKind::LeftArrow if !end.has_newline() => self.bind(block),
                    TokenKind::Equal if !end.has_newline() => StatementKind::Let(self.binding()),
                    _ => StatementKind::Expr(self.expr()),
                }
            }
        };
        Statement { kind, span: self.span_from(start) }
    }

    /// `x : T = e`, which is read as `x = e`.
    fn local_signature(&mut self) -> StatementKind {
        let name = self.name_of(self.token());
        self.skip_local_signature();
        if !self.at(TokenKind::Equal) || self.at_newline() {
            return StatementKind::Error;
        }
        self.bump();
        let pattern = Pattern { kind: PatternKind::Name(name), span: name.span };
        let value = self.right_side();
        StatementKind::Let(Binding { pattern, value, span: self.span_from(name.span) })
    }

    /// `p <- e [or …]`
    fn bind(&mut self, block: BlockKind) -> StatementKind {
        let pattern = self.pattern();
        if block == BlockKind::Plain {
            self.unexpected(Code::E1536, "`=`");
        }
        if !self.expect(TokenKind::LeftArrow) {
            return StatementKind::Error;
        }
        let has_fallback = matches!(block, BlockKind::Effect | BlockKind::Monad);
        let value = if has_fallback { self.expr_without_or() } else { self.expr() };
        if !has_fallback || !self.at(TokenKind::Or) {
            return StatementKind::Bind { pattern, value, fallback: None };
        }
        if block == BlockKind::Monad {
            self.report(Code::E1541, self.here(), "`or` behind `<-` is for `do Effect`");
        }
        let (value, fallback) = self.bind_fallback(value);
        StatementKind::Bind { pattern, value, fallback }
    }

    /// `p = e`, `f = | p => e`, and the mistaken `f x = e`.
    pub(super) fn binding(&mut self) -> Binding {
        let start = self.here();
        let (pattern, parameters) = self.left_side();
        if !self.expect(TokenKind::Equal) {
            let value = self.error_expr();
            self.skip_group();
            return Binding { pattern, value, span: self.span_from(start) };
        }
        let mut value = self.right_side();
        if !parameters.is_empty() {
            let span = parameters[0].span.to(value.span);
            value = Expr { kind: ExprKind::Lambda { parameters, body: Box::new(value) }, span };
        }
        Binding { pattern, value, span: self.span_from(start) }
    }

    /// The pattern left of `=`, and the parameters of a function that is written the wrong way.
    fn left_side(&mut self) -> (Pattern, Vec<Pattern>) {
        let pattern = self.pattern();
        let PatternKind::Name(name) = pattern.kind else { return (pattern, Vec::new()) };
        let mut parameters = Vec::new();
        let first = self.pos;
        while !self.at(TokenKind::Equal) && self.pattern_end() > self.pos {
            parameters.push(self.pattern_atom());
        }
        if let [head, .., last] | [head @ last] = &parameters[..] {
            let written = &self.text[self.tokens[first].start as usize..last.span.end as usize];
            let name = self.interner.text(name.symbol);
            let message = format!("parameters stand behind `=`: write `{name} = {written} => …`");
            self.add(Diagnostic::new(Code::E1539, head.span.to(last.span), message));
        }
        (pattern, parameters)
    }

    /// What follows `=`.
    pub(super) fn right_side(&mut self) -> Expr {
        if !self.at(TokenKind::Bar) {
            return self.section_expr();
        }
        let mark = self.mark();
        let start = self.here();
        let Some(level) = self.enter() else { return self.error_expr() };
        let arms = self.arms();
        self.leave(level);
        let clauses = Expr { kind: ExprKind::Clauses(arms), span: self.span_from(start) };
        self.section(mark, clauses)
    }

    /// `when c <- e`, `unless c <- e`
    fn when_statement(&mut self, block: BlockKind) -> StatementKind {
        self.needs_effect(block);
        let negated = self.bump().kind == TokenKind::Unless;
        let condition = self.pipe_without_lambda();
        if !self.eat(TokenKind::LeftArrow) {
            let report = self.unexpected_report(Code::E1501, "`<-`");
            self.add(report.help("an effect that depends on a condition is `when condition <- effect`"));
            return StatementKind::Error;
        }
        StatementKind::When { negated, condition, effect: self.expr() }
    }

    /// `given c or e`
    fn given_statement(&mut self, block: BlockKind) -> StatementKind {
        self.needs_effect(block);
        self.bump();
        let condition = self.pipe_without_lambda();
        if !self.eat(TokenKind::Or) {
            let report = self.unexpected_report(Code::E1500, "`or`");
            self.add(report.help("what has to hold is `given condition or fail error`"));
            return StatementKind::Error;
        }
        StatementKind::Given { condition, otherwise: self.expr() }
    }

    fn needs_effect(&mut self, block: BlockKind) {
        if block == BlockKind::Effect {
            return;
        }
        let message = format!("{} is a statement of `do Effect` blocks", self.kind().describe());
        let report = Diagnostic::new(Code::E1540, self.here(), message);
        let instead = match self.kind() {
            TokenKind::When => "if condition then effect else Unit",
            TokenKind::Unless => "if condition then Unit else effect",
            _ => "if condition then Unit else fail error",
        };
        self.add(match block {
            BlockKind::Resource => report.help(format!("in a `resource` block it is `{instead}`")),
            _ => report,
        });
    }

    /// `loop p = init => { … }`
    fn loop_statement(&mut self, block: BlockKind) -> StatementKind {
        let start = self.here();
        let body = match block {
            BlockKind::Effect | BlockKind::Generate => block,
            BlockKind::Monad => {
                self.report(Code::E1543, start, "`loop` is a statement of `do Effect` and `generate` blocks");
                BlockKind::Effect
            }
            BlockKind::Plain | BlockKind::Resource => {
                self.report(Code::E1533, start, "`loop` is a statement of `do Effect` and `generate` blocks");
                BlockKind::Effect
            }
        };
        self.bump();
        let pattern = self.pattern();
        if matches!(pattern.kind, PatternKind::Error) || !self.expect(TokenKind::Equal) {
            self.skip_group();
            return StatementKind::Error;
        }
        let init = self.matched_without_lambda();
        if !self.expect(TokenKind::FatArrow) {
            return StatementKind::Error;
        }
        StatementKind::Loop { pattern, init, body: self.braced_statements(body) }
    }

    /// `yield e`
    fn yield_statement(&mut self, block: BlockKind) -> StatementKind {
        if !matches!(block, BlockKind::Generate | BlockKind::Resource) {
            let message = "`yield` is a statement of `generate` and `resource` blocks";
            self.report(Code::E1534, self.here(), message);
        }
        self.bump();
        StatementKind::Yield(self.expr())
    }

    /// `x -> predicate`
    fn filter(&mut self) -> StatementKind {
        let name = self.name();
        self.bump();
        let predicate = self.expr();
        self.reject_guard();
        StatementKind::Filter { name, predicate }
    }

    /// A guard behind a predicate makes a pattern of it, which this version does not have.
    pub(super) fn reject_guard(&mut self) {
        if matches!(self.kind(), TokenKind::When | TokenKind::Unless) && !self.at_newline() {
            self.add(Diagnostic::absent(self.here(), "a pattern as a predicate"));
            self.skip_group();
        }
    }

    fn generator_if(&mut self) -> Expr {
        let Some(level) = self.enter() else { return self.error_expr() };
        let expr = self.if_expr(true);
        self.leave(level);
        expr
    }
}
