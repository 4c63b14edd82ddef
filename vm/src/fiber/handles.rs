//! Handles to what the scheduler owns, as payloads of values. They are `Send` and `Sync` and refer to no values of
//! their own thread, so there is nothing to trace.

use aivi_scheduler::{self as scheduler, Place, ScopeRef, TaskHandle};

use super::world::WorldRef;
use super::{Fiber, Pending, Strand};
use crate::account::meter;
use crate::object::{Payload, Shared, Trace, Tracer};
use crate::value::{Kind, Value};

/// The sending end of a channel.
#[derive(Clone)]
pub struct Sender(pub scheduler::Sender<Strand>);

/// The receiving end of a channel.
#[derive(Clone)]
pub struct Receiver(pub scheduler::Receiver<Strand>);

/// The permits of a semaphore, and the line of those who wait for some.
pub struct Gate(pub scheduler::Semaphore<Strand>);

/// A scope.
pub struct ScopeHandle {
    scope: ScopeRef<Strand>,
    /// That of its members, which need not live any more when the scope has ended.
    world: WorldRef,
}

/// A task; as a record it has the fields `cancel`, `isCancelled` and `join`.
#[derive(Clone)]
pub struct TaskValue(pub TaskHandle<Strand>);

macro_rules! payloads {
    ($($type:ident $kind:ident)*) => {$(
        impl Trace for $type {
            fn trace(&self, _: &mut Tracer<'_>) {}
        }

        // SAFETY: `$type` is the only payload of this kind, which is of the payload family.
        unsafe impl Payload for $type {
            const KIND: Kind = Kind::$kind;
        }
    )*};
}

impl Clone for ScopeHandle {
    fn clone(&self) -> Self {
        ScopeHandle { scope: self.scope.clone(), world: self.world.pointer() }
    }
}

impl ScopeHandle {
    /// The scope.
    pub(crate) fn scope(&self) -> &ScopeRef<Strand> {
        &self.scope
    }
}

impl Gate {
    /// A gate with so many permits, made at this place, as a value.
    pub(crate) fn make(permits: i64, place: Place) -> Value {
        Value::payload_of(Gate(scheduler::Semaphore::made_at(place, permits, wanted)))
    }

    /// What a fiber waits with for so many permits.
    pub(crate) fn wish(permits: i64) -> Shared {
        Value::int(permits).share()
    }
}

fn wanted(wish: &Shared) -> i64 {
    wish.value().as_int().unwrap_or_default()
}

impl Fiber {
    /// A handle to a scope that this fiber has made.
    pub(crate) fn handle(&self, scope: &ScopeRef<Strand>) -> ScopeHandle {
        ScopeHandle { scope: scope.clone(), world: self.world.pointer() }
    }

    /// A fiber that this one starts in a scope: it belongs to where that is, also if it is outside of the limits that
    /// this one has.
    pub(crate) fn member(&mut self, scope: &ScopeHandle, effect: Shared) -> Strand {
        if scope.world.is(&self.world) {
            return self.child_of(effect);
        }
        let origins = self.child_origins();
        let made = || Strand::made(scope.world.pointer(), Pending::Run(effect), origins);
        match scope.world.is_of_run(&self.world) {
            // It lives: so does the run.
            true => meter::run(scope.world.account.as_ref(), made),
            false => made(),
        }
    }
}

payloads! { Sender Sender Receiver Receiver Gate Gate ScopeHandle Scope TaskValue Task }

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Sender>();
    is_send_and_sync::<Gate>();
    is_send_and_sync::<ScopeHandle>();
    is_send_and_sync::<TaskValue>();
};
