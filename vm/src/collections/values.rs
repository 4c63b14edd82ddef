//! Values that hold collections: making them and looking into them.

use super::{Bytes, List, Map, Set, Text};
use crate::object::Payload;
use crate::value::{Kind, Value};

macro_rules! payloads {
    ($($type:ident)*) => {$(
        // SAFETY: `$type` is the only payload of the kind with its name, which is of the payload family.
        unsafe impl Payload for $type {
            const KIND: Kind = Kind::$type;
        }

        impl From<$type> for Value {
            #[inline]
            fn from(payload: $type) -> Value {
                Value::payload_of(payload)
            }
        }
    )*};
}

payloads! { List Text Map Set Bytes }

impl Value {
    /// A text.
    #[must_use]
    pub fn text(text: &str) -> Value {
        Text::from(text).into()
    }

    /// A list.
    #[must_use]
    pub fn list(elements: impl IntoIterator<Item = Value>) -> Value {
        elements.into_iter().collect::<List>().into()
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn as_text(&self) -> Option<&Text> {
        self.payload()
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
        self.into_payload()
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
