//! The texts of a list, one after the other.

use super::{InlineText, List, Text};
use crate::value::Value;

/// How many bytes the texts of a list have together, with a separator between them.
#[must_use]
pub fn length(list: &List, separator: &str) -> usize {
    let mut bytes = separator.len() * list.len().saturating_sub(1);
    for slice in list.slices() {
        for piece in slice {
            bytes += piece.as_str().len();
        }
    }
    bytes
}

/// The texts of a list with a separator between them; `length` of both is about the number of their bytes.
#[must_use]
pub fn concat(list: &List, separator: &str, length: usize) -> Value {
    let mut text = String::with_capacity(length + size_of::<InlineText>());
    let mut between = "";
    for slice in list.slices() {
        for piece in slice {
            if !between.is_empty() {
                text.push_str(between);
            }
            between = separator;
            match piece.as_inline_text() {
                Some(piece) => piece.append_to(&mut text),
                None => text.push_str(piece.as_str()),
            }
        }
    }
    Text::from(text).into()
}
