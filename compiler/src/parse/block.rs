//! Blocks: plain ones, and those that hold statements.

use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::Span;
use crate::syntax::ast::{Binding, Block, Expr, ExprKind, Name, Statement, StatementKind};

/// What a block's statements may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// Bindings, then a result.
    Plain,
    /// `do Effect`
    Effect,
    /// `do` of another constructor
    Monad,
    /// `generate`
    Generate,
    /// `resource`
    Resource,
}

impl Parser<'_> {
    /// `{ x = 1 \n e }`
    pub(super) fn block(&mut self) -> Block {
        let mut statements = self.statements(BlockKind::Plain);
        let is_result =
            |statement: &mut Statement| !matches!(statement.kind, StatementKind::Let(_) | StatementKind::Bind { .. });
        let result = statements.pop_if(is_result).map(|statement| match statement.kind {
            StatementKind::Expr(result) => Box::new(result),
            _ => Box::new(Expr { kind: ExprKind::Error, span: statement.span }),
        });
        if let Some(statement) = statements.iter().find(|statement| matches!(statement.kind, StatementKind::Expr(_))) {
            let message = "only the last item of a block is an expression";
            let report = Diagnostic::new(Code::E1501, statement.span, message);
            self.add(report.help("write `do Effect { … }` to run effects one after the other"));
        }
        let bindings = statements.into_iter().filter_map(binding).collect();
        Block { bindings, result }
    }

    /// `do M { … }`
    pub(super) fn do_block(&mut self) -> ExprKind {
        let start = self.here();
        self.bump();
        if !self.at(TokenKind::Upper) {
            let report = self.unexpected_report(Code::E1501, "a type constructor such as `Effect`");
            self.add(
                report
                    .label(start, "behind this `do`")
                    .help("write `do Effect {`, statements on lines of their own, `}`"),
            );
            if !self.at(TokenKind::BraceOpen) {
                return ExprKind::Error;
            }
        }
        let monad = if self.at(TokenKind::Upper) { self.name() } else { self.effect_name(start) };
        let kind = if self.interner.text(monad.symbol) == "Effect" { BlockKind::Effect } else { BlockKind::Monad };
        ExprKind::Do { monad, statements: self.braced_statements(kind) }
    }

    fn effect_name(&mut self, span: Span) -> Name {
        Name { symbol: self.interner.intern("Effect"), span }
    }

    /// `generate { … }`
    pub(super) fn generate_block(&mut self) -> ExprKind {
        self.bump();
        ExprKind::Generate(self.braced_statements(BlockKind::Generate))
    }

    /// A branch in braces of an `if` in a generator.
    pub(super) fn generate_branch(&mut self) -> Expr {
        let start = self.here();
        let kind = ExprKind::Generate(self.statements(BlockKind::Generate));
        Expr { kind, span: self.span_from(start) }
    }

    /// `resource { … }`
    pub(super) fn resource_block(&mut self) -> ExprKind {
        let start = self.here();
        self.bump();
        let statements = self.braced_statements(BlockKind::Resource);
        let mut yields = statements.iter().filter(|statement| matches!(statement.kind, StatementKind::Yield(_)));
        match (yields.next(), yields.next()) {
            (None, _) => self.add(Diagnostic::new(Code::E1550, start, "this resource has no `yield`")),
            (Some(first), Some(second)) => {
                let report = Diagnostic::new(Code::E1550, second.span, "a resource has one `yield`, this is another");
                self.add(report.label(first.span, "the first one"));
            }
            (Some(_), None) => {}
        }
        ExprKind::Resource(statements)
    }

    /// Statements in braces, which must follow.
    pub(super) fn braced_statements(&mut self, kind: BlockKind) -> Vec<Statement> {
        if self.at(TokenKind::BraceOpen) {
            return self.statements(kind);
        }
        self.unexpected(Code::E1501, "`{`");
        Vec::new()
    }

    /// Items separated by newlines, between this brace and its partner.
    fn statements(&mut self, kind: BlockKind) -> Vec<Statement> {
        let Some(level) = self.enter() else { return Vec::new() };
        let statements = self.group(false, |parser| {
            let mut statements = Vec::new();
            while !parser.kind().is_closer() {
                let start = parser.start_item();
                statements.push(parser.statement(kind));
                parser.end_item(start);
            }
            statements
        });
        self.leave(level);
        statements
    }

    /// What the item that began at `start` was probably meant to be.
    fn help_at_end(&self, start: usize) -> Option<&'static str> {
        let in_braces = start > 0 && self.tokens[start - 1].kind == TokenKind::BraceOpen;
        match self.kind() {
            TokenKind::Comma if in_braces => Some("fields of a record are written with a colon: `{ name: value, … }`"),
            TokenKind::Bar if in_braces => Some("a changed copy of a record is `record <| { field: value }`"),
            TokenKind::BraceOpen if self.tokens[start].kind == TokenKind::Use => {
                Some("names to import stand in parentheses: `use aivi.list (take, drop)`")
            }
            TokenKind::Less if self.is_glued() => Some("the arguments of a type stand behind it: `List Int`"),
            _ => None,
        }
    }

    /// The item that began at `start` must end here; what is left of its line is reported and skipped.
    pub(super) fn end_item(&mut self, start: usize) {
        let ended = self.kind().is_closer() || self.at(TokenKind::Eof) || self.at_newline();
        if ended && self.pos > start {
            return;
        }
        let report = self.unexpected_report(Code::E1524, "a newline");
        let help = self.help_at_end(start);
        self.add(help.into_iter().fold(report, Diagnostic::help));
        self.skip_group();
        if self.pos == start && !self.kind().is_closer() {
            self.skip_item();
        }
    }
}

/// The binding that a statement of a plain block stands for; wrong statements are bindings of nothing.
fn binding(statement: Statement) -> Option<Binding> {
    let span = statement.span;
    let error = Expr { kind: ExprKind::Error, span };
    match statement.kind {
        StatementKind::Let(binding) => Some(binding),
        StatementKind::Bind { pattern, .. } => Some(Binding { pattern, value: error, span }),
        _ => None,
    }
}
