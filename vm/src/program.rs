//! A loaded module: verified, constants made, natives linked, ready to run on any number of fibers and threads.
//!
//! Constants are immortal objects (`object/mod.rs`, O1): copying one touches no count, on any thread. They are freed
//! with the program: whoever holds a value that came from it keeps the program.

mod code;
mod global;

use std::fmt;
use std::sync::{Arc, OnceLock};

use aivi_bytecode::module::{Constant, Line, Module, NativeImport, Proto, Shape, SourceFile, well_known};
use aivi_bytecode::{ProtoId, ShapeId};
use aivi_scheduler::Place;
use smallvec::SmallVec;

pub use code::{Code, Origin};
pub(crate) use global::{Entry, GlobalCell, Waits, Who};

use crate::capability::Power;
use crate::fiber::Fiber;
use crate::interp::{Scalars, make_partial};
use crate::native::{
    Args, CallFn, Found, HostFn, NativeCode, NativeCx, NativeResult, Natives, QuickFn, Tried, TryFn, WITHIN,
};
use crate::object::immortal::{self, immortalise};
use crate::value::{Slot, Value};

/// The error of who joins a task that was cancelled.
const TASK_CANCELLED: &str = "task cancelled";

/// A program.
pub struct Program {
    /// `ProtoCode::code` points into it.
    code: Arc<Code>,
    pub(crate) protos: Box<[ProtoCode]>,
    /// Those of the module, and the machine's own behind them.
    pub(crate) constants: Box<[Value]>,
    /// Per proto the function of it, if it captures nothing.
    pub(crate) functions: Box<[Value]>,
    pub(crate) globals: Box<[GlobalCell]>,
    /// Which fibers wait for which of them.
    pub(crate) waits: Waits,
    pub(crate) natives: Box<[LinkedNative]>,
    /// Per shape what `Header::meta` of its objects is.
    pub(crate) metas: Box<[u32]>,
    /// What the number of a proto is increased by in places, so that programs of one runtime can be told apart.
    base: u32,
    /// Who is given what has to be freed by hand.
    bury: OnceLock<Bury>,
    is_metered: bool,
}

/// Is given what is left of a program when it goes, to free it later by dropping it.
pub type Bury = Box<dyn Fn(Remains) + Send + Sync>;

/// The constants of a program that is gone. Dropping them frees them.
///
/// They may be dropped when nobody has a value of the program any more: neither the host, nor a worker that is about to
/// forget one.
#[derive(Default)]
pub struct Remains {
    constants: Box<[Value]>,
    functions: Box<[Value]>,
    globals: Box<[GlobalCell]>,
}

// SAFETY: the values in a program are immortal (`immortalise`) and never written; `ProtoCode::code` points into `code`,
// which is not changed; the cells of globals synchronise themselves.
unsafe impl Send for Remains {}

// SAFETY: the values in a program are immortal (`immortalise`) and never written; `ProtoCode::code` points into `code`,
// which is not changed; the cells of globals synchronise themselves.
unsafe impl Send for Program {}
// SAFETY: as above.
unsafe impl Sync for Program {}

/// What calling a proto needs.
pub(crate) struct ProtoCode {
    pub(crate) code: *const u64,
    /// Size of its window.
    pub(crate) bytes: usize,
    pub(crate) parameters: u16,
    /// Arguments in registers, the closure included.
    pub(crate) arguments: u16,
    pub(crate) effect: bool,
    pub(crate) captures: u8,
    /// It has no lines that can be shown: reports prefer a place outside of it.
    pub(crate) is_library: bool,
    pub(crate) id: ProtoId,
    /// Its number in places.
    pub(crate) place: u32,
}

/// A native function as a module uses it.
pub(crate) struct LinkedNative {
    pub(crate) call: NativeCall,
    /// Its quick form.
    pub(crate) quick: Option<QuickFn>,
    pub(crate) owned: u32,
    /// It acts: it may have to do with the outside, and wait.
    pub(crate) acts: bool,
}

/// How a native function is called.
pub(crate) enum NativeCall {
    Library(CallFn, Option<Power>),
    /// What it costs.
    Tries(TryFn, u32),
    /// Its quick form is there only if it does not act.
    Host(Box<HostFn>),
}

impl NativeCall {
    /// Calls it.
    pub(crate) fn run(&self, fiber: &mut Fiber, arguments: &mut Args<'_>) -> NativeResult {
        match self {
            NativeCall::Library(call, needs) => call(&mut NativeCx { fiber, needs: *needs }, arguments),
            NativeCall::Tries(tries, fuel) => {
                let tried = tries(arguments);
                let mut cx = NativeCx { fiber, needs: None };
                // Charged whatever came of it: a peer that always answers in time must not keep the worker for itself.
                cx.charge_call(*fuel);
                match tried {
                    Tried::Done(value) => NativeResult::Done(value),
                    Tried::Wait(source, attempt) => cx.retry_when_ready(source, attempt),
                    Tried::WrongType => NativeResult::Fault("an argument has the wrong type".into()),
                }
            }
            NativeCall::Host(function) => (function.call)(&mut NativeCx { fiber, needs: None }, arguments),
        }
    }
}

impl LinkedNative {
    /// As its import says, which is believed as far as the module is: one from elsewhere acts, whatever it says.
    fn new(found: Found, import: &NativeImport, origin: Origin) -> LinkedNative {
        let (owned, acts) = (import.owned, import.effect || origin == Origin::Elsewhere);
        match found {
            Found::Library(function) => {
                let call = match function.code {
                    NativeCode::Calls(call) => NativeCall::Library(call, function.needs),
                    NativeCode::Tries(tries, fuel) => NativeCall::Tries(tries, fuel),
                };
                LinkedNative { call, quick: function.quick, owned, acts }
            }
            Found::Host(mut function) => {
                function.quick = function.quick.filter(|_| !acts);
                LinkedNative { call: NativeCall::Host(Box::new(function)), quick: None, owned, acts }
            }
        }
    }
}

/// Why a module cannot be loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LoadError {
    /// It breaks the rules of the instruction set; all violations.
    Invalid(String),
    /// It calls a native function that there is none of.
    UnknownNative(String),
    /// It calls a native function with another number of arguments than that has.
    NativeArity(String),
    /// It calls a function of the host that acts as if it did not, or the other way round.
    NativeEffect(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Invalid(what) => write!(f, "invalid bytecode: {what}"),
            LoadError::UnknownNative(name) => match name.strip_prefix("host:") {
                Some(name) => write!(f, "it uses '{name}', which no module of the host has"),
                None => write!(f, "unknown native function '{name}'"),
            },
            LoadError::NativeArity(name) => write!(f, "native function '{name}' has another number of arguments"),
            LoadError::NativeEffect(name) => write!(f, "host function '{name}' is an effect on one side only"),
        }
    }
}

impl std::error::Error for LoadError {}

impl Program {
    /// Loads a module of the compiler that has a runtime for itself.
    ///
    /// # Errors
    /// When the module breaks a rule, or calls natives that there are none of.
    pub fn load(module: Module, natives: &Natives) -> Result<Arc<Program>, LoadError> {
        Program::link(0, Code::new(module, Origin::Compiler)?, natives)
    }

    /// A program of its own, with the code that others may have too. Its protos have numbers from `base` on in places:
    /// as many as the code has.
    ///
    /// # Errors
    /// When the module calls natives that there are none of.
    pub fn link(base: u32, code: Arc<Code>, natives: &Natives) -> Result<Arc<Program>, LoadError> {
        let module = code.module();
        let natives = module.natives.iter().map(|import| {
            let function = natives.get(&import.name).ok_or_else(|| LoadError::UnknownNative(import.name.clone()))?;
            if function.arity() != import.arity {
                return Err(LoadError::NativeArity(import.name.clone()));
            }
            if let Found::Host(function) = &function
                && function.effect != import.effect
            {
                return Err(LoadError::NativeEffect(import.name.clone()));
            }
            Ok(LinkedNative::new(function, import, code.origin()))
        });
        let natives = natives.collect::<Result<_, _>>()?;
        let is_metered = module.natives.iter().any(|import| import.name == WITHIN);
        let protos: Box<[ProtoCode]> = module
            .protos
            .iter()
            .enumerate()
            .zip(&code.words)
            .map(|((id, proto), words)| ProtoCode::new(base, ProtoId(id as u32), proto, words, &module.sources))
            .collect();
        let function =
            |proto: &ProtoCode| immortalise(Value::function(proto.id, proto.parameters, proto.effect, SmallVec::new()));
        let functions: Box<[Value]> = protos.iter().map(function).collect();
        let sent = immortalise(Value::ok(Value::unit()));
        let own = immortalise(Value::text(TASK_CANCELLED));
        let constants = module
            .constants
            .iter()
            .map(|constant| immortalise(make(constant, module, &functions)))
            .chain([sent, own])
            .collect();
        let globals = module.globals.iter().map(|global| match global.function {
            true => GlobalCell::ready(functions[global.proto.0 as usize].clone()),
            false => GlobalCell::new(global.proto),
        });
        let (globals, metas) = (globals.collect(), code.metas.clone());
        let (waits, bury) = (Waits::default(), OnceLock::new());
        Ok(Arc::new(Program {
            code,
            protos,
            constants,
            functions,
            globals,
            waits,
            natives,
            metas,
            base,
            bury,
            is_metered,
        }))
    }

    /// Whether it has limits for parts of itself: then what its calls use is counted, also where nobody else has limits
    /// for them.
    #[must_use]
    pub fn is_metered(&self) -> bool {
        self.is_metered
    }

    /// Gives what is to be freed to `bury` when the program goes. Needed where several threads run it: one may still
    /// have an outcome in its hands that nobody will ask for.
    pub fn bury_with(&self, bury: Bury) {
        _ = self.bury.set(bury);
    }

    /// What it shares with others.
    #[must_use]
    pub fn code(&self) -> &Arc<Code> {
        &self.code
    }

    /// The module that was loaded, with what the machine has added.
    #[must_use]
    pub fn module(&self) -> &Module {
        &self.code.module
    }

    /// What is checked as it runs, if it is.
    pub(crate) fn scalars(&self) -> Option<&Scalars> {
        self.code.scalars.as_ref()
    }

    /// The layout of objects.
    #[must_use]
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.code.module.shapes[usize::from(id.0)]
    }

    /// The shapes, by `ShapeId`.
    #[must_use]
    pub fn shapes(&self) -> &[Shape] {
        &self.code.module.shapes
    }

    /// May a fiber of this program ask another one to end, through the handle of it?
    #[must_use]
    pub fn cancels_tasks(&self) -> bool {
        self.code.cancels_tasks
    }

    /// The error of who joins a task that was cancelled.
    pub(crate) fn task_cancelled(&self) -> Value {
        self.constants[self.constants.len() - 1].clone()
    }

    /// What a send gives that says how it went, if it went well: `Ok Unit`.
    #[inline]
    pub(crate) fn sent(&self) -> Value {
        self.constants[self.constants.len() - 2].clone()
    }

    /// A field of a task handle: the effect of its function.
    pub(crate) fn task_field(&self, field: usize, task: Value) -> Value {
        let function = &self.functions[self.code.task_fields[field.min(2)].0 as usize];
        make_partial(function.clone(), [task].into_iter().collect())
    }

    /// An ordinary record with the fields of a task handle.
    pub(crate) fn task_record(&self, task: &Value) -> Value {
        let fields = [0, 1, 2].map(|field| self.task_field(field, task.clone()));
        Value::object(well_known::TASK, 0, fields)
    }

    pub(crate) fn proto(&self, code: &ProtoCode) -> &Proto {
        &self.code.module.protos[code.id.0 as usize]
    }

    /// Where in the source a place is.
    #[must_use]
    pub fn locate(&self, place: Place) -> Option<Line> {
        let proto = self.proto_at(place)?;
        let pc = place.0 as u32;
        let after = proto.lines.partition_point(|line| line.pc <= pc);
        Some(proto.lines[after.checked_sub(1)?])
    }

    /// The name of the proto at a place.
    #[must_use]
    pub fn name_at(&self, place: Place) -> &str {
        self.proto_at(place).map_or("", |proto| proto.name.as_str())
    }

    /// Is it a place of this program?
    #[must_use]
    pub fn has_place(&self, place: Place) -> bool {
        self.proto_at(place).is_some()
    }

    fn proto_at(&self, place: Place) -> Option<&Proto> {
        let number = (place.0 >> 32) as u32;
        self.code.module.protos.get(number.checked_sub(self.base)? as usize)
    }

    /// Where the code of a proto begins.
    pub(crate) fn entry_of(&self, proto: ProtoId) -> Place {
        Place(u64::from(self.base + proto.0) << 32)
    }

    /// The text of the line at a place, if that can be shown.
    #[must_use]
    pub fn text_at(&self, place: Place) -> Option<&str> {
        let line = self.locate(place)?;
        let source = self.code.module.sources.get(line.source as usize)?;
        source.text.lines().nth((line.line as usize).checked_sub(1)?)
    }

    /// A place in words: `path:line:column`, or the proto's name where there is no line.
    #[must_use]
    pub fn describe(&self, place: Place) -> String {
        match self.locate(place) {
            Some(line) => {
                let path =
                    self.code.module.sources.get(line.source as usize).map_or("?", |source| source.path.as_str());
                format!("{path}:{}:{}", line.line, line.column)
            }
            None => self.name_at(place).to_owned(),
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let (constants, functions) = (std::mem::take(&mut self.constants), std::mem::take(&mut self.functions));
        let remains = Remains { constants, functions, globals: std::mem::take(&mut self.globals) };
        match self.bury.take() {
            Some(bury) => bury(remains),
            // Nobody else runs it.
            None => drop(remains),
        }
    }
}

impl Drop for Remains {
    fn drop(&mut self) {
        let constants = std::mem::take(&mut self.constants).into_iter();
        let functions = std::mem::take(&mut self.functions).into_iter();
        let globals = std::mem::take(&mut self.globals).into_iter().filter_map(GlobalCell::into_value);
        // SAFETY: fibers keep the program by their world, and a host that holds values of it keeps it, too (module
        // page). Who buries them waits until workers have forgotten what is left (`Bury`).
        unsafe { immortal::free(constants.chain(functions).chain(globals)) }
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Program({})", self.code.module.name)
    }
}

const _: () = assert!(size_of::<ProtoCode>() == 32);

impl ProtoCode {
    /// Registers of its window.
    pub(crate) fn registers(&self) -> usize {
        self.bytes / size_of::<Slot>()
    }

    fn new(base: u32, id: ProtoId, proto: &Proto, code: &[u64], sources: &[SourceFile]) -> ProtoCode {
        let text_of = |line: &Line| sources.get(line.source as usize).map_or("", |source| source.text.as_str());
        ProtoCode {
            code: code.as_ptr(),
            bytes: usize::from(proto.registers.max(1)) * size_of::<Slot>(),
            parameters: proto.parameters,
            arguments: proto.parameters + u16::from(proto.captures > 0),
            effect: proto.effect,
            captures: proto.captures,
            is_library: proto.lines.first().is_none_or(|line| text_of(line).is_empty()),
            id,
            place: base + id.0,
        }
    }
}

fn make(constant: &Constant, module: &Module, functions: &[Value]) -> Value {
    match constant {
        Constant::Int(value) => Value::int(*value),
        Constant::Float(value) => Value::float(*value),
        Constant::Char(value) => Value::char(*value),
        Constant::Bool(value) => Value::bool(*value),
        Constant::Unit => Value::unit(),
        Constant::Text(text) => Value::text(text),
        Constant::Nullary(shape) => match &module.shapes[usize::from(shape.0)] {
            Shape::Constructor { index, .. } => Value::nullary(*shape, *index),
            Shape::Tuple(_) | Shape::Record(_) => Value::nullary(*shape, 0),
        },
        Constant::Function(proto) => functions[proto.0 as usize].clone(),
        Constant::EmptyList => Value::list([]),
    }
}
