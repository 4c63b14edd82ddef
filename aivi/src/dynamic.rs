//! Functions whose types the host reads instead of naming them.

use std::fmt;
use std::sync::Arc;

use aivi_vm::{Limits, Value as RawValue};

use crate::budget::Budget;
use crate::call::{Call, CallError};
use crate::convert::Mismatch;
use crate::data::{self, Data};
use crate::function::{Gives, LookupError, Target};
use crate::machine::Machine;
use crate::signature::Type;

/// An exported function, or value, of a script: takes [`Data`] for each argument, and gives data. If it gives an effect, a call runs it.
///
/// What a call gives it is compared with its type each time, so calls cost more than those of a [`Function`](crate::Function). Everything
/// else is the same: clones are the same function, any thread may call it, it keeps its script and its engine.
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
        let gives = if ty.is_effect_after(ty.arity()) { Gives::Effect } else { Gives::Value };
        Ok(DynamicFunction { target: Arc::new(Target::new(machine, export, gives)), ty: Arc::new(ty) })
    }

    /// Its type in the script.
    #[must_use]
    pub fn ty(&self) -> &Type {
        &self.ty
    }

    /// Its name in the script.
    #[must_use]
    pub fn name(&self) -> &str {
        self.target.name()
    }

    /// Calls it with an argument for each arrow of its type, and waits until it and everything that it started has ended. See
    /// [`Function::call`](crate::Function::call).
    ///
    /// # Errors
    /// When the arguments are too many, too few or of other types, and when the function does not succeed.
    pub fn call(&self, arguments: Vec<Data>) -> Result<Data, CallError> {
        let arguments = self.arguments(arguments).map_err(CallError::Mismatch)?;
        crate::call::result(self.target.machine(), self.target.call(arguments))
    }

    /// Calls it, and does not wait: see [`Call`].
    #[must_use = "a call that is dropped is cancelled; `detach` lets it go on"]
    pub fn start(&self, arguments: Vec<Data>) -> Call<Data> {
        match self.arguments(arguments) {
            Ok(arguments) => self.target.start(arguments),
            Err(mismatch) => Call::refused(self.target.machine(), CallError::Mismatch(mismatch)),
        }
    }

    /// Whether it gives an effect, which a call runs.
    #[must_use]
    pub fn is_effect(&self) -> bool {
        self.target.gives() != Gives::Value
    }

    /// The same function; if it gives an effect, calls give a value of `Result`: a failure is its `Err`, and no [`CallError`].
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
            true => DynamicFunction { target: Arc::new(self.target.attempted()), ty: self.ty.clone() },
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
        DynamicFunction { target: Arc::new(self.target.with(limits)), ty: self.ty.clone() }
    }

    /// The same function within a budget: see [`Function::within`](crate::Function::within).
    #[must_use]
    pub fn within(&self, budget: &Budget) -> DynamicFunction {
        DynamicFunction { target: Arc::new(self.target.within(budget)), ty: self.ty.clone() }
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

impl fmt::Debug for DynamicFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicFunction({} : {})", self.name(), self.ty)
    }
}
