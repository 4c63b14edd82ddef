//! A function of a script, looked up once and called often.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use aivi_bytecode::module::Export;
use aivi_vm::{Limits, Shared, Value as RawValue};

use crate::budget::{Bounds, Budget};
use crate::call::{Call, CallError, Taking, result};
use crate::convert::{Arguments, Declarations, FromAivi, Shapes};
use crate::in_place::InPlace;
use crate::machine::{Entry, Machine};
use crate::signature::Type;

/// An exported function, or value, of a script: takes `A`, a tuple with a Rust value for each argument, and gives `R`.
/// If it gives an effect, a call runs it, and `R` is its value. For an `Effect E B`, `R` may also be a `Result` with
/// types for both: then a failure is its `Err`, and no [`CallError`].
///
/// Its type was compared with the one in the script when it was looked up ([`Script::function`]), so a call does not
/// look again. Clones are the same function. It may be called from any thread, also at the same time: each call is a
/// fiber of its own. It keeps its script and its engine.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = aivi::Engine::builder().build()?;
/// let script = engine.compile("m.aivi", "module m\nexport twice\n\ntwice : Int -> Int\ntwice = n => n * 2\n")?;
/// let twice = script.function::<(i64,), i64>("twice")?;
/// assert_eq!(twice.call((21,))?, 42);
///
/// #[derive(aivi::Aivi, Debug, PartialEq)]
/// enum Refusal {
///     Short(i64),
///     Closed,
/// }
///
/// let text = "module till\nexport pay, Refusal\n\nRefusal = Short Int | Closed\n\npay : Int -> Effect Refusal Int\n\
///             pay = coins => if coins < 10 then fail (Short (10 - coins)) else pure (coins - 10)\n";
/// let pay = engine.compile("till.aivi", text)?.function::<(i64,), Result<i64, Refusal>>("pay")?;
/// assert_eq!(pay.call((12,))?, Ok(2));
/// assert_eq!(pay.call((7,))?, Err(Refusal::Short(3)));
/// # Ok(())
/// # }
/// ```
///
/// [`Script::function`]: crate::Script::function
pub struct Function<A, R> {
    target: Arc<Target>,
    signature: PhantomData<fn(A) -> R>,
}

/// What is called.
pub(crate) struct Target {
    name: String,
    entry: Entry,
    gives: Gives,
    bounds: Bounds,
    /// For calls in place. Those that are metered are tasks.
    in_place: Option<InPlace>,
    /// Goes last: what is called is of its program.
    machine: Arc<Machine>,
}

/// What comes out of a function, for the host.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Gives {
    /// A value.
    Value,
    /// An effect, whose value is given.
    Effect,
    /// An effect, whose value or failure is given as a `Result`.
    Attempt,
}

/// Why there is no such function.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LookupError {
    /// The script exports nothing of this name.
    Unknown(String),
    /// What it exports has another type.
    Type {
        /// The function.
        name: String,
        /// Its type in the script.
        declared: String,
        /// The type that was asked for.
        wanted: String,
    },
    /// A sum type of the call is another one in the script.
    Types {
        /// The function.
        name: String,
        /// What differs.
        problem: String,
    },
}

impl<A: Arguments, R: FromAivi> Function<A, R> {
    pub(crate) fn find(machine: &Arc<Machine>, name: &str) -> Result<Self, LookupError> {
        let export = machine.module().exports.iter().find(|export| export.name == name);
        let export = export.ok_or_else(|| LookupError::Unknown(name.to_owned()))?;
        let gives = check::<R, A>(name, &export.ty, machine.shapes())?;
        check_types::<R, A>(name, machine)?;
        Ok(Function::new(Target::new(machine, export, gives)))
    }

    /// Calls it, and waits until it and everything that it started has ended. The calling thread works for the script
    /// meanwhile.
    ///
    /// A function that a script calls must not wait for another call: such a call is refused, unless the function is
    /// one for the blocking pool, or what it calls is pure and has no limits of its own, so that there is nothing to
    /// wait for. It may [`start`](Self::start) one.
    ///
    /// # Errors
    /// When an argument has no counterpart in the script, and when the function does not succeed.
    pub fn call(&self, arguments: A) -> Result<R, CallError> {
        let arguments = arguments.values(self.target.machine.shapes()).map_err(CallError::Mismatch)?;
        self.target.call(arguments, &Taking::Alone)
    }

    /// Calls it, and does not wait: the engine's workers run it. See [`Call`] for what can be done with it.
    ///
    /// In the simulator it has ended when this returns.
    #[must_use = "a call that is dropped is cancelled; `detach` lets it go on"]
    pub fn start(&self, arguments: A) -> Call<R> {
        let machine = &self.target.machine;
        match arguments.values(machine.shapes()) {
            Ok(arguments) => self.target.start(arguments, Taking::Alone),
            Err(mismatch) => Call::refused(machine, CallError::Mismatch(mismatch)),
        }
    }

    /// The same function with other limits for each of its calls.
    pub fn with(&self, limits: Limits) -> Self {
        Function::new(self.target.with(limits))
    }

    /// The same function, each call of which counts for this budget, and for no other. It may be one of another engine.
    pub fn within(&self, budget: &Budget) -> Self {
        Function::new(self.target.within(budget))
    }

    fn new(target: Target) -> Self {
        Function { target: Arc::new(target), signature: PhantomData }
    }

    /// Its name in the script.
    #[must_use]
    pub fn name(&self) -> &str {
        self.target.name()
    }
}

impl Target {
    /// Something that a program exports, with the limits of its engine.
    pub(crate) fn new(machine: &Arc<Machine>, export: &Export, gives: Gives) -> Target {
        let entry = Entry::Global { global: export.global, is_effect: gives != Gives::Value };
        Target::limited(machine.clone(), export.name.clone(), entry, gives, machine.engine.settings.limits.into())
    }

    /// The same with other limits.
    pub(crate) fn with(&self, limits: Limits) -> Target {
        self.bounded(Bounds { limits, ..self.bounds.clone() })
    }

    /// The same within a budget.
    pub(crate) fn within(&self, budget: &Budget) -> Target {
        self.bounded(Bounds { budget: Some(budget.clone()), ..self.bounds.clone() })
    }

    /// A function that came out of a program.
    pub(crate) fn found(machine: &Arc<Machine>, function: Shared, gives: Gives) -> Target {
        let bounds = machine.engine.settings.limits.into();
        Target::limited(machine.clone(), "a function".to_owned(), Entry::Function(function), gives, bounds)
    }

    fn bounded(&self, bounds: Bounds) -> Target {
        Target::limited(self.machine.clone(), self.name.clone(), self.entry.clone(), self.gives, bounds)
    }

    fn limited(machine: Arc<Machine>, name: String, entry: Entry, gives: Gives, bounds: Bounds) -> Target {
        let is_global = matches!(entry, Entry::Global { .. });
        let in_place = (is_global && !machine.is_metered(&bounds)).then(InPlace::default);
        Target { name, entry, gives, bounds, in_place, machine }
    }

    /// The same, of which failures are given as well.
    pub(crate) fn attempted(&self) -> Target {
        Target { gives: Gives::Attempt, ..self.bounded(self.bounds.clone()) }
    }

    /// What each call may use.
    pub(crate) fn limits(&self) -> Limits {
        self.bounds.limits
    }

    /// What comes out.
    pub(crate) fn gives(&self) -> Gives {
        self.gives
    }

    /// Calls it to its end.
    pub(crate) fn call<R: FromAivi>(&self, arguments: Vec<RawValue>, taking: &Taking<R>) -> Result<R, CallError> {
        let Target { machine, entry, bounds, in_place, .. } = self;
        match in_place {
            Some(in_place) if machine.engine.runtimes.begin_in_place() => {
                let outcome = in_place.call(machine, entry, arguments, bounds);
                result(machine, outcome.given(self.gives), None, taking)
            }
            _ => {
                let run = machine.run(entry, arguments, bounds);
                result(machine, run.outcome.given(self.gives), run.account.as_deref(), taking)
            }
        }
    }

    /// Begins a call.
    pub(crate) fn start<R: FromAivi>(&self, arguments: Vec<RawValue>, taking: Taking<R>) -> Call<R> {
        Call::begun(&self.machine, self.machine.begin(&self.entry, arguments, &self.bounds), self.gives, taking)
    }

    /// What is called.
    pub(crate) fn entry(&self) -> &Entry {
        &self.entry
    }

    pub(crate) fn machine(&self) -> &Arc<Machine> {
        &self.machine
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

impl<A, R> Clone for Function<A, R> {
    fn clone(&self) -> Self {
        Function { target: self.target.clone(), signature: PhantomData }
    }
}

impl<A, R> fmt::Debug for Function<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Function({})", self.target.name)
    }
}

/// Compares the type of a function with what a call gives and takes; says what comes out.
fn check<R: FromAivi, A: Arguments>(name: &str, declared: &str, shapes: &Shapes) -> Result<Gives, LookupError> {
    let function = |result: Type| Type::function(A::types(), result).with_names(shapes.objects());
    let effect = |error, value| function(Type::named("Effect", [error, value]));
    let (plain, any_error) = (function(R::ty()), effect(Type::Variable("E".into()), R::ty()));
    let attempt = match R::ty() {
        Type::Named(name, arguments) if name == "Result" => match &*arguments {
            [error, value] => Some(effect(error.clone(), value.clone())),
            _ => None,
        },
        _ => None,
    };
    match Type::parse(declared) {
        Some(declared) if declared.is_effect_after(A::types().len()) && declared.fits(&any_error) => Ok(Gives::Effect),
        Some(declared)
            if declared.is_effect_after(A::types().len()) && attempt.is_some_and(|ty| declared.fits(&ty)) =>
        {
            Ok(Gives::Attempt)
        }
        Some(declared) if declared.fits(&plain) => Ok(Gives::Value),
        _ => Err(LookupError::Type { name: name.into(), declared: declared.into(), wanted: plain.to_string() }),
    }
}

/// Compares the sum types of a call with those of the program.
fn check_types<R: FromAivi, A: Arguments>(name: &str, machine: &Machine) -> Result<(), LookupError> {
    let mut needed = Declarations::of::<R>();
    A::declare(&mut needed);
    let differs = |problem| LookupError::Types { name: name.to_owned(), problem };
    needed.agree_with(&machine.module().types).map_err(differs)?;
    let mut types = A::types().into_iter().chain([R::ty()]);
    let own = types.find_map(|ty| own_type(&ty, machine));
    own.map_or(Ok(()), |own| Err(differs(format!("the script has a type {own} of its own"))))
}

/// The name of an opaque type of the host in `ty` that a type of the program has, too: a signature tells them apart by
/// nothing else.
fn own_type(ty: &Type, machine: &Machine) -> Option<&'static str> {
    let mut own = None;
    ty.has(|part| {
        let Type::Object(id, _) = part else { return false };
        let name = machine.shapes().object_name(*id);
        let is_own =
            |name: &&str| machine.module().types.iter().any(|ty| ty.name == *name && !ty.constructors.is_empty());
        own = own.or(name.filter(is_own));
        own.is_some()
    });
    own
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LookupError::Unknown(name) => write!(f, "the script does not export '{name}'"),
            LookupError::Type { name, declared, wanted } => {
                write!(f, "'{name}' has type {declared}, the call needs {wanted}")
            }
            LookupError::Types { name, problem } => write!(f, "'{name}' has other types than the call: {problem}"),
        }
    }
}

impl std::error::Error for LookupError {}
