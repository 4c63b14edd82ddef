//! Events: what happened to tasks, in order, for those who want to see it (traces, tests, reports).
//!
//! A worker notes events in a buffer of its own, without a lock, and hands them to the host ([`Observer::events`]) when
//! there are many, before it parks and when it leaves. Events of one worker come in order; those of several have to be
//! merged by their time. In the simulator there is one worker, so a seed gives the same events every time.
//!
//! When nobody listens, each place that could note something tests one field of its own worker. Rejected: a type
//! parameter that compiles the tests away (the machine would exist twice), and a flag that all workers share (it would
//! have to be loaded again after each atomic operation).
//!
//! [`Observer::events`]: crate::Observer::events

use crate::{CancelReason, Outcome, Place, WaitReason};

/// Something that happened to a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Event {
    /// When, in nanoseconds since the runtime was made; virtual in the simulator.
    pub at_ns: u64,
    /// The task that it happened to.
    pub task: u64,
    /// The worker that noted it.
    pub worker: u32,
    /// What happened.
    pub kind: EventKind,
}

// A million events are a common trace.
const _: () = assert!(size_of::<Event>() <= 56);

/// What happened to a task.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EventKind {
    /// It was made, and queued.
    Spawned {
        /// By this task; 0: from outside.
        by: u64,
        /// What its maker wants of it.
        role: Role,
        /// Where its maker stood.
        at: Place,
        /// Where its own code begins.
        entry: Place,
    },
    /// A worker begins to run it.
    Resumed,
    /// It stops running, and waits.
    Waits {
        /// For what.
        reason: WaitReason,
        /// The number of the channel, or the task that it joins; else 0.
        on: u64,
        /// Where it stands.
        at: Place,
    },
    /// Something has ended its wait, and it is queued.
    Woken {
        /// What.
        by: Waker,
    },
    /// It stops running because it was its turn for long enough, and is queued.
    Yielded {
        /// Where it stands.
        at: Place,
    },
    /// It has ended.
    Ended {
        /// How.
        how: End,
        /// Where it stood last.
        at: Place,
    },
    /// A task uses a channel for the first time since events are noted.
    Channel {
        /// Its number.
        channel: u32,
        /// Room for so many messages.
        capacity: usize,
        /// Where it was made, if its maker told.
        made_at: Option<Place>,
    },
    /// It has sent a message.
    Sent {
        /// The number of the channel.
        channel: u32,
    },
    /// It has got a message.
    Received {
        /// The number of the channel.
        channel: u32,
    },
    /// It has closed a channel.
    Closed {
        /// The number of the channel.
        channel: u32,
    },
    /// It was asked to end.
    Cancelled {
        /// By this task; 0: from outside.
        by: u64,
        /// Why.
        reason: CancelReason,
    },
    /// A cleanup begins; it may contain others.
    CleanupBegan {
        /// Where.
        at: Place,
    },
    /// The innermost cleanup is over.
    CleanupEnded,
    /// It has armed a timer: for a sleep, or for the limit of its children. `Woken` tells when the timer fired.
    TimerArmed {
        /// When it is due.
        due_ns: u64,
    },
    /// It was found to wait for ever, while others go on.
    Stuck {
        /// Where it stands.
        at: Place,
    },
    /// A worker took it from another.
    Stolen {
        /// From this one.
        from: u32,
    },
}

/// What a task is to its maker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// The root of a run.
    Root,
    /// A side of a `par`.
    Par,
    /// A side of a race.
    Race,
    /// The body of a timeout.
    Timeout,
    /// The body of a scope.
    Scope,
    /// One of a list of effects.
    Branch,
    /// A member of a scope.
    Member,
}

/// What ended a wait.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Waker {
    /// A task: with a message, a request to end, its own end.
    Task(u64),
    /// A timer.
    Timer,
    /// The reactor.
    Io,
    /// Another thread.
    Outside,
    /// Nobody could, and it is told so.
    Deadlock,
    /// The wait was over before it could begin.
    Itself,
}

/// How a task ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// With a value.
    Done,
    /// With a failure.
    Failed,
    /// With a bug.
    Faulted,
    /// It was asked to.
    Cancelled(CancelReason),
}

impl<V, F> From<&Outcome<V, F>> for End {
    fn from(outcome: &Outcome<V, F>) -> End {
        match outcome {
            Outcome::Done(_) => End::Done,
            Outcome::Failed(_) => End::Failed,
            Outcome::Faulted(_) => End::Faulted,
            Outcome::Cancelled(reason) => End::Cancelled(*reason),
        }
    }
}
