//! What surrounds every exported function.

use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Error;

/// Where a function puts something for its caller; may be null.
pub type Out<'a, T> = Option<&'a mut MaybeUninit<T>>;

/// Where it puts why it did not succeed.
pub type ErrorOut<'a> = Out<'a, Option<Box<Error>>>;

/// Functions for C. A panic, which is a bug of ours, ends in the default of what they give.
macro_rules! exports {
    ($(fn $name:ident $(<$life:lifetime>)? ($($argument:ident: $ty:ty),* $(,)?) $(-> $result:ty)? $body:block)*) => {$(
        // SAFETY: no other function of a process has a name that begins with `aivi_`.
        #[unsafe(no_mangle)]
        pub extern "C" fn $name $(<$life>)? ($($argument: $ty),*) $(-> $result)? {
            $crate::export::caught(move || $body).unwrap_or_default()
        }
    )*};
}

pub(crate) use exports;

/// Gives something to the caller, if it wants it.
pub fn put<T>(out: Out<'_, T>, value: T) {
    if let Some(out) = out {
        out.write(value);
    }
}

/// Does what can go wrong: then the caller is told why and gets the default. Otherwise the error is null.
pub fn answer<T: Default>(error: ErrorOut<'_>, work: impl FnOnce() -> Result<T, Error>) -> T {
    let outcome = caught(work).unwrap_or_else(|| Err(Error::panicked()));
    let (value, problem) = match outcome {
        Ok(value) => (value, None),
        Err(problem) => (T::default(), Some(Box::new(problem))),
    };
    put(error, problem);
    value
}

/// The same, of something that is given as a pointer.
pub fn answer_boxed<T>(error: ErrorOut<'_>, work: impl FnOnce() -> Result<T, Error>) -> Option<Box<T>> {
    answer(error, || work().map(Box::new).map(Some))
}

/// Nothing when it panics: the panic hook has told of it, and a frame of C must not be unwound.
pub fn caught<T>(work: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(work)).ok()
}
