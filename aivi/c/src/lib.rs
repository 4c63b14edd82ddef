//! AIVI for hosts in C. `aivi.h` beside this crate says what each function does, who owns what, and which threads may
//! call it; here is how.
//!
//! An opaque type of the header is a type of Rust behind a pointer: `aivi_engine *` is a `Box<Engine>` where it is
//! given or taken, and an `&Engine` where it is lent. As parameters these are `Option`s, since pointers may be null:
//! `Option<Box<T>>` and `Option<&T>` are what C passes. So bodies of functions are safe code; what the caller promises,
//! that pointers are null or live, stands in the header. Text and arrays are read in `pointers`, functions of the host
//! are called in `callback`, and `export` has what surrounds every function: no panic leaves it. These three, and two
//! that read what `pointers` gives them, are the files with unsafe code.
//!
//! Rejected: a header that a program writes from the code, which explains nothing (a test compares it instead, types
//! included); one last error for each thread, which hosts with callbacks mix up.

mod budget;
mod callback;
mod completion;
mod engine;
mod error;
mod event;
mod export;
mod function;
mod limits;
mod module;
mod pointers;
mod script;
mod value;
