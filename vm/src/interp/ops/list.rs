//! Lists.

use std::sync::atomic::Ordering::Relaxed;

use super::{Go, Regs, Word};
use crate::account::Limit;
use crate::collections::List;
use crate::collections::chunk::Look;
use crate::fiber::Fiber;
use crate::value::{Slot, Value};

/// The list in a register.
#[inline(always)]
unsafe fn list_in<'a>(regs: &Regs, index: usize) -> &'a List {
    // SAFETY: see `ops/mod.rs`: the register holds a list, whose object holds a `List` (`Payload`).
    unsafe {
        debug_assert_eq!(regs.value(index).kind(), crate::value::Kind::List);
        crate::object::boxed::Boxed::payload(regs.value(index).pointer())
    }
}

/// The list in a register, for writing; a copy of its header when it is not unique.
#[inline(always)]
unsafe fn list_mut<'a>(slot: *mut Slot) -> &'a mut List {
    // SAFETY: as for `list_in`; the slot holds a value, which may be written while it is the only reference.
    unsafe {
        match (*slot.cast::<Value>()).payload_mut::<List>() {
            Some(list) => list,
            None => unreachable!("the compiler's types say that it is a list"),
        }
    }
}

pub(in crate::interp) fn make(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the items are taken.
    let list: List = (word.b()..word.b() + word.c()).map(|index| unsafe { regs.take(index) }).collect();
    fiber.set_result(word, Value::payload_of(list));
    Go::On
}

/// The list in a register, for writing, if it is local and this is the only reference.
#[inline(always)]
unsafe fn list_local<'a>(regs: &Regs, index: usize) -> Option<&'a mut List> {
    // SAFETY: as for `list_in`; a count of 1 says that the register holds the only reference.
    unsafe {
        debug_assert_eq!(regs.value(index).kind(), crate::value::Kind::List);
        let object = regs.value(index).pointer();
        ((*object).count.load(Relaxed) == 1).then(|| crate::object::boxed::Boxed::payload_mut(object))
    }
}

/// The item goes to the place, over a scalar.
#[inline(always)]
unsafe fn put_at(item: *const Slot, place: Option<&mut Value>) -> bool {
    // SAFETY: as the callers; a value is laid out as a slot.
    place.is_some_and(|place| unsafe {
        Slot::copy(item, std::ptr::from_mut(place).cast());
        true
    })
}

#[inline(always)]
pub(in crate::interp) unsafe fn push(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the item is taken when it was pushed, else it stays in its register.
    unsafe {
        let item = regs.slot(word.b());
        let place = list_local(regs, word.a()).and_then(|list| list.quick_back(Slot::as_value(item)));
        put_at(item, place)
    }
}

pub(in crate::interp) fn push_full(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the item is taken.
    unsafe {
        let item = regs.take(word.b());
        match begun(&regs, word.a()) {
            true => regs.put(word.a(), Value::payload_of(List::growing(item))),
            false => list_mut(regs.slot(word.a())).push(item),
        }
    }
    Go::On
}

/// Whether the list in a register is the constant `[]`, from which most lists begin: a new one takes its place.
unsafe fn begun(regs: &Regs, index: usize) -> bool {
    // SAFETY: as for `list_in`.
    unsafe { (*regs.value(index).pointer()).count.load(Relaxed) == 0 && list_in(regs, index).is_empty() }
}

#[inline(always)]
pub(in crate::interp) unsafe fn prepend_flat(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the item is taken when it was added, else it stays in its register.
    unsafe {
        let item = regs.slot(word.b());
        let place = list_local(regs, word.a()).and_then(|list| list.quick_front_flat(Slot::as_value(item)));
        put_at(item, place)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn prepend(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as in `prepend_flat`.
    unsafe {
        let item = regs.slot(word.b());
        let place = list_local(regs, word.a()).and_then(|list| list.quick_front(Slot::as_value(item)));
        put_at(item, place)
    }
}

pub(in crate::interp) fn prepend_full(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the item is taken.
    unsafe {
        let item = regs.take(word.b());
        match begun(&regs, word.a()) {
            true => regs.put(word.a(), Value::payload_of(List::growing_to_front(item))),
            false => list_mut(regs.slot(word.a())).prepend(item),
        }
    }
    Go::On
}

pub(in crate::interp) fn concat(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; both are taken.
    unsafe {
        let (left, right) = (regs.take(word.a()), regs.take(word.b()));
        let (left, right) = match (left.into_payload::<List>(), right.into_payload::<List>()) {
            (Ok(left), Ok(right)) => (left, right),
            _ => unreachable!("the compiler's types say that both are lists"),
        };
        // What both share costs no memory, so a list that is joined with itself soon has any length.
        let length = left.len() + right.len();
        if length > List::MAX {
            return fiber.fault(format!("a list of {length} elements is too long"));
        }
        regs.put(word.a(), Value::payload_of(left.concat(right)));
    }
    Go::On
}

/// Ranges from this length on are made after a look at the limit of memory.
const LONG: u64 = 1024;

pub(in crate::interp) fn range(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let (first, last) = unsafe { (regs.int(word.b()), regs.int(word.c())) };
    if i128::from(last) - i128::from(first) >= List::MAX as i128 {
        return fiber.fault(format!("range {first}..{last} is too long"));
    }
    let length = last.saturating_sub(first).saturating_add(1).max(0).unsigned_abs();
    // Beyond the limit of memory there is none, and the fiber ends before anybody sees that.
    let is_made = length < LONG || fiber.may_make(Limit::Memory, length * size_of::<Value>() as u64);
    let list: List = if is_made { (first..=last).map(Value::int).collect() } else { List::new() };
    fiber.set_result(word, Value::payload_of(list));
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn length(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.a(), list_in(regs, word.b()).len() as u64) }
}

/// A list that is one chunk.
#[inline(always)]
pub(in crate::interp) unsafe fn get_flat(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        match list_in(regs, word.b()).get_flat(regs.int(word.c()) as usize) {
            Some(item) => {
                regs.put(word.a(), item.clone());
                true
            }
            None => false,
        }
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn get(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        match list_in(regs, word.b()).quick_get(regs.int(word.c()) as usize) {
            Some(item) => {
                regs.put(word.a(), item.clone());
                true
            }
            None => false,
        }
    }
}

/// An item shown in a register that does not own it.
#[inline(always)]
unsafe fn show(regs: &Regs, word: Word, item: Option<&Value>) -> bool {
    // SAFETY: see `ops/mod.rs`; a value is laid out as a slot.
    item.is_some_and(|item| unsafe {
        Slot::copy(std::ptr::from_ref(item).cast(), regs.slot(word.a()));
        true
    })
}

#[inline(always)]
pub(in crate::interp) unsafe fn peek_flat(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; who reads the register does so while the list lives.
    unsafe { show(regs, word, list_in(regs, word.b()).get_flat(regs.int(word.c()) as usize)) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn peek(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as in `peek_flat`.
    unsafe { show(regs, word, list_in(regs, word.b()).quick_get(regs.int(word.c()) as usize)) }
}

pub(in crate::interp) fn peek_full(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: as in `peek_flat`.
    let (index, length) = unsafe {
        let (list, index) = (list_in(&regs, word.b()), regs.int(word.c()));
        if show(&regs, word, list.get(index as usize)) {
            return Go::On;
        }
        (index, list.len())
    };
    outside(fiber, index, length)
}

fn outside(fiber: &mut Fiber, index: i64, length: usize) -> Go {
    fiber.fault(format!("index {index} is out of range for a list of length {length}"))
}

pub(in crate::interp) fn get_full(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let (index, length) = unsafe {
        let (list, index) = (list_in(&regs, word.b()), regs.int(word.c()));
        if let Some(item) = list.get(index as usize) {
            regs.put(word.a(), item.clone());
            return Go::On;
        }
        (index, list.len())
    };
    outside(fiber, index, length)
}

#[inline(always)]
pub(in crate::interp) unsafe fn item_flat(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        match list_in(regs, word.b()).get_flat(word.c()) {
            Some(item) => {
                regs.put(word.a(), item.clone());
                true
            }
            None => false,
        }
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn item(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`; a `jump.length` or `jump.shorter` before made sure of the item.
    unsafe {
        let item = list_in(regs, word.b()).get(word.c()).cloned();
        debug_assert!(item.is_some());
        regs.put(word.a(), item.unwrap_or_else(Value::unit));
    }
}

/// In a list that is one chunk.
#[inline(always)]
pub(in crate::interp) unsafe fn set_flat(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the item is taken when it was set, else it stays in its register.
    unsafe {
        let (index, item) = (regs.int(word.b()) as usize, regs.slot(word.c()));
        let place = list_local(regs, word.a()).and_then(|list| list.quick_place_flat(index, Slot::as_value(item)));
        put_at(item, place)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn set(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the item is taken when it was set, else it stays in its register.
    unsafe {
        let (index, item) = (regs.int(word.b()) as usize, regs.slot(word.c()));
        let place = list_local(regs, word.a()).and_then(|list| list.quick_place(index, Slot::as_value(item)));
        put_at(item, place)
    }
}

pub(in crate::interp) fn set_full(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the item is taken.
    unsafe {
        let (index, item) = (regs.int(word.b()) as usize, regs.take(word.c()));
        // Looked at first: a shared list is not copied for nothing.
        if index < list_in(&regs, word.a()).len() {
            let replaced = list_mut(regs.slot(word.a())).set(index, item);
            debug_assert!(replaced.is_ok(), "the index was checked");
        }
    }
    Go::On
}

/// Out of a list that is one chunk.
#[inline(always)]
pub(in crate::interp) unsafe fn take_flat(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let list = list_local(regs, word.b());
        let Some(item) = list.and_then(|list| list.take_flat(regs.int(word.c()) as usize)) else { return false };
        regs.put(word.a(), item);
        true
    }
}

pub(in crate::interp) fn take(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let item = unsafe {
        let index = regs.int(word.c()) as usize;
        // Looked at first: a shared list is not copied for nothing.
        let is_there = index < list_in(&regs, word.b()).len();
        is_there.then(|| list_mut(regs.slot(word.b())).take_at(index)).flatten()
    };
    fiber.set_result(word, item.unwrap_or(Value::absent()));
    Go::On
}

/// An empty list that is worth keeping for the room it has.
#[inline(always)]
pub(in crate::interp) unsafe fn emptied(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the list is taken.
    unsafe {
        let is_room = word.c() == 0 && list_local(regs, word.b()).is_some_and(|list| list.is_room());
        if is_room {
            Slot::copy(regs.slot(word.b()), regs.slot(word.a()));
        }
        is_room
    }
}

pub(in crate::interp) fn skip(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the list is taken.
    let list = unsafe { regs.take(word.b()) };
    let rest = if word.c() == 0 && list.payload().is_some_and(List::is_empty) {
        emptied_of(list)
    } else {
        match list.into_payload::<List>() {
            Ok(list) => Value::payload_of(list.skip(word.c())),
            Err(_) => unreachable!("the compiler's types say that it is a list"),
        }
    };
    fiber.set_result(word, rest);
    Go::On
}

/// `[]`, in place of an empty list that is not worth keeping as it is.
fn emptied_of(mut list: Value) -> Value {
    let is_unique = list.is_unique_mut();
    match list.payload_mut::<List>() {
        Some(list) if is_unique => *list = List::new(),
        _ => return Value::payload_of(List::new()),
    }
    list
}

#[inline(always)]
pub(in crate::interp) unsafe fn uncons_flat(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(list) = list_local(regs, word.b()) else { return false };
        take_from(list.quick_first_flat(), regs.slot(word.a()))
    }
}

/// What stands at the place goes to the slot, if it may.
#[inline(always)]
unsafe fn take_from(place: Look<'_>, slot: *mut Slot) -> bool {
    // SAFETY: as the callers; a value is laid out as a slot.
    unsafe {
        match place {
            Look::Own(place) => {
                let place: *mut Slot = std::ptr::from_mut(place).cast();
                Slot::copy(place, slot);
                place.write(Slot::UNIT);
            }
            Look::Scalar(place) => Slot::copy(std::ptr::from_ref(place).cast(), slot),
            Look::Other => return false,
        }
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn uncons(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(head) = list_local(regs, word.b()).and_then(List::quick_uncons) else { return false };
        regs.put(word.a(), head);
        true
    }
}

pub(in crate::interp) fn uncons_full(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let head = list_mut(regs.slot(word.b())).uncons();
        regs.put(word.a(), head.unwrap_or_else(Value::unit));
    }
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn next(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let Some(list) = list_local(regs, word.b()) else { return false };
        match list.quick_uncons() {
            Some(head) => regs.put(word.a(), head),
            None if list.is_empty() => regs.jump(word.c_signed()),
            None => return false,
        }
        true
    }
}

pub(in crate::interp) fn next_full(fiber: &mut Fiber, word: Word) -> Go {
    let mut regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        // Looked at first: a shared list that is empty is not copied.
        if list_in(&regs, word.b()).is_empty() {
            regs.jump(word.c_signed());
            fiber.store(regs);
            return Go::On;
        }
        uncons_full(fiber, word)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn jump_length(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        if list_in(regs, word.a()).len() == word.b() {
            regs.jump(word.c_signed());
        }
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn jump_not_length(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        if list_in(regs, word.a()).len() != word.b() {
            regs.jump(word.c_signed());
        }
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn jump_shorter(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        if list_in(regs, word.a()).len() < word.b() {
            regs.jump(word.c_signed());
        }
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn jump_outside(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`. A negative index is a very large one.
    unsafe {
        if regs.int(word.b()) as usize >= list_in(regs, word.a()).len() {
            regs.jump(word.c_signed());
        }
    }
}
