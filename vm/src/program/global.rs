//! Globals: evaluated by the first fiber that uses them; others wait for it.
//!
//! A global that needs itself would be waited for for ever. Within one fiber that is seen at once: who evaluates it
//! asks for it. Across fibers the chain is followed: who evaluates the global waits for another one, whose fiber waits,
//! and so on. The links are the evaluations and [`Waits`]. A fiber that waits began all its evaluations before, so what
//! closes a circle is a wait, and waits are looked at and noted under one lock: one of those who meet sees it.
//!
//! A note may be late: what its fiber waited for has ended, and the fiber has had no turn since. It will ask for the
//! same global then, so whoever it leads to waits for the fiber's own globals no less than if it had.

use std::collections::BTreeMap;
use std::iter::successors;
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
    /// It needs itself, maybe by way of globals that other fibers evaluate.
    Recursive,
}

/// What fibers wait for that evaluate globals themselves: per fiber a global. Who evaluates nothing keeps nobody
/// waiting.
#[derive(Default)]
pub(crate) struct Waits(Mutex<BTreeMap<u64, u32>>);

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
    pub(crate) fn abandon(&self, waits: &Waits) -> Option<Latch<Strand>> {
        let running = self.running.lock().take()?;
        waits.end(running.fiber);
        Some(running.done)
    }

    /// Who evaluates it.
    fn fiber(&self) -> Option<u64> {
        self.running.lock().as_ref().map(|running| running.fiber)
    }
}

impl Waits {
    /// Asks to evaluate a global on this fiber, which waits for none.
    pub(crate) fn begin(
        &self,
        globals: &[GlobalCell],
        global: u32,
        fiber: u64,
        evaluates: impl FnOnce() -> bool,
    ) -> Entry {
        // Held until a wait is noted.
        let mut waits = self.0.lock();
        waits.remove(&fiber);
        let cell = &globals[global as usize];
        let mut running = cell.running.lock();
        if cell.value.get().is_some() {
            return Entry::Ready;
        }
        let Some(other) = &*running else {
            *running = Some(Running { fiber, done: Latch::new() });
            return Entry::Evaluate(cell.proto);
        };
        let (done, first) = (other.done.clone(), other.fiber);
        drop(running);
        let next = |fiber: &u64| waits.get(fiber).and_then(|global| globals[*global as usize].fiber());
        // It ends, as no circle was ever closed.
        if successors(Some(first), next).any(|other| other == fiber) {
            return Entry::Recursive;
        }
        if evaluates() {
            waits.insert(fiber, global);
        }
        Entry::Wait(done)
    }

    /// The fiber waits for no global any more.
    fn end(&self, fiber: u64) {
        self.0.lock().remove(&fiber);
    }
}
