//! `Text`: immutable Unicode text that knows how many scalar values it has.
//!
//! Short texts stand in the object itself; longer ones are a range of a buffer that several texts may share. A text
//! that is alone with its buffer appends in place. Where scalar values and bytes are as many, all of it is ASCII, and
//! indices need no search.

use std::ops::Range;

use super::short::Short;
use super::{InlineText, TextRef};
use crate::account::meter::Charge;
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

/// A range of a buffer, which lies inside it and begins and ends at boundaries: it was the whole buffer (`Text::long`,
/// `push_str`), or a checked part of such a range (`slice_bytes`). A buffer changes only behind the range of the only
/// text that has it.
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

struct Buffer {
    text: String,
    charge: Charge,
}

impl Buffer {
    fn new(text: String) -> Ref<Buffer> {
        let charge = Charge::new(text.capacity());
        Ref::new(Buffer { text, charge })
    }
}

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
            // SAFETY: the range lies inside the buffer and begins and ends at boundaries, see `Long`.
            Repr::Long(long) => unsafe { long.buffer.text.get_unchecked(long.start..long.start + long.length) },
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
        self.push(added, count(added));
    }

    /// As `push_str`, of a text with so many scalar values.
    fn push(&mut self, added: &str, chars: usize) {
        if let Repr::Short(short) = &mut self.0
            && short.push(added, chars)
        {
            return;
        }
        let (length, chars) = (self.len() + added.len(), self.chars() + chars);
        if let Repr::Long(Long { buffer, start, length: old, chars: old_chars }) = &mut self.0
            && let Some(Buffer { text, charge }) = buffer.get_mut()
        {
            // What other texts saw behind this one is gone with them.
            text.truncate(*start + *old);
            let room = text.capacity();
            text.push_str(added);
            if text.capacity() != room {
                charge.set(text.capacity());
            }
            (*old, *old_chars) = (length, chars);
            return;
        }
        // Twice the room, so that appending again costs nothing more per byte.
        let mut text = String::with_capacity(length * 2);
        text.push_str(self.as_str());
        text.push_str(added);
        self.0 = Repr::Long(Long { buffer: Buffer::new(text), start: 0, length, chars });
    }

    /// The bytes of the range, which begins and ends at boundaries, with so many scalar values.
    pub(crate) fn slice_bytes(&self, bytes: Range<usize>, chars: usize) -> Text {
        let part = &self.as_str()[bytes.clone()];
        match &self.0 {
            Repr::Long(long) if part.len() > COPY_MAX => Text(Repr::Long(Long {
                buffer: long.buffer.clone(),
                start: long.start + bytes.start,
                length: part.len(),
                chars,
            })),
            _ => Text::with_chars(part, chars),
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
        Text(Repr::Long(Long { buffer: Buffer::new(text), start: 0, length, chars }))
    }
}

/// Texts one after the other: in place when the first has its object for itself (it is `Unit` then), else in memory of
/// just that size.
pub(crate) fn join(parts: &mut [Value]) -> Value {
    if let [first, rest @ ..] = &mut *parts
        && first.is_unique()
        && let Some(text) = first.payload_mut::<Text>()
    {
        for part in rest.iter().filter_map(Value::as_text) {
            text.push(part.as_str(), part.chars());
        }
        return std::mem::replace(first, Value::unit());
    }
    let length: usize = parts.iter().map(|part| part.as_str().len()).sum();
    if length > Short::MAX {
        let mut text = String::with_capacity(length);
        parts.iter().for_each(|part| text.push_str(part.as_str()));
        let chars = parts.iter().filter_map(Value::as_text).map(TextRef::chars).sum();
        return Value::payload_of(Text::long(text, chars));
    }
    let mut short = Short::default();
    for part in parts.iter().filter_map(Value::as_text) {
        short.push(part.as_str(), part.chars());
    }
    match InlineText::new(short.as_str()) {
        Some(text) => text.into(),
        None => Value::payload_of(Text(Repr::Short(short))),
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
