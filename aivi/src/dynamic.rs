//! Functions whose types the host reads instead of naming them.

use std::fmt;
use std::sync::Arc;

use aivi_vm::{Limits, Value as RawValue};

use crate::budget::Budget;
use crate::call::{Call, CallError, Taking};
use crate::convert::{Mismatch, Shapes, Value};
use crate::data::{self, Data};
use crate::function::{Gives, LookupError, Target};
use crate::machine::{Entry, Machine};
use crate::signature::Type;

/// An exported function, or value, of a script, or one that a script gave ([`Data::Function`]): takes [`Data`] for each
/// argument, and gives data. If it gives an effect, a call runs it.
///
/// What a call gives it is compared with its type each time, so calls cost more than those of a
/// [`Function`](crate::Function). Everything else is the same: clones are the same function, any thread may call it, it
/// keeps its script and its engine.
///
/// ```
/// use aivi::{CallError, Data};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = aivi::Engine::builder().build()?;
/// let script = engine.compile("m.aivi", "module m\nexport half\n\nhalf : Int -> Option Int\n\
///     half = n => if n % 2 == 0 then Some (n / 2) else None\n")?;
/// let half = script.dynamic("half")?;
/// assert_eq!(half.ty().to_string(), "Int -> Option Int");
/// assert_eq!(half.call(vec![Data::Int(6)]), Ok(Data::Constructor("Some".into(), vec![Data::Int(3)])));
/// let error = half.call(vec![Data::Bool(true)]).expect_err("it takes an Int");
/// assert_eq!(error.to_string(), "[0]: expected Int, found Bool");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DynamicFunction {
    target: Arc<Target>,
    ty: Arc<Type>,
    /// What a call gives.
    result: Arc<Type>,
}

impl DynamicFunction {
    pub(crate) fn find(machine: &Arc<Machine>, name: &str) -> Result<DynamicFunction, LookupError> {
        let export = machine.module().exports.iter().find(|export| export.name == name);
        let export = export.ok_or_else(|| LookupError::Unknown(name.to_owned()))?;
        let ty = Type::parse(&export.ty).ok_or_else(|| LookupError::Type {
            name: name.to_owned(),
            declared: export.ty.clone(),
            wanted: "a type that a host can name".to_owned(),
        })?;
        Ok(DynamicFunction::new(Target::new(machine, export, gives(&ty)), ty))
    }

    /// A value of a script as a function of this type, if it is one and the type says what it takes.
    pub(crate) fn of_value(value: &Value, ty: &Type) -> Option<DynamicFunction> {
        let (function, machine) = value.parts();
        let is_effect = function.value().as_function()?.is_effect();
        let is_it = if is_effect { ty.is_effect_after(0) } else { ty.arity() > 0 };
        let gives = gives(ty);
        let is_known = is_it && !ty.parameters().any(|ty| ty.has(|ty| matches!(ty, Type::Variable(_))));
        is_known.then(|| DynamicFunction::new(Target::found(machine, function.clone(), gives), ty.clone()))
    }

    fn new(target: Target, ty: Type) -> DynamicFunction {
        let result = match ty.result() {
            Type::Named(name, types) if name == "Effect" && types.len() == 2 => types[1].clone(),
            value => value.clone(),
        };
        DynamicFunction { target: Arc::new(target), ty: Arc::new(ty), result: Arc::new(result) }
    }

    /// The function as a value of the program that it came from.
    pub(crate) fn into_raw(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        match self.target.entry() {
            Entry::Function(function) if std::ptr::eq(&**self.target.machine().shapes(), shapes) => {
                Ok(function.clone().into_value())
            }
            Entry::Function(_) => Err(Mismatch::new("a value of this program", "a function of another program")),
            Entry::Global { .. } => Err(Mismatch::new("a value of this program", "a function that was looked up")),
        }
    }

    /// Its type in the script.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Its name in the script; `a function` of one that the script gave.
    #[must_use]
    pub fn name(&self) -> &str {
        self.target.name()
    }

    /// Calls it with an argument for each arrow of its type, and waits until it and everything that it started has
    /// ended. See [`Function::call`](crate::Function::call).
    ///
    /// # Errors
    /// When the arguments are too many, too few or of other types, and when the function does not succeed.
    pub fn call(&self, arguments: Vec<Data>) -> Result<Data, CallError> {
        let arguments = self.arguments(arguments).map_err(CallError::Mismatch)?;
        self.target.call(arguments, &self.taking())
    }

    /// Calls it, and does not wait: see [`Call`].
    #[must_use = "a call that is dropped is cancelled; `detach` lets it go on"]
    pub fn start(&self, arguments: Vec<Data>) -> Call<Data> {
        match self.arguments(arguments) {
            Ok(arguments) => self.target.start(arguments, self.taking()),
            Err(mismatch) => Call::refused(self.target.machine(), CallError::Mismatch(mismatch)),
        }
    }

    /// Whether it gives an effect, which a call runs.
    #[must_use]
    pub fn is_effect(&self) -> bool {
        self.target.gives() != Gives::Value
    }

    /// The same function; if it gives an effect, calls give a value of `Result`: a failure is its `Err`, and no
    /// [`CallError`].
    ///
    /// ```
    /// use aivi::Data;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = aivi::Engine::builder().build()?;
    /// let text = "module m\nexport pay\n\npay : Int -> Effect (Option Int) Int\n\
    ///             pay = n => if n > 9 then pure n else fail (Some (9 - n))\n";
    /// let pay = engine.compile("m.aivi", text)?.dynamic("pay")?;
    /// assert_eq!(pay.attempted().call(vec![Data::Int(7)])?.to_string(), "Err (Some 2)");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn attempted(&self) -> DynamicFunction {
        match self.is_effect() {
            true => {
                let result = match self.ty.result() {
                    Type::Named(_, types) => Type::named("Result", types.clone()),
                    other => other.clone(),
                };
                DynamicFunction { result: Arc::new(result), ..self.to(self.target.attempted()) }
            }
            false => self.clone(),
        }
    }

    /// What each of its calls may use.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.target.limits()
    }

    /// The same function with other limits for each of its calls.
    #[must_use]
    pub fn with(&self, limits: Limits) -> DynamicFunction {
        self.to(self.target.with(limits))
    }

    /// The same function within a budget: see [`Function::within`](crate::Function::within).
    #[must_use]
    pub fn within(&self, budget: &Budget) -> DynamicFunction {
        self.to(self.target.within(budget))
    }

    /// The same function otherwise called.
    fn to(&self, target: Target) -> DynamicFunction {
        DynamicFunction { target: Arc::new(target), ..self.clone() }
    }

    fn taking(&self) -> Taking<Data> {
        Taking::Typed(self.result.clone(), data::read_as)
    }

    fn arguments(&self, arguments: Vec<Data>) -> Result<Vec<RawValue>, Mismatch> {
        let (needed, given) = (self.ty.arity(), arguments.len());
        if needed != given {
            return Err(Mismatch::new(format!("{needed} arguments for {}", self.ty), given.to_string()));
        }
        let (mut values, mut left) = (Vec::with_capacity(given), &*self.ty);
        for (index, argument) in arguments.into_iter().enumerate() {
            let Type::Function(from, to) = left else { break };
            let value = data::write(argument, from, self.target.machine().shapes());
            values.push(value.map_err(|mismatch| mismatch.at(index))?);
            left = to;
        }
        Ok(values)
    }
}

/// What comes out of a function of this type.
fn gives(ty: &Type) -> Gives {
    if ty.is_effect_after(ty.arity()) { Gives::Effect } else { Gives::Value }
}

impl PartialEq for DynamicFunction {
    /// Whether both are the same function of the same program.
    fn eq(&self, other: &DynamicFunction) -> bool {
        let is_same = match (self.target.entry(), other.target.entry()) {
            (Entry::Global { global, .. }, Entry::Global { global: other, .. }) => global == other,
            (Entry::Function(own), Entry::Function(other)) => own.value().is_same(other.value()),
            _ => false,
        };
        is_same && Arc::ptr_eq(self.target.machine(), other.target.machine())
    }
}

impl fmt::Debug for DynamicFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicFunction({} : {})", self.name(), self.ty)
    }
}
