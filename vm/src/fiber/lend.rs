//! Before a wait: the fiber that would run next has its turn first, inside of this one, and may end the wait before it
//! begins. How that goes, and why nobody can tell, stands in the scheduler (`worker/lend.rs`).
//!
//! Only the handlers of instructions ask for it, when they hold nothing but operands: another fiber runs in between, on
//! the same thread.

use aivi_scheduler::TaskHandle;

use super::{Fiber, Strand, patience};
use crate::account::meter;

/// After a turn that was lent in vain so many waits come without. In a ring of fibers each is; and a turn inside of
/// another one that ends by waiting costs more than one from the queue.
const AFTER_VAIN: u8 = 64;

impl Fiber {
    /// Whether it lends its turn before it waits for a message: if that was not in vain just before, and there is
    /// somebody to lend it to.
    #[inline]
    pub(crate) fn lends(&mut self) -> bool {
        if self.wary > 0 {
            self.wary -= 1;
            return false;
        }
        self.cx().can_lend()
    }

    /// A turn was lent for a message, which has come, or not.
    #[inline]
    pub(crate) fn note_lent(&mut self, has_come: bool) {
        self.wary = if has_come { 0 } else { AFTER_VAIN };
    }

    /// The fiber is about to wait: another one runs first, and may end the wait before it begins; `task` is the one
    /// that it joins, if it does.
    #[inline(never)]
    pub(crate) fn lend_turn(&mut self, task: Option<&TaskHandle<Strand>>) {
        let cost = self.cx().lend_turn(task);
        // The thread has worked for another fiber, which may be of another call, or has panicked.
        patience::run_with(self.cx);
        let left = self.fuel_left();
        if self.world.account.is_some() || meter::is_metered() {
            _ = meter::turn_to(self.world.account.as_ref());
            if let Some(account) = &self.world.account {
                // The other fiber has paid.
                account.return_fuel(cost.min(left));
            }
        }
        let paid = cost.min(self.fuel_left());
        self.charge(paid);
        self.cx().note_unearned(paid);
    }
}
