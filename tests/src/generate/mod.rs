//! Texts and programs out of bytes: the same bytes give the same text, and most bytes give something that gets far.
//!
//! A fuzzer changes the bytes and sees what that does; tests make them from a seed. When the bytes are used up every
//! choice is the first alternative, so the first one is always something that ends.

mod choices;
mod grammar;
mod tokens;

pub use choices::Choices;

/// What the first byte of an input may ask for, instead of being the first byte of a text.
const GRAMMAR: u8 = 1;
const TOKENS: u8 = 2;

/// The text that an input stands for: itself, or what a generator makes of its bytes.
#[must_use]
pub fn text(input: &[u8]) -> String {
    match input {
        [GRAMMAR, rest @ ..] => grammar::module(&mut Choices::new(rest)),
        [TOKENS, rest @ ..] => tokens::soup(&mut Choices::new(rest)),
        _ => String::from_utf8_lossy(input).into_owned(),
    }
}
