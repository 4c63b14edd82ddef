//! What calls use, counted against their limits.
//!
//! A call with limits has an *account*. Its parents are the accounts that it shares with other calls: those of budgets,
//! and that of an engine with limits. A scope with limits inside of a call has an account of its own, whose parent is
//! the one around it. What is used is counted by threads on their own (`meter.rs`), in words that nobody else touches,
//! and entered into the account that the fiber belongs to, and all above: when the thread turns to another one, and
//! when it has used what it took in advance.
//!
//! What always holds:
//!
//! - A1. All threads together never have more in hand than they took in advance: at most a 64th of the limit each.
//! - A2. Who reaches a limit of a scope or a call has that one ended; of what calls share, the call
//!   (`Account::answering`). A limit is reached once (`Account::reach`). From then on the reserves for cleanups are
//!   allowed on top, and who reaches a limit again is stopped for good.
//! - A3. What a call leaves behind (its result, constants of the program that it was the first to use) is its parents'
//!   no more (`Account::close`). What a scope leaves behind is still the call's.
//! - A4. Who has allocated a value is not known when it is freed. A scope is never said to use less than nothing, nor
//!   more than everything around it does: what its fibers were given, or gave away, evens out in the account of the
//!   call.
//!
//! Why so, and what was rejected: decisions 0024 and 0036.

mod gauge;
mod limits;
pub mod meter;

use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aivi_scheduler::{CancelKind, CancelReason, Outcome, Place, ScopeRef, WeakScope};

use gauge::Gauge;
pub use limits::{Level, Limit, Limits, Reached};

use crate::fault::Fault;
use crate::fiber::Strand;
use crate::object::Shared;

/// What a scope, a call, or several calls together have used and may use.
#[derive(Debug)]
pub struct Account {
    level: Level,
    limits: Limits,
    parent: Option<Arc<Account>>,
    /// What calls share: when its time began. Nothing where each call has a clock of its own: then with the call.
    since: Option<Instant>,
    /// Whose tasks end when a limit is reached.
    scope: OnceLock<WeakScope<Strand>>,
    memory: Gauge,
    fibers: Gauge,
    messages: Gauge,
    fuel: Gauge,
    output: Gauge,
    host_ns: AtomicI64,
    /// When the time of the call is up, by its clock, and how many accounts above it has it so.
    deadline: OnceLock<(u64, usize)>,
    reached: OnceLock<Reached>,
    /// Cleanups that were not run to their end when it was stopped for a limit.
    skipped: AtomicU64,
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
    /// Nanoseconds in native functions that act: those of the host among them, and those that run where blocking is
    /// allowed.
    pub host_ns: u64,
}

impl Account {
    /// An account in which nothing is used; `parent` is the one around it.
    #[must_use]
    pub fn new(level: Level, limits: Limits, parent: Option<Arc<Account>>) -> Account {
        Account {
            level,
            limits,
            parent,
            since: None,
            scope: OnceLock::new(),
            memory: Gauge::default(),
            fibers: Gauge::default(),
            messages: Gauge::default(),
            fuel: Gauge::default(),
            output: Gauge::default(),
            host_ns: AtomicI64::new(0),
            deadline: OnceLock::new(),
            reached: OnceLock::new(),
            skipped: AtomicU64::new(0),
            is_closed: AtomicBool::new(false),
        }
    }

    /// The same, of which the time begins now, and not with each call.
    #[must_use]
    pub fn from_now(self) -> Account {
        Account { since: Some(Instant::now()), ..self }
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

    /// The limit for which a scope or call of this account ended like this, if it was one.
    #[must_use]
    pub fn reason(&self, outcome: &Outcome<Shared, Fault>) -> Option<Reached> {
        let is_for_limit = matches!(outcome, Outcome::Cancelled(CancelReason { kind: CancelKind::Limit, .. }));
        match outcome {
            Outcome::Done(_) => None,
            // If it was no other, it was the time, which scopes do not have.
            _ if is_for_limit && self.level == Level::Call => {
                Some(self.reached.get().cloned().unwrap_or_else(|| self.out_of_time(Place(u64::MAX))))
            }
            _ => self.reached().cloned(),
        }
    }

    /// What was used so far.
    #[must_use]
    pub fn used(&self) -> Used {
        let positive = |count: i64| u64::try_from(count).unwrap_or(0);
        Used {
            fuel: positive(self.fuel.now()),
            memory: positive(self.memory.now()),
            most_memory: positive(self.memory.most()),
            most_fibers: positive(self.fibers.most()),
            most_messages: positive(self.messages.most()),
            output: positive(self.output.now()),
            host_ns: positive(self.host_ns.load(Relaxed)),
        }
    }

    /// Does something for it: what it allocates on this thread is counted here.
    pub fn run<R>(self: &Arc<Account>, work: impl FnOnce() -> R) -> R {
        meter::run(Some(self), work)
    }

    /// The call has ended: what it leaves behind is nobody's.
    pub(crate) fn close(&self) {
        if self.level == Level::Scope || self.is_closed.swap(true, Relaxed) {
            return;
        }
        for above in self.line().skip(1) {
            COUNTED.into_iter().for_each(|limit| above.count(limit, -self.now(limit)));
        }
    }

    /// The fibers that use this account belong to that scope.
    pub(crate) fn set_scope(&self, scope: &ScopeRef<Strand>) {
        // There is one: who sets it has just made the account, or is the first fiber of the call.
        _ = self.scope.set(scope.downgrade());
    }

    /// The scope whose fibers use it, unless it has ended.
    pub(crate) fn scope(&self) -> Option<ScopeRef<Strand>> {
        self.scope.get()?.upgrade()
    }

    /// The account that is ended for this: that of the scope or call whose limit it is, or of the call in what calls
    /// share.
    pub(crate) fn answering(&self, over: &Over) -> &Account {
        self.line().take(over.above + 1).filter(|account| account.is_own()).last().unwrap_or(self)
    }

    /// What is over, as it is told.
    pub(crate) fn told(&self, over: Over, place: Place) -> Reached {
        let Over { limit, above, allowed, used } = over;
        let level = self.line().nth(above).map_or(Level::Call, |account| account.level.clone());
        Reached { limit, level, allowed, used, place }
    }

    /// Notes that a limit was reached. True: it is the first time.
    pub(crate) fn reach(&self, reached: Reached) -> bool {
        self.reached.set(reached).is_ok()
    }

    /// So many cleanups are not run to their end. True: that is because it was stopped for a limit of a scope, which
    /// tells of it.
    pub(crate) fn skip(&self, cleanups: usize) -> bool {
        let stopped = self.line().find(|account| account.level == Level::Scope && account.reached().is_some());
        stopped.inspect(|account| _ = account.skipped.fetch_add(cleanups as u64, Relaxed)).is_some()
    }

    /// Cleanups that were not run to their end when it was stopped for a limit.
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped.load(Relaxed)
    }

    /// Is it, or something around it in the call, ending for a limit?
    pub(crate) fn is_ending(&self) -> bool {
        self.line().any(|account| account.is_own() && account.reached().is_some())
    }

    /// Has the call reached a limit, not only a part of it?
    pub(crate) fn is_call_ending(&self) -> bool {
        self.line().any(|account| account.level == Level::Call && account.reached().is_some())
    }

    /// Takes fuel, at most so much; what there was left of it.
    pub(crate) fn take_fuel(&self, wanted: u64) -> u64 {
        let given = self.chain().fold(wanted, |given, (account, has_reserve)| {
            given.min(account.room(Limit::Fuel, has_reserve)) //
        });
        self.line().for_each(|account| account.fuel.add(signed(given)));
        given
    }

    /// Gives fuel back that was not used.
    pub(crate) fn return_fuel(&self, left: u64) {
        if left > 0 {
            self.line().for_each(|account| account.fuel.add(-signed(left)));
        }
    }

    /// Enters that so many bytes are about to be written, unless that is too much.
    pub(crate) fn write(&self, bytes: u64) -> Option<Over> {
        let over = self.find(|account, has_reserve| {
            let used = account.output.now().unsigned_abs().saturating_add(bytes);
            let is_over = used > account.allowed(Limit::Output, has_reserve);
            is_over.then_some((Limit::Output, used))
        });
        if over.is_none() {
            self.line().for_each(|account| account.output.add(signed(bytes)));
        }
        over
    }

    /// Enters time in the host.
    pub(crate) fn add_host_time(&self, ns: u64) {
        self.line().for_each(|account| _ = account.host_ns.fetch_add(signed(ns), Relaxed));
    }

    /// What is used up, of this scope or call or of what is around it. What has reached a limit has the reserves on
    /// top.
    pub(crate) fn over(&self) -> Option<Over> {
        self.find(|account, has_reserve| {
            [Limit::Memory, Limit::Fibers, Limit::Messages, Limit::Fuel].into_iter().find_map(|limit| {
                let (now, allowed) = (account.now(limit), account.allowed(limit, has_reserve));
                let is_over = u64::try_from(now).is_ok_and(|now| match limit {
                    // All of it may be used; the others are not to be more than allowed.
                    Limit::Fuel => now >= allowed,
                    _ => now > allowed,
                });
                is_over.then_some((limit, now.unsigned_abs()))
            })
        })
    }

    /// What is left of its time, unless that is without end.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        let gone = self.since.map_or(Duration::ZERO, |since| since.elapsed());
        (self.limits.time != Duration::MAX).then(|| self.limits.time.saturating_sub(gone))
    }

    /// The call begins, at this time by its clock: when it has to have ended, if it has to.
    pub(crate) fn begin(&self, now_ns: u64) -> Option<u64> {
        // That of an engine does not count: it would end some day.
        let counts = |account: &Account| account.level != Level::Engine;
        let left = |account: &Account| u64::try_from(account.time_left()?.as_nanos()).ok();
        let lefts = self
            .line()
            .enumerate()
            .filter(|(_, account)| counts(account))
            .filter_map(|(above, account)| Some((left(account)?, above)));
        let (left_ns, above) = lefts.min()?;
        let deadline_ns = now_ns.saturating_add(left_ns);
        self.deadline.get_or_init(|| (deadline_ns, above));
        Some(deadline_ns)
    }

    /// Is the time up?
    pub(crate) fn is_late(&self, now_ns: u64) -> bool {
        self.deadline.get().is_some_and(|(deadline_ns, _)| now_ns >= *deadline_ns)
    }

    /// The time is up.
    pub(crate) fn out_of_time(&self, place: Place) -> Reached {
        let above = self.deadline.get().map_or(0, |(_, above)| *above);
        let allowed = self.line().nth(above).map_or(0, |account| account.limits.of(Limit::Time));
        self.told(Over { limit: Limit::Time, above, allowed, used: allowed }, place)
    }

    /// A fiber was cancelled for a limit: if nothing else was reached, the time was.
    pub(crate) fn note_late(&self, now_ns: u64, place: Place) {
        let late = self.line().filter(|account| account.is_own() && account.is_late(now_ns));
        late.for_each(|account| _ = account.reach(account.out_of_time(place)));
    }

    /// The limit of memory that is reached when a host makes so many bytes of what the call has given: what the call
    /// may use, or less, if what calls share leaves less.
    #[must_use]
    pub fn over_for_host(&self, bytes: u64) -> Option<Reached> {
        let over = self.find(|account, _| {
            let in_use = if account.is_own() { 0 } else { account.used().memory };
            let used = in_use.saturating_add(bytes);
            (used > account.limits.memory).then_some((Limit::Memory, used))
        });
        Some(self.told(over?, Place(u64::MAX)))
    }

    /// The bytes that may be in use at most.
    #[must_use]
    pub fn memory_limit(&self) -> u64 {
        self.least(Limit::Memory)
    }

    /// There is no room for so many bytes more.
    pub(crate) fn too_many_bytes(&self, bytes: u64) -> Over {
        let over = self.find(|account, _| {
            let used = account.used().memory.saturating_add(bytes);
            (used > account.limits.memory).then_some((Limit::Memory, used))
        });
        over.unwrap_or(Over { limit: Limit::Memory, above: 0, allowed: self.limits.memory, used: bytes })
    }

    /// So much of something at once is more than allowed.
    pub(crate) fn too_much(&self, limit: Limit, wanted: u64) -> Option<Over> {
        self.find(|account, _| (wanted > account.limits.of(limit)).then_some((limit, wanted)))
    }

    /// How much more there may be of something, for this scope or call.
    fn room_for(&self, limit: Limit) -> u64 {
        self.chain().map(|(account, has_reserve)| account.room(limit, has_reserve)).min().unwrap_or(u64::MAX)
    }

    /// The innermost account of which something is used up: `used_up` says what, and how much that is.
    fn find(&self, used_up: impl Fn(&Account, bool) -> Option<(Limit, u64)>) -> Option<Over> {
        self.chain().enumerate().find_map(|(above, (account, has_reserve))| {
            let (limit, used) = used_up(account, has_reserve)?;
            Some(Over { limit, above, allowed: account.limits.of(limit), used })
        })
    }

    fn room(&self, limit: Limit, has_reserve: bool) -> u64 {
        let allowed = self.allowed(limit, has_reserve);
        let left = signed(allowed).saturating_sub(self.now(limit));
        if allowed == u64::MAX { u64::MAX } else { u64::try_from(left).unwrap_or(0) }
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

    /// The least that is allowed, of its own limits and those around it.
    fn least(&self, limit: Limit) -> u64 {
        self.line().map(|account| account.limits.of(limit)).min().unwrap_or(u64::MAX)
    }

    fn now(&self, limit: Limit) -> i64 {
        self.gauge(limit).map_or(0, Gauge::now)
    }

    fn count(&self, limit: Limit, change: i64) {
        self.gauge(limit).into_iter().for_each(|gauge| gauge.add(change));
    }

    /// Enters what a thread has counted.
    fn enter(&self, memory: isize, fibers: isize, messages: isize) {
        for (limit, change) in COUNTED.into_iter().zip([memory, fibers, messages]) {
            let mut change = change as i64;
            for account in self.line().take_while(|account| !account.is_closed.load(Relaxed)) {
                match (&account.level, account.gauge(limit)) {
                    // What a host has made and a call frees is nobody's.
                    (Level::Call, Some(gauge)) => change = gauge.add_above_zero(change),
                    _ => account.count(limit, change),
                }
            }
        }
        self.even_out();
    }

    /// Sees to it that a scope is not said to use more than all that is around it does (A4).
    fn even_out(&self) {
        if let (Level::Scope, Some(parent)) = (&self.level, &self.parent) {
            parent.even_out();
            for limit in COUNTED {
                self.gauge(limit).into_iter().for_each(|gauge| gauge.keep_within(parent.now(limit).max(0)));
            }
        }
    }

    /// Has it fibers of its own, which can be ended?
    fn is_own(&self) -> bool {
        matches!(self.level, Level::Scope | Level::Call)
    }

    /// Itself and the accounts that it is a part of.
    fn line(&self) -> impl Iterator<Item = &Account> {
        std::iter::successors(Some(self), |account| account.parent.as_deref())
    }

    /// The same, each with whether it has reserves: a scope or call that has reached a limit, and for such a call what
    /// it shares with others.
    fn chain(&self) -> impl Iterator<Item = (&Account, bool)> {
        self.line().scan(false, |has_reserve, account| {
            if account.is_own() {
                *has_reserve = account.reached().is_some();
            }
            Some((account, *has_reserve))
        })
    }
}

/// What is counted up and down by threads.
const COUNTED: [Limit; 3] = [Limit::Memory, Limit::Fibers, Limit::Messages];

/// Something is used up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Over {
    pub(crate) limit: Limit,
    /// How many accounts above.
    pub(crate) above: usize,
    pub(crate) allowed: u64,
    pub(crate) used: u64,
}

fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
