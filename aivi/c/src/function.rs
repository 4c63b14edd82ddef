//! Functions of scripts, and their calls.

use std::ffi::c_void;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};
use std::task::{Context as Task, Poll, Wake, Waker};
use std::time::Duration;

use aivi::{Budget, Call, CallError, Canceller, Data, DynamicFunction};

use crate::callback::{Context, Tell};
use crate::error::{Error, required};
use crate::export::{ErrorOut, Out, answer, answer_boxed, exports, put};
use crate::limits::limited;
use crate::pointers::{OwnedText, Values};

/// `aivi_function`: one whose failures are values, which C gets with its errors.
#[derive(Clone)]
pub struct Function(DynamicFunction);

impl Function {
    /// For C.
    pub fn new(function: &DynamicFunction) -> Function {
        Function(function.attempted())
    }

    /// What a call gives, or the error with which the effect failed.
    fn value(&self, given: Data) -> Result<Data, Error> {
        match given {
            Data::Constructor(name, mut parts) if self.0.is_effect() && parts.len() == 1 => match name.as_str() {
                "Err" => Err(Error::failed(parts.remove(0))),
                _ => Ok(parts.remove(0)),
            },
            value => Ok(value),
        }
    }
}

/// `aivi_call`
pub struct CCall {
    call: Mutex<Pending>,
    canceller: Canceller,
    function: Function,
}

/// A call, and its result while nobody has asked for it who was told that it is there.
struct Pending {
    call: Call<Data>,
    result: Option<Result<Data, CallError>>,
}

/// Tells the host that a call has ended.
struct Ended {
    context: Context,
    tell: Tell,
}

impl Wake for Ended {
    fn wake(self: Arc<Self>) {
        self.context.tell(self.tell);
    }
}

/// `aivi_state`
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub enum State {
    #[default]
    Failed = 0,
    Done = 1,
    Running = 2,
}

/// How long somebody waits at once who waits without a limit.
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl CCall {
    /// What comes of the call within `limit`, or without one.
    fn wait(&self, limit: Option<Duration>) -> Result<Option<Data>, Error> {
        let mut call = match self.call.try_lock() {
            Ok(call) => call,
            Err(TryLockError::Poisoned(call)) => call.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(Error::argument("another thread waits for this call")),
        };
        loop {
            match call.result.take().or_else(|| call.call.wait_timeout(limit.unwrap_or(DAY))) {
                Some(result) => return self.function.value(result?).map(Some),
                None if call.call.is_finished() => {
                    return Err(Error::argument("the result of this call was given before"));
                }
                None if limit.is_some() => return Ok(None),
                None => {}
            }
        }
    }

    /// Has `ended` woken at the end, which may be now.
    fn on_end(&self, ended: Ended) -> bool {
        let mut pending = match self.call.try_lock() {
            Ok(pending) => pending,
            Err(TryLockError::Poisoned(pending)) => pending.into_inner(),
            Err(TryLockError::WouldBlock) => return false,
        };
        let waker = Waker::from(Arc::new(ended));
        if pending.call.is_finished() {
            waker.wake();
        } else if let Poll::Ready(result) = Pin::new(&mut pending.call).poll(&mut Task::from_waker(&waker)) {
            pending.result = Some(result);
            waker.wake();
        }
        true
    }
}

exports! {
    fn aivi_function_type(function: Option<&Function>) -> OwnedText {
        function.map_or_else(OwnedText::default, |function| OwnedText::new(&function.0.ty().to_string()))
    }

    fn aivi_function_arity(function: Option<&Function>) -> usize {
        function.map_or(0, |function| function.0.ty().arity())
    }

    fn aivi_function_limit(function: Option<&mut Function>, limit: i32, amount: u64) -> bool {
        let Some(function) = function else { return false };
        let Some(limits) = limited(function.0.limits(), limit, amount) else { return false };
        function.0 = function.0.with(limits);
        true
    }

    fn aivi_function_within(
        function: Option<&Function>,
        budget: Option<&Budget>,
        error: ErrorOut<'_>,
    ) -> Option<Box<Function>> {
        answer_boxed(error, || Ok(Function(required(function, "function")?.0.within(required(budget, "budget")?))))
    }

    fn aivi_function_call(
        function: Option<&Function>,
        arguments: Values<'_>,
        count: usize,
        error: ErrorOut<'_>,
    ) -> Option<Box<Data>> {
        answer_boxed(error, || {
            // SAFETY: the two belong together (`aivi.h`).
            let arguments = unsafe { arguments.take(count) };
            let function = required(function, "function")?;
            function.value(function.0.call(arguments?)?)
        })
    }

    fn aivi_function_start(
        function: Option<&Function>,
        arguments: Values<'_>,
        count: usize,
        error: ErrorOut<'_>,
    ) -> Option<Box<CCall>> {
        answer_boxed(error, || {
            // SAFETY: the two belong together (`aivi.h`).
            let arguments = unsafe { arguments.take(count) };
            let function = required(function, "function")?;
            let call = function.0.start(arguments?);
            let canceller = call.canceller();
            let (call, function) = (Mutex::new(Pending { call, result: None }), function.clone());
            Ok(CCall { call, canceller, function })
        })
    }

    fn aivi_function_free(function: Option<Box<Function>>) {
        drop(function);
    }

    fn aivi_call_wait(
        call: Option<&CCall>,
        milliseconds: i64,
        result: Out<'_, Option<Box<Data>>>,
        error: ErrorOut<'_>,
    ) -> State {
        // Without a limit if it is negative.
        let limit = u64::try_from(milliseconds).ok().map(Duration::from_millis);
        let mut value = None;
        let state = answer(error, || {
            let given = required(call, "call")?.wait(limit)?;
            let state = if given.is_some() { State::Done } else { State::Running };
            value = given.map(Box::new);
            Ok(state)
        });
        put(result, value);
        state
    }

    fn aivi_call_is_finished(call: Option<&CCall>) -> bool {
        call.and_then(|call| call.call.try_lock().ok()).is_some_and(|pending| pending.call.is_finished())
    }

    fn aivi_call_on_end(
        call: Option<&CCall>,
        tell: Option<Tell>,
        data: *mut c_void,
        release: Option<Tell>,
    ) -> bool {
        let context = Context::new(data, release);
        match (call, tell) {
            (Some(call), Some(tell)) => call.on_end(Ended { context, tell }),
            _ => false,
        }
    }

    fn aivi_call_cancel(call: Option<&CCall>) {
        if let Some(call) = call {
            call.canceller.cancel();
        }
    }

    fn aivi_call_detach(call: Option<Box<CCall>>) {
        if let Some(call) = call {
            call.call.into_inner().unwrap_or_else(PoisonError::into_inner).call.detach();
        }
    }

    fn aivi_call_free(call: Option<Box<CCall>>) {
        drop(call);
    }
}
