//! Typed core to a bytecode module.
//!
//! ```text
//! core -> operations on registers (expr, call, effect, matching, …) -> once each (common) -> who lives where (liveness)
//!      -> moves, copies and drops (ownership) -> words and tables (assemble)
//! ```
//!
//! Words. A *proto* is compiled for every function, for every effect that is not performed where it stands, and for
//! every top-level value; only what the program reaches is compiled. An expression of effect type stands in *run
//! position* when it is to be performed here, else in *value position*. A *callee* is a function that is known where it
//! is called.
//!
//! What always holds: a register's class follows from the static type (scalars are raw, everything else is tagged);
//! windows of calls lie above all registers that are in use; ownership is nobody's concern but `ownership`'s.
//!
//! Rejected: an intermediate form with virtual registers. Windows and the stack discipline of nested expressions give
//! nearly the same code from one walk over the tree, without an allocator that has to find windows again.

mod ahead;
mod assemble;
mod call;
mod coalesce;
mod code;
mod common;
mod condition;
mod constants;
mod each;
mod effect;
mod entries;
mod expr;
mod free;
mod function;
mod intrinsics;
mod link;
mod lists;
mod liveness;
mod loops;
mod matching;
mod operands;
mod options;
mod ownership;
mod pattern;
mod peek;
mod program;
mod records;
mod repr;
mod resource;
mod texts;

pub use program::{Linkable, library, lower};
