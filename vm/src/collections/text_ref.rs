//! `TextRef`: a text as a value holds it.

use std::cmp::Ordering;

use super::text::bytes_of;
use super::{InlineText, Text};
use crate::value::Value;

/// A text that a value holds, in itself or in an object.
#[derive(Clone, Copy)]
pub enum TextRef<'a> {
    /// In the payload.
    Inline(&'a InlineText),
    /// In an object.
    Boxed(&'a Text),
}

impl<'a> TextRef<'a> {
    /// The text itself.
    #[inline]
    #[must_use]
    pub fn as_str(self) -> &'a str {
        match self {
            TextRef::Inline(text) => text.as_str(),
            TextRef::Boxed(text) => text.as_str(),
        }
    }

    /// Its place in the order of texts, by code point.
    #[inline]
    #[must_use]
    pub fn order(self, other: TextRef<'_>) -> Ordering {
        match (self, other) {
            (TextRef::Inline(left), TextRef::Inline(right)) => left.order(right),
            _ => self.order_boxed(other),
        }
    }

    /// As `order`; the first bytes usually decide.
    fn order_boxed(self, other: TextRef<'_>) -> Ordering {
        self.prefix().cmp(&other.prefix()).then_with(|| self.as_str().cmp(other.as_str()))
    }

    /// Whether both are the same text.
    #[inline]
    #[must_use]
    pub fn is_equal(self, other: TextRef<'_>) -> bool {
        match (self, other) {
            (TextRef::Inline(left), TextRef::Inline(right)) => left == right,
            (TextRef::Boxed(left), TextRef::Boxed(right)) => left.as_str() == right.as_str(),
            _ => false,
        }
    }

    /// The first bytes, as a number that is never smaller when the text stands later.
    #[inline]
    fn prefix(self) -> u64 {
        match self {
            TextRef::Inline(text) => text.prefix(),
            TextRef::Boxed(text) => text.prefix(),
        }
    }

    /// Number of scalar values.
    #[inline]
    #[must_use]
    pub fn chars(self) -> usize {
        match self {
            TextRef::Inline(text) => text.chars(),
            TextRef::Boxed(text) => text.chars(),
        }
    }

    /// Number of bytes.
    #[inline]
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            TextRef::Inline(text) => text.len(),
            TextRef::Boxed(text) => text.len(),
        }
    }

    /// Is there nothing?
    #[inline]
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Does every scalar value take one byte?
    #[inline]
    #[must_use]
    pub fn is_ascii(self) -> bool {
        match self {
            TextRef::Inline(text) => text.is_ascii(),
            TextRef::Boxed(text) => text.is_ascii(),
        }
    }

    /// The scalar values from `start` to before `end`, both clamped; a negative start counts from the end.
    #[must_use]
    pub fn slice(self, start: i64, end: i64) -> Value {
        let (whole, chars) = (self.as_str(), self.chars());
        let end = usize::try_from(end).unwrap_or(0).min(chars);
        let start = match usize::try_from(start) {
            Ok(start) => start.min(end),
            Err(_) => chars.saturating_sub(start.unsigned_abs() as usize).min(end),
        };
        let bytes = if self.is_ascii() { start..end } else { bytes_of(whole, start, end) };
        match (InlineText::new(&whole[bytes.clone()]), self) {
            (Some(text), _) => text.into(),
            (None, TextRef::Boxed(text)) => text.slice_bytes(bytes, end - start).into(),
            (None, TextRef::Inline(text)) => (*text).into(),
        }
    }

    /// As `slice`, if the part is short, all is ASCII, and the start counts from the front.
    #[inline(always)]
    pub(crate) fn slice_inline(self, start: i64, end: i64) -> Option<InlineText> {
        let whole = self.as_str().as_bytes();
        let end = (end.max(0) as usize).min(whole.len());
        let part = whole.get(start as usize..end)?;
        // SAFETY: whatever is cut from ASCII is ASCII.
        if self.is_ascii() { unsafe { InlineText::of_utf8(part) } } else { None }
    }
}
