//! Maps and sets.

use std::sync::atomic::Ordering::Relaxed;

use super::call::move_out;
use super::{Go, Regs, Word};
use crate::collections::sorted::{Entry, Sorted};
use crate::collections::{Map, Set};
use crate::fiber::Fiber;
use crate::object::Payload;
use crate::object::boxed::Boxed;
use crate::structural::Incomparable;
use crate::value::Value;

/// The map or set in a register.
#[inline(always)]
unsafe fn table_in<'a, V: Entry>(regs: &Regs, index: usize) -> &'a Sorted<V>
where
    Sorted<V>: Payload,
{
    // SAFETY: see `ops/mod.rs`: the register holds a map or set, whose object holds this (`Payload`).
    unsafe {
        debug_assert_eq!(regs.value(index).kind(), Sorted::<V>::KIND);
        Boxed::payload(regs.value(index).pointer())
    }
}

/// What the key in C leads to in the table in B, if it is where one would guess.
#[inline(always)]
unsafe fn guessed<'a, V: Entry>(regs: &Regs, word: Word) -> Option<&'a V>
where
    Sorted<V>: Payload,
{
    // SAFETY: see `ops/mod.rs`.
    unsafe { table_in::<V>(regs, word.b()).quick_get(regs.value(word.c())) }
}

/// As `guessed`, of any key without parts.
#[inline(always)]
unsafe fn quickly<'a, V: Entry>(regs: &Regs, word: Word) -> Option<Option<&'a V>>
where
    Sorted<V>: Payload,
{
    // SAFETY: see `ops/mod.rs`.
    unsafe { table_in::<V>(regs, word.b()).plain_get(regs.value(word.c())) }
}

/// As `quickly`, of any key.
unsafe fn slowly<'a, V: Entry>(regs: &Regs, word: Word) -> Result<Option<&'a V>, Incomparable>
where
    Sorted<V>: Payload,
{
    // SAFETY: see `ops/mod.rs`.
    unsafe { table_in::<V>(regs, word.b()).get(regs.value(word.c())) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn get_guessed(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(found) = guessed::<Value>(regs, word) else { return false };
        regs.put(word.a(), found.clone());
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn get(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(found) = quickly::<Value>(regs, word) else { return false };
        regs.put(word.a(), found.cloned().unwrap_or(Value::absent()));
        true
    }
}

pub(in crate::interp) fn get_full(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    // SAFETY: see `ops/mod.rs`.
    match unsafe { slowly::<Value>(&fiber.load(), word) } {
        Ok(found) => {
            fiber.set_result(word, found.cloned().unwrap_or(Value::absent()));
            Go::On
        }
        Err(incomparable) => fiber.fault(incomparable.to_string()),
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn get_or_guessed(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the values are scalars.
    unsafe {
        let Some(found) = guessed::<Value>(regs, word) else { return false };
        regs.set_raw(word.a(), found.bits());
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn get_or(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the values are scalars.
    unsafe {
        let Some(found) = quickly::<Value>(regs, word) else { return false };
        if let Some(found) = found {
            regs.set_raw(word.a(), found.bits());
        }
        true
    }
}

pub(in crate::interp) fn get_or_full(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the values are scalars.
    unsafe {
        match slowly::<Value>(&regs, word) {
            Ok(Some(found)) => regs.set_raw(word.a(), found.bits()),
            Ok(None) => {}
            Err(incomparable) => return fiber.fault(incomparable.to_string()),
        }
    }
    Go::On
}

/// The map in a register, for writing, if it is local and this is the only reference.
#[inline(always)]
unsafe fn map_local<'a>(regs: &Regs, index: usize) -> Option<&'a mut Map> {
    // SAFETY: as for `table_in`; a count of 1 says that the register holds the only reference.
    unsafe {
        debug_assert_eq!(regs.value(index).kind(), Map::KIND);
        let object = regs.value(index).pointer();
        ((*object).count.load(Relaxed) == 1).then(|| Boxed::payload_mut(object))
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn insert_guessed(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`. The value is taken when it was inserted, else it stays in its register; a key that is
    // inserted here is an Int, which is copied.
    unsafe {
        let Some(map) = map_local(regs, word.a()) else { return false };
        map.quick_insert(regs.value(word.b()), regs.take(word.c())).map_err(std::mem::forget).is_ok()
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn insert(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as in `insert_guessed`.
    unsafe {
        let Some(map) = map_local(regs, word.a()) else { return false };
        map.plain_insert(regs.value(word.b()), regs.take(word.c())).map_err(std::mem::forget).is_ok()
    }
}

pub(in crate::interp) fn insert_full(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; key and value are taken.
    let (key, value) = unsafe { (regs.take(word.b()), regs.take(word.c())) };
    // SAFETY: see `ops/mod.rs`; the slot holds a map, which may be written while it is the only reference.
    let map = unsafe { (*regs.slot(word.a()).cast::<Value>()).payload_mut::<Map>() };
    inserted(fiber, map.map(|map| map.insert(key, value)))
}

#[inline(always)]
pub(in crate::interp) unsafe fn take_guessed(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(map) = map_local(regs, word.b()) else { return false };
        let Some(place) = map.quick_get_mut(regs.value(word.c())) else { return false };
        regs.put(word.a(), std::mem::replace(place, Value::unit()));
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn take(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(map) = map_local(regs, word.b()) else { return false };
        let Some(found) = map.plain_get_mut(regs.value(word.c())) else { return false };
        regs.put(word.a(), found.map_or(Value::absent(), |place| std::mem::replace(place, Value::unit())));
        true
    }
}

pub(in crate::interp) fn take_full(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; as in `insert_full`. A map that has nothing to give stays shared.
    let taken = unsafe {
        let key = regs.value(word.c());
        slowly::<Value>(&regs, word).and_then(|found| match found {
            None => Ok(None),
            Some(_) => {
                let map = (*regs.slot(word.b()).cast::<Value>()).payload_mut::<Map>();
                map.map_or(Ok(None), |map| map.take(key))
            }
        })
    };
    match taken {
        Ok(taken) => {
            fiber.set_result(word, taken.unwrap_or(Value::absent()));
            Go::On
        }
        Err(incomparable) => fiber.fault(incomparable.to_string()),
    }
}

pub(in crate::interp) fn set_insert(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the item is taken.
    let item = unsafe { regs.take(word.b()) };
    // SAFETY: as in `insert_full`.
    let set = unsafe { (*regs.slot(word.a()).cast::<Value>()).payload_mut::<Set>() };
    inserted(fiber, set.map(|set| set.insert(item, ())))
}

fn inserted(fiber: &mut Fiber, new: Option<Result<bool, Incomparable>>) -> Go {
    match new {
        Some(Err(incomparable)) => fiber.fault(incomparable.to_string()),
        _ => Go::On,
    }
}

#[inline(always)]
unsafe fn has_in<V: Entry>(regs: &mut Regs, word: Word) -> bool
where
    Sorted<V>: Payload,
{
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(found) = quickly::<V>(regs, word) else { return false };
        regs.set_raw(word.a(), found.is_some().into());
        true
    }
}

#[inline(always)]
unsafe fn has_in_full<V: Entry>(fiber: &mut Fiber, word: Word) -> Go
where
    Sorted<V>: Payload,
{
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        match slowly::<V>(&regs, word) {
            Ok(found) => regs.set_raw(word.a(), found.is_some().into()),
            Err(incomparable) => return fiber.fault(incomparable.to_string()),
        }
    }
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn has(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as for the caller.
    unsafe { has_in::<Value>(regs, word) }
}

pub(in crate::interp) fn has_full(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    // SAFETY: see `ops/mod.rs`.
    unsafe { has_in_full::<Value>(fiber, word) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn set_has(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as for the caller.
    unsafe { has_in::<()>(regs, word) }
}

pub(in crate::interp) fn set_has_full(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_short_branch() {
        return move_out(fiber);
    }
    // SAFETY: see `ops/mod.rs`.
    unsafe { has_in_full::<()>(fiber, word) }
}
