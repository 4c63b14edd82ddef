//! The interpreter: fetch, dispatch, and nothing else; what instructions do stands in `ops`.
//!
//! One table (`table.rs`) names for each opcode a *quick* function, a *full* one, or both. A quick function works on
//! the handler's arguments alone (`Regs`) and cannot fail; when it says no, the full one runs, which may do everything:
//! it sees the fiber with pc, base, frame and fuel stored back, and says with `Go` how to continue.
//!
//! From the table come two forms (design, section 5): handlers that tail-call each other, `extern "C-unwind"` with six
//! arguments that stay in registers (release on x86-64 and aarch64), and a loop around one `match` (debug builds and
//! other targets). Stable Rust does not promise tail calls; `tests/host_stack.rs` runs 50 million instructions on a
//! small stack, and fuel is given in pieces (`fiber/fuel.rs`), so that a build which makes none of them does not
//! overflow the stack.
//!
//! Some instructions that often follow each other have one handler (`pairs.rs`).
//!
//! In programs from elsewhere some instructions have a guard in their place, which looks at their values first
//! (`guard.rs`).
//!
//! Register access is unchecked in release: the verifier bounded every register by `Proto::registers` and every jump by
//! the code (`aivi_bytecode::verify`), and entering a frame made room for that many registers (`Fiber::enter`). Debug
//! builds check each access.

mod guard;
mod near;
mod ops;
#[macro_use]
mod pairs;
mod regs;
mod table;
mod unwind;

pub(crate) use guard::{Scalars, set_guards};
pub(crate) use near::{Register, with_near_operands};
pub(crate) use ops::call::{RUN_IF_EFFECT, apply, make_partial, release_operands, run_effect, taken_operands};
pub(crate) use ops::native::{take_early, try_early};
pub(crate) use ops::received::{deliver_message, note_wanted};
pub(crate) use ops::register::use_global;
pub(crate) use pairs::set_pairs;
pub(crate) use regs::{Regs, Word};
pub(crate) use table::internal;
pub(crate) use unwind::{abandon, abandon_above, leave, owned};

use crate::fiber::Fiber;

/// How to go on after a full instruction. pc, base, frame and fuel stand in the fiber.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Go {
    /// With the next instruction.
    On,
    /// With the next instruction, after a return that takes the handlers off the host's stack.
    Return,
    /// Later: others first.
    Yield,
    /// When the wait that was registered is over.
    Wait,
    /// By unwinding with `Fiber::signal`.
    Raise,
    /// Not at all: `Fiber::outcome` is set.
    End,
}

/// Why `run` returned.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub(crate) enum Exit {
    /// To be called again.
    Returned,
    /// Out of fuel.
    Yielded,
    /// A wait was registered.
    Waiting,
    /// The fiber has its outcome.
    Ended,
}

/// Runs the fiber until it yields, waits or ends. `go` says how what comes before the next instruction went.
pub(crate) fn run_from(fiber: &mut Fiber, go: Go) -> Exit {
    let mut exit = if go == Go::On { Exit::Returned } else { settle(fiber, go).unwrap_or(Exit::Returned) };
    while exit == Exit::Returned {
        exit = table::run(fiber);
    }
    exit
}

/// After a full instruction that did not simply go on: unwinds, or says why to leave.
#[inline(always)]
fn settle(fiber: &mut Fiber, go: Go) -> Option<Exit> {
    match go {
        Go::On => None,
        Go::Return => Some(Exit::Returned),
        Go::Yield => Some(Exit::Yielded),
        Go::Wait => Some(Exit::Waiting),
        Go::End => Some(Exit::Ended),
        Go::Raise => unwind::unwind(fiber),
    }
}
