//! `Few`: a vector of at most `N` things that stand in the vector itself, for the nodes of trees.
//!
//! A vector that can move its items to the heap asks at each access where they are; a tree's way down is nothing but
//! accesses. The first `length` items are initialised at all times; more than `N` are a mistake of the caller and
//! panic.

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// Up to `N` things.
pub(crate) struct Few<T, const N: usize> {
    length: u32,
    items: [MaybeUninit<T>; N],
}

impl<T, const N: usize> Few<T, N> {
    pub(crate) const fn new() -> Few<T, N> {
        Few { length: 0, items: [const { MaybeUninit::uninit() }; N] }
    }

    pub(crate) fn push(&mut self, item: T) {
        self.items[self.length as usize].write(item);
        self.length += 1;
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        self.length = self.length.checked_sub(1)?;
        // SAFETY: it was initialised, and is not among the first `length` any more.
        Some(unsafe { self.items[self.length as usize].assume_init_read() })
    }

    pub(crate) fn insert(&mut self, index: usize, item: T) {
        let length = self.len();
        assert!(index <= length && length < N);
        // SAFETY: the items from `index` on move up by one, into the capacity; the place that they leave is written.
        unsafe {
            let place = self.items.as_mut_ptr().add(index);
            ptr::copy(place, place.add(1), length - index);
            (*place).write(item);
        }
        self.length += 1;
    }

    /// Inserts in order.
    pub(crate) fn insert_all(&mut self, index: usize, items: impl IntoIterator<Item = T>) {
        for (offset, item) in items.into_iter().enumerate() {
            self.insert(index + offset, item);
        }
    }

    pub(crate) fn remove(&mut self, index: usize) -> T {
        let length = self.len();
        assert!(index < length);
        self.length -= 1;
        // SAFETY: the item is initialised; those behind it move into its place, and the last place is not counted any
        // more.
        unsafe {
            let place = self.items.as_mut_ptr().add(index);
            let item = (*place).assume_init_read();
            ptr::copy(place.add(1), place, length - index - 1);
            item
        }
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        while self.len() > length {
            self.pop();
        }
    }

    /// Takes off the items from `at` on.
    pub(crate) fn split_off<const M: usize>(&mut self, at: usize) -> Few<T, M> {
        let count = self.len() - at;
        let mut rest = Few::<T, M>::new();
        assert!(count <= M);
        // SAFETY: these items are initialised, and no longer counted here once they are counted there.
        unsafe {
            self.length = at as u32;
            ptr::copy_nonoverlapping(self.items.as_ptr().add(at), rest.items.as_mut_ptr(), count);
        }
        rest.length = count as u32;
        rest
    }

    /// Takes all items of another one.
    pub(crate) fn append<const M: usize>(&mut self, mut other: Few<T, M>) {
        let (length, count) = (self.len(), other.len());
        assert!(length + count <= N);
        // SAFETY: the items are initialised, there is room for them, and they are no longer counted there.
        unsafe {
            other.length = 0;
            ptr::copy_nonoverlapping(other.items.as_ptr(), self.items.as_mut_ptr().add(length), count);
        }
        self.length += count as u32;
    }
}

impl<T, const N: usize> Deref for Few<T, N> {
    type Target = [T];
    #[inline(always)]
    fn deref(&self) -> &[T] {
        // SAFETY: the first `length` items are initialised.
        unsafe { std::slice::from_raw_parts(self.items.as_ptr().cast(), self.length as usize) }
    }
}

impl<T, const N: usize> DerefMut for Few<T, N> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as in `deref`.
        unsafe { std::slice::from_raw_parts_mut(self.items.as_mut_ptr().cast(), self.length as usize) }
    }
}

impl<T, const N: usize> Drop for Few<T, N> {
    fn drop(&mut self) {
        // SAFETY: the items are initialised, and dropped once.
        unsafe { ptr::drop_in_place(&raw mut **self) }
    }
}

impl<T: Clone, const N: usize> Clone for Few<T, N> {
    fn clone(&self) -> Few<T, N> {
        self.iter().cloned().collect()
    }
}

impl<T, const N: usize> Extend<T> for Few<T, N> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, items: I) {
        items.into_iter().for_each(|item| self.push(item));
    }
}

impl<T, const N: usize> FromIterator<T> for Few<T, N> {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Few<T, N> {
        let mut few = Few::new();
        few.extend(items);
        few
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::Few;

    #[test]
    fn does_what_a_vector_does() {
        let mut few: Few<Rc<u8>, 8> = (0..5).map(Rc::new).collect();
        let mut vector: Vec<Rc<u8>> = few.iter().cloned().collect();
        let kept = vector.clone();
        few.insert(2, kept[4].clone());
        vector.insert(2, kept[4].clone());
        assert_eq!(few.remove(0), vector.remove(0));
        few.insert_all(1, kept[..2].iter().cloned());
        vector.splice(1..1, kept[..2].iter().cloned());
        assert_eq!(few[..], vector[..]);
        let (rest, others): (Few<_, 4>, _) = (few.split_off(4), vector.split_off(4));
        assert_eq!(rest[..], others[..]);
        few.append(rest.clone());
        vector.extend(others.iter().cloned());
        assert_eq!(few[..], vector[..]);
        assert_eq!((few.pop(), few.len()), (vector.pop(), vector.len()));
        few.truncate(1);
        vector.truncate(1);
        assert_eq!(few[..], vector[..]);
        drop((few, rest, others, vector));
        assert!(kept.iter().all(|item| Rc::strong_count(item) == 1));
    }

    #[test]
    #[should_panic(expected = "length < N")]
    fn more_than_fit_panic() {
        let mut few: Few<u8, 2> = [1, 2].into_iter().collect();
        few.insert(1, 3);
    }
}
