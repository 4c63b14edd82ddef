//! What tests across crates share: finding scripts, reading what they expect, running them.

#![forbid(unsafe_code)]

pub mod blocks;
pub mod expect;
pub mod files;
pub mod library;
pub mod runs;
