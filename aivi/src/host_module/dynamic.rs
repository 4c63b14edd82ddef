//! Functions of the host that take and give data, for hosts whose functions have no types in Rust.

use std::sync::Arc;

use aivi_vm::{Args, NativeCx, NativeResult, Shared, Then, Value as RawValue};

use super::bind::{Bind, Named, fault, misfit, panicked};
use super::panics::catch;
use crate::convert::{FromAivi, Mismatch, Shapes};
use crate::data::{self, Data};
use crate::signature::Type;

/// How a function of the host that takes and gives [`Data`](crate::Data) runs: see the table of [`HostModule`](crate::HostModule).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostKind {
    /// As [`HostModule::function`](crate::HostModule::function). An `Err` is a fault of the fiber that called.
    Function,
    /// As [`HostModule::effect`](crate::HostModule::effect).
    Effect,
    /// As [`HostModule::blocking`](crate::HostModule::blocking).
    Blocking,
}

/// A function with what is known of it in one program.
struct Bound<F> {
    function: Arc<F>,
    kind: HostKind,
    error: Type,
    value: Type,
    shapes: Arc<Shapes>,
    title: Arc<str>,
}

/// A function that takes and gives data.
pub(super) fn bind<F>(kind: HostKind, function: F) -> Arc<Bind>
where
    F: Fn(Vec<Data>) -> Result<Data, Data> + Send + Sync + 'static,
{
    let function = Arc::new(function);
    Arc::new(move |named: Named, shapes: &Arc<Shapes>| {
        let (error, value) = outcome_of(&named.ty);
        let (function, shapes, title) = (function.clone(), shapes.clone(), named.title());
        let bound = Arc::new(Bound { function, kind, error, value, shapes, title });
        let full = move |cx: &mut NativeCx<'_>, args: &mut Args<'_>| match bound.take(args.values()) {
            Err(fault) => NativeResult::Fault(fault),
            Ok(arguments) if kind == HostKind::Blocking => {
                let bound = bound.clone();
                let job = move || -> Shared {
                    let outcome = bound.call(arguments).map(|result| result.map_or_else(RawValue::err, RawValue::ok));
                    outcome.map_or_else(|fault| RawValue::err(RawValue::text(&fault)), RawValue::ok).share()
                };
                cx.blocking(Box::new(job), Then::DecodeOrFault)
            }
            Ok(arguments) => match bound.call(arguments) {
                Ok(Ok(value)) => NativeResult::Done(value),
                Ok(Err(error)) => NativeResult::Failed(error),
                Err(fault) => NativeResult::Fault(fault),
            },
        };
        named.with(Arc::new(full), None)
    })
}

/// The types of the error and the value that a function of this type gives.
fn outcome_of(ty: &Type) -> (Type, Type) {
    match ty {
        Type::Function(_, to) => outcome_of(to),
        Type::Named(name, types) if name == "Effect" && types.len() == 2 => (types[0].clone(), types[1].clone()),
        value => (Type::any(), value.clone()),
    }
}

impl<F: Fn(Vec<Data>) -> Result<Data, Data>> Bound<F> {
    /// The arguments as data, or the fault.
    fn take(&self, values: &[RawValue]) -> Result<Vec<Data>, String> {
        let one = |(index, value): (usize, &RawValue)| {
            Data::from_aivi(value, &self.shapes).map_err(|mismatch| mismatch.at(index))
        };
        let taken: Result<_, Mismatch> = values.iter().enumerate().map(one).collect();
        taken.map_err(|mismatch| fault(&self.title, format_args!("argument {mismatch}")))
    }

    /// What the closure gives, its value or its error, or the fault.
    fn call(&self, arguments: Vec<Data>) -> Result<Result<RawValue, RawValue>, String> {
        let given = catch(|| (self.function)(arguments)).map_err(|text| panicked(&self.title, &text))?;
        let write = |data, ty| data::write(data, ty, &self.shapes).map_err(|mismatch| misfit(&self.title, &mismatch));
        match given {
            Ok(value) => write(value, &self.value).map(Ok),
            Err(error) if self.kind == HostKind::Function => Err(fault(&self.title, error)),
            Err(error) => write(error, &self.error).map(Err),
        }
    }
}
