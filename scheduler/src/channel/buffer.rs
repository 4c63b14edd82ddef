//! The messages of a channel, first in, first out: a ring that grows as they come, and many behind it when they are
//! very many.
//!
//! A ring grows by being copied to one of twice the size, and for a backlog of millions the two would take three times
//! its memory. So there is a largest one. What comes when that is full stands in others behind it, from which nothing
//! is taken until they are the first; their memory goes as they are emptied.
//!
//! What a queue of the standard library does as well, but for one thing: putting in and taking out call nothing while
//! there is room, so that the machine's handlers can do both without saving their registers (`Context::send_at_hand`).
//!
//! What always holds: `slots` is empty or a power of two long, `first` is less than that (or 0), `count` is at most
//! that, and the `count` slots from `first` on, around the end, hold messages, the others nothing. With any behind it
//! the ring is as large as can be and not empty, and `behind` is how many those are.

use std::collections::VecDeque;
use std::mem::MaybeUninit;

/// Slots of the first ring; arbitrary.
const FIRST: usize = 4;

/// Slots of the largest; arbitrary: 64 KiB of values.
const LARGEST: usize = if cfg!(test) { 256 } else { 4096 };

/// Messages in the order in which they came.
pub struct Buffer<V> {
    slots: Box<[MaybeUninit<V>]>,
    first: usize,
    count: usize,
    behind: usize,
    rest: Option<Box<Rest<V>>>,
}

/// The messages behind the ring.
struct Rest<V> {
    /// Full ones, each from its start.
    full: VecDeque<Box<[MaybeUninit<V>]>>,
    /// The last one, and how many are in it, from its start.
    last: Box<[MaybeUninit<V>]>,
    count: usize,
}

impl<V> Buffer<V> {
    /// An empty one without memory.
    pub fn new() -> Self {
        Buffer { slots: Box::default(), first: 0, count: 0, behind: 0, rest: None }
    }

    /// How many messages there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.count + self.behind
    }

    /// Is there none?
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Is one left in the ring when the first is taken?
    #[inline(always)]
    pub fn has_next_at_hand(&self) -> bool {
        self.count > 1
    }

    /// How many the ring has room for.
    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Adds a message behind the others.
    #[inline]
    pub fn push(&mut self, value: V) {
        if let Err(value) = self.push_at_hand(value) {
            self.make_room();
            let pushed = self.push_at_hand(value);
            debug_assert!(pushed.is_ok(), "there is room");
        }
    }

    /// The same if there is room. Calls nothing.
    #[inline(always)]
    pub fn push_at_hand(&mut self, value: V) -> Result<(), V> {
        if self.rest.is_some() {
            return self.push_behind(value);
        }
        if self.count >= self.slots.len() {
            return Err(value);
        }
        let slot = self.slot(self.count);
        // SAFETY: a number less than the length, since there are slots; nothing stands there, since not all of them are
        // in use.
        unsafe { self.slots.get_unchecked_mut(slot).write(value) };
        self.count += 1;
        Ok(())
    }

    /// The same where some are behind the ring.
    #[inline(always)]
    fn push_behind(&mut self, value: V) -> Result<(), V> {
        match &mut self.rest {
            Some(rest) if rest.count < LARGEST => {
                rest.last[rest.count].write(value);
                rest.count += 1;
                self.behind += 1;
                Ok(())
            }
            _ => Err(value),
        }
    }

    /// Takes the first message out.
    #[inline]
    pub fn pop(&mut self) -> Option<V> {
        let value = self.pop_at_hand();
        if self.count == 0 && self.behind > 0 {
            self.come_forward();
        }
        value
    }

    /// The same, if nothing is behind the ring or the ring [has another one](Self::has_next_at_hand). Calls nothing.
    #[inline(always)]
    pub fn pop_at_hand(&mut self) -> Option<V> {
        if self.count == 0 {
            return None;
        }
        // SAFETY: there is a message, so there are slots, of which `first` is one and holds it; from here on it holds
        // nothing.
        let value = unsafe { self.slots.get_unchecked(self.first).assume_init_read() };
        self.first = self.slot(1);
        self.count -= 1;
        Some(value)
    }

    /// All messages, in order.
    pub fn iter(&self) -> impl Iterator<Item = &V> {
        let full = self.rest.iter().flat_map(|rest| rest.full.iter().flatten());
        let last = self.rest.iter().flat_map(|rest| &rest.last[..rest.count]);
        let in_ring = (0..self.count).map(|index| &self.slots[self.slot(index)]);
        // SAFETY: as many messages as there are stand in the ring and in the last one behind it, and the full ones are
        // full.
        in_ring.chain(full).chain(last).map(|slot| unsafe { slot.assume_init_ref() })
    }

    /// The slot that stands so many behind the first one, around the end. There are slots.
    #[inline(always)]
    fn slot(&self, index: usize) -> usize {
        self.first.wrapping_add(index) & self.slots.len().wrapping_sub(1)
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self) {
        if self.slots.len() < LARGEST {
            return self.grow();
        }
        let empty = Box::new_uninit_slice(LARGEST);
        match &mut self.rest {
            Some(rest) => {
                rest.full.push_back(std::mem::replace(&mut rest.last, empty));
                rest.count = 0;
            }
            None => self.rest = Some(Box::new(Rest { full: VecDeque::new(), last: empty, count: 0 })),
        }
    }

    /// The ring is empty: the first one behind it takes its place.
    #[cold]
    #[inline(never)]
    fn come_forward(&mut self) {
        let Some(rest) = &mut self.rest else { return };
        self.first = 0;
        match rest.full.pop_front() {
            Some(slots) => (self.slots, self.count) = (slots, LARGEST),
            None => {
                self.count = rest.count;
                self.slots = std::mem::take(&mut rest.last);
                self.rest = None;
            }
        }
        self.behind -= self.count;
    }

    fn grow(&mut self) {
        let mut slots = Box::new_uninit_slice((self.slots.len() * 2).max(FIRST));
        let (start, end) = self.slots.split_at(self.first);
        // SAFETY: it is full when it grows, and the new ring has room for all of it. The messages are moved: the old
        // slots are freed without a look.
        unsafe {
            slots.as_mut_ptr().copy_from_nonoverlapping(end.as_ptr(), end.len());
            slots.as_mut_ptr().add(end.len()).copy_from_nonoverlapping(start.as_ptr(), start.len());
        }
        (self.slots, self.first) = (slots, 0);
    }
}

impl<V> Drop for Buffer<V> {
    fn drop(&mut self) {
        while self.pop().is_some() {}
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use std::collections::VecDeque;

    use super::Buffer;

    #[test]
    fn it_is_a_queue() {
        let (mut buffer, mut queue) = (Buffer::new(), VecDeque::new());
        let (mut random, mut most) = (1_u32, 0);
        for number in 0..100_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Long runs of each, so that it grows, wraps around, and runs empty.
            if (random >> 16) % 100 < 50 + 40 * (1 - number / 10_000 % 2) - 20 {
                buffer.push(Box::new(number));
                queue.push_back(number);
            } else {
                assert_eq!(buffer.pop().map(|value| *value), queue.pop_front());
            }
            assert_eq!((buffer.len(), buffer.is_empty()), (queue.len(), queue.is_empty()));
            most = most.max(queue.len());
            assert!(buffer.capacity() == 0 || buffer.capacity().is_power_of_two());
            if number % 997 == 0 {
                assert!(buffer.iter().map(|value| **value).eq(queue.iter().copied()));
            }
        }
        assert!(buffer.capacity() >= 256, "it was long for a while");
        assert!(most > 10 * 256, "some were behind it");
    }

    #[test]
    fn what_is_left_goes_with_it() {
        let value = std::rc::Rc::new(());
        let mut buffer = Buffer::new();
        for _ in 0..1000 {
            buffer.push(value.clone());
        }
        drop(buffer.pop());
        assert_eq!(std::rc::Rc::strong_count(&value), 1000);
        drop(buffer);
        assert_eq!(std::rc::Rc::strong_count(&value), 1);
    }
}
