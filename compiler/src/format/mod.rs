//! Text to the same text, well laid out.
//!
//! The formatter changes white space and nothing else: the tokens and comments of its result are those of its input, in
//! the same order. The printer walks the syntax tree and takes one token after the other; between two tokens it puts
//! the comments that stand there and a *gap*: nothing, a blank, a newline, or a place for the `pretty` crate to break.
//!
//! Who decides about lines: what the author wrote on several lines keeps its breaks, what stands on one line stays
//! there when it fits and is broken at the loosest place when it does not. Fixed are indentation, blanks, one arm a
//! line in a list of several lines with its arrows aligned, and at most one blank line in a row.
//!
//! Because newlines and columns have a meaning here (rules 1 to 5 of the layout, columns of arms), a result is read
//! again and used only when it has the same tree. Rejected: printing from the tree alone, which loses comments,
//! literals as written and redundant parentheses.

mod arms;
mod blocks;
mod brackets;
mod chains;
mod expr;
mod gap;
mod items;
mod printer;

use pretty::Arena;

use crate::diagnostic::{Diagnostic, Severity};
use crate::lex::{Comment, TokenKind};
use crate::parse::{self, Parsed};
use crate::syntax::dump::dump_file;
use crate::syntax::{FileId, Interner};
use printer::Printer;

/// Lines are not longer when they can be broken. Arbitrary: two files fit beside each other, and at 100 lines were
/// broken that people had written so on purpose.
const WIDTH: usize = 110;

/// Bytes of stack to lay out and compare the highest tree that the parser makes: 3 MiB were measured in a debug build.
const STACK: usize = 8 << 20;

/// How often a text is laid out at most. Arbitrary: nearly all are settled after the first time, and no text of the
/// tests, damaged ones included, needs more than half of that.
const ROUNDS_MAX: usize = 8;

/// Lays out the file `text`. What cannot be laid out without changing its meaning comes back as it is.
///
/// # Errors
/// What is wrong with the text, when it does not parse.
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || format_here(text));
        match worker {
            Ok(worker) => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => format_here(text),
        }
    })
}

/// `format`, on the stack of the caller.
fn format_here(text: &str) -> Result<String, Vec<Diagnostic>> {
    let mut interner = Interner::default();
    let parsed = parse::parse(FileId(0), text, &mut interner);
    if parsed.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error) {
        return Err(parsed.diagnostics);
    }
    Ok(settled(text, &parsed, &mut interner).unwrap_or_else(|| text.to_owned()))
}

/// Lays out until nothing changes: where a newline of the author's went away, what stood on two lines may now have to
/// be broken elsewhere. `None` when that changes the meaning, or does not end.
fn settled(text: &str, parsed: &Parsed, interner: &mut Interner) -> Option<String> {
    parsed.file.path.as_ref()?;
    let mut result = layout(text, parsed);
    for _ in 0..ROUNDS_MAX {
        let again = parse::parse(FileId(0), &result, interner);
        if !is_same(text, parsed, &result, &again, interner) {
            return None;
        }
        let next = layout(&result, &again);
        if next == result {
            return Some(result);
        }
        result = next;
    }
    None
}

fn layout(text: &str, parsed: &Parsed) -> String {
    let arena = Arena::new();
    let mut printer = Printer::new(&arena, text, parsed);
    let mut out = String::with_capacity(text.len());
    let mut render = |doc: printer::Doc<'_>| doc.render_fmt(WIDTH, &mut out).expect("a String takes everything");
    render(printer.header(&parsed.file));
    for item in &parsed.file.items {
        render(printer.top_item(item));
    }
    render(printer.end());
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

/// Both files have the same tokens, comments and tree.
fn is_same(text: &str, parsed: &Parsed, result: &str, again: &Parsed, interner: &Interner) -> bool {
    tokens(text, parsed).eq(tokens(result, again))
        && comments(text, parsed).eq(comments(result, again))
        && dump_file(interner, &parsed.file) == dump_file(interner, &again.file)
}

fn tokens<'a>(text: &'a str, parsed: &'a Parsed) -> impl Iterator<Item = (TokenKind, &'a str)> {
    parsed.tokens.iter().map(|token| (token.kind, token.text(text)))
}

/// The comments, and behind how many tokens each stands.
fn comments<'a>(text: &'a str, parsed: &'a Parsed) -> impl Iterator<Item = (usize, &'a str)> {
    parsed.comments.iter().map(|Comment { span, .. }| {
        let place = parsed.tokens.partition_point(|token| token.start < span.start);
        (place, text[span.start as usize..span.end as usize].trim_end())
    })
}
