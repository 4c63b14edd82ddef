//! Globals: evaluated by the first fiber that uses them; others wait for it.

use std::sync::OnceLock;

use aivi_bytecode::ProtoId;
use aivi_scheduler::Latch;
use parking_lot::Mutex;

use crate::fiber::Strand;
use crate::object::immortal::immortalise;
use crate::value::Value;

/// A global.
pub(crate) struct GlobalCell {
    /// Immortal, or shared where it was shared before.
    value: OnceLock<Value>,
    proto: ProtoId,
    running: Mutex<Option<Running>>,
}

/// Who evaluates it.
struct Running {
    fiber: u64,
    done: Latch<Strand>,
}

/// What a fiber that needs the global has to do.
pub(crate) enum Entry {
    /// Nothing: another was faster.
    Ready,
    /// Evaluate this proto, then `finish` or `abandon`.
    Evaluate(ProtoId),
    /// Wait for the one that evaluates it, then try again.
    Wait(Latch<Strand>),
    /// It needs itself.
    Recursive,
}

impl GlobalCell {
    pub(crate) fn new(proto: ProtoId) -> GlobalCell {
        GlobalCell { value: OnceLock::new(), proto, running: Mutex::new(None) }
    }

    pub(crate) fn ready(value: Value) -> GlobalCell {
        GlobalCell { value: OnceLock::from(value), proto: ProtoId(0), running: Mutex::new(None) }
    }

    /// The value, if there is one, when nobody asks any more.
    pub(crate) fn into_value(self) -> Option<Value> {
        self.value.into_inner()
    }

    /// The value, once there is one.
    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&Value> {
        self.value.get()
    }

    /// Asks to evaluate it on this fiber.
    pub(crate) fn begin(&self, fiber: u64) -> Entry {
        let mut running = self.running.lock();
        if self.value.get().is_some() {
            return Entry::Ready;
        }
        match &*running {
            Some(other) if other.fiber == fiber => Entry::Recursive,
            Some(other) => Entry::Wait(other.done.clone()),
            None => {
                *running = Some(Running { fiber, done: Latch::new() });
                Entry::Evaluate(self.proto)
            }
        }
    }

    /// Publishes the value; gives the latch to be opened.
    pub(crate) fn finish(&self, value: Value) -> Option<Latch<Strand>> {
        // What is already shared inside stays so.
        let value = immortalise(value);
        let mut running = self.running.lock();
        let fresh = self.value.set(value).is_ok();
        debug_assert!(fresh, "one fiber evaluates a global");
        running.take().map(|running| running.done)
    }

    /// The evaluation ended without a value: the next use tries again. Gives the latch to be opened.
    pub(crate) fn abandon(&self) -> Option<Latch<Strand>> {
        self.running.lock().take().map(|running| running.done)
    }
}
