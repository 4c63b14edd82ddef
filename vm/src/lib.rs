//! The AIVI machine: values, objects, fibers, interpreter, natives.
//!
//! `value` and `object` hold data, `program` a loaded module, `interp` runs instructions, `fiber` is what the scheduler
//! runs, `native` the door to functions in Rust, `capability` what they may do outside.

pub mod account;
pub mod backtrace;
pub mod capability;
pub mod collections;
pub mod failure;
pub mod fault;
pub mod fiber;
pub mod host;
mod interp;
pub mod native;
pub mod object;
pub mod program;
pub mod shutdown;
pub mod structural;
pub mod value;

pub use account::meter::{has_room, live_bytes};
pub use account::{Account, Level, Limit, Limits, Reached, Used};
pub use capability::{Capability, Grants, Power};
pub use collections::{Bytes, List, Map, Set, Text, TextRef};
pub use failure::Failure;
pub use fault::{Attached, Fault};
pub use fiber::{Called, Caller, Gate, HostFuture, Start, Strand, World};
pub use host::Host;
pub use native::{Args, HostCall, HostFn, HostQuick, NativeCx, NativeFn, NativeResult, Natives, Then};
pub use object::{Cell, Ref, Shared, Trace, Tracer};
pub use program::{Bury, Code, LoadError, Origin, Program, Remains};
pub use value::{Kind, ObjectRef, Value};
