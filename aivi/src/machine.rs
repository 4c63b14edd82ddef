//! One program, loaded, with the runtimes that run it.
//!
//! On real threads all calls share one runtime, made by the first. In the simulator each call has its own, so that the same
//! call behaves in the same way every time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use aivi_bytecode::Module;
use aivi_scheduler::{CancelKind, CancelReason, Config, Event, Mode, Observer, Place, Rehearsal, Report, Runtime};
use aivi_vm::shutdown::Why;
use aivi_vm::value::Kind;
use aivi_vm::{Attached, Failure, Fault, Natives, Program, Shared, Start, Strand, Value, World};

use crate::backtrace;
use crate::ending::{Ending, FailureReport, FaultReport};
use crate::engine::Settings;
use crate::host::ProcessHost;
use crate::lateness::Lateness;
use crate::rehearsal::leaks;
use crate::reports::Format;
use crate::shutdown::ShutdownReport;
use crate::stats::Stats;
use crate::trace::{Collector, Trace};
use crate::waits::Waits;

/// A program and who runs it.
pub(crate) struct Machine {
    world: Arc<World>,
    config: Config,
    /// What happens, if somebody wants to know.
    events: Option<Arc<Collector>>,
    format: Format,
    /// The runtime of all calls, on real threads.
    real: OnceLock<Arc<Runtime<Strand>>>,
    /// Every runtime that may be running something.
    runtimes: Mutex<Vec<Weak<Runtime<Strand>>>>,
    /// The worlds of the calls that have not ended.
    calls: Mutex<Vec<Weak<World>>>,
    cut_off: Arc<Mutex<CutOff>>,
    /// Reports of tasks that waited for ever when their call ended.
    stuck: Arc<Mutex<Vec<String>>>,
    /// Of calls whose runtime has gone.
    past: Mutex<Stats>,
}

/// Where tasks were spawned that still ran when their call had ended, and how many. Bounded by the places of the program.
type CutOff = HashMap<Place, usize>;

/// A call that has ended.
pub(crate) struct Run {
    pub(crate) outcome: Outcome,
    /// How long it took, by its own clock.
    pub(crate) time: Duration,
    /// What it has left behind, if it had a runtime of its own: that should be nothing.
    pub(crate) leaked: Vec<String>,
    /// Messages that nobody received, by where their channels were made.
    pub(crate) unreceived: Vec<(String, usize)>,
    /// What its cleanups did at the end.
    shutdown: Option<ShutdownReport>,
}

impl Run {
    /// A call that was not made.
    pub(crate) fn refused(message: String) -> Run {
        let outcome = Outcome::Faulted(Fault::without_place(message));
        Run { outcome, time: Duration::ZERO, leaked: Vec::new(), unreceived: Vec::new(), shutdown: None }
    }
}

/// How a call ended.
pub(crate) enum Outcome {
    Done(Value),
    Failed(Failure),
    Faulted(Fault),
    Cancelled(CancelReason),
}

impl Machine {
    /// Loads a module.
    pub(crate) fn new(module: Module, settings: &Settings) -> Result<Machine, String> {
        let mut natives = Natives::new();
        natives.extend(aivi_stdlib::natives());
        let program = Program::load(module, &natives).map_err(|error| error.to_string())?;
        let defaults = Config::default();
        let workers = settings.workers.unwrap_or(defaults.workers);
        Ok(Machine {
            world: Arc::new(World::new(program, Arc::new(ProcessHost::new(settings)), settings.limits)),
            config: Config { workers, mode: settings.mode, ..defaults },
            events: settings.is_traced.then(Arc::default),
            format: settings.format,
            real: OnceLock::new(),
            runtimes: Mutex::default(),
            calls: Mutex::default(),
            cut_off: Arc::default(),
            stuck: Arc::default(),
            past: Mutex::default(),
        })
    }

    /// The program.
    pub(crate) fn program(&self) -> &Program {
        &self.world.program
    }

    /// The loaded module.
    pub(crate) fn module(&self) -> &Module {
        self.world.program.module()
    }

    /// Applies a global to arguments, then runs what comes out if that is an effect, as the caller knows from the type.
    pub(crate) fn run(&self, global: u32, arguments: Vec<Value>, is_effect: bool) -> Run {
        self.run_as(global, arguments, is_effect, None)
    }

    /// The same as a rehearsal, if there is one and this is the simulator.
    pub(crate) fn run_as(
        &self,
        global: u32,
        arguments: Vec<Value>,
        is_effect: bool,
        rehearsal: Option<&Rehearsal>,
    ) -> Run {
        let runtime = match self.runtime() {
            Ok(runtime) => runtime,
            Err(error) => return Run::refused(format!("the scheduler does not start: {error}")),
        };
        let arguments = arguments.into_iter().map(Value::share).collect();
        if let Some(rehearsal) = rehearsal {
            runtime.rehearse(rehearsal.clone());
        }
        let begun_ns = runtime.now_ns();
        // Each call has the limits for itself.
        let World { program, host, limits, .. } = &*self.world;
        let world = Arc::new(World::new(program.clone(), host.clone(), *limits));
        self.lock_calls().push(Arc::downgrade(&world));
        let outcome = runtime.run(Strand::new(&world, Start::Global { global, arguments, run: is_effect }));
        let ended_ns = runtime.now_ns();
        let time = Duration::from_nanos(ended_ns - begun_ns);
        let shutdown = ShutdownReport::new(&world.shutdown, ended_ns, program);
        self.lock_calls().retain(|call| !std::ptr::eq(call.as_ptr(), &*world));
        self.world.host.flush();
        let (leaked, unreceived) = match self.config.mode {
            Mode::Real => Default::default(),
            Mode::Simulated { .. } => {
                let stats = runtime.stats();
                *self.past.lock().unwrap_or_else(PoisonError::into_inner) += stats.into();
                left(&runtime, &stats, &outcome, program)
            }
        };
        drop(runtime);
        let outcome = match outcome {
            aivi_scheduler::Outcome::Done(value) => Outcome::Done(value.into_value()),
            aivi_scheduler::Outcome::Failed(error) => Outcome::Failed(Failure::unpack(error)),
            aivi_scheduler::Outcome::Faulted(fault) => Outcome::Faulted(fault),
            aivi_scheduler::Outcome::Cancelled(reason) => Outcome::Cancelled(reason),
        };
        Run { outcome, time, leaked, unreceived, shutdown }
    }

    /// Reports what cleanups did at the end of a call, if there is something to be said.
    pub(crate) fn report_shutdown(&self, run: &Run) {
        if let Some(text) = run.shutdown.as_ref().and_then(|report| self.format.shutdown(report)) {
            self.world.host.write_err(&text);
        }
    }

    /// The tasks that were cancelled because their calls had ended: where they were spawned, and how many. Given once.
    pub(crate) fn take_cut_off(&self) -> Vec<(String, usize)> {
        let cut_off = std::mem::take(&mut *self.cut_off.lock().unwrap_or_else(PoisonError::into_inner));
        let mut places: Vec<(Place, usize)> = cut_off.into_iter().collect();
        places.sort_unstable_by_key(|(place, _)| place.0);
        places.into_iter().map(|(place, count)| (self.world.program.describe(place), count)).collect()
    }

    /// What is to be said of tasks that waited for ever, in the simulator, when their call ended. Given once.
    pub(crate) fn take_stuck(&self) -> Vec<String> {
        std::mem::take(&mut *self.stuck.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn runtime(&self) -> std::io::Result<Arc<Runtime<Strand>>> {
        if let Some(runtime) = self.real.get() {
            return Ok(runtime.clone());
        }
        let (world, cut_off, events) = (self.world.clone(), self.cut_off.clone(), self.events.clone());
        let (stuck, lateness, format) = (self.stuck.clone(), Lateness::default(), self.format);
        let observer = Arc::new(Reporter { world, cut_off, stuck, events, lateness, format });
        let mut runtime = Arc::new(Runtime::new(self.config.clone(), observer)?);
        if self.config.mode == Mode::Real {
            runtime = self.real.get_or_init(|| runtime).clone();
        }
        let mut runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner);
        runtimes.retain(|runtime| runtime.strong_count() > 0);
        runtimes.push(Arc::downgrade(&runtime));
        Ok(runtime)
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

    /// What becomes of cleanups when the process ends now, a line of JSON for each call.
    pub(crate) fn undone(&self) -> String {
        let mut lines = String::new();
        let program = &self.world.program;
        self.each(|runtime| {
            let (dump, now_ns) = (runtime.dump(), runtime.now_ns());
            self.each_call(|world| {
                if let Some(mut report) = ShutdownReport::new(&world.shutdown, now_ns, program) {
                    report.give_up(&dump, program);
                    lines.extend(Format::Json.shutdown(&report));
                }
            });
        });
        lines
    }

    /// What has happened since the last call.
    pub(crate) fn take_trace(&self) -> Trace {
        self.each(|runtime| runtime.flush_events());
        let collected = self.events.as_deref().map(Collector::take).unwrap_or_default();
        Trace::new(collected, self.world.program.clone(), self.config.mode != Mode::Real)
    }

    /// What the scheduler did in calls that have ended, and on real threads does in the others.
    pub(crate) fn stats(&self) -> Stats {
        let mut stats = *self.past.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(runtime) = self.real.get() {
            stats += runtime.stats().into();
        }
        stats
    }

    /// What every fiber is doing, for each of the runtimes.
    pub(crate) fn fibers(&self, mut tell: impl FnMut(&Waits<'_>)) {
        self.each(|runtime| tell(&Waits::new(&runtime.dump(), &self.world.program)));
    }

    fn each_call(&self, act: impl FnMut(Arc<World>)) {
        let calls = self.lock_calls().clone();
        calls.iter().filter_map(Weak::upgrade).for_each(act);
    }

    fn lock_calls(&self) -> MutexGuard<'_, Vec<Weak<World>>> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn each(&self, act: impl FnMut(Arc<Runtime<Strand>>)) {
        let runtimes = self.runtimes.lock().unwrap_or_else(PoisonError::into_inner).clone();
        runtimes.iter().filter_map(Weak::upgrade).for_each(act);
    }
}

impl Outcome {
    /// What a host is told.
    pub(crate) fn to_ending(&self, machine: &Machine) -> Ending {
        match self {
            Outcome::Done(_) => Ending::Success,
            Outcome::Failed(failure) => Ending::Failure(failure_report(failure, &machine.world.program)),
            Outcome::Faulted(fault) => {
                let program = &machine.world.program;
                let dump = fault.waits().filter(|_| machine.format == Format::Json);
                let waits = dump.map(|dump| Box::new(Waits::new(dump, program).data()));
                Ending::Fault(FaultReport { waits, ..report(fault, program) })
            }
            Outcome::Cancelled(reason) => match reason.kind {
                CancelKind::Exit(code) => Ending::Exit(code),
                CancelKind::Signal(signal) => Ending::Interrupted(signal),
                other => {
                    Ending::Fault(FaultReport { message: format!("cancelled: {other}"), ..FaultReport::default() })
                }
            },
        }
    }
}

/// What a call in the simulator has left behind, and the messages that nobody received.
fn left(
    runtime: &Runtime<Strand>,
    stats: &aivi_scheduler::Stats,
    outcome: &aivi_scheduler::Outcome<Shared, Fault>,
    program: &Program,
) -> (Vec<String>, Vec<(String, usize)>) {
    let mut channels = runtime.channels_left();
    // What the call gives may hold channels.
    if !matches!(outcome, aivi_scheduler::Outcome::Done(value) if value.value().kind() == Kind::Unit) {
        channels.alive = channels.circular.clone();
    }
    let unreceived = channels.unreceived.iter().map(|(place, count)| (program.describe(*place), *count)).collect();
    (leaks(stats, &channels, program), unreceived)
}

/// A value as `toText` shows it.
fn text_of(value: &Value, program: &Program) -> String {
    aivi_vm::structural::to_text(value, program.shapes())
}

/// What is known about a failure, in words.
fn failure_report(failure: &Failure, program: &Program) -> FailureReport {
    FailureReport {
        error: text_of(failure.error(), program),
        trace: backtrace::of_failure(failure, program),
        beside: failure.beside().map(|other| failure_report(&other, program)).collect(),
    }
}

/// Everything that is known about a fault, in words.
fn report(fault: &Fault, program: &Program) -> FaultReport {
    let beside = fault.attached().map(|attached| match attached {
        Attached::Failure(error) => {
            format!("beside it, failure: {}", failure_report(&Failure::unpack(error.clone()), program))
        }
        Attached::Fault(fault) => format!("beside it, fault: {}", report(fault, program)),
    });
    let dump = [fault.waits().map(|dump| Waits::new(dump, program).deadlock()), beside]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join("\n");
    FaultReport {
        message: fault.message().to_owned(),
        trace: backtrace::of_fault(fault, program),
        dump: (!dump.is_empty()).then_some(dump),
        waits: None,
    }
}

/// Tells the host what no fiber will ever see.
struct Reporter {
    world: Arc<World>,
    cut_off: Arc<Mutex<CutOff>>,
    stuck: Arc<Mutex<Vec<String>>>,
    events: Option<Arc<Collector>>,
    lateness: Lateness,
    format: Format,
}

impl Observer<Strand> for Reporter {
    fn report(&self, report: Report<'_, Strand>) {
        let program = &self.world.program;
        let text = match report {
            Report::UnjoinedFailure { spawned_at, failure } => {
                let failure = Failure::unpack(failure.clone());
                let (error, trace) = (text_of(failure.error(), program), backtrace::of_failure(&failure, program));
                // One line: where it happened, but not how it came from there.
                let origin = failure.trace().and_then(|trace| trace.origin(program));
                let origin = origin.map_or_else(String::new, |place| format!(" at {}", backtrace::at(place, program)));
                let started = program.describe(spawned_at);
                let text = format!("task started at {started} failed{origin} and was not joined: {error}");
                return self.world.host.warn_of(&text, &trace);
            }
            Report::LostFault { place, fault } => {
                let report = self::report(fault, program);
                format!("fault that nobody waited for, at {}: {report}", program.describe(place))
            }
            Report::CutOff { spawned_at } => {
                *self.cut_off.lock().unwrap_or_else(PoisonError::into_inner).entry(spawned_at).or_default() += 1;
                return;
            }
            Report::Stuck { dump, is_end: false } => {
                return self.world.host.write_err(&self.format.stuck(&Waits::new(dump, program)));
            }
            Report::Stuck { dump, is_end: true } => {
                let text = Waits::new(dump, program).stuck();
                return self.stuck.lock().unwrap_or_else(PoisonError::into_inner).push(text);
            }
            Report::Held(hold) => {
                if let Some(report) = self.lateness.report(&hold, program, Instant::now()) {
                    self.world.host.write_err(&self.format.late(&report));
                }
                return;
            }
            Report::GivenUp { first, dump } => {
                let (first, now) = (first.and_then(Fault::waits), Waits::new(dump, program).deadlock());
                // The report of the first follows, with the fault; often both are the same.
                match first.is_some_and(|first| Waits::new(first, program).deadlock() == now) {
                    true => "deadlock in cleanups, which are given up".to_owned(),
                    false => format!("deadlock again, in cleanups, which are given up: {}", now.trim_end()),
                }
            }
        };
        self.world.host.warn(&text);
    }

    fn describe_place(&self, place: Place) -> String {
        self.world.program.describe(place)
    }

    fn idle(&self) {
        self.world.host.flush();
    }

    fn cancels_tasks(&self) -> bool {
        self.world.program.cancels_tasks()
    }

    fn wants_events(&self) -> bool {
        self.events.is_some()
    }

    fn events(&self, events: &[Event]) {
        if let Some(collector) = &self.events {
            collector.add(events);
        }
    }
}
