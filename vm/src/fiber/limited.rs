//! Limits, as a fiber meets them: at the beginning and the end of a turn, at the end of a piece of fuel, and where
//! something large is made.
//!
//! The first fiber that reaches a limit has the whole scope or call cancelled whose limit it is, itself first. Cleanups
//! go on with the reserves. The fiber that reaches a limit once more has it stopped as it stands: no fiber of it is run
//! again; and so does time.

use std::sync::Arc;
use std::time::Duration;

use aivi_scheduler::{CancelKind, CancelReason};

use super::Fiber;
use super::strand::FIBER_UNITS;
use crate::account::{Account, Limit, Over, meter};
use crate::shutdown::Why;

/// What a turn of a fiber costs, however short: about as long as so many calls take, its way through the scheduler
/// does.
const TURN: u64 = 16;

impl Fiber {
    /// A turn begins: works for its call, with this much fuel. False: one that has not begun does not begin any more,
    /// or fibers that only start others would never end.
    #[inline]
    pub(super) fn begin_slice(&mut self, slice: u64) -> bool {
        self.begin_holding();
        if self.world.account.is_none() && !meter::is_metered() {
            self.give_fuel(slice);
            return true;
        }
        let is_due = meter::turn_to(self.world.account.as_ref());
        if self.world.account.is_none() {
            self.give_fuel(slice);
            return true;
        }
        self.begin_limited(slice, is_due);
        !self.frame.is_null() || self.fuel_left() > 0
    }

    #[cold]
    fn begin_limited(&mut self, slice: u64, mut is_due: bool) {
        if self.frame.is_null() && self.world.is_of_first() {
            meter::add_fiber(1, FIBER_UNITS);
            is_due |= meter::is_due();
        }
        if self.is_root()
            && self.frame.is_null()
            && let Some(account) = self.account()
            && let Some(scope) = self.cx().root_scope()
        {
            account.set_scope(&scope);
            if let Some(deadline_ns) = account.begin(self.cx().now_ns()) {
                self.cx().limit_scope(&scope, deadline_ns, nanos(account.limits().cleanup_time));
            }
        }
        // On top of the slice, which may be a small one.
        self.next_fuel(slice.saturating_add(TURN));
        self.charge(TURN);
        let is_out_of_fuel = self.fuel_left() == 0;
        if is_due || is_out_of_fuel {
            self.look_at_limits();
        }
        if is_out_of_fuel {
            // From the reserve, if there is one.
            self.next_fuel(slice);
        }
    }

    /// A turn ends: what is left of the fuel goes back.
    #[inline]
    pub(super) fn end_slice(&mut self, slice: u64) {
        let left = self.fuel_left();
        self.cx().note_spent(slice.saturating_sub(left));
        if let Some(account) = &self.world.account {
            account.return_fuel(left);
            if self.outcome.is_some() {
                _ = meter::settle();
            }
        }
    }

    /// A slice goes on with new fuel, as far as there is any.
    #[inline]
    pub(super) fn next_fuel(&mut self, slice: u64) {
        let fuel = self.world.account.as_ref().map_or(slice, |account| account.take_fuel(slice));
        self.give_fuel(fuel);
    }

    /// Where a piece of fuel has ended: is a limit reached?
    #[inline]
    pub(super) fn is_over_limit(&self) -> bool {
        meter::is_due() && meter::settle().is_some()
    }

    /// At a checkpoint: asks the call to end if a limit of it is reached, which `sees_cancel` then tells.
    pub(super) fn look_at_limits(&mut self) {
        if let Some(account) = self.account()
            && let Some(over) = meter::settle().or_else(|| account.over())
        {
            self.reach(&account, over, false);
        }
    }

    /// After something was made: stops soon if that was too much.
    #[inline]
    pub(crate) fn note_made(&mut self) {
        if meter::is_due() {
            self.note_much();
        }
    }

    #[cold]
    fn note_much(&mut self) {
        self.look_at_limits();
        if self.world.account.as_ref().is_some_and(|account| account.is_ending()) {
            self.stop_soon();
        }
    }

    /// Before so much of something is made at once: false if a limit of the call says no, and the fiber stops soon.
    pub(crate) fn may_make(&mut self, limit: Limit, count: u64) -> bool {
        let Some(account) = self.account() else { return true };
        let over = match limit {
            Limit::Memory if meter::has_room(usize::try_from(count).unwrap_or(usize::MAX)) => None,
            Limit::Memory => Some(account.too_many_bytes(count)),
            Limit::Output => account.write(count),
            _ => account.too_much(limit, count),
        };
        if let Some(over) = over {
            self.reach(&account, over, true);
            self.stop_soon();
        }
        over.is_none()
    }

    /// The next call or turn of a loop looks at cancellation.
    pub(super) fn stop_soon(&mut self) {
        if let Some(account) = &self.world.account {
            account.return_fuel(self.fuel_left());
        }
        self.give_fuel(0);
    }

    /// Cancellation was noticed: if nothing else was reached, the time was.
    pub(super) fn note_cancelled(&mut self, reason: CancelReason) {
        if reason.kind == CancelKind::Limit
            && let Some(account) = self.account()
        {
            account.note_late(self.cx().now_ns(), self.place_if_any());
            self.begin_end(&account);
        }
    }

    /// If the call has reached a limit, its end begins.
    fn begin_end(&mut self, account: &Account) {
        if account.is_call_ending() {
            self.begin_shutdown(Why::Limit);
        }
    }

    /// Notes that a limit is reached, which was looked at, or asked for before something is made.
    fn reach(&mut self, account: &Account, over: Over, is_asked: bool) {
        let place = self.place_if_any();
        let now_ns = self.cx().now_ns();
        let ending = account.answering(&over);
        // While it lives, its fibers may run.
        let Some(scope) = ending.scope() else { return };
        // Then the call is ending for that.
        let first = if ending.is_late(now_ns) { ending.out_of_time(place) } else { account.told(over, place) };
        if ending.reach(first) {
            self.begin_end(account);
            self.cx().limit_scope(&scope, now_ns, nanos(ending.limits().cleanup_time));
            self.cx().end_scope(&scope, CancelReason { kind: CancelKind::Limit, place });
        } else if is_asked || account.over().is_some_and(|over| std::ptr::eq(account.answering(&over), ending)) {
            self.cx().kill_scope(&scope);
        }
        // With the reserves, if there are any.
        _ = meter::settle();
    }

    fn place_if_any(&self) -> aivi_scheduler::Place {
        if self.frame.is_null() { self.origins[0] } else { self.place() }
    }

    /// Whether the call has limits.
    #[inline]
    pub(crate) fn is_limited(&self) -> bool {
        self.world.account.is_some()
    }

    /// The bytes that the call may use at most.
    pub(crate) fn memory_limit(&self) -> u64 {
        self.world.account.as_ref().map_or(u64::MAX, |account| account.memory_limit())
    }

    fn account(&self) -> Option<Arc<Account>> {
        self.world.account.clone()
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
