//! Tuples, and the arguments of a call, which a host gives as a tuple.

use aivi_vm::Value as RawValue;

use super::{AiviType, Declarations, FromAivi, IntoAivi, Mismatch, Shapes};
use crate::signature::Type;

/// Arguments of a call: a tuple with one Rust value for each.
pub trait Arguments {
    /// Their AIVI types.
    fn types() -> Vec<Type>;

    /// Tells the nominal types that they mention.
    fn declare(_: &mut Declarations) {}

    /// The AIVI values.
    ///
    /// # Errors
    /// As `IntoAivi::into_aivi`.
    fn values(self, shapes: &Shapes) -> Result<Vec<RawValue>, Mismatch>;
}

impl Arguments for () {
    fn types() -> Vec<Type> {
        Vec::new()
    }

    fn values(self, _: &Shapes) -> Result<Vec<RawValue>, Mismatch> {
        Ok(Vec::new())
    }
}

impl<A: IntoAivi> Arguments for (A,) {
    fn types() -> Vec<Type> {
        vec![A::ty()]
    }

    fn declare(declarations: &mut Declarations) {
        A::declare(declarations);
    }

    fn values(self, shapes: &Shapes) -> Result<Vec<RawValue>, Mismatch> {
        Ok(vec![self.0.into_aivi(shapes)?])
    }
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $field:tt),*;)*) => {$(
        impl<$($name: AiviType),*> AiviType for ($($name,)*) {
            fn ty() -> Type {
                Type::Tuple(vec![$($name::ty()),*])
            }

            fn declare(declarations: &mut Declarations) {
                $($name::declare(declarations);)*
            }
        }

        impl<$($name: IntoAivi),*> IntoAivi for ($($name,)*) {
            fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
                let absent = || Mismatch::new(Self::ty().to_string(), "a program without tuples of this size");
                let shape = shapes.tuple($count).ok_or_else(absent)?;
                let fields = [$(self.$field.into_aivi(shapes).map_err(|mismatch| mismatch.in_field(stringify!($field)))?),*];
                Ok(RawValue::object(shape, 0, fields))
            }
        }

        impl<$($name: FromAivi),*> FromAivi for ($($name,)*) {
            fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
                let mismatch = || Mismatch::of::<Self>(value, shapes);
                let object = value.as_object().ok_or_else(mismatch)?;
                if shapes.tuple($count) != Some(object.shape()) {
                    return Err(mismatch());
                }
                let fields = object.fields();
                Ok(($(
                    $name::from_aivi(&fields[$field], shapes).map_err(|mismatch| mismatch.in_field(stringify!($field)))?,
                )*))
            }
        }

        impl<$($name: IntoAivi),*> Arguments for ($($name,)*) {
            fn types() -> Vec<Type> {
                vec![$($name::ty()),*]
            }

            fn declare(declarations: &mut Declarations) {
                $($name::declare(declarations);)*
            }

            fn values(self, shapes: &Shapes) -> Result<Vec<RawValue>, Mismatch> {
                Ok(vec![$(self.$field.into_aivi(shapes).map_err(|mismatch| mismatch.at($field))?),*])
            }
        }
    )*};
}

tuples! {
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
    7: A 0, B 1, C 2, D 3, E 4, F 5, G 6;
    8: A 0, B 1, C 2, D 3, E 4, F 5, G 6, H 7;
}
