//! Globals: evaluated by the first fiber that uses them; others wait for it.
//!
//! A global that needs itself would be waited for for ever. Within one fiber that is seen at once: who evaluates it
//! asks for it. Across fibers the chain is followed: who evaluates the global waits for another one, whose fiber waits,
//! and so on. The links are the evaluations and [`Waits`]. A fiber that waits began all its evaluations before, so what
//! closes a circle is a wait, and waits are looked at and noted under one lock: one of those who meet sees it.
//!
//! A note may be late: what its fiber waited for has ended, and the fiber has had no turn since. It will ask for the
//! same global then, so whoever it leads to waits for the fiber's own globals no less than if it had.
//!
//! Nobody waits for a fiber of another runtime, as simulated calls have that run at once: its worker would run who
//! waits. Each runtime evaluates the global by itself, and the value that is there first is everybody's.

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
    evaluations: Mutex<Evaluations>,
}

/// Who evaluates a global.
#[derive(Default)]
struct Evaluations {
    /// One for each runtime.
    running: Vec<Running>,
    /// One of them has the value.
    is_over: bool,
}

/// One who evaluates it.
struct Running {
    who: Who,
    done: Latch<Strand>,
}

/// A fiber, among those of all runtimes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Who {
    /// See `World::runtime`.
    pub(crate) runtime: usize,
    pub(crate) fiber: u64,
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
pub(crate) struct Waits(Mutex<BTreeMap<Who, u32>>);

impl GlobalCell {
    pub(crate) fn new(proto: ProtoId) -> GlobalCell {
        GlobalCell { value: OnceLock::new(), proto, evaluations: Mutex::default() }
    }

    pub(crate) fn ready(value: Value) -> GlobalCell {
        GlobalCell { value: OnceLock::from(value), proto: ProtoId(0), evaluations: Mutex::default() }
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

    /// The evaluation in this runtime has come to the value, which is published if it is the first. Gives the value
    /// for who came to it, and the latch to be opened.
    pub(crate) fn finish(&self, mut value: Value, runtime: usize) -> (Value, Option<Latch<Strand>>) {
        let is_first = !std::mem::replace(&mut self.evaluations.lock().is_over, true);
        if is_first {
            // What is already shared inside stays so.
            value = immortalise(value);
            let fresh = self.value.set(value.clone()).is_ok();
            debug_assert!(fresh, "one is the first");
        }
        (value, self.evaluations.lock().end(runtime).map(|running| running.done))
    }

    /// The evaluation in this runtime ended without a value: the next use tries again. Gives the latch to be opened.
    pub(crate) fn abandon(&self, waits: &Waits, runtime: usize) -> Option<Latch<Strand>> {
        let running = self.evaluations.lock().end(runtime)?;
        waits.end(running.who);
        Some(running.done)
    }

    /// Who evaluates it in this runtime.
    fn evaluator(&self, runtime: usize) -> Option<Who> {
        self.evaluations.lock().of(runtime).map(|running| running.who)
    }
}

impl Evaluations {
    fn of(&self, runtime: usize) -> Option<&Running> {
        self.running.iter().find(|running| running.who.runtime == runtime)
    }

    fn end(&mut self, runtime: usize) -> Option<Running> {
        let at = self.running.iter().position(|running| running.who.runtime == runtime)?;
        Some(self.running.swap_remove(at))
    }
}

impl Waits {
    /// Asks to evaluate a global on this fiber, which waits for none.
    pub(crate) fn begin(
        &self,
        globals: &[GlobalCell],
        global: u32,
        who: Who,
        evaluates: impl FnOnce() -> bool,
    ) -> Entry {
        // Held until a wait is noted.
        let mut waits = self.0.lock();
        waits.remove(&who);
        let cell = &globals[global as usize];
        let mut evaluations = cell.evaluations.lock();
        if cell.value.get().is_some() {
            return Entry::Ready;
        }
        let Some(other) = evaluations.of(who.runtime) else {
            evaluations.running.push(Running { who, done: Latch::new() });
            return Entry::Evaluate(cell.proto);
        };
        let (done, first) = (other.done.clone(), other.who);
        drop(evaluations);
        let next = |other: &Who| waits.get(other).and_then(|global| globals[*global as usize].evaluator(who.runtime));
        // It ends, as no circle was ever closed.
        if successors(Some(first), next).any(|other| other == who) {
            return Entry::Recursive;
        }
        if evaluates() {
            waits.insert(who, global);
        }
        Entry::Wait(done)
    }

    /// The fiber waits for no global any more.
    fn end(&self, who: Who) {
        self.0.lock().remove(&who);
    }
}
