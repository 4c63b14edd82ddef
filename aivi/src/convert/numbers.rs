//! Numbers and other values without parts, and texts.

use std::convert::Infallible;

use aivi_vm::{Kind, Value as RawValue};

use super::{AiviType, FromAivi, IntoAivi, Mismatch, Shapes, ration};
use crate::signature::Type;

macro_rules! scalars {
    ($($rust:ty, $aivi:literal, $into:ident, $from:ident;)*) => {$(
        impl AiviType for $rust {
            const IS_SCALAR: bool = true;

            fn ty() -> Type {
                Type::named($aivi, [])
            }
        }

        impl IntoAivi for $rust {
            #[inline]
            fn into_aivi(self, _: &Shapes) -> Result<RawValue, Mismatch> {
                Ok(RawValue::$into(self))
            }
        }

        impl FromAivi for $rust {
            #[inline]
            fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
                value.$from().ok_or_else(|| Mismatch::of::<Self>(value, shapes))
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

macro_rules! integers {
    ($($rust:ty)*) => {$(
        impl AiviType for $rust {
            const IS_SCALAR: bool = true;

            fn ty() -> Type {
                i64::ty()
            }
        }

        impl IntoAivi for $rust {
            #[inline]
            fn into_aivi(self, _: &Shapes) -> Result<RawValue, Mismatch> {
                let above = |_| Mismatch::new(format!("an Int up to {}", i64::MAX), self.to_string());
                i64::try_from(self).map(RawValue::int).map_err(above)
            }
        }

        impl FromAivi for $rust {
            #[inline]
            fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
                let number = i64::from_aivi(value, shapes)?;
                let range = || format!("an Int from {} to {}", <$rust>::MIN, <$rust>::MAX);
                <$rust>::try_from(number).map_err(|_| Mismatch::new(range(), number.to_string()))
            }
        }
    )*};
}

integers! { i8 i16 i32 isize u8 u16 u32 u64 usize }

impl AiviType for () {
    const IS_SCALAR: bool = true;

    fn ty() -> Type {
        Type::named("Unit", [])
    }
}

impl IntoAivi for () {
    #[inline]
    fn into_aivi(self, _: &Shapes) -> Result<RawValue, Mismatch> {
        Ok(RawValue::unit())
    }
}

impl FromAivi for () {
    #[inline]
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        if value.kind() == Kind::Unit { Ok(()) } else { Err(Mismatch::of::<()>(value, shapes)) }
    }
}

/// The error of what cannot fail: any type will do.
impl AiviType for Infallible {
    fn ty() -> Type {
        Type::Variable("E".into())
    }
}

impl IntoAivi for Infallible {
    fn into_aivi(self, _: &Shapes) -> Result<RawValue, Mismatch> {
        match self {}
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
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        self.as_str().into_aivi(shapes)
    }
}

impl IntoAivi for &str {
    fn into_aivi(self, _: &Shapes) -> Result<RawValue, Mismatch> {
        Ok(RawValue::text(self))
    }
}

impl FromAivi for String {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        let text = value.as_text().ok_or_else(|| Mismatch::of::<Self>(value, shapes))?;
        ration::make(text.as_str().len())?;
        Ok(text.as_str().to_owned())
    }
}
