//! Natives of `aivi.random`. Chance comes from the scheduler, so that a seed decides it.

use aivi_vm::Value;
use aivi_vm::native::{Args, NativeCx, NativeResult};

use crate::family::family;

family! { "random"
    "int" / 2 = int;
}

/// low, high -> `Int`, both included.
fn int(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (low, high) = (args.int(0), args.int(1));
    if low > high {
        return NativeResult::Fault(format!("random.int expects low <= high, found {low} and {high}"));
    }
    NativeResult::Done(Value::int(between(low, high, || cx.sched().random_u64())))
}

/// Every number of the range with the same probability.
fn between(low: i64, high: i64, mut random: impl FnMut() -> u64) -> i64 {
    let Some(count) = high.wrapping_sub(low).cast_unsigned().checked_add(1) else { return random().cast_signed() };
    // The upper half of the product is the number. The lower half says whether it is one of those that would come too
    // often: there are 2^64 mod count such products.
    let surplus = count.wrapping_neg() % count;
    loop {
        let product = u128::from(random()) * u128::from(count);
        if product as u64 >= surplus {
            return low.wrapping_add((product >> 64) as i64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::between;

    #[test]
    fn the_bounds_are_met_and_kept() {
        assert_eq!(between(3, 6, || 0), 3, "2^64 is a multiple of 4, so nothing is left out");
        assert_eq!(between(3, 6, || u64::MAX), 6);
        assert_eq!(between(-5, -5, || 12_345), -5);
        assert_eq!(between(i64::MIN, i64::MAX, || 7), 7);
        assert_eq!(between(i64::MIN, i64::MAX - 1, || u64::MAX), i64::MAX - 1);
    }

    #[test]
    fn a_draw_that_would_favour_a_number_is_repeated() {
        // 2^64 mod 3 is 1: the draw 0 is one too many for the first number.
        let mut draws = [0, 1].into_iter();
        assert_eq!(between(0, 2, || draws.next().unwrap()), 0);
        assert_eq!(draws.next(), None);
    }
}
