//! The syntax tree: what the parser writes and the resolver reads. It follows the grammar of `spec/language/` one to
//! one and keeps everything the formatter needs to know about structure; comments stay in the token list.

pub mod ast;
pub mod dump;
pub mod span;
pub mod symbol;

pub use span::{FileId, Span};
pub use symbol::{Interner, Symbol};
