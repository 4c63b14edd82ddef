//! Fuel is given to the handlers in pieces. At the end of a piece the machine returns to `interp::run_from` and comes
//! back.
//!
//! The handlers leave each other by tail calls, which the compiler makes where it can and promises nowhere: without
//! optimisation, or with what some profile of a host asks for, a handler may keep its frame on the host's stack until
//! the machine returns. All cycles of code charge fuel, so between two returns there are no more handlers than a piece
//! has calls and turns of loops times the instructions between two of them: the host's stack is bounded however this
//! crate is compiled.

use super::Fiber;

/// Calls and turns of loops in a piece. At 300 bytes for a handler and 10 instructions for each, 512 of them need 1.5
/// MiB of host stack in the worst build, and coming back costs a fifth of an instruction for each.
const PIECE: u64 = 512;

impl Fiber {
    /// A slice begins.
    pub(super) fn give_fuel(&mut self, slice: u64) {
        self.fuel = slice.min(PIECE);
        self.reserve = slice - self.fuel;
    }

    /// Goes on with the slice, if the handlers have only used up a piece of it, and what is in place may spend more.
    pub(crate) fn next_piece(&mut self) -> bool {
        let goes_on = self.reserve > 0 && !self.is_over_limit() && !self.has_short_branch();
        if goes_on {
            self.give_fuel(self.fuel_left());
        }
        goes_on
    }

    /// Leaves so much of the piece to the handlers. Says how much was set aside.
    #[inline]
    pub(super) fn set_fuel_aside(&mut self, fuel: u64) -> u64 {
        let aside = self.fuel.saturating_sub(fuel);
        self.fuel -= aside;
        self.reserve += aside;
        aside
    }

    /// Gives what was set aside back to the handlers, as far as the slice still has it: so a piece gets no longer.
    #[inline]
    pub(super) fn take_fuel_back(&mut self, aside: u64) {
        let back = aside.min(self.reserve);
        self.reserve -= back;
        self.fuel += back;
    }

    /// What is left of the slice.
    #[inline]
    pub(crate) fn fuel_left(&self) -> u64 {
        self.fuel + self.reserve
    }

    /// Takes fuel away, of the piece first.
    pub(crate) fn charge(&mut self, fuel: u64) {
        let rest = fuel.saturating_sub(self.fuel);
        self.fuel = self.fuel.saturating_sub(fuel);
        self.reserve = self.reserve.saturating_sub(rest);
    }

    /// Leaves the rest of the slice to others. That is no work.
    pub(crate) fn give_up_slice(&mut self) {
        let left = self.fuel_left();
        self.cx().note_unearned(left);
        self.charge(left);
    }

    /// Can it pay for a call of the system beside what the handlers have, and does nobody count what it uses?
    #[inline]
    pub(crate) fn affords_call(&self, fuel: u64) -> bool {
        self.reserve >= fuel && !self.is_limited()
    }

    /// Pays for it. What the handlers have stays theirs, and does not begin again: the host's stack is bounded as
    /// before.
    #[inline]
    pub(crate) fn charge_call(&mut self, fuel: u64) {
        self.reserve -= fuel;
        self.cx().note_call(fuel);
    }
}
