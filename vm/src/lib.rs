//! The AIVI machine: values, objects, fibers, interpreter, natives.
//!
//! `value` and `object` hold data, `program` a loaded module, `interp` runs instructions, `fiber` is what the scheduler
//! runs, `native` the door to functions in Rust.

pub mod collections;
pub mod object;
pub mod structural;
pub mod value;

pub use collections::{Bytes, List, Map, Set, Text};
pub use object::{Ref, Shared, Trace, Tracer, live_objects};
pub use value::{Kind, ObjectRef, Value};
