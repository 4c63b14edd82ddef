//! Children: groups, spawned tasks, scopes.

use std::ptr::NonNull;

use smallvec::smallvec;

use crate::crowd::{Crowd, Maker, Rule};
use crate::deadline::Then;
use crate::group::{Group, Kind};
use crate::run::Run;
use crate::scope::{Added, Crew, Scope, ScopeRef};
use crate::sync::Arc;
use crate::task::TaskHandle;
use crate::task::body::{Own, Parent};
use crate::task::record::{Raw, Record, Ref};
use crate::wait::Waiting;
use crate::{CancelKind, CancelReason, EventKind, Join, JoinAll, Role, ScopeEnded, Task};

use super::Context;

/// A branch that has begun as a part of the task that waits for it, and becomes a child.
pub enum Split<T: Task> {
    /// Both sides of a `par`; the left one has begun.
    Par(T, T),
    /// The right side of a `par`, which has begun; the left one has ended with a value.
    RestOfPar(T),
    /// Both sides of a race; the left one has begun.
    Race(T, T),
    /// Both sides of a race, which have begun.
    RestOfRace(T, T),
    /// The body of a timeout.
    Timeout {
        /// When it is cancelled.
        deadline_ns: u64,
        /// The body.
        body: T,
    },
}

impl<T: Task> Context<'_, T> {
    /// Runs both and waits until both have ended, then [`Wake::Group`](crate::Wake::Group). The first error cancels the
    /// other.
    pub fn par(&mut self, left: T, right: T) {
        self.begin_pair(Kind::Par, left, right);
    }

    /// Runs both and waits until both have ended, then [`Wake::Group`](crate::Wake::Group). The first to complete
    /// cancels the other.
    pub fn race(&mut self, left: T, right: T) {
        self.begin_pair(Kind::Race, left, right);
    }

    /// Runs `body` and cancels it after `ns`, then [`Wake::Group`](crate::Wake::Group).
    pub fn timeout(&mut self, ns: u64, body: T) {
        let body = self.begin_single(Kind::Timeout, body, None);
        self.arm(ns, true);
        self.queue_child(body, Role::Timeout);
        self.note_wait();
    }

    /// Runs `count` tasks, which are made in order when they begin, at most `limit` at a time (both are positive), and
    /// waits until all that were made have ended, then [`Wake::Group`](crate::Wake::Group) with the outcomes of those.
    /// The first one may have begun as a part of this task.
    pub fn crowd(&mut self, rule: Rule, count: usize, limit: usize, has_begun: bool, maker: Maker<T>) {
        let (owner, generation) = self.next_wait();
        let (place, innermost) = (self.own().place, self.own().scope);
        let mut crowd = Box::new(Crowd::new(rule, (count, limit), maker, place, innermost));
        let first: Vec<Raw<T>> = (0..crowd.first()).map_while(|_| self.worker.make_child(&mut crowd, owner)).collect();
        if let (true, Some(begun)) = (has_begun, first.first()) {
            // SAFETY: nobody else knows it: we are its running side.
            unsafe { begun.get().own() }.has_started = true;
        }
        self.set_group(Group::of_crowd(crowd, generation));
        first.into_iter().for_each(|child| self.worker.push_child(child));
        self.note_wait();
    }

    /// As `par`, `race` and `timeout`, where the task has begun with a branch by itself and goes on without it.
    pub fn split(&mut self, split: Split<T>) {
        let begun = match split {
            Split::Par(left, right) => self.begin_pair(Kind::Par, left, right).0,
            Split::Race(left, right) => self.begin_pair(Kind::Race, left, right).0,
            Split::RestOfRace(left, right) => {
                let (left, right) = self.begin_pair(Kind::Race, left, right);
                // SAFETY: as below.
                unsafe { right.get().own() }.has_started = true;
                left
            }
            Split::RestOfPar(right) => {
                let right = self.begin_single(Kind::Par, right, None);
                self.queue_child(right, Role::Par);
                right
            }
            Split::Timeout { deadline_ns, body } => {
                let body = self.begin_single(Kind::Timeout, body, None);
                self.arm_at(deadline_ns, true);
                self.queue_child(body, Role::Timeout);
                body
            }
        };
        // SAFETY: the child is in our own queue's hidden part until our turn is over: we are its running side.
        unsafe { begun.get().own() }.has_started = true;
    }

    /// A scope that nobody runs yet.
    pub fn new_scope(&mut self) -> ScopeRef<T> {
        // SAFETY: the innermost scope of a running task lives: its owner waits for us (`Own::scope`).
        let innermost = unsafe { self.own().scope.as_ref() };
        ScopeRef(Scope::new(innermost.run().clone()))
    }

    /// Runs `body` in `scope`, which no other task may have run; when it ends, members are cancelled and awaited. Then
    /// [`Wake::Group`](crate::Wake::Group).
    pub fn run_scope(&mut self, scope: &ScopeRef<T>, body: T) {
        let body = self.begin_single(Kind::Scope, body, Some(scope.0.clone()));
        self.queue_child(body, Role::Scope);
        self.note_wait();
    }

    /// Adds a task to `scope`, or to the innermost scope. It is queued; the caller goes on.
    ///
    /// While a scope whose body has ended waits for others it still takes tasks, which are asked to end before they
    /// start; those of a masked caller when the caller ends.
    pub fn spawn(&mut self, task: T, scope: Option<&ScopeRef<T>>) -> Result<TaskHandle<T>, ScopeEnded> {
        let crew = self.crew(scope)?;
        // SAFETY: the crew is ours, listed in `own.crews`, and stays there until we end or find it closed in a later
        // call.
        let innermost = NonNull::from(&**unsafe { crew.as_ref() }.scope());
        let raw = self.create(task, Parent::Crew(crew), innermost, 2);
        // SAFETY: the task leaves the crew when it ends, before the right to run, which is counted, is given up.
        let added = match unsafe { crew.as_ref().add(raw) } {
            Ok(added) => added,
            Err(error) => {
                self.worker.core.forget_created();
                // SAFETY: nobody else knows the record: both counts are ours.
                unsafe {
                    drop(Ref::from_raw(raw));
                    drop(Ref::from_raw(raw));
                }
                return Err(error);
            }
        };
        self.worker.note_spawned(raw, Role::Member);
        self.worker.core.note_task();
        if added == Added::Late && !self.record().state.load().is_masked() {
            let reason = CancelReason { kind: CancelKind::ScopeEnded, place: self.own().place };
            self.worker.ask_to_end(raw, reason);
        }
        self.worker.push_child(raw);
        // SAFETY: one of the two counts is the handle's.
        Ok(TaskHandle(unsafe { Ref::from_raw(raw) }))
    }

    /// Is it the scope to which belongs what this task spawns?
    pub fn is_innermost(&mut self, scope: &ScopeRef<T>) -> bool {
        self.own().scope == NonNull::from(&*scope.0)
    }

    /// Waits for a task to end, then [`Wake::Joined`](crate::Wake::Joined).
    pub fn join(&mut self, handle: TaskHandle<T>) -> Join<T> {
        let target = handle.0;
        if target.raw() == self.raw {
            return Join::Myself;
        }
        if target.has_ended() {
            target.note_joined();
            return self.ended(target);
        }
        let (raw, generation) = self.next_wait();
        // SAFETY: the running task takes itself out before it goes on: the worker undoes what is noted in `waiting`.
        // The target lives until it has ended; if it ends before we are out of its list, it gives us a count.
        if unsafe { !target.join(raw, generation) } {
            return self.ended(target);
        }
        self.begin_waiting(Waiting::Join(target.raw()));
        Join::Wait
    }

    /// Asks a task to end; does not wait. A task that has ended is not changed by it. Says what it has cost as fuel,
    /// besides the call: one that waits may end at once ([`Task::end_in_wait`]).
    pub fn cancel(&mut self, handle: &TaskHandle<T>) -> u64 {
        let reason = CancelReason { kind: CancelKind::Handle, place: self.own().place };
        let has_ended = self.worker.ask_to_end_here(handle.0.raw(), reason);
        if has_ended { self.worker.charge_turn() } else { 0 }
    }

    /// Was cancellation requested before the task ended by itself?
    pub fn is_cancelled(&self, handle: &TaskHandle<T>) -> bool {
        handle.is_cancelled()
    }

    /// Waits until all members of `scope` but the caller have ended, then [`Wake::AllJoined`](crate::Wake::AllJoined).
    pub fn join_all(&mut self, scope: &ScopeRef<T>) -> JoinAll {
        let waiter = self.next_wait();
        // SAFETY: the running task leaves the list before it goes on: the worker undoes what is noted in `waiting`.
        let answer = unsafe { scope.0.join_all(waiter) };
        if let JoinAll::Wait = answer {
            self.begin_waiting(Waiting::AllJoined(scope.0.clone()));
        }
        answer
    }

    /// Asks the root of its run to end: the program exits.
    pub fn cancel_root(&mut self, reason: CancelReason) {
        let run = self.run();
        let shared = self.worker.shared.clone();
        if let Some(root) = run.and_then(|run| shared.cancel_run(&run, reason)) {
            let by = self.id();
            self.worker.note(root.id, EventKind::Cancelled { by, reason });
        }
    }

    fn cancel_myself(&mut self, reason: CancelReason) {
        // It runs, so there is no wait that this could end.
        _ = self.record().request_cancel(reason);
    }

    /// The scope of its run, of which the root is the body.
    pub fn root_scope(&mut self) -> Option<ScopeRef<T>> {
        self.run().map(|run| ScopeRef(run.scope.clone()))
    }

    /// Asks the body of a scope to end at that time; after so long again all of its tasks are killed. Another limit
    /// takes its place.
    pub fn limit_scope(&mut self, scope: &ScopeRef<T>, at_ns: u64, cleanup_ns: u64) {
        self.worker.shared.deadlines.set(&scope.0, at_ns, Then::Cancel { cleanup_ns });
    }

    /// Asks the body of a scope around this task to end, and this task at once.
    pub fn end_scope(&mut self, scope: &ScopeRef<T>, reason: CancelReason) {
        self.worker.end_scope(&scope.0, reason);
        self.cancel_myself(reason);
    }

    /// Ends all tasks of a scope around this task, this one when it yields; none of them is resumed.
    pub fn kill_scope(&mut self, scope: &ScopeRef<T>) {
        self.worker.kill_scope(&scope.0);
        self.record().state.kill();
    }

    /// The run that the task is a part of.
    fn run(&mut self) -> Option<Arc<Run<T>>> {
        // SAFETY: as in `new_scope`.
        unsafe { self.own().scope.as_ref() }.run().upgrade()
    }

    /// What a task has come to that has ended.
    fn ended(&mut self, target: Ref<T>) -> Join<T> {
        self.worker.core.spares.outcome(target).map_or(Join::Myself, Join::Ready)
    }

    fn begin_pair(&mut self, kind: Kind, left: T, right: T) -> (Raw<T>, Raw<T>) {
        let (owner, generation) = self.next_wait();
        let innermost = self.own().scope;
        let left = self.create(left, Parent::Branch(owner, 0), innermost, 1);
        let right = self.create(right, Parent::Branch(owner, 1), innermost, 1);
        // SAFETY: the counts are the group's: it outlives the right to run of its children.
        let children = unsafe { smallvec![Ref::from_raw(left), Ref::from_raw(right)] };
        self.set_group(Group::new(kind, generation, children, None));
        let role = if kind == Kind::Par { Role::Par } else { Role::Race };
        self.queue_child(left, role);
        self.queue_child(right, role);
        self.note_wait();
        (left, right)
    }

    /// A group of one child, which the caller queues.
    fn begin_single(&mut self, kind: Kind, body: T, scope: Option<Arc<Scope<T>>>) -> Raw<T> {
        let (owner, generation) = self.next_wait();
        let innermost = scope.as_ref().map_or(self.own().scope, |scope| NonNull::from(&**scope));
        let body = self.create(body, Parent::Branch(owner, 0), innermost, 1);
        // SAFETY: the count is the group's: it outlives the right to run of its child.
        let child = unsafe { Ref::from_raw(body) };
        if let Some(scope) = &scope {
            scope.set_body(child.clone());
        }
        self.set_group(Group::new(kind, generation, smallvec![child], scope));
        body
    }

    fn set_group(&mut self, group: Group<T>) {
        // SAFETY: we are the running side; a task that has children waits for them.
        unsafe { self.record().body().family.begin(group) };
        self.register(Waiting::Group);
        self.own().has_told_group = false;
    }

    fn queue_child(&mut self, raw: Raw<T>, role: Role) {
        self.worker.note_spawned(raw, role);
        self.worker.push_child(raw);
    }

    fn create(&mut self, task: T, parent: Parent<T>, innermost: NonNull<Scope<T>>, refs: u32) -> Raw<T> {
        let id = self.worker.core.next_id();
        let place = self.own().place;
        Record::create(&mut self.worker.core.spares, id, task, parent, Own::new(innermost, place), refs)
    }

    /// Our crew in `scope`, made if this is the first spawn there.
    fn crew(&mut self, scope: Option<&ScopeRef<T>>) -> Result<NonNull<Crew<T>>, ScopeEnded> {
        let own = self.own();
        let wanted = scope.map_or(own.scope, |scope| NonNull::from(&*scope.0));
        if let Some(crew) = own.crews.find(wanted) {
            return Ok(crew);
        }
        let crew = match scope {
            Some(scope) => scope.0.new_crew(),
            // SAFETY: the innermost scope of a running task lives: its owner waits for us (`Own::scope`).
            None => unsafe { Scope::new_crew_at(wanted) },
        }?;
        let found = NonNull::from(&*crew);
        self.own().crews.push(crew);
        Ok(found)
    }
}
