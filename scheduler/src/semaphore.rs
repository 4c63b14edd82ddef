//! Semaphores: a number of permits, and the line of the tasks that wait for some.
//!
//! What always holds, under the lock:
//! - Nobody overtakes: permits are taken only where nobody waits, or by who waits longest, also by who wants fewer than the first.
//! - Permits are in exactly one place: free, or with a task that took them or whose wait they have ended. A wait that something else has ended
//!   had none, and its task gives none back.
//! - Where nobody waits, the line is not looked at (`are_awaited`).
//!
//! A task that leaves the line without its turn may have stood in front of others that want fewer: it lets them in before it goes on
//! ([`Context::settle_permits`](crate::Context::settle_permits)). Nobody else would, if all permits that are not free are kept for long.
//!
//! The line holds what a task wants as a value of the task's, since it stands where its message would; `count` reads it.
//!
//! Rejected, measured: a channel for each task that waits, which who gives permits back closes (two and a half times as long for a visit of a semaphore of which all wait);
//! one channel with a message for each permit (who wants several of them would hold some while it waits for the others).

use std::fmt;

use smallvec::SmallVec;

use crate::channel::{Admitted, WaitQueue, WaitedAt, Woken};
use crate::sync::{Lock, LockGuard, SEMAPHORE};
use crate::task::record::Raw;
use crate::{Place, Task};

/// A number of permits that tasks take and give back, first come, first served.
pub struct Semaphore<T: Task> {
    permits: Lock<Permits, SEMAPHORE>,
    line: WaitQueue<T>,
    count: fn(&T::Value) -> i64,
}

struct Permits {
    free: i64,
    /// Somebody has stood in the line since it was last seen empty.
    are_awaited: bool,
}

/// Tasks whose turn has come; the caller queues them after the lock was released. Mostly one.
pub(crate) type Called<T> = SmallVec<[Raw<T>; 2]>;

impl<T: Task> Semaphore<T> {
    /// One with so many permits, made at this place of a program. `count` says how many the wish of a task is for.
    pub fn made_at(place: Place, permits: i64, count: fn(&T::Value) -> i64) -> Self {
        let permits = Lock::new(Permits { free: permits, are_awaited: false });
        Semaphore { permits, line: WaitQueue::made_at(place), count }
    }

    /// How many permits nobody has.
    pub fn free(&self) -> i64 {
        self.permits.lock().free
    }

    /// Takes permits, if no other thread is at it, nobody has come to wait, and as many are free. Calls nothing. May say no for no reason.
    #[inline(always)]
    pub fn take_at_hand(&self, count: i64) -> bool {
        let Some(mut permits) = self.permits.try_lock() else { return false };
        !permits.are_awaited && permits.take(count)
    }

    /// Gives permits back, if no other thread is at it, and nobody has come to wait. Calls nothing. May say no for no reason.
    #[inline(always)]
    pub fn give_at_hand(&self, count: i64) -> bool {
        let Some(mut permits) = self.permits.try_lock() else { return false };
        if mutant!("semaphore.gives-past-the-line", permits.are_awaited, false) {
            return false;
        }
        permits.give(count);
        true
    }

    /// Takes permits if nobody waits and as many are free.
    pub(crate) fn try_take(&self, count: i64, called: &mut Called<T>) -> bool {
        let mut permits = self.settled(called);
        !permits.are_awaited && permits.take(count)
    }

    /// The same, or the waiter stands in line with its wish.
    ///
    /// # Safety
    /// As for `Receiver::recv`.
    pub(crate) unsafe fn take(
        &self,
        count: i64,
        wish: T::Value,
        waiter: (Raw<T>, u32),
        called: &mut Called<T>,
    ) -> bool {
        let mut permits = self.settled(called);
        let has_taken = !permits.are_awaited && permits.take(count);
        if !has_taken {
            debug_assert_eq!((self.count)(&wish), count, "a task gets what it waits for");
            permits.are_awaited = true;
            // SAFETY: promised by the caller.
            unsafe { self.line.stand(wish, waiter) };
        }
        has_taken
    }

    /// Gives permits back, and calls those who may have them.
    pub(crate) fn give(&self, count: i64, called: &mut Called<T>) {
        let mut permits = self.permits.lock();
        permits.give(count);
        self.let_in(&mut permits, called);
    }

    /// Calls those who may have permits by now.
    pub(crate) fn settle(&self, called: &mut Called<T>) {
        drop(self.settled(called));
    }

    /// The line, for a task that waits in it.
    pub(crate) fn waited_at(&self) -> WaitedAt<T> {
        self.line.waited_at()
    }

    /// The line.
    pub(crate) fn line(&self) -> &WaitQueue<T> {
        &self.line
    }

    fn settled(&self, called: &mut Called<T>) -> LockGuard<'_, Permits, SEMAPHORE> {
        let mut permits = self.permits.lock();
        self.let_in(&mut permits, called);
        permits
    }

    /// Lets in who waits longest, as long as there are permits.
    fn let_in(&self, permits: &mut Permits, called: &mut Called<T>) {
        while permits.are_awaited {
            let mut wanted = 0;
            let mut woken: Woken<T> = None;
            let admitted = self.line.admit(
                |wish| {
                    wanted = (self.count)(wish);
                    wanted <= permits.free
                },
                &mut woken,
            );
            called.extend(woken);
            match admitted {
                Admitted::First => permits.free -= wanted,
                Admitted::Nobody => {}
                Admitted::NotYet => return,
                Admitted::Empty => permits.are_awaited = false,
            }
        }
    }
}

impl Permits {
    #[inline(always)]
    fn take(&mut self, count: i64) -> bool {
        let may_take = count <= self.free;
        if may_take {
            self.free -= count;
        }
        may_take
    }

    #[inline(always)]
    fn give(&mut self, count: i64) {
        // Somebody may give what nobody took.
        self.free = self.free.saturating_add(count);
    }
}

impl<T: Task> fmt::Debug for Semaphore<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Semaphore {{ free: {} }}", self.free())
    }
}
