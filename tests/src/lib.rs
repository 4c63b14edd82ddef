//! What tests across crates share: finding scripts, reading what they expect, running them.

#![forbid(unsafe_code)]

pub mod expect;
pub mod files;
pub mod runs;
