//! `Sorted`: a persistent sorted table from keys to `V`. A `Map` has values, a `Set` has nothing (`()`).
//!
//! Keys are any values and stand in the built-in total order. Comparing functions, effects or handles is an error that every
//! operation on keys passes on. Entries are also numbered from zero in ascending order, so a place found once
//! can be read, changed or removed without comparing again.
//!
//! Costs: O(log n) by key or number; O(n) for what visits all; `union` and its like O(min(n + m, m log n)).

use std::cmp::Ordering;

use super::TextRef;
use super::tree::{Edit, Leaf, Tree};
use crate::object::{Ref, Trace, Tracer};
use crate::structural::{Incomparable, compare};
use crate::value::{Kind, Value};

/// Entries of a full leaf: half a kilobyte of keys. More make insertion move more, fewer make the tree deeper.
const LEAF: usize = 32;

/// What a leaf holds: keys and, at the same places, what belongs to them.
#[derive(Clone)]
struct Run<V: Entry> {
    keys: Vec<Value>,
    values: Vec<V>,
}

/// A counted run.
pub(crate) struct Entries<V: Entry>(Ref<Run<V>>);

/// A persistent sorted table.
pub struct Sorted<V: Entry> {
    tree: Tree<Entries<V>>,
}

/// Where a key is or would be.
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
    pub fn new() -> Sorted<V> {
        Sorted { tree: Tree::Leaf(Entries::new(Vec::new(), Vec::new())) }
    }

    /// From ascending keys without repetition, and what belongs to them.
    #[must_use]
    pub fn from_sorted(keys: Vec<Value>, values: Vec<V>) -> Sorted<V> {
        debug_assert_eq!(keys.len(), values.len());
        if keys.len() <= LEAF {
            return Sorted { tree: Tree::Leaf(Entries::new(keys, values)) };
        }
        let leaves = keys.len().div_ceil(LEAF);
        let (mut keys, mut values) = (keys.into_iter(), values.into_iter());
        let leaf = |_| Entries::new(keys.by_ref().take(LEAF).collect(), values.by_ref().take(LEAF).collect());
        Sorted { tree: Tree::from_leaves((0..leaves).map(leaf).collect()) }
    }

    /// From entries in any order; of those with equal keys the last one counts.
    pub fn from_unsorted(entries: Vec<(Value, V)>) -> Result<Sorted<V>, Incomparable> {
        let mut entries = entries;
        let mut ascending = true;
        for pair in entries.windows(2) {
            ascending &= compare(&pair[0].0, &pair[1].0)? == Ordering::Less;
        }
        if let [only] = entries.as_slice() {
            compare(&only.0, &only.0)?;
        }
        if !ascending {
            // Every key took part in a comparison above, so sorting meets no key that cannot be compared.
            entries.sort_by(|a, b| compare(&a.0, &b.0).unwrap_or(Ordering::Equal));
            entries.reverse();
            entries.dedup_by(|later, first| compare(&later.0, &first.0) == Ok(Ordering::Equal));
            entries.reverse();
        }
        let (keys, values) = entries.into_iter().unzip();
        Ok(Sorted::from_sorted(keys, values))
    }

    /// Number of entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tree.len()
    }

    /// Are there none?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of a key, or the number that it would get.
    pub fn find(&self, key: &Value) -> Result<Result<usize, usize>, Incomparable> {
        let place = self.search(key)?;
        let number = place.start + place.index;
        Ok(if place.found { Ok(number) } else { Err(number) })
    }

    /// What a key leads to.
    pub fn get(&self, key: &Value) -> Result<Option<&V>, Incomparable> {
        let place = self.search(key)?;
        Ok(place.found.then(|| &place.leaf.0.values[place.index]))
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
        let (leaf, start) = self.tree.search(|first| order(first) == Ordering::Greater);
        let found = leaf.0.keys.binary_search_by(order);
        let (found, index) = found.map_or_else(|index| (false, index), |index| (true, index));
        Place { leaf, start, index, found }
    }

    /// The entry with this number.
    #[must_use]
    pub fn nth(&self, index: usize) -> Option<(&Value, &V)> {
        if index >= self.len() {
            return None;
        }
        let (leaf, i) = self.tree.locate(index);
        Some((&leaf.0.keys[i], &leaf.0.values[i]))
    }

    /// What the entry with this number leads to, for changing it in place.
    pub fn nth_mut(&mut self, index: usize) -> Option<&mut V> {
        if index >= self.len() {
            return None;
        }
        let (leaf, i) = self.tree.locate_mut(index);
        Some(&mut leaf.0.make_mut().values[i])
    }

    /// Adds an entry, or replaces what an equal key leads to; true when it is new.
    pub fn insert(&mut self, key: Value, value: V) -> Result<bool, Incomparable> {
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
        match self.find(&key)? {
            Ok(index) => {
                if let Some(place) = self.nth_mut(index) {
                    *place = value;
                }
                Ok(false)
            }
            Err(index) => {
                // A single key that cannot be compared must not enter an empty table.
                if self.is_empty() {
                    compare(&key, &key)?;
                }
                self.tree.edit(index, true, |leaf, i| {
                    let run = leaf.0.make_mut();
                    run.keys.insert(i, key);
                    run.values.insert(i, value);
                });
                Ok(true)
            }
        }
    }

    /// As `insert`, of keys that can be compared: one way down finds the place and changes it.
    #[inline(always)]
    fn insert_by(&mut self, key: Value, value: V, order: impl Fn(&Value, &Value) -> Ordering) -> bool {
        let mut entry = Some((key, value));
        self.tree.edit_where(
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

    /// Removes the entry with this number.
    pub fn remove_nth(&mut self, index: usize) -> Option<(Value, V)> {
        (index < self.len()).then(|| {
            self.tree.edit(index, false, |leaf, i| {
                let run = leaf.0.make_mut();
                (run.keys.remove(i), run.values.remove(i))
            })
        })
    }

    /// Removes a key; what it led to.
    pub fn remove(&mut self, key: &Value) -> Result<Option<V>, Incomparable> {
        let found = self.find(key)?.ok();
        Ok(found.and_then(|index| self.remove_nth(index)).map(|(_, value)| value))
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
            if !added_left || base.find(key)?.is_err() {
                base.insert(key.clone(), value.clone())?;
            }
        }
        Ok(base)
    }

    /// The entries whose keys the other one has too.
    pub fn intersection<W: Entry>(self, other: &Sorted<W>) -> Result<Sorted<V>, Incomparable> {
        self.filter_by(|key| Ok(other.find(key)?.is_ok()))
    }

    /// The entries whose keys the other one does not have.
    pub fn difference<W: Entry>(mut self, other: &Sorted<W>) -> Result<Sorted<V>, Incomparable> {
        if other.len() > self.len() / 8 {
            return self.filter_by(|key| Ok(other.find(key)?.is_err()));
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
        loop {
            let order = match (left.peek(), right.peek()) {
                (None, None) => break,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some((a, _)), Some((b, _))) => compare(a, b)?,
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
        self.tree.leaves().flat_map(|leaf| leaf.0.keys.iter().zip(&leaf.0.values))
    }

    /// Checks all that always holds.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        self.tree.check();
        let keys: Vec<&Value> = self.iter().map(|(key, _)| key).collect();
        assert!(keys.windows(2).all(|pair| compare(pair[0], pair[1]) == Ok(Ordering::Less)));
    }
}

/// `compare` with an Int.
#[inline(always)]
fn beside_int(other: &Value, key: i64) -> Ordering {
    other.as_int().map_or(other.kind().cmp(&Kind::Int), |other| other.cmp(&key))
}

/// `compare` with an inline text of this rank: longer texts stand where their first bytes say, behind their own beginning.
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

impl<V: Entry> Trace for Run<V> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.keys.iter().for_each(|key| tracer.value(key));
        self.values.iter().for_each(|value| value.trace(tracer));
    }
}

impl<V: Entry> Trace for Sorted<V> {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.tree.trace(tracer);
    }
}

impl<V: Entry> Default for Sorted<V> {
    fn default() -> Sorted<V> {
        Sorted::new()
    }
}

impl<V: Entry> Clone for Sorted<V> {
    fn clone(&self) -> Sorted<V> {
        Sorted { tree: self.tree.clone() }
    }
}

impl<V: Entry> Entries<V> {
    fn new(keys: Vec<Value>, values: Vec<V>) -> Entries<V> {
        Entries(Ref::new(Run { keys, values }))
    }
}

impl<V: Entry> Clone for Entries<V> {
    fn clone(&self) -> Entries<V> {
        Entries(self.0.clone())
    }
}

impl<V: Entry> Leaf for Entries<V> {
    type Key = Value;
    const MAX: usize = LEAF;

    fn len(&self) -> usize {
        self.0.keys.len()
    }

    fn first_key(&self) -> Value {
        self.0.keys[0].clone()
    }

    fn split_off(&mut self, at: usize) -> Entries<V> {
        let run = self.0.make_mut();
        Entries::new(run.keys.split_off(at), run.values.split_off(at))
    }

    fn append(&mut self, other: Entries<V>, rest: &mut Option<Entries<V>>) {
        let other = other.0.into_inner();
        let run = self.0.make_mut();
        run.keys.extend(other.keys);
        run.values.extend(other.values);
        if self.len() > LEAF {
            *rest = Some(self.split_off(self.len() / 2));
        }
    }

    fn trace(&self, tracer: &mut Tracer<'_>) {
        tracer.part(&self.0);
    }

    fn trace_key(key: &Value, tracer: &mut Tracer<'_>) {
        tracer.value(key);
    }
}
