//! How deep values may nest that are converted by functions which call themselves.

use std::cell::Cell;

use super::Mismatch;

/// Values of sum types that hold each other no deeper than this are converted. Arbitrary: a level takes less than 2 KiB
/// of the stack with optimisation and some 10 KiB without, and threads of the pool have 2 MiB.
const DEPTH_MAX: u32 = 128;

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// Converts a value of a type that may hold values of the same type.
///
/// # Errors
/// As `convert`, and when values nest too deep for the stack.
pub fn nested<T>(convert: impl FnOnce() -> Result<T, Mismatch>) -> Result<T, Mismatch> {
    let depth = DEPTH.get();
    if depth == DEPTH_MAX {
        return Err(Mismatch::new(format!("values that nest at most {DEPTH_MAX} deep"), "a deeper one"));
    }
    let _level = Level(depth);
    DEPTH.set(depth + 1);
    convert()
}

/// Goes back to this depth, also in a panic.
struct Level(u32);

impl Drop for Level {
    fn drop(&mut self) {
        DEPTH.set(self.0);
    }
}
