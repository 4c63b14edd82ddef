//! `InlineText`: a text that stands in a value's payload, so that it has no object.
//!
//! It is eight bytes, held as one number, which is what registers and comparisons want: up to seven of text, zeros, and
//! the length. What always holds: the first `length` of them are whole UTF-8 text, the others are 0. `of_utf8`, `join`
//! and `decimal` make it so, and nothing changes it. So two of them are equal when their bits are, and each text of so
//! few bytes has one form: values of longer texts are of another kind (`Value::text`, `From<Text>`).

use std::cmp::Ordering;

use crate::value::Value;

/// A text of seven bytes at most.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct InlineText(u64);

impl InlineText {
    /// Bytes of the longest one: as many as the payload holds beside the length.
    pub(crate) const MAX: usize = 7;

    /// A text, if it is short enough.
    #[inline]
    pub(crate) fn new(text: &str) -> Option<InlineText> {
        // SAFETY: the bytes of a text are UTF-8.
        unsafe { InlineText::of_utf8(text.as_bytes()) }
    }

    /// As `new`.
    ///
    /// # Safety
    /// The bytes are UTF-8.
    #[inline(always)]
    pub(crate) unsafe fn of_utf8(bytes: &[u8]) -> Option<InlineText> {
        // Two words that may overlap: no loop, no call.
        let low = match *bytes {
            [] => 0,
            [first] => u64::from(first),
            [_, _] | [_, _, _] => {
                let (first, last) = (bytes.first_chunk().copied()?, bytes.last_chunk().copied()?);
                u64::from(u16::from_le_bytes(first)) | u64::from(u16::from_le_bytes(last)) << (8 * (bytes.len() - 2))
            }
            _ if bytes.len() <= InlineText::MAX => {
                let (first, last) = (bytes.first_chunk().copied()?, bytes.last_chunk().copied()?);
                u64::from(u32::from_le_bytes(first)) | u64::from(u32::from_le_bytes(last)) << (8 * (bytes.len() - 4))
            }
            _ => return None,
        };
        Some(InlineText::from_le(low | (bytes.len() as u64) << 56))
    }

    /// The eight bytes as a number whose lowest byte is the first.
    #[inline]
    const fn from_le(bits: u64) -> InlineText {
        InlineText(u64::from_le(bits))
    }

    /// Texts one after the other, if all of them are inline and the result is.
    #[inline(always)]
    pub(crate) fn join(parts: &[Value]) -> Option<InlineText> {
        let (mut low, mut length) = (0, 0);
        for part in parts {
            let part = part.as_inline_text()?;
            if length + part.len() > InlineText::MAX {
                return None;
            }
            low |= part.low() << (8 * length);
            length += part.len();
        }
        Some(InlineText::from_le(low | (length as u64) << 56))
    }

    /// A number in decimal digits, if these are few.
    #[inline(always)]
    pub(crate) fn decimal(number: i64) -> Option<InlineText> {
        if !(-999_999..=9_999_999).contains(&number) {
            return None;
        }
        let (mut low, mut length, mut left) = (0, 0, number.unsigned_abs() as u32);
        // From the last digit on: each moves those behind it up.
        loop {
            low = low << 8 | u64::from(b'0') | u64::from(left % 10);
            length += 1;
            left /= 10;
            if left == 0 {
                break;
            }
        }
        if number < 0 {
            low = low << 8 | u64::from(b'-');
            length += 1;
        }
        Some(InlineText::from_le(low | length << 56))
    }

    /// The bytes as a number whose lowest byte is the first, without the length.
    #[inline]
    const fn low(self) -> u64 {
        u64::from_le(self.0) & (u64::MAX >> 8)
    }

    /// As a payload. Equal texts have equal bits.
    #[inline]
    pub(crate) const fn to_bits(self) -> u64 {
        self.0
    }

    /// The text itself.
    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // The mask tells the compiler what always holds.
        let length = self.len() & InlineText::MAX;
        // SAFETY: a number of eight bytes may be read byte by byte. The first `length` are whole UTF-8 text, copied by
        // `of_utf8` or `join`, or digits.
        unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts((&raw const self.0).cast(), length)) }
    }

    /// Adds it at the end: as many bytes as there are places, and then back to what counts, since a copy of a fixed
    /// size is no call.
    #[inline]
    pub(crate) fn append_to(&self, text: &mut String) {
        // SAFETY: when it ends, the text has grown by whole UTF-8 text (`as_str`); nothing in between panics but for
        // lack of memory, before anything has changed.
        let bytes = unsafe { text.as_mut_vec() };
        let end = bytes.len();
        if bytes.capacity() - end < size_of::<u64>() {
            bytes.reserve(size_of::<u64>());
        }
        // SAFETY: there is room for eight bytes behind the end, of which the first `length` are written then.
        unsafe {
            bytes.as_mut_ptr().add(end).cast::<u64>().write_unaligned(self.to_bits());
            bytes.set_len(end + self.len());
        }
    }

    /// Number of bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        (u64::from_le(self.0) >> 56) as usize
    }

    /// Number of scalar values: of the bytes that do not continue one.
    #[inline]
    pub(crate) fn chars(&self) -> usize {
        let bits = self.to_bits();
        // Of a byte that continues a scalar value the highest bit is set and the next one is not. The length has
        // neither.
        let continuing = bits & !(bits << 1) & 0x8080_8080_8080_8080;
        self.len() - continuing.count_ones() as usize
    }

    /// Does every scalar value take one byte?
    #[inline]
    pub(crate) fn is_ascii(&self) -> bool {
        self.to_bits() & 0x8080_8080_8080_8080 == 0
    }

    /// The bytes, zeros behind the end, as a number that is larger when they stand later.
    #[inline]
    pub(crate) fn prefix(&self) -> u64 {
        self.rank() & !0xff
    }

    /// As `prefix`; of texts with the same bytes, which differ by zeros at the end, the shorter one stands earlier.
    #[inline]
    pub(crate) fn rank(&self) -> u64 {
        u64::from_be_bytes(self.to_bits().to_ne_bytes())
    }

    /// Its place in the order of texts, by code point.
    #[inline]
    pub(crate) fn order(&self, other: &InlineText) -> Ordering {
        self.rank().cmp(&other.rank())
    }
}
