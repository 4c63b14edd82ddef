//! Values that hold collections: making them and looking into them.

use super::{Bytes, InlineText, List, Map, Set, Text, TextRef};
use crate::object::Payload;
use crate::value::{Kind, Value};

macro_rules! payloads {
    ($($type:ident)*) => {$(
        // SAFETY: `$type` is the only payload of the kind with its name, which is of the payload family.
        unsafe impl Payload for $type {
            const KIND: Kind = Kind::$type;
        }

    )*};
}

macro_rules! from {
    ($($type:ident)*) => {$(
        impl From<$type> for Value {
            #[inline]
            fn from(payload: $type) -> Value {
                Value::payload_of(payload)
            }
        }
    )*};
}

payloads! { List Text Map Set Bytes }
from! { List Map Set Bytes }

impl From<Text> for Value {
    #[inline]
    fn from(text: Text) -> Value {
        match InlineText::new(text.as_str()) {
            Some(text) => text.into(),
            None => Value::payload_of(text),
        }
    }
}

impl Value {
    /// A text.
    #[inline]
    #[must_use]
    pub fn text(text: &str) -> Value {
        InlineText::new(text).map_or_else(|| Value::payload_of(Text::from(text)), Value::from)
    }

    /// A list.
    #[must_use]
    pub fn list(elements: impl IntoIterator<Item = Value>) -> Value {
        elements.into_iter().collect::<List>().into()
    }

    /// A list of Ints.
    #[must_use]
    pub fn byte_list(bytes: &[u8]) -> Value {
        List::of_bytes(bytes).into()
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_text(&self) -> Option<TextRef<'_>> {
        match self.as_inline_text() {
            Some(text) => Some(TextRef::Inline(text)),
            None => self.payload().map(TextRef::Boxed),
        }
    }

    /// The text itself; nothing of a value that is no text.
    #[inline]
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.as_text().map_or("", TextRef::as_str)
    }

    /// The list.
    #[inline]
    #[must_use]
    pub fn as_list(&self) -> Option<&List> {
        self.payload()
    }

    /// The map.
    #[inline]
    #[must_use]
    pub fn as_map(&self) -> Option<&Map> {
        self.payload()
    }

    /// The set.
    #[inline]
    #[must_use]
    pub fn as_set(&self) -> Option<&Set> {
        self.payload()
    }

    /// The byte string.
    #[must_use]
    pub fn as_bytes(&self) -> Option<&Bytes> {
        self.payload()
    }

    /// The list, moved out when it is unique.
    pub fn into_list(self) -> Result<List, Value> {
        self.into_payload()
    }

    /// The text, moved out when it is unique.
    pub fn into_text(self) -> Result<Text, Value> {
        match self.as_inline_text() {
            Some(text) => Ok(Text::from(text.as_str())),
            None => self.into_payload(),
        }
    }

    /// The map, moved out when it is unique.
    pub fn into_map(self) -> Result<Map, Value> {
        self.into_payload()
    }

    /// The set, moved out when it is unique.
    pub fn into_set(self) -> Result<Set, Value> {
        self.into_payload()
    }
}
