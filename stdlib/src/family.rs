//! What the files of native functions have in common.

use aivi_vm::Value;
use aivi_vm::native::{NativeCx, NativeResult};
use aivi_vm::structural::Incomparable;

/// Makes the table of a family: name after the family's, number of arguments, function. There are seven forms:
///
/// - `= f`: a native function.
/// - `needs P, f`: the same, which reaches outside of the program and needs the power `P`.
/// - `pure f`: `f` makes a value of the arguments, without failing, in a time that does not depend on them.
/// - `pure over n, f`: as `pure`, in a time that grows with the text that is argument `n`.
/// - `pieces of n, c, f`: as `pure over n`, where `f` makes a list of parts of the text; `c` says of how many.
/// - `acts f`: `f` makes a value of its arguments and of what it and its like remember, in a short time; nothing, and
///   it has taken none of them, when they are of the wrong types.
/// - `tries n, f`: `f` tries something of the system, which costs `n` in fuel and does not wait; the machine does, and
///   calls it again.
macro_rules! family {
    ($family:literal $($rows:tt)*) => {
        /// The native functions of this family.
        pub(crate) const NATIVES: &[aivi_vm::native::NativeFn] = &$crate::family::rows!($family [] $($rows)*);
    };
}

/// Rows of `family`, one after the other.
macro_rules! rows {
    ($family:literal [$($done:tt)*]) => { [$($done)*] };
    ($family:literal [$($done:tt)*] $name:literal / $arity:literal = $function:expr; $($rest:tt)*) => {
        $crate::family::rows!($family [$($done)*
            aivi_vm::native::NativeFn::new(concat!($family, ".", $name), $arity, $function),
        ] $($rest)*)
    };
    ($family:literal [$($done:tt)*] $name:literal / $arity:literal needs $power:ident, $function:expr; $($rest:tt)*) => {
        $crate::family::rows!($family [$($done)*
            aivi_vm::native::NativeFn::new(concat!($family, ".", $name), $arity, $function)
                .needing(aivi_vm::Power::$power),
        ] $($rest)*)
    };
    ($family:literal [$($done:tt)*] $name:literal / $arity:literal pure over $whole:literal, $function:expr; $($rest:tt)*) => {
        $crate::family::rows!($family [$($done)* aivi_vm::native::NativeFn::new(concat!($family, ".", $name), $arity, |cx, args| {
                $crate::family::charge_bytes(cx, args.text($whole).len());
                aivi_vm::native::NativeResult::Done($crate::family::of_arguments($function)(args.values()))
            })
            .quickly(|args| {
                let is_short = args.text($whole).len() <= $crate::family::QUICK_BYTES;
                is_short.then(|| $crate::family::of_arguments($function)(args.values()))
            }),
        ] $($rest)*)
    };
    ($family:literal [$($done:tt)*] $name:literal / $arity:literal pieces of $whole:literal, $count:expr, $function:expr; $($rest:tt)*) => {
        $crate::family::rows!($family [$($done)* aivi_vm::native::NativeFn::new(concat!($family, ".", $name), $arity, |cx, args| {
                $crate::family::charge_bytes(cx, args.text($whole).len());
                let length = args.text($whole).len();
                // Counted only where there may be too many: as many as there are bytes.
                if !aivi_vm::has_room(length.saturating_mul(1 + size_of::<aivi_vm::Value>())) {
                    let pieces = $crate::family::count_of($count)(args.values());
                    if !cx.may_make(pieces.saturating_mul(size_of::<aivi_vm::Value>()).saturating_add(length)) {
                        return aivi_vm::native::NativeResult::Fault("the list would be too long".to_owned());
                    }
                }
                aivi_vm::native::NativeResult::Done($crate::family::of_arguments($function)(args.values()))
            })
            .quickly(|args| {
                let is_short = args.text($whole).len() <= $crate::family::QUICK_BYTES;
                is_short.then(|| $crate::family::of_arguments($function)(args.values()))
            }),
        ] $($rest)*)
    };
    ($family:literal [$($done:tt)*] $name:literal / $arity:literal pure $function:expr; $($rest:tt)*) => {
        $crate::family::rows!($family [$($done)* aivi_vm::native::NativeFn::new(concat!($family, ".", $name), $arity, |_, args| {
                aivi_vm::native::NativeResult::Done($crate::family::of_arguments($function)(args.values()))
            })
            .quickly(|args| Some($crate::family::of_arguments($function)(args.values()))),
        ] $($rest)*)
    };
    ($family:literal [$($done:tt)*] $name:literal / $arity:literal tries $fuel:expr, $function:expr; $($rest:tt)*) => {
        $crate::family::rows!($family [$($done)*
            aivi_vm::native::NativeFn::trying(concat!($family, ".", $name), $arity, $function, $fuel),
        ] $($rest)*)
    };
    ($family:literal [$($done:tt)*] $name:literal / $arity:literal acts $function:expr; $($rest:tt)*) => {
        $crate::family::rows!($family [$($done)* aivi_vm::native::NativeFn::new(concat!($family, ".", $name), $arity, |_, args| $crate::family::acted($function(args)))
            .quickly($function),
        ] $($rest)*)
    };
}

pub(crate) use {family, rows};

/// Says what a closure in the table is.
#[inline(always)]
pub(crate) fn of_arguments<F: Fn(&[Value]) -> Value>(function: F) -> F {
    function
}

/// The same for one that counts.
#[inline(always)]
pub(crate) fn count_of<F: Fn(&[Value]) -> usize>(function: F) -> F {
    function
}

/// What came of a function that acts.
pub(crate) fn acted(value: Option<Value>) -> NativeResult {
    value.map_or_else(|| NativeResult::Fault("an argument has the wrong type".into()), NativeResult::Done)
}

/// Texts up to this length are worked through without a look at fuel and cancellation; it takes about as long as a few
/// instructions of bytecode do.
pub(crate) const QUICK_BYTES: usize = 64;

/// Elements that native code works through while bytecode spends one unit of fuel; a guess between
/// copying, which is faster, and comparing, which is slower.
const ELEMENTS_PER_FUEL: usize = 4;

/// Charges for work on so many elements, so that a fiber that makes it does not hold its worker for longer than others
/// do.
pub(crate) fn charge(cx: &mut NativeCx<'_>, elements: usize) {
    cx.charge(u32::try_from(elements / ELEMENTS_PER_FUEL).unwrap_or(u32::MAX));
}

/// Charges for work on a text of so many bytes; eight of them take about as long as an element.
pub(crate) fn charge_bytes(cx: &mut NativeCx<'_>, bytes: usize) {
    charge(cx, bytes / 8);
}

/// A value.
pub(crate) fn done(value: impl Into<Value>) -> NativeResult {
    NativeResult::Done(value.into())
}

/// `True` or `False`.
pub(crate) fn bool(value: bool) -> NativeResult {
    NativeResult::Done(Value::bool(value))
}

/// A number or index.
pub(crate) fn int(value: usize) -> NativeResult {
    NativeResult::Done(Value::int(value as i64))
}

/// What `Some` holds, or nothing: the result of a function whose modes end with `?`.
pub(crate) fn option(value: Option<Value>) -> NativeResult {
    NativeResult::Done(value.unwrap_or(Value::absent()))
}

/// A value that depended on comparisons; a fault when something could not be compared.
pub(crate) fn compared(value: Result<impl Into<Value>, Incomparable>) -> NativeResult {
    match value {
        Ok(value) => done(value),
        Err(incomparable) => NativeResult::Fault(incomparable.to_string()),
    }
}

/// An Int as an index: negative ones are out of every range.
pub(crate) fn index(value: i64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// An Int as a count: negative ones are zero.
pub(crate) fn count(value: i64) -> usize {
    usize::try_from(value).unwrap_or(0)
}
