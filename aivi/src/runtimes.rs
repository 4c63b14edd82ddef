//! The runtimes of an engine, and the calls that they run.
//!
//! On real threads, or driven by the host, all calls of all scripts share one runtime, made by the first call. In the
//! simulator each call has its own, so that the same call behaves in the same way every time.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use aivi_scheduler::{CancelKind, CancelReason, Config, Mode, Observer, Place, Runtime, Turn};
use aivi_vm::account::meter;
use aivi_vm::shutdown::Why;
use aivi_vm::{Strand, World};

use crate::reporter::Reporter;
use crate::stats::Stats;

/// The runtimes.
pub(crate) struct Runtimes {
    config: Config,
    in_place: bool,
    reporter: Arc<Reporter>,
    /// The runtime of all calls, unless they are simulated.
    shared: OnceLock<Arc<Runtime<Strand>>>,
    /// The runtimes of simulated calls.
    simulated: Mutex<Vec<Weak<Runtime<Strand>>>>,
    /// The worlds of the calls that have not ended, and of some that have.
    calls: Mutex<Calls>,
    /// Of calls whose runtime has gone.
    past: Mutex<Stats>,
}

#[derive(Default)]
struct Calls {
    worlds: Vec<Weak<World>>,
    sweep_at: usize,
}

/// Fewer calls than this are not worth a sweep (arbitrary).
const SWEEP_MIN: usize = 64;

impl Runtimes {
    /// None yet.
    pub(crate) fn new(config: Config, reporter: Arc<Reporter>) -> Runtimes {
        Runtimes {
            in_place: !matches!(config.mode, Mode::Simulated { .. }) && !reporter.wants_events(),
            config,
            reporter,
            shared: OnceLock::new(),
            simulated: Mutex::default(),
            calls: Mutex::default(),
            past: Mutex::default(),
        }
    }

    /// Does each call have a runtime of its own?
    pub(crate) fn is_simulated(&self) -> bool {
        matches!(self.config.mode, Mode::Simulated { .. })
    }

    /// May a call begin on the thread that makes it? Who simulates or listens wants to see each call as a fiber.
    pub(crate) fn begin_in_place(&self) -> bool {
        self.in_place
    }

    /// The runtime for a call.
    pub(crate) fn for_call(&self) -> io::Result<Arc<Runtime<Strand>>> {
        if let Some(runtime) = self.shared.get() {
            return Ok(runtime.clone());
        }
        let runtime = Arc::new(Runtime::new(self.config.clone(), self.reporter.clone())?);
        if !self.is_simulated() {
            let runtime = self.shared.get_or_init(|| runtime);
            self.reporter.programs.graveyard().watch(runtime);
            return Ok(runtime.clone());
        }
        let mut simulated = lock(&self.simulated);
        simulated.retain(|runtime| runtime.strong_count() > 0);
        simulated.push(Arc::downgrade(&runtime));
        Ok(runtime)
    }

    /// Runs what is ready, in an engine that is driven.
    pub(crate) fn turn(&self, budget: Duration) -> Turn {
        meter::aside(|| self.shared.get().map_or(Turn::Finished, |runtime| runtime.turn(budget)))
    }

    /// A call begins.
    pub(crate) fn enter(&self, world: &Arc<World>) {
        let mut calls = lock(&self.calls);
        if calls.worlds.len() >= calls.sweep_at {
            calls.worlds.retain(|world| world.strong_count() > 0);
            calls.sweep_at = (calls.worlds.len() * 2).max(SWEEP_MIN);
        }
        calls.worlds.push(Arc::downgrade(world));
    }

    /// A simulated call has ended.
    pub(crate) fn count(&self, stats: Stats) {
        *lock(&self.past) += stats;
    }

    /// Cancels all calls and says how many there are.
    pub(crate) fn interrupt(&self, signal: i32) -> usize {
        let reason = CancelReason { kind: CancelKind::Signal(signal), place: Place::default() };
        let mut calls = 0;
        self.each(|runtime| {
            self.each_call(|world| world.shutdown.begin(Why::Signal(signal), runtime.now_ns()));
            calls += runtime.canceller().cancel_roots(reason);
        });
        calls
    }

    /// What the scheduler did in calls that have ended, and does in the others unless they are simulated.
    pub(crate) fn stats(&self) -> Stats {
        let mut stats = *lock(&self.past);
        if let Some(runtime) = self.shared.get() {
            stats += runtime.stats().into();
        }
        stats
    }

    /// Does something with each runtime.
    pub(crate) fn each(&self, mut act: impl FnMut(&Runtime<Strand>)) {
        if let Some(runtime) = self.shared.get() {
            act(runtime);
        }
        let simulated = lock(&self.simulated).clone();
        simulated.iter().filter_map(Weak::upgrade).for_each(|runtime| act(&runtime));
    }

    /// Does something with each call that has not ended.
    pub(crate) fn each_call(&self, mut act: impl FnMut(&World)) {
        let worlds = lock(&self.calls).worlds.clone();
        worlds.iter().filter_map(Weak::upgrade).for_each(|world| act(&world));
    }
}

/// What a thread that panicked left is whole: each change is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
