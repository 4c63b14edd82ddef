//! From a closure to the native function of a program.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aivi_vm::{Args, HostCall, HostFn, HostFuture, HostQuick, NativeCx, NativeResult, Shared, Then, Value as RawValue};

use super::panics::catch;
use super::{Function, HostFunction, HostModule, Parameters};
use crate::convert::{AiviType, IntoAivi, Mismatch, Shapes, ration};
use crate::signature::Type;

/// Makes the function of a program with these shapes.
pub(super) type Bind = dyn Fn(Named, &Arc<Shapes>) -> HostFn + Send + Sync;

/// What is known without the closure.
pub(super) struct Named {
    name: String,
    arity: u8,
    effect: bool,
    /// Its type, if the closure has none of its own.
    pub(super) ty: Type,
}

impl HostModule {
    /// One of its functions; `native` is its name in modules.
    pub(super) fn named(&self, function: &Function, native: &str) -> Named {
        let arity = u8::try_from(function.arity).unwrap_or(u8::MAX);
        let ty = match (&function.needed, &function.declared) {
            (None, Some(declared)) => self.with_aliases(declared),
            _ => Type::any(),
        };
        Named { name: native.to_owned(), arity, effect: function.effect, ty }
    }
}

impl Named {
    pub(super) fn with(self, call: Arc<HostCall>, quick: Option<Arc<HostQuick>>) -> HostFn {
        HostFn { name: self.name, arity: self.arity, effect: self.effect, call, quick }
    }

    /// For reports.
    pub(super) fn title(&self) -> Arc<str> {
        Arc::from(self.name.strip_prefix(super::PREFIX).unwrap_or(&self.name))
    }
}

/// A fault of a host function.
#[cold]
pub(super) fn fault(title: &str, problem: impl std::fmt::Display) -> String {
    format!("host function '{title}': {problem}")
}

/// The fault of a panic.
#[cold]
pub(super) fn panicked(title: &str, text: &str) -> String {
    format!("host function '{title}' panicked: {text}")
}

/// Takes arguments for the host, as far as the limits of the call allow; beyond them the fiber ends, whatever it is
/// given here.
pub(super) fn taken<T>(cx: &mut NativeCx<'_>, take: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    let most = cx.memory_limit();
    if most == u64::MAX {
        return take();
    }
    let (arguments, made) = ration::counted(most, take);
    if made > most.min(ration::SMALL) && !cx.may_make(usize::try_from(made).unwrap_or(usize::MAX)) {
        return Err("its arguments take more memory than is allowed".to_owned());
    }
    arguments
}

/// Converts the arguments, calls the closure, converts what it gives. Who has no context knows that the arguments take
/// no memory.
#[inline]
fn call<A: Parameters, F: HostFunction<A>, T>(
    (function, shapes, title): &(Arc<F>, Arc<Shapes>, Arc<str>),
    cx: Option<&mut NativeCx<'_>>,
    values: &[RawValue],
    convert: impl FnOnce(F::Output, &Shapes) -> Result<T, Mismatch>,
) -> Result<T, String> {
    let called = catch(|| {
        let take = || A::take(values, shapes).map_err(|problem| fault(title, problem));
        let arguments = match cx {
            Some(cx) if !A::ARE_SCALARS => taken(cx, take)?,
            _ => take()?,
        };
        convert(function.apply(arguments), shapes).map_err(|mismatch| misfit(title, &mismatch))
    });
    called.unwrap_or_else(|text| Err(panicked(title, &text)))
}

/// The fault of a result that has no counterpart in the program.
#[cold]
pub(super) fn misfit(title: &str, mismatch: &Mismatch) -> String {
    fault(title, format_args!("its result: {mismatch}"))
}

/// A function without effects.
pub(super) fn pure<A: Parameters, F>(function: F) -> Arc<Bind>
where
    F: HostFunction<A>,
    F::Output: IntoAivi,
{
    let function = Arc::new(function);
    Arc::new(move |named, shapes| {
        let parts = Arc::new((function.clone(), shapes.clone(), named.title()));
        let of_full = parts.clone();
        let full = move |cx: &mut NativeCx<'_>, args: &mut Args<'_>| match call::<A, F, _>(
            &of_full,
            Some(cx),
            args.values(),
            F::Output::into_aivi,
        ) {
            Ok(value) => NativeResult::Done(value),
            Err(fault) => NativeResult::Fault(fault),
        };
        let quick: Option<Arc<HostQuick>> = if A::ARE_SCALARS && F::Output::IS_SCALAR {
            Some(Arc::new(move |values: &[RawValue]| call::<A, F, _>(&parts, None, values, F::Output::into_aivi)))
        } else {
            None
        };
        named.with(Arc::new(full), quick)
    })
}

/// What a `Result` is to the machine.
fn outcome<T: IntoAivi, E: IntoAivi>(result: Result<T, E>, shapes: &Shapes) -> Result<NativeResult, Mismatch> {
    Ok(match result {
        Ok(value) => NativeResult::Done(value.into_aivi(shapes)?),
        Err(error) => NativeResult::Failed(error.into_aivi(shapes)?),
    })
}

/// A function that acts, quickly.
pub(super) fn effect<A: Parameters, F, T: IntoAivi, E: IntoAivi>(function: F) -> Arc<Bind>
where
    F: HostFunction<A, Output = Result<T, E>>,
{
    let function = Arc::new(function);
    Arc::new(move |named, shapes| {
        let parts = (function.clone(), shapes.clone(), named.title());
        let full = move |cx: &mut NativeCx<'_>, args: &mut Args<'_>| {
            call::<A, F, _>(&parts, Some(cx), args.values(), outcome).unwrap_or_else(NativeResult::Fault)
        };
        named.with(Arc::new(full), None)
    })
}

/// A function that may block.
pub(super) fn blocking<A: Parameters + Send + 'static, F, T: IntoAivi, E: IntoAivi>(function: F) -> Arc<Bind>
where
    F: HostFunction<A, Output = Result<T, E>>,
{
    let function = Arc::new(function);
    Arc::new(move |named, shapes| {
        let (function, shapes, title) = (function.clone(), shapes.clone(), named.title());
        let full = move |cx: &mut NativeCx<'_>, args: &mut Args<'_>| {
            let take = || A::take(args.values(), &shapes).map_err(|problem| fault(&title, problem));
            let arguments = match catch(|| taken(cx, take)).unwrap_or_else(|text| Err(panicked(&title, &text))) {
                Ok(arguments) => arguments,
                Err(fault) => return NativeResult::Fault(fault),
            };
            let (function, shapes, title) = (function.clone(), shapes.clone(), title.clone());
            let job = move || -> Shared {
                let called = catch(|| {
                    function.apply(arguments).into_aivi(&shapes).map_err(|mismatch| misfit(&title, &mismatch))
                });
                let value = called.unwrap_or_else(|text| Err(panicked(&title, &text)));
                value.map_or_else(|fault| RawValue::err(RawValue::text(&fault)), RawValue::ok).share()
            };
            cx.blocking(Box::new(job), Then::DecodeOrFault)
        };
        named.with(Arc::new(full), None)
    })
}

/// A function that gives a future.
pub(super) fn future<A: Parameters, F, W, T, E>(function: F) -> Arc<Bind>
where
    F: HostFunction<A, Output = W>,
    W: Future<Output = Result<T, E>> + Send + 'static,
    T: IntoAivi + 'static,
    E: IntoAivi + 'static,
{
    let function = Arc::new(function);
    Arc::new(move |named, shapes| {
        let parts = (function.clone(), shapes.clone(), named.title());
        let full = move |cx: &mut NativeCx<'_>, args: &mut Args<'_>| {
            let begun = call::<A, F, _>(&parts, Some(cx), args.values(), |future, _| Ok(future));
            match begun {
                Ok(future) => {
                    let (_, shapes, title) = parts.clone();
                    let of_result = title.clone();
                    let give = move |result| outcome(result, &shapes).map_err(|mismatch| misfit(&of_result, &mismatch));
                    cx.wait_future(Box::new(Polled::new(future, title, give)))
                }
                Err(fault) => NativeResult::Fault(fault),
            }
        };
        named.with(Arc::new(full), None)
    })
}

/// A future that a fiber waits for.
pub(super) struct Polled<W, G> {
    /// Until it is dropped.
    future: Option<Pin<Box<W>>>,
    title: Arc<str>,
    /// What its result is to the machine, or the fault.
    give: G,
}

impl<W, G> Polled<W, G> {
    pub(super) fn new(future: W, title: Arc<str>, give: G) -> Polled<W, G> {
        Polled { future: Some(Box::pin(future)), title, give }
    }
}

impl<W, G> HostFuture for Polled<W, G>
where
    W: Future + Send,
    G: Fn(W::Output) -> Result<NativeResult, String> + Send,
{
    fn poll(&mut self, waker: &Waker) -> Option<NativeResult> {
        let future = self.future.as_mut()?;
        let polled = catch(|| match future.as_mut().poll(&mut Context::from_waker(waker)) {
            Poll::Pending => None,
            Poll::Ready(result) => Some((self.give)(result)),
        });
        let result = polled.unwrap_or_else(|text| Some(Err(panicked(&self.title, &text))))?;
        Some(result.unwrap_or_else(NativeResult::Fault))
    }
}

impl<W, G> Drop for Polled<W, G> {
    /// The future's own cleanup is code of the host.
    fn drop(&mut self) {
        let future = self.future.take();
        // The panic hook has told of a panic; there is nobody left to fault.
        let _ = catch(|| drop(future));
    }
}
