//! Persistent collections: what values of the kinds List, Text, Map, Set and Bytes are made of.
//!
//! All of them update in place what nothing else points to, and otherwise copy the little that lies on the way to the
//! change. Their inner parts are counted as heap objects are: without atomics until they are shared (`object/mod.rs`).

pub mod bytes;
pub(crate) mod chunk;
pub mod concat;
pub(crate) mod digits;
mod few;
mod hash;
mod hashed;
pub mod inline_text;
pub mod list;
pub mod map;
pub mod merge_sort;
mod middle;
mod run;
pub mod set;
pub(crate) mod short;
pub mod sorted;
pub mod text;
pub mod text_ref;
pub(crate) mod tree;
pub mod values;
pub(crate) mod view;

pub use bytes::Bytes;
pub use inline_text::InlineText;
pub use list::List;
pub use map::Map;
pub use set::Set;
pub use text::Text;
pub use text_ref::TextRef;

#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod list_tests;
#[cfg(test)]
mod sorted_tests;
#[cfg(test)]
mod text_tests;
