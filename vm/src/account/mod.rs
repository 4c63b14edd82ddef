//! What calls use, counted against their limits.
//!
//! A call with limits has an *account*, and so has an engine with limits, as the parent of those. What is used is counted by
//! threads on their own (`meter.rs`), in words that nobody else touches, and entered into the account of the call that the
//! thread works for: when it turns to another call, and when it has used what it took of the account in advance.
//!
//! What always holds:
//!
//! - A1. All threads together never have more in hand than they took in advance: at most a 64th of the limit each.
//! - A2. A limit is reached once per call (`Account::reach`). From then on the reserves for cleanups are allowed on top, and who
//!   reaches a limit again is stopped for good.
//! - A3. What a call leaves behind (its result, constants of the program that it was the first to use) is its parent's no more
//!   (`Account::close`).
//!
//! Why so, and what was rejected: decision 0024.

mod limits;
pub mod meter;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, OnceLock};

use aivi_scheduler::{CancelKind, CancelReason, Outcome, Place};

pub use limits::{Limit, Limits, Reached};

use crate::fault::Fault;
use crate::object::Shared;

/// What a call, or an engine, has used and may use.
#[derive(Debug)]
pub struct Account {
    limits: Limits,
    parent: Option<Arc<Account>>,
    memory: Gauge,
    fibers: Gauge,
    messages: Gauge,
    fuel: Gauge,
    output: Gauge,
    host_ns: AtomicI64,
    /// When the time of the call is up, by its clock.
    deadline_ns: AtomicU64,
    reached: OnceLock<Reached>,
    is_closed: AtomicBool,
}

/// What a call has used.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
#[non_exhaustive]
pub struct Used {
    /// Fuel.
    pub fuel: u64,
    /// Bytes now, as far as threads have entered them.
    pub memory: u64,
    /// The most bytes at the same time.
    pub most_memory: u64,
    /// The most fibers at the same time.
    pub most_fibers: u64,
    /// The most messages in channels at the same time.
    pub most_messages: u64,
    /// Bytes that were written.
    pub output: u64,
    /// Nanoseconds in native functions that act: those of the host among them, and those that run where blocking is allowed.
    pub host_ns: u64,
}

/// How much of something there is, and how much there was at most.
#[derive(Default, Debug)]
struct Gauge {
    now: AtomicI64,
    most: AtomicI64,
}

impl Gauge {
    // Relaxed throughout: counts that nothing else depends on.
    fn add(&self, change: i64) -> i64 {
        let now = self.now.fetch_add(change, Relaxed) + change;
        if change > 0 && now > self.most.load(Relaxed) {
            self.most.fetch_max(now, Relaxed);
        }
        now
    }

    fn now(&self) -> i64 {
        self.now.load(Relaxed)
    }
}

impl Account {
    /// An account in which nothing is used; `parent` is that of all calls together.
    #[must_use]
    pub fn new(limits: Limits, parent: Option<Arc<Account>>) -> Account {
        Account {
            limits,
            parent,
            memory: Gauge::default(),
            fibers: Gauge::default(),
            messages: Gauge::default(),
            fuel: Gauge::default(),
            output: Gauge::default(),
            host_ns: AtomicI64::new(0),
            deadline_ns: AtomicU64::new(u64::MAX),
            reached: OnceLock::new(),
            is_closed: AtomicBool::new(false),
        }
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The limit that was reached, if one was.
    #[must_use]
    pub fn reached(&self) -> Option<&Reached> {
        self.reached.get()
    }

    /// The limit for which a call of this account ended like this, if it was one.
    #[must_use]
    pub fn reason(&self, outcome: &Outcome<Shared, Fault>) -> Option<Reached> {
        match outcome {
            Outcome::Done(_) => None,
            Outcome::Cancelled(CancelReason { kind: CancelKind::Limit, .. }) => Some(self.reached_or_time()),
            _ => self.reached().copied(),
        }
    }

    /// The limit that was reached; the time, if it was no other.
    fn reached_or_time(&self) -> Reached {
        let Over { limit, is_shared, allowed, used } = self.out_of_time();
        self.reached.get().copied().unwrap_or(Reached { limit, is_shared, allowed, used, place: Place(u64::MAX) })
    }

    /// What was used so far.
    #[must_use]
    pub fn used(&self) -> Used {
        let positive = |count: i64| u64::try_from(count).unwrap_or(0);
        Used {
            fuel: positive(self.fuel.now()),
            memory: positive(self.memory.now()),
            most_memory: positive(self.memory.most.load(Relaxed)),
            most_fibers: positive(self.fibers.most.load(Relaxed)),
            most_messages: positive(self.messages.most.load(Relaxed)),
            output: positive(self.output.now()),
            host_ns: positive(self.host_ns.load(Relaxed)),
        }
    }

    /// Does something for it: what it allocates on this thread is counted here.
    pub fn run<R>(self: &Arc<Account>, work: impl FnOnce() -> R) -> R {
        meter::run(Some(self), work)
    }

    /// The call has ended: what it leaves behind is nobody's.
    pub fn close(&self) {
        if self.is_closed.swap(true, Relaxed) {
            return;
        }
        if let Some(parent) = &self.parent {
            parent.memory.add(-self.memory.now());
            parent.fibers.add(-self.fibers.now());
            parent.messages.add(-self.messages.now());
        }
    }

    /// Notes that a limit was reached. True: it is the first time.
    pub(crate) fn reach(&self, over: Over, place: Place) -> bool {
        let Over { limit, is_shared, allowed, used } = over;
        self.reached.set(Reached { limit, is_shared, allowed, used, place }).is_ok()
    }

    /// Takes fuel, at most so much; what there was left of it.
    pub(crate) fn take_fuel(&self, wanted: u64) -> u64 {
        let mut given = wanted;
        for account in self.chain() {
            given = given.min(account.room(Limit::Fuel, self.reached.get().is_some()));
        }
        self.chain().for_each(|account| _ = account.fuel.add(signed(given)));
        given
    }

    /// Gives fuel back that was not used.
    pub(crate) fn return_fuel(&self, left: u64) {
        if left > 0 {
            self.chain().for_each(|account| _ = account.fuel.add(-signed(left)));
        }
    }

    /// Enters that so many bytes are about to be written, unless that is too much.
    pub(crate) fn write(&self, bytes: u64) -> Option<Over> {
        let has_reserve = self.reached.get().is_some();
        let over = self.chain().enumerate().find_map(|(level, account)| {
            let used = account.output.now().unsigned_abs().saturating_add(bytes);
            let is_over = used > account.allowed(Limit::Output, has_reserve);
            let allowed = account.limits.output;
            is_over.then_some(Over { limit: Limit::Output, is_shared: level > 0, allowed, used })
        });
        if over.is_none() {
            self.chain().for_each(|account| _ = account.output.add(signed(bytes)));
        }
        over
    }

    /// Enters time in the host.
    pub(crate) fn add_host_time(&self, ns: u64) {
        self.host_ns.fetch_add(signed(ns), Relaxed);
    }

    /// What is used up, of this call or of all together. A call that has reached a limit has the reserves on top.
    pub(crate) fn over(&self) -> Option<Over> {
        let has_reserve = self.reached.get().is_some();
        self.chain().enumerate().find_map(|(level, account)| {
            [Limit::Memory, Limit::Fibers, Limit::Messages, Limit::Fuel].into_iter().find_map(|limit| {
                let (now, allowed) = (account.gauge(limit)?.now(), account.allowed(limit, has_reserve));
                let is_over = u64::try_from(now).is_ok_and(|now| match limit {
                    // All of it may be used; the others are not to be more than allowed.
                    Limit::Fuel => now >= allowed,
                    _ => now > allowed,
                });
                let allowed = account.limits.of(limit);
                is_over.then_some(Over { limit, is_shared: level > 0, allowed, used: now.unsigned_abs() })
            })
        })
    }

    /// The call has time until then.
    pub(crate) fn set_deadline(&self, deadline_ns: u64) {
        self.deadline_ns.store(deadline_ns, Relaxed);
    }

    /// Is the time up?
    pub(crate) fn is_late(&self, now_ns: u64) -> bool {
        now_ns >= self.deadline_ns.load(Relaxed)
    }

    /// The time is up.
    pub(crate) fn out_of_time(&self) -> Over {
        let allowed = self.limits.of(Limit::Time);
        Over { limit: Limit::Time, is_shared: false, allowed, used: allowed }
    }

    /// The bytes that may be in use at most.
    pub(crate) fn memory_limit(&self) -> u64 {
        self.chain().map(|account| account.limits.memory).min().unwrap_or(u64::MAX)
    }

    /// There is no room for so many bytes more.
    pub(crate) fn too_many_bytes(&self, bytes: u64) -> Over {
        let over = |(level, account): (usize, &Account)| {
            let (allowed, used) = (account.limits.memory, account.used().memory.saturating_add(bytes));
            (used > allowed).then_some(Over { limit: Limit::Memory, is_shared: level > 0, allowed, used })
        };
        let none = Over { limit: Limit::Memory, is_shared: false, allowed: self.limits.memory, used: bytes };
        self.chain().enumerate().find_map(over).unwrap_or(none)
    }

    /// So much of something at once is more than allowed.
    pub(crate) fn too_much(&self, limit: Limit, wanted: u64) -> Option<Over> {
        self.chain().enumerate().find_map(|(level, account)| {
            let allowed = account.limits.of(limit);
            (wanted > allowed).then_some(Over { limit, is_shared: level > 0, allowed, used: wanted })
        })
    }

    /// How much more there may be of something, for this call.
    fn room_for(&self, limit: Limit) -> u64 {
        let has_reserve = self.reached.get().is_some();
        self.chain().map(|account| account.room(limit, has_reserve)).min().unwrap_or(u64::MAX)
    }

    fn room(&self, limit: Limit, has_reserve: bool) -> u64 {
        let allowed = self.allowed(limit, has_reserve);
        let now = self.gauge(limit).map_or(0, Gauge::now);
        if allowed == u64::MAX { u64::MAX } else { u64::try_from(signed(allowed).saturating_sub(now)).unwrap_or(0) }
    }

    fn allowed(&self, limit: Limit, has_reserve: bool) -> u64 {
        let allowed = self.limits.of(limit);
        let reserve = match limit {
            _ if !has_reserve => 0,
            Limit::Fuel => self.limits.cleanup_fuel,
            Limit::Memory => self.limits.cleanup_memory,
            // A cleanup may want to tell what it does, to start a fiber, to send a message.
            Limit::Output | Limit::Fibers | Limit::Messages => allowed / 8 + 64,
            Limit::Time => 0,
        };
        allowed.saturating_add(reserve)
    }

    fn gauge(&self, limit: Limit) -> Option<&Gauge> {
        match limit {
            Limit::Fuel => Some(&self.fuel),
            Limit::Memory => Some(&self.memory),
            Limit::Fibers => Some(&self.fibers),
            Limit::Messages => Some(&self.messages),
            Limit::Output => Some(&self.output),
            Limit::Time => None,
        }
    }

    /// Enters what a thread has counted.
    fn enter(&self, memory: isize, fibers: isize, messages: isize) {
        if self.is_closed.load(Relaxed) {
            return;
        }
        for account in self.chain() {
            account.memory.add(memory as i64);
            account.fibers.add(fibers as i64);
            account.messages.add(messages as i64);
        }
    }

    /// Itself and the accounts that it is a part of.
    fn chain(&self) -> impl Iterator<Item = &Account> {
        std::iter::successors(Some(self), |account| account.parent.as_deref())
    }
}

/// Something is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Over {
    pub(crate) limit: Limit,
    pub(crate) is_shared: bool,
    pub(crate) allowed: u64,
    pub(crate) used: u64,
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
