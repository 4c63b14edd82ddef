//! The AIVI front end. Pure: text in, module and diagnostics out; no files, no clock.
//!
//! ```text
//! text -> lex -> parse -> resolve -> check -> lower -> bytecode module
//! ```

#![forbid(unsafe_code)]

pub mod check;
pub mod core;
pub mod diagnostic;
pub mod lex;
pub mod parse;
pub mod syntax;
