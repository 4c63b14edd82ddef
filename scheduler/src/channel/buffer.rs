//! The messages of a channel, first in, first out: a ring that grows as they come.
//!
//! What a queue of the standard library does as well, but for one thing: putting in and taking out call nothing while there is room, so
//! that the machine's handlers can do both without saving their registers (`Context::send_at_hand`).
//!
//! What always holds: `slots` is empty or a power of two long, `first` is less than that (or 0), `count` is at most that, and the `count`
//! slots from `first` on, around the end, hold messages, the others nothing.

use std::mem::MaybeUninit;

/// Slots of the first ring; arbitrary.
const FIRST: usize = 4;

/// Messages in the order in which they came.
pub struct Buffer<V> {
    slots: Box<[MaybeUninit<V>]>,
    first: usize,
    count: usize,
}

impl<V> Buffer<V> {
    /// An empty one without memory.
    pub fn new() -> Self {
        Buffer { slots: Box::default(), first: 0, count: 0 }
    }

    /// How many messages there are.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Is there none?
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// How many it has room for.
    #[inline(always)]
    pub fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// Adds a message behind the others.
    #[inline]
    pub fn push(&mut self, value: V) {
        if let Err(value) = self.push_at_hand(value) {
            self.grow();
            let pushed = self.push_at_hand(value);
            debug_assert!(pushed.is_ok(), "it has grown");
        }
    }

    /// The same if there is room. Calls nothing.
    #[inline(always)]
    pub fn push_at_hand(&mut self, value: V) -> Result<(), V> {
        if self.count >= self.slots.len() {
            return Err(value);
        }
        let slot = self.slot(self.count);
        // SAFETY: a number less than the length, since there are slots; nothing stands there, since not all of them are in use.
        unsafe { self.slots.get_unchecked_mut(slot).write(value) };
        self.count += 1;
        Ok(())
    }

    /// Takes the first message out. Calls nothing.
    #[inline(always)]
    pub fn pop(&mut self) -> Option<V> {
        if self.count == 0 {
            return None;
        }
        // SAFETY: there is a message, so there are slots, of which `first` is one and holds it; from here on it holds nothing.
        let value = unsafe { self.slots.get_unchecked(self.first).assume_init_read() };
        self.first = self.slot(1);
        self.count -= 1;
        Some(value)
    }

    /// All messages, in order.
    pub fn iter(&self) -> impl Iterator<Item = &V> {
        // SAFETY: as many messages as there are stand there.
        (0..self.count).map(|index| unsafe { self.slots[self.slot(index)].assume_init_ref() })
    }

    /// The slot that stands so many behind the first one, around the end. There are slots.
    #[inline(always)]
    fn slot(&self, index: usize) -> usize {
        self.first.wrapping_add(index) & self.slots.len().wrapping_sub(1)
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self) {
        let mut slots = Box::new_uninit_slice((self.slots.len() * 2).max(FIRST));
        let (start, end) = self.slots.split_at(self.first);
        // SAFETY: it is full when it grows, and the new ring has room for all of it. The messages are moved: the old slots are freed without
        // a look.
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
        let mut random = 1_u32;
        for number in 0..100_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Long runs of each, so that it grows, wraps around, and runs empty.
            if (random >> 16) % 100 < 50 + 40 * (number / 1000 % 2) - 20 {
                buffer.push(Box::new(number));
                queue.push_back(number);
            } else {
                assert_eq!(buffer.pop().map(|value| *value), queue.pop_front());
            }
            assert_eq!((buffer.len(), buffer.is_empty()), (queue.len(), queue.is_empty()));
            assert!(buffer.capacity() == 0 || buffer.capacity().is_power_of_two());
            if number % 997 == 0 {
                assert!(buffer.iter().map(|value| **value).eq(queue.iter().copied()));
            }
        }
        assert!(buffer.capacity() >= 256, "it was long for a while");
    }

    #[test]
    fn what_is_left_goes_with_it() {
        let value = std::rc::Rc::new(());
        let mut buffer = Buffer::new();
        for _ in 0..100 {
            buffer.push(value.clone());
        }
        drop(buffer.pop());
        assert_eq!(std::rc::Rc::strong_count(&value), 100);
        drop(buffer);
        assert_eq!(std::rc::Rc::strong_count(&value), 1);
    }
}
