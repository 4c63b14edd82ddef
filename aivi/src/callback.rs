//! Functions of scripts in the hands of the host.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use aivi_vm::{Limits, Shared, Value as RawValue};

use crate::budget::{Bounds, Budget};
use crate::call::{Call, CallError, Taking, result};
use crate::convert::{AiviType, Arguments, Declarations, FromAivi, Mismatch, Shapes};
use crate::function::Gives;
use crate::machine::{Entry, Machine};
use crate::signature::Type;

/// A function that a script gave to the host, as an argument of a host function or as the result of a call. It takes
/// `A`, a tuple with a Rust type for each argument, and gives `R`; a call runs an effect that comes out. With `A = ()`
/// it is an effect.
///
/// It can be called during the call that gave it and after that, from any thread and by several at once; each call is a
/// fiber of its own, with the limits of the engine unless it is given others. It keeps its program and its engine:
/// whoever stores callbacks where the script itself can reach them, in an object, keeps the script for ever.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use aivi::{Callback, Engine, HostModule};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hooks: Arc<Mutex<Vec<Callback<(i64,), String>>>> = Arc::default();
/// let added = hooks.clone();
/// let events = HostModule::new("events").effect(
///     "onScore : (Int -> Effect Text Text) -> Effect Text Unit",
///     move |hook: Callback<(i64,), String>| {
///         added.lock().unwrap().push(hook);
///         Ok::<(), String>(())
///     },
/// );
/// let engine = Engine::builder().module(events).build()?;
/// let script = engine.compile("plugin.aivi", "
/// module plugin
/// use events
///
/// main : Effect Text Unit
/// main = onScore (score => do Effect {
///   given score > 0 or fail \"no score\"
///   pure \"{score} points\"
/// })
/// ")?;
/// assert_eq!(script.run_main(), aivi::Ending::Success);
/// let hook = hooks.lock().unwrap().remove(0);
/// assert_eq!(hook.call((3,))?, "3 points");
/// assert_eq!(hook.start((4,)).wait()?, "4 points");
/// assert!(hook.call((0,)).is_err());
/// # Ok(())
/// # }
/// ```
pub struct Callback<A, R> {
    /// Goes before the program that it is of.
    entry: Arc<Entry>,
    machine: Arc<Machine>,
    bounds: Bounds,
    signature: PhantomData<fn(A) -> R>,
}

impl<A: Arguments, R: FromAivi> Callback<A, R> {
    /// Calls it, and waits until it and everything that it started has ended.
    ///
    /// # Errors
    /// When an argument has no counterpart in the script, when the function does not succeed, and in a host function
    /// that a fiber called, but for `blocking` ones: the call could need the very worker that would wait for it.
    pub fn call(&self, arguments: A) -> Result<R, CallError> {
        let machine = &self.machine;
        let arguments = arguments.values(machine.shapes()).map_err(CallError::Mismatch)?;
        let run = machine.run(&self.entry, arguments, &self.bounds);
        result(machine, run.outcome, run.account.as_deref(), &Taking::Alone)
    }

    /// Calls it, and does not wait: see [`Call`].
    #[must_use = "a call that is dropped is cancelled; `detach` lets it go on"]
    pub fn start(&self, arguments: A) -> Call<R> {
        let machine = &self.machine;
        match arguments.values(machine.shapes()) {
            Ok(arguments) => {
                let begun = machine.begin(&self.entry, arguments, &self.bounds);
                Call::begun(machine, begun, Gives::Value, Taking::Alone)
            }
            Err(mismatch) => Call::refused(machine, CallError::Mismatch(mismatch)),
        }
    }

    /// The same callback with other limits for each of its calls.
    pub fn with(&self, limits: Limits) -> Self {
        Callback { bounds: Bounds { limits, ..self.bounds.clone() }, ..self.clone() }
    }

    /// The same callback, each call of which counts for this budget: see [`Function::within`](crate::Function::within).
    pub fn within(&self, budget: &Budget) -> Self {
        Callback { bounds: Bounds { budget: Some(budget.clone()), ..self.bounds.clone() }, ..self.clone() }
    }
}

impl<A: Arguments, R: AiviType> AiviType for Callback<A, R> {
    fn ty() -> Type {
        Type::function(A::types(), Type::Outcome(Box::new(R::ty())))
    }

    fn declare(declarations: &mut Declarations) {
        A::declare(declarations);
        R::declare(declarations);
    }
}

impl<A: Arguments, R: AiviType> FromAivi for Callback<A, R> {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        let takes_arguments = !A::types().is_empty();
        let is_it = value.as_function().is_some_and(|function| function.is_effect() != takes_arguments);
        match shapes.machine().filter(|_| is_it) {
            Some(machine) => {
                let function: Shared = value.clone().share();
                let bounds = machine.engine.settings.limits.into();
                Ok(Callback { machine, entry: Arc::new(Entry::Function(function)), bounds, signature: PhantomData })
            }
            None => Err(Mismatch::of::<Self>(value, shapes)),
        }
    }
}

impl<A, R> Clone for Callback<A, R> {
    fn clone(&self) -> Self {
        let Callback { machine, entry, bounds, signature } = self;
        Callback { machine: machine.clone(), entry: entry.clone(), bounds: bounds.clone(), signature: *signature }
    }
}

impl<A: Arguments, R: AiviType> fmt::Debug for Callback<A, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Callback({})", Self::ty())
    }
}
