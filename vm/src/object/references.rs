//! Objects for the search for fibers that wait for ever (`aivi_scheduler::Ledger`): each reference is entered with the
//! count of its object, so that the search knows whether anybody else has one.

use std::ptr::NonNull;
use std::sync::atomic::Ordering::Relaxed;

use aivi_scheduler::Ledger;

use super::Header;
use super::boxed::{self, Boxed, Tracer};
use crate::fiber::{Gate, Receiver, Sender, Strand, TaskValue};
use crate::value::{Kind, Value};

/// Enters the reference of a value.
pub(crate) fn enter(value: &Value, ledger: &mut Ledger<Strand>) {
    if let Some(object) = value.heap() {
        // SAFETY: the value holds a reference.
        unsafe { enter_object(object, ledger) }
    }
}

/// Enters what an object holds.
///
/// # Safety
/// The object lives, and is not written meanwhile.
pub(crate) unsafe fn enter_fields(object: NonNull<()>, ledger: &mut Ledger<Strand>) {
    let object = object.cast::<Header>().as_ptr().cast_const();
    // SAFETY: promised by the caller; the kind tells the family, and of payloads the type (O3).
    unsafe {
        if (*object).has_fields() {
            (*object).fields().iter().for_each(|field| enter(field, ledger));
        } else if (*object).kind == Kind::Sender as u8 {
            ledger.sender(&Boxed::<Sender>::payload(object).0);
        } else if (*object).kind == Kind::Receiver as u8 {
            ledger.receiver(&Boxed::<Receiver>::payload(object).0);
        } else if (*object).kind == Kind::Gate as u8 {
            ledger.semaphore(&Boxed::<Gate>::payload(object).0);
        } else if (*object).kind == Kind::Task as u8 {
            ledger.task(&Boxed::<TaskValue>::payload(object).0);
        } else {
            let mut found = Vec::new();
            (boxed::vtable(object).trace)(object, &mut Tracer { found: &mut found, is_sharing: false });
            found.into_iter().for_each(|object| enter_object(object, ledger));
        }
    }
}

/// # Safety
/// The caller knows of a reference to the object.
unsafe fn enter_object(object: *const Header, ledger: &mut Ledger<Strand>) {
    // SAFETY: promised by the caller.
    let (count, kind) = unsafe { ((*object).count.load(Relaxed), (*object).kind) };
    let is_plain = kind == Kind::Text as u8 || kind == Kind::Bytes as u8;
    // What is immortal holds nothing that was made while the program runs.
    if count != 0
        && !is_plain
        && let Some(object) = NonNull::new(object.cast_mut().cast())
    {
        ledger.object(object, count.unsigned_abs().into());
    }
}
