//! Rust values to AIVI values and back.
//!
//! | Rust | AIVI |
//! |---|---|
//! | `i64`, and in their ranges the other integers | `Int` |
//! | `f64` | `Float` |
//! | `bool`, `char`, `()` | `Bool`, `Char`, `Unit` |
//! | `String`, `&str` | `Text` |
//! | `Vec<T>` | `List A` |
//! | `Option<T>`, `Result<T, E>` | `Option A`, `Result E A` |
//! | tuples of 2 to 8 | tuples |
//! | `HashMap<K, V>`, `BTreeMap<K, V>` | `Map K V` |
//! | `HashSet<T>`, `BTreeSet<T>` | `Set A` |
//! | `Duration` | `Span` of `aivi.duration`, in milliseconds |
//! | `Box<T>` | as `T` |
//! | `#[derive(Aivi)]` on structs | records; structs with one nameless field as their field |
//! | `#[derive(Aivi)]` on enums | sum types |
//! | [`Object<T>`](crate::Object) | an opaque type of a host module |
//! | [`Callback<A, R>`](crate::Callback), only out of AIVI | functions |
//! | [`Value`](crate::Value) | anything |
//!
//! Types are compared with a function's signature before a call; a conversion can still fail where the signature has a
//! type variable or a number is out of its range, and then says where in the value, what it expected and what it found.

mod collections;
mod declare;
mod mismatch;
mod nesting;
mod numbers;
mod options;
pub(crate) mod ration;
mod shapes;
mod tuples;
mod value;

use aivi_vm::Value as RawValue;

use crate::signature::Type;

pub use declare::{Declaration, Declarations, Placeholder};
pub use mismatch::Mismatch;
pub use nesting::nested;
pub use shapes::{Constructor, RecordType, Shapes};
pub use tuples::Arguments;
pub use value::Value;

/// A Rust type with a counterpart in AIVI.
pub trait AiviType {
    /// Its values take no memory of their own in AIVI: numbers and the like. Functions of such types are called like
    /// instructions.
    const IS_SCALAR: bool = false;

    /// The counterpart.
    fn ty() -> Type;

    /// Tells the nominal types that the counterpart mentions, and what they are; none of most types.
    fn declare(_: &mut Declarations) {}
}

/// A Rust value that can go into AIVI.
pub trait IntoAivi: AiviType {
    /// The AIVI value.
    ///
    /// # Errors
    /// When the program has no such value: a number that no `Int` holds, a record that occurs nowhere in the program.
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch>;
}

/// A Rust value that can come out of AIVI.
pub trait FromAivi: AiviType + Sized {
    /// The Rust value. What is given is of a program, and goes with it: to keep it as it is, take a [`Value`], which
    /// keeps the program.
    ///
    /// # Errors
    /// When the value is of another type, or out of range, and when it takes the host more memory than the limits of
    /// the call allow: parts that a value shares with itself are given as often as they are met. Without a limit of
    /// memory there is none here.
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch>;
}

#[cfg(test)]
mod tests;
