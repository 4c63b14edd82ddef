//! Values that may cross threads.

use std::fmt;
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};

use super::Header;
use super::boxed::{self, Tracer};
use crate::value::{Kind, Value};

/// A value that may be held by several threads: everything that it reaches is shared or immortal.
#[derive(Clone)]
pub struct Shared(Value);

// SAFETY: `share` established O2 for all that the value reaches: counting is atomic there, and O4 says that nobody
// writes to an object with more than one reference. Payloads are immutable data, or handles that are Send and Sync
// themselves (`Trace` types other than the collections and the cases of selects: `fiber/handles.rs`, `Handle`).
unsafe impl Send for Shared {}
// SAFETY: as above; through `&Shared` a value can only be read and cloned.
unsafe impl Sync for Shared {}

impl Shared {
    /// Marks everything that `value` reaches as shared; what was shared already is not walked again.
    #[inline]
    #[must_use]
    pub fn new(value: Value) -> Shared {
        if let Some(object) = value.heap() {
            // SAFETY: `value` holds a reference to the object.
            unsafe { mark(object, share_one) };
        }
        Shared(value)
    }

    /// The same if next to nothing has to be looked at: a scalar, what was shared before, or an object of few fields of
    /// that sort. Calls nothing. The value otherwise.
    #[inline(always)]
    pub(crate) fn at_hand(value: Value) -> Result<Shared, Value> {
        if let Some(object) = value.heap() {
            // SAFETY: `value` holds a reference to the object, and that to its parts.
            unsafe {
                if (*object).count.load(Relaxed) > 0 {
                    if !(*object).is_plain() && !has_few_shared_fields(object) {
                        return Err(value);
                    }
                    share_one(object);
                }
            }
        }
        Ok(Shared(value))
    }

    /// The value, for use on this thread.
    #[inline]
    #[must_use]
    pub fn into_value(self) -> Value {
        self.0
    }

    /// Puts a scalar into the first field of a constructor: into this one if this is its only reference, else into a
    /// copy, and gives the value as it was.
    pub(super) fn put_first(&mut self, scalar: Value) -> Option<Shared> {
        debug_assert!(self.0.as_object().is_some_and(|object| !object.fields().is_empty()) && scalar.heap().is_none());
        let object = self.0.heap()?;
        // SAFETY: the value holds a reference; it is a constructor with fields. A count of -1 says that the reference
        // is the only one, and it is borrowed exclusively (O4). Acquire: as in `unshare_if_unique`.
        unsafe {
            if (*object).count.load(Acquire) == -1 {
                *object.add(1).cast::<Value>() = scalar;
                return None;
            }
            let copy = super::copy_with(object, 0, scalar);
            let copy = Shared::new(Value::from_heap(Kind::Object, copy));
            Some(std::mem::replace(self, copy))
        }
    }

    /// The value.
    #[inline]
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Applies `step` to all objects reached, which live meanwhile; it says whether to go on through an object.
///
/// # Safety
/// The caller holds a reference to `object`.
#[inline]
pub(super) unsafe fn mark(object: *const Header, step: unsafe fn(*const Header) -> bool) {
    // SAFETY: the caller holds a reference; what it reaches is live.
    unsafe {
        if step(object) {
            mark_below(object, step);
        }
    }
}

/// Apart, so that callers whose object was marked before need nothing of what this needs.
///
/// # Safety
/// `object` is live.
#[inline(never)]
unsafe fn mark_below(object: *const Header, step: unsafe fn(*const Header) -> bool) {
    // SAFETY: what a live object reaches is live.
    unsafe {
        // Allocates nothing for an object whose parts are scalars, handles, or shared already: most of what is sent.
        let mut found = Vec::new();
        mark_parts(object, step, &mut found);
        while let Some(object) = found.pop() {
            mark_parts(object, step, &mut found);
        }
    }
}

/// Applies `step` to the parts of an object, and to theirs where that takes no stack; through the `found` ones it has
/// to go on.
///
/// # Safety
/// `object` is live.
unsafe fn mark_parts(object: *const Header, step: unsafe fn(*const Header) -> bool, found: &mut Vec<*const Header>) {
    // SAFETY: parts of a live object are live; its kind tells its family (O3).
    unsafe {
        if (*object).is_plain() {
            return;
        }
        if !(*object).has_fields() {
            return mark_payload(object, step, found);
        }
        for part in (*object).fields().iter().filter_map(|field| field.heap()) {
            if !step(part) {
                continue;
            }
            match (*part).has_fields() {
                true => found.push(part),
                false => mark_payload(part, step, found),
            }
        }
    }
}

/// The same for an object of the payload family.
///
/// # Safety
/// As for `mark_parts`.
unsafe fn mark_payload(object: *const Header, step: unsafe fn(*const Header) -> bool, found: &mut Vec<*const Header>) {
    let first = found.len();
    // SAFETY: promised by the caller.
    unsafe { (boxed::vtable(object).trace)(object, &mut Tracer { found, is_sharing: true }) };
    let mut kept = first;
    for index in first..found.len() {
        // SAFETY: found in a live object.
        if unsafe { step(found[index]) } {
            found[kept] = found[index];
            kept += 1;
        }
    }
    found.truncate(kept);
}

/// Fields of an object that is shared by a handler, at most; arbitrary.
const FEW: u32 = 8;

/// Whether an object has few fields, all of them scalars or shared before.
///
/// # Safety
/// `object` is live.
#[inline(always)]
unsafe fn has_few_shared_fields(object: *const Header) -> bool {
    // SAFETY: parts of a live object are live; it has fields if it says so.
    unsafe {
        let is_local = |part: *mut Header| (*part).count.load(Relaxed) > 0;
        (*object).has_fields()
            && (*object).length <= FEW
            && !(*object).fields().iter().any(|field| field.heap().is_some_and(is_local))
    }
}

/// # Safety
/// `object` is live, and local objects that it reaches belong to this thread.
#[inline]
unsafe fn share_one(object: *const Header) -> bool {
    // SAFETY: promised by the caller.
    let count = unsafe { &(*object).count };
    let now = count.load(Relaxed);
    if now > 0 {
        // Release: another thread that gets at the object gets at it through a queue or lock, which orders this anyway.
        count.store(-now, Release);
    }
    now > 0
}
