//! `List`: a persistent sequence of values.
//!
//! A list that is built and used by one owner is *flat*: one chunk, which grows as a vector does, so that reaching,
//! replacing and adding cost a few instructions. A list that has been long and is copied becomes a tree of views of a
//! leaf's length that share its chunk; what changes then is copied leaf by leaf. The tree is made once: the flat list
//! keeps it until it changes, and all copies have it.
//!
//! What came as bytes stays bytes as long as nobody asks for an element (`middle.rs`).
//!
//! In the other form most elements stand in the tree, and those at both ends in two views beside it, so that adding and
//! removing there costs a few instructions while the list is not shared, and a leaf's copy at most when it is.
//!
//! These hold at all times:
//! - a list without front and middle is flat, its back of any length; else all views are no longer than a leaf, and the
//!   chunks of front and back no larger;
//! - the tree of a flat list shows the same elements as its back, or is absent; a list that crosses to other threads
//!   has it, if it is longer than a leaf: there nobody may make it.
//!
//! Costs: `push`, `prepend`, `uncons`, `unsnoc` amortised O(1); `get`, `set` O(log n) with a base of 32; `take`,
//! `drop`, `concat` O(log n). Nothing is copied that is not on the way to the change.

use super::chunk::{Chunk, Look};
use super::middle::Middle;
use super::tree::{Leaf, Tree};
use super::view::View;
use crate::object::{Trace, Tracer};
use crate::value::{Bytes, Value};

/// A persistent sequence.
#[derive(Default)]
pub struct List {
    front: View,
    middle: Middle,
    back: View,
}

impl Clone for List {
    fn clone(&self) -> List {
        match self.spread() {
            Some(tree) => List { middle: Some(tree.clone()).into(), ..List::default() },
            None => List { front: self.front.clone(), middle: self.middle.clone(), back: self.back.clone() },
        }
    }
}

impl List {
    /// No elements.
    #[must_use]
    pub fn new() -> List {
        List::default()
    }

    /// One element, and room for more behind it.
    pub(crate) fn growing(value: Value) -> List {
        List { back: View::growing(value), ..List::default() }
    }

    /// One element, and room for more before it.
    pub(crate) fn growing_to_front(value: Value) -> List {
        List { back: View::growing_to_front(value), ..List::default() }
    }

    /// The bytes as Ints; there are no more of them than a chunk takes. They stay bytes until somebody asks for an
    /// element.
    #[must_use]
    pub(crate) fn of_bytes(bytes: &[u8]) -> List {
        List { middle: Middle::of_bytes(bytes), ..List::default() }
    }

    /// What are still bytes become elements, because they are about to change or to be taken apart.
    #[inline(always)]
    fn unpack(&mut self) {
        if self.middle.is_packed() {
            self.unpack_bytes();
        }
    }

    #[cold]
    fn unpack_bytes(&mut self) {
        if let Some(view) = self.middle.take_bytes() {
            match self.front.is_empty() && self.back.is_empty() {
                true => self.back = view,
                false => self.middle = Some(Tree::from_leaves(view.leaves().collect())).into(),
            }
        }
    }

    /// Writes its elements behind `bytes`.
    ///
    /// # Errors
    /// When one of them is no byte: the first. What stands behind `bytes` then is unspecified.
    pub fn read_bytes(&self, bytes: &mut Vec<u8>) -> Result<(), i64> {
        if self.is_flat() {
            return read_bytes(self.back.as_slice(), bytes);
        }
        if self.middle.len() == self.len() && self.middle.read_bytes(bytes) {
            return Ok(());
        }
        self.slices().try_for_each(|values| read_bytes(values, bytes))
    }

    /// No list is longer: the elements of one that is would be more than a machine's memory holds, should anybody write
    /// them out.
    pub const MAX: usize = 1 << 32;

    /// Number of elements.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.front.len() + self.middle.len() + self.back.len()
    }

    /// Are there none?
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.back.is_empty() && self.front.is_empty() && self.middle.len() == 0
    }

    /// The tree of a flat list that is longer than a leaf.
    #[inline(always)]
    fn spread(&self) -> Option<&Tree<View>> {
        (self.is_flat() && self.back.len() > Chunk::LEAF).then(|| self.middle.tree_or_make(&self.back))
    }

    /// Makes the tree of a flat list the list itself.
    fn spread_out(&mut self) {
        if self.spread().is_some() {
            (self.middle, self.back) = (self.middle.take_any().into(), View::default());
        } else {
            self.settle();
            self.back = std::mem::take(&mut self.back).narrowed();
        }
    }

    /// Before the elements of a flat list change: without a tree, and flat only while nothing else has its chunk.
    fn settle(&mut self) {
        if !self.is_flat() || self.back.len() <= Chunk::LEAF && self.middle.quick_tree().is_none() {
            return;
        }
        if self.middle.quick_tree().is_some() || !self.back.is_alone() {
            if self.back.len() > Chunk::LEAF {
                self.spread_out();
            } else {
                self.middle = Middle::default();
            }
        }
    }

    /// An element.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<&Value> {
        let mut index = index;
        if index < self.front.len() {
            return self.front.get(index);
        }
        index -= self.front.len();
        if index < self.middle.len()
            && let Some(middle) = self.middle.tree()
        {
            let (leaf, inner) = middle.locate(index);
            return leaf.get(inner);
        }
        self.back.get(index - self.middle.len())
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
        self.unpack();
        self.settle();
        let mut index = index;
        if index < self.front.len() {
            return Some((&mut self.front, index));
        }
        index -= self.front.len();
        if index < self.middle.len() {
            return self.middle.quick_tree_mut().map(|middle| middle.locate_mut(index));
        }
        index -= self.middle.len();
        (index < self.back.len()).then_some((&mut self.back, index))
    }

    /// Adds an element at the end.
    #[inline]
    pub fn push(&mut self, value: Value) {
        self.settle();
        let limit = if self.is_flat() { Chunk::GROWN } else { Chunk::LEAF };
        if let Err(value) = self.back.push_back(value, limit) {
            self.spread_out();
            let full = std::mem::replace(&mut self.back, View::with_capacity(Chunk::LEAF));
            self.middle = match self.middle.take() {
                Some(middle) if full.is_empty() => Some(middle),
                Some(middle) => Some(middle.push_last(full)),
                None => Some(Tree::Leaf(full)),
            }
            .into();
            let pushed = self.back.push_back(value, Chunk::LEAF);
            debug_assert!(pushed.is_ok(), "a new chunk has room");
        }
    }

    /// As `push`, when that changes one slot and calls nothing: this slot, to be written at once.
    #[inline(always)]
    pub(crate) fn quick_back(&mut self, value: &Value) -> Option<&mut Value> {
        self.back.quick_back(value)
    }

    /// As `prepend`, when the list is one chunk, and that changes one slot and calls nothing: this slot, to be written
    /// at once.
    #[inline(always)]
    pub(crate) fn quick_front_flat(&mut self, value: &Value) -> Option<&mut Value> {
        if self.is_flat() && self.back.len() < Chunk::LEAF / 2 { self.back.quick_front(value) } else { None }
    }

    /// As `quick_front_flat`, when the list is not one chunk.
    #[inline(always)]
    pub(crate) fn quick_front(&mut self, value: &Value) -> Option<&mut Value> {
        if self.is_flat() { None } else { self.front.quick_front(value) }
    }

    /// As `uncons`, when the list is one chunk: the first element's place, which the list has given up, to be emptied
    /// at once or copied.
    #[inline(always)]
    pub(crate) fn quick_first_flat(&mut self) -> Look<'_> {
        if self.is_flat() { self.back.quick_first() } else { Look::Other }
    }

    /// As `uncons`, when that changes one slot and calls nothing.
    #[inline(always)]
    pub(crate) fn quick_uncons(&mut self) -> Option<Value> {
        match self.front.quick_pop() {
            None if self.front.is_empty() && self.middle.len() == 0 => self.back.quick_pop(),
            taken => taken,
        }
    }

    /// Whether it is empty and keeps nothing but room for a few elements, in memory that nothing else points to.
    #[inline(always)]
    pub(crate) fn is_room(&self) -> bool {
        self.middle.is_nothing() && self.front.is_nothing() && self.back.is_room()
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
        if index >= self.middle.len() {
            return self.back.get(index - self.middle.len());
        }
        let (leaf, inner) = self.middle.quick_tree()?.locate_regular(index)?;
        leaf.get(inner)
    }

    /// As `quick_place`, when the list is one chunk.
    #[inline(always)]
    pub(crate) fn quick_place_flat(&mut self, index: usize, value: &Value) -> Option<&mut Value> {
        if self.is_flat() { self.back.quick_place(index, value) } else { None }
    }

    #[inline(always)]
    fn is_flat(&self) -> bool {
        self.middle.len() == 0 && self.front.is_empty()
    }

    /// As `take_at`, when the list is one chunk and has the element.
    #[inline(always)]
    pub(crate) fn take_flat(&mut self, index: usize) -> Option<Value> {
        if self.is_flat() { self.back.quick_take_at(index) } else { None }
    }

    /// As `set`, when that changes one slot and calls nothing: this slot, to be written at once.
    #[inline(always)]
    pub(crate) fn quick_place(&mut self, index: usize, value: &Value) -> Option<&mut Value> {
        let mut index = index;
        if index < self.front.len() {
            return self.front.quick_place(index, value);
        }
        index -= self.front.len();
        if index >= self.middle.len() {
            return self.back.quick_place(index - self.middle.len(), value);
        }
        match self.middle.quick_tree_mut().and_then(|middle| middle.locate_unique(index)) {
            Some((leaf, inner)) => leaf.quick_place(inner, value),
            None => None,
        }
    }

    /// Adds an element at the start.
    #[inline]
    pub fn prepend(&mut self, value: Value) {
        // A short list stays one chunk.
        let alone = self.is_flat() && self.back.len() < Chunk::LEAF / 2;
        if !alone && self.is_flat() {
            self.spread_out();
        }
        let end = if alone { &mut self.back } else { &mut self.front };
        if let Err(value) = end.push_front(value) {
            let full = std::mem::take(&mut self.front);
            self.middle = Some(match self.middle.take() {
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
        self.forget();
        let end = if self.front.is_empty() { &mut self.back } else { &mut self.front };
        (!end.is_empty()).then(|| end.pop_front())
    }

    /// Forgets the tree of a flat list, whose elements are about to change at an end.
    #[inline]
    fn forget(&mut self) {
        if self.middle.len() == 0 && self.middle.quick_tree().is_some() {
            self.middle = Middle::default();
        }
    }

    /// Makes the first leaf of the middle the front, which is empty.
    #[inline]
    fn refill_front(&mut self) {
        if self.middle.len() == 0 {
            return;
        }
        self.unpack();
        if let Some(middle) = self.middle.take() {
            let (first, rest) = middle.take_first_leaf();
            (self.front, self.middle) = (first.narrowed(), rest.into());
        }
    }

    /// Removes the last element: moved out, or a copy when it is shared.
    pub fn unsnoc(&mut self) -> Option<Value> {
        if self.back.is_empty() {
            self.refill_back();
        }
        self.forget();
        let end = if self.back.is_empty() { &mut self.front } else { &mut self.back };
        let last = end.len().checked_sub(1)?;
        let value = end.take_at(last);
        end.truncate(last);
        Some(value)
    }

    /// Makes the last leaf of the middle the back, which is empty.
    fn refill_back(&mut self) {
        self.unpack();
        let length = self.middle.len();
        if let Some(middle) = self.middle.take() {
            let (_, inner) = middle.locate(length - 1);
            let (rest, last) = middle.split(length - 1 - inner);
            let Some(Tree::Leaf(last)) = last else {
                unreachable!("what is split off before a last leaf is that leaf")
            };
            (self.middle, self.back) = (rest.into(), last.narrowed());
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
        let length = self.middle.len();
        if count < length {
            self.middle = self.middle.take().and_then(|middle| middle.split(count).1).into();
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
        let length = self.middle.len();
        if count <= length {
            self.middle =
                self.middle.take().and_then(|middle| middle.split(count).0).filter(|middle| middle.len() > 0).into();
            self.back = View::default();
        } else {
            self.forget();
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
        let length = self.middle.len();
        if index <= length {
            let (left, right) = self.middle.take().map_or((None, None), |middle| middle.split(index));
            let left = left.filter(|left| left.len() > 0).into();
            let right = right.filter(|right| right.len() > 0).into();
            return (
                List { front: self.front, middle: left, back: View::default() },
                List { front: View::default(), middle: right, back: self.back },
            );
        }
        self.forget();
        let rest = self.back.split_off((index - length).min(self.back.len()));
        (self, List { back: rest, ..List::default() })
    }

    /// The elements of both.
    #[must_use]
    pub fn concat(mut self, mut right: List) -> List {
        if right.len() <= Chunk::LEAF {
            if self.is_empty() {
                return right;
            }
            right.drain().for_each(|value| self.push(value));
            return self;
        }
        if self.len() <= Chunk::LEAF {
            let values: Vec<Value> = self.drain().collect();
            values.into_iter().rev().for_each(|value| right.prepend(value));
            return right;
        }
        for list in [&mut self, &mut right] {
            if list.is_flat() {
                list.spread_out();
            }
        }
        let leaf = |view: View| (!view.is_empty()).then_some(Tree::Leaf(view));
        let left_part = Tree::join_some(self.middle.take(), leaf(self.back));
        let right_part = Tree::join_some(leaf(right.front), right.middle.take());
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

    /// All elements in order, if they are stored in one slice.
    #[inline]
    pub(crate) fn as_flat(&self) -> Option<&[Value]> {
        self.is_flat().then(|| self.back.as_slice())
    }

    /// All elements in order, as the slices they are stored in.
    pub fn slices(&self) -> impl Iterator<Item = &[Value]> {
        let middle = self.middle.tree().into_iter().flat_map(Tree::leaves).map(View::as_slice);
        std::iter::once(self.front.as_slice()).chain(middle).chain(std::iter::once(self.back.as_slice()))
    }

    /// All elements in order, moved out when they are not shared.
    pub fn drain(self) -> impl Iterator<Item = Value> {
        Drain(self)
    }

    /// Checks all that always holds.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        if let Some(tree) = self.middle.quick_tree() {
            assert!(tree.len() == if self.is_flat() { self.back.len() } else { self.middle.len() });
            tree.check();
        }
        if self.is_flat() {
            assert!(self.middle.quick_tree().is_none() || self.back.len() > Chunk::LEAF);
        } else {
            assert!(self.front.capacity() <= Chunk::LEAF && self.back.capacity() <= Chunk::LEAF);
        }
    }
}

fn read_bytes(values: &[Value], bytes: &mut Vec<u8>) -> Result<(), i64> {
    // Whether all are bytes is asked once for all, and for several at a time: the loops have no way out.
    let start = bytes.len();
    bytes.resize(start + values.len(), 0);
    let (mut whole, mut places) =
        (values.chunks_exact(Chunk::AT_ONCE), bytes[start..].chunks_exact_mut(Chunk::AT_ONCE));
    let mut seen = Bytes::default();
    for (values, places) in (&mut whole).zip(&mut places) {
        for index in 0..Chunk::AT_ONCE {
            places[index] = values[index].low_byte(&mut seen);
        }
    }
    for (value, place) in whole.remainder().iter().zip(places.into_remainder()) {
        *place = value.low_byte(&mut seen);
    }
    if seen.are_bytes() {
        return Ok(());
    }
    let number = |value: &Value| value.as_int().unwrap_or(-1);
    values.iter().map(number).find(|number| !(0..=255).contains(number)).map_or(Ok(()), Err)
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
        if tracer.is_sharing() {
            // The tree is made now: on the other threads it is only read.
            self.spread();
            self.middle.any_tree();
        }
        self.front.trace(tracer);
        if let Some(tree) = self.middle.quick_tree() {
            tree.trace(tracer);
        }
        self.back.trace(tracer);
    }
}

impl FromIterator<Value> for List {
    fn from_iter<I: IntoIterator<Item = Value>>(values: I) -> List {
        let mut values = values.into_iter();
        let expected = values.size_hint().0.min(Chunk::MAX);
        let mut list = List { back: View::fill(&mut values, expected), ..List::default() };
        values.for_each(|value| list.push(value));
        list
    }
}
