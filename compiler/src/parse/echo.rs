//! One mistake, one report: drops what is only said because of an earlier report, and marks items that were read
//! wrongly, so that later passes say nothing about what they did not understand.

use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::lex::{Token, TokenKind};
use crate::syntax::{Interner, Symbol, ast};

/// Merges the reports of the lexer and the parser, in source order.
///
/// - Behind a bracket, comment or sigil that is not closed, the parser's complaints about the rest of the item are
///   echoes: it saw another structure than the writer.
/// - On one line of an item only the first complaint counts.
/// - What stands indented behind a broken item was meant as part of it.
pub(super) fn merge(
    text: &str,
    file: &mut ast::File,
    lexer: Vec<Diagnostic>,
    parser: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut all: Vec<(bool, Diagnostic)> = lexer.into_iter().map(|report| (true, report)).collect();
    all.extend(parser.into_iter().map(|report| (false, report)));
    all.sort_by_key(|(from_lexer, report)| (report.span.start, !from_lexer));
    let mut kept: Vec<Diagnostic> = Vec::with_capacity(all.len());
    // Per item: a mistake of the lexer that hides the rest was seen; where the line of the last mistake ends.
    let mut state = State { item: None, lexer: false, line_end: 0 };
    // The end of the line of the report before, which many reports may share.
    let mut end = 0;
    for (from_lexer, report) in all {
        let at = report.span.start as usize;
        let item = item_at(file, at);
        let is_field = matches!(report.code, Code::E1525 | Code::E1526 | Code::E1527);
        if is_field && item.is_some() && item == state.item {
            // Fields of something that may be no record.
            continue;
        }
        if !breaks(report.code) {
            kept.push(report);
            continue;
        }
        let follows = item != state.item && item.is_some_and(|item| is_error(file, item) && !is_at_margin(text, at));
        if follows && state.item.is_some() && report.code == Code::E1505 {
            continue;
        }
        if item != state.item {
            state = State { item, lexer: false, line_end: 0 };
        }
        let is_echo =
            (!from_lexer && state.lexer) || (at < state.line_end && (!from_lexer || report.code == Code::E1000));
        state.lexer |= matches!(report.code, Code::E1004 | Code::E1005 | Code::E1007);
        if at > end || end == 0 {
            end = text[at.min(text.len())..].find('\n').map_or(text.len(), |length| at + length);
        }
        state.line_end = end;
        if let Some(item) = item {
            file.items[item].broken = true;
        }
        if !is_echo {
            kept.push(report);
        }
    }
    kept
}

struct State {
    item: Option<usize>,
    lexer: bool,
    line_end: usize,
}

/// The item that reaches to `at`, or stands before it.
fn item_at(file: &ast::File, at: usize) -> Option<usize> {
    file.items.partition_point(|item| item.span.start as usize <= at).checked_sub(1)
}

fn is_error(file: &ast::File, item: usize) -> bool {
    matches!(file.items[item].kind, ast::ItemKind::Error)
}

fn is_at_margin(text: &str, at: usize) -> bool {
    at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n')
}

/// The tree may not be what the writer meant. Behind the other mistakes the parser knows what was meant.
fn breaks(code: Code) -> bool {
    let known = matches!(
        code,
        Code::E1002 | Code::E1006 | Code::E1506 | Code::E1507 | Code::E1508 | Code::E1526 | Code::E1528 | Code::E1529
    );
    code.severity() == Severity::Error && !known && !matches!(code, Code::E2006 | Code::E1539)
}

/// Names in the text of items that could not be read: they may define or import any of them.
pub(super) fn lost_names(file: &ast::File, text: &str, tokens: &[Token], interner: &mut Interner) -> Vec<Symbol> {
    let mut lost = Vec::new();
    for item in file.items.iter().filter(|item| item.broken && !is_named(item)) {
        let first = tokens.partition_point(|token| token.start < item.span.start);
        let inside = tokens[first..].iter().take_while(|token| token.start < item.span.end);
        let names = inside.filter(|token| matches!(token.kind, TokenKind::Lower | TokenKind::Upper));
        lost.extend(names.map(|token| interner.intern(token.text(text))));
    }
    lost
}

/// What it defines is known in spite of the mistake.
fn is_named(item: &ast::Item) -> bool {
    match &item.kind {
        ast::ItemKind::Binding(binding) => matches!(binding.pattern.kind, ast::PatternKind::Name(_)),
        kind => matches!(kind, ast::ItemKind::Signature(_)),
    }
}
