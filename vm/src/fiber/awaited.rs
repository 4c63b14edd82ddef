//! Waiting for a future of the host.
//!
//! A fiber asks its future on a worker, as it runs anything else. When the future is not ready the fiber waits for its
//! waker, which may be called from any thread, and then asks again. So a future is asked only by whoever runs the
//! fiber, no waker ever runs foreign code, and no runtime for futures is needed. Whoever is cancelled drops the future
//! before it unwinds.
//!
//! Rejected: asking on the thread that wakes (it is often the only one of a reactor), and asking on the pool of
//! blocking jobs (two changes of threads for each answer).

use std::sync::Arc;
use std::task::{Wake, Waker};

use aivi_scheduler::Completer;
use parking_lot::Mutex;

use super::{Pending, Strand};
use crate::native::{NativeCx, NativeResult};
use crate::value::Value;

/// A future of the host, with what becomes of its value.
pub trait HostFuture: Send {
    /// Asks it; nothing when it is not ready and will call the waker. Not asked again after a result.
    /// `NativeResult::Wait` is no result.
    fn poll(&mut self, waker: &Waker) -> Option<NativeResult>;
}

/// A future that a fiber waits for.
pub(crate) struct Awaited {
    future: Box<dyn HostFuture>,
    signal: Arc<Signal>,
}

/// What a waker leads to.
struct Signal(Mutex<State>);

enum State {
    /// The fiber is asking.
    Asking,
    /// The waker was called meanwhile.
    Woken,
    /// The fiber waits.
    Waiting(Completer<Strand>),
}

impl Awaited {
    pub(crate) fn new(future: Box<dyn HostFuture>) -> Box<Awaited> {
        Box::new(Awaited { future, signal: Arc::new(Signal(Mutex::new(State::Asking))) })
    }

    /// Asks; the fiber waits for the next call of the waker when there is no result.
    pub(crate) fn ask(mut self: Box<Self>, cx: &mut NativeCx<'_>) -> NativeResult {
        self.signal.put(State::Asking);
        if let Some(result) = self.future.poll(&Waker::from(self.signal.clone())) {
            return result;
        }
        let completer = cx.begin_outside();
        self.signal.wait(completer);
        cx.fiber.pending = Pending::Awaited(self);
        NativeResult::Wait
    }
}

impl Drop for Awaited {
    /// The waker may live on; there is nobody to wake.
    fn drop(&mut self) {
        self.signal.put(State::Asking);
    }
}

impl Signal {
    /// What was there before is dropped when the lock is free: a completer wakes its fiber then.
    fn put(&self, state: State) {
        let before = std::mem::replace(&mut *self.0.lock(), state);
        drop(before);
    }

    /// Completes when the waker is called, or at once when it has been.
    fn wait(&self, completer: Completer<Strand>) {
        let mut state = self.0.lock();
        if let State::Woken = *state {
            drop(state);
            return completer.complete(Value::unit().share());
        }
        *state = State::Waiting(completer);
    }
}

impl Wake for Signal {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let before = std::mem::replace(&mut *self.0.lock(), State::Woken);
        if let State::Waiting(completer) = before {
            completer.complete(Value::unit().share());
        }
    }
}
