//! `Sorted`: a persistent sorted table from keys to `V`. A `Map` has values, a `Set` has nothing (`()`).
//!
//! Keys are any values and stand in the built-in total order. Comparing functions, effects or handles is an error that
//! every operation on keys passes on.
//!
//! A table that one owner builds and reads is *hashed* (`hashed.rs`). When it is longer than a leaf and copied, or when
//! somebody goes through it in order and its entries did not arrive in order, it gets a tree, once: the copies are that
//! tree, and it becomes the tree itself when it changes. A tree stays one.
//!
//! These hold at all times:
//! - a table without hashed entries has a tree; one with both has the same entries in them;
//! - a table that crosses to other threads has a tree, if reading it there could make one.
//!
//! Costs by key: O(1) hashed, O(log n) in a tree; O(n) for what visits all, and O(n log n) for what makes the tree;
//! `union` and its like O(min(n + m, m log n)).

use std::cell::OnceCell;
use std::cmp::Ordering;

use super::hashed::Hashed;
use super::merge_sort::sorted_by;
use super::run::{Entries, LEAF};
use super::tree::{Edit, Tree};
use super::{TextRef, hash};
use crate::object::{Trace, Tracer};
use crate::structural::{Comparisons, Incomparable, compare};
use crate::value::{Kind, Value};

/// A persistent sorted table.
pub struct Sorted<V: Entry> {
    pub(super) hashed: Option<Hashed<V>>,
    pub(super) tree: OnceCell<Tree<Entries<V>>>,
}

/// Where a key is or would be in a tree.
struct Place<'a, V: Entry> {
    leaf: &'a Entries<V>,
    /// Number of the leaf's first entry.
    start: usize,
    /// In the leaf.
    index: usize,
    found: bool,
}

/// What keys lead to.
pub trait Entry: Clone + 'static {
    /// Shows the values in it to `tracer`.
    fn trace(&self, tracer: &mut Tracer<'_>);
}

impl Entry for Value {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.value(self);
    }
}

impl Entry for () {
    fn trace(&self, _: &mut Tracer<'_>) {}
}

impl<V: Entry> Sorted<V> {
    /// No entries.
    #[must_use]
    pub const fn new() -> Sorted<V> {
        Sorted { hashed: Some(Hashed::new()), tree: OnceCell::new() }
    }

    fn from_tree(tree: Tree<Entries<V>>) -> Sorted<V> {
        Sorted { hashed: None, tree: tree.into() }
    }

    /// From ascending keys without repetition, and what belongs to them.
    #[must_use]
    pub fn from_sorted(keys: Vec<Value>, values: Vec<V>) -> Sorted<V> {
        debug_assert_eq!(keys.len(), values.len());
        Sorted::from_ascending(keys.into_iter().zip(values).collect())
    }

    fn from_ascending(entries: Vec<(Value, V)>) -> Sorted<V> {
        match Hashed::from_ascending(entries) {
            Ok(hashed) => Sorted { hashed: Some(hashed), tree: OnceCell::new() },
            Err(entries) => Sorted::from_tree(tree_of(entries.into_iter())),
        }
    }

    /// From entries in any order; of those with equal keys the last one counts.
    pub fn from_unsorted(entries: Vec<(Value, V)>) -> Result<Sorted<V>, Incomparable> {
        if entries.iter().all(|(key, _)| hash::of(key).is_some()) {
            let mut table = Sorted::new();
            entries.into_iter().try_for_each(|(key, value)| table.insert(key, value).map(drop))?;
            return Ok(table);
        }
        let mut entries = entries;
        let mut comparisons = Comparisons::new();
        let mut ascending = true;
        for pair in entries.windows(2) {
            ascending &= comparisons.compare(&pair[0].0, &pair[1].0)? == Ordering::Less;
        }
        if let [only] = entries.as_slice() {
            compare(&only.0, &only.0)?;
        }
        if !ascending {
            entries = sorted_by(entries, |a, b| comparisons.compare(&a.0, &b.0))?;
            let mut last: Vec<(Value, V)> = Vec::with_capacity(entries.len());
            for entry in entries {
                match last.last_mut() {
                    Some(before) if comparisons.compare(&before.0, &entry.0)? == Ordering::Equal => *before = entry,
                    _ => last.push(entry),
                }
            }
            entries = last;
        }
        Ok(Sorted::from_ascending(entries))
    }

    /// Number of entries.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashed.as_ref().map_or_else(|| self.tree().len(), |hashed| hashed.entries().len())
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The tree, which is made now if there is none.
    fn tree(&self) -> &Tree<Entries<V>> {
        self.tree.get_or_init(|| {
            let entries = self.hashed.as_ref().map_or_else(Vec::new, Hashed::sorted);
            tree_of(entries.into_iter().map(|(key, value)| (key.clone(), value.clone())))
        })
    }

    /// The tree, which is all that there is from now on.
    fn tree_mut(&mut self) -> &mut Tree<Entries<V>> {
        self.tree();
        self.hashed = None;
        self.tree.get_mut().expect("it was made")
    }

    /// Before a change: one form only. A long table that has had a tree is that tree.
    #[inline]
    fn settle(&mut self) {
        if self.hashed.is_some() && self.tree.get().is_some() {
            if self.len() > LEAF {
                self.hashed = None;
            } else {
                self.tree = OnceCell::new();
            }
        }
    }

    /// What a key leads to.
    #[inline]
    pub fn get(&self, key: &Value) -> Result<Option<&V>, Incomparable> {
        if let Some(hashed) = &self.hashed {
            let found = hashed.get(key);
            if found.is_none() && hash::of(key).is_none() {
                // It is not there; but to look for what cannot be compared is an error.
                hashed.entries().first().map_or(Ok(Ordering::Equal), |(first, _)| compare(first, key))?;
            }
            return Ok(found);
        }
        let place = self.search(key)?;
        Ok(place.found.then(|| &place.leaf.0.values[place.index]))
    }

    /// As `get`, of an Int that is found where one would guess. Calls nothing.
    #[inline(always)]
    pub(crate) fn quick_get(&self, key: &Value) -> Option<&V> {
        self.hashed.as_ref()?.quick_get(key.as_int()?)
    }

    /// As `get`, of a key without parts in hashed entries. Calls nothing.
    #[inline(always)]
    pub(crate) fn plain_get(&self, key: &Value) -> Option<Option<&V>> {
        self.hashed.as_ref()?.plain_get(key)
    }

    /// As `get`, for writing.
    pub fn get_mut(&mut self, key: &Value) -> Result<Option<&mut V>, Incomparable> {
        self.settle();
        if let Some(ref mut hashed) = self.hashed {
            return Ok(hashed.get_mut(key));
        }
        let place = self.search(key)?;
        let number = place.found.then_some(place.start + place.index);
        Ok(number.map(|number| {
            let (leaf, index) = self.tree_mut().locate_mut(number);
            &mut leaf.0.make_mut().values[index]
        }))
    }

    fn search(&self, key: &Value) -> Result<Place<'_, V>, Incomparable> {
        // What this key is decides once how to compare: the others usually have its type.
        if let Some(key) = key.as_int() {
            return Ok(self.search_by(|other| beside_int(other, key)));
        }
        if let Some(key) = key.as_text() {
            return Ok(match key {
                TextRef::Inline(key) => self.search_by(|other| beside_inline(other, key.rank())),
                TextRef::Boxed(_) => self.search_by(|other| beside_text(other, key)),
            });
        }
        let mut failed = None;
        let place = self.search_by(|other| {
            compare(other, key).unwrap_or_else(|incomparable| {
                failed = Some(incomparable);
                Ordering::Equal
            })
        });
        failed.map_or(Ok(place), Err)
    }

    /// `order` tells where a key stands beside the one that is looked for.
    #[inline(always)]
    fn search_by(&self, mut order: impl FnMut(&Value) -> Ordering) -> Place<'_, V> {
        let (leaf, start) = self.tree().search(|first| order(first) == Ordering::Greater);
        let found = leaf.0.keys.binary_search_by(order);
        let (found, index) = found.map_or_else(|index| (false, index), |index| (true, index));
        Place { leaf, start, index, found }
    }

    /// Adds an entry, or replaces what an equal key leads to; true when it is new.
    #[inline]
    pub fn insert(&mut self, key: Value, value: V) -> Result<bool, Incomparable> {
        self.settle();
        let refused = match &mut self.hashed {
            Some(hashed) => hashed.insert(key, value),
            None => Err((key, value)),
        };
        refused.or_else(|(key, value)| self.insert_in_tree(key, value))
    }

    fn insert_in_tree(&mut self, key: Value, value: V) -> Result<bool, Incomparable> {
        if let Some(number) = key.as_int() {
            return Ok(self.insert_by(key, value, |other, _| beside_int(other, number)));
        }
        if key.as_text().is_some() {
            return Ok(self.insert_by(key, value, |other, key| match key.as_text() {
                Some(TextRef::Inline(key)) => beside_inline(other, key.rank()),
                Some(key) => beside_text(other, key),
                None => Ordering::Equal,
            }));
        }
        // A single key that cannot be compared must not enter an empty table.
        if self.is_empty() {
            compare(&key, &key)?;
        }
        self.tree();
        let place = self.search(&key)?;
        let (number, found) = (place.start + place.index, place.found);
        if found {
            let (leaf, index) = self.tree_mut().locate_mut(number);
            leaf.0.make_mut().values[index] = value;
        } else {
            self.tree_mut().edit(number, true, |leaf, i| {
                let run = leaf.0.make_mut();
                run.keys.insert(i, key);
                run.values.insert(i, value);
            });
        }
        Ok(!found)
    }

    /// As `insert`, of keys that can be compared: one way down finds the place and changes it.
    #[inline(always)]
    fn insert_by(&mut self, key: Value, value: V, order: impl Fn(&Value, &Value) -> Ordering) -> bool {
        let mut entry = Some((key, value));
        self.tree_mut().edit_where(
            &mut entry,
            |entry, first| entry.as_ref().is_some_and(|(key, _)| order(first, key) == Ordering::Greater),
            |entry, leaf| {
                let Some((key, value)) = entry.take() else { return Edit::Same };
                let run = leaf.0.make_mut();
                match run.keys.binary_search_by(|other| order(other, &key)) {
                    Ok(index) => {
                        run.values[index] = value;
                        Edit::Same
                    }
                    Err(index) => {
                        run.keys.insert(index, key);
                        run.values.insert(index, value);
                        if index == 0 { Edit::First } else { Edit::Length }
                    }
                }
            },
        )
    }

    /// Removes a key; what it led to.
    pub fn remove(&mut self, key: &Value) -> Result<Option<V>, Incomparable> {
        if self.get(key)?.is_none() {
            return Ok(None);
        }
        self.settle();
        if let Some(hashed) = &mut self.hashed
            && let Ok(removed) = hashed.remove(key)
        {
            return Ok(removed);
        }
        // A hashed table that is too crowded is a tree from here on.
        self.tree_mut();
        let place = self.search(key)?;
        let number = place.start + place.index;
        Ok(Some(self.tree_mut().edit(number, false, |leaf, i| {
            let run = leaf.0.make_mut();
            run.keys.remove(i);
            run.values.remove(i)
        })))
    }

    /// All entries of both; where both have a key, what the second one leads to.
    pub fn union(self, other: Sorted<V>) -> Result<Sorted<V>, Incomparable> {
        let (few, many) = (self.len().min(other.len()), self.len().max(other.len()));
        if few > many / 8 {
            return self.merge(&other);
        }
        let added_left = self.len() < other.len();
        let (mut base, added) = if added_left { (other, self) } else { (self, other) };
        for (key, value) in added.iter() {
            if !added_left || base.get(key)?.is_none() {
                base.insert(key.clone(), value.clone())?;
            }
        }
        Ok(base)
    }

    /// The entries whose keys the other one has too.
    pub fn intersection<W: Entry>(self, other: &Sorted<W>) -> Result<Sorted<V>, Incomparable> {
        self.filter_by(|key| Ok(other.get(key)?.is_some()))
    }

    /// The entries whose keys the other one does not have.
    pub fn difference<W: Entry>(mut self, other: &Sorted<W>) -> Result<Sorted<V>, Incomparable> {
        if other.len() > self.len() / 8 {
            return self.filter_by(|key| Ok(other.get(key)?.is_none()));
        }
        for (key, _) in other.iter() {
            self.remove(key)?;
        }
        Ok(self)
    }

    fn filter_by(self, mut keep: impl FnMut(&Value) -> Result<bool, Incomparable>) -> Result<Sorted<V>, Incomparable> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        for (key, value) in self.iter() {
            if keep(key)? {
                keys.push(key.clone());
                values.push(value.clone());
            }
        }
        Ok(if keys.len() == self.len() { self } else { Sorted::from_sorted(keys, values) })
    }

    /// Both in one pass; equal keys take the second value.
    fn merge(self, other: &Sorted<V>) -> Result<Sorted<V>, Incomparable> {
        let length = self.len() + other.len();
        let (mut keys, mut values) = (Vec::with_capacity(length), Vec::with_capacity(length));
        let (mut left, mut right) = (self.iter().peekable(), other.iter().peekable());
        let mut comparisons = Comparisons::new();
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((a, _)), Some((b, _))) => comparisons.compare(a, b)?,
            };
            if order == Ordering::Equal {
                left.next();
            }
            if let Some((key, value)) = if order == Ordering::Less { left.next() } else { right.next() } {
                keys.push(key.clone());
                values.push(value.clone());
            }
        }
        Ok(Sorted::from_sorted(keys, values))
    }

    /// The same keys with other values, as many as there are keys.
    #[must_use]
    pub fn with_values<W: Entry>(&self, values: Vec<W>) -> Sorted<W> {
        Sorted::from_sorted(self.iter().map(|(key, _)| key.clone()).collect(), values)
    }

    /// All entries in ascending order.
    pub fn iter(&self) -> impl Iterator<Item = (&Value, &V)> {
        let hashed = self.hashed.as_ref().filter(|hashed| hashed.is_ascending());
        let leaves = hashed.is_none().then(|| self.tree().leaves()).into_iter().flatten();
        let hashed = hashed.into_iter().flat_map(|hashed| hashed.entries());
        hashed.map(|(key, value)| (key, value)).chain(leaves.flat_map(|leaf| leaf.0.keys.iter().zip(&leaf.0.values)))
    }

    /// Checks all that always holds.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        if let Some(hashed) = &self.hashed {
            hashed.check();
        }
        if let Some(tree) = self.tree.get() {
            tree.check();
            assert_eq!(tree.len(), self.len());
        }
        let keys: Vec<&Value> = self.iter().map(|(key, _)| key).collect();
        assert!(keys.windows(2).all(|pair| compare(pair[0], pair[1]) == Ok(Ordering::Less)));
    }
}

/// `compare` with an Int.
#[inline(always)]
fn beside_int(other: &Value, key: i64) -> Ordering {
    other.as_int().map_or(other.kind().cmp(&Kind::Int), |other| other.cmp(&key))
}

/// `compare` with an inline text of this rank: longer texts stand where their first bytes say, behind their own
/// beginning.
#[inline(always)]
fn beside_inline(other: &Value, rank: u64) -> Ordering {
    match other.as_text() {
        Some(TextRef::Inline(other)) => other.rank().cmp(&rank),
        Some(TextRef::Boxed(other)) => (other.prefix() | 0xff).cmp(&rank),
        None => other.kind().cmp(&Kind::InlineText),
    }
}

/// `compare` with a Text.
#[inline(always)]
fn beside_text(other: &Value, key: TextRef<'_>) -> Ordering {
    other.as_text().map_or(other.kind().cmp(&Kind::Text), |other| other.order(key))
}

/// A tree of ascending entries.
fn tree_of<V: Entry>(entries: impl ExactSizeIterator<Item = (Value, V)>) -> Tree<Entries<V>> {
    let leaves = entries.len().div_ceil(LEAF).max(1);
    let mut entries = entries;
    let leaf = |_| {
        let (keys, values) = entries.by_ref().take(LEAF).unzip();
        Entries::new(keys, values)
    };
    Tree::from_leaves((0..leaves).map(leaf).collect())
}

impl<V: Entry> Trace for Sorted<V> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(hashed) = &self.hashed {
            if tracer.is_sharing() && (!hashed.is_ascending() || hashed.entries().len() > LEAF) {
                // The tree is made now: on the other threads it is only read.
                self.tree();
            }
            for (key, value) in hashed.entries() {
                tracer.value(key);
                value.trace(tracer);
            }
        }
        if let Some(tree) = self.tree.get() {
            tree.trace(tracer);
        }
    }
}

impl<V: Entry> Default for Sorted<V> {
    fn default() -> Sorted<V> {
        Sorted::new()
    }
}

impl<V: Entry> Clone for Sorted<V> {
    fn clone(&self) -> Sorted<V> {
        match &self.hashed {
            Some(hashed) if hashed.entries().len() <= LEAF => {
                Sorted { hashed: Some(hashed.clone()), tree: OnceCell::new() }
            }
            _ => Sorted::from_tree(self.tree().clone()),
        }
    }
}
