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
