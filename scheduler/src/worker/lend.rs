//! Turns that are lent: who is about to wait has the task that would run next run first, inside of its own turn.
//!
//! Most waits are ended by the very task that comes next. It was just made and is joined, or was just woken by a
//! message and will answer it. So who would wait does not register that yet: it lends its turn to that task, and then
//! looks again. If what it wants has happened, there was no wait: no place in a list, no claim, no turn that ends and
//! begins. If not, it waits as any other. Two tasks that talk to each other need one turn for a round trip instead of
//! two.
//!
//! What always holds:
//! - The order of turns is what it was: the task that is taken would have been the next one, as soon as this one had
//!   waited. Only that is left out in between.
//! - Both are tasks of their own all the time, and nothing happens in between: dumps, the search for deadlocks and a
//!   stopped world come between two turns from the queue, and then who lent its turn is ready, or its wait is
//!   published.
//! - Who lends its turn has registered nothing, so whoever sends to it, or ends, meanwhile, leaves that where it looks
//!   afterwards. It may look later than it could: by as many turns as are inside of each other ([`DEEPEST`]), which are
//!   short, and end at their first tick.
//! - What others spend is taken from the slice of who lends. So two tasks that talk have one slice together, and then
//!   others are due.
//! - A request to cancel or kill who lends is a flag in its state meanwhile, as for every task that runs.
//! - A task that is to be joined has the joiner's reference besides the right to run it, so the worker knows when
//!   nobody else can see the outcome.
//!
//! The simulator, rehearsals and traces, where every turn is a decision or an event, do without, as do turns that are
//! timed.

use crate::Task;
use crate::broken::guard_inside;
use crate::task::record::Raw;

use super::Worker;

/// Turns inside of each other at most. In a chain of tasks that pass something on all of them end by waiting, and with
/// 16 a hop took 103 ns in place of 72: the processor cannot foretell so many returns. Two that talk need one; what
/// asks another one, which asks a third, needs two.
const DEEPEST: u32 = 4;

/// What a turn costs besides what the task spends, as fuel: so a slice has a hundred, and ends as soon as if they had
/// come from the queue.
const TURN: u64 = 32;

impl<T: Task> Worker<T> {
    /// Is the turn one that was lent?
    #[inline]
    pub(crate) fn is_lent(&self) -> bool {
        self.core.nested > 0
    }

    /// Is there a task that the one whose turn it is can lend it to?
    #[inline(always)]
    pub(crate) fn can_lend(&self) -> bool {
        self.core.queue.has_only_next() && !self.core.attention && self.core.nested < DEEPEST
    }

    /// Lends the turn; `awaited` is a task to which the caller has a reference. Says what it has cost.
    #[inline(never)]
    pub(crate) fn lend_turn(&mut self, awaited: Option<Raw<T>>) -> u64 {
        if !self.can_lend() {
            return 0;
        }
        let Some(raw) = self.core.queue.take_only_next() else { return 0 };
        let has_reference = mutant!("lend.overlooks-other-references", awaited == Some(raw), true);
        let refs = if has_reference { 2 } else { 1 };
        self.core.nested += 1;
        self.core.spent = 0;
        guard_inside(self, |worker| worker.turn_of(raw, refs));
        self.core.nested -= 1;
        self.core.spent + TURN
    }

    /// What the end of a task costs that had no turn for it. Who pays has not computed.
    pub(crate) fn charge_turn(&mut self) -> u64 {
        self.core.note_call(TURN);
        TURN
    }
}
