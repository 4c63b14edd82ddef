//! Functions of the host that take and give data, for hosts whose functions have no types in Rust.

use std::future::Future;
use std::sync::Arc;

use aivi_vm::{Args, NativeCx, NativeResult, Shared, Then, Value as RawValue};

use super::bind::{Bind, Named, Polled, fault, misfit, panicked, taken};
use super::panics::catch;
use crate::convert::{Mismatch, Shapes};
use crate::data::{self, Data};
use crate::signature::Type;

/// How a function of the host that takes and gives [`Data`](crate::Data) runs: see the table of
/// [`HostModule`](crate::HostModule).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum HostKind {
    /// As [`HostModule::function`](crate::HostModule::function). An `Err` is a fault of the fiber that called.
    Function,
    /// As [`HostModule::effect`](crate::HostModule::effect).
    Effect,
    /// As [`HostModule::blocking`](crate::HostModule::blocking).
    Blocking,
}

/// What is known in one program of a function that takes and gives data.
struct Signature {
    kind: HostKind,
    parameters: Vec<Type>,
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
        let (function, signature) = (function.clone(), Arc::new(Signature::new(kind, &named, shapes)));
        let full = move |cx: &mut NativeCx<'_>, args: &mut Args<'_>| match taken(cx, || signature.take(args.values())) {
            Err(fault) => NativeResult::Fault(fault),
            Ok(arguments) if kind == HostKind::Blocking => {
                let (function, signature) = (function.clone(), signature.clone());
                let job = move || -> Shared {
                    let outcome = signature.call(&*function, arguments);
                    let outcome = outcome.map(|result| result.map_or_else(RawValue::err, RawValue::ok));
                    outcome.map_or_else(|fault| RawValue::err(RawValue::text(&fault)), RawValue::ok).share()
                };
                cx.blocking(Box::new(job), Then::DecodeOrFault)
            }
            Ok(arguments) => match signature.call(&*function, arguments) {
                Ok(Ok(value)) => NativeResult::Done(value),
                Ok(Err(error)) => NativeResult::Failed(error),
                Err(fault) => NativeResult::Fault(fault),
            },
        };
        named.with(Arc::new(full), None)
    })
}

/// A function that takes data and gives a future of data.
pub(super) fn future<F, W>(function: F) -> Arc<Bind>
where
    F: Fn(Vec<Data>) -> W + Send + Sync + 'static,
    W: Future<Output = Result<Data, Data>> + Send + 'static,
{
    let function = Arc::new(function);
    Arc::new(move |named: Named, shapes: &Arc<Shapes>| {
        let (function, signature) = (function.clone(), Arc::new(Signature::new(HostKind::Effect, &named, shapes)));
        let full = move |cx: &mut NativeCx<'_>, args: &mut Args<'_>| {
            let begun = taken(cx, || signature.take(args.values()))
                .and_then(|arguments| catch(|| function(arguments)).map_err(|text| panicked(&signature.title, &text)));
            match begun {
                Ok(future) => {
                    let (title, signature) = (signature.title.clone(), signature.clone());
                    let give = move |given| match signature.give(given)? {
                        Ok(value) => Ok(NativeResult::Done(value)),
                        Err(error) => Ok(NativeResult::Failed(error)),
                    };
                    cx.wait_future(Box::new(Polled::new(future, title, give)))
                }
                Err(fault) => NativeResult::Fault(fault),
            }
        };
        named.with(Arc::new(full), None)
    })
}

impl Signature {
    fn new(kind: HostKind, named: &Named, shapes: &Arc<Shapes>) -> Signature {
        let (error, value) = match named.ty.result() {
            Type::Named(name, types) if name == "Effect" && types.len() == 2 => (types[0].clone(), types[1].clone()),
            value => (Type::any(), value.clone()),
        };
        let parameters = named.ty.parameters().cloned().collect();
        Signature { kind, parameters, error, value, shapes: shapes.clone(), title: named.title() }
    }

    /// The arguments as data, or the fault.
    fn take(&self, values: &[RawValue]) -> Result<Vec<Data>, String> {
        let one = |(index, (value, ty)): (usize, (&RawValue, &Type))| {
            data::read_as(value, ty, &self.shapes).map_err(|mismatch| mismatch.at(index))
        };
        let taken: Result<_, Mismatch> = values.iter().zip(&self.parameters).enumerate().map(one).collect();
        taken.map_err(|mismatch| fault(&self.title, format_args!("argument {mismatch}")))
    }

    /// What a closure gives, its value or its error, or the fault.
    fn call(
        &self,
        function: &impl Fn(Vec<Data>) -> Result<Data, Data>,
        arguments: Vec<Data>,
    ) -> Result<Result<RawValue, RawValue>, String> {
        let given = catch(|| function(arguments)).map_err(|text| panicked(&self.title, &text))?;
        match given {
            Err(error) if self.kind == HostKind::Function => Err(fault(&self.title, error)),
            given => self.give(given),
        }
    }

    /// The same for the machine, or the fault.
    fn give(&self, given: Result<Data, Data>) -> Result<Result<RawValue, RawValue>, String> {
        let write = |data, ty| data::write(data, ty, &self.shapes).map_err(|mismatch| misfit(&self.title, &mismatch));
        match given {
            Ok(value) => write(value, &self.value).map(Ok),
            Err(error) => write(error, &self.error).map(Err),
        }
    }
}
