//! Embed AIVI: compile and run scripts from Rust.
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let engine = aivi::Engine::builder().workers(2).build()?;
//! let script = engine.compile("sums.aivi", "
//! module sums
//! export total
//!
//! total : List Int -> Effect Text Int
//! total = xs => if xs == [] then fail \"nothing to add\" else pure (List.foldl (a b => a + b) 0 xs)
//! ")?;
//! let sum: i64 = script.call("total", (vec![1, 2, 3],))?;
//! assert_eq!(sum, 6);
//! # Ok(())
//! # }
//! ```
//!
//! An [`Engine`] holds what a host decides; a [`Script`] is a compiled program; a [`Function`] is one of its exports,
//! whose type was compared when it was looked up. A call blocks ([`Function::call`]) or goes on by itself
//! ([`Function::start`], a future for any executor). What scripts may use of the host stands in [`HostModule`]s. The
//! [`tutorial`] goes through all of it.
//!
//! # Threads
//!
//! Nothing is global: two engines do not see each other. All scripts of an engine share its workers, which start when
//! they are needed and end with the engine. Engines, scripts, functions and calls may be used from any thread. A thread
//! that blocks in a call works for its scripts meanwhile. An engine that is [driven](EngineBuilder::driven) has no
//! threads: its host gives it time ([`Engine::turn`]).
//!
//! # Errors
//!
//! What is wrong in a text is a [`CompileError`], in the bytes of a compiled program a [`LoadError`], in the use of a
//! function a [`LookupError`]. How a call ended without a value says [`CallError`]: a failure that the script's author
//! meant, a fault with lines, or that it was cancelled. No script makes the host panic.
//!
//! # Panics
//!
//! Code of the host that an engine calls may panic, with `panic = "unwind"`, and others go on. In a function of a
//! [`HostModule`], in its future or in an [`Output`] that is written to it is the fault of the fiber that called; in
//! what listens to events or wakes the host it is reported, once; in a waker or a destructor the panic hook alone
//! tells. A bug of the machine is a fault of the call as well. Should the engine's own code panic where nobody knows
//! any more what it was about, then it runs nothing more: all its calls end with a fault that says so, and so do those
//! that come later. Nobody waits for ever.
//!
//! # What scripts may do
//!
//! Outside of themselves nothing but write to the engine's [outputs](Output), until the host grants it: files by
//! directory, the network by host and port, variables of the environment, standard input, exit codes and the time of
//! day ([`EngineBuilder::allow`], [`Capability`]). A script of an engine can be given less ([`Script::restricted`]).
//! What functions of the host do is the host's affair.
//!
//! What calls may use up is limited by [`Limits`]: fuel, memory, time, fibers, messages, output; for each call
//! ([`EngineBuilder::limits`], [`Function::with`]), for all of an engine together ([`EngineBuilder::total`]), and in
//! between for calls that share a [`Budget`]. A call that reaches one is cancelled with [`CallError::Limit`], its
//! cleanups run on a reserve, and then it is stopped; others go on.
//!
//! # Cancellation
//!
//! A [`Call`] that is dropped or cancelled ends at its next checkpoint, in pure code as well, runs its cleanups, and
//! takes everything with it that it has started. Whatever was made with an engine keeps it: scripts, functions, calls,
//! callbacks. When the last of them is dropped, and the engine itself, calls that were [detached](Call::detach) are
//! cancelled, too.

#![forbid(unsafe_code)]

mod backtrace;
mod budget;
mod call;
mod callback;
mod compile;
mod convert;
mod data;
pub mod derived;
mod dynamic;
mod ending;
mod engine;
mod events;
mod function;
mod graveyard;
mod host;
mod host_module;
mod in_place;
mod lateness;
mod library;
mod limits;
mod loader;
mod machine;
mod object;
mod outcome;
mod output;
mod precompiled;
mod programs;
mod rehearsal;
mod reporter;
mod reports;
mod runtimes;
mod script;
mod shutdown;
pub mod signature;
mod stats;
mod trace;
/// The README's program runs.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
#[doc = include_str!("../../spec/embedding/tutorial.md")]
pub mod tutorial {}
mod waits;

pub use aivi_compiler::diagnostic::{Code, Color, Severity};
pub use aivi_derive::Aivi;
pub use aivi_scheduler::reactor::raise_descriptor_limit;
pub use aivi_scheduler::{Decision, Rehearsal, Turn, WORKERS_MAX};
pub use aivi_stdlib::cause;
pub use aivi_vm::{Capability, Level, Limit, Limits, Power, Used, Value as RawValue};
pub use budget::Budget;
pub use call::{Call, CallError, Canceller};
pub use callback::Callback;
pub use compile::{CompileError, Report, Reports, on_compiler_stack, read_source};
pub use convert::{AiviType, Arguments, FromAivi, IntoAivi, Mismatch, Shapes, Value};
pub use data::{Data, DynamicObject};
pub use dynamic::DynamicFunction;
pub use ending::{Ending, FailureReport, FaultReport};
pub use engine::{Engine, EngineBuilder};
pub use events::{FiberEnd, FiberEvent, FiberEventKind};
pub use function::{Function, LookupError};
pub use host_module::{HostFunction, HostKind, HostModule, HostModuleError, Parameters};
pub use limits::LimitReport;
pub use object::Object;
pub use output::Output;
pub use precompiled::{LoadError, read_precompiled};
pub use rehearsal::Rehearsed;
pub use reports::Format;
pub use script::{Script, Test, Tested};
pub use stats::Stats;
pub use trace::Trace;
pub use waits::{Channel, Fiber, Fibers};
