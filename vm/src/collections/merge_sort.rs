//! Sorting by an order that may give up.
//!
//! To compare two values may take so long that it is given up in the middle (`fiber/patience.rs`). The standard
//! library's sort cannot be left then: it has to be told something, and panics when the answers contradict each other.

use std::cmp::Ordering;

/// So many neighbours are sorted by insertion first (arbitrary).
const RUN: usize = 8;

/// The elements in ascending order, of which equal ones stay in the order that they have; or the first error of
/// `compare`.
pub fn sorted_by<T, E>(elements: Vec<T>, mut compare: impl FnMut(&T, &T) -> Result<Ordering, E>) -> Result<Vec<T>, E> {
    let mut order: Vec<usize> = (0..elements.len()).collect();
    let mut is_less = |left: usize, right: usize| compare(&elements[left], &elements[right]).map(Ordering::is_lt);
    for run in order.chunks_mut(RUN) {
        for end in 1..run.len() {
            let mut at = end;
            while at > 0 && is_less(run[at], run[at - 1])? {
                run.swap(at, at - 1);
                at -= 1;
            }
        }
    }
    let mut merged = order.clone();
    let mut width = RUN;
    while width < order.len() {
        for (from, to) in order.chunks(2 * width).zip(merged.chunks_mut(2 * width)) {
            let (left, right) = from.split_at(width.min(from.len()));
            merge(left, right, to, &mut is_less)?;
        }
        std::mem::swap(&mut order, &mut merged);
        width *= 2;
    }
    let mut elements: Vec<Option<T>> = elements.into_iter().map(Some).collect();
    Ok(order.into_iter().filter_map(|index| elements[index].take()).collect())
}

/// Two ascending runs as one.
fn merge<'a, E>(
    mut left: &'a [usize],
    mut right: &'a [usize],
    to: &mut [usize],
    is_less: &mut impl FnMut(usize, usize) -> Result<bool, E>,
) -> Result<(), E> {
    if let (Some(last), Some(first)) = (left.last(), right.first())
        && !is_less(*first, *last)?
    {
        // They stand in order.
        to[..left.len()].copy_from_slice(left);
        to[left.len()..].copy_from_slice(right);
        return Ok(());
    }
    for place in to {
        let next = match (left, right) {
            ([first, ..], [other, ..]) if is_less(*other, *first)? => &mut right,
            ([_, ..], _) => &mut left,
            ([], _) => &mut right,
        };
        if let Some(index) = next.split_off_first() {
            *place = *index;
        }
    }
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
