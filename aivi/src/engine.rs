//! The engine: what scripts of one host share, and how they are run.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use aivi_bytecode::Module;
use aivi_scheduler::Mode;
use aivi_vm::Limits;

use crate::compile::{self, CompileError, Input, Reports};
use crate::machine::Machine;
use crate::output::Output;
use crate::precompiled::{self, LoadError};
use crate::reports::Format;
use crate::script::Script;
use crate::stats::Stats;
use crate::waits::Fibers;

/// Compiles and runs scripts. Clones are the same engine; two engines do not see each other.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// Machines with programs, for signals and dumps. Those whose script is gone are removed when another is added.
    machines: Mutex<Vec<Weak<Machine>>>,
}

/// What the host decides.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) workers: Option<usize>,
    pub(crate) mode: Mode,
    pub(crate) limits: Limits,
    pub(crate) args: Vec<String>,
    pub(crate) stdout: Output,
    pub(crate) stderr: Output,
    pub(crate) has_input: bool,
    pub(crate) is_traced: bool,
    pub(crate) format: Format,
}

/// Makes engines.
#[must_use = "`build` makes the engine"]
pub struct EngineBuilder {
    settings: Settings,
}

impl Engine {
    /// Starts to describe an engine: real time, a worker for each processor, the streams of the process.
    pub fn builder() -> EngineBuilder {
        let settings = Settings {
            workers: None,
            mode: Mode::Real,
            limits: Limits::default(),
            args: Vec::new(),
            stdout: Output::stdout(),
            stderr: Output::stderr(),
            has_input: true,
            is_traced: false,
            format: Format::Text,
        };
        EngineBuilder { settings }
    }

    /// Compiles a text that uses no modules but the library's. `name` is shown in reports.
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

    /// The same program from its beginning, as this engine runs it: what it has computed so far is forgotten.
    ///
    /// # Errors
    /// When the machine does not take it, which is a bug of ours.
    pub fn adopt(&self, script: &Script) -> Result<Script, CompileError> {
        Ok(script.on(self.machine(script.original())?))
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
    /// # Errors
    /// When the bytes are none, are damaged, or were made by another version of this crate.
    pub fn load(&self, bytes: &[u8]) -> Result<Script, LoadError> {
        let module = precompiled::open(bytes)?;
        let machine = self.machine(module).map_err(|error| LoadError::Refused(error.reason()))?;
        Ok(Script::new(machine, Reports::default()))
    }

    fn compiled(&self, input: &Input<'_>, require_main: bool) -> Result<Script, CompileError> {
        let compiled = compile::compile(input, require_main)?;
        Ok(Script::new(self.machine(compiled.module)?, compiled.warnings))
    }

    fn machine(&self, module: Module) -> Result<Arc<Machine>, CompileError> {
        let machine = Arc::new(Machine::new(module, &self.shared.settings).map_err(CompileError::Refused)?);
        let mut machines = self.shared.machines.lock().unwrap_or_else(PoisonError::into_inner);
        machines.retain(|machine| machine.strong_count() > 0);
        machines.push(Arc::downgrade(&machine));
        Ok(machine)
    }

    /// Cancels everything that runs, as a signal does: cleanups run, then the calls end as interrupted. Says how many calls
    /// that are; one that begins a moment later is not among them.
    pub fn interrupt(&self, signal: i32) -> usize {
        let mut calls = 0;
        self.each(|machine| calls += machine.interrupt(signal));
        calls
    }

    /// Every fiber that lives, as data. The program goes on afterwards.
    #[must_use]
    pub fn fibers(&self) -> Fibers {
        let mut all = Fibers::default();
        self.each(|machine| machine.fibers(|waits| all.append(waits.data())));
        all
    }

    /// The same as a report for people, or as a line of JSON, as the engine is set.
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
        self.each(|machine| machine.fibers(|waits| text.push_str(&waits.moment())));
        text
    }

    /// What is left undone when the process ends now, `after` it was asked to end: the cleanups that have begun or wait to be
    /// run, and the fibers.
    #[must_use]
    pub fn report_undone(&self, after: Duration) -> String {
        if self.shared.settings.format == Format::Json {
            let mut lines = String::new();
            self.each(|machine| lines.push_str(&machine.undone()));
            return lines + &self.report_fibers();
        }
        let (mut cleanups, mut fibers) = (String::new(), String::new());
        self.each(|machine| {
            machine.fibers(|waits| {
                cleanups.push_str(&waits.cleanups());
                fibers.push_str(&waits.moment());
            });
        });
        let heading =
            if cleanups.is_empty() { "no cleanup was skipped" } else { "cleanups that were skipped or cut short:" };
        format!("interrupted again after {:.1} s; {heading}\n{cleanups}{fibers}", after.as_secs_f64())
    }

    /// Every fiber that lives, where it stands and what it waits for.
    #[must_use]
    pub fn dump(&self) -> String {
        let mut text = String::new();
        self.each(|machine| machine.fibers(|waits| text.push_str(&waits.to_string())));
        text
    }

    /// What the scheduler has done for the scripts that are still there.
    #[must_use]
    pub fn stats(&self) -> Stats {
        let mut all = Stats::default();
        self.each(|machine| all += machine.stats());
        all
    }

    /// Writes out what programs have printed.
    pub fn flush(&self) {
        // A stream that is gone takes nothing; there is nobody to tell.
        let _ = self.shared.settings.stdout.flush();
        let _ = self.shared.settings.stderr.flush();
    }

    fn each(&self, mut act: impl FnMut(&Machine)) {
        let machines = self.shared.machines.lock().unwrap_or_else(PoisonError::into_inner).clone();
        machines.iter().filter_map(Weak::upgrade).for_each(|machine| act(&machine));
    }
}

impl EngineBuilder {
    /// Threads that run fibers; at least one.
    pub fn workers(mut self, count: usize) -> Self {
        self.settings.workers = Some(count.max(1));
        self
    }

    /// One thread, virtual time; the seed decides every scheduling choice. A script that runs twice runs in the same way.
    pub fn simulated(mut self, seed: u64) -> Self {
        self.settings.mode = Mode::Simulated { seed };
        self
    }

    /// What each call may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
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

    /// Programs find the standard input at its end, instead of reading that of the process.
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

    /// The engine. Threads start when something runs.
    ///
    /// # Errors
    /// When the system refuses what it needs.
    pub fn build(self) -> io::Result<Engine> {
        Ok(Engine { shared: Arc::new(Shared { settings: self.settings, machines: Mutex::default() }) })
    }
}
