//! Claims about tokens, trees and layout.

use aivi_compiler::diagnostic::{Color, Diagnostic, Severity, Source, Sources, render};
use aivi_compiler::lex::{self as lexer, TokenKind};
use aivi_compiler::parse::{self as parser, Parsed};
use aivi_compiler::syntax::dump::{dump_file, dump_tokens};
use aivi_compiler::syntax::{FileId, Interner, Span};

/// A text is split into tokens that lie in it, in order, with all brackets in pairs.
///
/// # Panics
/// When that does not hold.
pub fn lex(text: &str) {
    let lexed = lexer::lex(FileId(0), text);
    let last = lexed.tokens.last().expect("at least the end");
    assert_eq!(last.kind, TokenKind::Eof);
    assert_eq!(lexed.tokens.iter().filter(|token| token.kind == TokenKind::Eof).count(), 1);
    assert_in_order(text, lexed.tokens.iter().map(|token| (token.start, token.end)));
    assert_in_order(text, lexed.comments.iter().map(|comment| (comment.span.start, comment.span.end)));
    assert_eq!(lexed.pairs.len(), lexed.tokens.len());
    for (at, token) in lexed.tokens.iter().enumerate() {
        let partner = lexed.pairs[at] as usize;
        if let Some(closer) = token.kind.closer() {
            assert!(partner > at && lexed.pairs[partner] as usize == at, "{token:?} and {partner}");
            assert_eq!(lexed.tokens[partner].kind, closer);
        } else if token.kind.is_closer() {
            assert!(partner < at && lexed.pairs[partner] as usize == at, "{token:?} and {partner}");
        } else {
            assert_eq!(partner, 0);
        }
    }
    assert_shown(text, &lexed.diagnostics);
}

/// A text has a tree and reports that can be shown.
///
/// # Panics
/// When that does not hold.
pub fn parse(text: &str) {
    let (parsed, interner) = parsed(text);
    assert_shown(text, &parsed.diagnostics);
    assert!(dump_tokens(text, &parsed.tokens).ends_with("Eof\n"));
    assert_eq!(
        dump_file(&interner, &parsed.file).is_empty(),
        parsed.file.path.is_none() && parsed.file.items.is_empty()
    );
}

/// A text without errors is laid out as a text with the same tree and comments, and that one stays as it is.
///
/// # Panics
/// When that does not hold.
pub fn format(text: &str) {
    let (before, interner) = parsed(text);
    let Ok(result) = aivi_compiler::format::format(text) else {
        return assert!(has_errors(&before), "refused without an error");
    };
    assert!(!has_errors(&before), "laid out in spite of errors");
    let (after, after_interner) = parsed(&result);
    assert!(!has_errors(&after), "the result has errors: {:?}\n{result}", after.diagnostics);
    assert_eq!(dump_file(&interner, &before.file), dump_file(&after_interner, &after.file), "another tree\n{result}");
    assert!(comments(text, &before).eq(comments(&result, &after)), "other comments\n{result}");
    assert_eq!(aivi_compiler::format::format(&result).as_ref(), Ok(&result), "not stable");
}

fn parsed(text: &str) -> (Parsed, Interner) {
    let mut interner = Interner::default();
    (parser::parse(FileId(0), text, &mut interner), interner)
}

fn has_errors(parsed: &Parsed) -> bool {
    parsed.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error)
}

fn comments<'a>(text: &'a str, parsed: &'a Parsed) -> impl Iterator<Item = &'a str> {
    parsed.comments.iter().map(|comment| text[comment.span.start as usize..comment.span.end as usize].trim_end())
}

/// Stretches of the text, each behind the one before.
fn assert_in_order(text: &str, stretches: impl Iterator<Item = (u32, u32)>) {
    let mut behind = 0;
    for (start, end) in stretches {
        assert!(behind <= start, "{start} after {behind}");
        assert_inside(text, start, end);
        behind = end;
    }
}

fn assert_inside(text: &str, start: u32, end: u32) {
    assert!(start <= end && end as usize <= text.len(), "{start} to {end} of {}", text.len());
    assert!(text.is_char_boundary(start as usize) && text.is_char_boundary(end as usize), "{start} to {end}");
}

/// Reports lie in the text and can be rendered.
pub(super) fn assert_shown(text: &str, diagnostics: &[Diagnostic]) {
    let mut sources = Sources::default();
    sources.add(Source::new("text", text));
    for diagnostic in diagnostics {
        let Span { start, end, .. } = diagnostic.span;
        assert_inside(text, start, end);
        assert!(!diagnostic.message.is_empty());
        assert!(!render(diagnostic, &sources, Color::Never).is_empty());
    }
}
