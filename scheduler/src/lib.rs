//! A work-stealing M:N scheduler: tasks, timers, reactor, scopes, channels, and a simulator that runs the same code by
//! a seed.
//!
//! It knows nothing of the values that tasks compute (see [`Task`]). A [`Runtime`] runs a root task; tasks reach
//! everything else through their [`Context`].
//!
//! Where to start reading: `task/state.rs` (how a wait ends exactly once), `task/record.rs` (who may touch what),
//! `worker/turn.rs` (a turn of a task), `idle.rs` (why no wake gets lost), `scope/mod.rs` and `group.rs` (who owns
//! whom).

#[macro_use]
mod mutant;

pub mod blocking;
mod broken;
mod channel;
mod completer;
mod config;
mod context;
mod crowd;
mod deadline;
mod deadlock;
mod dump;
mod event;
mod group;
mod idle;
mod io_waits;
mod latch;
mod list;
#[cfg(all(test, loom))]
mod models;
mod oracle;
mod park;
mod passes;
mod prefetch;
mod queue;
pub mod reactor;
mod rehearsal;
mod run;
mod runtime;
mod scope;
mod seat;
mod select;
mod sharing;
mod shutdown;
mod simulator;
mod stats;
mod stuck;
mod sync;
mod task;
pub mod timer;
mod usage;
mod wait;
mod wake;
mod worker;
mod world;

pub use broken::panic_text;
pub use channel::{
    Channel, ChannelEnd, ChannelsLeft, Receiver, Receiving, Semaphore, Sender, Sending, Side, queued_messages,
};
pub use completer::{Blocking, Completer, Keep};
pub use config::{Config, Hold, HoldCause, Mode, Observer, Report, WORKERS_MAX};
pub use context::{Context, FUEL, Split};
pub use crowd::{Maker, Rule};
pub use dump::{DeadlockReport, Dump, DumpedCase, DumpedChannel, DumpedTask};
pub use event::{End, Event, EventKind, Role, Waker};
pub use latch::Latch;
pub use passes::{Passes, Watcher};
pub use prefetch::prefetch;
pub use rehearsal::{Decision, Rehearsal, Step as RehearsedStep, StepEnd, Tape};
pub use run::{RunCanceller, Started};
pub use runtime::{Canceller, Runtime};
pub use scope::{ScopeRef, WeakScope};
pub use select::{Case, Limit, Selected};
pub use stats::Stats;
pub use stuck::Ledger;
pub use task::{CancelKind, CancelReason, Outcome, Place, Step, Task, TaskHandle};
pub use wait::WaitReason;
pub use wake::{GroupEnd, Join, JoinAll, Recv, ScopeEnded, Send, Tick, TryRecv, TrySend, Wake};
pub use worker::Turn;
