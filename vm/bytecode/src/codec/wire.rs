//! Bytes to and from plain data.
//!
//! Numbers are little-endian base-128 (7 bits a byte, high bit = more follows) unless the comment says otherwise; texts
//! and lists are a length and then their items. A reader never trusts a length: every item takes at least one byte, so
//! a length above the number of bytes left is an error before anything is allocated for it.

use std::fmt;

/// Why bytes are not a module.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DecodeError {
    /// They do not begin like a module.
    NotAModule,
    /// Written by another version of the format.
    Version(u32),
    /// They end too early, or a length points past the end.
    Truncated,
    /// A number does not fit its field.
    NumberRange,
    /// A text is not UTF-8.
    NotUtf8,
    /// A tag that names a variant is unknown.
    UnknownTag(u8),
    /// Bytes are left after the module.
    TrailingBytes,
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DecodeError::NotAModule => write!(f, "not an AIVI module"),
            DecodeError::Version(found) => {
                write!(f, "module format version {found}, this program reads {}", super::VERSION)
            }
            DecodeError::Truncated => write!(f, "module ends too early"),
            DecodeError::NumberRange => write!(f, "module holds a number out of range"),
            DecodeError::NotUtf8 => write!(f, "module holds a text that is not UTF-8"),
            DecodeError::UnknownTag(tag) => write!(f, "module holds an unknown tag {tag}"),
            DecodeError::TrailingBytes => write!(f, "module is followed by other bytes"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Something with a form in bytes. `read` accepts exactly what `write` writes.
pub trait Wire: Sized {
    /// Appends the bytes.
    fn write(&self, out: &mut Vec<u8>);
    /// Takes the bytes from the front of `input`.
    ///
    /// # Errors
    /// When they are not what `write` writes.
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError>;
}

/// Bytes yet to be read.
pub struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    /// At the front of `bytes`.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Reader { left: bytes }
    }

    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.left.is_empty()
    }

    /// Takes `count` bytes.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take(&mut self, count: usize) -> Result<&'a [u8], DecodeError> {
        let (taken, left) = self.left.split_at_checked(count).ok_or(DecodeError::Truncated)?;
        self.left = left;
        Ok(taken)
    }

    /// Takes a byte.
    ///
    /// # Errors
    /// When there is none.
    pub fn byte(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1)?[0])
    }

    /// Takes a text.
    ///
    /// # Errors
    /// When there is none, or it is not UTF-8.
    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = self.length()?;
        std::str::from_utf8(self.take(length)?).map_err(|_| DecodeError::NotUtf8)
    }

    fn number(&mut self) -> Result<u64, DecodeError> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if shift == 63 && bits > 1 {
                return Err(DecodeError::NumberRange);
            }
            number |= bits << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(DecodeError::NumberRange)
    }

    /// A length whose items take at least one byte each.
    fn length(&mut self) -> Result<usize, DecodeError> {
        let length = usize::try_from(self.number()?).map_err(|_| DecodeError::Truncated)?;
        if length > self.left.len() { Err(DecodeError::Truncated) } else { Ok(length) }
    }
}

fn write_number(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push((number as u8 & 0x7f) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

macro_rules! numbers {
    ($($ty:ty)*) => {$(
        impl Wire for $ty {
            fn write(&self, out: &mut Vec<u8>) {
                write_number(u64::from(*self), out);
            }
            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                <$ty>::try_from(input.number()?).map_err(|_| DecodeError::NumberRange)
            }
        }
    )*};
}

numbers! { u8 u16 u32 }

/// Eight bytes as they are: instruction words and doubles have their information at both ends.
impl Wire for u64 {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend(self.to_le_bytes());
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut bytes = [0; 8];
        bytes.copy_from_slice(input.take(8)?);
        Ok(u64::from_le_bytes(bytes))
    }
}

impl Wire for bool {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(DecodeError::UnknownTag(tag)),
        }
    }
}

impl Wire for char {
    fn write(&self, out: &mut Vec<u8>) {
        u32::from(*self).write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        char::from_u32(u32::read(input)?).ok_or(DecodeError::NumberRange)
    }
}

impl Wire for String {
    fn write(&self, out: &mut Vec<u8>) {
        write_number(self.len() as u64, out);
        out.extend(self.as_bytes());
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        input.text().map(str::to_owned)
    }
}

impl<T: Wire> Wire for Vec<T> {
    fn write(&self, out: &mut Vec<u8>) {
        write_number(self.len() as u64, out);
        for item in self {
            item.write(out);
        }
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        // Grown as items arrive: a large item type must not turn a short file into a large allocation.
        let length = input.length()?;
        let mut items = Vec::new();
        for _ in 0..length {
            items.push(T::read(input)?);
        }
        Ok(items)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, out: &mut Vec<u8>) {
        self.is_some().write(out);
        if let Some(value) = self {
            value.write(out);
        }
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        if bool::read(input)? { T::read(input).map(Some) } else { Ok(None) }
    }
}

impl<A: Wire, B: Wire> Wire for (A, B) {
    fn write(&self, out: &mut Vec<u8>) {
        self.0.write(out);
        self.1.write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok((A::read(input)?, B::read(input)?))
    }
}

impl<T: Wire> Wire for Box<T> {
    fn write(&self, out: &mut Vec<u8>) {
        (**self).write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        T::read(input).map(Box::new)
    }
}

/// `Wire` for structs: their fields in the order given.
#[macro_export]
macro_rules! wire_structs {
    ($($name:ident { $($field:ident),* })*) => {$(
        impl $crate::codec::wire::Wire for $name {
            fn write(&self, out: &mut Vec<u8>) {
                let $name { $($field),* } = self;
                $($crate::codec::wire::Wire::write($field, out);)*
            }
            fn read(input: &mut $crate::codec::wire::Reader<'_>) -> Result<Self, $crate::codec::DecodeError> {
                Ok($name { $($field: $crate::codec::wire::Wire::read(input)?),* })
            }
        }
    )*};
}

/// `Wire` for enums: a byte for the variant, then its fields.
#[macro_export]
macro_rules! wire_enums {
    ($($name:ident { $($tag:literal $variant:ident $(( $($field:ident),* ))? $({ $($named:ident),* })?),* })*) => {$(
        impl $crate::codec::wire::Wire for $name {
            fn write(&self, out: &mut Vec<u8>) {
                match self {
                    $($name::$variant $(( $($field),* ))? $({ $($named),* })? => {
                        out.push($tag);
                        $($($crate::codec::wire::Wire::write($field, out);)*)?
                        $($($crate::codec::wire::Wire::write($named, out);)*)?
                    })*
                }
            }
            fn read(input: &mut $crate::codec::wire::Reader<'_>) -> Result<Self, $crate::codec::DecodeError> {
                Ok(match input.byte()? {
                    $($tag => {
                        $($(let $field = $crate::codec::wire::Wire::read(input)?;)*)?
                        $($(let $named = $crate::codec::wire::Wire::read(input)?;)*)?
                        $name::$variant $(( $($field),* ))? $({ $($named),* })?
                    })*
                    tag => return Err($crate::codec::DecodeError::UnknownTag(tag)),
                })
            }
        }
    )*};
}
