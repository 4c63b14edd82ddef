//! `Text`: immutable Unicode text that knows how many scalar values it has.
//!
//! Short texts stand in the object itself; longer ones are a range of a buffer that several texts may share. A text that is
//! alone with its buffer appends in place. Where scalar values and bytes are as many, all of it is ASCII, and indices need no
//! search.

use std::cmp::Ordering;

use super::short::Short;
use crate::object::{Ref, Trace, Tracer};

/// A text.
#[derive(Clone)]
pub struct Text(Repr);

#[derive(Clone)]
enum Repr {
    Short(Short),
    Long(Long),
}

/// A range of a buffer.
#[derive(Clone)]
struct Long {
    buffer: Ref<Buffer>,
    /// In bytes.
    start: usize,
    /// In bytes.
    length: usize,
    /// Scalar values.
    chars: usize,
}

#[derive(Clone)]
struct Buffer(String);

impl Trace for Buffer {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

impl Trace for Text {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Repr::Long(long) = &self.0 {
            tracer.part(&long.buffer);
        }
    }
}

/// A slice up to this many bytes is a copy, so that it does not keep a large buffer alive; arbitrary.
const COPY_MAX: usize = 256;

impl Text {
    /// The text itself.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Short(short) => short.as_str(),
            Repr::Long(long) => &long.buffer.0[long.start..long.start + long.length],
        }
    }

    /// Its place in the order of texts, by code point. The first eight bytes usually decide; behind them `str` does.
    #[inline]
    #[must_use]
    pub fn order(&self, other: &Text) -> Ordering {
        self.prefix().cmp(&other.prefix()).then_with(|| self.as_str().cmp(other.as_str()))
    }

    #[inline]
    fn prefix(&self) -> u64 {
        match &self.0 {
            Repr::Short(short) => short.prefix(),
            Repr::Long(_) => {
                let mut first = [0; 8];
                let bytes = self.as_str().as_bytes();
                let length = bytes.len().min(8);
                first[..length].copy_from_slice(&bytes[..length]);
                u64::from_be_bytes(first)
            }
        }
    }

    /// Number of scalar values.
    #[inline]
    #[must_use]
    pub fn chars(&self) -> usize {
        match &self.0 {
            Repr::Short(short) => short.chars(),
            Repr::Long(long) => long.chars,
        }
    }

    /// Number of bytes.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Repr::Short(short) => short.len(),
            Repr::Long(long) => long.length,
        }
    }

    /// Is there nothing?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Does every scalar value take one byte?
    #[inline]
    #[must_use]
    pub fn is_ascii(&self) -> bool {
        self.len() == self.chars()
    }

    /// Adds a text at the end, in place when this text is alone with its buffer.
    pub fn push_str(&mut self, added: &str) {
        if let Repr::Short(short) = &mut self.0
            && short.push_str(added)
        {
            return;
        }
        let (length, chars) = (self.len() + added.len(), self.chars() + count(added));
        if let Repr::Long(Long { buffer, start, length: old, chars: old_chars }) = &mut self.0
            && let Some(Buffer(text)) = buffer.get_mut()
        {
            // What other texts saw behind this one is gone with them.
            text.truncate(*start + *old);
            text.push_str(added);
            (*old, *old_chars) = (length, chars);
            return;
        }
        // Twice the room, so that appending again costs nothing more per byte.
        let mut text = String::with_capacity(length * 2);
        text.push_str(self.as_str());
        text.push_str(added);
        self.0 = Repr::Long(Long { buffer: Ref::new(Buffer(text)), start: 0, length, chars });
    }

    /// The scalar values from `start` to before `end`, both clamped.
    #[must_use]
    pub fn slice(&self, start: usize, end: usize) -> Text {
        let end = end.min(self.chars());
        let start = start.min(end);
        if self.is_ascii() {
            return self.slice_bytes(start, end, end - start);
        }
        let text = self.as_str();
        let first = byte_of(text, start);
        let last = first + byte_of(&text[first..], end - start);
        self.slice_bytes(first, last, end - start)
    }

    /// The bytes from `start` to before `end`, which are boundaries, with so many scalar values.
    fn slice_bytes(&self, start: usize, end: usize, chars: usize) -> Text {
        match &self.0 {
            Repr::Long(long) if end - start > COPY_MAX => Text(Repr::Long(Long {
                buffer: long.buffer.clone(),
                start: long.start + start,
                length: end - start,
                chars,
            })),
            _ => Text::with_chars(&self.as_str()[start..end], chars),
        }
    }

    fn with_chars(text: &str, chars: usize) -> Text {
        match Short::new(text, chars) {
            Some(short) => Text(Repr::Short(short)),
            None => Text::long(text.to_owned(), chars),
        }
    }

    fn long(text: String, chars: usize) -> Text {
        let length = text.len();
        Text(Repr::Long(Long { buffer: Ref::new(Buffer(text)), start: 0, length, chars }))
    }
}

/// Number of scalar values.
fn count(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// Where the scalar value with this index starts, or the end.
fn byte_of(text: &str, index: usize) -> usize {
    text.char_indices().nth(index).map_or(text.len(), |(at, _)| at)
}

impl From<&str> for Text {
    #[inline]
    fn from(text: &str) -> Text {
        Text::with_chars(text, count(text))
    }
}

impl From<String> for Text {
    /// Keeps the string's buffer when it is long.
    fn from(text: String) -> Text {
        let chars = count(&text);
        match Short::new(&text, chars) {
            Some(short) => Text(Repr::Short(short)),
            None => Text::long(text, chars),
        }
    }
}

impl Default for Text {
    fn default() -> Text {
        Text::from("")
    }
}
