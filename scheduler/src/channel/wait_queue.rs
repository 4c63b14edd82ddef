//! The line of a semaphore: a channel at which receivers wait, and no message is ever sent.
//!
//! Each has its wish where its message will be, and gets it back when its turn has come. So a wait ends exactly once, whoever is cancelled leaves its place, and who
//! waits for whom is found as with channels.

use super::{Channel, Handles, WaitedAt, Woken};
use crate::task::record::Raw;
use crate::task::state::Claim;
use crate::{Place, Task};

/// Tasks that wait for their turn, each with a wish.
pub(crate) struct WaitQueue<T: Task>(Channel<T>);

/// What became of the attempt to let in the first of a line.
pub(crate) enum Admitted {
    /// It goes on.
    First,
    /// Something else had ended its wait; now another one is the first.
    Nobody,
    /// Its wish cannot be met: it stays.
    NotYet,
    /// Nobody waits.
    Empty,
}

impl<T: Task> WaitQueue<T> {
    /// An empty line, made at this place of a program.
    pub fn made_at(place: Place) -> Self {
        let queue = WaitQueue(Channel::made_at(place, 0));
        queue.0.rx.core().lock().is_queue = true;
        queue
    }

    /// Registers `waiter` at the end.
    ///
    /// # Safety
    /// As for `Receiver::recv`.
    pub unsafe fn stand(&self, wish: T::Value, waiter: (Raw<T>, u32)) {
        let mut core = self.0.rx.core().lock();
        // SAFETY: the waiter is the caller's own record and in no list yet (promised), so its message is ours to write; it leaves the list
        // before it goes on (promised), so it lives that long.
        unsafe {
            *waiter.0.get().message() = Some(wish);
            core.receivers.push_wait(waiter.0.spot(), waiter.1);
        }
    }

    /// Lets in the first, if its wish can be met.
    pub fn admit(&self, can_be_met: impl FnOnce(&T::Value) -> bool, woken: &mut Woken<T>) -> Admitted {
        let mut core = self.0.rx.core().lock();
        let Some(first) = core.receivers.first() else { return Admitted::Empty };
        // SAFETY: it is in our list, so it lives and its message is ours, for we hold the lock.
        if !unsafe { first.message() }.as_ref().is_some_and(can_be_met) {
            return Admitted::NotYet;
        }
        let Some((spot, generation)) = core.receivers.pop_wait() else { return Admitted::Empty };
        let has_ended = core.end_wait(false, spot, generation, Claim::Message, woken);
        match mutant!("semaphore.lets-in-who-was-cancelled", has_ended, true) {
            true => Admitted::First,
            false => Admitted::Nobody,
        }
    }

    /// The line, for a task that waits in it.
    pub fn waited_at(&self) -> WaitedAt<T> {
        self.0.rx.waited_at()
    }

    /// How many handles there are: those of this line.
    pub fn handles(&self) -> Handles {
        self.0.rx.handles()
    }
}
