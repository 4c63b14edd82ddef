//! Limits of time for runs: when they come, a run is asked to end, and when its cleanups take too long, it is killed.
//!
//! Whoever reads the clock looks at the next of them, one load; the worker that idles last parks for no longer. A run that is
//! dead before its limit is a deadlock as without one.

use std::collections::BTreeMap;
use std::sync::Weak;

use crate::run::Run;
use crate::runtime::Shared;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Arc, Mutex};
use crate::task::record::Raw;
use crate::worker::Worker;
use crate::{CancelKind, CancelReason, Place, Task, Waker};

/// The limits of all runs.
pub struct Deadlines<T: Task> {
    next_ns: AtomicU64,
    /// By time and number of the limit.
    due: Mutex<(BTreeMap<Key, Due<T>>, u64)>,
}

/// A limit: when, and its number.
type Key = (u64, u64);

/// The limit of a run, to be found again. Its lock comes after that of the list.
pub type Deadline = Mutex<Option<Key>>;

struct Due<T: Task> {
    run: Weak<Run<T>>,
    then: Then,
}

/// What happens at a limit.
#[derive(Clone, Copy)]
pub enum Then {
    /// The root is asked to end; cleanups have so long.
    Cancel {
        cleanup_ns: u64,
    },
    Kill,
}

impl<T: Task> Default for Deadlines<T> {
    fn default() -> Self {
        Deadlines { next_ns: AtomicU64::new(u64::MAX), due: Mutex::default() }
    }
}

impl<T: Task> Deadlines<T> {
    /// When the next one comes.
    #[inline]
    pub fn next(&self) -> Option<u64> {
        // Relaxed: who sets one reads the clock after it, or parks after it.
        Some(self.next_ns.load(Ordering::Relaxed)).filter(|next_ns| *next_ns != u64::MAX)
    }

    /// Sets the limit of a run, instead of the one that it had.
    pub fn set(&self, run: &Arc<Run<T>>, at_ns: u64, then: Then) {
        let mut due = self.due.lock();
        let (list, count) = &mut *due;
        *count += 1;
        let key = (at_ns, *count);
        let before = run.deadline.lock().replace(key);
        before.into_iter().for_each(|before| _ = list.remove(&before));
        list.insert(key, Due { run: Arc::downgrade(run), then });
        self.publish(list);
    }

    /// The run has ended.
    pub fn clear(&self, run: &Run<T>) {
        // Not under that lock: `set` takes it under the other one.
        let key = run.deadline.lock().take();
        if let Some(key) = key {
            let mut due = self.due.lock();
            due.0.remove(&key);
            self.publish(&due.0);
        }
    }

    fn take_due(&self, now_ns: u64) -> Vec<Due<T>> {
        let mut due = self.due.lock();
        let later = due.0.split_off(&(now_ns + 1, 0));
        let taken = std::mem::replace(&mut due.0, later);
        self.publish(&due.0);
        taken.into_values().collect()
    }

    fn publish(&self, list: &BTreeMap<Key, Due<T>>) {
        self.next_ns.store(list.first_key_value().map_or(u64::MAX, |(key, _)| key.0), Ordering::Relaxed);
    }
}

impl<T: Task> Worker<T> {
    /// Sees to the limits that have come.
    #[cold]
    pub(crate) fn meet_deadlines(&mut self) {
        let shared = self.shared.clone();
        for Due { run, then } in shared.deadlines.take_due(self.core.now_ns) {
            let Some(run) = run.upgrade() else { continue };
            match then {
                Then::Cancel { cleanup_ns } => {
                    let at_ns = self.core.now_ns.saturating_add(cleanup_ns);
                    shared.deadlines.set(&run, at_ns, Then::Kill);
                    let root = run.root.lock().clone();
                    let reason = CancelReason { kind: CancelKind::Limit, place: Place::default() };
                    if let Some(root) = root {
                        self.ask_to_end(root.raw(), reason);
                    }
                }
                Then::Kill => self.kill_run(&run),
            }
        }
    }

    /// Ends all tasks of a run without resuming them; those that run end when they yield.
    pub(crate) fn kill_run(&mut self, run: &Run<T>) {
        kill(run, |raw| self.push_woken_by(raw, Waker::Timer));
    }
}

/// Ends all tasks of a run without resuming them. `woken` is told of those that waited.
pub fn kill<T: Task>(run: &Run<T>, mut woken: impl FnMut(Raw<T>)) {
    let root = run.root.lock().clone();
    if let Some(root) = root
        && root.state.kill()
    {
        woken(root.raw());
    }
    run.scope.kill_members(&mut woken);
}

impl<T: Task> Shared<T> {
    /// Has a limit come?
    #[inline]
    pub fn is_deadline_met(&self, now_ns: u64) -> bool {
        self.deadlines.next().is_some_and(|next_ns| next_ns <= now_ns)
    }
}
