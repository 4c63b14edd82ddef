//! The members that one task has spawned into one scope. See the page of the module above.

use crate::list::{List, Siblings};
use crate::scope::Scope;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Arc, CREW, Lock};
use crate::task::record::Raw;
use crate::{CancelReason, ScopeEnded, Task};

/// Members of one spawner.
pub struct Crew<T: Task> {
    scope: Arc<Scope<T>>,
    core: Lock<Core<T>, CREW>,
    /// Where the scope lists it; used under the scope's lock.
    slot: AtomicUsize,
}

struct Core<T: Task> {
    members: List<T, Siblings>,
    len: usize,
    is_watched: bool,
    is_closed: bool,
    has_spawner: bool,
}

impl<T: Task> Crew<T> {
    /// A crew without members.
    pub fn new(scope: Arc<Scope<T>>, is_watched: bool) -> Arc<Self> {
        let core = Core { members: List::new(), len: 0, is_watched, is_closed: false, has_spawner: true };
        Arc::new(Crew { scope, core: Lock::new(core), slot: AtomicUsize::new(0) })
    }

    /// The scope.
    pub fn scope(&self) -> &Arc<Scope<T>> {
        &self.scope
    }

    /// Adds a task that is about to be queued. On an error it was not added.
    ///
    /// # Safety
    /// The record lives until `remove`, and is in no crew.
    pub unsafe fn add(&self, raw: Raw<T>) -> Result<(), ScopeEnded> {
        let mut core = self.core.lock();
        if core.is_closed {
            return Err(ScopeEnded);
        }
        // SAFETY: promised by the caller.
        unsafe { core.members.push(raw, 0) };
        core.len += 1;
        if mutant!("scope.does-not-count-late-members", core.is_watched, false) {
            self.scope.count_spawned();
        }
        Ok(())
    }

    /// Takes a member out that has ended. Gives the scope if the end has to be counted there.
    ///
    /// The crew may be gone afterwards: only its members, its spawner and the scope's list keep it.
    #[inline]
    pub fn remove(&self, raw: Raw<T>) -> Option<Arc<Scope<T>>> {
        let mut core = self.core.lock();
        core.members.remove(raw);
        core.len -= 1;
        let is_over = core.len == 0 && !core.has_spawner;
        if !core.is_watched && !is_over {
            return None;
        }
        let (scope, is_watched) = (self.scope.clone(), core.is_watched);
        drop(core);
        if is_over {
            // The list still has it: it is taken out by whoever makes it over, and that was us.
            scope.remove_crew(self);
        }
        is_watched.then_some(scope)
    }

    /// The spawner ends: no more members will come.
    pub fn close(&self) {
        let mut core = self.core.lock();
        core.has_spawner = false;
        let is_over = core.len == 0;
        drop(core);
        if is_over {
            self.scope.remove_crew(self);
        }
    }

    /// Has the scope ended? Then the spawner may forget the crew.
    pub fn is_closed(&self) -> bool {
        self.core.lock().is_closed
    }

    /// Has all members asked to end by `ask`; with `close` there will be no others.
    pub fn cancel(&self, reason: CancelReason, close: bool, mut ask: impl FnMut(Raw<T>, CancelReason)) {
        let mut core = self.core.lock();
        core.is_closed |= close;
        let mut next = core.members.first();
        while let Some(raw) = next {
            next = core.members.after(raw);
            // The member lives until it was removed under our lock (`add`).
            ask(raw, reason);
        }
    }

    /// Kills all members.
    pub fn kill(&self, mut woken: impl FnMut(Raw<T>)) {
        self.visit(|raw| {
            // SAFETY: members live until they were removed under our lock (`add`), which `visit` holds.
            if unsafe { raw.get() }.state.kill() {
                woken(raw);
            }
        });
    }

    /// Calls `visit` for each member.
    pub fn visit(&self, mut visit: impl FnMut(Raw<T>)) {
        let mut core = self.core.lock();
        let mut next = core.members.first();
        while let Some(raw) = next {
            next = core.members.after(raw);
            visit(raw);
        }
    }

    /// Counts members from here on, those that are there at once.
    pub(super) fn watch(&self, live: &AtomicUsize) {
        let mut core = self.core.lock();
        core.is_watched = true;
        // Relaxed: under the lock of the crew, as in `count_spawned`.
        live.fetch_add(core.len, Ordering::Relaxed);
    }

    pub(super) fn slot(&self) -> usize {
        // Relaxed: under the scope's lock.
        self.slot.load(Ordering::Relaxed)
    }

    pub(super) fn set_slot(&self, slot: usize) {
        // Relaxed: under the scope's lock.
        self.slot.store(slot, Ordering::Relaxed);
    }
}
