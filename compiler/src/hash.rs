//! Fast hashers. Tables keyed by small integers (symbols, ids) use `IdHasher`: the keys come from counters of the
//! compiler, never from text of the user, so nobody can choose them to collide. Names are hashed by `TextHasher`, whose
//! seed nobody knows in advance.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, BuildHasherDefault, Hasher};

/// A map keyed by symbols or ids.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHasher>>;
/// A set of symbols or ids.
pub type IdSet<K> = HashSet<K, BuildHasherDefault<IdHasher>>;

/// Multiplies and folds: good enough for dense integers.
#[derive(Default)]
pub struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_u64(u64::from(*byte));
        }
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn write_u64(&mut self, value: u64) {
        // An odd constant with evenly spread bits: 2^64 divided by the golden ratio.
        let mixed = (self.0.rotate_left(5) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = mixed ^ (mixed >> 32);
    }
}

/// Makes hashers for texts, with a seed of its own.
#[derive(Clone)]
pub struct TextState(u64);

impl Default for TextState {
    fn default() -> Self {
        TextState(RandomState::new().hash_one(0))
    }
}

impl BuildHasher for TextState {
    type Hasher = TextHasher;

    fn build_hasher(&self) -> TextHasher {
        TextHasher(self.0)
    }
}

/// Eight bytes at a time, each mixed in by the two halves of a long product: names are short, and most of the time of a
/// general hasher went into its beginning and its end.
pub struct TextHasher(u64);

impl Hasher for TextHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words.iter().for_each(|word| self.mix(u64::from_le_bytes(*word)));
        let mut last = [0; 8];
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ (bytes.len() as u64).rotate_right(8));
    }

    /// What ends a `str`; the length is in the hash already.
    fn write_u8(&mut self, _: u8) {}
}

impl TextHasher {
    fn mix(&mut self, word: u64) {
        let product = u128::from(self.0 ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        self.0 = (product as u64) ^ (product >> 64) as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_one_letter_and_of_many_lengths_differ() {
        let state = TextState::default();
        let mut seen = HashSet::new();
        for length in 0..100 {
            for letter in ["a", "b", "\0"] {
                let text = letter.repeat(length);
                assert!(seen.insert(state.hash_one(text.as_str())) || length == 0, "{letter} {length} times");
            }
        }
    }
}
