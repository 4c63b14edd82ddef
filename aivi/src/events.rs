//! What happens to fibers, as data for the host while it happens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aivi_scheduler::{End, Event, EventKind};

use crate::programs::Programs;

/// Something that happened to a fiber: see [`EngineBuilder::on_events`](crate::EngineBuilder::on_events).
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct FiberEvent {
    /// When, since the engine made its first call; virtual in the simulator, since the call was made.
    pub at: Duration,
    /// The number of the fiber, unique in the engine (in the simulator, in the call).
    pub fiber: u64,
    /// The worker that noted it.
    pub worker: usize,
    /// What happened.
    pub kind: FiberEventKind,
}

/// What happened to a fiber. Places are texts as reports show them: `path:line:column`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum FiberEventKind {
    /// It was made.
    Began {
        /// By this fiber; `None`: by a call of the host.
        by: Option<u64>,
        /// The function whose code it runs.
        function: String,
        /// Where it was started.
        at: String,
    },
    /// A worker runs it.
    Runs,
    /// It waits.
    Waits {
        /// For what, in words.
        reason: String,
        /// Where it stands.
        at: String,
    },
    /// Its wait is over, and it is ready.
    Woken,
    /// It has run for long enough, and is ready again.
    Yielded {
        /// Where it stands.
        at: String,
    },
    /// It was asked to end.
    Cancelled {
        /// Why, in words.
        reason: String,
    },
    /// It has ended.
    Ended {
        /// How.
        how: FiberEnd,
    },
}

/// How a fiber ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FiberEnd {
    /// With a value.
    Done,
    /// With a failure.
    Failed,
    /// With a fault.
    Faulted,
    /// It was cancelled.
    Cancelled,
}

/// Somebody who wants to know.
#[derive(Clone)]
pub(crate) struct Listener(pub(crate) Arc<Listen>);

/// What is called.
type Listen = dyn Fn(&[FiberEvent]) + Send + Sync;

impl Listener {
    /// What is for hosts of these: messages and timers are left to traces.
    pub(crate) fn events(events: &[Event], programs: &Programs) -> Vec<FiberEvent> {
        events.iter().filter_map(|event| FiberEvent::of(event, programs)).collect()
    }
}

impl FiberEvent {
    fn of(event: &Event, programs: &Programs) -> Option<FiberEvent> {
        let kind = match event.kind {
            EventKind::Spawned { by, at, entry, .. } => FiberEventKind::Began {
                by: (by != 0).then_some(by),
                function: programs.name_at(entry),
                at: programs.describe(at),
            },
            EventKind::Resumed => FiberEventKind::Runs,
            EventKind::Waits { reason, at, .. } => {
                FiberEventKind::Waits { reason: reason.text().to_owned(), at: programs.describe(at) }
            }
            EventKind::Woken { .. } => FiberEventKind::Woken,
            EventKind::Yielded { at } => FiberEventKind::Yielded { at: programs.describe(at) },
            EventKind::Cancelled { reason, .. } => FiberEventKind::Cancelled { reason: reason.kind.to_string() },
            EventKind::Ended { how, .. } => FiberEventKind::Ended {
                how: match how {
                    End::Done => FiberEnd::Done,
                    End::Failed => FiberEnd::Failed,
                    End::Faulted => FiberEnd::Faulted,
                    End::Cancelled(_) => FiberEnd::Cancelled,
                },
            },
            EventKind::Channel { .. }
            | EventKind::Sent { .. }
            | EventKind::Received { .. }
            | EventKind::Closed { .. }
            | EventKind::CleanupBegan { .. }
            | EventKind::CleanupEnded
            | EventKind::TimerArmed { .. }
            | EventKind::Stuck { .. }
            | EventKind::Stolen { .. } => return None,
        };
        let (at, worker) = (Duration::from_nanos(event.at_ns), event.worker as usize);
        Some(FiberEvent { at, fiber: event.task, worker, kind })
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Listener")
    }
}
