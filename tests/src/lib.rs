//! What tests across crates share: finding scripts, reading what they expect, running them.

#![forbid(unsafe_code)]

pub mod blocks;
pub mod claims;
pub mod expect;
pub mod files;
pub mod generate;
pub mod library;
pub mod planted;
pub mod runs;
