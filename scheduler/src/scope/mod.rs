//! Scopes: who owns the tasks that were spawned.
//!
//! Words: a *member* is a task that was spawned into the scope. A *crew* is the members that one task has spawned into
//! it, so that spawning takes a lock that only the spawner and the ends of its own children share; and so that a task
//! that is cancelled finds its children. The *owner* is the task that runs the scope (or the caller of `run`): it waits
//! until the body and all members have ended.
//!
//! Nobody counts members until somebody needs the number: `watch` then sets a flag in each crew and adds up. From then
//! on `live` is exact: spawns and ends change it under the lock of the crew.
//!
//! What always holds:
//! - A crew is in the scope's list while it has members or its spawner may spawn more; removed by whoever makes both
//!   false.
//! - After `end` each member that was there has been asked to end. Who has not heard of that yet may still spawn, and a
//!   cleanup may in any case: such a member is *late*. It is counted while `live` is not zero, so that it is awaited
//!   like the others, and asked to end at once, or by its spawner's end if that was masked. When `live` is zero nobody
//!   is left who could be awaited, and the scope takes no task any more.
//! - The waiter of the end is told exactly once: it is taken out under the scope's lock by whoever sees `live` be zero.

mod crew;
mod crews;

use std::fmt;
use std::ptr::NonNull;
use std::sync::Weak;

pub use crew::{Added, Crew};
pub use crews::Crews;

use crate::list::List;
use crate::run::Run;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Arc, Lock, SCOPE};
use crate::task::body::Parent;
use crate::task::record::{Raw, Ref};
use crate::task::state::{Claim, Claimed};
use crate::task::waiter::Spot;
use crate::{CancelKind, CancelReason, Place, ScopeEnded, Task};

/// Names a scope, to spawn into it or to wait for its members. Clones name the same scope.
pub struct ScopeRef<T: Task>(pub(crate) Arc<Scope<T>>);

/// The same for whoever does not keep it.
pub struct WeakScope<T: Task>(Weak<Scope<T>>);

/// A scope.
pub struct Scope<T: Task> {
    core: Lock<Core<T>, SCOPE>,
    /// Members that have not ended, once the scope is watched.
    live: AtomicUsize,
    /// The run of those who use it.
    run: Weak<Run<T>>,
}

struct Core<T: Task> {
    crews: Vec<Arc<Crew<T>>>,
    is_watched: bool,
    has_ended: bool,
    waiter: Option<Owner<T>>,
    body: Option<Ref<T>>,
    fault: Option<T::Fault>,
    /// Members that failed while somebody might still join them. Swept when it has doubled.
    failed: Vec<Ref<T>>,
    sweep_at: usize,
    joining_all: List<Spot<T>>,
}

/// Who waits for the end of a scope.
pub enum Owner<T: Task> {
    /// A task, in a group.
    Task(Raw<T>),
    /// The caller of `run`.
    Run(Arc<Run<T>>),
}

/// The list of failed members is swept of those that nobody can join any more when it reaches this (arbitrary).
const SWEEP_MIN: usize = 64;

impl<T: Task> Scope<T> {
    /// A scope without members, for tasks of this run.
    pub fn new(run: Weak<Run<T>>) -> Arc<Self> {
        let core = Core {
            crews: Vec::new(),
            is_watched: false,
            has_ended: false,
            waiter: None,
            body: None,
            fault: None,
            failed: Vec::new(),
            sweep_at: SWEEP_MIN,
            joining_all: List::new(),
        };
        Arc::new(Scope { core: Lock::new(core), live: AtomicUsize::new(0), run })
    }

    /// The run of those who use it.
    pub fn run(&self) -> &Weak<Run<T>> {
        &self.run
    }

    /// The task whose end is to be hastened by a member's fault.
    pub fn set_body(&self, body: Ref<T>) {
        self.core.lock().body = Some(body);
    }

    /// The task that runs in it, until that has ended.
    pub fn body(&self) -> Option<Ref<T>> {
        self.core.lock().body.clone()
    }

    /// A crew for a task that has none here yet.
    pub fn new_crew(self: &Arc<Self>) -> Result<Arc<Crew<T>>, ScopeEnded> {
        let mut core = self.core.lock();
        if self.is_over(&core) {
            return Err(ScopeEnded);
        }
        let is_closed = mutant!("scope.opens-a-crew-after-its-end", core.has_ended, false);
        let crew = Crew::new(self.clone(), core.is_watched, is_closed);
        crew.set_slot(core.crews.len());
        core.crews.push(crew.clone());
        Ok(crew)
    }

    /// A crew in the innermost scope of a task.
    ///
    /// # Safety
    /// `scope` points to a living scope.
    pub unsafe fn new_crew_at(scope: NonNull<Self>) -> Result<Arc<Crew<T>>, ScopeEnded> {
        // SAFETY: scopes are made by `new`, in an `Arc`; the count is raised for the one that we make of it here.
        let scope = unsafe {
            Arc::increment_strong_count(scope.as_ptr());
            Arc::from_raw(scope.as_ptr().cast_const())
        };
        scope.new_crew()
    }

    /// Takes a crew, which will have no members any more, out of the list.
    pub fn remove_crew(&self, crew: &Crew<T>) {
        let mut core = self.core.lock();
        let slot = crew.slot();
        if core.crews.get(slot).is_some_and(|found| std::ptr::eq(&**found, crew)) {
            let removed = core.crews.swap_remove(slot);
            if let Some(moved) = core.crews.get(slot) {
                moved.set_slot(slot);
            }
            drop(core);
            drop(removed);
        }
    }

    /// The body has ended: members are asked to end by `ask`. True: none was left; otherwise `owner` is told when the
    /// last one ends.
    pub fn end(&self, owner: Owner<T>, place: Place, ask: impl FnMut(Raw<T>, CancelReason)) -> bool {
        let mut core = self.core.lock();
        core.has_ended = true;
        core.body = None;
        self.watch(&mut core);
        let kind = match owner {
            Owner::Task(_) => CancelKind::ScopeEnded,
            Owner::Run(_) => CancelKind::RootEnded,
        };
        let is_last_call = mutant!("scope.leaves-crews-open", true, false);
        core.cancel_members(CancelReason { kind, place }, is_last_call, ask);
        // Acquire pairs with the Release in `member_ended`.
        if self.live.load(Ordering::Acquire) == 0 {
            return true;
        }
        core.waiter = Some(owner);
        false
    }

    /// A member faulted: body and members are asked to end by `ask`, and the first fault is kept.
    pub fn fault(&self, fault: &T::Fault, place: Place, mut ask: impl FnMut(Raw<T>, CancelReason)) {
        let mut core = self.core.lock();
        if core.fault.is_some() {
            return;
        }
        core.fault = Some(fault.clone());
        let reason = CancelReason { kind: CancelKind::SiblingFailed, place };
        if let Some(body) = &core.body {
            ask(body.raw(), reason);
        }
        core.cancel_members(reason, false, ask);
    }

    /// Keeps a failed member until somebody joins it or the scope ends. Gives back those that nobody can join any more.
    pub fn keep_failed(&self, member: Ref<T>) -> Vec<Ref<T>> {
        let mut core = self.core.lock();
        core.failed.push(member);
        if core.failed.len() < core.sweep_at {
            return Vec::new();
        }
        let forgotten = core.failed.extract_if(.., |member| member.is_last_ref()).collect();
        core.failed.retain(|member| !member.is_joined());
        core.sweep_at = (core.failed.len() * 2).max(SWEEP_MIN);
        forgotten
    }

    /// What is left when everything has ended: the members that failed, and the first fault.
    pub fn finish(&self) -> (Vec<Ref<T>>, Option<T::Fault>) {
        let mut core = self.core.lock();
        core.crews.clear();
        (std::mem::take(&mut core.failed), core.fault.take())
    }

    /// A member of a watched crew has ended. Gives whoever is to be told that the last one did.
    pub fn member_ended(&self, woken: impl FnMut(Raw<T>)) -> Option<Owner<T>> {
        // Release pairs with the Acquire in `end`; Acquire with the other members' Release.
        let live = self.live.fetch_sub(1, Ordering::AcqRel) - 1;
        if live <= 1 { self.check(live, woken) } else { None }
    }

    /// Registers `waiter`, a task of `self` or not, until all other members have ended. `None` if they have.
    ///
    /// # Safety
    /// The caller is the running side of the waiter, which is in no list and calls `forget` before it goes on unless it
    /// was claimed by this scope.
    pub unsafe fn join_all(&self, waiter: (Raw<T>, u32)) -> crate::JoinAll {
        let mut core = self.core.lock();
        if self.is_over(&core) {
            return crate::JoinAll::Ended;
        }
        self.watch(&mut core);
        // Acquire pairs with the Release in `member_ended`.
        if self.live.load(Ordering::Acquire) <= self.is_member(waiter.0) as usize {
            return crate::JoinAll::Done;
        }
        // SAFETY: promised by the caller.
        unsafe { core.joining_all.push_wait(waiter.0.spot(), waiter.1) };
        crate::JoinAll::Wait
    }

    /// Takes a task, whose `join_all` was ended by something else, out of the list.
    pub fn forget(&self, waiter: Raw<T>) {
        // SAFETY: the waiter lives: it is the caller's, who goes on.
        self.core.lock().joining_all.remove(unsafe { waiter.spot() });
    }

    /// Kills all members.
    pub fn kill_members(&self, mut woken: impl FnMut(Raw<T>)) {
        for crew in &self.core.lock().crews {
            crew.kill(&mut woken);
        }
    }

    /// Calls `visit` for each member. Only while the world is stopped.
    pub fn visit(&self, mut visit: impl FnMut(Raw<T>)) {
        for crew in &self.core.lock().crews {
            crew.visit(&mut visit);
        }
    }

    fn count_spawned(&self) {
        // Relaxed: the spawner has the crew's lock, and so will whoever counts the end.
        self.live.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a task that comes after the end, unless nobody is awaited any more.
    fn count_late(&self) -> Result<(), ScopeEnded> {
        let one_more = |live: usize| (mutant!("scope.takes-a-task-when-it-is-over", live, 1) > 0).then_some(live + 1);
        // Acquire pairs with the Release in `member_ended`.
        self.live.fetch_update(Ordering::Relaxed, Ordering::Acquire, one_more).map(|_| ()).map_err(|_| ScopeEnded)
    }

    /// Have the body and all members ended? It stays so.
    fn is_over(&self, core: &Core<T>) -> bool {
        // Acquire pairs with the Release in `member_ended`.
        core.has_ended && self.live.load(Ordering::Acquire) == 0
    }

    /// Counts members from here on.
    fn watch(&self, core: &mut Core<T>) {
        if core.is_watched {
            return;
        }
        core.is_watched = true;
        for crew in &core.crews {
            crew.watch(&self.live);
        }
    }

    /// Few members are left: who waited for that?
    #[cold]
    fn check(&self, live: usize, mut woken: impl FnMut(Raw<T>)) -> Option<Owner<T>> {
        let mut core = self.core.lock();
        let mut next = core.joining_all.first();
        while let Some(spot) = next {
            next = core.joining_all.after(spot);
            // SAFETY: it is in the list, so it lives until it has had the lock (its `forget`), which we hold.
            let raw = unsafe { spot.task() };
            // Acquire pairs with the Release in `member_ended`.
            if self.live.load(Ordering::Acquire) > self.is_member(raw) as usize {
                continue;
            }
            let generation = core.joining_all.generation(spot);
            core.joining_all.remove(spot);
            // SAFETY: it was in the list, so it lives until it has had the lock (its `forget`), which we hold.
            if unsafe { raw.get() }.state.claim(generation, Claim::AllJoined) == Claimed::Queue {
                woken(raw);
            }
        }
        if core.has_ended && live == 0 { core.waiter.take() } else { None }
    }

    /// Is `raw`, which waits in our list or is the caller's own, a member?
    fn is_member(&self, raw: Raw<T>) -> bool {
        // SAFETY: what waits in our list lives until it was taken out, under the lock that our callers hold.
        let parent = unsafe { &raw.get().body().parent };
        // SAFETY: a task that has not ended is a member, and its crew lives.
        matches!(parent, Parent::Crew(crew) if std::ptr::eq(&**unsafe { crew.as_ref() }.scope(), self))
    }
}

impl<T: Task> Core<T> {
    fn cancel_members(&mut self, reason: CancelReason, close: bool, mut ask: impl FnMut(Raw<T>, CancelReason)) {
        for crew in &self.crews {
            crew.cancel(reason, close, &mut ask);
        }
    }
}

impl<T: Task> ScopeRef<T> {
    /// The same without keeping it.
    #[must_use]
    pub fn downgrade(&self) -> WeakScope<T> {
        WeakScope(Arc::downgrade(&self.0))
    }
}

impl<T: Task> WeakScope<T> {
    /// The scope, if somebody keeps it.
    #[must_use]
    pub fn upgrade(&self) -> Option<ScopeRef<T>> {
        self.0.upgrade().map(ScopeRef)
    }
}

impl<T: Task> fmt::Debug for WeakScope<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WeakScope({:p})", self.0.as_ptr())
    }
}

impl<T: Task> Clone for ScopeRef<T> {
    fn clone(&self) -> Self {
        ScopeRef(self.0.clone())
    }
}

impl<T: Task> PartialEq for ScopeRef<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T: Task> Eq for ScopeRef<T> {}

impl<T: Task> fmt::Debug for ScopeRef<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ScopeRef({:p})", Arc::as_ptr(&self.0))
    }
}
