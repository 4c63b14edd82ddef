//! What ends a wait, and what the operations of [`Context`](crate::Context) answer at once.

use smallvec::SmallVec;

use crate::{Outcome, Place, Task};

/// What ended a wait; given once by [`Context::take_wake`](crate::Context::take_wake).
pub enum Wake<V, F> {
    /// Nothing: the task starts, or it had yielded.
    None,
    /// The sleep is over.
    Timer,
    /// The value that was sent has been taken or buffered.
    Sent,
    /// `recv` got this.
    Message(V),
    /// `recv`: the channel is closed and drained.
    Closed,
    /// `join`: how the task ended.
    Joined(Outcome<V, F>),
    /// All children of `par`, `race`, `timeout` or a scope have ended.
    Group(GroupEnd<V, F>),
    /// All members of the scope have ended.
    AllJoined,
    /// The source is ready, or an error waits there to be read.
    Io,
    /// A blocking job or a completer gave its value; `Err` is the text of a panic, or says that nobody completed it.
    Completed(Result<V, String>),
    /// The latch is open.
    Latch,
    /// This case of a select: what it has received, `None` if it has sent or the channel is closed.
    Selected(usize, Option<V>),
    /// The wait was cancelled; [`Context::cancel_requested`](crate::Context::cancel_requested) knows why.
    Cancelled,
    /// Everything waits for ever: the root faults with this.
    Deadlock(F),
}

/// How the children of a group ended.
pub struct GroupEnd<V, F> {
    /// Outcomes in the order in which the children were given.
    pub outcomes: SmallVec<[Outcome<V, F>; 2]>,
    /// Which child decided: for a race the winner, for `par` the first that failed, otherwise 0.
    pub first: usize,
    /// The time was up before the body completed.
    pub timed_out: bool,
    /// A fault of a member of the scope.
    pub child_fault: Option<F>,
}

/// Answer of `send`.
pub enum Send<V> {
    /// Taken or buffered.
    Done,
    /// Buffered, behind so many others that whoever receives should soon have a turn.
    Crowded,
    /// The channel was closed, there. The value comes back.
    Closed {
        /// What was to be sent.
        value: V,
        /// Where the channel was closed.
        closed_at: Place,
    },
    /// The wait is registered: return [`Step::Waiting`](crate::Step::Waiting).
    Wait,
}

/// Answer of `recv`.
pub enum Recv<V> {
    /// The next message.
    Value(V),
    /// Closed and drained.
    Closed,
    /// The wait is registered: return [`Step::Waiting`](crate::Step::Waiting).
    Wait,
}

/// Answer of `try_send`.
pub enum TrySend<V> {
    /// Taken or buffered.
    Done,
    /// No room at the moment. The value comes back.
    Full(V),
    /// The channel was closed, there. The value comes back.
    Closed {
        /// What was to be sent.
        value: V,
        /// Where the channel was closed.
        closed_at: Place,
    },
}

/// Answer of `try_recv`.
pub enum TryRecv<V> {
    /// The next message.
    Value(V),
    /// Open, but nothing there at the moment.
    Empty,
    /// Closed and drained.
    Closed,
}

/// Answer of `join`.
pub enum Join<T: Task> {
    /// It has ended, like this.
    Ready(Outcome<T::Value, T::Fault>),
    /// A task cannot join itself.
    Myself,
    /// The wait is registered: return [`Step::Waiting`](crate::Step::Waiting).
    Wait,
}

/// Answer of `join_all`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum JoinAll {
    /// No member but the caller runs.
    Done,
    /// The scope has ended.
    Ended,
    /// The wait is registered: return [`Step::Waiting`](crate::Step::Waiting).
    Wait,
}

/// The scope has ended, so nothing can be spawned in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ScopeEnded;

/// Answer of [`Context::tick`](crate::Context::tick).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tick {
    /// Go on with new fuel.
    Continue,
    /// Return [`Step::Yielded`](crate::Step::Yielded).
    Yield,
}
