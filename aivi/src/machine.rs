//! One program, loaded, and how its functions are run.

use std::sync::Arc;
use std::time::Duration;

use aivi_bytecode::Module;
use aivi_scheduler::{CancelKind, CancelReason, Place, Rehearsal, Runtime, Started};
use aivi_stdlib::Loss;
use aivi_vm::account::meter;
use aivi_vm::shutdown::Why;
use aivi_vm::value::Kind;
use aivi_vm::{Account, Code, Grants, Host, Program, Shared as SharedValue, Start, Strand, Value, World};

use crate::budget::{Bounds, Budget};
use crate::convert::Shapes;
use crate::ending::{Ending, FaultReport};
use crate::engine::Shared;
use crate::host::ProcessHost;
use crate::outcome::{Outcome, Run};
use crate::rehearsal::leaks;
use crate::shutdown::ShutdownReport;
use crate::trace::Trace;

/// A program of an engine, which it keeps.
pub(crate) struct Machine {
    pub(crate) engine: Arc<Shared>,
    pub(crate) program: Arc<Program>,
    host: Arc<ProcessHost>,
    shapes: Arc<Shapes>,
}

/// What is applied to arguments; then what comes out of it is run, if that is an effect.
#[derive(Clone)]
pub(crate) enum Entry {
    /// A global, of which the type is known.
    Global { global: u32, is_effect: bool },
    /// A function that came out of the program.
    Function(SharedValue),
}

/// A call that was begun, or could not be.
pub(crate) enum Begun {
    /// It goes on, in this runtime.
    Runs(Started<Strand>, Arc<Runtime<Strand>>, Option<Arc<Account>>),
    /// It is over.
    Over(Run),
}

/// A task cannot wait for a call: others may need its worker for that.
pub(crate) const AT_WORK: &str = "a call into a script waits, and the function that made it was called by a script itself: \
                       make it `blocking` or a `future`, or start the call without waiting for it";

impl Machine {
    /// A program with this code, which may do so much.
    pub(crate) fn new(engine: &Arc<Shared>, code: Arc<Code>, grants: Arc<Grants>) -> Result<Arc<Machine>, String> {
        let (modules, module) = (&engine.settings.modules, code.module());
        let shapes = Arc::new(Shapes::new(&module.shapes, modules.objects().clone()));
        let mut natives = crate::library::natives();
        modules.bind(&module.natives, &shapes, &mut natives);
        let program = engine.programs().link(code, &natives).map_err(|error| error.to_string())?;
        let host = Arc::new(ProcessHost::new(&engine.settings, grants));
        Ok(Arc::new_cyclic(|machine| {
            shapes.set_machine(machine.clone());
            Machine { engine: engine.clone(), program, host, shapes }
        }))
    }

    /// What the program may do outside of itself.
    pub(crate) fn grants(&self) -> Arc<Grants> {
        self.host.grants()
    }

    /// What conversions know of the program.
    pub(crate) fn shapes(&self) -> &Arc<Shapes> {
        &self.shapes
    }

    /// The loaded module.
    pub(crate) fn module(&self) -> &Module {
        self.program.module()
    }

    /// Runs something to its end.
    pub(crate) fn run(&self, entry: &Entry, arguments: Vec<Value>, bounds: &Bounds) -> Run {
        self.run_as(entry, arguments, bounds, None)
    }

    /// The same as a rehearsal, if there is one and this is the simulator.
    pub(crate) fn run_as(
        &self,
        entry: &Entry,
        arguments: Vec<Value>,
        bounds: &Bounds,
        rehearsal: Option<&Rehearsal>,
    ) -> Run {
        let runtime = match self.engine.runtimes.for_call() {
            Ok(runtime) if runtime.is_at_work() => return Run::refused(AT_WORK),
            Ok(runtime) => runtime,
            Err(error) => return Run::refused(format!("the scheduler does not start: {error}")),
        };
        if let Some(rehearsal) = rehearsal {
            runtime.rehearse(rehearsal.clone());
        }
        let begun_ns = runtime.now_ns();
        let world = self.world(bounds);
        let known = |started: &Started<Strand>| bounds.budget.iter().for_each(|budget| budget.enter(&world, started));
        let outcome = meter::aside(|| runtime.run_known(root(&world, entry, arguments), known));
        let ended_ns = runtime.now_ns();
        let time = Duration::from_nanos(ended_ns - begun_ns);
        self.engine.settings.stdout.pass_on();
        let (leaked, unreceived) = if self.engine.runtimes.is_simulated() {
            let stats = runtime.stats();
            self.engine.runtimes.count(stats.into());
            left(&runtime, &stats, &outcome, &self.program)
        } else {
            Default::default()
        };
        drop(runtime);
        let outcome = Outcome::new(outcome, world.account.as_deref());
        let given_up = if matches!(outcome, Outcome::Limited(_)) { Why::Limit } else { Why::Deadlock };
        let shutdown = ShutdownReport::new(&world.shutdown, ended_ns, &self.program, given_up);
        Run { outcome, account: world.account.clone(), time, leaked, unreceived, shutdown }
    }

    /// Runs a call to its end that has begun in place and left it.
    pub(crate) fn go_on(&self, world: &Arc<World>, strand: Strand) -> Outcome {
        let runtime = match self.engine.runtimes.for_call() {
            Ok(runtime) => runtime,
            Err(error) => return Run::refused(format!("the scheduler does not start: {error}")).outcome,
        };
        self.engine.runtimes.enter(world);
        if runtime.is_at_work() {
            // It may have something to clean up.
            runtime.start(strand).cancel(CancelReason { kind: CancelKind::Handle, place: Place::default() });
            return Run::refused(AT_WORK).outcome;
        }
        let outcome = meter::aside(|| runtime.run(strand));
        self.engine.settings.stdout.pass_on();
        Outcome::new(outcome, world.account.as_deref())
    }

    /// Begins something that goes on without the caller. In the simulator it is over when this returns.
    pub(crate) fn begin(&self, entry: &Entry, arguments: Vec<Value>, bounds: &Bounds) -> Begun {
        if self.engine.runtimes.is_simulated() {
            return Begun::Over(self.run(entry, arguments, bounds));
        }
        match self.engine.runtimes.for_call() {
            Ok(runtime) => {
                let world = self.world(bounds);
                let started = runtime.start(root(&world, entry, arguments));
                bounds.budget.iter().for_each(|budget| budget.enter(&world, &started));
                Begun::Runs(started, runtime, world.account.clone())
            }
            Err(error) => Begun::Over(Run::refused(format!("the scheduler does not start: {error}"))),
        }
    }

    /// The world of a call that is a task.
    fn world(&self, bounds: &Bounds) -> Arc<World> {
        let world = self.unlisted_world(bounds);
        self.engine.runtimes.enter(&world);
        world
    }

    /// The world of a call, which has the limits for itself.
    pub(crate) fn unlisted_world(&self, bounds: &Bounds) -> Arc<World> {
        let Bounds { limits, budget } = bounds;
        let parent = budget.as_ref().map(Budget::account).or(self.engine.settings.account.as_ref());
        let world = World::within(self.program.clone(), self.host.clone(), *limits, parent);
        Arc::new(if self.engine.runtimes.is_simulated() { world.apart() } else { world })
    }

    /// Whether what a call within these bounds uses is counted.
    pub(crate) fn is_metered(&self, bounds: &Bounds) -> bool {
        let Bounds { limits, budget } = bounds;
        let is_shared = budget.is_some() || self.engine.settings.account.is_some();
        limits.is_metered() || is_shared || self.program.is_metered()
    }

    /// What a host is told of how a call ended.
    pub(crate) fn ending(&self, outcome: &Outcome) -> Ending {
        outcome.to_ending(&self.program, self.engine.programs())
    }

    /// The same for `main`, with which the output ends: what of it is lost has to be said somewhere.
    pub(crate) fn ending_of_main(&self, outcome: &Outcome) -> Ending {
        let ending = self.ending(outcome);
        let Err(error) = self.engine.settings.stdout.flush() else { return ending };
        match (ending, Loss::new(&error)) {
            (Ending::Success | Ending::Exit(0), Loss::Unread) => Ending::Exit(Loss::EXIT_UNREAD),
            (Ending::Success | Ending::Exit(0), Loss::Refused(message)) => {
                Ending::Fault(FaultReport { message, ..FaultReport::default() })
            }
            (ending, Loss::Unread) => ending,
            (ending, Loss::Refused(message)) => {
                self.host.warn(&message);
                ending
            }
        }
    }

    /// Reports what cleanups did at the end of a call, if there is something to be said.
    pub(crate) fn report_shutdown(&self, run: &Run) {
        if let Some(text) = run.shutdown.as_ref().and_then(|report| self.engine.settings.format.shutdown(report)) {
            self.engine.reporter.write_err(&text);
        }
    }

    /// What has happened since the last call.
    pub(crate) fn take_trace(&self) -> Trace {
        self.engine.runtimes.each(Runtime::flush_events);
        let collected = self.engine.reporter.events.as_ref().map(|events| events.take(&self.program));
        Trace::new(collected.unwrap_or_default(), self.program.clone(), self.engine.runtimes.is_simulated())
    }
}

/// The first fiber of a call.
fn root(world: &Arc<World>, entry: &Entry, arguments: Vec<Value>) -> Strand {
    let arguments = arguments.into_iter().map(Value::share).collect();
    let start = match entry {
        Entry::Global { global, is_effect } => Start::Global { global: *global, arguments, run: *is_effect },
        Entry::Function(function) => Start::Call { function: function.clone(), arguments },
    };
    Strand::new(world, start)
}

/// What a call in the simulator has left behind, and the messages that nobody received.
fn left(
    runtime: &Runtime<Strand>,
    stats: &aivi_scheduler::Stats,
    outcome: &aivi_scheduler::Outcome<SharedValue, aivi_vm::Fault>,
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
