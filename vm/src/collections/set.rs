//! `Set`: a persistent sorted set.

use super::sorted::Sorted;
use crate::structural::Incomparable;
use crate::value::Value;

/// A persistent sorted set of values.
pub type Set = Sorted<()>;

impl Set {
    /// From elements in any order, perhaps repeated.
    pub fn from_elements(elements: impl IntoIterator<Item = Value>) -> Result<Set, Incomparable> {
        Set::from_unsorted(elements.into_iter().map(|element| (element, ())).collect())
    }

    /// All elements in ascending order.
    pub fn elements(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(element, ())| element)
    }
}
