//! What a task needs only until it has ended: its state machine, what it waits for, its children, who is told of its
//! end.
//!
//! Who may touch which field of a [`Body`], and when:
//!
//! 1. `parent`, `family`: whoever knows that the task has not ended. They do not change, or say themselves who may
//!    look.
//! 2. `own`, `task`: the *running side* only. That is the worker that took the task from a queue; before, whoever won
//!    the claim and queued it; and anybody at all while the world is stopped (`Shared::stop_world`).
//! 3. `crew_link`: under the lock of the crew, or of the group of a crowd.
//!
//! The body belongs to the right to run. Who ends a task has it until nobody looks any more: until it has left its crew
//! or its group; then it drops it (`Worker::end`).

use std::cell::UnsafeCell;
use std::num::NonZeroU32;
use std::ptr::NonNull;

use super::family::Family;
use super::record::Raw;
use super::state::Claim;
use super::{Place, Task};
use crate::list::Link;
use crate::run::Run;
use crate::scope::{Crew, Crews, Scope};
use crate::stuck::proof::Mark;
use crate::sync::Arc;
use crate::timer::TimerKey;
use crate::wait::{Waiting, Woken};

/// What only a task has that has not ended.
pub struct Body<T: Task> {
    /// Who is told of its end. Never changes.
    pub parent: Parent<T>,
    /// The children that the task waits for.
    pub family: Family<T>,
    pub(crate) crew_link: UnsafeCell<Link<Raw<T>>>,
    own: UnsafeCell<Own<T>>,
    task: UnsafeCell<Option<T>>,
}

/// What only the running side touches.
pub struct Own<T: Task> {
    /// Where tasks are spawned unless told otherwise. Lives as long as any task in it: its owner waits for all of them.
    pub scope: NonNull<Scope<T>>,
    /// The number of the last wait that was begun.
    pub generation: u32,
    pub has_started: bool,
    pub waiting: Waiting<T>,
    pub timer: Option<Timer>,
    pub woken: Woken<T>,
    pub crews: Crews<T>,
    pub place: Place,
    /// When it began to wait; the number begins again after seven weeks.
    since_ms: u32,
    /// The request to cancel has been passed on to the tasks that this one spawned.
    pub has_spread_cancel: bool,
    /// So has the request to kill.
    pub has_spread_kill: bool,
    /// The children that the task waits for have been asked to end because it was.
    pub has_told_group: bool,
    /// The wait was found to last for ever.
    pub stuck: Mark,
}

impl<T: Task> Own<T> {
    /// The fields of a task that has not run, and was made at `place`.
    pub fn new(scope: NonNull<Scope<T>>, place: Place) -> Self {
        Own {
            scope,
            generation: 0,
            has_started: false,
            waiting: Waiting::Nothing,
            timer: None,
            woken: Woken::Nothing,
            crews: Crews::default(),
            place,
            since_ms: 0,
            has_spread_cancel: false,
            has_spread_kill: false,
            has_told_group: false,
            stuck: Mark::default(),
        }
    }

    /// It waits from now on.
    #[inline]
    pub fn begin_to_wait(&mut self, now_ns: u64) {
        self.since_ms = millis(now_ns);
    }

    /// How long it has waited.
    pub fn waited_ms(&self, now_ns: u64) -> u32 {
        millis(now_ns).wrapping_sub(self.since_ms)
    }

    /// Notes the wait of a task that waits for nothing.
    #[inline]
    pub fn wait_for(&mut self, waiting: Waiting<T>) {
        let nothing = std::mem::replace(&mut self.waiting, waiting);
        debug_assert!(matches!(nothing, Waiting::Nothing), "a task waits for one thing at a time");
        // There is nothing to drop, which the compiler does not see.
        std::mem::forget(nothing);
    }

    /// Notes that a wait for a message without a limit has ended with one: the most frequent of all ends, of which the
    /// rest is in the record already.
    #[inline]
    pub fn end_with_message(&mut self, claim: Claim) -> bool {
        let is_message = claim == Claim::Message
            && self.timer.is_none()
            && matches!((&self.waiting, &self.woken), (Waiting::Recv(..), Woken::Nothing));
        if is_message {
            // Neither owns anything, which the compiler does not see.
            std::mem::forget(std::mem::replace(&mut self.waiting, Waiting::Nothing));
            std::mem::forget(std::mem::replace(&mut self.woken, Woken::Message));
        }
        is_message
    }
}

fn millis(now_ns: u64) -> u32 {
    (now_ns / 1_000_000) as u32
}

/// An armed timer: whose wheel it is in, and its key.
#[derive(Clone, Copy)]
pub struct Timer {
    /// One more than the worker's index: an `Option` of a timer is no larger than the timer.
    seat: NonZeroU32,
    pub key: TimerKey,
}

impl Timer {
    /// The timer `key` of the worker with this index.
    pub fn new(worker: usize, key: TimerKey) -> Self {
        Timer { seat: NonZeroU32::MIN.saturating_add(worker as u32), key }
    }

    /// Whose wheel it is in.
    pub fn worker(self) -> usize {
        self.seat.get() as usize - 1
    }
}

/// Who is told when a task ends.
pub enum Parent<T: Task> {
    /// The caller of `Runtime::run`.
    Run(Arc<Run<T>>),
    /// The owner of a group, and which of its children this is.
    Branch(Raw<T>, u32),
    /// The crew of the task that spawned it. The crew lives as long as it has members (see `scope`).
    Crew(NonNull<Crew<T>>),
}

// SAFETY: all fields are owned by the body or guarded as the module page says; what they hold is `Send` (`Task`,
// `Task::Value`, `Task::Fault`), and pointers to records, scopes and crews are sound on every thread for the same
// reason.
unsafe impl<T: Task> Send for Body<T> {}
// SAFETY: as above; unguarded fields are reached only by the one running side.
unsafe impl<T: Task> Sync for Body<T> {}

impl<T: Task> Body<T> {
    /// That of a task that has not begun.
    pub fn new(task: T, parent: Parent<T>, own: Own<T>) -> Self {
        Body {
            parent,
            family: Family::new(),
            crew_link: UnsafeCell::new(Link::new()),
            own: UnsafeCell::new(own),
            task: UnsafeCell::new(Some(task)),
        }
    }

    /// Whether it owns nothing, as the body of a task that has ended does nearly always.
    #[inline]
    pub fn is_empty(&mut self) -> bool {
        let own = self.own.get_mut();
        let is_idle = matches!((&own.waiting, &own.woken), (Waiting::Nothing, Woken::Nothing)) && own.crews.is_empty();
        is_idle && !matches!(self.parent, Parent::Run(_)) && self.family.is_empty() && self.task.get_mut().is_none()
    }

    /// The fields of the running side.
    ///
    /// # Safety
    /// The caller is the running side, and holds no other reference from this method.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn own(&self) -> &mut Own<T> {
        // SAFETY: promised by the caller.
        unsafe { &mut *self.own.get() }
    }

    /// The state machine; `None` once the task has ended.
    ///
    /// # Safety
    /// The caller is the running side, and holds no other reference from this method.
    #[allow(clippy::mut_from_ref)]
    #[inline]
    pub unsafe fn task(&self) -> &mut Option<T> {
        // SAFETY: promised by the caller.
        unsafe { &mut *self.task.get() }
    }
}
