//! What works on every value, whatever its type: `==`, the built-in total order, `toText` and `debugText`.
//!
//! All of it walks values with a stack of its own, so the depth of a value is bounded by memory only.

mod compare;
mod show;

pub use compare::{Comparisons, Incomparable, compare, equal};
pub use show::{constructor, debug_text, escape, short_debug_text, to_short_text, to_text, write_text};

#[cfg(test)]
mod tests;
