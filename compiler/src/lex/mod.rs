//! Text to tokens.
//!
//! The lexer is one pass over the bytes with a stack of modes for texts and their holes, so that nothing here recurses.
//! A token is its kind, two flags and its place; what it says is read from the source when somebody asks. White space
//! and comments are no tokens: a token knows whether a blank and whether a newline stands before it, and the parser
//! decides by context what a newline means (rules 1 to 5 of the layout).
//!
//! What always holds of the result: tokens are in source order, the last one is `Eof`, every text and every hole that
//! is opened is closed, and every bracket has its partner (`Lexed::pairs`). Where the source was wrong a diagnostic has
//! been reported and tokens of no width have been put in, or stray ones left out. The parser builds on that: skipping
//! a bracketed group is one step, and no bracket is reported twice.

mod brackets;
mod keyword;
mod literal;
mod number;
mod scan;
pub mod text;
pub mod token;

pub use keyword::is_keyword;
pub use token::{Token, TokenKind};

use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{FileId, Span};

/// A comment, delimiters included.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// Its place.
    pub span: Span,
    /// Nothing but blanks stands before it on its line.
    pub leads_line: bool,
}

/// The tokens of a file.
pub struct Lexed {
    /// In source order, `Eof` last.
    pub tokens: Vec<Token>,
    /// For every opening and closing token the index of its partner, for others 0.
    pub pairs: Vec<u32>,
    /// Comments in source order, for the formatter.
    pub comments: Vec<Comment>,
    /// What was wrong.
    pub diagnostics: Vec<Diagnostic>,
}

/// Splits `text` into tokens.
#[must_use]
pub fn lex(file: FileId, text: &str) -> Lexed {
    let too_large = u32::try_from(text.len()).is_err();
    let mut lexed = scan::scan(file, if too_large { "" } else { text });
    if too_large {
        lexed.diagnostics.push(Diagnostic::new(
            Code::E4000,
            Span { file, start: 0, end: 0 },
            "file of more than 4 GiB",
        ));
    }
    brackets::pair(file, text, &mut lexed);
    lexed
}
