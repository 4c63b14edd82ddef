//! `List`: a persistent sequence of values.
//!
//! Most of its elements stand in a tree of chunks; those at both ends stand in two views beside it, so that adding and
//! removing there costs a few instructions while the list is not shared, and a chunk's copy at most when it is. A list of up
//! to `Chunk::MAX` elements is one chunk.
//!
//! Costs: `push`, `prepend`, `uncons`, `unsnoc` amortised O(1); `get`, `set` O(log n) with a base of 32; `take`, `drop`, `concat`
//! O(log n). Nothing is copied that is not on the way to the change.

use super::chunk::Chunk;
use super::tree::{Leaf, Tree};
use super::view::View;
use crate::object::{Trace, Tracer};
use crate::value::Value;

/// A persistent sequence.
#[derive(Clone, Default)]
pub struct List {
    front: View,
    middle: Middle,
    back: View,
}

/// What stands between the views at the ends. Its length is kept beside it, so that asking for it loads no node.
#[derive(Clone, Default)]
struct Middle {
    tree: Option<Tree<View>>,
    length: usize,
}

impl From<Option<Tree<View>>> for Middle {
    fn from(tree: Option<Tree<View>>) -> Middle {
        Middle { length: tree.as_ref().map_or(0, Tree::len), tree }
    }
}

impl List {
    /// No elements.
    #[must_use]
    pub fn new() -> List {
        List::default()
    }

    /// Number of elements.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.front.len() + self.middle.length + self.back.len()
    }

    /// Are there none?
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.back.is_empty() && self.front.is_empty() && self.middle.length == 0
    }

    /// An element.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Value> {
        let mut index = index;
        if index < self.front.len() {
            return self.front.get(index);
        }
        index -= self.front.len();
        if index < self.middle.length
            && let Some(middle) = &self.middle.tree
        {
            let (leaf, inner) = middle.locate(index);
            return leaf.get(inner);
        }
        self.back.get(index - self.middle.length)
    }

    /// Replaces an element; gives the value back when there is no such index.
    pub fn set(&mut self, index: usize, value: Value) -> Result<(), Value> {
        match self.leaf_mut(index) {
            Some((leaf, inner)) => {
                leaf.set(inner, value);
                Ok(())
            }
            None => Err(value),
        }
    }

    /// Moves an element out, which is a copy when it is shared. Something unspecified takes its place until `set`.
    pub fn take_at(&mut self, index: usize) -> Option<Value> {
        self.leaf_mut(index).map(|(leaf, inner)| leaf.take_at(inner))
    }

    fn leaf_mut(&mut self, index: usize) -> Option<(&mut View, usize)> {
        let mut index = index;
        if index < self.front.len() {
            return Some((&mut self.front, index));
        }
        index -= self.front.len();
        if index < self.middle.length {
            return self.middle.tree.as_mut().map(|middle| middle.locate_mut(index));
        }
        index -= self.middle.length;
        (index < self.back.len()).then_some((&mut self.back, index))
    }

    /// Adds an element at the end.
    #[inline]
    pub fn push(&mut self, value: Value) {
        if let Err(value) = self.back.push_back(value) {
            let full = std::mem::replace(&mut self.back, View::with_capacity(Chunk::MAX));
            self.middle = Some(match self.middle.tree.take() {
                Some(middle) => middle.push_last(full),
                None => Tree::Leaf(full),
            })
            .into();
            let pushed = self.back.push_back(value);
            debug_assert!(pushed.is_ok(), "a new chunk has room");
        }
    }

    /// As `push`, when that changes one slot and calls nothing; else the value comes back.
    #[inline(always)]
    pub(crate) fn quick_push(&mut self, value: Value) -> Result<(), Value> {
        self.back.quick_push(value)
    }

    /// As `uncons`, when that changes one slot and calls nothing.
    #[inline(always)]
    pub(crate) fn quick_uncons(&mut self) -> Option<Value> {
        match self.front.quick_pop() {
            None if self.front.is_empty() && self.middle.length == 0 => self.back.quick_pop(),
            taken => taken,
        }
    }

    /// As `get`, when the list is one chunk.
    #[inline(always)]
    pub(crate) fn get_flat(&self, index: usize) -> Option<&Value> {
        if self.is_flat() { self.back.get(index) } else { None }
    }

    /// As `get`, when the tree is regular on the way; calls nothing.
    #[inline(always)]
    pub(crate) fn quick_get(&self, index: usize) -> Option<&Value> {
        let mut index = index;
        if index < self.front.len() {
            return self.front.get(index);
        }
        index -= self.front.len();
        if index >= self.middle.length {
            return self.back.get(index - self.middle.length);
        }
        let (leaf, inner) = self.middle.tree.as_ref()?.locate_regular(index)?;
        leaf.get(inner)
    }

    /// As `quick_set`, when the list is one chunk.
    #[inline(always)]
    pub(crate) fn set_flat(&mut self, index: usize, value: Value) -> Result<(), Value> {
        if self.is_flat() { self.back.quick_set(index, value) } else { Err(value) }
    }

    #[inline(always)]
    fn is_flat(&self) -> bool {
        self.middle.length == 0 && self.front.is_empty()
    }

    /// As `set`, when that changes one slot and calls nothing; else the value comes back.
    #[inline(always)]
    pub(crate) fn quick_set(&mut self, index: usize, value: Value) -> Result<(), Value> {
        let mut index = index;
        if index < self.front.len() {
            return self.front.quick_set(index, value);
        }
        index -= self.front.len();
        if index >= self.middle.length {
            return self.back.quick_set(index - self.middle.length, value);
        }
        match self.middle.tree.as_mut().and_then(|middle| middle.locate_unique(index)) {
            Some((leaf, inner)) => leaf.quick_set(inner, value),
            None => Err(value),
        }
    }

    /// Adds an element at the start.
    #[inline]
    pub fn prepend(&mut self, value: Value) {
        // A short list stays one chunk.
        let alone = self.front.is_empty() && self.middle.length == 0 && self.back.len() < Chunk::MAX / 2;
        let end = if alone { &mut self.back } else { &mut self.front };
        if let Err(value) = end.push_front(value) {
            let full = std::mem::take(&mut self.front);
            self.middle = Some(match self.middle.tree.take() {
                Some(middle) => middle.push_first(full),
                None => Tree::Leaf(full),
            })
            .into();
            let pushed = self.front.push_front(value);
            debug_assert!(pushed.is_ok(), "a new chunk has room");
        }
    }

    /// Removes the first element: moved out, or a copy when it is shared.
    #[inline]
    pub fn uncons(&mut self) -> Option<Value> {
        if self.front.is_empty() {
            self.refill_front();
        }
        let end = if self.front.is_empty() { &mut self.back } else { &mut self.front };
        (!end.is_empty()).then(|| end.pop_front())
    }

    /// Makes the first leaf of the middle the front, which is empty.
    #[inline]
    fn refill_front(&mut self) {
        if let Some(middle) = self.middle.tree.take() {
            let (first, rest) = middle.take_first_leaf();
            (self.front, self.middle) = (first, rest.into());
        }
    }

    /// Removes the last element: moved out, or a copy when it is shared.
    pub fn unsnoc(&mut self) -> Option<Value> {
        if self.back.is_empty() {
            self.refill_back();
        }
        let end = if self.back.is_empty() { &mut self.front } else { &mut self.back };
        let last = end.len().checked_sub(1)?;
        let value = end.take_at(last);
        end.truncate(last);
        Some(value)
    }

    /// Makes the last leaf of the middle the back, which is empty.
    fn refill_back(&mut self) {
        let length = self.middle.length;
        if let Some(middle) = self.middle.tree.take() {
            let (_, inner) = middle.locate(length - 1);
            let (rest, last) = middle.split(length - 1 - inner);
            let Some(Tree::Leaf(last)) = last else {
                unreachable!("what is split off before a last leaf is that leaf")
            };
            (self.middle, self.back) = (rest.into(), last);
        }
    }

    /// Without the first `count` elements.
    #[must_use]
    pub fn skip(mut self, count: usize) -> List {
        let mut count = count;
        if self.front.is_empty() {
            self.refill_front();
        }
        if count <= self.front.len() {
            self.front.advance(count);
            return self;
        }
        count -= self.front.len();
        self.front = View::default();
        let length = self.middle.length;
        if count < length {
            self.middle = self.middle.tree.and_then(|middle| middle.split(count).1).into();
        } else {
            self.middle = Middle::default();
            self.back.advance((count - length).min(self.back.len()));
        }
        self
    }

    /// The first `count` elements.
    #[must_use]
    pub fn take(mut self, count: usize) -> List {
        let mut count = count;
        if count < self.front.len() {
            self.front.truncate(count);
            return List { back: self.front, ..List::default() };
        }
        count -= self.front.len();
        let length = self.middle.length;
        if count <= length {
            self.middle =
                self.middle.tree.and_then(|middle| middle.split(count).0).filter(|middle| middle.len() > 0).into();
            self.back = View::default();
        } else {
            let keep = (count - length).min(self.back.len());
            self.back.truncate(keep);
        }
        self
    }

    /// The elements before an index, and those from it on.
    #[must_use]
    pub fn split(mut self, index: usize) -> (List, List) {
        if index <= self.front.len() {
            let rest = self.front.split_off(index);
            return (List { back: self.front, ..List::default() }, List { front: rest, ..self });
        }
        let index = index - self.front.len();
        let length = self.middle.length;
        if index <= length {
            let (left, right) = self.middle.tree.map_or((None, None), |middle| middle.split(index));
            let left = left.filter(|left| left.len() > 0).into();
            let right = right.filter(|right| right.len() > 0).into();
            return (
                List { front: self.front, middle: left, back: View::default() },
                List { front: View::default(), middle: right, back: self.back },
            );
        }
        let rest = self.back.split_off((index - length).min(self.back.len()));
        (self, List { back: rest, ..List::default() })
    }

    /// The elements of both.
    #[must_use]
    pub fn concat(mut self, mut right: List) -> List {
        if right.len() <= Chunk::MAX {
            if self.is_empty() {
                return right;
            }
            right.drain().for_each(|value| self.push(value));
            return self;
        }
        if self.len() <= Chunk::MAX {
            let values: Vec<Value> = self.drain().collect();
            values.into_iter().rev().for_each(|value| right.prepend(value));
            return right;
        }
        let leaf = |view: View| (!view.is_empty()).then_some(Tree::Leaf(view));
        let left_part = Tree::join_some(self.middle.tree, leaf(self.back));
        let right_part = Tree::join_some(leaf(right.front), right.middle.tree);
        List { front: self.front, middle: Tree::join_some(left_part, right_part).into(), back: right.back }
    }

    /// The elements in reverse order.
    #[must_use]
    pub fn reverse(self) -> List {
        let mut values: Vec<Value> = self.drain().collect();
        values.reverse();
        values.into_iter().collect()
    }

    /// References to all elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.slices().flatten()
    }

    /// All elements in order, as the slices they are stored in.
    pub fn slices(&self) -> impl Iterator<Item = &[Value]> {
        let middle = self.middle.tree.iter().flat_map(Tree::leaves).map(View::as_slice);
        std::iter::once(self.front.as_slice()).chain(middle).chain(std::iter::once(self.back.as_slice()))
    }

    /// All elements in order, moved out when they are not shared.
    pub fn drain(self) -> impl Iterator<Item = Value> {
        Drain(self)
    }

    /// Checks all that always holds.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        if let Some(middle) = &self.middle.tree {
            assert!(middle.len() > 0 && middle.len() == self.middle.length);
            middle.check();
        }
    }
}

/// The elements that are left.
struct Drain(List);

impl Iterator for Drain {
    type Item = Value;

    #[inline]
    fn next(&mut self) -> Option<Value> {
        self.0.uncons()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.0.len(), Some(self.0.len()))
    }
}

impl Trace for List {
    fn trace(&self, tracer: &mut Tracer<'_>) {
        self.front.trace(tracer);
        if let Some(middle) = &self.middle.tree {
            middle.trace(tracer);
        }
        self.back.trace(tracer);
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> List {
        let mut values = values.into_iter();
        let mut expected = values.size_hint().0;
        let mut leaves = Vec::new();
        loop {
            let view = View::fill(&mut values, expected);
            expected = values.size_hint().0;
            if view.len() < Chunk::MAX {
                let middle = (!leaves.is_empty()).then(|| Tree::from_leaves(leaves)).into();
                return List { front: View::default(), middle, back: view };
            }
            leaves.push(view);
        }
    }
}
