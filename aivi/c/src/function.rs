//! Functions of scripts, and their calls.

use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

use aivi::{Call, Canceller, Data, DynamicFunction};

use crate::error::{Error, required};
use crate::export::{ErrorOut, Out, answer, answer_boxed, exports, put};
use crate::pointers::{OwnedText, Values};

/// `aivi_call`
pub struct CCall {
    call: Mutex<Call<Data>>,
    canceller: Canceller,
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
            match call.wait_timeout(limit.unwrap_or(DAY)) {
                Some(result) => return Ok(result.map(Some)?),
                None if call.is_finished() => return Err(Error::argument("the result of this call was given before")),
                None if limit.is_some() => return Ok(None),
                None => {}
            }
        }
    }
}

exports! {
    fn aivi_function_type(function: Option<&DynamicFunction>) -> OwnedText {
        function.map_or_else(OwnedText::default, |function| OwnedText::new(&function.ty().to_string()))
    }

    fn aivi_function_arity(function: Option<&DynamicFunction>) -> usize {
        function.map_or(0, |function| function.ty().arity())
    }

    fn aivi_function_call(
        function: Option<&DynamicFunction>,
        arguments: Values<'_>,
        count: usize,
        error: ErrorOut<'_>,
    ) -> Option<Box<Data>> {
        answer_boxed(error, || {
            // SAFETY: the two belong together (`aivi.h`).
            let arguments = unsafe { arguments.take(count) };
            Ok(required(function, "function")?.call(arguments?)?)
        })
    }

    fn aivi_function_start(
        function: Option<&DynamicFunction>,
        arguments: Values<'_>,
        count: usize,
        error: ErrorOut<'_>,
    ) -> Option<Box<CCall>> {
        answer_boxed(error, || {
            // SAFETY: the two belong together (`aivi.h`).
            let arguments = unsafe { arguments.take(count) };
            let call = required(function, "function")?.start(arguments?);
            let canceller = call.canceller();
            Ok(CCall { call: Mutex::new(call), canceller })
        })
    }

    fn aivi_function_free(function: Option<Box<DynamicFunction>>) {
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
        call.and_then(|call| call.call.try_lock().ok()).is_some_and(|call| call.is_finished())
    }

    fn aivi_call_cancel(call: Option<&CCall>) {
        if let Some(call) = call {
            call.canceller.cancel();
        }
    }

    fn aivi_call_detach(call: Option<Box<CCall>>) {
        if let Some(call) = call {
            call.call.into_inner().unwrap_or_else(PoisonError::into_inner).detach();
        }
    }

    fn aivi_call_free(call: Option<Box<CCall>>) {
        drop(call);
    }
}
