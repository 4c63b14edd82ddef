//! Random scripts about fibers with a sequential model: of each can be said, without running it, how it may end and
//! what it must have released in which order.
//!
//! A script is a tree of `par`, `race`, `timeoutWith`, scopes with tasks, pipelines through channels, `retry`,
//! `attempt`, failures, faults and resources. The scheduler has tests of the same kind for its own tasks; these go
//! through compiler, machine and library.

mod model;
mod planter;
mod script;

pub use model::{Ended, Verdict};
pub use planter::plant;
pub use script::script;

/// How many permits the pool of a script has.
pub const PERMITS: usize = 2;

/// What a cleanup does before it says that it is done.
#[derive(Clone, Copy)]
pub enum Cleanup {
    /// Nothing.
    Plain,
    /// Waits for a timer.
    Sleeps,
    /// Waits for two branches.
    Forks,
    /// Has a limit of its own that passes.
    RunsLate,
    /// Fails when it has said so, which is a warning and no more.
    Fails,
}

/// What the body of a scope does with its task.
#[derive(Clone, Copy)]
pub enum With {
    /// Waits for it.
    Join,
    /// Requests its end, and waits for it.
    Cancel,
    /// Leaves it to the end of the scope.
    Leave,
}

/// A script and its model.
pub enum Tree {
    /// This value.
    Value(i64),
    /// This failure.
    Fail(i64),
    /// A division by zero.
    Fault,
    /// So many milliseconds first.
    Sleep(u64, Box<Tree>),
    /// So many turns of pure code first.
    Spin(u64, Box<Tree>),
    /// A resource of this number around it.
    Hold(usize, Cleanup, Box<Tree>),
    /// A permit of the pool for so many milliseconds, as a resource.
    Permit(u64),
    /// The sum of both.
    Par(Box<Tree>, Box<Tree>),
    /// The first one.
    Race(Box<Tree>, Box<Tree>),
    /// With a limit in milliseconds, and a failure when it has passed.
    Limit(u64, Box<Tree>),
    /// Up to so many attempts.
    Retry(u64, Box<Tree>),
    /// A value instead of a failure.
    Rescue(Box<Tree>),
    /// A task in a scope of its own.
    Task(With, Box<Tree>),
    /// A task of the scope around, which nobody waits for.
    Stray(Box<Tree>),
    /// The sum of the numbers that so many senders send, so many each, through a channel of this capacity.
    Pipe {
        /// How many messages the channel holds.
        capacity: usize,
        /// How many senders there are.
        senders: u64,
        /// How many messages each sends, beginning with 1.
        count: u64,
    },
}
