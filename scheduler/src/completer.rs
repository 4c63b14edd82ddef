//! Waits for other threads: blocking jobs, host callbacks, futures.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::Task;
use crate::broken::panic_text;
use crate::runtime::Shared;
use crate::sync::Arc;
use crate::sync::Mutex;
use crate::task::record::Ref;
use crate::task::state::{Claim, Claimed};

/// Ends the wait of the task that asked for it, from any thread. Dropped without a value, it ends it with an error.
pub struct Completer<T: Task>(Option<Pending<T>>);

/// Where the value is put for the task to find.
pub(crate) type Delivery<V> = Arc<Mutex<Option<Result<V, String>>>>;

struct Pending<T: Task> {
    shared: Arc<Shared<T>>,
    record: Ref<T>,
    generation: u32,
    delivery: Delivery<T::Value>,
    /// Goes last.
    keep: Option<Keep>,
}

/// What has to be kept as long as anything of the task is.
pub type Keep = Arc<dyn Any + std::marker::Send + Sync>;

/// What may block. It can ask whether its result is still waited for.
pub type Blocking<V> = Box<dyn FnOnce(&dyn Fn() -> bool) -> V + std::marker::Send>;

/// A job that may block, and what it completes. Dropped in this order.
pub(crate) struct Job<T: Task> {
    pub(crate) job: Blocking<T::Value>,
    pub(crate) completer: Completer<T>,
}

impl<T: Task> Job<T> {
    /// Runs it, which may panic, and completes with what it gives; not if nobody waits for it any more.
    pub(crate) fn run(self) {
        let Job { job, mut completer } = self;
        if completer.is_abandoned() {
            return;
        }
        let is_wanted = || !completer.is_abandoned();
        let result = catch_unwind(AssertUnwindSafe(|| job(&is_wanted)));
        completer.deliver(result.map_err(panic_text));
    }
}

impl<T: Task> Completer<T> {
    pub(crate) fn new(
        shared: Arc<Shared<T>>,
        record: Ref<T>,
        generation: u32,
        delivery: Delivery<T::Value>,
        keep: Option<Keep>,
    ) -> Self {
        shared.outside_begin();
        Completer(Some(Pending { shared, record, generation, delivery, keep }))
    }

    /// Gives the task its value. If the wait is over, cancelled for one, the value is dropped.
    pub fn complete(mut self, value: T::Value) {
        self.deliver(Ok(value));
    }

    /// Gives the task an error text instead.
    pub fn fail(mut self, error: String) {
        self.deliver(Err(error));
    }

    /// Has the wait ended otherwise, so that the value would be dropped?
    pub fn is_abandoned(&self) -> bool {
        self.0.as_ref().is_none_or(|pending| {
            let state = pending.record.state.load();
            let waits = state.generation() == pending.generation && state.is_waiting();
            !waits && state.generation() != pending.generation.wrapping_sub(1)
        })
    }

    fn deliver(&mut self, result: Result<T::Value, String>) {
        let Some(Pending { shared, record, generation, delivery, keep }) = self.0.take() else { return };
        let deliver = || *delivery.lock() = Some(result);
        let wake = || {
            if record.state.claim(generation, Claim::Completed) == Claimed::Queue {
                shared.inject(record.raw());
            }
            drop(record);
        };
        mutant!(
            "completer.claims-before-it-delivers",
            mutant!(
                "completer.is-done-before-it-wakes",
                {
                    deliver();
                    wake();
                    // Last: until then the task does not count as one that waits for ever.
                    shared.outside_end();
                },
                {
                    shared.outside_end();
                    deliver();
                    wake();
                }
            ),
            {
                wake();
                deliver();
                shared.outside_end();
            }
        );
        drop(delivery);
        drop(keep);
    }
}

impl<T: Task> Drop for Completer<T> {
    fn drop(&mut self) {
        self.deliver(Err("nobody completed the call".to_owned()));
    }
}
