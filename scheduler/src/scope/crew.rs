//! The members that one task has spawned into one scope. See the page of the module above.

use crate::list::List;
use crate::scope::Scope;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Arc, CREW, Lock};
use crate::task::record::Raw;
use crate::{CancelKind, CancelReason, Place, ScopeEnded, Task};

/// Members of one spawner.
pub struct Crew<T: Task> {
    scope: Arc<Scope<T>>,
    core: Lock<Core<T>, CREW>,
    /// Where the scope lists it; used under the scope's lock.
    slot: AtomicUsize,
}

struct Core<T: Task> {
    members: List<Raw<T>>,
    len: usize,
    is_watched: bool,
    is_closed: bool,
    has_spawner: bool,
    /// The next one of the same spawner.
    next: Option<Arc<Crew<T>>>,
}

/// How a task came into a scope.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Added {
    /// While its body ran.
    InTime,
    /// When its body had ended, while others were awaited: it has to be asked to end.
    Late,
}

impl<T: Task> Crew<T> {
    /// A crew without members.
    pub fn new(scope: Arc<Scope<T>>, is_watched: bool, is_closed: bool) -> Arc<Self> {
        let core = Core { members: List::new(), len: 0, is_watched, is_closed, has_spawner: true, next: None };
        Arc::new(Crew { scope, core: Lock::new(core), slot: AtomicUsize::new(0) })
    }

    /// The scope.
    pub fn scope(&self) -> &Arc<Scope<T>> {
        &self.scope
    }

    /// The next one of the same spawner.
    pub(super) fn next(&self) -> Option<Arc<Crew<T>>> {
        self.core.lock().next.clone()
    }

    /// Another one is the next one; gives that before.
    pub(super) fn set_next(&self, next: Option<Arc<Crew<T>>>) -> Option<Arc<Crew<T>>> {
        std::mem::replace(&mut self.core.lock().next, next)
    }

    /// Adds a task that is about to be queued. On an error it was not added.
    ///
    /// # Safety
    /// The record lives until `remove`, and is in no crew.
    pub unsafe fn add(&self, raw: Raw<T>) -> Result<Added, ScopeEnded> {
        let mut core = self.core.lock();
        let added = if core.is_closed { Added::Late } else { Added::InTime };
        if added == Added::Late {
            self.scope.count_late()?;
        } else if mutant!("scope.does-not-count-late-members", core.is_watched, false) {
            self.scope.count_spawned();
        }
        // SAFETY: promised by the caller.
        unsafe { core.members.push(raw) };
        core.len += 1;
        Ok(added)
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

    /// The spawner ends: no more members will come. Those that it has spawned late are asked to end by `ask`.
    pub fn close(&self, place: Place, mut ask: impl FnMut(Raw<T>, CancelReason)) {
        let mut core = self.core.lock();
        core.has_spawner = false;
        if core.is_closed {
            core.cancel(CancelReason { kind: CancelKind::ScopeEnded, place }, &mut ask);
        }
        let is_over = core.len == 0;
        drop(core);
        if is_over {
            self.scope.remove_crew(self);
        }
    }

    /// Has the scope ended, and each of these members too? Then the spawner may forget the crew.
    pub fn is_over(&self) -> bool {
        let core = self.core.lock();
        core.is_closed && core.len == 0
    }

    /// Has all members asked to end by `ask`; with `close` those that come are late.
    pub fn cancel(&self, reason: CancelReason, close: bool, mut ask: impl FnMut(Raw<T>, CancelReason)) {
        let mut core = self.core.lock();
        core.is_closed |= close;
        core.cancel(reason, &mut ask);
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

impl<T: Task> Core<T> {
    fn cancel(&mut self, reason: CancelReason, ask: &mut impl FnMut(Raw<T>, CancelReason)) {
        let mut next = self.members.first();
        while let Some(raw) = next {
            next = self.members.after(raw);
            // The member lives until it was removed under the crew's lock (`add`), which our caller holds.
            ask(raw, reason);
        }
    }
}
