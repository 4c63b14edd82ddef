//! When to share: a push wakes nobody by itself.
//!
//! Waking a worker costs 1.4 us and takes about 5 (measured), and what is taken to another processor leaves a warm
//! cache. So a worker looks every [`LOOK_EVERY`] passes and at each tick whether the task that was its oldest
//! [`DELAY_NS`] ago is still queued. If so it opens its gate, which thieves respect, and wakes one worker unless
//! one searches. It closes the gate when its oldest task has moved on. Two workers are then as fast as one on ping-pong (93 ns
//! a round trip; 118 with a wake for every ready task), and trees of uneven work still spread 1.7 to 2.0 times.

use crate::Task;
use crate::sync::atomic::Ordering;

use super::Worker;

/// Delays from 0 to 50 us made no difference for trees of work, 100 us did (4.3 ms against 2.8).
const DELAY_NS: u64 = 20_000;

/// Passes between two looks: 16 passes of short tasks are about a microsecond.
pub(super) const LOOK_EVERY: u32 = 16;

/// Since when the oldest queued tasks are the same.
#[derive(Default)]
pub struct Gate {
    children: Age,
    woken: Age,
    is_open: bool,
}

/// The age of the oldest task of one deque.
#[derive(Default)]
struct Age {
    since_ns: Option<u64>,
    counter: u32,
}

impl Age {
    /// Has the oldest task waited too long? `counter` differs when it may be another one.
    fn is_over(&mut self, is_queued: bool, counter: u32, now_ns: u64) -> bool {
        if !is_queued {
            self.since_ns = None;
            return false;
        }
        if self.since_ns.is_none() || self.counter != counter {
            *self = Age { since_ns: Some(now_ns), counter };
        }
        self.since_ns.is_some_and(|since_ns| now_ns.saturating_sub(since_ns) >= DELAY_NS)
    }
}

impl<T: Task> Worker<T> {
    /// Opens or closes the gate by the clock that was just read.
    pub(super) fn look_at_gate(&mut self) {
        if self.shared.seats.len() == 1 {
            return;
        }
        let core = &mut *self.core;
        let (has_children, has_woken) = core.queue.queued();
        let children = core.gate.children.is_over(has_children, core.queue.children_emptied, core.now_ns);
        let woken = core.gate.woken.is_over(has_woken, core.queue.woken_taken, core.now_ns);
        let is_open = children || woken;
        if is_open != core.gate.is_open {
            core.gate.is_open = is_open;
            // Relaxed: `take_searcher` fences before it looks for sleepers; the rest is a hint.
            self.shared.seats[self.index].is_open.store(is_open, Ordering::Relaxed);
        }
        if mutant!("gate.opens-and-wakes-nobody", is_open, false)
            && let Some(index) = self.shared.idle.take_searcher()
        {
            self.shared.unpark(index);
        }
    }
}
