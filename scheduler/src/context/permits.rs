//! Permits of semaphores.

use crate::Task;
use crate::semaphore::{Called, Semaphore};
use crate::wait::Waiting;

use super::Context;

impl<T: Task> Context<'_, T> {
    /// Takes permits, if nobody waits for some and as many are free; or waits until they are: false, and then [`Wake::Message`](crate::Wake::Message) with `wish`, which
    /// says the same number. If something else ends the wait, [`settle_permits`](Self::settle_permits) has to be called.
    pub fn take_permits(&mut self, semaphore: &Semaphore<T>, count: i64, wish: T::Value) -> bool {
        self.worker.core.note_message();
        let (waiter, mut called) = (self.next_wait(), Called::new());
        // SAFETY: as in `send`.
        let has_taken = unsafe { semaphore.take(count, wish, waiter, &mut called) };
        if !has_taken {
            self.begin_waiting(Waiting::Permits(semaphore.waited_at()));
        }
        self.queue_called(called);
        has_taken
    }

    /// The same, but never waits.
    pub fn try_take_permits(&mut self, semaphore: &Semaphore<T>, count: i64) -> bool {
        let mut called = Called::new();
        let has_taken = semaphore.try_take(count, &mut called);
        self.queue_called(called);
        has_taken
    }

    /// Gives permits back; wakes those who have waited for them.
    pub fn give_permits(&mut self, semaphore: &Semaphore<T>, count: i64) {
        let mut called = Called::new();
        semaphore.give(count, &mut called);
        self.queue_called(called);
    }

    /// The task has left the line of a semaphore without permits; wakes those behind it that may have some now.
    pub fn settle_permits(&mut self, semaphore: &Semaphore<T>) {
        let mut called = Called::new();
        mutant!("semaphore.leaves-those-behind-it", semaphore.settle(&mut called), ());
        self.queue_called(called);
    }

    fn queue_called(&mut self, called: Called<T>) {
        for raw in called {
            self.worker.core.note_message();
            if self.is_observed() {
                self.worker.note_woken(raw, None);
            }
            self.worker.push_next(raw);
        }
    }
}
