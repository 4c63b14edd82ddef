//! `Hashed`: entries in the order of their arrival, found by the hashes of their keys. One owner has it; what is copied
//! and changed often is a tree.
//!
//! A few entries are looked through, and Ints that arrived *in a row*, each one more than the one before, are found by
//! counting. Others have an *index*: a power of two of slots, each empty or with the number of an entry and its key's
//! hash. A key's slot is the first free one from where the hash points, so a look-up ends at an empty slot.
//!
//! What always holds: all keys have hashes; entries without an index are few or in a row; at most half of the slots are
//! taken; no key stands further than `FAR` behind its first slot at the time when it is added. Keys that somebody has
//! chosen so that they collide are refused, and so are more than `MOST`: the caller makes a tree.

use std::cmp::Ordering;

use super::hash;
use crate::account::meter::Charge;
use crate::structural::compare;
use crate::value::Value;

/// Entries that have no index.
const FEW: usize = 8;
/// Entries at most: to sort them, as for a way through them in order, takes tens of milliseconds, in which nothing else
/// runs on the worker.
pub(crate) const MOST: usize = 1 << 20;
/// Slots that are looked at, at most, for the place of a new key. With half of the slots free, chance needs a few.
const FAR: usize = 64;
/// A slot without an entry.
const EMPTY: u64 = u64::MAX;

/// Too many entries, or keys that want the same slots: it is time for a tree.
#[derive(Debug)]
pub(crate) struct Crowded;

/// Entries by hash.
pub(crate) struct Hashed<V> {
    entries: Vec<(Value, V)>,
    /// Hash in the high half, number of the entry in the low one; perhaps without slots.
    index: Vec<u64>,
    /// What leaves as many bits of a hash as the index needs.
    shift: u32,
    /// The first key of a row; of others what it was once, perhaps.
    first: i64,
    /// Are all keys Ints in a row?
    is_row: bool,
    /// Do the entries stand in the order of their keys?
    is_ascending: bool,
    charge: Charge,
}

impl<V: Clone> Clone for Hashed<V> {
    fn clone(&self) -> Hashed<V> {
        // A copy is made to be changed: with room for what comes.
        let mut entries = Vec::with_capacity(self.entries.len() + FEW / 2);
        entries.extend_from_slice(&self.entries);
        let (index, &Hashed { shift, first, is_row, is_ascending, .. }) = (self.index.clone(), self);
        let mut copy = Hashed { entries, index, shift, first, is_row, is_ascending, charge: Charge::default() };
        copy.charge();
        copy
    }
}

impl<V> Hashed<V> {
    /// No entries.
    pub(crate) const fn new() -> Hashed<V> {
        Hashed {
            entries: Vec::new(),
            index: Vec::new(),
            shift: 0,
            first: 0,
            is_row: true,
            is_ascending: true,
            charge: Charge::NONE,
        }
    }

    /// These ascending entries, if their keys have hashes.
    pub(crate) fn from_ascending(entries: Vec<(Value, V)>) -> Result<Hashed<V>, Vec<(Value, V)>> {
        if entries.len() > MOST || !entries.iter().all(|(key, _)| hash::of(key).is_some()) {
            return Err(entries);
        }
        let first = entries.first().and_then(|(key, _)| key.as_int()).unwrap_or_default();
        let is_row = (first..).zip(&entries).all(|(number, (key, _))| key.as_int() == Some(number));
        let mut hashed = Hashed { entries, first, is_row, ..Hashed::new() };
        hashed.charge();
        if is_row || hashed.entries.len() <= FEW || hashed.grow() { Ok(hashed) } else { Err(hashed.entries) }
    }

    /// The entries.
    #[inline(always)]
    pub(crate) fn entries(&self) -> &[(Value, V)] {
        &self.entries
    }

    /// Do they stand in the order of their keys?
    #[inline]
    pub(crate) fn is_ascending(&self) -> bool {
        self.is_ascending
    }

    /// What a key leads to.
    #[inline]
    pub(crate) fn get(&self, key: &Value) -> Option<&V> {
        self.number(key).ok().map(|number| &self.entries[number].1)
    }

    /// As `get`, for writing.
    pub(crate) fn get_mut(&mut self, key: &Value) -> Option<&mut V> {
        self.number(key).ok().map(|number| &mut self.entries[number].1)
    }

    /// The number of a key's entry, or how far behind its first slot there is a free one.
    #[inline]
    fn number(&self, key: &Value) -> Result<usize, usize> {
        if let Some((number, _)) = key.as_int().and_then(|key| self.guess(key)) {
            return Ok(number);
        }
        if hash::is_plain(key) {
            return self.plain_number(key);
        }
        if self.index.is_empty() {
            let few = if self.is_row { &[] } else { self.entries.as_slice() };
            return few.iter().position(|(other, _)| hash::same(other, key)).ok_or(0);
        }
        hash::of(key).map_or(Err(0), |hash| self.probe(hash, |other| hash::same(other, key)))
    }

    /// As `number`, of a plain key. Calls nothing.
    #[inline(always)]
    fn plain_number(&self, key: &Value) -> Result<usize, usize> {
        if !self.index.is_empty() {
            return self.probe(hash::of_plain(key), |other| other.is_same(key));
        }
        if self.is_row {
            return key.as_int().and_then(|key| self.guess(key)).map(|(number, _)| number).ok_or(0);
        }
        self.entries.iter().position(|(other, _)| other.is_same(key)).ok_or(0)
    }

    /// The entry of an Int key, and its number, if all before it are in a row.
    #[inline(always)]
    fn guess(&self, key: i64) -> Option<(usize, &(Value, V))> {
        let number = key.wrapping_sub(self.first) as usize;
        self.entries.get(number).filter(|(other, _)| other.as_int() == Some(key)).map(|entry| (number, entry))
    }

    /// The number of an entry by the index, or how far behind the first slot for this hash there is a free one.
    #[inline(always)]
    fn probe(&self, hash: u32, is: impl Fn(&Value) -> bool) -> Result<usize, usize> {
        let mask = self.index.len().wrapping_sub(1);
        let first = self.first_slot(hash);
        let mut far = 0;
        while let Some(slot) = self.index.get((first + far) & mask).filter(|slot| **slot != EMPTY) {
            let number = *slot as u32 as usize;
            if (*slot >> 32) as u32 == hash && self.entries.get(number).is_some_and(|(key, _)| is(key)) {
                return Ok(number);
            }
            far += 1;
        }
        Err(far)
    }

    /// Where a key with this hash would like to be.
    #[inline(always)]
    fn first_slot(&self, hash: u32) -> usize {
        (hash >> self.shift) as usize
    }

    /// Adds an entry, or replaces what its key leads to; whether it is new. Gives it back when it is one too many, or
    /// its key has no hash.
    pub(crate) fn insert(&mut self, key: Value, value: V) -> Result<bool, (Value, V)> {
        match self.number(&key) {
            Ok(number) => {
                self.entries[number].1 = value;
                Ok(false)
            }
            Err(far) => self.add(far, key, value).map(|()| true),
        }
    }

    /// Adds an entry whose key is not there, and has a free slot so `far` behind its first one.
    fn add(&mut self, far: usize, key: Value, value: V) -> Result<(), (Value, V)> {
        let number = self.entries.len();
        let Some(hash) = hash::of(&key).filter(|_| number < MOST) else { return Err((key, value)) };
        self.is_row = self.goes_on_with(&key);
        if self.is_row && number == 0 {
            self.first = key.as_int().unwrap_or_default();
        } else if self.is_crowded() {
            if !self.grow() || self.link(hash, number).is_none() {
                return Err((key, value));
            }
        } else if far >= FAR {
            return Err((key, value));
        } else {
            self.take_slot(hash, far, number);
        }
        if self.is_ascending
            && let Some((last, _)) = self.entries.last()
        {
            self.is_ascending = compare(last, &key) == Ok(Ordering::Less);
        }
        let is_full = self.entries.len() == self.entries.capacity();
        self.entries.push((key, value));
        if is_full {
            self.charge();
        }
        Ok(())
    }

    /// Counts the memory.
    fn charge(&mut self) {
        let bytes = self.entries.capacity() * size_of::<(Value, V)>() + self.index.capacity() * size_of::<u64>();
        self.charge.set(bytes);
    }

    /// Are the entries, with this key behind them, Ints in a row?
    #[inline(always)]
    fn goes_on_with(&self, key: &Value) -> bool {
        let next = self.first.checked_add(self.entries.len() as i64);
        self.is_row && key.as_int().is_some_and(|key| self.entries.is_empty() || next == Some(key))
    }

    /// Writes an entry's slot, if there is an index.
    #[inline(always)]
    fn take_slot(&mut self, hash: u32, far: usize, number: usize) {
        let at = (self.first_slot(hash) + far) & self.index.len().wrapping_sub(1);
        if let Some(slot) = self.index.get_mut(at) {
            *slot = u64::from(hash) << 32 | number as u64;
        }
    }

    /// Does one entry more need a larger index, or one at all?
    #[inline(always)]
    fn is_crowded(&self) -> bool {
        let room = if self.index.is_empty() && self.is_row { usize::MAX } else { FEW.max(self.index.len() / 2) };
        self.entries.len() >= room
    }

    /// Makes an index with room for twice as many; false when a key has no slot there.
    fn grow(&mut self) -> bool {
        let old = std::mem::take(&mut self.index);
        self.make_index(self.entries.len() * 2);
        if old.is_empty() {
            return (0..self.entries.len())
                .all(|number| hash::of(&self.entries[number].0).and_then(|hash| self.link(hash, number)).is_some());
        }
        let mut taken = old.into_iter().filter(|slot| *slot != EMPTY);
        taken.all(|slot| self.link((slot >> 32) as u32, slot as u32 as usize).is_some())
    }

    /// An index without entries, for so many.
    fn make_index(&mut self, entries: usize) {
        let slots = (entries * 2).next_power_of_two();
        self.index = vec![EMPTY; slots];
        self.shift = u32::BITS - slots.trailing_zeros();
        self.charge();
    }

    /// Takes a slot for an entry.
    #[inline]
    fn link(&mut self, hash: u32, number: usize) -> Option<()> {
        let (mask, first) = (self.index.len() - 1, self.first_slot(hash));
        let far = (0..FAR).find(|far| self.index[(first + far) & mask] == EMPTY)?;
        self.take_slot(hash, far, number);
        Some(())
    }

    /// Removes a key's entry, whose number the last one takes; what it led to. An error when those that are left can
    /// have no index.
    pub(crate) fn remove(&mut self, key: &Value) -> Result<Option<V>, Crowded> {
        let Ok(number) = self.number(key) else { return Ok(None) };
        let last = self.entries.len() - 1;
        if self.is_row && number != last && last > FEW && !self.grow() {
            self.index = Vec::new();
            return Err(Crowded);
        }
        let hash_at = |number: usize| hash::of(&self.entries[number].0).unwrap_or_default();
        let (removed, moved) = (hash_at(number), hash_at(last));
        self.replace_slot(removed, number, None);
        self.replace_slot(moved, last, Some(number));
        self.is_ascending &= number == last;
        self.is_row &= number == last;
        let (_, value) = self.entries.swap_remove(number);
        if self.entries.is_empty() {
            *self = Hashed { entries: std::mem::take(&mut self.entries), ..Hashed::new() };
            self.charge();
        }
        Ok(Some(value))
    }

    /// Gives the slot of an entry, if it has one, to another entry or to none.
    fn replace_slot(&mut self, hash: u32, number: usize, new: Option<usize>) {
        let (mask, first) = (self.index.len().wrapping_sub(1), self.first_slot(hash));
        let wanted = u64::from(hash) << 32 | number as u64;
        let mut far = 0;
        while let Some(slot) = self.index.get_mut((first + far) & mask).filter(|slot| **slot != EMPTY) {
            if *slot == wanted {
                match new {
                    Some(new) => *slot = u64::from(hash) << 32 | new as u64,
                    None => self.unlink((first + far) & mask),
                }
                return;
            }
            far += 1;
        }
    }

    /// Empties a slot, and moves those behind it that have an earlier place up.
    fn unlink(&mut self, at: usize) {
        let mask = self.index.len() - 1;
        let (mut free, mut at) = (at, at);
        loop {
            at = (at + 1) & mask;
            let slot = self.index[at];
            if slot == EMPTY {
                break;
            }
            let first = self.first_slot((slot >> 32) as u32);
            // It may move when its first slot is not between the free one and its own, on the circle.
            if at.wrapping_sub(first) & mask >= at.wrapping_sub(free) & mask {
                self.index[free] = slot;
                free = at;
            }
        }
        self.index[free] = EMPTY;
    }

    /// As `get` of an Int, if it is where one would guess. Calls nothing.
    #[inline(always)]
    pub(crate) fn quick_get(&self, key: i64) -> Option<&V> {
        self.guess(key).map(|(_, (_, value))| value)
    }

    /// As `get` of a plain key. Calls nothing.
    #[inline(always)]
    pub(crate) fn plain_get(&self, key: &Value) -> Option<Option<&V>> {
        if !hash::is_plain(key) {
            return None;
        }
        Some(match self.plain_number(key) {
            Ok(number) => Some(&self.entries.get(number)?.1),
            Err(_) => None,
        })
    }

    /// All entries, ascending.
    pub(crate) fn sorted(&self) -> Vec<&(Value, V)> {
        let numbers: Option<Vec<(i64, u32)>> =
            self.entries.iter().zip(0..).map(|((key, _), number)| Some((key.as_int()?, number))).collect();
        if let Some(mut numbers) = numbers {
            numbers.sort_unstable();
            return numbers.iter().map(|(_, number)| &self.entries[*number as usize]).collect();
        }
        let mut entries: Vec<&(Value, V)> = self.entries.iter().collect();
        // Keys with hashes can be compared, and have so few parts that nobody gives up.
        entries.sort_by(|(a, _), (b, _)| compare(a, b).unwrap_or(Ordering::Equal));
        entries
    }

    /// Checks all that always holds.
    #[cfg(test)]
    pub(crate) fn check(&self) {
        let keys: Vec<&Value> = self.entries.iter().map(|(key, _)| key).collect();
        if self.is_ascending {
            assert!(keys.windows(2).all(|pair| compare(pair[0], pair[1]) == Ok(Ordering::Less)));
        }
        let taken = self.index.iter().filter(|slot| **slot != EMPTY).count();
        if self.index.is_empty() {
            assert!(self.is_row || keys.len() <= FEW);
        } else {
            assert!(taken == keys.len() && taken * 2 <= self.index.len());
        }
        if self.is_row {
            assert!((self.first..).zip(&keys).all(|(number, key)| key.as_int() == Some(number)));
        }
        for (number, key) in keys.iter().enumerate() {
            assert!(hash::of(key).is_some());
            assert_eq!(self.number(key), Ok(number));
        }
    }
}

impl Hashed<Value> {
    /// As `quick_get`, for writing. Calls nothing.
    #[inline(always)]
    pub(crate) fn quick_get_mut(&mut self, key: i64) -> Option<&mut Value> {
        let (number, _) = self.guess(key)?;
        self.entries.get_mut(number).map(|(_, value)| value)
    }

    /// As `plain_get`, for writing. Calls nothing.
    #[inline(always)]
    pub(crate) fn plain_get_mut(&mut self, key: &Value) -> Option<Option<&mut Value>> {
        if !hash::is_plain(key) {
            return None;
        }
        let Ok(number) = self.plain_number(key) else { return Some(None) };
        self.entries.get_mut(number).map(|(_, value)| Some(value))
    }

    /// As `insert` of an Int, if that replaces a scalar where one would guess the key, or adds to a row; else the value
    /// comes back. Calls nothing.
    #[inline(always)]
    pub(crate) fn quick_insert(&mut self, key: i64, value: Value) -> Result<(), Value> {
        let (number, length) = (key.wrapping_sub(self.first) as usize, self.entries.len());
        match self.entries.get_mut(number) {
            Some((other, place)) if other.as_int() == Some(key) && place.is_scalar() => {
                std::mem::forget(std::mem::replace(place, value));
                Ok(())
            }
            None if number == length && key > self.first && self.is_row => self.quick_push(&Value::int(key), value),
            _ => Err(value),
        }
    }

    /// As `insert` of a plain key into entries that are not in a row, if nothing has to be released or made; else the
    /// value comes back. Calls nothing.
    #[inline(always)]
    pub(crate) fn plain_insert(&mut self, key: &Value, value: Value) -> Result<(), Value> {
        if self.is_row || !hash::is_plain(key) {
            return Err(value);
        }
        match self.plain_number(key) {
            Ok(number) => match self.entries.get_mut(number) {
                Some((_, place)) if place.is_scalar() => {
                    std::mem::forget(std::mem::replace(place, value));
                    Ok(())
                }
                _ => Err(value),
            },
            Err(far) if far < FAR && !self.is_crowded() => {
                let number = self.entries.len();
                if self.is_ascending {
                    let last = self.entries.last().and_then(|(last, _)| last.as_int());
                    let (Some(last), Some(key)) = (last, key.as_int()) else { return Err(value) };
                    self.is_ascending = last < key;
                }
                self.quick_push(key, value)?;
                self.take_slot(hash::of_plain(key), far, number);
                Ok(())
            }
            Err(_) => Err(value),
        }
    }

    /// Adds an entry with a plain key, if there is memory for it.
    #[inline(always)]
    fn quick_push(&mut self, key: &Value, value: Value) -> Result<(), Value> {
        if self.entries.len() == self.entries.capacity() || self.entries.len() >= MOST {
            return Err(value);
        }
        self.entries.push((key.clone(), value));
        Ok(())
    }
}
