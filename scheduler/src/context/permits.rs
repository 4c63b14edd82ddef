//! Permits of semaphores.

use crate::channel::Called;
use crate::wait::Waiting;
use crate::{Semaphore, Task};

use super::Context;

impl<T: Task> Context<'_, T> {
    /// Takes permits, if nobody waits for some and as many are free; or waits until they are: false, and then
    /// [`Wake::Message`](crate::Wake::Message) with `wish`, which says the same number. If something else ends the
    /// wait, none were taken.
    pub fn take_permits(&mut self, semaphore: &Semaphore<T>, count: i64, wish: T::Value) -> bool {
        let waiter = self.next_wait();
        // SAFETY: as in `send`.
        let has_taken = unsafe { semaphore.take(count, wish, waiter) };
        if !has_taken {
            self.begin_waiting(Waiting::Permits(semaphore.waited_at()));
        }
        has_taken
    }

    /// The same, but never waits.
    pub fn try_take_permits(&mut self, semaphore: &Semaphore<T>, count: i64) -> bool {
        semaphore.try_take(count)
    }

    /// Gives permits back. True: tasks have waited for them. With `ends_turn`, if so, the first of them runs next, and
    /// the task has to yield: the sooner the others have had their turns, the fewer wait.
    pub fn give_permits(&mut self, semaphore: &Semaphore<T>, count: i64, ends_turn: bool) -> bool {
        let mut called = Called::new();
        semaphore.give(count, &mut called);
        let has_called = !called.is_empty();
        self.worker.push_called(called, ends_turn);
        has_called
    }

    /// A task whose slice is over may spend so much more, since others wait for what it has. False: its turn has to
    /// end.
    pub fn overtime(&mut self, fuel: u64) -> bool {
        let may_have = !self.is_stepped
            && !self.worker.is_lent()
            && !self.has_made_any()
            && !self.record().state.load().is_killed();
        if may_have {
            self.worker.core.note_slice(fuel);
        }
        may_have
    }
}
