//! `Text`: immutable Unicode text that knows how many scalar values it has.
//!
//! Short texts stand in the object itself; longer ones are a range of a buffer that several texts may share. A text that is
//! alone with its buffer appends in place. Where scalar values and bytes are as many, all of it is ASCII, and indices need no
//! search.

use std::ops::Range;

use super::InlineText;
use super::short::Short;
use crate::object::{Ref, Trace, Tracer};
use crate::value::Value;

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

    /// The first eight bytes, zeros behind the end, as a number that is larger when they stand later.
    #[inline]
    pub(crate) fn prefix(&self) -> u64 {
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

    /// The bytes of the range, which begins and ends at boundaries, with so many scalar values.
    pub(crate) fn slice_bytes(&self, bytes: Range<usize>, chars: usize) -> Text {
        match &self.0 {
            Repr::Long(long) if bytes.len() > COPY_MAX => Text(Repr::Long(Long {
                buffer: long.buffer.clone(),
                start: long.start + bytes.start,
                length: bytes.len(),
                chars,
            })),
            _ => Text::with_chars(&self.as_str()[bytes], chars),
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

/// Texts one after the other: in place when the first has its object and buffer for itself, else in memory of just that size.
pub(crate) fn join(mut first: Value, rest: &[Value]) -> Value {
    if first.is_unique()
        && let Some(text) = first.payload_mut::<Text>()
    {
        rest.iter().for_each(|part| text.push_str(part.as_str()));
        return first;
    }
    let parts = std::iter::once(&first).chain(rest).map(Value::as_str);
    Value::joined(parts.clone().map(str::len).sum(), parts)
}

impl Value {
    /// The text of parts, which have so many bytes together.
    fn joined<'a>(length: usize, parts: impl Iterator<Item = &'a str>) -> Value {
        if length > Short::MAX {
            let mut text = String::with_capacity(length);
            parts.for_each(|part| text.push_str(part));
            return Value::payload_of(Text::from(text));
        }
        let mut short = Short::default();
        parts.for_each(|part| {
            short.push_str(part);
        });
        match InlineText::new(short.as_str()) {
            Some(text) => text.into(),
            None => Value::payload_of(Text(Repr::Short(short))),
        }
    }
}

/// Number of scalar values.
fn count(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// The bytes of the scalar values from `start` to before `end`, where `start` is not larger.
pub(super) fn bytes_of(text: &str, start: usize, end: usize) -> Range<usize> {
    let first = byte_of(text, start);
    first..first + byte_of(&text[first..], end - start)
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
