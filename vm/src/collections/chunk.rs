//! `Chunk`: a counted array of values, of which lists are made.
//!
//! It is an object of the fields family (`object/mod.rs`), so it is released, shared and made immortal as objects are.
//! All slots are initialised at all times (free ones hold Unit), so who writes a slot drops what was there. The
//! header's `effect` says whether a value that needs counting was ever written; a chunk of scalars is released without
//! a look at its slots.

use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Range;
use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

use crate::object::{Header, alloc, count};
use crate::value::{Kind, Value};

/// A counted array of values.
pub(crate) struct Chunk(NonNull<Header>);

impl Chunk {
    /// Values of a full leaf. Larger ones make shared updates slower (a set copies one), smaller ones make deeper
    /// trees and more allocations; 64 values are a kilobyte.
    pub(crate) const LEAF: usize = 64;
    /// Slots of the largest chunk that a flat list grows into value by value: 32 MiB. To move there takes a few
    /// milliseconds, in which nothing else runs on the worker.
    pub(crate) const GROWN: usize = 1 << 21;
    /// Slots of the largest chunk, for a list whose length is known before: 4 GiB.
    pub(crate) const MAX: usize = 1 << 28;

    /// All slots free.
    #[inline]
    pub(crate) fn new(capacity: usize) -> Chunk {
        // SAFETY: no slot is left out.
        unsafe { Chunk::free_around(capacity, 0..0) }
    }

    /// All slots free but those of a range inside, which hold nothing at all.
    ///
    /// # Safety
    /// The caller writes those slots before anything else happens to the chunk.
    #[inline]
    unsafe fn free_around(capacity: usize, range: Range<usize>) -> Chunk {
        debug_assert!((1..=Chunk::MAX).contains(&capacity) && range.end <= capacity);
        let object = alloc::allocate(size_of::<Header>() + capacity * size_of::<Value>()).cast::<Header>();
        // SAFETY: `allocate` gave memory for a header and `capacity` values, aligned to 16; what is not written here,
        // the caller writes.
        unsafe {
            object.write(Header::new(Kind::Chunk, 0, capacity as u32));
            let first = object.add(1).cast::<Value>();
            for slot in 0..range.start {
                first.add(slot).write(Value::unit());
            }
            for slot in range.end..capacity {
                first.add(slot).write(Value::unit());
            }
            Chunk(NonNull::new_unchecked(object))
        }
    }

    /// Bytes that are turned into Ints, or back, in one go (arbitrary).
    pub(super) const AT_ONCE: usize = 8;

    /// A chunk of Ints, at least one.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Chunk {
        debug_assert!((1..=Chunk::MAX).contains(&bytes.len()));
        let object = alloc::allocate(size_of::<Header>() + size_of::<Value>() * bytes.len()).cast::<Header>();
        // SAFETY: as in `new`; there is a slot for each byte.
        unsafe {
            object.write(Header::new(Kind::Chunk, 0, bytes.len() as u32));
            let first = object.add(1).cast::<Value>();
            let slots = std::slice::from_raw_parts_mut(first.cast::<MaybeUninit<Value>>(), bytes.len());
            // Several at a time: a loop costs as much as what is in it.
            let (mut places, mut whole) = (slots.chunks_exact_mut(Chunk::AT_ONCE), bytes.chunks_exact(Chunk::AT_ONCE));
            for (places, bytes) in (&mut places).zip(&mut whole) {
                for index in 0..Chunk::AT_ONCE {
                    places[index].write(Value::int(i64::from(bytes[index])));
                }
            }
            for (place, byte) in places.into_remainder().iter_mut().zip(whole.remainder()) {
                place.write(Value::int(i64::from(*byte)));
            }
            Chunk(NonNull::new_unchecked(object))
        }
    }

    /// A chunk with a value in one slot, the others free.
    #[inline]
    pub(crate) fn of_one(capacity: usize, slot: usize, value: Value) -> Chunk {
        let mut chunk = Chunk::new(capacity);
        if let Some(place) = chunk.own().and_then(|own| own.free_slot(slot, &value)) {
            // A free slot holds nothing that has to be dropped.
            std::mem::forget(std::mem::replace(place, value));
        }
        chunk
    }

    /// The object.
    pub(crate) fn object(&self) -> *const Header {
        self.0.as_ptr()
    }

    #[inline]
    fn header(&self) -> &Header {
        // SAFETY: `self` owns a reference, so the header is live.
        unsafe { self.0.as_ref() }
    }

    /// Number of slots.
    #[inline]
    pub(crate) fn capacity(&self) -> usize {
        self.header().length as usize
    }

    /// All slots.
    #[inline]
    pub(crate) fn slots(&self) -> &[Value] {
        // SAFETY: a chunk is of the fields family since `new`.
        unsafe { self.header().fields() }
    }

    /// Is this the only pointer to the chunk? Then it becomes local if it was shared.
    #[inline]
    pub(crate) fn is_unique(&mut self) -> bool {
        // SAFETY: `self` owns a reference, and is borrowed exclusively.
        unsafe { count::unshare_if_unique(self.0.as_ptr()) }
    }

    /// All slots, when nothing else points to the chunk. Who writes a value that needs counting sets `effect`.
    #[inline]
    fn slots_mut(&mut self) -> Option<&mut [Value]> {
        if !self.is_unique() {
            return None;
        }
        let object = self.0.as_ptr();
        // SAFETY: the only reference, exclusively borrowed as long as the result; `new` wrote `length` values there.
        Some(unsafe { std::slice::from_raw_parts_mut(object.add(1).cast(), (*object).length as usize) })
    }

    /// Itself, to be changed without more ado: it is local, and nothing else points to it.
    #[inline(always)]
    pub(crate) fn own(&mut self) -> Option<Own<'_>> {
        (self.header().count.load(Relaxed) == 1).then_some(Own { object: self.0, chunk: PhantomData })
    }

    /// A slot, and what may be done with it.
    #[inline(always)]
    pub(crate) fn look(&mut self, slot: usize) -> Look<'_> {
        let object = self.0.as_ptr();
        // SAFETY: as in `Own::slot`, if the count is 1; else the slot is only read.
        unsafe {
            debug_assert!(slot < (*object).length as usize);
            let place = object.add(1).cast::<Value>().add(slot);
            if (*object).count.load(Relaxed) == 1 {
                Look::Own(&mut *place)
            } else if (*object).length as usize <= Chunk::LEAF && (*place).is_scalar() {
                Look::Scalar(&*place)
            } else {
                Look::Other
            }
        }
    }

    /// The value of a slot, moved out if the chunk is local and nothing else points to it; else a copy, if it is a
    /// leaf's.
    #[inline(always)]
    pub(crate) fn quick_take(&mut self, slot: usize) -> Option<Value> {
        match self.own() {
            Some(own) => Some(std::mem::replace(own.slot(slot), Value::unit())),
            None => (self.capacity() <= Chunk::LEAF).then(|| self.slot(slot).clone()),
        }
    }

    /// Whether it has so many slots at most, all without objects, and nothing else points to it.
    #[inline(always)]
    pub(crate) fn is_clear(&self, most: usize) -> bool {
        let header = self.header();
        header.count.load(Relaxed) == 1
            && header.length as usize <= most
            && (header.effect == 0 || are_scalars(self.slots()))
    }

    /// A slot.
    #[inline(always)]
    pub(crate) fn slot(&self, slot: usize) -> &Value {
        debug_assert!(slot < self.capacity());
        // SAFETY: a view's range lies inside its chunk (`View`), and `new` wrote `length` values behind the header.
        unsafe { &*self.0.as_ptr().add(1).cast::<Value>().add(slot) }
    }

    /// Writes a slot of a chunk that nothing else points to; gives the value back when something does.
    #[inline]
    pub(crate) fn put(&mut self, slot: usize, value: Value) -> Result<(), Value> {
        let counted = value.heap().is_some();
        let Some(slots) = self.slots_mut() else { return Err(value) };
        slots[slot] = value;
        if counted {
            self.set_counted();
        }
        Ok(())
    }

    /// Writes values into the first slots of a chunk that nothing else points to, until either ends; how many.
    pub(crate) fn fill(&mut self, values: &mut impl Iterator<Item = Value>) -> usize {
        let (mut length, mut counted, holds_scalars) = (0, false, !self.is_counted());
        for slot in self.slots_mut().unwrap_or_default() {
            let Some(value) = values.next() else { break };
            counted |= !value.is_scalar();
            let old = std::mem::replace(slot, value);
            if holds_scalars {
                std::mem::forget(old);
            }
            length += 1;
        }
        if counted {
            self.set_counted();
        }
        length
    }

    /// From now on its slots are released one by one. Nothing else points to the chunk.
    fn set_counted(&mut self) {
        // SAFETY: callers have seen that `self` is the only reference, and it is borrowed exclusively.
        unsafe { (*self.0.as_ptr()).effect = 1 };
    }

    /// Its slots are not released. Nothing else points to the chunk, and no value is lost.
    fn set_uncounted(&mut self) {
        // SAFETY: as in `set_counted`.
        unsafe { (*self.0.as_ptr()).effect = 0 };
    }

    /// The value of a slot: moved out when nothing else points to the chunk, else a copy.
    #[inline]
    pub(crate) fn take(&mut self, slot: usize) -> Value {
        match self.slots_mut() {
            Some(slots) => std::mem::replace(&mut slots[slot], Value::unit()),
            None => self.slots()[slot].clone(),
        }
    }

    /// A new chunk whose slots from `to` on hold this one's `from..from + length`: moved when nothing else points to
    /// this chunk, else copied.
    pub(crate) fn rebuild(mut self, capacity: usize, from: usize, length: usize, to: usize) -> Chunk {
        let counted = self.is_counted();
        // SAFETY: the slots that are left out are written right below; the clones do nothing but count.
        let mut new = unsafe { Chunk::free_around(capacity, to..to + length) };
        // SAFETY: `capacity` slots stand behind the header.
        let target = unsafe { new.0.as_ptr().add(1).cast::<Value>().add(to) };
        if self.is_unique() {
            // From here on it ends as a chunk of scalars: the new one owns the values of the range.
            self.set_uncounted();
        }
        match self.slots_mut() {
            Some(slots) => {
                let (before, rest) = slots.split_at_mut(from);
                let (moved, behind) = rest.split_at_mut(length);
                // SAFETY: two chunks; see above.
                unsafe { moved.as_ptr().copy_to_nonoverlapping(target, length) };
                if counted {
                    before.iter_mut().chain(behind).for_each(|slot| *slot = Value::unit());
                }
            }
            None => {
                for (index, value) in self.slots()[from..from + length].iter().enumerate() {
                    // SAFETY: inside the range that was left out.
                    unsafe { target.add(index).write(value.clone()) };
                }
            }
        }
        if counted {
            new.set_counted();
        }
        new
    }

    /// May a slot hold a value that needs counting?
    #[inline]
    pub(crate) fn is_counted(&self) -> bool {
        self.header().effect != 0
    }
}

/// A slot of a chunk.
pub(crate) enum Look<'c> {
    /// The chunk is local, and nothing else points to it.
    Own(&'c mut Value),
    /// The chunk is a leaf's, and no object stands there.
    Scalar(&'c Value),
    /// Neither.
    Other,
}

/// A chunk that is local and that nothing else points to.
pub(crate) struct Own<'c> {
    object: NonNull<Header>,
    chunk: PhantomData<&'c mut Chunk>,
}

impl<'c> Own<'c> {
    /// A slot. Who writes a value there that needs counting asks for `free_slot`.
    #[inline(always)]
    pub(crate) fn slot(self, slot: usize) -> &'c mut Value {
        let object = self.object.as_ptr();
        // SAFETY: a count of 1 says that the chunk's is the only reference, which is borrowed exclusively as long as
        // the result; `new` wrote `length` values behind the header.
        unsafe {
            debug_assert!(slot < (*object).length as usize);
            &mut *object.add(1).cast::<Value>().add(slot)
        }
    }

    /// A slot that the value goes to, which is written there before anything else happens to the chunk; none if there
    /// is an object.
    #[inline(always)]
    pub(crate) fn free_slot(self, slot: usize, value: &Value) -> Option<&'c mut Value> {
        let object = self.object.as_ptr();
        let place = self.slot(slot);
        if !place.is_scalar() {
            return None;
        }
        // SAFETY: as in `slot`.
        unsafe { (*object).effect |= u8::from(!value.is_scalar()) };
        Some(place)
    }
}

/// Whether no value has an object. The lengths that lists grow to are looked at without a loop, which would cost more
/// than what is in it.
#[inline(always)]
fn are_scalars(values: &[Value]) -> bool {
    let all = |values: &[Value]| values.iter().fold(true, |all, value| all & value.is_scalar());
    match values.len() {
        4 => all(&values[..4]),
        8 => all(&values[..8]),
        _ => values.iter().all(Value::is_scalar),
    }
}

impl Clone for Chunk {
    #[inline]
    fn clone(&self) -> Chunk {
        // SAFETY: `self` owns a reference.
        unsafe { count::retain(self.0.as_ptr()) };
        Chunk(self.0)
    }
}

impl Drop for Chunk {
    #[inline]
    fn drop(&mut self) {
        // SAFETY: `self` owns a reference and ends here.
        unsafe { count::release(self.0.as_ptr()) };
    }
}
