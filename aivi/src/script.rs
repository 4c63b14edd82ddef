//! A compiled program: its `main`, its tests, and its exported functions as a host calls them.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aivi_bytecode::Module;
use aivi_bytecode::module::Global;
use aivi_compiler::diagnostic::Color;
use aivi_scheduler::Rehearsal;
use aivi_vm::{Capability, Code, Grants};

use crate::call::CallError;
use crate::compile::Reports;
use crate::convert::{Arguments, FromAivi};
use crate::dynamic::DynamicFunction;
use crate::ending::{Ending, FaultReport};
use crate::function::{Function, LookupError};
use crate::host_module::HostModules;
use crate::machine::{Entry, Machine};
use crate::outcome::Run;
use crate::rehearsal::Rehearsed;
use crate::signature::Type;
use crate::trace::Trace;

/// A compiled program. Clones are the same program.
#[derive(Clone)]
pub struct Script {
    machine: Arc<Machine>,
    warnings: Arc<Reports>,
}

impl fmt::Debug for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Script({})", self.name())
    }
}

/// A binding with `@test`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Test {
    /// `Module.name`
    pub name: String,
    /// The decorator's text.
    pub description: String,
    /// Where its code begins: `path:line`.
    pub place: String,
    global: u32,
    /// Its type, as the language writes it.
    ty: String,
}

/// What came of a test.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tested {
    /// It passed if that is a success.
    pub ending: Ending,
    /// How much time passed for the test; in the simulator it is virtual.
    pub time: Duration,
    /// Tasks that it spawned and that still ran when it had ended: where, and how many. They were cancelled.
    pub cut_off: Vec<(String, usize)>,
    /// Reports of tasks that could not go on any more when it ended, and had waited before: nothing that still ran
    /// could have woken them.
    pub stuck: Vec<String>,
    /// Messages that nobody received: where their channels were made, and how many.
    pub unreceived: Vec<(String, usize)>,
    /// What the run has left behind, in words: a channel that keeps itself. Anything else is a bug of the machine.
    pub leaked: Vec<String>,
}

impl Script {
    pub(crate) fn new(machine: Arc<Machine>, warnings: Reports) -> Script {
        Script { machine, warnings: Arc::new(warnings) }
    }

    /// The same program on another machine.
    pub(crate) fn on(&self, machine: Arc<Machine>) -> Script {
        Script { machine, warnings: self.warnings.clone() }
    }

    /// The same program from its beginning, which may do only what is said here, of what the engine allows: for
    /// plug-ins that are not trusted alike.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aivi::{Capability, Engine};
    ///
    /// let engine = Engine::builder().allow(Capability::environment("*")).build()?;
    /// let text = "module m\nexport get\nuse aivi.system\n\nget : Text -> Effect Text (Option Text)\nget = name => env.get name\n";
    /// let trusted = engine.compile("m.aivi", text)?;
    /// let plugin = trusted.restricted(&[Capability::environment("PLUGIN_*"), Capability::read("/")])?;
    /// assert!(trusted.call::<Option<String>, _>("get", ("PATH",)).is_ok());
    /// assert!(plugin.call::<Option<String>, _>("get", ("PLUGIN_HOME",)).is_ok());
    /// assert!(plugin.call::<Option<String>, _>("get", ("PATH",)).is_err());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Of the kind `InvalidInput` when a capability has a [mistake](Capability::mistake).
    pub fn restricted(&self, only: &[Capability]) -> io::Result<Script> {
        let grants = Grants::new(only, &[], Some(self.machine.grants()));
        let grants = grants.map_err(|mistake| io::Error::new(io::ErrorKind::InvalidInput, mistake))?;
        let machine = Machine::new(&self.machine.engine, self.code().clone(), Arc::new(grants));
        Ok(self.on(machine.map_err(io::Error::other)?))
    }

    /// Runs `main`, and returns when everything that it started has ended and its output is written. A `main` that
    /// would have succeeded has not if output was lost.
    #[must_use]
    pub fn run_main(&self) -> Ending {
        self.run_main_as(None)
    }

    /// Runs `main` as a rehearsal, in the simulator; otherwise the rehearsal is without effect.
    #[must_use]
    pub fn rehearse_main(&self, rehearsal: &Rehearsal) -> Ending {
        self.run_main_as(Some(rehearsal))
    }

    fn run_main_as(&self, rehearsal: Option<&Rehearsal>) -> Ending {
        match self.module().main {
            Some(main) => {
                let run = self.run(main, rehearsal);
                if rehearsal.is_none() {
                    self.machine.report_shutdown(&run);
                }
                self.machine.ending_of_main(&run.outcome)
            }
            None => {
                let message = "main must be an Effect value".to_owned();
                Ending::Fault(FaultReport { message, ..FaultReport::default() })
            }
        }
    }

    /// Runs an effect.
    fn run(&self, global: u32, rehearsal: Option<&Rehearsal>) -> Run {
        let bounds = self.machine.engine.settings.limits.into();
        self.machine.run_as(&Entry::Global { global, is_effect: true }, Vec::new(), &bounds, rehearsal)
    }

    /// Calls an exported function, or takes an exported value. An effect is run, and its value is the result.
    ///
    /// # Errors
    /// When there is no such function of fitting type, and when it does not succeed.
    pub fn call<R: FromAivi, A: Arguments>(&self, name: &str, arguments: A) -> Result<R, CallError> {
        self.function::<A, R>(name)?.call(arguments)
    }

    /// Looks up an exported function, or value, and compares its type with the one that is asked for: `A` is a tuple
    /// with a Rust type for each argument. An effect is run by a call, and its value is the result.
    ///
    /// # Errors
    /// When the script exports no such function, or one of another type.
    pub fn function<A: Arguments, R: FromAivi>(&self, name: &str) -> Result<Function<A, R>, LookupError> {
        Function::find(&self.machine, name)
    }

    /// Looks up an exported function, or value, whose type the host does not know: it takes and gives
    /// [`Data`](crate::Data).
    ///
    /// # Errors
    /// When the script exports nothing of this name, or something whose type cannot be read.
    pub fn dynamic(&self, name: &str) -> Result<DynamicFunction, LookupError> {
        DynamicFunction::find(&self.machine, name)
    }

    /// Whether there is a `main` to run.
    #[must_use]
    pub fn has_main(&self) -> bool {
        self.module().main.is_some()
    }

    /// Its tests, in source order.
    #[must_use]
    pub fn tests(&self) -> Vec<Test> {
        let module = self.module();
        let place = |global: &Global| {
            let line = module.protos[global.proto.0 as usize].lines.first()?;
            Some(format!("{}:{}", module.sources.get(line.source as usize)?.path, line.line))
        };
        let test = |test: &aivi_bytecode::module::Test| {
            let global = &module.globals[test.global as usize];
            Test {
                name: global.name.clone(),
                description: test.description.clone(),
                place: place(global).unwrap_or_default(),
                global: test.global,
                ty: test.ty.clone(),
            }
        };
        module.tests.iter().map(test).collect()
    }

    /// What has happened to its fibers so far, since it was loaded or since the last call, if the engine is `traced`.
    /// The first two million events are kept, 56 bytes each.
    #[must_use]
    pub fn take_trace(&self) -> Trace {
        self.machine.take_trace()
    }

    /// Runs one of its tests. One that is no effect has failed.
    #[must_use]
    pub fn run_test(&self, test: &Test) -> Tested {
        self.tested(&self.start(test, None))
    }

    /// Runs one of its tests as a rehearsal, in the simulator; otherwise the rehearsal is without effect.
    #[must_use]
    pub fn rehearse_test(&self, test: &Test, rehearsal: &Rehearsal) -> Rehearsed {
        let run = self.start(test, Some(rehearsal));
        let tested = self.tested(&run);
        Rehearsed::new(&self.machine, rehearsal, run.outcome, tested)
    }

    fn start(&self, test: &Test, rehearsal: Option<&Rehearsal>) -> Run {
        if Type::parse(&test.ty).is_some_and(|ty| ty.is_effect_after(0)) {
            return self.run(test.global, rehearsal);
        }
        Run::refused(format!("a test must be an Effect value, found {}", test.ty))
    }

    fn tested(&self, run: &Run) -> Tested {
        let ending = self.machine.ending(&run.outcome);
        let (program, reporter) = (&self.machine.program, &self.machine.engine.reporter);
        let (cut_off, stuck) = (reporter.take_cut_off(program), reporter.take_stuck(program));
        Tested {
            ending,
            time: run.time,
            cut_off,
            stuck,
            unreceived: run.unreceived.clone(),
            leaked: run.leaked.clone(),
        }
    }

    /// The entry module's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.module().name
    }

    /// The warnings of the compiler, for a person; empty when there are none.
    #[must_use]
    pub fn warnings(&self, color: Color) -> String {
        self.warnings.render(color)
    }

    /// The warnings of the compiler.
    #[must_use]
    pub fn reports(&self) -> &Reports {
        &self.warnings
    }

    /// Its bytecode.
    #[must_use]
    pub fn module(&self) -> &Module {
        self.machine.module()
    }

    /// What it shares with the same program elsewhere.
    pub(crate) fn code(&self) -> &Arc<Code> {
        self.machine.program.code()
    }

    /// The modules of its host.
    pub(crate) fn host_modules(&self) -> &HostModules {
        &self.machine.engine.settings.modules
    }
}
