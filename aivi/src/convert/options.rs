//! `Option` and `Result`, and boxes, which are their content.

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::well_known;
use aivi_vm::Value as RawValue;

use super::{AiviType, Declarations, FromAivi, IntoAivi, Mismatch, Shapes};
use crate::signature::Type;

impl<T: AiviType> AiviType for Option<T> {
    fn ty() -> Type {
        Type::named("Option", [T::ty()])
    }

    fn declare(declarations: &mut Declarations) {
        T::declare(declarations);
    }
}

impl<T: IntoAivi> IntoAivi for Option<T> {
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        self.map_or(Ok(RawValue::none()), |value| value.into_aivi(shapes).map(RawValue::some))
    }
}

impl<T: FromAivi> FromAivi for Option<T> {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        if value.as_nullary().is_some_and(|(shape, _)| shape == well_known::NONE) {
            return Ok(None);
        }
        match argument(value, well_known::SOME) {
            Some(inner) => T::from_aivi(inner, shapes).map(Some),
            None => Err(Mismatch::of::<Self>(value, shapes)),
        }
    }
}

impl<T: AiviType, E: AiviType> AiviType for Result<T, E> {
    fn ty() -> Type {
        Type::named("Result", [E::ty(), T::ty()])
    }

    fn declare(declarations: &mut Declarations) {
        T::declare(declarations);
        E::declare(declarations);
    }
}

impl<T: IntoAivi, E: IntoAivi> IntoAivi for Result<T, E> {
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        match self {
            Ok(value) => value.into_aivi(shapes).map(RawValue::ok),
            Err(error) => error.into_aivi(shapes).map(RawValue::err),
        }
    }
}

impl<T: FromAivi, E: FromAivi> FromAivi for Result<T, E> {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        if let Some(inner) = argument(value, well_known::OK) {
            return T::from_aivi(inner, shapes).map(Ok);
        }
        match argument(value, well_known::ERR) {
            Some(inner) => E::from_aivi(inner, shapes).map(Err),
            None => Err(Mismatch::of::<Self>(value, shapes)),
        }
    }
}

/// The only argument of a constructor.
fn argument(value: &RawValue, shape: ShapeId) -> Option<&RawValue> {
    let object = value.as_object().filter(|object| object.shape() == shape)?;
    object.fields().first()
}

impl<T: AiviType> AiviType for Box<T> {
    const IS_SCALAR: bool = T::IS_SCALAR;

    fn ty() -> Type {
        T::ty()
    }

    fn declare(declarations: &mut Declarations) {
        T::declare(declarations);
    }
}

impl<T: IntoAivi> IntoAivi for Box<T> {
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        (*self).into_aivi(shapes)
    }
}

impl<T: FromAivi> FromAivi for Box<T> {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        T::from_aivi(value, shapes).map(Box::new)
    }
}
