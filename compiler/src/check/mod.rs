//! Name resolution is done; this pass infers types and writes typed core.

pub mod builtin;
pub mod types;
