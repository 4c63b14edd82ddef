//! Semaphores: a number of permits, and the line of the tasks that wait for some.
//!
//! Inside, one is a channel at which receivers wait and nobody sends. Each has what it wants where its message will be,
//! and gets it back when its turn has come. So a wait for permits ends exactly once, whoever is cancelled leaves its
//! place, and who waits for whom is found, all as with channels.
//!
//! What always holds, under the lock:
//! - Nobody overtakes: permits are taken only where nobody waits, or by who waits longest, also by who wants fewer than
//!   the first.
//! - Permits are in exactly one place: free, or with a task that took them or whose wait they have ended. A wait that
//!   something else has ended had none.
//! - Who waits longest wants more than what is free, when the lock is released, or something else has ended its wait.
//!   So who leaves the line lets in those behind it (`Core::let_in`), as who gives permits back does.
//!
//! Who is let in has its permits before it runs, and all others wait until it does. So it mostly runs next, before all
//! that are queued, and who has let it in ends its turn. Otherwise one wait makes more of them, until all tasks that
//! use the semaphore wait for each other's turns, also when they hardly ever meet there (a *convoy*: Blasgen, Gray,
//! Mitoma, Price 1979).
//!
//! What a task wants is a value of the task's, since it stands where its message would; `count` reads it.
//!
//! Rejected, measured: a channel for each task that waits, which who gives permits back closes (twice as many
//! instructions for a visit of a semaphore of which all wait); one channel with a message for each permit (who wants
//! several of them would hold some while it waits for the others).

use std::fmt;

use smallvec::SmallVec;

use super::{Channel, Core, Handles, WaitedAt, Woken};
use crate::task::record::Raw;
use crate::task::state::Claim;
use crate::{Place, Task};

/// A number of permits that tasks take and give back, first come, first served.
pub struct Semaphore<T: Task>(Channel<T>);

/// What the channel of a semaphore has besides.
pub(super) struct Permits<T: Task> {
    free: i64,
    /// How many permits a task wants.
    count: fn(&T::Value) -> i64,
}

/// Tasks whose turn has come; the caller queues them after the lock was released. Mostly one.
pub(crate) type Called<T> = SmallVec<[Raw<T>; 2]>;

impl<T: Task> Semaphore<T> {
    /// One with so many permits, made at this place of a program. `count` says how many the value is for with which a
    /// task waits.
    pub fn made_at(place: Place, permits: i64, count: fn(&T::Value) -> i64) -> Self {
        let semaphore = Semaphore(Channel::made_at(place, 0));
        semaphore.0.rx.core().lock().permits = Some(Permits { free: permits, count });
        semaphore
    }

    /// How many permits nobody has.
    pub fn free(&self) -> i64 {
        self.0.rx.core().lock().permits.as_ref().map_or(0, |permits| permits.free)
    }

    /// Takes permits, if no other thread is at it, nobody waits, and as many are free. Calls nothing. May say no for no
    /// reason.
    #[inline(always)]
    pub fn take_at_hand(&self, count: i64) -> bool {
        self.0.rx.core().try_lock().is_some_and(|mut core| core.take_permits(count))
    }

    /// Gives permits back, if no other thread is at it, and nobody waits. Calls nothing. May say no for no reason.
    #[inline(always)]
    pub fn give_at_hand(&self, count: i64) -> bool {
        let Some(mut core) = self.0.rx.core().try_lock() else { return false };
        if mutant!("semaphore.gives-past-the-line", core.receivers.is_empty(), true) {
            core.give_permits(count);
            return true;
        }
        false
    }

    /// Takes permits if nobody waits and as many are free.
    pub(crate) fn try_take(&self, count: i64) -> bool {
        self.0.rx.core().lock().take_permits(count)
    }

    /// The same, or the waiter stands in line with its wish.
    ///
    /// # Safety
    /// As for `Receiver::recv`.
    pub(crate) unsafe fn take(&self, count: i64, wish: T::Value, waiter: (Raw<T>, u32)) -> bool {
        let mut core = self.0.rx.core().lock();
        if core.take_permits(count) {
            return true;
        }
        // SAFETY: the waiter is the caller's own record and in no list yet (promised), so its message is ours to write;
        // it leaves the list before it goes on (promised), so it lives that long.
        unsafe {
            *waiter.0.get().message() = Some(wish);
            core.receivers.push_wait(waiter.0.spot(), waiter.1);
        }
        false
    }

    /// Gives permits back, and calls those who may have them.
    pub(crate) fn give(&self, count: i64, called: &mut Called<T>) {
        let mut core = self.0.rx.core().lock();
        core.give_permits(count);
        core.let_in(called);
    }

    /// The line, for a task that waits in it.
    pub(crate) fn waited_at(&self) -> WaitedAt<T> {
        self.0.rx.waited_at()
    }

    /// How many handles of the channel there are: those of this semaphore.
    pub(crate) fn handles(&self) -> Handles {
        self.0.rx.handles()
    }
}

impl<T: Task> Core<T> {
    /// Takes permits if nobody waits and as many are free.
    #[inline(always)]
    fn take_permits(&mut self, count: i64) -> bool {
        let Some(permits) = self.permits.as_mut() else { return false };
        let may_take = count <= permits.free && self.receivers.is_empty();
        if may_take {
            // Less than none may be taken by who never gave any in a module that no compiler has made.
            permits.free = permits.free.saturating_sub(count);
        }
        may_take
    }

    #[inline(always)]
    fn give_permits(&mut self, count: i64) {
        if let Some(permits) = self.permits.as_mut() {
            // As above.
            permits.free = permits.free.saturating_add(count);
        }
    }

    /// Lets in who waits longest, as long as there are permits.
    pub(crate) fn let_in(&mut self, called: &mut Called<T>) {
        while let (Some(first), Some(permits)) = (self.receivers.first(), self.permits.as_mut()) {
            // SAFETY: it is in our list, so it lives and its message is ours, for we hold the lock.
            let wanted = unsafe { first.message() }.as_ref().map_or(0, permits.count);
            let left = permits.free.saturating_sub(wanted);
            if wanted > permits.free {
                return;
            }
            let Some((spot, generation)) = self.receivers.pop_wait() else { return };
            let mut woken: Woken<T> = None;
            let has_ended = self.end_wait(false, spot, generation, Claim::Message, &mut woken);
            called.extend(woken);
            if let Some(permits) = self.permits.as_mut()
                && mutant!("semaphore.lets-in-who-was-cancelled", has_ended, true)
            {
                permits.free = left;
            }
        }
    }
}

impl<T: Task> fmt::Debug for Semaphore<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Semaphore {{ free: {} }}", self.free())
    }
}
