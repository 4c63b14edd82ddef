//! Objects that live as long as their program: what is not counted is freed by hand.
//!
//! Immortal objects refer to each other as they like, so they are freed in two steps: first all of them give up what
//! they refer to, which counts what is counted and looks only at the headers of the others; then their memory goes.

use std::collections::HashSet;
use std::sync::atomic::Ordering::Relaxed;

use super::boxed::{self, Tracer};
use super::{Header, alloc};
use crate::value::Value;

/// Makes everything local that `value` reaches immortal.
pub(crate) fn immortalise(value: Value) -> Value {
    if let Some(object) = value.heap() {
        // SAFETY: `value` holds a reference to the object.
        unsafe { super::shared::mark(object, immortalise_one) };
    }
    value
}

/// Frees what `values` reach of immortal objects; what is counted is released.
///
/// # Safety
/// Nothing else will look at those immortal objects again: the program that they belong to is going, and whoever holds
/// a value of a program keeps the program.
pub(crate) unsafe fn free(values: impl IntoIterator<Item = Value>) {
    let mut found = Vec::new();
    let mut seen = HashSet::new();
    let mut counted = Vec::new();
    for value in values {
        match value.heap() {
            Some(object) => {
                // SAFETY: `value` holds a reference, of a count if the object is counted.
                if unsafe { is_immortal(object) } {
                    found.push(object.cast_const());
                    std::mem::forget(value);
                } else {
                    counted.push(value);
                }
            }
            None => drop(value),
        }
    }
    let mut objects = Vec::new();
    while let Some(object) = found.pop() {
        // SAFETY: reached from a value of the program, so it lives until the second step; `is_immortal` of it was asked
        // before it was put here, or is asked now.
        unsafe {
            if !is_immortal(object) || !seen.insert(object) {
                continue;
            }
            objects.push(object.cast_mut());
            if (*object).has_fields() {
                found.extend((*object).fields().iter().filter_map(|field| field.heap().map(<*mut Header>::cast_const)));
            } else {
                (boxed::vtable(object).trace)(object, &mut Tracer { found: &mut found, is_sharing: false });
            }
        }
    }
    drop(counted);
    // SAFETY: each is given up once, and freed after all were given up; the caller promises that nobody else looks.
    unsafe {
        objects.iter().for_each(|object| give_up(*object));
        for object in objects {
            alloc::free(object.cast(), size_of(object));
        }
    }
}

/// Gives up what an immortal object refers to.
///
/// # Safety
/// Nothing reads the object's fields or payload again, and what it refers to lives.
unsafe fn give_up(object: *mut Header) {
    // SAFETY: promised by the caller; each field is read once.
    unsafe {
        if (*object).has_fields() {
            let fields = object.add(1).cast::<Value>();
            (0..(*object).length as usize).for_each(|index| drop(fields.add(index).read()));
        } else {
            (boxed::vtable(object).drop)(object);
        }
    }
}

/// # Safety
/// The object lives, or has only been given up.
unsafe fn size_of(object: *const Header) -> usize {
    // SAFETY: promised by the caller: the header is not touched before the memory goes.
    unsafe { if (*object).has_fields() { super::size_of_object(&*object) } else { boxed::vtable(object).size } }
}

/// # Safety
/// The object lives.
unsafe fn is_immortal(object: *const Header) -> bool {
    // SAFETY: promised by the caller.
    unsafe { &(*object).count }.load(Relaxed) == 0
}

/// # Safety
/// As for `share_one`.
unsafe fn immortalise_one(object: *const Header) -> bool {
    // SAFETY: promised by the caller.
    let count = unsafe { &(*object).count };
    let now = count.load(Relaxed);
    if now > 0 {
        count.store(0, Relaxed);
    }
    // What is shared already may be counted by another thread at this moment; it stays shared.
    now > 0
}
