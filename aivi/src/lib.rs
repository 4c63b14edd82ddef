//! Embed AIVI: compile and run scripts from Rust.

#![forbid(unsafe_code)]

mod ending;
mod loader;
pub mod signature;

pub use ending::{Ending, FaultReport};
