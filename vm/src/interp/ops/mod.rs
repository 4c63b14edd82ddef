//! What instructions do, one file per family, in the order of the instruction table.
//!
//! SAFETY of all quick functions, once: their operands are those of the instruction at `pc - 1` of the running frame.
//! So registers are inside the frame's window (rules V3, V4), jumps inside the code (V5, V12), and constants, protos,
//! shapes and globals exist (V7). That a register holds what the row says, raw scalar or tagged value of the right
//! type, and that the instruction may take what the row says, is the compiler's word, not the verifier's: types are
//! checked there, and `lower/ownership.rs` proves for each proto that what is read holds something and what is owned is
//! released once (`spec/decisions/0007-what-the-verifier-trusts.md`). Debug builds assert kinds. Of a program from
//! elsewhere the verifier proves who owns what, follows what registers hold, and where that is not enough a guard looks
//! before the instruction runs (`guard.rs`).

pub(crate) mod call;
pub(super) mod channel;
pub(super) mod control;
pub(super) mod crowd;
pub(super) mod fiber;
pub(super) mod float;
pub(super) mod int;
pub(super) mod jump;
pub(super) mod list;
pub(super) mod map;
pub(super) mod native;
pub(super) mod object;
mod operand;
pub(super) mod permits;
pub(crate) mod received;
pub(crate) mod register;
pub(super) mod select;
pub(super) mod text;
pub(super) mod value;

use super::{Go, Register, Regs, Word};
