//! Calls that begin on the thread that makes them ([0022](../../spec/decisions/0022-calls-in-place.md)).
//!
//! A function keeps a fiber for them. Whoever finds it in use, another thread or a call further out on the same one,
//! makes one for itself.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, TryLockError};

use aivi_vm::{Called, Caller, Value};

use crate::budget::Bounds;
use crate::machine::{Entry, Machine};
use crate::outcome::{Outcome, Run};

/// Calls on one thread, each made by a function that the script of the one before has called. They are on the thread's
/// own stack (arbitrary).
const DEPTH_MAX: u32 = 16;

/// What a call is told beyond it.
const TOO_DEEP: &str = "calls from the host into scripts, and from there into the host, are nested too deep";

thread_local! {
    static DEPTH: Cell<u32> = const { Cell::new(0) };
}

/// A fiber for the calls of one function.
#[derive(Default)]
pub(crate) struct InPlace(Mutex<Option<Caller>>);

impl InPlace {
    /// Calls it, and waits until it has ended.
    pub(crate) fn call(&self, machine: &Machine, entry: &Entry, arguments: Vec<Value>, bounds: &Bounds) -> Outcome {
        let Entry::Global { global, is_effect } = *entry else {
            return machine.run(entry, arguments, bounds).outcome;
        };
        if DEPTH.get() >= DEPTH_MAX {
            return Run::refused(TOO_DEEP).outcome;
        }
        let (mut kept, mut own) = (self.take(), None);
        let caller = kept.as_deref_mut().unwrap_or(&mut own);
        let now = caller.get_or_insert_with(|| Caller::new(machine.unlisted_world(bounds)));
        let deeper = Deeper::new();
        let called = now.call(global, arguments, is_effect);
        drop(deeper);
        match called {
            Called::Done(value) => Outcome::Done(value),
            Called::Failed(failure) => Outcome::Failed(failure),
            Called::Faulted(fault) => Outcome::Faulted(fault),
            Called::GoesOn(strand) => {
                let world = caller.take().map(Caller::into_world);
                drop(kept);
                world.map_or_else(|| unreachable!("it has just been there"), |world| machine.go_on(&world, strand))
            }
            Called::Refused(arguments) => {
                drop(kept);
                machine.run(entry, arguments, bounds).outcome
            }
        }
    }

    /// The fiber that is kept, if nobody uses it.
    fn take(&self) -> Option<MutexGuard<'_, Option<Caller>>> {
        match self.0.try_lock() {
            Ok(caller) => Some(caller),
            Err(TryLockError::WouldBlock) => None,
            Err(TryLockError::Poisoned(caller)) => {
                // Something has panicked in the middle of a call: nobody knows where its fiber stands.
                let mut caller = caller.into_inner();
                std::mem::forget(caller.take());
                self.0.clear_poison();
                Some(caller)
            }
        }
    }
}

/// A call more is on this thread while it lives.
struct Deeper;

impl Deeper {
    fn new() -> Deeper {
        DEPTH.set(DEPTH.get() + 1);
        Deeper
    }
}

impl Drop for Deeper {
    fn drop(&mut self) {
        DEPTH.set(DEPTH.get() - 1);
    }
}
