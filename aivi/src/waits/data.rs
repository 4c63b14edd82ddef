//! The fibers of a moment as data, for hosts and as JSON. Names and sentences are those of the report for people.

use aivi_scheduler::{DumpedChannel, DumpedTask, WaitReason};
use serde::Serialize;

use super::{Waits, circle};

/// Names that a fiber lists: many that wait for the same many would be a square (arbitrary).
const OTHERS: usize = 100;

/// Every fiber at one moment, below the fiber that waits for it or that owns its scope.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
#[non_exhaustive]
pub struct Fibers {
    /// The fibers.
    pub fibers: Vec<Fiber>,
    /// The channels and semaphores that fibers wait at.
    pub channels: Vec<Channel>,
    /// The names of fibers of which each waits for the end of the next, and the last for the first.
    pub circle: Vec<String>,
}

/// A fiber at one moment.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
#[non_exhaustive]
pub struct Fiber {
    /// `main` or `fiber 1`; good within this moment.
    pub name: String,
    /// The fiber above.
    pub parent: Option<String>,
    /// One word: `ready`, or the kind of its wait.
    pub state: String,
    /// What it does, as a sentence about it.
    pub does: String,
    /// Where it stands: `path:line:column`.
    pub at: String,
    /// That line, with its number.
    pub source: Option<String>,
    /// Where it was started.
    pub started_at: Option<String>,
    /// How long it has been waiting.
    pub waited_ms: u64,
    /// How much longer it waits at most, if its wait has a limit.
    pub left_ms: Option<u64>,
    /// The fibers whose end it waits for; of many the first ones.
    pub waits_for: Vec<String>,
    /// The channel or semaphore that it waits at, as an index into `channels`.
    pub channel: Option<usize>,
    /// Why it was asked to end, and where.
    pub asked_to_end: Option<String>,
    /// It is in a cleanup.
    pub in_cleanup: bool,
    /// Where the cleanups are that it has to run when it ends, the next one first.
    pub cleanups: Vec<String>,
}

/// A channel at one moment.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize)]
#[non_exhaustive]
pub struct Channel {
    /// Where it was made.
    pub made_at: Option<String>,
    /// Room for so many messages; `None` for all.
    pub capacity: Option<usize>,
    /// Messages that are in it.
    pub buffered: usize,
    /// It is closed.
    pub is_closed: bool,
    /// It is no channel but the line of a semaphore: who waits to receive waits for permits, and who can send can give
    /// some back.
    pub is_semaphore: bool,
    /// The fibers that wait to send.
    pub senders: Vec<String>,
    /// The fibers that wait to receive.
    pub receivers: Vec<String>,
    /// The fibers that have the end that sends, if it is known who has; nobody else does then.
    pub can_send: Option<Vec<String>>,
    /// The fibers that have the end that receives, likewise.
    pub can_receive: Option<Vec<String>>,
}

impl Fibers {
    /// Adds those of another runtime.
    pub(crate) fn append(&mut self, mut other: Fibers) {
        let before = self.channels.len();
        other.fibers.iter_mut().filter_map(|fiber| fiber.channel.as_mut()).for_each(|channel| *channel += before);
        self.fibers.append(&mut other.fibers);
        self.channels.append(&mut other.channels);
        self.circle.append(&mut other.circle);
    }
}

impl Waits<'_> {
    /// The same as data.
    pub(crate) fn data(&self) -> Fibers {
        let circle = circle::find(self.dump, &self.indices);
        Fibers {
            fibers: self.dump.tasks.iter().map(|task| self.fiber(task)).collect(),
            channels: self
                .dump
                .channels
                .iter()
                .enumerate()
                .map(|(index, channel)| self.channel(index, channel))
                .collect(),
            circle: circle.iter().map(|index| self.names[*index].clone()).collect(),
        }
    }

    fn fiber(&self, task: &DumpedTask) -> Fiber {
        let describe = |place| self.programs.describe(place);
        let others = task.waits_for.iter().copied().filter(|id| *id != task.id).take(OTHERS).collect::<Vec<_>>();
        Fiber {
            name: self.name(task.id).to_owned(),
            parent: task.parent.map(|id| self.name(id).to_owned()),
            state: task.reason.text().to_owned(),
            does: self.wait(task),
            at: describe(task.place),
            source: self.source(task.place),
            started_at: task.spawned_at.map(describe),
            waited_ms: task.waited_ms,
            left_ms: task.left_ms,
            waits_for: self.names_of(&others),
            channel: task.waits_at,
            asked_to_end: task.cancelled.map(|reason| self.reason(reason)),
            in_cleanup: task.is_masked,
            cleanups: task.cleanups.iter().map(|place| describe(*place)).collect(),
        }
    }

    fn channel(&self, index: usize, channel: &DumpedChannel) -> Channel {
        Channel {
            made_at: channel.made_at.map(|place| self.programs.describe(place)),
            capacity: (channel.capacity < usize::MAX).then_some(channel.capacity),
            buffered: channel.buffered,
            is_closed: channel.is_closed,
            is_semaphore: channel.is_semaphore,
            senders: self.names_of(self.waiters(index, WaitReason::Send)),
            receivers: self.names_of(self.waiters(index, WaitReason::Recv)),
            can_send: channel.senders.as_deref().map(|ids| self.names_of(ids)),
            can_receive: channel.receivers.as_deref().map(|ids| self.names_of(ids)),
        }
    }

    fn names_of(&self, ids: &[u64]) -> Vec<String> {
        ids.iter().map(|id| self.name(*id).to_owned()).collect()
    }
}
