//! What the scheduler runs, and the words it shares with those who write tasks.
//!
//! A *task* is a state machine that [`Task::resume`] moves on until it yields, waits or ends. The scheduler knows
//! nothing of what a task computes: results, failures and messages are `Task::Value`, bugs are `Task::Fault`.

pub(crate) mod body;
mod family;
mod free;
mod handle;
pub(crate) mod record;
pub(crate) mod state;
pub(crate) mod waiter;

use std::fmt;
use std::ptr::NonNull;

pub use handle::TaskHandle;

use crate::{Context, DeadlockReport, Ledger};

/// A state machine that can be run in slices; a fiber of the VM is one.
///
/// It is dropped when it has ended; that of a root when all that it has started, directly or not, was dropped, so that
/// these may use what the root keeps.
pub trait Task: Send + Sized + 'static {
    /// Results, failures and messages: already safe to cross threads.
    type Value: Clone + Send + 'static;
    /// A bug of the program, or a limit it ran into.
    type Fault: Clone + Send + 'static;

    /// Runs until it yields, waits or ends. After a wait, [`Context::take_wake`] says what happened. Who has begun a
    /// wait says that it waits: one that yields or ends instead gives the wait up, and with it the message or the
    /// permits that it may have got already.
    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self>;

    /// How many times `prefetch` is called.
    const PREFETCH_DEPTHS: u32 = 0;

    /// It was woken with others, and its turn is near: asks for memory that it will touch
    /// ([`prefetch`](crate::prefetch())). Called for each `depth` from 0 on: for what it points to, then for what that
    /// points to, and so on.
    fn prefetch(&self, _depth: u32) {}

    /// The source that it waits for has become ready, and its turn will come: it may try now what it would begin that
    /// turn with. Called for all that were woken together, one after the other, on a thread where somebody else may
    /// have his turn; not in the simulator.
    fn try_early(&mut self) {}

    /// Has it begun elsewhere, so that it has to notice a request to end by itself even if that comes before its first
    /// turn?
    fn has_begun(&self) -> bool {
        false
    }

    /// Ends at once, where it waits, if to be cancelled for this reason is all that is left for it: no cleanup of its
    /// would run. `None`: it has to be told of the request in a turn of its own. Called where somebody else has his
    /// turn, on the same thread.
    fn end_in_wait(&mut self, _reason: CancelReason) -> Option<Outcome<Self::Value, Self::Fault>> {
        None
    }

    /// It was killed, and will be dropped without another turn: lets those go on who wait for what only it would have
    /// done.
    fn give_up(&mut self, _cx: &mut Context<'_, Self>) {}

    /// Where its own code begins; asked before it runs for the first time, to give it a name in traces.
    fn entry(&self) -> Place {
        Place::default()
    }

    /// The cleanups that it would run if it were asked to end now, the first one first; for dumps.
    fn cleanups(&self) -> Vec<Place> {
        Vec::new()
    }

    /// Enters every counted reference that the task, which waits, owns: each once. What is left out counts as held by
    /// somebody who may use it at any time, so that nobody who depends on it is taken for stuck.
    fn trace(&self, _ledger: &mut Ledger<Self>) {}

    /// The same for a message.
    fn trace_value(_value: &Self::Value, _ledger: &mut Ledger<Self>) {}

    /// The same for an object that was entered.
    ///
    /// # Safety
    /// The object was entered by one of these methods, in the same search, and lives.
    unsafe fn trace_object(_object: NonNull<()>, _ledger: &mut Ledger<Self>) {}

    /// The fault for a root whose tasks all wait for ever.
    fn deadlock(report: DeadlockReport) -> Self::Fault;

    /// The fault of all runs when code of the runtime has panicked with this text, and it runs nothing any more.
    fn broken(text: &str) -> Self::Fault;
}

/// Why [`Task::resume`] returned.
pub enum Step<T: Task> {
    /// Ready to run again: others go first.
    Yielded,
    /// A wait was registered through the context.
    Waiting,
    /// The task is over; it is dropped.
    Ended(Outcome<T::Value, T::Fault>),
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome<V, F> {
    /// With a value.
    Done(V),
    /// With a failure that programs can handle.
    Failed(V),
    /// It was cancelled, for this reason.
    Cancelled(CancelReason),
    /// With a bug.
    Faulted(F),
}

impl<V, F> Outcome<V, F> {
    /// Did it end by itself, with a value, a failure or a fault?
    pub fn is_completion(&self) -> bool {
        !self.is_cancelled()
    }

    /// Was it cancelled?
    pub fn is_cancelled(&self) -> bool {
        matches!(self, Outcome::Cancelled(_))
    }

    /// Is it a failure or a fault?
    pub fn is_error(&self) -> bool {
        matches!(self, Outcome::Failed(_) | Outcome::Faulted(_))
    }
}

/// Where in a program; only those who write tasks know what the number means, but for the default: nowhere.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Place(pub u64);

impl Default for Place {
    fn default() -> Self {
        Place(u64::MAX)
    }
}

/// Why a task was cancelled, and where that was asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CancelReason {
    /// What asked for it.
    pub kind: CancelKind,
    /// Where the task that asked stood.
    pub place: Place,
}

/// What asked for a cancellation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CancelKind {
    /// `cancel` of the task's handle.
    Handle,
    /// The body of its scope has ended.
    ScopeEnded,
    /// So has a root, in whose scope it was.
    RootEnded,
    /// The task that waits for it, or that spawned it, was cancelled.
    ParentCancelled,
    /// The other branch of a race was first.
    RaceLost,
    /// The other branch of a `par` failed, or a member of the scope faulted.
    SiblingFailed,
    /// Its time was up.
    TimedOut,
    /// A signal from the operating system.
    Signal(i32),
    /// The program asked to exit with this code.
    Exit(i32),
    /// Something was used up that its run has a limit of.
    Limit,
    /// Everything waited for ever.
    Deadlock,
    /// The runtime shuts down.
    Shutdown,
}

impl fmt::Display for CancelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CancelKind::Handle => f.write_str("cancelled through its handle"),
            CancelKind::ScopeEnded => f.write_str("its scope ended"),
            CancelKind::RootEnded => f.write_str("everything ended that it was started by"),
            CancelKind::ParentCancelled => f.write_str("its parent was cancelled"),
            CancelKind::RaceLost => f.write_str("it lost a race"),
            CancelKind::SiblingFailed => f.write_str("a sibling failed"),
            CancelKind::TimedOut => f.write_str("its time was up"),
            CancelKind::Signal(number) => write!(f, "signal {number}"),
            CancelKind::Exit(code) => write!(f, "the program exits with {code}"),
            CancelKind::Limit => f.write_str("a limit was reached"),
            CancelKind::Deadlock => f.write_str("deadlock"),
            CancelKind::Shutdown => f.write_str("the runtime shuts down"),
        }
    }
}
