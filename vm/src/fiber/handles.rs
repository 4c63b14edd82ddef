//! Handles to what the scheduler owns, as payloads of values. They are `Send` and `Sync` and refer to no values of their own
//! thread, so there is nothing to trace.

use aivi_scheduler::{self as scheduler, ScopeRef, TaskHandle};

use super::Strand;
use crate::object::{Payload, Trace, Tracer};
use crate::value::Kind;

/// The sending end of a channel.
#[derive(Clone)]
pub struct Sender(pub scheduler::Sender<Strand>);

/// The receiving end of a channel.
#[derive(Clone)]
pub struct Receiver(pub scheduler::Receiver<Strand>);

/// A scope.
#[derive(Clone)]
pub struct ScopeHandle(pub ScopeRef<Strand>);

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

payloads! { Sender Sender Receiver Receiver ScopeHandle Scope TaskValue Task }

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<Sender>();
    is_send_and_sync::<ScopeHandle>();
    is_send_and_sync::<TaskValue>();
};
