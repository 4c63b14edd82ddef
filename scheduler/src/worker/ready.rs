//! Tasks whose time has come, or whose sources are ready: on their way to the queue.
//!
//! Mostly there are several at once, of which the cache has nothing: what they touch is asked for together, and those
//! that wait for sources may try what they waited for one after the other.

use std::time::Duration;

use smallvec::SmallVec;

use crate::io_waits::EndIo;
use crate::seat::TimerEntry;
use crate::simulator::{Late, What};
use crate::task::record::Raw;
use crate::task::state::{Claim, Claimed};
use crate::{Task, Waker};

use super::Worker;

/// The poller is asked in passing after this long, if nobody else has it.
const POLL_EVERY_NS: u64 = 200_000;

/// And after this long, though tasks that it has woken still wait for their turn. Before, more of them would only grow
/// cold in the queue: with a thousand busy connections all of them came to wait there.
const POLL_LATEST_NS: u64 = 2_000_000;

/// Tasks that are looked at together (arbitrary).
const AT_ONCE: usize = 16;

/// So long tasks may try before their turns, and some more: others wait meanwhile. With small messages 64 of them take
/// half of it.
const TRYING_NS: u64 = 200_000;

/// A worker that could not look for so long has had turns that are long steps, or was not run by the system: who slept
/// is late by as much then.
pub(super) const LATE_NS: u64 = 1_000_000;

/// If more are late, they are queued where other workers see them (arbitrary).
const LATE_MAX: usize = 64;

/// What more tasks touch is in no cache any more when their turns come (arbitrary).
const PREFETCHED_MAX: usize = 256;

impl<T: Task> Worker<T> {
    /// Fires what is due in our own wheel, and says how many tasks that woke.
    pub(crate) fn fire_timers(&mut self) -> usize {
        let now_ns = self.core.now_ns;
        if self.shared.is_deadline_met(now_ns) {
            self.meet_deadlines();
        }
        self.core.has_armed = false;
        let mut fired = std::mem::take(&mut self.core.fired);
        let mut limits = Vec::new();
        let mut late = Vec::new();
        let is_simulated = self.core.simulator.is_some();
        let mut claim = |entry| {
            let TimerEntry { raw, generation, is_limit } = entry;
            // SAFETY: a task whose timer is armed lives until it has had this lock (`disarm`).
            let record = unsafe { raw.get() };
            if is_limit && is_simulated {
                // SAFETY: as above.
                let owner = unsafe { raw.to_ref() };
                late.push(Late { at_ns: now_ns, owner, generation, what: What::Limit });
            } else if record.state.claim(generation, Claim::Timer) == Claimed::Queue {
                if is_limit { limits.push(raw) } else { fired.push(raw) }
            }
        };
        // Some at a time: the cache gets their records together.
        let mut due: SmallVec<[TimerEntry<T>; AT_ONCE]> = SmallVec::new();
        let mut timers = self.seat().timers.lock();
        timers.advance(now_ns, &mut |entry: TimerEntry<T>| {
            entry.raw.prefetch();
            due.push(entry);
            if due.len() == AT_ONCE {
                due.drain(..).for_each(&mut claim);
            }
        });
        due.drain(..).for_each(&mut claim);
        drop(timers);
        let count = fired.len() + limits.len();
        if (2..=PREFETCHED_MAX).contains(&fired.len()) {
            // SAFETY: we have won the claim of each, and not queued it yet.
            unsafe { prefetch_all(&fired) };
        }
        let before_ns = std::mem::replace(&mut self.core.fired_ns, now_ns);
        let are_late = now_ns.saturating_sub(before_ns) >= LATE_NS && !is_simulated && count <= LATE_MAX;
        // A body that completes at its limit wins: sleepers first.
        for raw in fired.drain(..).chain(limits) {
            if are_late {
                self.note_woken(raw, Some(Waker::Timer));
                self.core.queue.push_late(raw);
            } else {
                self.push_woken_by(raw, Waker::Timer);
            }
        }
        self.core.fired = fired;
        if let Some(simulator) = &mut self.core.simulator {
            late.into_iter().for_each(|late| simulator.push_late(late));
        }
        count
    }

    /// Queues the tasks of sources that have become ready.
    pub(crate) fn wake_ready(&mut self, mut ended: EndIo<T>) {
        if ended.ended > 0 {
            self.seat().io_waits.add(-std::mem::take(&mut ended.ended));
            if ended.ready.len() > 1 {
                // SAFETY: we have won the claim of each, and not queued it yet.
                unsafe { prefetch_all(&ended.ready) };
                // With others before them more may come until their turns, which one try takes together.
                if self.core.simulator.is_none() && self.core.queue.is_empty() {
                    // SAFETY: as above.
                    unsafe { self.try_all(&ended.ready) };
                }
            }
            for raw in ended.ready.drain(..) {
                self.push_woken_by(raw, Waker::Io);
            }
            self.core.polled_until = self.core.queue.woken_mark();
        }
        self.core.io = ended;
    }

    /// Lets tasks try what they waited for: a hundred calls of the system that read and then a hundred that write take
    /// less time than both by turns, as the peer is not woken for each answer. Those who come too late try in their
    /// turns.
    ///
    /// # Safety
    /// They are the caller's to queue.
    unsafe fn try_all(&self, woken: &[Raw<T>]) {
        let until_ns = self.shared.clock_ns().saturating_add(TRYING_NS);
        for some in woken.chunks(AT_ONCE) {
            for raw in some {
                // SAFETY: promised by the caller; it lives and nobody runs it.
                let record = unsafe { raw.get() };
                if record.state.load().shows_cancel() {
                    continue;
                }
                // SAFETY: as above: we are the running side.
                if let Some(task) = unsafe { record.task() } {
                    task.try_early();
                }
            }
            if self.shared.clock_ns() >= until_ns {
                return;
            }
        }
    }

    /// Queues the tasks of sources that are ready, without waiting, if nobody else polls.
    pub(super) fn poll_now(&mut self) {
        let Some(poller) = self.shared.poller_if_any().filter(|_| self.shared.has_io_waits()) else { return };
        self.core.polled_ns = self.core.now_ns;
        let mut ended = std::mem::take(&mut self.core.io);
        if let Some(mut reactor) = poller.reactor.try_lock() {
            // An error of the poller leaves nothing to do here: tasks wait on.
            _ = reactor.poll(Some(Duration::ZERO), &mut ended);
        }
        self.wake_ready(ended);
    }

    /// The same if the last time was long ago.
    pub(super) fn poll_in_passing(&mut self) {
        let past_ns = self.core.now_ns.saturating_sub(self.core.polled_ns);
        if past_ns >= POLL_EVERY_NS && (past_ns >= POLL_LATEST_NS || self.core.queue.has_taken(self.core.polled_until))
        {
            self.poll_now();
        }
    }
}

/// Asks for the memory that woken tasks will touch, all of each depth before the next: what a deeper one reads is there
/// by then.
///
/// # Safety
/// They are the caller's to queue.
unsafe fn prefetch_all<T: Task>(woken: &[Raw<T>]) {
    for raw in woken {
        // SAFETY: promised by the caller; it lives and nobody runs it.
        unsafe { raw.get() }.prefetch_body();
    }
    for depth in 0..T::PREFETCH_DEPTHS {
        for raw in woken {
            // SAFETY: as above.
            if let Some(task) = unsafe { raw.get().task() } {
                task.prefetch(depth);
            }
        }
    }
}
