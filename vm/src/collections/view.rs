//! `View`: a range of a chunk. Views of one chunk share it; a view that is alone with its chunk changes it in place.
//!
//! The range lies inside the chunk: `with_capacity`, `fill` and `rebuild` make it so, and `start` and `end` move
//! towards each other or after a look at the chunk's capacity. Slots outside the range may hold values that some other
//! view saw before it went away; they are dropped with the chunk.

use super::chunk::{Chunk, Look};
use super::tree::Leaf;
use crate::object::Tracer;
use crate::value::Value;

/// A range of a chunk, perhaps empty.
#[derive(Clone, Default)]
pub(crate) struct View {
    chunk: Option<Chunk>,
    start: u32,
    end: u32,
}

impl View {
    /// Slots of the chunk in which a list begins to grow; arbitrary.
    const FIRST: usize = 4;
    /// Slots of the largest chunk that an empty list keeps for what comes next; arbitrary. What it keeps nobody sees,
    /// so it is little.
    const KEPT: usize = 8;

    /// An empty view whose chunk will take so many values.
    pub(crate) fn with_capacity(capacity: usize) -> View {
        View { chunk: Some(Chunk::new(capacity)), start: 0, end: 0 }
    }

    /// One value at the start of a small chunk.
    pub(crate) fn growing(value: Value) -> View {
        View { chunk: Some(Chunk::of_one(View::FIRST, 0, value)), start: 0, end: 1 }
    }

    /// One value at the end of a small chunk.
    pub(crate) fn growing_to_front(value: Value) -> View {
        let end = View::FIRST as u32;
        View { chunk: Some(Chunk::of_one(View::FIRST, View::FIRST - 1, value)), start: end - 1, end }
    }

    /// The next values, `capacity` at most, in a chunk for so many.
    pub(crate) fn fill(values: &mut impl Iterator<Item = Value>, capacity: usize) -> View {
        if capacity == 0 {
            return View::default();
        }
        let mut chunk = Chunk::new(capacity);
        let end = chunk.fill(values) as u32;
        View { chunk: Some(chunk), start: 0, end }
    }

    /// Ints.
    pub(crate) fn of_bytes(bytes: &[u8]) -> View {
        let chunk = (!bytes.is_empty()).then(|| Chunk::of_bytes(bytes));
        View { chunk, start: 0, end: bytes.len() as u32 }
    }

    /// Number of slots of its chunk.
    pub(crate) fn capacity(&self) -> usize {
        self.chunk.as_ref().map_or(0, Chunk::capacity)
    }

    /// Has it no chunk?
    #[inline(always)]
    pub(crate) fn is_nothing(&self) -> bool {
        self.chunk.is_none()
    }

    /// Is it empty, and its chunk none or a small one, that is empty too and of its own?
    #[inline(always)]
    pub(crate) fn is_room(&self) -> bool {
        self.start == self.end && self.chunk.as_ref().is_none_or(|chunk| chunk.is_clear(View::KEPT))
    }

    /// Is it alone with its chunk?
    pub(crate) fn is_alone(&mut self) -> bool {
        self.chunk.as_mut().is_none_or(Chunk::is_unique)
    }

    /// The same values in a chunk that is no larger than a leaf's; there are no more.
    pub(crate) fn narrowed(mut self) -> View {
        if self.capacity() > Chunk::LEAF {
            self.rebuild(self.len().max(1), 0);
        }
        self
    }

    /// Views of a leaf's length, that show the same values in the same chunk.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = View> {
        let starts = (self.start..self.end).step_by(Chunk::LEAF);
        starts.map(|start| View { start, end: self.end.min(start + Chunk::LEAF as u32), ..self.clone() })
    }

    /// Number of values.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        (self.end - self.start) as usize
    }

    /// Are there none?
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// All values.
    #[inline]
    pub(crate) fn as_slice(&self) -> &[Value] {
        match &self.chunk {
            Some(chunk) => &chunk.slots()[self.start as usize..self.end as usize],
            None => &[],
        }
    }

    /// A value.
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> Option<&Value> {
        if index < self.len() { Some(self.chunk.as_ref()?.slot(self.start as usize + index)) } else { None }
    }

    /// As `push_back`, where a free slot waits in a local chunk of its own: this slot, to be written at once.
    #[inline(always)]
    pub(crate) fn quick_back(&mut self, value: &Value) -> Option<&mut Value> {
        let chunk = self.chunk.as_mut().filter(|chunk| (self.end as usize) < chunk.capacity())?;
        let place = chunk.own()?.free_slot(self.end as usize, value)?;
        self.end += 1;
        Some(place)
    }

    /// As `push_front`, where a free slot waits in a local chunk of its own: this slot, to be written at once.
    #[inline(always)]
    pub(crate) fn quick_front(&mut self, value: &Value) -> Option<&mut Value> {
        let own = self.chunk.as_mut()?.own()?;
        if self.start == 0 {
            return None;
        }
        let place = own.free_slot(self.start as usize - 1, value)?;
        self.start -= 1;
        Some(place)
    }

    /// As `set`, where a scalar stands in a local chunk of its own: its slot, to be written at once.
    #[inline(always)]
    pub(crate) fn quick_place(&mut self, index: usize, value: &Value) -> Option<&mut Value> {
        if index >= self.len() {
            return None;
        }
        self.chunk.as_mut()?.own()?.free_slot(self.start as usize + index, value)
    }

    /// The first slot, which is no longer the view's: to be emptied at once if it is its own, to be copied if it holds
    /// a scalar. It is still the view's, if neither is said.
    #[inline(always)]
    pub(crate) fn quick_first(&mut self) -> Look<'_> {
        let Some(chunk) = &mut self.chunk else { return Look::Other };
        if self.start == self.end {
            return Look::Other;
        }
        let look = chunk.look(self.start as usize);
        if !matches!(look, Look::Other) {
            self.start += 1;
        }
        look
    }

    /// As `take_at`, if there is such a value; nothing where the view shares a chunk that is larger than a leaf's.
    #[inline(always)]
    pub(crate) fn quick_take_at(&mut self, index: usize) -> Option<Value> {
        if index < self.len() { self.chunk.as_mut()?.quick_take(self.start as usize + index) } else { None }
    }

    /// As `pop_front`, of a view that has values; else nothing, or when it shares a chunk that is larger than a leaf's.
    #[inline(always)]
    pub(crate) fn quick_pop(&mut self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        let value = self.chunk.as_mut()?.quick_take(self.start as usize)?;
        self.start += 1;
        Some(value)
    }

    /// Adds a value at the end; gives it back when a chunk of `limit` slots has no room there and is more than half
    /// full.
    #[inline]
    pub(crate) fn push_back(&mut self, value: Value, limit: usize) -> Result<(), Value> {
        if let Some(chunk) = &mut self.chunk
            && (self.end as usize) < chunk.capacity()
        {
            match chunk.put(self.end as usize, value) {
                Ok(()) => {
                    self.end += 1;
                    return Ok(());
                }
                Err(value) => return self.push_back_slow(value, limit),
            }
        }
        self.push_back_slow(value, limit)
    }

    #[cold]
    fn push_back_slow(&mut self, value: Value, limit: usize) -> Result<(), Value> {
        let length = self.len();
        if length == 0 && self.has_room() {
            (self.start, self.end) = (0, 0);
            return self.push_back(value, limit);
        }
        let full = self.end as usize >= limit;
        if full && length > limit / 2 {
            return Err(value);
        }
        self.rebuild(View::grown(length, limit), 0);
        self.push_back(value, limit)
    }

    /// Adds a value at the start; gives it back when a leaf's chunk has no room there and is more than half full.
    #[inline]
    pub(crate) fn push_front(&mut self, value: Value) -> Result<(), Value> {
        if self.start > 0
            && let Some(chunk) = &mut self.chunk
        {
            match chunk.put(self.start as usize - 1, value) {
                Ok(()) => {
                    self.start -= 1;
                    return Ok(());
                }
                Err(value) => return self.push_front_slow(value),
            }
        }
        self.push_front_slow(value)
    }

    #[cold]
    fn push_front_slow(&mut self, value: Value) -> Result<(), Value> {
        let length = self.len();
        if length == 0 && self.has_room() {
            self.start = self.capacity() as u32;
            self.end = self.start;
            return self.push_front(value);
        }
        if self.start == 0 && length > Chunk::LEAF / 2 {
            return Err(value);
        }
        let capacity = View::grown(length, Chunk::LEAF);
        self.rebuild(capacity, capacity - length);
        self.push_front(value)
    }

    /// Whether it has a chunk of its own, no larger than a leaf's.
    fn has_room(&mut self) -> bool {
        (1..=Chunk::LEAF).contains(&self.capacity()) && self.is_alone()
    }

    /// Capacity that leaves room beside so many values. Doubling keeps the cost of growing constant per value.
    fn grown(length: usize, limit: usize) -> usize {
        (length * 2).next_power_of_two().clamp(View::FIRST, limit)
    }

    /// Moves the values into a chunk of their own that starts with `to` free slots.
    fn rebuild(&mut self, capacity: usize, to: usize) {
        let length = self.len();
        self.chunk = Some(match self.chunk.take() {
            Some(chunk) => chunk.rebuild(capacity, self.start as usize, length, to),
            None => Chunk::new(capacity),
        });
        self.start = to as u32;
        self.end = (to + length) as u32;
    }

    /// Removes the first value of a view that has one.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Value {
        let slot = self.start as usize;
        self.start += 1;
        self.chunk.as_mut().expect("a view with values has a chunk").take(slot)
    }

    /// Replaces a value.
    #[inline]
    pub(crate) fn set(&mut self, index: usize, value: Value) {
        debug_assert!(index < self.len());
        let slot = self.start as usize + index;
        let put = self.chunk.as_mut().expect("a view with values has a chunk").put(slot, value);
        if let Err(value) = put {
            self.rebuild(self.len(), 0);
            let put = self.chunk.as_mut().expect("a view with values has a chunk").put(index, value);
            debug_assert!(put.is_ok(), "a rebuilt chunk has one pointer");
        }
    }

    /// The value at an index, and Unit in its place, to be replaced with `set`. A copy of the value when the chunk is
    /// shared.
    pub(crate) fn take_at(&mut self, index: usize) -> Value {
        let slot = self.start as usize + index;
        self.chunk.as_mut().expect("a view with values has a chunk").take(slot)
    }

    /// Without the first `count` values, which exist.
    pub(crate) fn advance(&mut self, count: usize) {
        debug_assert!(count <= self.len());
        self.clear_slots(0, count);
        self.start += count as u32;
    }

    /// With the first `length` values only.
    pub(crate) fn truncate(&mut self, length: usize) {
        debug_assert!(length <= self.len());
        self.clear_slots(length, self.len());
        self.end = self.start + length as u32;
    }

    /// Drops values early in a chunk that nothing else points to.
    fn clear_slots(&mut self, from: usize, to: usize) {
        let Some(chunk) = &mut self.chunk else { return };
        if !chunk.is_counted() || !chunk.is_unique() {
            return;
        }
        for slot in from..to {
            drop(chunk.take(self.start as usize + slot));
        }
    }

    /// All values, moved out when nothing else points to the chunk.
    pub(crate) fn drain(mut self) -> impl Iterator<Item = Value> {
        let (start, end) = (self.start as usize, self.end as usize);
        (start..end).map(move |slot| self.chunk.as_mut().expect("a view with values has a chunk").take(slot))
    }

    /// Shows the chunk to `tracer`.
    pub(crate) fn trace(&self, tracer: &mut Tracer<'_>) {
        if let Some(chunk) = &self.chunk {
            tracer.chunk(chunk);
        }
    }
}

impl Leaf for View {
    type Key = ();
    const MAX: usize = Chunk::LEAF;

    #[inline]
    fn len(&self) -> usize {
        View::len(self)
    }

    fn first_key(&self) {}

    fn split_off(&mut self, at: usize) -> View {
        let mut right = self.clone();
        right.start += at as u32;
        self.end = self.start + at as u32;
        right
    }

    fn append(&mut self, other: View, rest: &mut Option<View>) {
        let (left, right) = (self.len(), other.len());
        let mut values = other.drain();
        let keep = if left + right <= Chunk::LEAF { left + right } else { (left + right) / 2 };
        if left > keep {
            let mut all = self.split_off(keep).drain().chain(values);
            *rest = Some(View::fill(&mut all, left + right - keep));
            return;
        }
        self.rebuild(keep.max(1), 0);
        for value in values.by_ref().take(keep - left) {
            let pushed = self.push_back(value, Chunk::LEAF);
            debug_assert!(pushed.is_ok(), "room was made");
        }
        if left + right > keep {
            *rest = Some(View::fill(&mut values, left + right - keep));
        }
    }

    fn trace(&self, tracer: &mut Tracer<'_>) {
        View::trace(self, tracer);
    }

    fn trace_key((): &(), _: &mut Tracer<'_>) {}
}
