//! Chance: the door for every choice that nothing else decides.
//!
//! Real workers and the simulator ask the same questions here; only the seed differs, the system's or the given one.

use std::hash::{BuildHasher, RandomState};

/// A stream of choices (xoshiro256**).
pub struct Oracle {
    state: [u64; 4],
}

impl Oracle {
    /// The choices that follow from `seed`.
    pub fn seeded(seed: u64) -> Self {
        let mut mixed = seed;
        let state = std::array::from_fn(|_| {
            mixed = mixed.wrapping_add(0x9E37_79B9_7F4A_7C15);
            mix(mixed)
        });
        Oracle { state }
    }

    /// Choices that differ from run to run.
    pub fn unseeded() -> Self {
        Self::seeded(RandomState::new().hash_one(0))
    }

    /// Any number.
    pub fn next_u64(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.state;
        let result = b.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number below `count`, which is not 0. Which task, which victim.
    pub fn pick(&mut self, count: usize) -> usize {
        ((u128::from(self.next_u64()) * count as u128) >> 64) as usize
    }
}

fn mix(mut word: u64) -> u64 {
    word = (word ^ word >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    word = (word ^ word >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ word >> 31
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of xoshiro256** from the state 1, 2, 3, 4, and of splitmix64 from 1234567, as published with
    /// both.
    #[test]
    fn numbers_are_those_of_the_published_generators() {
        let mut oracle = Oracle { state: [1, 2, 3, 4] };
        let numbers: [u64; 6] = std::array::from_fn(|_| oracle.next_u64());
        assert_eq!(numbers, [11520, 0, 1509978240, 1215971899390074240, 1216172134540287360, 607988272756665600]);
        let first = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431];
        assert_eq!(Oracle::seeded(1234567).state, first);
    }

    #[test]
    fn picks_are_even() {
        let mut oracle = Oracle::seeded(7);
        let mut counts = [0; 5];
        (0..50_000).for_each(|_| counts[oracle.pick(5)] += 1);
        assert!(counts.iter().all(|count| (9_500..10_500).contains(count)), "{counts:?}");
    }
}
