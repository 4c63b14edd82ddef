//! Sorting by an order that may give up.
//!
//! To compare two values may take so long that it is given up in the middle (`fiber/patience.rs`). The standard
//! library's sort cannot be left then: it has to be told something, and panics when the answers contradict each other.

use std::cmp::Ordering;

/// So many neighbours are sorted by insertion first (arbitrary).
const RUN: usize = 8;

/// The elements in ascending order, of which equal ones stay in the order that they have; or the first error of
/// `compare`.
pub fn sorted_by<T, E>(
    mut elements: Vec<T>,
    mut compare: impl FnMut(&T, &T) -> Result<Ordering, E>,
) -> Result<Vec<T>, E> {
    for run in elements.chunks_mut(RUN) {
        for end in 1..run.len() {
            let mut at = end;
            while at > 0 && compare(&run[at], &run[at - 1])?.is_lt() {
                run.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    if elements.len() <= RUN {
        return Ok(elements);
    }
    // They move, and not numbers of them: the next to compare are neighbours in memory then.
    let mut from: Vec<Option<T>> = elements.into_iter().map(Some).collect();
    let mut to: Vec<Option<T>> = from.iter().map(|_| None).collect();
    let mut is_less = |left: &Option<T>, right: &Option<T>| match (left, right) {
        (Some(left), Some(right)) => compare(left, right).map(Ordering::is_lt),
        _ => Ok(false),
    };
    let mut width = RUN;
    while width < from.len() {
        for (from, to) in from.chunks_mut(2 * width).zip(to.chunks_mut(2 * width)) {
            let (left, right) = from.split_at_mut(width.min(from.len()));
            merge(left, right, to, &mut is_less)?;
        }
        std::mem::swap(&mut from, &mut to);
        width *= 2;
    }
    Ok(from.into_iter().flatten().collect())
}

/// Moves two ascending runs to where they become one.
fn merge<T, E>(
    left: &mut [Option<T>],
    right: &mut [Option<T>],
    to: &mut [Option<T>],
    is_less: &mut impl FnMut(&Option<T>, &Option<T>) -> Result<bool, E>,
) -> Result<(), E> {
    if let (Some(last), Some(first)) = (left.last(), right.first())
        && !is_less(first, last)?
    {
        // They stand in order.
        left.swap_with_slice(&mut to[..left.len()]);
        right.swap_with_slice(&mut to[left.len()..]);
        return Ok(());
    }
    let (mut lefts, mut rights) = (0, 0);
    while lefts < left.len() && rights < right.len() {
        let (first, other) = (&mut left[lefts], &mut right[rights]);
        // Which one is next cannot be guessed: no branch asks for it.
        let is_right = is_less(other, first)?;
        let next = if is_right { other } else { first };
        std::mem::swap(&mut to[lefts + rights], next);
        lefts += usize::from(!is_right);
        rights += usize::from(is_right);
    }
    let rest = if lefts < left.len() { &mut left[lefts..] } else { &mut right[rights..] };
    rest.swap_with_slice(&mut to[lefts + rights..]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_the_stable_sort(keys in proptest::collection::vec(0_u8..20, 0..300)) {
            let elements: Vec<(u8, usize)> = keys.into_iter().zip(0..).collect();
            let mut expected = elements.clone();
            expected.sort_by_key(|(key, _)| *key);
            let sorted = sorted_by(elements, |left, right| Ok::<_, ()>(left.0.cmp(&right.0)));
            prop_assert_eq!(sorted, Ok(expected));
        }

        #[test]
        fn it_is_left_at_the_first_error(keys in proptest::collection::vec(0_u8..20, 2..300), comparisons in 0_usize..600) {
            let mut left = comparisons;
            let mut has_failed = false;
            let sorted = sorted_by(keys, |one, other| {
                assert!(!has_failed, "nothing is compared after an error");
                has_failed = left == 0;
                left = left.saturating_sub(1);
                if has_failed { Err("enough") } else { Ok(one.cmp(other)) }
            });
            prop_assert_eq!(sorted.is_err(), has_failed);
        }
    }
}
