//! What a worker notes of its tasks while somebody listens (see `event.rs`).
//!
//! It reads what only the running side may touch, so each function says why the caller is that: the task has its turn,
//! or the caller has won the claim that ended its wait and has not queued it yet.

use crate::channel::{ChannelEnd, Side};
use crate::event::{End, Event, EventKind, Role, Waker};
use crate::group::Kind;
use crate::runtime::Shared;
use crate::sync::atomic::Ordering;
use crate::task::body::Parent;
use crate::task::record::{Raw, Record};
use crate::task::state::Claim;
use crate::wait::Waiting;
use crate::{CancelKind, CancelReason, Outcome, Place, Task};

use super::{Core, Worker};

/// Events are handed over when there are so many, between two turns, when no lock is held: 56 KiB (arbitrary).
const BATCH: usize = 1024;

/// The events of one worker that the host has not seen.
pub struct Log {
    events: Vec<Event>,
    /// The task whose turn it is, or was last.
    current: u64,
}

impl<T: Task> Core<T> {
    /// Begins to note events, if the host wants them.
    pub(super) fn begin_log(&mut self, shared: &Shared<T>) {
        if shared.is_observed && self.log.is_none() {
            self.log = Some(Box::new(Log { events: Vec::with_capacity(BATCH), current: 0 }));
        }
    }

    /// Hands over what was noted.
    pub(super) fn hand_in_events(&mut self, shared: &Shared<T>) {
        if let Some(log) = &mut self.log
            && !log.events.is_empty()
        {
            shared.observer.events(&log.events);
            log.events.clear();
        }
    }
}

impl<T: Task> Worker<T> {
    /// Does somebody listen?
    #[inline]
    pub fn is_observed(&self) -> bool {
        self.core.log.is_some()
    }

    /// Notes something if somebody listens.
    #[inline]
    pub fn note(&mut self, task: u64, kind: EventKind) {
        if self.core.log.is_some() {
            self.write(task, kind);
        }
    }

    /// The turn of a task begins; what is noted until the next turn was done by it.
    #[cold]
    pub(super) fn note_turn(&mut self, record: &Record<T>) {
        if self.core.holds.is_timing() {
            self.time_turn();
        }
        let Some(log) = &mut self.core.log else { return };
        log.current = record.id;
        if log.events.len() >= BATCH {
            self.core.hand_in_events(&self.shared);
        }
        self.write(record.id, EventKind::Resumed);
        if record.state.load().claim() == Claim::Message {
            // SAFETY: we are the running side.
            match unsafe { record.own() }.waiting {
                Waiting::Send(_, channel) => self.write(record.id, EventKind::Sent { channel }),
                Waiting::Recv(_, channel) => self.write(record.id, EventKind::Received { channel }),
                _ => {}
            }
        }
    }

    /// The task, whose wait the caller has ended, is about to be queued. `None`: the task whose turn it is has done it.
    #[inline]
    pub fn note_woken(&mut self, raw: Raw<T>, by: Option<Waker>) {
        if self.core.log.is_some() {
            self.write_woken(raw, by);
        }
    }

    /// The task has ended.
    #[inline]
    pub(super) fn note_end(&mut self, record: &Record<T>, outcome: &Outcome<T::Value, T::Fault>) {
        if self.core.log.is_some() {
            // SAFETY: we are the running side.
            let at = unsafe { record.own() }.place;
            self.write(record.id, EventKind::Ended { how: End::from(outcome), at });
        }
    }

    /// A task that has never run was made by the one whose turn it is.
    #[inline]
    pub fn note_spawned(&mut self, raw: Raw<T>, role: Role) {
        if self.core.log.is_some() {
            self.write_spawned(raw, role);
        }
    }

    /// A task came from outside: a root, or one that was woken there.
    pub(super) fn note_injected(&mut self, raw: Raw<T>) {
        if self.core.log.is_none() {
            return;
        }
        // SAFETY: a queued task lives, and having it is the right to run it.
        let (record, body, own) = unsafe { (raw.get(), raw.get().body(), raw.get().own()) };
        if matches!(body.parent, Parent::Run(_)) && !own.has_started {
            if let Some(log) = &mut self.core.log {
                log.current = 0;
            }
            return self.write_spawned(raw, Role::Root);
        }
        if let Some(reason) = record.cancel_reason()
            && is_from_outside(reason)
            && record.state.load().claim() == Claim::Cancel
        {
            self.write(record.id, EventKind::Cancelled { by: 0, reason });
        }
        self.write_woken(raw, Some(Waker::Outside));
    }

    /// The task whose turn it is asks another one to end.
    pub fn note_cancel(&mut self, record: &Record<T>, reason: CancelReason) {
        if let Some(log) = &self.core.log {
            let by = log.current;
            // The first request counts.
            if !record.has_ended() && !record.state.load().is_cancelled() {
                self.write(record.id, EventKind::Cancelled { by, reason });
            }
        }
    }

    /// The number of a channel that a task uses.
    pub fn channel_number<S: Side>(&mut self, task: u64, channel: &ChannelEnd<T, S>) -> u32 {
        // Relaxed: only unique.
        let shared = self.shared.clone();
        let (number, made) = channel.number(|| shared.channels.fetch_add(1, Ordering::Relaxed) + 1);
        if let Some((capacity, made_at)) = made {
            self.write(task, EventKind::Channel { channel: number, capacity, made_at });
        }
        number
    }

    #[cold]
    fn write_woken(&mut self, raw: Raw<T>, by: Option<Waker>) {
        // SAFETY: who has ended a task's wait and not queued it yet has the right to run it, which keeps it.
        let task = unsafe { raw.get() }.id;
        let current = self.core.log.as_ref().map_or(0, |log| log.current);
        let by = by.unwrap_or(if current == task { Waker::Itself } else { Waker::Task(current) });
        self.write(task, EventKind::Woken { by });
    }

    /// The task has registered a wait; `kind` is that of its group.
    #[cold]
    pub fn note_wait(&mut self, record: &Record<T>, kind: Kind) {
        // SAFETY: we are the running side: the wait is not published.
        let own = unsafe { record.own() };
        let on = match &own.waiting {
            Waiting::Send(_, channel) | Waiting::Recv(_, channel) => u64::from(*channel),
            // SAFETY: the target has not ended without giving us a count (`Waiting::Join`).
            Waiting::Join(target) => unsafe { target.get() }.id,
            _ => 0,
        };
        let (reason, at) = (own.waiting.reason(kind), own.place);
        self.write(record.id, EventKind::Waits { reason, on, at });
    }

    #[cold]
    fn write_spawned(&mut self, raw: Raw<T>, role: Role) {
        // SAFETY: it is not queued yet, or we took it from a queue: we are the running side.
        let (record, body, task) = unsafe { (raw.get(), raw.get().body(), raw.get().task()) };
        let entry = task.as_ref().map_or(Place::default(), Task::entry);
        // The next child of a crowd is made by the one that ended, on behalf of its owner.
        let by = match body.parent {
            // SAFETY: an owner does not end before its children.
            Parent::Branch(owner, _) => unsafe { owner.get() }.id,
            _ => self.core.log.as_ref().map_or(0, |log| log.current),
        };
        let at = record.spawned_at;
        self.write(record.id, EventKind::Spawned { by, role, at, entry });
    }

    #[cold]
    fn write(&mut self, task: u64, kind: EventKind) {
        let at_ns = match &self.core.simulator {
            Some(simulator) => simulator.now_ns(),
            None => self.shared.clock_ns(),
        };
        let Some(log) = &mut self.core.log else { return };
        log.events.push(Event { at_ns, task, worker: self.index as u32, kind });
    }
}

/// Was it asked for by no task? The host has no place.
fn is_from_outside(reason: CancelReason) -> bool {
    match reason.kind {
        CancelKind::Signal(_) => true,
        CancelKind::Handle => reason.place == Place::default(),
        _ => false,
    }
}
