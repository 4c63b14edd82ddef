//! `Map`: a persistent sorted map.

use super::sorted::Sorted;
use crate::structural::Incomparable;
use crate::value::Value;

/// A persistent map from values to values, sorted by key.
pub type Map = Sorted<Value>;

impl Map {
    /// Moves out what a key leads to, which is a copy when it is shared. Something unspecified takes its place until
    /// `insert` or `remove`.
    pub fn take(&mut self, key: &Value) -> Result<Option<Value>, Incomparable> {
        Ok(self.get_mut(key)?.map(|place| std::mem::replace(place, Value::unit())))
    }

    /// What a key leads to, for writing, if it is an Int that stands in hashed entries where one would guess. Calls
    /// nothing.
    #[inline(always)]
    pub(crate) fn quick_get_mut(&mut self, key: &Value) -> Option<&mut Value> {
        match (&mut self.hashed, key.as_int()) {
            (Some(hashed), Some(key)) if self.tree.get().is_none() => hashed.quick_get_mut(key),
            _ => None,
        }
    }

    /// As `quick_get_mut`, of any key without parts.
    #[inline(always)]
    pub(crate) fn plain_get_mut(&mut self, key: &Value) -> Option<Option<&mut Value>> {
        match &mut self.hashed {
            Some(hashed) if self.tree.get().is_none() => hashed.plain_get_mut(key),
            _ => None,
        }
    }

    /// As `insert` of an Int, if that changes hashed entries where one would guess. Else the value comes back. Calls
    /// nothing.
    #[inline(always)]
    pub(crate) fn quick_insert(&mut self, key: &Value, value: Value) -> Result<(), Value> {
        match (&mut self.hashed, key.as_int()) {
            (Some(hashed), Some(key)) if self.tree.get().is_none() => hashed.quick_insert(key, value),
            _ => Err(value),
        }
    }

    /// As `quick_insert`, of any key without parts, unless the entries are in a row.
    #[inline(always)]
    pub(crate) fn plain_insert(&mut self, key: &Value, value: Value) -> Result<(), Value> {
        match &mut self.hashed {
            Some(hashed) if self.tree.get().is_none() => hashed.plain_insert(key, value),
            _ => Err(value),
        }
    }
}
