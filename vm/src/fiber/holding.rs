//! Permits of semaphores that a fiber has, as far as its turns need it.
//!
//! A fiber whose turn ends while it has a permit makes everybody else wait who wants one, for as long as all others
//! take for their turns; and as nobody overtakes, those hand the permit on from one to the next from there on, a turn
//! for each visit. So such a turn gets some fuel more, once, and ends where the permit is given back.
//!
//! A hint: who is put away (`asleep.rs`) or moved out (`branch.rs`) while it has a permit forgets that.

use super::Fiber;

/// Fuel for a turn that would end inside of what a permit guards: an eighth of what turns have (arbitrary).
const OVERTIME: u64 = aivi_scheduler::FUEL as u64 / 8;

/// Takings that have not been followed by a giving, and whether the turn has been made longer.
#[derive(Clone, Copy, Default)]
pub(super) struct Holding(u8);

impl Holding {
    const LATE: u8 = 0x80;
}

impl Fiber {
    /// It has taken permits.
    #[inline(always)]
    pub(crate) fn note_taken(&mut self) {
        let Holding(held) = self.holding;
        if held & !Holding::LATE < Holding::LATE - 1 {
            self.holding = Holding(held + 1);
        }
    }

    /// It has given permits back. True: its turn was over.
    #[inline(always)]
    pub(crate) fn note_given(&mut self) -> bool {
        let Holding(held) = self.holding;
        if held & !Holding::LATE > 0 {
            self.holding = Holding(held - 1);
        }
        let is_over = self.holding.0 == Holding::LATE;
        if is_over {
            self.holding = Holding::default();
        }
        is_over
    }

    /// Is its turn longer than others?
    #[inline(always)]
    pub(crate) fn is_late(&self) -> bool {
        self.holding.0 & Holding::LATE != 0
    }

    /// A turn begins, which is not longer than others.
    #[inline(always)]
    pub(super) fn begin_holding(&mut self) {
        self.holding.0 &= !Holding::LATE;
    }

    /// What it has, another fiber will give back.
    pub(super) fn forget_holding(&mut self) {
        self.holding = Holding::default();
    }

    /// Its turn is over: more fuel for it, if it has permits and there was none yet.
    pub(super) fn overtime(&mut self) -> Option<u64> {
        let Holding(held) = self.holding;
        let may_have = held > 0 && held < Holding::LATE && !self.is_limited() && self.cx().overtime(OVERTIME);
        if may_have {
            self.holding = Holding(held | Holding::LATE);
        }
        may_have.then_some(OVERTIME)
    }
}
