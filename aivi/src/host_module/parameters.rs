//! Arguments on their way from AIVI to a closure.

use aivi_vm::Value as RawValue;

use crate::convert::{Declarations, FromAivi, Shapes};
use crate::signature::Type;

/// What a host function takes: a tuple with one Rust type for each parameter, up to eight.
pub trait Parameters: Sized {
    /// All are scalars.
    const ARE_SCALARS: bool;

    /// Their AIVI types.
    fn types() -> Vec<Type>;

    /// Tells the nominal types that they mention.
    fn declare(declarations: &mut Declarations);

    /// The arguments of a call.
    ///
    /// # Errors
    /// In words: which one does not fit, and why.
    fn take(values: &[RawValue], shapes: &Shapes) -> Result<Self, String>;
}

macro_rules! parameters {
    ($($count:literal: $($name:ident $index:tt),*;)*) => {$(
        impl<$($name: FromAivi),*> Parameters for ($($name,)*) {
            const ARE_SCALARS: bool = true $(&& $name::IS_SCALAR)*;

            fn types() -> Vec<Type> {
                vec![$($name::ty()),*]
            }

            #[allow(unused_variables, reason = "there may be no parameter")]
            fn declare(declarations: &mut Declarations) {
                $($name::declare(declarations);)*
            }

            #[inline]
            #[allow(unused_variables, reason = "there may be no parameter")]
            fn take(values: &[RawValue], shapes: &Shapes) -> Result<Self, String> {
                let Ok(values) = <&[RawValue; $count]>::try_from(values) else {
                    return Err(format!("expected {} arguments, found {}", $count, values.len()));
                };
                Ok(($($name::from_aivi(&values[$index], shapes).map_err(|mismatch| misfit($index, mismatch))?,)*))
            }
        }
    )*};
}

#[cold]
fn misfit(index: usize, mismatch: impl ToString) -> String {
    format!("argument {}: {}", index + 1, mismatch.to_string())
}

parameters! {
    0: ;
    1: A 0;
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
    7: A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}
