//! `View`: a range of a chunk. Views of one chunk share it; a view that is alone with its chunk changes it in place.
//!
//! The range lies inside the chunk: `with_capacity`, `fill` and `rebuild` make it so, and `start` and `end` move towards each
//! other or after a look at the chunk's capacity. Slots outside the range may hold values that some other view saw before it went away; they are dropped with the chunk.

use super::chunk::Chunk;
use super::tree::Leaf;
use crate::object::Tracer;
use crate::value::Value;

/// A range of a chunk, perhaps empty.
#[derive(Clone, Default)]
pub(crate) struct View {
    chunk: Option<Chunk>,
    start: u16,
    end: u16,
}

impl View {
    /// An empty view whose chunk will take so many values.
    pub(crate) fn with_capacity(capacity: usize) -> View {
        View { chunk: Some(Chunk::new(capacity.clamp(1, Chunk::MAX))), start: 0, end: 0 }
    }

    /// The next `Chunk::MAX` values at most; so many are expected at least.
    pub(crate) fn fill(values: &mut impl Iterator<Item = Value>, expected: usize) -> View {
        let mut view = View::default();
        if expected > 0 {
            let mut chunk = Chunk::new(expected.min(Chunk::MAX));
            let length = chunk.fill(values);
            view = View { chunk: Some(chunk), start: 0, end: length as u16 };
        }
        while view.len() < Chunk::MAX
            && let Some(value) = values.next()
        {
            let pushed = view.push_back(value);
            debug_assert!(pushed.is_ok(), "a chunk below its maximum has room");
        }
        view
    }

    /// Number of values.
    #[inline(always)]
    pub(crate) fn len(&self) -> usize {
        usize::from(self.end - self.start)
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
            Some(chunk) => &chunk.slots()[usize::from(self.start)..usize::from(self.end)],
            None => &[],
        }
    }

    /// A value.
    #[inline(always)]
    pub(crate) fn get(&self, index: usize) -> Option<&Value> {
        if index < self.len() { Some(self.chunk.as_ref()?.slot(usize::from(self.start) + index)) } else { None }
    }

    /// As `push_back`, where a free slot waits in a chunk of its own; else the value comes back.
    #[inline(always)]
    pub(crate) fn quick_push(&mut self, value: Value) -> Result<(), Value> {
        if let Some(chunk) = &mut self.chunk
            && usize::from(self.end) < chunk.capacity()
            && let Some(place) = chunk.quick_slot(usize::from(self.end), &value)
        {
            std::mem::forget(std::mem::replace(place, value));
            self.end += 1;
            return Ok(());
        }
        Err(value)
    }

    /// As `set`, where a scalar stands in a chunk of its own; else the value comes back.
    #[inline(always)]
    pub(crate) fn quick_set(&mut self, index: usize, value: Value) -> Result<(), Value> {
        if let Some(chunk) = &mut self.chunk
            && index < usize::from(self.end - self.start)
            && let Some(place) = chunk.quick_slot(usize::from(self.start) + index, &value)
        {
            std::mem::forget(std::mem::replace(place, value));
            return Ok(());
        }
        Err(value)
    }

    /// As `pop_front`, of a view that has values; else nothing.
    #[inline(always)]
    pub(crate) fn quick_pop(&mut self) -> Option<Value> {
        if self.is_empty() {
            return None;
        }
        let value = self.chunk.as_mut()?.quick_take(usize::from(self.start));
        self.start += 1;
        Some(value)
    }

    /// Adds a value at the end; gives it back when the largest chunk has no room there and is more than half full.
    #[inline]
    pub(crate) fn push_back(&mut self, value: Value) -> Result<(), Value> {
        if let Some(chunk) = &mut self.chunk
            && usize::from(self.end) < chunk.capacity()
        {
            match chunk.put(usize::from(self.end), value) {
                Ok(()) => {
                    self.end += 1;
                    return Ok(());
                }
                Err(value) => return self.push_back_slow(value),
            }
        }
        self.push_back_slow(value)
    }

    #[cold]
    fn push_back_slow(&mut self, value: Value) -> Result<(), Value> {
        let length = self.len();
        let full = usize::from(self.end) == Chunk::MAX;
        if full && length > Chunk::MAX / 2 {
            return Err(value);
        }
        self.rebuild(View::grown(length), 0);
        self.push_back(value)
    }

    /// Adds a value at the start; gives it back when the largest chunk has no room there and is more than half full.
    #[inline]
    pub(crate) fn push_front(&mut self, value: Value) -> Result<(), Value> {
        if self.start > 0
            && let Some(chunk) = &mut self.chunk
        {
            match chunk.put(usize::from(self.start) - 1, value) {
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
        if self.start == 0 && length > Chunk::MAX / 2 {
            return Err(value);
        }
        let capacity = View::grown(length);
        self.rebuild(capacity, capacity - length);
        self.push_front(value)
    }

    /// Capacity that leaves room beside so many values. Doubling keeps the cost of growing constant per value.
    fn grown(length: usize) -> usize {
        (length * 2).next_power_of_two().clamp(4, Chunk::MAX)
    }

    /// Moves the values into a chunk of their own that starts with `to` free slots.
    fn rebuild(&mut self, capacity: usize, to: usize) {
        let length = self.len();
        self.chunk = Some(match &mut self.chunk {
            Some(chunk) => chunk.rebuild(capacity, usize::from(self.start), length, to),
            None => Chunk::new(capacity),
        });
        self.start = to as u16;
        self.end = (to + length) as u16;
    }

    /// Removes the first value of a view that has one.
    #[inline]
    pub(crate) fn pop_front(&mut self) -> Value {
        let slot = usize::from(self.start);
        self.start += 1;
        self.chunk.as_mut().expect("a view with values has a chunk").take(slot)
    }

    /// Replaces a value.
    #[inline]
    pub(crate) fn set(&mut self, index: usize, value: Value) {
        debug_assert!(index < self.len());
        let slot = usize::from(self.start) + index;
        let put = self.chunk.as_mut().expect("a view with values has a chunk").put(slot, value);
        if let Err(value) = put {
            self.rebuild(self.len(), 0);
            let put = self.chunk.as_mut().expect("a view with values has a chunk").put(index, value);
            debug_assert!(put.is_ok(), "a rebuilt chunk has one pointer");
        }
    }

    /// The value at an index, and Unit in its place, to be replaced with `set`. A copy of the value when the chunk is shared.
    pub(crate) fn take_at(&mut self, index: usize) -> Value {
        let slot = usize::from(self.start) + index;
        self.chunk.as_mut().expect("a view with values has a chunk").take(slot)
    }

    /// Without the first `count` values, which exist.
    pub(crate) fn advance(&mut self, count: usize) {
        debug_assert!(count <= self.len());
        self.clear_slots(0, count);
        self.start += count as u16;
    }

    /// With the first `length` values only.
    pub(crate) fn truncate(&mut self, length: usize) {
        debug_assert!(length <= self.len());
        self.clear_slots(length, self.len());
        self.end = self.start + length as u16;
    }

    /// Drops values early in a chunk that nothing else points to.
    fn clear_slots(&mut self, from: usize, to: usize) {
        let Some(chunk) = &mut self.chunk else { return };
        if !chunk.is_counted() || !chunk.is_unique() {
            return;
        }
        for slot in from..to {
            drop(chunk.take(usize::from(self.start) + slot));
        }
    }

    /// All values, moved out when nothing else points to the chunk.
    pub(crate) fn drain(mut self) -> impl Iterator<Item = Value> {
        let (start, end) = (usize::from(self.start), usize::from(self.end));
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
    const MAX: usize = Chunk::MAX;

    #[inline]
    fn len(&self) -> usize {
        View::len(self)
    }

    fn first_key(&self) {}

    fn split_off(&mut self, at: usize) -> View {
        let mut right = self.clone();
        right.start += at as u16;
        self.end = self.start + at as u16;
        right
    }

    fn append(&mut self, other: View, rest: &mut Option<View>) {
        let (left, right) = (self.len(), other.len());
        let mut values = other.drain();
        let keep = if left + right <= Chunk::MAX { left + right } else { (left + right) / 2 };
        if left > keep {
            let mut all = self.split_off(keep).drain().chain(values);
            *rest = Some(View::fill(&mut all, left + right - keep));
            return;
        }
        self.rebuild(keep.max(1), 0);
        for value in values.by_ref().take(keep - left) {
            let pushed = self.push_back(value);
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
