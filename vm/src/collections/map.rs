//! `Map`: a persistent sorted map.

use super::sorted::Sorted;
use crate::structural::Incomparable;
use crate::value::Value;

/// A persistent map from values to values, sorted by key.
pub type Map = Sorted<Value>;

impl Map {
    /// Moves out what a key leads to, which is a copy when it is shared. Something unspecified takes its place until `insert` or
    /// `remove`.
    pub fn take(&mut self, key: &Value) -> Result<Option<Value>, Incomparable> {
        Ok(self.get_mut(key)?.map(|place| std::mem::replace(place, Value::unit())))
    }

    /// As `insert` of an Int, if that changes hashed entries where one would guess. Else the value comes back. Calls nothing.
    #[inline(always)]
    pub(crate) fn quick_insert(&mut self, key: &Value, value: Value) -> Result<(), Value> {
        match (&mut self.hashed, key.as_int()) {
            (Some(hashed), Some(key)) if self.tree.get().is_none() => hashed.quick_insert(key, value),
            _ => Err(value),
        }
    }

    /// As `quick_insert`, of a key without parts, with an index.
    #[inline(always)]
    pub(crate) fn indexed_insert(&mut self, key: &Value, value: Value) -> Result<(), Value> {
        match &mut self.hashed {
            Some(hashed) if self.tree.get().is_none() => hashed.indexed_insert(key, value),
            _ => Err(value),
        }
    }
}
