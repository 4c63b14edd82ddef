//! What holds for every input, whatever its bytes. A function here panics when its claim is broken; the fuzz targets
//! call it with bytes that libFuzzer makes, the tests in `tests/tests/claims.rs` with bytes from a seed and with
//! hand-made hostile ones.

mod bytecode;
mod program;
mod syntax;
mod untrusted;

pub use bytecode::bytecode;
pub use program::{compile, encoded, guard, simulate, work};
pub use syntax::{format, lex, parse};
pub use untrusted::untrusted;
