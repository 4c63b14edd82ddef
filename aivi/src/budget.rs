//! What several calls may use together, below the engine: one tenant's share of it, or one request's.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use aivi_scheduler::{RunCanceller, Started};
use aivi_vm::{Account, Level, Limits, Strand, Used, World};

use crate::call;

/// What calls within it may use together: any number of calls, of any scripts, at the same time or one after the other.
/// A budget may be [divided](Self::nested) into others, as deep as one likes. What a call uses counts for all that it
/// is within.
///
/// Of fuel and output a budget has so much in all; of memory, fibers and messages so much at the same time. Its time
/// begins when it is made (in the simulator, where each call has a clock of its own, with each call). When something is
/// used up, whoever asks for more is stopped, as by a limit of its own; the [`LimitReport`](crate::LimitReport) says
/// which budget it was. So what calls share is for keeping tenants apart, and calls should have limits of their own as
/// well: of two calls in a budget the one that is stopped need not be the one that floods.
///
/// Clones are the same budget, to be used from any thread. Who drops it stops nothing: calls within it go on, and are
/// counted.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use aivi::{CallError, Engine, Level, Limits};
///
/// let engine = Engine::builder().build()?;
/// let text = "module m\nexport count\n\ncount : Int -> Int\ncount = n => if n == 0 then 0 else 1 + count (n - 1)\n";
/// let count = engine.compile("m.aivi", text)?.function::<(i64,), i64>("count")?;
///
/// let tenant = engine.budget("tenant 7", Limits::none().fuel(10_000).memory(64 << 20));
/// let request = tenant.nested("request", Limits::none().fuel(2_000));
/// assert_eq!(count.within(&tenant).call((1_000,)), Ok(1_000));
/// let Err(CallError::Limit(report)) = count.within(&request).call((5_000,)) else { panic!("it is stopped") };
/// assert_eq!(report.level, Level::Budget("request".into()));
/// assert!(tenant.used().fuel > 3_000);
/// // Others do not see it.
/// assert_eq!(count.call((20_000,)), Ok(20_000));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    name: Arc<str>,
    account: Arc<Account>,
    outer: Option<Budget>,
    /// Each call has a clock of its own.
    is_simulated: bool,
    calls: Mutex<Calls>,
}

/// The calls that have not ended, and some that have.
#[derive(Default)]
struct Calls {
    list: Vec<(Weak<World>, RunCanceller<Strand>)>,
    sweep_at: usize,
}

/// Fewer calls than this are not worth a sweep (arbitrary).
const SWEEP_MIN: usize = 64;

impl Budget {
    pub(crate) fn new(name: &str, limits: Limits, engine: Option<Arc<Account>>, is_simulated: bool) -> Budget {
        Budget::made(name, limits, engine, None, is_simulated)
    }

    /// A part of it, with limits of its own. What is used there counts here as well; together its parts may be promised
    /// more than there is.
    #[must_use]
    pub fn nested(&self, name: &str, limits: Limits) -> Budget {
        Budget::made(name, limits, Some(self.0.account.clone()), Some(self.clone()), self.0.is_simulated)
    }

    /// Its name, as reports have it. Names need not differ.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Its limits. What they say of frames, registers and reserves for cleanups is a matter of calls, and without
    /// effect here.
    #[must_use]
    pub fn limits(&self) -> Limits {
        *self.0.account.limits()
    }

    /// What calls within it have used so far, and use now. What threads have counted and not yet entered is missing: at
    /// most a 64th of each limit for each thread.
    #[must_use]
    pub fn used(&self) -> Used {
        self.0.account.used()
    }

    /// How much of its time is left; nothing if that is without end.
    #[must_use]
    pub fn time_left(&self) -> Option<Duration> {
        self.0.account.time_left()
    }

    /// Cancels all calls within it, and within its parts: their cleanups run, and they end with
    /// [`CallError::Cancelled`](crate::CallError::Cancelled). Does not wait for that. Says how many calls that are; one
    /// that begins at the same time may not be among them, and later ones are not. In the simulator there is nothing to
    /// cancel, as calls are over when they are started.
    pub fn cancel(&self) -> usize {
        let calls = self.calls().list.clone();
        let living = calls.iter().filter(|(world, _)| world.strong_count() > 0);
        living.map(|(_, canceller)| canceller.cancel(call::REASON)).count()
    }

    pub(crate) fn account(&self) -> &Arc<Account> {
        &self.0.account
    }

    /// A call within it begins.
    pub(crate) fn enter(&self, world: &Arc<World>, started: &Started<Strand>) {
        let mut calls = self.calls();
        if calls.list.len() >= calls.sweep_at {
            calls.list.retain(|(world, _)| world.strong_count() > 0);
            calls.sweep_at = (calls.list.len() * 2).max(SWEEP_MIN);
        }
        calls.list.push((Arc::downgrade(world), started.canceller()));
        drop(calls);
        self.0.outer.iter().for_each(|outer| outer.enter(world, started));
    }

    fn made(
        name: &str,
        limits: Limits,
        parent: Option<Arc<Account>>,
        outer: Option<Budget>,
        is_simulated: bool,
    ) -> Budget {
        let name: Arc<str> = name.into();
        let account = Account::new(Level::Budget(name.clone()), limits, parent);
        let account = Arc::new(if is_simulated { account } else { account.from_now() });
        Budget(Arc::new(Inner { name, account, outer, is_simulated, calls: Mutex::default() }))
    }

    fn calls(&self) -> std::sync::MutexGuard<'_, Calls> {
        // What a thread that panicked left is whole: each change is one step.
        self.0.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budget").field("name", &self.name()).field("used", &self.used()).finish_non_exhaustive()
    }
}

/// What bounds a call.
#[derive(Clone)]
pub(crate) struct Bounds {
    /// Its own limits.
    pub(crate) limits: Limits,
    /// What it shares with others.
    pub(crate) budget: Option<Budget>,
}

impl From<Limits> for Bounds {
    fn from(limits: Limits) -> Bounds {
        Bounds { limits, budget: None }
    }
}
