//! Claims about whole programs: the compiler always answers, what it makes verifies, and running that ends, touches
//! nothing outside and leaves no object behind.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use aivi_bytecode::Module;
use aivi_compiler::diagnostic::{Color, Severity, render_all};
use aivi_compiler::{Compiled, Loader, Options, Source};
use aivi_scheduler::{Config, Mode, Observer, Outcome, Place, Report, Runtime};
use aivi_vm::{Code, Fault, Host, Limits, LoadError, Natives, Origin, Program, Shared, Start, Strand, World};

/// Bytes of stack for the compiler, as in the crate `aivi`.
const STACK: usize = 256 << 20;

/// What a program may use: enough to get somewhere, and a few tenths of a second at most.
pub(super) const LIMITS: Limits = Limits::none().frames(20_000).registers(300_000).fuel(200 * 4096);

/// A program may write so many bytes; then its output is gone, as behind a closed pipe.
const OUTPUT_MAX: usize = 1 << 16;

/// A text is compiled to a module that verifies, or refused with errors that can be shown.
///
/// # Panics
/// When that does not hold.
pub fn compile(text: &str) {
    if let Some(module) = module_of(text) {
        let first = run(module.clone(), 0);
        assert_eq!(run(module, 0), first, "the same seed, another run");
    }
}

/// A program ends whatever the seed decides, and in the same way for the same seed.
///
/// # Panics
/// When that does not hold.
pub fn simulate(seed: u64, text: &str) {
    let Some(module) = module_of(text) else { return };
    for seed in [seed, seed ^ 1] {
        let first = run(module.clone(), seed);
        assert_eq!(run(module.clone(), seed), first, "seed {seed}: the same seed, another run");
    }
}

/// A program that does not leave its outcome to chance gives on a worker what it gives in the simulator.
///
/// # Panics
/// When that does not hold, or the text has errors.
pub fn work(text: &str) {
    let Some(module) = module_of(text) else { panic!("errors in\n{text}\n{:?}", compiled(text).diagnostics) };
    let limits = LIMITS.fuel(u64::MAX);
    let simulated = run_in(module.clone(), Mode::Simulated { seed: 0 }, limits);
    assert_eq!(run_in(module, Mode::Real, limits), simulated, "{text}");
}

/// The bytes of the module that a text is compiled to, if it has no errors.
#[must_use]
pub fn encoded(text: &str) -> Option<Vec<u8>> {
    module_of(text).map(|module| aivi_bytecode::codec::encode(&module))
}

/// The verified module, if the text has no errors.
fn module_of(text: &str) -> Option<Module> {
    let Compiled { module, diagnostics, sources } = compiled(text);
    let has_errors = diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error);
    assert_eq!(has_errors, module.is_none(), "{diagnostics:?}");
    assert_eq!(diagnostics.is_empty(), render_all(&diagnostics, &sources, Color::Never).is_empty());
    let module = module?;
    assert_eq!(aivi_bytecode::verify::verify(&module), Ok(()));
    Some(module)
}

fn compiled(text: &str) -> Compiled {
    let source = Source::new("input.aivi", text);
    std::thread::scope(|scope| {
        let work = || aivi_compiler::compile(source, &Library, Options::default());
        let compiler = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work).expect("a thread");
        compiler.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

/// The library and nothing else.
struct Library;

impl Loader for Library {
    fn load(&self, module: &str) -> Option<Source> {
        let (name, text) = aivi_stdlib::modules().iter().find(|(name, _)| *name == module)?;
        Some(Source::new(format!("<{name}>"), *text))
    }
}

/// A program that is looked at as it runs gives what it gives otherwise.
///
/// # Panics
/// When that does not hold.
pub fn guard(text: &str) {
    let Some(module) = module_of(text) else { return };
    let expected = run(module.clone(), 0);
    let before = aivi_vm::live_bytes();
    assert_eq!(run_untrusted(module, 0, LIMITS).expect("it keeps all rules"), expected, "{text}");
    assert_eq!(aivi_vm::live_bytes(), before, "objects are left");
}

/// Runs `main` of a module that anybody may have written, and says what came of it; or why it is refused.
pub(super) fn run_untrusted(module: Module, seed: u64, limits: Limits) -> Result<String, LoadError> {
    let Some(global) = module.main else { return Ok(String::new()) };
    let program = Program::link(0, Code::new(module, Origin::Elsewhere)?, &natives())?;
    Ok(run_program(&program, global, Mode::Simulated { seed }, limits))
}

/// Runs `main`, if there is one that is an effect, and says what came of it.
pub(super) fn run(module: Module, seed: u64) -> String {
    run_in(module, Mode::Simulated { seed }, LIMITS)
}

fn natives() -> Natives {
    let mut natives = Natives::new();
    natives.extend(aivi_stdlib::NATIVES.iter().copied());
    natives
}

fn run_in(module: Module, mode: Mode, limits: Limits) -> String {
    let before = aivi_vm::live_bytes();
    let Some(global) = module.main else { return String::new() };
    let shown = {
        let program = Program::load(module, &natives()).expect("a verified module of known natives");
        run_program(&program, global, mode, limits)
    };
    assert_eq!(aivi_vm::live_bytes(), before, "objects are left");
    shown
}

fn run_program(program: &Arc<Program>, global: u32, mode: Mode, limits: Limits) -> String {
    let host = Arc::new(Deaf::default());
    let world = Arc::new(World::new(program.clone(), host.clone(), limits));
    let config = Config { workers: 1, mode, blocking_threads: 1 };
    let runtime = Runtime::new(config, host.clone()).expect("a runtime");
    let outcome = runtime.run(Strand::new(&world, Start::Global { global, arguments: Vec::new(), run: true }));
    let written = host.written.lock().unwrap_or_else(PoisonError::into_inner).clone();
    format!("{}\n{written}", shown(&outcome, program))
}

fn shown(outcome: &Outcome<Shared, Fault>, program: &Program) -> String {
    let text = |value: &Shared| aivi_vm::structural::to_text(value.value(), program.shapes());
    match outcome {
        Outcome::Done(value) => text(value),
        Outcome::Failed(error) => format!("failure: {}", text(error)),
        Outcome::Faulted(fault) => format!("fault: {fault}"),
        Outcome::Cancelled(reason) => format!("cancelled: {}", reason.kind),
    }
}

/// A host that allows nothing.
#[derive(Default)]
struct Deaf {
    written: Mutex<String>,
}

impl Host for Deaf {
    fn write_out(&self, text: &str) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.len() + text.len() > OUTPUT_MAX {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        written.push_str(text);
        Ok(())
    }

    fn write_err(&self, _: &str) {}
}

impl Observer<Strand> for Deaf {
    fn report(&self, _: Report<'_, Strand>) {}

    fn describe_place(&self, place: Place) -> String {
        place.0.to_string()
    }
}
