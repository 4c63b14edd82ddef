//! Functions of the host that give their results later.
//!
//! The fiber has a future, the host a handle, and both the state between them, which changes once: from open to
//! completed, by the host, or to abandoned, by the fiber that is cancelled. Whoever comes second finds that. The host
//! is told, and what it gave is released, while nobody holds the lock: it may do to the handle whatever it likes.

use std::ffi::c_void;
use std::mem;
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context as Task, Poll, Waker};

use aivi::Data;

use crate::callback::{Begin, Context, Tell};
use crate::error::required;
use crate::export::{ErrorOut, answer, exports};
use crate::module::Module;
use crate::pointers::Name;

/// `aivi_completion`: dropped without a result it is a fault of the fiber.
pub struct Completion(Arc<Shared>);

#[derive(Default)]
struct Shared(Mutex<State>);

/// What the host and the fiber know of each other.
enum State {
    /// The fiber waits, once it has a waker.
    Open { waker: Option<Waker>, on_cancel: Option<(Context, Tell)> },
    /// There is a result: `Err` is a failure, and without one it is a fault.
    Completed(Option<Result<Data, Data>>),
    /// The fiber was cancelled, or has its result.
    Over { is_cancelled: bool },
}

impl Default for State {
    fn default() -> State {
        State::Open { waker: None, on_cancel: None }
    }
}

impl Shared {
    /// What a thread that panicked left is whole: each change is one step.
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the wait. False if it has ended: then the result is dropped.
    fn complete(&self, result: Option<Result<Data, Data>>) -> bool {
        let mut state = self.state();
        if !matches!(*state, State::Open { .. }) {
            return false;
        }
        let before = mem::replace(&mut *state, State::Completed(result));
        drop(state);
        if let State::Open { waker: Some(waker), .. } = before {
            waker.wake();
        }
        true
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.0.complete(None);
    }
}

/// What the fiber waits for.
struct Awaited(Arc<Shared>);

impl Future for Awaited {
    type Output = Result<Data, Data>;

    fn poll(self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Self::Output> {
        let mut state = self.0.state();
        match &mut *state {
            State::Open { waker, .. } => {
                let before = waker.replace(task.waker().clone());
                drop(state);
                drop(before);
                Poll::Pending
            }
            State::Completed(result) => {
                let result = result.take();
                *state = State::Over { is_cancelled: false };
                drop(state);
                // Unwinding is how a function of the host faults who called it; this one is not to be told on standard
                // error.
                Poll::Ready(result.unwrap_or_else(|| resume_unwind(Box::new("it was freed before it was completed"))))
            }
            State::Over { .. } => Poll::Pending,
        }
    }
}

impl Drop for Awaited {
    fn drop(&mut self) {
        let mut state = self.0.state();
        let is_cancelled = !matches!(*state, State::Over { is_cancelled: false });
        let before = mem::replace(&mut *state, State::Over { is_cancelled });
        drop(state);
        if let State::Open { on_cancel: Some((context, tell)), .. } = before {
            context.tell(tell);
        }
    }
}

exports! {
    fn aivi_module_add_later(
        module: Option<&mut Module>,
        signature: Name<'_>,
        begin: Option<Begin>,
        data: *mut c_void,
        release: Option<Tell>,
        error: ErrorOut<'_>,
    ) -> bool {
        // Goes with this call, unless the module keeps it.
        let context = Context::new(data, release);
        answer(error, move || {
            let (module, begin) = (required(module, "module")?, required(begin, "begin")?);
            let signature = signature.get("signature")?;
            let call = move |arguments: Vec<Data>| {
                let shared = Arc::<Shared>::default();
                let awaited = Awaited(shared.clone());
                context.begin(begin, &Data::Tuple(arguments), Box::new(Completion(shared)));
                awaited
            };
            module.change(|module| module.dynamic_future(signature, call));
            Ok(true)
        })
    }

    fn aivi_completion_done(completion: Option<&Completion>, value: Option<Box<Data>>) -> bool {
        match (completion, value) {
            (Some(completion), Some(value)) => completion.0.complete(Some(Ok(*value))),
            _ => false,
        }
    }

    fn aivi_completion_fail(completion: Option<&Completion>, failure: Option<Box<Data>>) -> bool {
        match (completion, failure) {
            (Some(completion), Some(failure)) => completion.0.complete(Some(Err(*failure))),
            _ => false,
        }
    }

    fn aivi_completion_on_cancel(
        completion: Option<&Completion>,
        tell: Option<Tell>,
        data: *mut c_void,
        release: Option<Tell>,
    ) -> bool {
        let context = Context::new(data, release);
        let (Some(completion), Some(tell)) = (completion, tell) else { return false };
        let mut state = completion.0.state();
        match &mut *state {
            State::Open { on_cancel, .. } => {
                let before = on_cancel.replace((context, tell));
                drop(state);
                drop(before);
                true
            }
            State::Over { is_cancelled: true } => {
                drop(state);
                context.tell(tell);
                true
            }
            State::Completed(_) | State::Over { is_cancelled: false } => {
                drop(state);
                false
            }
        }
    }

    fn aivi_completion_is_cancelled(completion: Option<&Completion>) -> bool {
        completion.is_some_and(|completion| matches!(*completion.0.state(), State::Over { is_cancelled: true }))
    }

    fn aivi_completion_free(completion: Option<Box<Completion>>) {
        drop(completion);
    }
}
