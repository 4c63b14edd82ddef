//! Rust values to AIVI values and back.
//!
//! | Rust | AIVI |
//! |---|---|
//! | `i64` | `Int` |
//! | `f64` | `Float` |
//! | `bool` | `Bool` |
//! | `String`, `&str` | `Text` |
//! | `()` | `Unit` |
//! | `Vec<T>` | `List A` |
//! | `Option<T>` | `Option A` |
//! | `Result<T, E>` | `Result E A` |
//! | tuples of 2 to 6 | tuples |
//!
//! Types are compared with the function's signature before a call; a conversion back can still fail where the signature has
//! a type variable, and then says what it found.

use std::fmt;

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::{Shape, well_known};
use aivi_vm::{Kind, Value};

use crate::signature::Type;

/// What conversions need to know of a program.
#[derive(Clone, Copy)]
pub struct Shapes<'a>(pub(crate) &'a [Shape]);

impl Shapes<'_> {
    fn tuple(self, arity: u16) -> Option<ShapeId> {
        let position = self.0.iter().position(|shape| *shape == Shape::Tuple(arity))?;
        u16::try_from(position).ok().map(ShapeId)
    }
}

/// A value that does not fit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The AIVI type of the Rust side.
    pub expected: String,
    /// What there was instead.
    pub found: String,
}

impl Mismatch {
    fn new<T: AiviType>(found: &Value) -> Mismatch {
        // Where a text stands does not matter to its reader.
        let kind = if found.as_text().is_some() { Kind::Text } else { found.kind() };
        Mismatch { expected: T::ty().to_string(), found: format!("{kind:?}") }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

/// A Rust type with a counterpart in AIVI.
pub trait AiviType {
    /// The counterpart.
    fn ty() -> Type;
}

/// A Rust value that can go into AIVI.
pub trait IntoAivi: AiviType {
    /// The AIVI value.
    ///
    /// # Errors
    /// When the program has no such value: a tuple of a size that occurs nowhere in it.
    fn into_aivi(self, shapes: Shapes<'_>) -> Result<Value, Mismatch>;
}

/// A Rust value that can come out of AIVI.
pub trait FromAivi: AiviType + Sized {
    /// The Rust value.
    ///
    /// # Errors
    /// When the value is of another type.
    fn from_aivi(value: Value, shapes: Shapes<'_>) -> Result<Self, Mismatch>;
}

macro_rules! scalars {
    ($($rust:ty, $aivi:literal, $into:ident, $from:ident;)*) => {$(
        impl AiviType for $rust {
            fn ty() -> Type {
                Type::named($aivi, [])
            }
        }
        impl IntoAivi for $rust {
            fn into_aivi(self, _: Shapes<'_>) -> Result<Value, Mismatch> {
                Ok(Value::$into(self))
            }
        }
        impl FromAivi for $rust {
            fn from_aivi(value: Value, _: Shapes<'_>) -> Result<Self, Mismatch> {
                value.$from().ok_or_else(|| Mismatch::new::<Self>(&value))
            }
        }
    )*};
}

scalars! {
    i64, "Int", int, as_int;
    f64, "Float", float, as_float;
    bool, "Bool", bool, as_bool;
    char, "Char", char, as_char;
}

impl AiviType for () {
    fn ty() -> Type {
        Type::named("Unit", [])
    }
}

impl IntoAivi for () {
    fn into_aivi(self, _: Shapes<'_>) -> Result<Value, Mismatch> {
        Ok(Value::unit())
    }
}

impl FromAivi for () {
    fn from_aivi(value: Value, _: Shapes<'_>) -> Result<Self, Mismatch> {
        if value.kind() == Kind::Unit { Ok(()) } else { Err(Mismatch::new::<()>(&value)) }
    }
}

impl AiviType for String {
    fn ty() -> Type {
        Type::named("Text", [])
    }
}

impl AiviType for &str {
    fn ty() -> Type {
        String::ty()
    }
}

impl IntoAivi for String {
    fn into_aivi(self, shapes: Shapes<'_>) -> Result<Value, Mismatch> {
        self.as_str().into_aivi(shapes)
    }
}

impl IntoAivi for &str {
    fn into_aivi(self, _: Shapes<'_>) -> Result<Value, Mismatch> {
        Ok(Value::text(self))
    }
}

impl FromAivi for String {
    fn from_aivi(value: Value, _: Shapes<'_>) -> Result<Self, Mismatch> {
        value.as_text().map(|text| text.as_str().to_owned()).ok_or_else(|| Mismatch::new::<Self>(&value))
    }
}

impl<T: AiviType> AiviType for Vec<T> {
    fn ty() -> Type {
        Type::named("List", [T::ty()])
    }
}

impl<T: IntoAivi> IntoAivi for Vec<T> {
    fn into_aivi(self, shapes: Shapes<'_>) -> Result<Value, Mismatch> {
        let items: Vec<Value> = self.into_iter().map(|item| item.into_aivi(shapes)).collect::<Result<_, _>>()?;
        Ok(Value::list(items))
    }
}

impl<T: FromAivi> FromAivi for Vec<T> {
    fn from_aivi(value: Value, shapes: Shapes<'_>) -> Result<Self, Mismatch> {
        let list = value.as_list().ok_or_else(|| Mismatch::new::<Self>(&value))?;
        list.iter().map(|item| T::from_aivi(item.clone(), shapes)).collect()
    }
}

impl<T: AiviType> AiviType for Option<T> {
    fn ty() -> Type {
        Type::named("Option", [T::ty()])
    }
}

impl<T: IntoAivi> IntoAivi for Option<T> {
    fn into_aivi(self, shapes: Shapes<'_>) -> Result<Value, Mismatch> {
        self.map_or(Ok(Value::none()), |value| value.into_aivi(shapes).map(Value::some))
    }
}

impl<T: FromAivi> FromAivi for Option<T> {
    fn from_aivi(value: Value, shapes: Shapes<'_>) -> Result<Self, Mismatch> {
        if value.as_nullary().is_some_and(|(shape, _)| shape == well_known::NONE) {
            return Ok(None);
        }
        match argument(&value, well_known::SOME) {
            Some(inner) => T::from_aivi(inner, shapes).map(Some),
            None => Err(Mismatch::new::<Self>(&value)),
        }
    }
}

impl<T: AiviType, E: AiviType> AiviType for Result<T, E> {
    fn ty() -> Type {
        Type::named("Result", [E::ty(), T::ty()])
    }
}

impl<T: IntoAivi, E: IntoAivi> IntoAivi for Result<T, E> {
    fn into_aivi(self, shapes: Shapes<'_>) -> Result<Value, Mismatch> {
        match self {
            Ok(value) => value.into_aivi(shapes).map(Value::ok),
            Err(error) => error.into_aivi(shapes).map(Value::err),
        }
    }
}

impl<T: FromAivi, E: FromAivi> FromAivi for Result<T, E> {
    fn from_aivi(value: Value, shapes: Shapes<'_>) -> Result<Self, Mismatch> {
        if let Some(inner) = argument(&value, well_known::OK) {
            return T::from_aivi(inner, shapes).map(Ok);
        }
        match argument(&value, well_known::ERR) {
            Some(inner) => E::from_aivi(inner, shapes).map(Err),
            None => Err(Mismatch::new::<Self>(&value)),
        }
    }
}

/// The only argument of a constructor.
fn argument(value: &Value, shape: ShapeId) -> Option<Value> {
    let object = value.as_object().filter(|object| object.shape() == shape)?;
    object.fields().first().cloned()
}

macro_rules! tuples {
    ($($count:literal: $($name:ident $field:tt),*;)*) => {$(
        impl<$($name: AiviType),*> AiviType for ($($name,)*) {
            fn ty() -> Type {
                Type::Tuple(vec![$($name::ty()),*])
            }
        }
        impl<$($name: IntoAivi),*> IntoAivi for ($($name,)*) {
            fn into_aivi(self, shapes: Shapes<'_>) -> Result<Value, Mismatch> {
                let absent = || Mismatch { expected: Self::ty().to_string(), found: "no tuples of this size".into() };
                let shape = shapes.tuple($count).ok_or_else(absent)?;
                Ok(Value::object(shape, 0, [$(self.$field.into_aivi(shapes)?),*]))
            }
        }
        impl<$($name: FromAivi),*> FromAivi for ($($name,)*) {
            fn from_aivi(value: Value, shapes: Shapes<'_>) -> Result<Self, Mismatch> {
                let mismatch = || Mismatch::new::<Self>(&value);
                let object = value.as_object().ok_or_else(mismatch)?;
                if shapes.tuple($count) != Some(object.shape()) {
                    return Err(mismatch());
                }
                Ok(($($name::from_aivi(object.fields()[$field].clone(), shapes)?,)*))
            }
        }
        impl<$($name: IntoAivi),*> Arguments for ($($name,)*) {
            fn types() -> Vec<Type> {
                vec![$($name::ty()),*]
            }
            fn values(self, shapes: Shapes<'_>) -> Result<Vec<Value>, Mismatch> {
                Ok(vec![$(self.$field.into_aivi(shapes)?),*])
            }
        }
    )*};
}

/// Arguments of a call: a tuple with one Rust value for each.
pub trait Arguments {
    /// Their AIVI types.
    fn types() -> Vec<Type>;
    /// The AIVI values.
    ///
    /// # Errors
    /// As `IntoAivi::into_aivi`.
    fn values(self, shapes: Shapes<'_>) -> Result<Vec<Value>, Mismatch>;
}

impl Arguments for () {
    fn types() -> Vec<Type> {
        Vec::new()
    }
    fn values(self, _: Shapes<'_>) -> Result<Vec<Value>, Mismatch> {
        Ok(Vec::new())
    }
}

impl<A: IntoAivi> Arguments for (A,) {
    fn types() -> Vec<Type> {
        vec![A::ty()]
    }
    fn values(self, shapes: Shapes<'_>) -> Result<Vec<Value>, Mismatch> {
        Ok(vec![self.0.into_aivi(shapes)?])
    }
}

tuples! {
    2: A 0, B 1;
    3: A 0, B 1, C 2;
    4: A 0, B 1, C 2, D 3;
    5: A 0, B 1, C 2, D 3, E 4;
    6: A 0, B 1, C 2, D 3, E 4, F 5;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> Vec<Shape> {
        well_known::shapes()
    }

    fn round<T: IntoAivi + FromAivi + Clone + PartialEq + fmt::Debug>(value: T) {
        let shapes = shapes();
        let there = value.clone().into_aivi(Shapes(&shapes)).expect("it fits");
        assert_eq!(T::from_aivi(there, Shapes(&shapes)), Ok(value));
    }

    #[test]
    fn values_go_there_and_back() {
        round(i64::MIN);
        round(0.1);
        round(true);
        round('→');
        round(());
        round("text".to_owned());
        round(vec![Some(1), None]);
        round::<Result<i64, String>>(Err("no".into()));
        round::<Result<Vec<()>, String>>(Ok(vec![(), ()]));
        round((1, "a".to_owned()));
    }

    #[test]
    fn types_are_those_of_the_language() {
        let ty = <Result<Vec<(i64, Option<bool>)>, String>>::ty();
        assert_eq!(ty.to_string(), "Result Text (List (Int, Option Bool))");
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let shapes = shapes();
        let shapes = Shapes(&shapes);
        let mismatch = i64::from_aivi(Value::bool(true), shapes).expect_err("no Int");
        assert_eq!(mismatch.to_string(), "expected Int, found Bool");
        assert!(<(i64, i64)>::from_aivi(Value::some(Value::int(1)), shapes).is_err());
        assert!(Option::<i64>::from_aivi(Value::ok(Value::int(1)), shapes).is_err());
        assert!((1, 2, 3).into_aivi(shapes).is_err(), "the program has no triples");
    }
}
