//! What instructions do, one file per family, in the order of the instruction table.
//!
//! SAFETY of all quick functions, once: their operands are those of the instruction at `pc - 1` of the running frame. So
//! registers are inside the frame's window and jumps inside the code (verifier); a register holds what the row says, raw
//! scalar or tagged value of the right type, and the instruction may take what the row says (the compiler's types and the
//! `drops`, which the verifier's flow rules check). Constants, protos, shapes and globals exist (verifier).

pub(crate) mod call;
pub(super) mod channel;
pub(super) mod control;
pub(super) mod fiber;
pub(super) mod float;
pub(super) mod int;
pub(super) mod jump;
pub(super) mod list;
pub(super) mod object;
pub(crate) mod register;
pub(super) mod text;
pub(super) mod value;

use super::{Go, Regs, Word};
