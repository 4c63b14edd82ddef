//! `Map`: a persistent sorted map.

use super::sorted::Sorted;
use crate::value::Value;

/// A persistent map from values to values, sorted by key.
pub type Map = Sorted<Value>;

impl Map {
    /// Moves out what the entry with this number leads to, which is a copy when it is shared. Something unspecified takes its
    /// place until `put_nth`.
    pub fn take_nth(&mut self, index: usize) -> Option<Value> {
        self.nth_mut(index).map(|place| std::mem::replace(place, Value::unit()))
    }

    /// Replaces what the entry with this number leads to.
    pub fn put_nth(&mut self, index: usize, value: Value) {
        if let Some(place) = self.nth_mut(index) {
            *place = value;
        }
    }
}
