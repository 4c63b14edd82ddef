//! Decimal digits of numbers, without the machinery of formatting.

/// Bytes of the longest number.
pub(crate) const MAX: usize = 20;

/// The number in decimal digits, behind a `-` when it is negative.
pub(crate) fn decimal(number: i64, buffer: &mut [u8; MAX]) -> &str {
    let (mut left, mut start) = (number.unsigned_abs(), MAX);
    loop {
        start -= 1;
        buffer[start] = b'0' + (left % 10) as u8;
        left /= 10;
        if left == 0 {
            break;
        }
    }
    if number < 0 {
        start -= 1;
        buffer[start] = b'-';
    }
    std::str::from_utf8(&buffer[start..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_every_length_are_written_as_rust_writes_them() {
        let powers = (0..19).map(|n| 10i64.pow(n)).flat_map(|power| [power - 1, power, power + 1, power / 3 * 2]);
        for number in powers.chain([i64::MAX, i64::MIN, i64::MIN + 1]) {
            for number in [number, number.wrapping_neg()] {
                assert_eq!(decimal(number, &mut [0; MAX]), number.to_string());
            }
        }
    }
}
