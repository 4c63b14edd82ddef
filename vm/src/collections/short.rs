//! `Short`: a text of a few bytes, stored in place.
//!
//! What always holds: the first `length` of `bytes` are whole UTF-8 text of `chars` scalar values, the others are 0.
//! Every `Short` is made by `new` and changed by `push`, which copy whole `str`s.

/// A short text.
#[derive(Clone, Copy)]
pub(crate) struct Short {
    length: u8,
    chars: u8,
    bytes: [u8; Short::MAX],
}

impl Short {
    /// Bytes of the longest one: as many as make it no larger than a long text's fields.
    pub(crate) const MAX: usize = 37;

    /// A text with so many scalar values, if it is short enough.
    #[inline]
    pub(crate) fn new(text: &str, chars: usize) -> Option<Short> {
        if text.len() > Short::MAX {
            return None;
        }
        let mut bytes = [0; Short::MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Some(Short { length: text.len() as u8, chars: chars as u8, bytes })
    }

    /// The text itself.
    #[inline]
    pub(crate) fn as_str(&self) -> &str {
        // SAFETY: the first `length` bytes, at most all, are whole texts one after the other, copied by `new` and
        // `push`.
        unsafe { std::str::from_utf8_unchecked(self.bytes.get_unchecked(..usize::from(self.length))) }
    }

    /// The first eight bytes, zeros behind the end, as a number that is larger when they stand later.
    #[inline]
    pub(crate) fn prefix(&self) -> u64 {
        const { assert!(Short::MAX >= 8) };
        self.bytes.first_chunk().map_or(0, |first| u64::from_be_bytes(*first))
    }

    /// Number of bytes.
    #[inline]
    pub(crate) fn len(&self) -> usize {
        usize::from(self.length)
    }

    /// Number of scalar values.
    #[inline]
    pub(crate) fn chars(&self) -> usize {
        usize::from(self.chars)
    }

    /// Adds a text with so many scalar values at the end, if there is room.
    #[inline]
    pub(crate) fn push(&mut self, added: &str, chars: usize) -> bool {
        let (old, new) = (self.len(), self.len() + added.len());
        if new > Short::MAX {
            return false;
        }
        self.bytes[old..new].copy_from_slice(added.as_bytes());
        self.length = new as u8;
        self.chars += chars as u8;
        true
    }
}

impl Default for Short {
    fn default() -> Short {
        Short { length: 0, chars: 0, bytes: [0; Short::MAX] }
    }
}
