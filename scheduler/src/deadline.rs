//! Limits of time for scopes: when they come, the body of the scope is asked to end, and when the cleanups take too
//! long, all of its tasks are killed. The scope of a run is one of them; a scope inside of it has a limit while it is
//! ending for another reason.
//!
//! Whoever reads the clock looks at the next of them, one load; the worker that idles last parks for no longer. A run
//! that is dead before its limit is a deadlock as without one.

use std::collections::{BTreeMap, HashMap};
use std::sync::Weak;

use crate::runtime::Shared;
use crate::scope::Scope;
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::{Arc, Mutex};
use crate::task::record::Raw;
use crate::worker::Worker;
use crate::{CancelKind, CancelReason, Place, Task, Waker};

/// The limits of all scopes.
pub struct Deadlines<T: Task> {
    next_ns: AtomicU64,
    list: Mutex<List<T>>,
}

struct List<T: Task> {
    due: BTreeMap<Key, Due<T>>,
    /// The limit of each scope that has one, by its address: what is due keeps the memory of the scope, so no other one
    /// is there.
    of: HashMap<usize, Key>,
    count: u64,
}

/// A limit: when, and its number.
type Key = (u64, u64);

struct Due<T: Task> {
    scope: Weak<Scope<T>>,
    then: Then,
}

/// What happens at a limit.
#[derive(Clone, Copy)]
pub enum Then {
    /// The body is asked to end; cleanups have so long.
    Cancel {
        cleanup_ns: u64,
    },
    Kill,
}

impl<T: Task> Default for Deadlines<T> {
    fn default() -> Self {
        let list = List { due: BTreeMap::new(), of: HashMap::new(), count: 0 };
        Deadlines { next_ns: AtomicU64::new(u64::MAX), list: Mutex::new(list) }
    }
}

impl<T: Task> Deadlines<T> {
    /// When the next one comes.
    #[inline]
    pub fn next(&self) -> Option<u64> {
        // Relaxed: who sets one reads the clock after it, or parks after it.
        Some(self.next_ns.load(Ordering::Relaxed)).filter(|next_ns| *next_ns != u64::MAX)
    }

    /// Sets the limit of a scope, instead of the one that it had.
    pub fn set(&self, scope: &Arc<Scope<T>>, at_ns: u64, then: Then) {
        let mut list = self.list.lock();
        list.count += 1;
        let key = (at_ns, list.count);
        if let Some(before) = list.of.insert(address(scope), key) {
            list.due.remove(&before);
        }
        list.due.insert(key, Due { scope: Arc::downgrade(scope), then });
        self.publish(&list);
    }

    /// The scope has ended.
    pub fn clear(&self, scope: &Scope<T>) {
        // Who has set one was a task of the scope, which knew of that when it ended.
        if self.next().is_none() {
            return;
        }
        let mut list = self.list.lock();
        if let Some(key) = list.of.remove(&address(scope)) {
            list.due.remove(&key);
            self.publish(&list);
        }
    }

    fn take_due(&self, now_ns: u64) -> Vec<Due<T>> {
        let mut list = self.list.lock();
        let later = list.due.split_off(&(now_ns + 1, 0));
        let taken = std::mem::replace(&mut list.due, later);
        taken.values().for_each(|due| _ = list.of.remove(&due.scope.as_ptr().addr()));
        self.publish(&list);
        taken.into_values().collect()
    }

    fn publish(&self, list: &List<T>) {
        self.next_ns.store(list.due.first_key_value().map_or(u64::MAX, |(key, _)| key.0), Ordering::Relaxed);
    }
}

impl<T: Task> Worker<T> {
    /// Sees to the limits that have come.
    #[cold]
    pub(crate) fn meet_deadlines(&mut self) {
        let shared = self.shared.clone();
        for Due { scope, then } in shared.deadlines.take_due(self.core.now_ns) {
            let Some(scope) = scope.upgrade() else { continue };
            match then {
                Then::Cancel { cleanup_ns } => {
                    let at_ns = self.core.now_ns.saturating_add(cleanup_ns);
                    shared.deadlines.set(&scope, at_ns, Then::Kill);
                    self.end_scope(&scope, CancelReason { kind: CancelKind::Limit, place: Place::default() });
                }
                Then::Kill => self.kill_scope(&scope),
            }
        }
    }

    /// Asks the body of a scope to end, unless it has.
    pub(crate) fn end_scope(&mut self, scope: &Scope<T>, reason: CancelReason) {
        if let Some(body) = scope.body() {
            self.ask_to_end(body.raw(), reason);
        }
    }

    /// Ends all tasks of a scope without resuming them; those that run end when they yield.
    pub(crate) fn kill_scope(&mut self, scope: &Scope<T>) {
        kill(scope, |raw| self.push_woken_by(raw, Waker::Timer));
    }
}

/// Ends all tasks of a scope without resuming them. `woken` is told of those that waited.
pub fn kill<T: Task>(scope: &Scope<T>, mut woken: impl FnMut(Raw<T>)) {
    if let Some(body) = scope.body()
        && body.state.kill()
    {
        woken(body.raw());
    }
    scope.kill_members(&mut woken);
}

fn address<T: Task>(scope: &Scope<T>) -> usize {
    std::ptr::from_ref(scope).addr()
}

impl<T: Task> Shared<T> {
    /// Has a limit come?
    #[inline]
    pub fn is_deadline_met(&self, now_ns: u64) -> bool {
        self.deadlines.next().is_some_and(|next_ns| next_ns <= now_ns)
    }
}
