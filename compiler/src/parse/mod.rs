//! Tokens to syntax tree.
//!
//! Recursive descent, one function for each rule of the grammar, precedence climbing for infix operators. The parser
//! never fails: where the source is wrong it reports, leaves an `Error` node, and goes on behind the mistake.
//!
//! Three decisions shape it. *Newlines*: they are no tokens; a place that ends an item or separates two asks
//! `Parser::at_newline`, which is false inside of parentheses. *Looking ahead*: whether a lambda, a binding or an
//! expression follows is told by a scan over tokens that jumps over brackets (`ahead.rs`), never by trying and going
//! back, so parsing takes linear time. *Height*: a tree is never higher than `limits::HEIGHT_MAX` levels, however it
//! came about, so that later passes and the tree's own destructor may recurse.
//!
//! Besides E1000 to E1008 and E1500 to E1528 this pass reports everything that syntax alone proves: E1530 to E1534 and
//! E1536 to E1543 (statements and `or` arms in the wrong place or form), E1550, E1900 and E2006. E1535 (`recurse`) is
//! the checker's.

mod ahead;
mod arms;
mod atom;
mod block;
mod collection;
mod cursor;
mod declaration;
mod domain;
mod echo;
mod expr;
mod foreign;
mod item;
mod limits;
mod operator;
mod or_arms;
mod pattern;
mod record;
mod section;
mod statement;
mod types;

use crate::diagnostic::Diagnostic;
use crate::lex::{self, Comment, Token};
use crate::syntax::{FileId, Interner, ast};
use cursor::Parser;

/// What parsing a file gives.
pub struct Parsed {
    /// The tree.
    pub file: ast::File,
    /// What was wrong, in source order.
    pub diagnostics: Vec<Diagnostic>,
    /// The tokens, for the formatter.
    pub tokens: Vec<Token>,
    /// The comments, for the formatter.
    pub comments: Vec<Comment>,
}

/// Parses the file `text`.
#[must_use]
pub fn parse(file: FileId, text: &str, interner: &mut Interner) -> Parsed {
    let lexed = lex::lex(file, text);
    let mut parser = Parser::new(file, text, &lexed, interner);
    let mut tree = parser.file();
    let reports = parser.finish();
    let diagnostics = echo::merge(text, &mut tree, lexed.diagnostics, reports);
    if !diagnostics.is_empty() {
        tree.lost = echo::lost_names(&tree, text, &lexed.tokens, interner);
    }
    Parsed { file: tree, diagnostics, tokens: lexed.tokens, comments: lexed.comments }
}
