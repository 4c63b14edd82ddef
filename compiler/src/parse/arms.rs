//! Arm lists, and which of them a `|` belongs to [D-5].

use super::cursor::Parser;
use crate::diagnostic::{Code, Diagnostic};
use crate::lex::TokenKind;
use crate::syntax::ast::{Arm, Expr, ExprKind, Guard, Pattern, PatternKind};

/// The open arm lists, innermost last.
#[derive(Default)]
pub(super) struct ArmLists {
    /// For each list the column of its first line-leading arm.
    columns: Vec<Option<u32>>,
    /// The lists below this one stand outside of the innermost bracket.
    base: usize,
}

impl Parser<'_> {
    /// Hides open arm lists from what stands inside of a bracket. Give the result to `show_arm_lists`.
    pub(super) fn hide_arm_lists(&mut self) -> usize {
        std::mem::replace(&mut self.arm_lists.base, self.arm_lists.columns.len())
    }

    pub(super) fn show_arm_lists(&mut self, base: usize) {
        self.arm_lists.base = base;
    }

    /// One or more arms.
    pub(super) fn arms(&mut self) -> Vec<Arm> {
        let mut arms = Vec::new();
        self.arm_lists.columns.push(None);
        while self.at(TokenKind::Bar) && self.takes_arm(arms.is_empty()) {
            arms.push(self.arm());
        }
        self.arm_lists.columns.pop();
        if arms.is_empty() {
            let report = self.unexpected_report(Code::E1501, "`|`");
            self.add(report.help("every case is an arm: `| pattern => result`"));
        }
        arms
    }

    /// The `|` here belongs to the innermost list, rather than to one further out.
    fn takes_arm(&mut self, is_first: bool) -> bool {
        if !self.token().has_newline() {
            return true;
        }
        let column = self.column();
        let innermost = self.arm_lists.columns.len() - 1;
        let own = self.arm_lists.columns[innermost];
        let further_out = &self.arm_lists.columns[self.arm_lists.base..innermost];
        if !is_first && own != Some(column) && further_out.contains(&Some(column)) {
            return false;
        }
        self.arm_lists.columns[innermost] = own.or(Some(column));
        true
    }

    /// The column of this token, in characters.
    fn column(&self) -> u32 {
        let before = &self.text[..self.token().start as usize];
        let line = before.rfind('\n').map_or(before, |newline| &before[newline + 1..]);
        u32::try_from(line.chars().count()).unwrap_or(u32::MAX)
    }

    /// `| pattern [when guard] => body`
    fn arm(&mut self) -> Arm {
        let start = self.here();
        self.bump();
        let pattern = self.pattern();
        let guard = self.guard();
        let body = if self.fat_arrow() {
            self.expr()
        } else {
            let report = self.unexpected_report(Code::E1501, "`=>`");
            self.add(match self.kind() {
                TokenKind::Colon => report.help("the first item of a list and the others are `[first, ...rest]`"),
                _ => report,
            });
            self.skip_arm();
            Expr { kind: ExprKind::Error, span: self.here() }
        };
        Arm { pattern, guard, body, span: self.span_from(start) }
    }

    pub(super) fn guard(&mut self) -> Option<Guard> {
        let negated = self.at(TokenKind::Unless);
        if self.at(TokenKind::If) {
            let report = Diagnostic::new(Code::E1500, self.here(), "expected `when` or `=>`, found the keyword `if`");
            self.add(report.help("a guard is `| pattern when condition => result`"));
        } else if !negated && !self.at(TokenKind::When) {
            return None;
        }
        self.bump();
        Some(Guard { negated, condition: self.pipe_without_lambda() })
    }

    /// Skips a broken arm: to the next one, or to the end of the item.
    fn skip_arm(&mut self) {
        while !self.at_end_of_item() && !self.at(TokenKind::Bar) {
            if self.eat(TokenKind::FatArrow) {
                self.expr();
                return;
            }
            self.skip_one();
        }
    }
}

/// The pattern's outermost constructor is `Err`.
pub(super) fn is_err(parser: &Parser<'_>, pattern: &Pattern) -> bool {
    matches!(&pattern.kind, PatternKind::Constructor { qualifier, name, .. }
        if qualifier.is_empty() && parser.interner.text(name.symbol) == "Err")
}
