//! Hashes of keys: the same in every run and on every machine, so that a seed stays a run.
//!
//! Keys have one when they are made of numbers, characters, truth values, constructors and texts, at most `DEPTH`
//! levels deep. Others have none: floats, because `0.0` equals `-0.0`; collections, because it would cost as much as a
//! few comparisons. Keys that are equal in the built-in order both have the same hash, or both none.

use crate::value::{Kind, Value};

/// Levels of constructors, tuples and records in a key; more are arbitrary, but bound the recursion.
const DEPTH: u32 = 3;

/// The odd number next to 2^64 divided by the golden ratio: multiples of it differ in their high bits.
const MIX: u64 = 0x9e37_79b9_7f4a_7c15;

/// Has the key no parts? Then it is equal to those that are the same, and `of_plain` is its hash.
#[inline(always)]
pub(crate) fn is_plain(key: &Value) -> bool {
    key.is_scalar() && key.kind() != Kind::Float
}

/// The hash of a plain key.
#[inline(always)]
pub(crate) const fn of_plain(key: &Value) -> u32 {
    high(key.bits().wrapping_mul(MIX))
}

/// The hash of a key.
#[inline]
pub(crate) fn of(key: &Value) -> Option<u32> {
    word(key, DEPTH).map(|word| high(word.wrapping_mul(MIX)))
}

/// Are these keys, which have hashes, equal in the built-in order?
#[inline]
pub(crate) fn same(left: &Value, right: &Value) -> bool {
    if left.is_same(right) {
        return true;
    }
    if left.kind() != right.kind() {
        return false;
    }
    match left.kind() {
        Kind::Text => left.as_text().zip(right.as_text()).is_some_and(|(left, right)| left.as_str() == right.as_str()),
        Kind::Object => same_parts(left, right),
        _ => false,
    }
}

fn same_parts(left: &Value, right: &Value) -> bool {
    let Some((left, right)) = left.as_object().zip(right.as_object()) else { return false };
    let mut parts = left.fields().iter().zip(right.fields());
    left.position() == right.position() && parts.all(|(left, right)| same(left, right))
}

/// What stands for a part of a key.
#[inline]
fn word(part: &Value, depth: u32) -> Option<u64> {
    match part.kind() {
        _ if is_plain(part) => Some(part.bits()),
        Kind::Text => part.as_text().map(|text| bytes(text.as_str().as_bytes())),
        Kind::Object if depth > 0 => parts(part, depth - 1),
        _ => None,
    }
}

fn parts(object: &Value, depth: u32) -> Option<u64> {
    let object = object.as_object()?;
    let start = u64::from(object.position());
    object.fields().iter().try_fold(start, |state, part| Some(step(state, word(part, depth)?)))
}

#[inline]
fn bytes(bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let state = words.iter().fold(bytes.len() as u64, |state, word| step(state, u64::from_le_bytes(*word)));
    step(state, rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)))
}

/// High bits come down, so that they count too in the next product.
#[inline(always)]
const fn step(state: u64, word: u64) -> u64 {
    (state.rotate_left(26) ^ word).wrapping_mul(MIX)
}

#[inline(always)]
const fn high(product: u64) -> u32 {
    (product >> 32) as u32
}
