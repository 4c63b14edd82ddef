//! Numbers.

use std::cmp::Ordering;

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::compare;
use aivi_vm::{List, Value};

use crate::family::{charge, done, family};

family! { "math"
    "abs" / 1 = abs;
    "min" / 2 = |_, args| either(args, f64::min, Ordering::Greater);
    "max" / 2 = |_, args| either(args, f64::max, Ordering::Less);
    "floor" / 1 = |_, args| float(args.float(0).floor());
    "ceil" / 1 = |_, args| float(args.float(0).ceil());
    "round" / 1 = |_, args| float(args.float(0).round_ties_even());
    "trunc" / 1 = |_, args| float(args.float(0).trunc());
    "fract" / 1 = |_, args| float(args.float(0).fract());
    "cbrt" / 1 = |_, args| float(args.float(0).cbrt());
    "pow" / 2 = |_, args| float(args.float(0).powf(args.float(1)));
    "hypot" / 2 = |_, args| float(args.float(0).hypot(args.float(1)));
    "exp" / 1 = |_, args| float(args.float(0).exp());
    "exp2" / 1 = |_, args| float(args.float(0).exp2());
    "expm1" / 1 = |_, args| float(args.float(0).exp_m1());
    "log" / 1 = |_, args| float(args.float(0).ln());
    "log10" / 1 = |_, args| float(args.float(0).log10());
    "log2" / 1 = |_, args| float(args.float(0).log2());
    "log1p" / 1 = |_, args| float(args.float(0).ln_1p());
    "sinh" / 1 = |_, args| float(args.float(0).sinh());
    "cosh" / 1 = |_, args| float(args.float(0).cosh());
    "tanh" / 1 = |_, args| float(args.float(0).tanh());
    "asinh" / 1 = |_, args| float(args.float(0).asinh());
    "acosh" / 1 = |_, args| float(args.float(0).acosh());
    "atanh" / 1 = |_, args| float(args.float(0).atanh());
    "sin" / 1 = |_, args| float(args.float(0).sin());
    "cos" / 1 = |_, args| float(args.float(0).cos());
    "tan" / 1 = |_, args| float(args.float(0).tan());
    "asin" / 1 = |_, args| float(args.float(0).asin());
    "acos" / 1 = |_, args| float(args.float(0).acos());
    "atan" / 1 = |_, args| float(args.float(0).atan());
    "atan2" / 2 = |_, args| float(args.float(0).atan2(args.float(1)));
    "remainder" / 2 = |_, args| float(remainder(args.float(0), args.float(1)));
    "copysign" / 2 = |_, args| float(args.float(0).copysign(args.float(1)));
    "nextAfter" / 2 = |_, args| float(next_after(args.float(0), args.float(1)));
    "frexp" / 1 = frexp;
    "ldexp" / 2 = |_, args| float(ldexp(args.float(0), args.int(1)));
    "gcd" / 2 = |_, args| done(Value::int(gcd(args.int(0), args.int(1)) as i64));
    "lcm" / 2 = |_, args| done(Value::int(lcm(args.int(0), args.int(1))));
    "modPow" / 3 = mod_pow;
    "sum" / 1 = sum;
    "sumInt" / 1 = sum_int;
}

fn float(value: f64) -> NativeResult {
    NativeResult::Done(Value::float(value))
}

/// From the left, as a loop in the language would add them.
fn sum(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let numbers = args.get(0).as_list();
    charge(cx, numbers.map_or(0, List::len));
    float(numbers.into_iter().flat_map(List::iter).filter_map(Value::as_float).fold(0.0, |sum, number| sum + number))
}

fn sum_int(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let numbers = args.get(0).as_list();
    charge(cx, numbers.map_or(0, List::len));
    let numbers = numbers.into_iter().flat_map(List::iter).filter_map(Value::as_int);
    done(Value::int(numbers.fold(0, i64::wrapping_add)))
}

fn abs(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let value = args.get(0);
    match (value.as_int(), value.as_float()) {
        (Some(int), _) => done(Value::int(int.wrapping_abs())),
        (_, Some(value)) => float(value.abs()),
        _ => NativeResult::Fault("abs expects an Int or a Float".to_owned()),
    }
}

/// The second argument when the first one stands at `swap` of it, else the first.
fn either(args: &Args<'_>, floats: fn(f64, f64) -> f64, swap: Ordering) -> NativeResult {
    let (left, right) = (args.get(0), args.get(1));
    if let (Some(left), Some(right)) = (left.as_float(), right.as_float()) {
        return float(floats(left, right));
    }
    match compare(left, right) {
        Ok(order) => NativeResult::Done(if order == swap { right.clone() } else { left.clone() }),
        Err(incomparable) => NativeResult::Fault(incomparable.to_string()),
    }
}

/// Remainder of the division to the nearest whole number, ties to even. All steps are exact.
fn remainder(x: f64, y: f64) -> f64 {
    if y == 0.0 || !x.is_finite() || y.is_nan() {
        return f64::NAN;
    }
    let y = y.abs();
    // Twice the divisor keeps the quotient's parity; where that is infinite the quotient is less than 2 anyway.
    let mut rest = x.abs() % (y + y);
    // Halving is not exact for the smallest numbers, doubling not for the largest.
    let above_half = |rest: f64| if y < 1.0 { rest + rest > y } else { rest > y / 2.0 };
    let from_half = |rest: f64| if y < 1.0 { rest + rest >= y } else { rest >= y / 2.0 };
    if above_half(rest) {
        rest -= y;
        if from_half(rest) {
            rest -= y;
        }
    }
    if x.is_sign_negative() { -rest } else { rest }
}

fn next_after(from: f64, to: f64) -> f64 {
    match from.partial_cmp(&to) {
        None => f64::NAN,
        Some(Ordering::Less) => from.next_up(),
        Some(Ordering::Greater) => from.next_down(),
        Some(Ordering::Equal) => to,
    }
}

/// Mantissa in [0.5, 1) and exponent.
fn frexp(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let value = args.float(0);
    let (mantissa, exponent) = if value == 0.0 || !value.is_finite() {
        (value, 0)
    } else {
        // Subnormal numbers have no exponent of their own.
        let (value, shift) = if value.is_normal() { (value, 0) } else { (value * 2f64.powi(64), 64) };
        let bits = value.to_bits();
        let exponent = (bits >> 52 & 0x7ff) as i64 - 1022;
        (f64::from_bits(bits & !(0x7ff << 52) | 1022 << 52), exponent - shift)
    };
    NativeResult::Done(Value::pair(Value::float(mantissa), Value::int(exponent)))
}

/// In steps, so that a power of two beyond the range of a Float does no harm to a result within it.
fn ldexp(value: f64, exponent: i64) -> f64 {
    let mut left = exponent.clamp(-4400, 4400) as i32;
    let mut value = value;
    while left != 0 && value != 0.0 && value.is_finite() {
        let step = left.clamp(-1000, 1000);
        value *= 2f64.powi(step);
        left -= step;
    }
    value
}

fn gcd(a: i64, b: i64) -> u64 {
    let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

fn lcm(a: i64, b: i64) -> i64 {
    match gcd(a, b) {
        0 => 0,
        common => (a.unsigned_abs() / common).wrapping_mul(b.unsigned_abs()) as i64,
    }
}

fn mod_pow(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (base, exponent, modulus) = (args.int(0), args.int(1), args.int(2));
    if exponent < 0 || modulus <= 0 {
        return NativeResult::Fault("modPow expects an exponent >= 0 and a modulus > 0".to_owned());
    }
    let modulus = i128::from(modulus);
    let mut base = i128::from(base).rem_euclid(modulus);
    let (mut exponent, mut power) = (exponent, 1 % modulus);
    while exponent > 0 {
        if exponent & 1 == 1 {
            power = power * base % modulus;
        }
        base = base * base % modulus;
        exponent >>= 1;
    }
    done(Value::int(power as i64))
}
