//! What the files of native functions have in common.

use aivi_vm::Value;
use aivi_vm::native::{NativeCx, NativeResult};
use aivi_vm::structural::Incomparable;

/// Makes the table of a family: name after the family's, number of arguments, function.
macro_rules! family {
    ($family:literal $($name:literal / $arity:literal = $function:expr;)*) => {
        /// The native functions of this family.
        pub(crate) const NATIVES: &[aivi_vm::native::NativeFn] = &[$(
            aivi_vm::native::NativeFn { name: concat!($family, ".", $name), arity: $arity, call: $function },
        )*];
    };
}

pub(crate) use family;

/// Elements that native code works through while bytecode spends one unit of fuel; a guess between
/// copying, which is faster, and comparing, which is slower.
const ELEMENTS_PER_FUEL: usize = 4;

/// Charges for work on so many elements, so that a fiber that makes it does not hold its worker for longer than others do.
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
