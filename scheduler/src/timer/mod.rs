//! Timers: when a waiting task has to be woken.
//!
//! [`Wheel`] holds every pending deadline of one worker. Time is a `u64` of nanoseconds that starts anywhere and never
//! runs backwards; the wheel asks no clock, it is told. So real and virtual time use the same code.
//!
//! Words: a *tick* is [`TICK_NS`] nanoseconds, the width of the finest slot. A *level* has 64 *slots*; a slot of level
//! `n` is 64^n ticks wide. The *current tick* is the one that contains `now`; its timers are kept sorted, because some
//! are due and some are not.
//!
//! What always holds:
//! - A timer never fires before its deadline, and fires in the first `advance` that reaches it.
//! - Timers fire in order of (deadline, arming), within one `advance` and across them.
//! - Arming and disarming are O(1) for every timer beyond the current tick; O(log n) in the timers of the current tick.
//! - A [`TimerKey`] that has fired or was disarmed hits nothing.
//!
//! Rejected (measured with a million timers pending): a B-tree, 102 ns for arming and disarming against 3; a binary
//! heap with lazy deletion, 145 ns for each dead entry and memory that only the passing of time gives back. Ticks of 1
//! ms: a sleep of 1 ms ends 1 ms late.

mod current;
mod slab;
#[cfg(test)]
mod tests;
mod wheel;

pub use slab::TimerKey;
pub use wheel::{TICK_NS, Wheel};
