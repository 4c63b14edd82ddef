//! Joins in place: who joins the task that would run next runs it first, in its own turn.
//!
//! A task that was made in this turn, and alone, is known to this worker only (`queue.rs`), and would have the next turn as soon as
//! the joiner waits. So the joiner does not register its wait: it notes the child ([`Waiting::Child`]) and leaves its turn. The worker
//! then gives the child a turn, as another worker might have done before the join began. If the child has ended by then, the joiner goes on
//! as if it had come late, and there was no wait: no lock, no claim, no turn that ends and begins. If the child waits or has
//! spent its fuel, the joiner registers and publishes as any other.
//!
//! What always holds:
//! - Both are tasks of their own all the time. Nothing is in between for dumps, the search for deadlocks or a stopped world: they come
//!   between two turns, and then the joiner is ready, or its wait is published.
//! - A request to cancel the joiner that comes meanwhile is a flag in its state, as for every task that runs; it shows
//!   when the wait is published, or at the next checkpoint: a slice late at most.
//! - The worker has the joiner's reference to the child besides the right to run it, so it knows when nobody else can see the outcome.
//! - The machine's stack is not nested: the joiner has left [`Task::resume`]. Turns are, as deep as [`DEEPEST`].
//!
//! The simulator, rehearsals and traces, where every turn is a decision or an event, do without, as do turns that are timed.
//!
//! Rejected: running the child on the stack of the joiner, as a branch in place (decision 0015). It would save the child's fiber, not its
//! record, since the handle is a name that others may use to cancel or join it at any moment; and a fiber costs as much as moving one out.

use crate::Task;
use crate::task::record::{Raw, Record};
use crate::wait::{Waiting, Woken};

use super::Worker;

/// Turns inside of each other at most (arbitrary: a tree of tasks that spawn and join gains as much from a few).
const DEEPEST: u32 = 16;

impl<T: Task> Worker<T> {
    /// Takes a task that the caller, whose turn it is, wants to join out of the queue, to run it in place.
    pub(crate) fn take_to_join(&mut self, child: Raw<T>) -> bool {
        !self.core.attention && self.core.nested < DEEPEST && self.core.queue.take_only_child(child)
    }

    /// Runs the child that a task joins, which is in no queue, and then queues the task or publishes its wait.
    #[inline(never)]
    pub(super) fn join_child(&mut self, raw: Raw<T>, record: &Record<T>) {
        // SAFETY: we are the running side of the joiner.
        let own = unsafe { record.own() };
        let Some(child) = own.take_child() else { return };
        self.core.nested += 1;
        self.turn_of(child.raw(), 2);
        self.core.nested -= 1;
        // SAFETY: as above; a turn of another task does not touch what is the running side's.
        let own = unsafe { record.own() };
        let generation = own.generation.wrapping_add(1);
        if mutant!("join.numbers-a-wait-that-was-none", false, true) {
            own.generation = generation;
        }
        // SAFETY: the joiner is in no list, and takes itself out before it goes on: that is noted in `waiting` below. Our
        // reference keeps the child until we have registered.
        if child.has_ended() || unsafe { !child.join(raw, generation) } {
            child.note_joined();
            own.woken = Woken::Joined(child);
            self.core.queue.push_first(raw);
            return;
        }
        own.generation = generation;
        own.wait_for(Waiting::Join(child.raw()));
        drop(child);
        self.publish(raw, record);
    }
}
