//! The engine: what scripts of one host share, and how they are run.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aivi_bytecode::Module;
use aivi_scheduler::{Config, Mode, Turn};
use aivi_vm::shutdown::Why;
use aivi_vm::{Account, Capability, Code, Grants, Level, Limits, Origin};

use crate::budget::Budget;
use crate::compile::{self, CompileError, Input, Reports};
use crate::events::{FiberEvent, Listener};
use crate::host_module::{HostModule, HostModules};
use crate::machine::Machine;
use crate::output::Output;
use crate::precompiled::{self, LoadError};
use crate::programs::Programs;
use crate::reporter::Reporter;
use crate::reports::Format;
use crate::runtimes::Runtimes;
use crate::script::Script;
use crate::shutdown::ShutdownReport;
use crate::stats::Stats;
use crate::waits::{Fibers, Waits};

/// Compiles and runs scripts. Clones are the same engine; two engines do not see each other.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").finish_non_exhaustive()
    }
}

impl fmt::Debug for EngineBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EngineBuilder").finish_non_exhaustive()
    }
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) runtimes: Runtimes,
    pub(crate) reporter: Arc<Reporter>,
}

/// What the host decides.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) workers: Option<usize>,
    pub(crate) mode: Mode,
    pub(crate) limits: Limits,
    pub(crate) grants: Arc<Grants>,
    /// What all calls use together, if that is limited.
    pub(crate) account: Option<Arc<Account>>,
    /// Bytes of text that a program may have.
    pub(crate) source_limit: usize,
    pub(crate) args: Vec<String>,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    pub(crate) has_input: bool,
    pub(crate) is_traced: bool,
    pub(crate) format: Format,
    pub(crate) on_wake: Option<OnWake>,
    pub(crate) listener: Option<Listener>,
    pub(crate) modules: Arc<HostModules>,
}

/// What a host wants to be called.
pub(crate) type OnWake = Arc<dyn Fn() + Send + Sync>;

/// Makes engines.
#[must_use = "`build` makes the engine"]
pub struct EngineBuilder {
    settings: Settings,
    modules: Vec<HostModule>,
    allowed: Vec<Capability>,
    denied: Vec<Capability>,
}

impl Engine {
    /// Starts to describe an engine: real time, a worker for each processor, the streams of the process for output; its
    /// scripts may do nothing else outside of themselves.
    pub fn builder() -> EngineBuilder {
        let settings = Settings {
            workers: None,
            mode: Mode::Real,
            limits: Limits::default(),
            grants: Arc::new(Grants::none()),
            account: None,
            source_limit: 16 << 20,
            args: Vec::new(),
            stdout: Output::stdout(),
            stderr: Output::stderr(),
            has_input: true,
            is_traced: false,
            format: Format::Text,
            on_wake: None,
            listener: None,
            modules: Arc::default(),
        };
        EngineBuilder { settings, modules: Vec::new(), allowed: Vec::new(), denied: Vec::new() }
    }

    /// Compiles a text that uses no modules but the library's and the host's. `name` is shown in reports.
    ///
    /// # Errors
    /// When the text is not a correct program.
    pub fn compile(&self, name: &str, text: &str) -> Result<Script, CompileError> {
        self.compiled(&Input::Text { name, text }, false)
    }

    /// Compiles a file with the modules that it uses.
    ///
    /// # Errors
    /// When it cannot be read or is not a correct program.
    pub fn compile_file(&self, path: &Path) -> Result<Script, CompileError> {
        self.compiled(&Input::File(path), false)
    }

    /// As `compile_file`; that there is no `main`, or none that is an effect, is an error.
    ///
    /// # Errors
    /// As `compile_file`.
    pub fn compile_program(&self, path: &Path) -> Result<Script, CompileError> {
        self.compiled(&Input::File(path), true)
    }

    /// The same program from its beginning, as this engine runs it, with all that this engine allows: what it has
    /// computed so far is forgotten.
    ///
    /// # Errors
    /// When it calls functions of a host module that is another one here, or none.
    pub fn adopt(&self, script: &Script) -> Result<Script, CompileError> {
        let settings = &self.shared.settings;
        if let Some(name) = settings.modules.first_other(script.module(), script.host_modules()) {
            return Err(CompileError::OtherHost(name.to_owned()));
        }
        let machine = Machine::new(&self.shared, script.code().clone(), settings.grants.clone());
        Ok(script.on(machine.map_err(CompileError::Refused)?))
    }

    /// A program that was compiled before: what [`Script::to_bytes`] gave, or `aivi build` wrote.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = aivi::Engine::builder().workers(1).build()?;
    /// let bytes = engine.compile("two.aivi", "module two\nexport two\n\ntwo : Int\ntwo = 1 + 1\n")?.to_bytes();
    /// let two: i64 = engine.load(&bytes)?.call("two", ())?;
    /// assert_eq!(two, 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// The bytes may come from anybody: what they are is verified, and values are looked at where the code alone does
    /// not prove that they fit, so they can do what a script can do and no more. A script that only computes takes up
    /// to a fifth longer than one that was compiled from its text, one of little but `par` and time limits several
    /// times as long.
    ///
    /// What the program uses of the host's modules is looked up by name, and compared with what it was when the program
    /// was compiled: what is missing, or has another type here, is an error.
    ///
    /// # Errors
    /// When the bytes are none, are damaged, were made by another version of this crate, break the machine's rules, or
    /// were compiled for functions of a host that have other types here.
    pub fn load(&self, bytes: &[u8]) -> Result<Script, LoadError> {
        let module = precompiled::open(bytes)?;
        if let Some(other) = self.shared.settings.modules.first_of_other_type(&module) {
            return Err(other.into());
        }
        let machine = self.machine(module, Origin::Elsewhere).map_err(|error| LoadError::Refused(error.reason()))?;
        Ok(Script::new(machine, Reports::default()))
    }

    fn compiled(&self, input: &Input<'_>, require_main: bool) -> Result<Script, CompileError> {
        let Settings { modules, source_limit, .. } = &self.shared.settings;
        let mut compiled = compile::compile(input, require_main, modules, compile::Budget::new(*source_limit))?;
        compiled.module.host_types = modules.types_used(&compiled.module);
        Ok(Script::new(self.machine(compiled.module, Origin::Compiler)?, compiled.warnings))
    }

    fn machine(&self, module: Module, origin: Origin) -> Result<Arc<Machine>, CompileError> {
        let code = Code::new(module, origin).map_err(|error| CompileError::Refused(error.to_string()))?;
        Machine::new(&self.shared, code, self.shared.settings.grants.clone()).map_err(CompileError::Refused)
    }

    /// What calls may use together that are made [`within`](crate::Function::within) it: one tenant's share of the
    /// engine, say. The [total](EngineBuilder::total) of the engine counts it as well.
    #[must_use]
    pub fn budget(&self, name: &str, limits: Limits) -> Budget {
        let Shared { settings, runtimes, .. } = &*self.shared;
        Budget::new(name, limits, settings.account.clone(), runtimes.is_simulated())
    }

    /// Cancels everything that runs, as a signal does: cleanups run, then the calls end as interrupted. Says how many
    /// calls that are; one that begins a moment later is not among them.
    pub fn interrupt(&self, signal: i32) -> usize {
        self.shared.runtimes.interrupt(signal)
    }

    /// Every fiber that lives, as data. Everything stops for the moment, and goes on afterwards; so there are none for
    /// who is called by a fiber on a worker: a function of the host (other than a
    /// [`blocking`](crate::HostModule::blocking) one), a destructor, a waker.
    #[must_use]
    pub fn fibers(&self) -> Fibers {
        let mut all = Fibers::default();
        self.each_moment(|waits| all.append(waits.data()));
        all
    }

    /// The same as a report for people, or as a line of JSON, as the engine is set. It says so when nothing can be
    /// shown.
    #[must_use]
    pub fn report_fibers(&self) -> String {
        self.report_fibers_as(self.shared.settings.format)
    }

    /// The same, as wanted.
    #[must_use]
    pub fn report_fibers_as(&self, format: Format) -> String {
        if format == Format::Json {
            return Format::fibers(&self.fibers());
        }
        let mut text = String::new();
        let is_shown = self.each_moment(|waits| text.push_str(&waits.moment()));
        said(is_shown, text)
    }

    /// What is left undone when the process ends now, `after` it was asked to end: the cleanups that have begun or wait
    /// to be run, and the fibers.
    #[must_use]
    pub fn report_undone(&self, after: Duration) -> String {
        if self.shared.settings.format == Format::Json {
            return self.undone() + &self.report_fibers();
        }
        let (mut cleanups, mut fibers) = (String::new(), String::new());
        let is_shown = self.each_moment(|waits| {
            cleanups.push_str(&waits.cleanups());
            fibers.push_str(&waits.moment());
        });
        if !is_shown {
            return said(is_shown, fibers);
        }
        let heading =
            if cleanups.is_empty() { "no cleanup was skipped" } else { "cleanups that were skipped or cut short:" };
        format!("interrupted again after {:.1} s; {heading}\n{cleanups}{fibers}", after.as_secs_f64())
    }

    /// What becomes of cleanups when the process ends now, a line of JSON for each call.
    fn undone(&self) -> String {
        let mut lines = String::new();
        self.shared.runtimes.each(|runtime| {
            let (dump, now_ns) = (runtime.dump(), runtime.now_ns());
            self.shared.runtimes.each_call(|world| {
                if let Some(mut report) = ShutdownReport::new(&world.shutdown, now_ns, &world.program, Why::Deadlock) {
                    report.give_up(&dump, &world.program);
                    lines.extend(Format::Json.shutdown(&report));
                }
            });
        });
        lines
    }

    /// Every fiber that lives, where it stands and what it waits for; or why that cannot be shown, as for
    /// [`fibers`](Self::fibers).
    #[must_use]
    pub fn dump(&self) -> String {
        let mut text = String::new();
        let is_shown = self.each_moment(|waits| text.push_str(&waits.to_string()));
        said(is_shown, text)
    }

    /// What the scheduler has done for the scripts of this engine.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.shared.runtimes.stats()
    }

    /// In an engine that is [`driven`](EngineBuilder::driven): runs the fibers that are ready, on the calling thread,
    /// for `budget` at most; a fiber that computes is interrupted some tens of microseconds later. Never waits for
    /// anything: sockets are looked at, and a call that blocks has its thread in the pool.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::time::Duration;
    ///
    /// let engine = aivi::Engine::builder().driven().build()?;
    /// let text = "module m\nexport nap\nuse aivi.concurrency\n\nnap : Unit -> Effect Text Unit\nnap = _ => sleep 20\n";
    /// let nap = engine.compile("m.aivi", text)?.function::<((),), ()>("nap")?;
    /// let mut call = nap.start(((),));
    /// while !call.is_finished() {
    ///     // The host's own work of a frame stands here.
    ///     engine.turn(Duration::from_millis(4));
    /// }
    /// assert_eq!(call.wait_timeout(Duration::ZERO), Some(Ok(())));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// It does nothing for an engine with workers of its own, which need nobody, and in the simulator: then it is
    /// [`Turn::Finished`].
    pub fn turn(&self, budget: Duration) -> Turn {
        match self.shared.settings.mode {
            Mode::Driven => self.shared.runtimes.turn(budget),
            Mode::Real | Mode::Simulated { .. } => Turn::Finished,
        }
    }

    /// Writes out what programs have printed. If the output does not take it, the program that prints next is told.
    pub fn flush(&self) {
        self.shared.settings.stdout.pass_on();
        let _ = self.shared.settings.stderr.flush();
    }

    /// What every fiber is doing, for each of the runtimes. False: one of them has called us, and cannot stop before we
    /// return.
    fn each_moment(&self, mut tell: impl FnMut(&Waits<'_>)) -> bool {
        let mut is_shown = true;
        self.shared.runtimes.each(|runtime| match runtime.is_at_work() {
            true => is_shown = false,
            false => tell(&Waits::new(&runtime.dump(), self.shared.programs())),
        });
        is_shown
    }
}

/// A report, or why there is none.
fn said(is_shown: bool, report: String) -> String {
    let why = "the fibers are not shown: who asks was called by one of them, which cannot stop before that call returns; \
               ask on another thread\n";
    if is_shown { report } else { report + why }
}

impl Shared {
    /// The programs of the engine.
    pub(crate) fn programs(&self) -> &Arc<Programs> {
        &self.reporter.programs
    }
}

impl EngineBuilder {
    /// Threads that run fibers; at least one, and at most [`WORKERS_MAX`](crate::WORKERS_MAX): a larger number is taken
    /// for that one.
    pub fn workers(mut self, count: usize) -> Self {
        self.settings.workers = Some(count.max(1));
        self
    }

    /// No threads at all: fibers run when the host calls [`Engine::turn`], or waits for a call. For a host with a loop
    /// of its own, such as a game. (Calls that block still have threads of the pool.)
    pub fn driven(mut self) -> Self {
        self.settings.mode = Mode::Driven;
        self
    }

    /// In an engine that is `driven`: `tell` is called, by any thread, when something has become ready and nobody
    /// works. It should only wake the host's loop; a panic of it is reported once. Sockets tell nobody: a host whose
    /// scripts use them calls `turn` from time to time.
    pub fn on_wake(mut self, tell: impl Fn() + Send + Sync + 'static) -> Self {
        self.settings.on_wake = Some(Arc::new(tell));
        self
    }

    /// `listen` is told what happens to fibers: some at a time, by the workers, in the order of each; at the latest
    /// when a worker has nothing to do. Every call is a fiber then, also one that only computes, so calls cost more. A
    /// panic of it is reported once, and it is told the rest all the same. It must not ask the engine for anything that
    /// waits, a call or a dump: the worker that tells it may be the one that is waited for.
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use std::sync::{Arc, Mutex};
    ///
    /// use aivi::FiberEventKind::{Began, Ended};
    ///
    /// let seen = Arc::new(Mutex::new(Vec::new()));
    /// let events = seen.clone();
    /// let engine = aivi::Engine::builder()
    ///     .on_events(move |some| events.lock().expect("nobody panics").extend_from_slice(some))
    ///     .build()?;
    /// let one = engine.compile("m.aivi", "module m\nexport one\n\none : Unit -> Effect Text Int\none = _ => pure 1\n")?;
    /// assert_eq!(one.call::<i64, _>("one", ((),)), Ok(1));
    /// let seen = seen.lock().expect("nobody panics");
    /// assert!(matches!(&seen[0].kind, Began { by: None, function, .. } if function == "m.one"));
    /// assert!(matches!(&seen[seen.len() - 1].kind, Ended { .. }));
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_events(mut self, listen: impl Fn(&[FiberEvent]) + Send + Sync + 'static) -> Self {
        self.settings.listener = Some(Listener(Arc::new(listen)));
        self
    }

    /// One thread, virtual time; the seed decides every scheduling choice. A script that runs twice runs in the same
    /// way.
    pub fn simulated(mut self, seed: u64) -> Self {
        self.settings.mode = Mode::Simulated { seed };
        self
    }

    /// What all calls together may use at the same time; of fuel and output, in all. Whoever reaches for more is
    /// cancelled.
    pub fn total(mut self, limits: Limits) -> Self {
        self.settings.account = limits.is_metered().then(|| Arc::new(Account::new(Level::Engine, limits, None)));
        self
    }

    /// How many bytes of text a program may have, with all modules that come from files; 16 MiB unless it is set. The
    /// compiler takes some twenty bytes of memory for each, and a microsecond.
    pub fn source_limit(mut self, bytes: usize) -> Self {
        self.settings.source_limit = bytes;
        self
    }

    /// What each call may use, unless it says otherwise.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Allows scripts to do something outside of themselves; without it they compute, talk to each other, wait and
    /// write to the engine's outputs. What is not allowed fails, with an error that says what would allow it: see
    /// [`Capability`].
    ///
    /// ```
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use aivi::{Capability, Engine};
    ///
    /// let engine = Engine::builder().allow(Capability::read("src")).allow(Capability::connect("localhost:8080")).build()?;
    /// let script = engine.compile("m.aivi", "
    /// module m
    /// export load
    /// use aivi.file
    ///
    /// load : Text -> Effect Text (Result Text Text)
    /// load = path => readText path
    /// ")?;
    /// let load = script.function::<(&str,), Result<String, String>>("load")?;
    /// assert!(load.call(("src/lib.rs",))?.is_ok());
    /// let refused = load.call(("src/../Cargo.toml",))?.expect_err("it is somewhere else");
    /// assert!(refused.contains("permission denied: reading it is not granted"));
    /// # Ok(())
    /// # }
    /// ```
    pub fn allow(mut self, capability: Capability) -> Self {
        self.allowed.push(capability);
        self
    }

    /// Takes something out of what is allowed: a denial wins, whichever is said first.
    pub fn deny(mut self, capability: Capability) -> Self {
        self.denied.push(capability);
        self
    }

    /// What `system.args` gives.
    pub fn args(mut self, args: impl IntoIterator<Item = String>) -> Self {
        self.settings.args = args.into_iter().collect();
        self
    }

    /// Where `print` and the like write.
    pub fn stdout(mut self, output: Output) -> Self {
        self.settings.stdout = output;
        self
    }

    /// Where warnings at run time and `console.error` go.
    pub fn stderr(mut self, output: Output) -> Self {
        self.settings.stderr = output;
        self
    }

    /// Programs that may read standard input find its end, instead of reading that of the process.
    pub fn without_input(mut self) -> Self {
        self.settings.has_input = false;
        self
    }

    /// How warnings and `report_fibers` are written.
    pub fn reports(mut self, format: Format) -> Self {
        self.settings.format = format;
        self
    }

    /// Notes everything that happens to fibers; `Script::take_trace` gives it. It costs time and memory: see there.
    pub fn traced(mut self) -> Self {
        self.settings.is_traced = true;
        self
    }

    /// A module of functions and types of the host, which scripts may `use`.
    pub fn module(mut self, module: HostModule) -> Self {
        self.modules.push(module);
        self
    }

    /// The engine. Threads start when something runs.
    ///
    /// # Errors
    /// When the system refuses what it needs; of the kind `InvalidInput` when a capability has a
    /// [mistake](Capability::mistake); and when a module of the host is not what it says: then the error holds a
    /// [`HostModuleError`](crate::HostModuleError).
    pub fn build(self) -> io::Result<Engine> {
        let modules = HostModules::new(self.modules).map_err(io::Error::other)?;
        let grants = Grants::new(&self.allowed, &self.denied, None);
        let grants = grants.map_err(|mistake| io::Error::new(io::ErrorKind::InvalidInput, mistake))?;
        let settings = Settings { modules: Arc::new(modules), grants: Arc::new(grants), ..self.settings };
        let Settings { workers, mode, stdout, stderr, format, is_traced, .. } = &settings;
        let defaults = Config::default();
        let config = Config { workers: workers.unwrap_or(defaults.workers), mode: *mode, ..defaults };
        let mut reporter = Reporter::new(stdout.clone(), stderr.clone(), *format, *is_traced);
        reporter.on_wake = settings.on_wake.clone();
        reporter.listener = settings.listener.clone();
        let reporter = Arc::new(reporter);
        let runtimes = Runtimes::new(config, reporter.clone());
        Ok(Engine { shared: Arc::new(Shared { settings, runtimes, reporter }) })
    }
}
