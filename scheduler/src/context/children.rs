//! Children: groups, spawned tasks, scopes.

use std::ptr::NonNull;

use smallvec::{SmallVec, smallvec};

use crate::group::{Group, Kind};
use crate::scope::{Crew, Scope, ScopeRef};
use crate::sync::Arc;
use crate::task::TaskHandle;
use crate::task::record::{Own, Parent, Raw, Record, Ref};
use crate::wait::Waiting;
use crate::{CancelKind, CancelReason, Join, JoinAll, ScopeEnded, Task};

use super::Context;

impl<T: Task> Context<'_, T> {
    /// Runs both and waits until both have ended, then [`Wake::Group`](crate::Wake::Group). The first error cancels the other.
    pub fn par(&mut self, left: T, right: T) {
        self.begin_group(Kind::Par, smallvec![left, right], None);
    }

    /// Runs both and waits until both have ended, then [`Wake::Group`](crate::Wake::Group). The first to complete cancels
    /// the other.
    pub fn race(&mut self, left: T, right: T) {
        self.begin_group(Kind::Race, smallvec![left, right], None);
    }

    /// Runs `body` and cancels it after `ns`, then [`Wake::Group`](crate::Wake::Group).
    pub fn timeout(&mut self, ns: u64, body: T) {
        self.begin_group(Kind::Timeout, smallvec![body], None);
        self.arm(ns, true);
        self.queue_children();
    }

    /// A scope that nobody runs yet.
    pub fn new_scope(&mut self) -> ScopeRef<T> {
        ScopeRef(Scope::new())
    }

    /// Runs `body` in `scope`, which no other task may have run; when it ends, members are cancelled and awaited. Then
    /// [`Wake::Group`](crate::Wake::Group).
    pub fn run_scope(&mut self, scope: &ScopeRef<T>, body: T) {
        self.begin_group(Kind::Scope, smallvec![body], Some(scope.0.clone()));
    }

    /// Adds a task to `scope`, or to the innermost scope. It is queued; the caller goes on.
    pub fn spawn(&mut self, task: T, scope: Option<&ScopeRef<T>>) -> Result<TaskHandle<T>, ScopeEnded> {
        let crew = self.crew(scope)?;
        let innermost = NonNull::from(&**crew.scope());
        let raw = self.create(task, Parent::Crew(crew.clone()), innermost, 2);
        // SAFETY: the task leaves the crew when it ends, before the right to run, which is counted, is given up.
        if let Err(error) = unsafe { crew.add(raw) } {
            self.worker.core.forget_created();
            // SAFETY: nobody else knows the record: both counts are ours.
            unsafe {
                drop(Ref::from_raw(raw));
                drop(Ref::from_raw(raw));
            }
            return Err(error);
        }
        self.worker.push_child(raw);
        // SAFETY: one of the two counts is the handle's.
        Ok(TaskHandle(unsafe { Ref::from_raw(raw) }))
    }

    /// Waits for a task to end, then [`Wake::Joined`](crate::Wake::Joined).
    pub fn join(&mut self, handle: &TaskHandle<T>) -> Join<T> {
        let target = &handle.0;
        if target.raw() == self.raw {
            return Join::Myself;
        }
        if !target.state.join() {
            return self.ended(target);
        }
        let (raw, generation) = self.begin_wait();
        let mut joiners = target.joiners.lock();
        if target.outcome().is_some() {
            drop(joiners);
            self.cancel_wait();
            return self.ended(target);
        }
        // SAFETY: the running task leaves the list before it goes on: the worker undoes what is noted in `waiting`.
        unsafe { joiners.push(raw, generation) };
        drop(joiners);
        self.own().waiting = Waiting::Join(target.clone());
        Join::Wait
    }

    /// Asks a task to end; does not wait. A task that has ended is not changed by it.
    pub fn cancel(&mut self, handle: &TaskHandle<T>) {
        let reason = CancelReason { kind: CancelKind::Handle, place: self.own().place };
        if handle.0.request_cancel(reason) {
            self.worker.push_last(handle.0.raw());
        }
    }

    /// Was cancellation requested before the task ended by itself?
    pub fn is_cancelled(&self, handle: &TaskHandle<T>) -> bool {
        handle.is_cancelled()
    }

    /// Waits until all members of `scope` but the caller have ended, then [`Wake::AllJoined`](crate::Wake::AllJoined).
    pub fn join_all(&mut self, scope: &ScopeRef<T>) -> JoinAll {
        let waiter = self.begin_wait();
        // SAFETY: the running task leaves the list before it goes on: the worker undoes what is noted in `waiting`.
        let answer = unsafe { scope.0.join_all(waiter) };
        match answer {
            JoinAll::Wait => self.own().waiting = Waiting::AllJoined(scope.0.clone()),
            _ => self.cancel_wait(),
        }
        answer
    }

    /// Asks every root to end: the program exits.
    pub fn cancel_root(&mut self, reason: CancelReason) {
        self.worker.shared.cancel_roots(reason);
    }

    fn ended(&self, target: &Ref<T>) -> Join<T> {
        match target.outcome() {
            Some(outcome) => Join::Ready(outcome.clone()),
            None => Join::Myself,
        }
    }

    fn begin_group(&mut self, kind: Kind, tasks: SmallVec<[T; 2]>, scope: Option<Arc<Scope<T>>>) {
        let (owner, generation) = self.begin_wait();
        let innermost = scope.as_ref().map_or(self.own().scope, |scope| NonNull::from(&**scope));
        let children: SmallVec<[Ref<T>; 2]> = tasks
            .into_iter()
            .enumerate()
            .map(|(child, task)| {
                let raw = self.create(task, Parent::Branch(owner, child), innermost, 2);
                // SAFETY: one of the two counts is the group's, the other the right to run.
                unsafe { Ref::from_raw(raw) }
            })
            .collect();
        if let (Some(scope), Some(body)) = (&scope, children.first()) {
            scope.set_body(body.clone());
        }
        *self.record().group.lock() = Group::new(kind, generation, children, scope);
        let own = self.own();
        own.waiting = Waiting::Group;
        own.has_told_group = false;
        if kind != Kind::Timeout {
            self.queue_children();
        }
    }

    /// Queues the children of the group so that the left one runs first.
    fn queue_children(&mut self) {
        let children: SmallVec<[Raw<T>; 2]> =
            self.record().group.lock().children().iter().map(|child| child.raw()).collect();
        if self.worker.core.simulator.is_some() {
            children.into_iter().for_each(|raw| self.worker.push_child(raw));
        } else {
            children.into_iter().rev().for_each(|raw| self.worker.push_child(raw));
        }
    }

    fn create(&mut self, task: T, parent: Parent<T>, innermost: NonNull<Scope<T>>, refs: u32) -> Raw<T> {
        let id = self.worker.core.next_id();
        let place = self.own().place;
        Record::create(task, parent, Own::new(id, innermost, place), refs)
    }

    /// Our crew in `scope`, made if this is the first spawn there.
    fn crew(&mut self, scope: Option<&ScopeRef<T>>) -> Result<Arc<Crew<T>>, ScopeEnded> {
        let own = self.own();
        let wanted = scope.map_or(own.scope, |scope| NonNull::from(&*scope.0));
        let is_wanted = |crew: &&Arc<Crew<T>>| NonNull::from(&**crew.scope()) == wanted;
        if let Some(crew) = own.crews.iter().find(is_wanted) {
            return Ok(crew.clone());
        }
        own.crews.retain(|crew| !crew.is_closed());
        let crew = match scope {
            Some(scope) => scope.0.new_crew(),
            // SAFETY: the innermost scope of a running task lives: its owner waits for us (`Own::scope`).
            None => unsafe { Scope::new_crew_at(wanted) },
        }?;
        self.own().crews.push(crew.clone());
        Ok(crew)
    }
}
