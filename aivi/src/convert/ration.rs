//! How much conversions make for the host.
//!
//! A value whose parts are shared is small, and what a host gets of it has each part once for each way that leads
//! there: a tree of forty levels that are the same twice has 2^40 nodes. So a conversion counts what it is about to
//! make ([`make`]), and who converts something of a call with limits says how much that may be ([`counted`]). Without
//! limits nobody says so: a script that may take all memory by itself need not do it this way.
//!
//! What always holds: it is counted before it is made, and once it was too much, everything that follows is, whatever a
//! conversion makes of the error. It is counted about: what allocators and tables add is left out.
//!
//! Rejected: *to look at the value first* (it takes as long as to convert it), *a parameter of `FromAivi`* (conversions
//! by hand would have to pass it on).

use std::cell::Cell;

use super::Mismatch;

/// Less than this a host is given even if those that share a limit leave nothing of it (arbitrary): to look costs more.
pub(crate) const SMALL: u64 = 64 << 10;

/// What it counts to take an object apart. It is in a place that was counted before, unless somebody converts by hand.
const OBJECT: usize = 16;

thread_local! {
    static MADE: Cell<u64> = const { Cell::new(0) };
    static MOST: Cell<u64> = const { Cell::new(u64::MAX) };
}

/// So many bytes are about to be made.
///
/// # Errors
/// When that is too much.
#[inline]
pub(crate) fn make(bytes: usize) -> Result<(), Mismatch> {
    let made = MADE.get().saturating_add(bytes as u64);
    MADE.set(made);
    if made > MOST.get() { Err(too_much(MOST.get())) } else { Ok(()) }
}

/// So many of these are about to be made. Those that take no memory take time.
///
/// # Errors
/// When that is too much.
#[inline]
pub(crate) fn make_all<T>(count: usize) -> Result<(), Mismatch> {
    make(count.saturating_mul(size_of::<T>().max(1)))
}

/// An object is about to be taken apart.
///
/// # Errors
/// When too much was made.
#[inline]
pub(crate) fn open() -> Result<(), Mismatch> {
    make(OBJECT)
}

/// Converts, where no more than this may be made: what comes of it, and how much was made. If that is more, it is an
/// error, or ought to be one.
pub(crate) fn counted<T>(most: u64, convert: impl FnOnce() -> T) -> (T, u64) {
    let _around = Around { made: MADE.replace(0), most: MOST.replace(most) };
    (convert(), MADE.get())
}

/// How much may be made of the value that is being converted.
pub(crate) fn most() -> u64 {
    MOST.get()
}

/// What is being counted around a conversion, which goes on after it, also after a panic.
struct Around {
    made: u64,
    most: u64,
}

impl Drop for Around {
    fn drop(&mut self) {
        MADE.set(self.made.saturating_add(MADE.get()));
        MOST.set(self.most);
    }
}

/// The error of a value of which more would be made.
#[cold]
pub(crate) fn too_much(most: u64) -> Mismatch {
    Mismatch::new(format!("a value that takes its host at most {most} bytes"), "one that takes more")
}

#[cfg(test)]
mod tests {
    use super::{counted, make, make_all};

    #[test]
    fn what_was_too_much_stays_so() {
        let (is_made, made) = counted(100, || [make(60), make(60), make(0)].map(|made| made.is_ok()));
        assert_eq!((is_made, made), ([true, false, false], 120));
        assert!(make_all::<u64>(usize::MAX).is_ok(), "nobody counts");
    }

    #[test]
    fn what_is_counted_inside_is_counted_around_it_too() {
        let ((), made) = counted(100, || {
            assert!(make(10).is_ok());
            assert_eq!(counted(20, || make_all::<()>(21).is_ok()), (false, 21));
            assert!(make(69).is_ok() && make(1).is_err());
        });
        assert_eq!(made, 101);
    }
}
