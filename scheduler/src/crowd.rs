//! Crowds: any number of children that a task waits for, made as they are needed.
//!
//! A crowd is a group (`group.rs`) whose children come from a list. At most so many of them live at a time: whoever
//! ends one makes the next, under the lock of the group. So no task waits for its turn to begin, and a crowd of a
//! million items takes the memory of the children that live and of what they gave.
//!
//! Where many may live at once they are made in pieces: the owner makes two, and the last child of each piece, when its
//! turn has come, one more. So no turn takes long, others have theirs in between, and of a race that is decided early
//! only the beginning is ever made.
//!
//! What always holds, under the lock of the group:
//! - `live` are the children that were made and have not ended; `Group::pending` is how many.
//! - Children are made in their order. A crowd that is closed makes no more: one that is decided, or whose owner is
//!   asked to end.
//! - The outcome of a child is at its index from its end on; its record belongs to nobody then.
//!
//! Rejected: a task for each item that waits for a permit (memory of all items at once, and a queue that each of them
//! goes through); waking the owner for each child that ends (two turns for each child instead of one); all children at
//! once, however many (a hundred thousand took 70 ms, in which nothing else ran on that worker).

use std::ptr::NonNull;

use crate::list::List;
use crate::scope::Scope;
use crate::task::record::{Raw, Ref};
use crate::{Outcome, Place, Task};

/// So many children are made without a pause: some ten microseconds. Arbitrary; a piece of 16 costs no more, one of
/// 1,024 is late by what it takes.
const PIECE: usize = 128;

/// What the end of one child means for the others.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rule {
    /// The first failure or fault cancels the others.
    All,
    /// Only a fault does.
    Settled,
    /// The first to complete does.
    First,
    /// The first value or fault does.
    Any,
}

/// Makes the child of an index; asked once for each, in order.
pub type Maker<T> = Box<dyn FnMut(usize) -> T + Send>;

/// The children of a group, which are many.
pub struct Crowd<T: Task> {
    pub rule: Rule,
    /// How many children there will be.
    count: usize,
    /// So many of them live at a time, at most.
    limit: usize,
    made: usize,
    /// Gone when the crowd is closed or all are made: what it holds is then no longer held.
    maker: Option<Maker<T>>,
    live: List<Raw<T>>,
    outcomes: Vec<Option<Outcome<T::Value, T::Fault>>>,
    /// Where the owner stands, and the scope in which its children are.
    pub place: Place,
    pub innermost: NonNull<Scope<T>>,
}

// SAFETY: the maker and the outcomes are `Send`; the scope lives as long as the owner waits in it (`Own::scope`), and
// is `Sync`; records in the list are reached under the lock of the group.
unsafe impl<T: Task> Send for Crowd<T> {}

impl Rule {
    /// Does this outcome decide for all?
    pub fn decides<V, F>(self, outcome: &Outcome<V, F>) -> bool {
        match self {
            Rule::All => outcome.is_error(),
            Rule::Settled => matches!(outcome, Outcome::Faulted(_)),
            Rule::First => outcome.is_completion(),
            Rule::Any => matches!(outcome, Outcome::Done(_) | Outcome::Faulted(_)),
        }
    }

    /// Is it over as soon as one child is?
    pub fn is_race(self) -> bool {
        matches!(self, Rule::First | Rule::Any)
    }
}

/// Does the child with this index make others when it begins? No child of another group does, as those have two.
pub fn is_last_of_piece(index: u32) -> bool {
    index as usize % PIECE == PIECE - 1
}

impl<T: Task> Crowd<T> {
    /// A crowd that has made no child.
    pub fn new(
        rule: Rule,
        (count, limit): (usize, usize),
        maker: Maker<T>,
        place: Place,
        innermost: NonNull<Scope<T>>,
    ) -> Self {
        let outcomes = std::iter::repeat_with(|| None).take(count).collect();
        Crowd { rule, count, limit, made: 0, maker: Some(maker), live: List::new(), outcomes, place, innermost }
    }

    /// How many children the owner makes.
    pub fn first(&self) -> usize {
        self.limit.min(2 * PIECE)
    }

    /// How many children the last of a piece makes, of which so many live.
    pub fn piece(&self, live: usize) -> usize {
        self.limit.saturating_sub(live).min(PIECE)
    }

    /// The next child, with its index, which the caller adds to the crowd. `None`: there is none to be made.
    pub fn next(&mut self) -> Option<(usize, T)> {
        let index = self.made;
        let task = self.maker.as_mut()?(index);
        self.made += 1;
        if self.made == self.count {
            self.maker = None;
        }
        Some((index, task))
    }

    /// Adds a child that was just made.
    pub fn add(&mut self, child: Ref<T>) {
        let raw = child.raw();
        // The count is the crowd's until the child has ended (`remove`).
        std::mem::forget(child);
        // SAFETY: a branch is in no crew, so its link is free. It lives until it was removed: its count is ours.
        unsafe { self.live.push(raw) };
    }

    /// A child has ended: keeps its outcome and gives its count.
    ///
    /// # Safety
    /// It is a child of this crowd, which was added and has not been removed; the caller has ended it, under the lock
    /// of the group.
    pub unsafe fn remove(&mut self, raw: Raw<T>, index: usize) -> Ref<T> {
        let is_removed = self.live.remove(raw);
        debug_assert!(is_removed, "a child ends once");
        // SAFETY: `add` has left us the count.
        let child = unsafe { Ref::from_raw(raw) };
        // SAFETY: nobody else reads the outcome of a branch while its group is not over (promised: the caller has ended
        // it).
        self.outcomes[index] = unsafe { child.take_outcome() };
        child
    }

    /// No more children are made.
    pub fn close(&mut self) {
        self.maker = None;
    }

    /// The children that live, in the order in which they were made.
    pub fn live(&mut self) -> impl Iterator<Item = Raw<T>> {
        let mut next = self.live.first();
        std::iter::from_fn(move || {
            let found = next?;
            next = self.live.after(found);
            Some(found)
        })
    }

    /// The outcomes of the children that were made, in their order. All of them have ended.
    pub fn outcomes(self) -> impl Iterator<Item = Outcome<T::Value, T::Fault>> {
        self.outcomes.into_iter().flatten()
    }
}
