//! Text and arrays of C. A value of these types is an argument of an exported function, and nothing else makes one: so
//! what the header demands of its callers holds for it.

use std::ffi::{CStr, CString, c_char};
use std::marker::PhantomData;
use std::ptr::NonNull;

use aivi::Data;

use crate::error::Error;

/// Null, or a text that ends with a zero byte.
#[repr(transparent)]
pub struct Name<'a>(Option<NonNull<c_char>>, PhantomData<&'a c_char>);

impl<'a> Name<'a> {
    /// The text, or nothing if it is null.
    pub fn optional(&self, what: &str) -> Result<Option<&'a str>, Error> {
        if self.0.is_none() { Ok(None) } else { self.get(what).map(Some) }
    }

    /// The text; `what` it is, for the error.
    pub fn get(&self, what: &str) -> Result<&'a str, Error> {
        let pointer = self.0.ok_or_else(|| Error::argument(format!("{what} is NULL")))?;
        // SAFETY: the header demands a text that ends with a zero byte and stays as it is during the call.
        let text = unsafe { CStr::from_ptr(pointer.as_ptr()) };
        text.to_str().map_err(|error| Error::argument(format!("{what} is not UTF-8: {error}")))
    }
}

/// Null, or the first of so many bytes as another argument says.
#[repr(transparent)]
pub struct Start<'a>(Option<NonNull<u8>>, PhantomData<&'a u8>);

impl<'a> Start<'a> {
    /// The bytes.
    ///
    /// # Safety
    /// `length` is the argument that belongs to this one.
    pub unsafe fn bytes(&self, length: usize, what: &str) -> Result<&'a [u8], Error> {
        match self.0 {
            None if length == 0 => Ok(&[]),
            None => Err(Error::argument(format!("{what} is NULL"))),
            Some(_) if isize::try_from(length).is_err() => Err(Error::argument(format!("{what} is too long"))),
            // SAFETY: the header demands `length` bytes that stay as they are during the call, and that is no more than
            // an object can have.
            Some(start) => Ok(unsafe { std::slice::from_raw_parts(start.as_ptr(), length) }),
        }
    }

    /// The text.
    ///
    /// # Safety
    /// As for `bytes`.
    pub unsafe fn text(&self, length: usize, what: &str) -> Result<&'a str, Error> {
        // SAFETY: the caller promises the same.
        let bytes = unsafe { self.bytes(length, what) }?;
        std::str::from_utf8(bytes).map_err(|error| Error::argument(format!("{what} is not UTF-8: {error}")))
    }
}

/// Null, or an array of values, which the call takes.
#[repr(transparent)]
pub struct Values<'a>(Option<NonNull<Option<NonNull<Data>>>>, PhantomData<&'a Data>);

impl Values<'_> {
    /// The values; none of them is the caller's any more, also when one is missing.
    ///
    /// # Safety
    /// `count` is the argument that belongs to this one, and this is called once.
    pub unsafe fn take(&self, count: usize) -> Result<Vec<Data>, Error> {
        let pointers = match self.0 {
            None if count == 0 => &[][..],
            None => return Err(Error::argument("arguments is NULL")),
            // SAFETY: the header demands an array of `count` pointers.
            Some(start) => unsafe { std::slice::from_raw_parts(start.as_ptr(), count) },
        };
        // SAFETY: the header demands values that this library made as boxes, each once, and gives them up.
        let take = |pointer: &Option<NonNull<Data>>| pointer.map(|value| *unsafe { Box::from_raw(value.as_ptr()) });
        let values: Vec<Option<Data>> = pointers.iter().map(take).collect();
        let missing = values.iter().position(Option::is_none);
        missing.map_or(Ok(()), |index| Err(Error::argument(format!("argument {index} is NULL"))))?;
        Ok(values.into_iter().flatten().collect())
    }
}

/// A text that the caller owns, or null.
#[repr(transparent)]
#[derive(Default)]
pub struct OwnedText(Option<NonNull<c_char>>);

impl OwnedText {
    /// A copy.
    pub fn new(text: &str) -> OwnedText {
        OwnedText(NonNull::new(c_text(text).into_raw()))
    }
}

impl Drop for OwnedText {
    fn drop(&mut self) {
        if let Some(text) = self.0.take() {
            // SAFETY: `new` made it, and nobody has it besides.
            drop(unsafe { CString::from_raw(text.as_ptr()) });
        }
    }
}

/// A text for C. Zero bytes, which would end it, become the sign for what cannot be shown.
pub fn c_text(text: &str) -> CString {
    CString::new(text).unwrap_or_else(|_| CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default())
}
