//! Constructors, tuples, records, captures.

use aivi_bytecode::module::Shape;

use super::{Go, Register, Regs, Word};
use crate::fiber::Fiber;
use crate::object::{Header, alloc, copy_of, copy_with, count, new_object, try_new_object};
use crate::value::{Kind, Slot, Value};

/// The header of an object of shape C with X fields. The constructor's position comes from the shape's table.
#[inline(always)]
unsafe fn header_of_shape(regs: &Regs, word: Word) -> Header {
    // SAFETY: see `ops/mod.rs`; the verifier bounded the shape (V7).
    let meta = unsafe { *(*regs.fiber).metas.add(word.c()) };
    Header::new(Kind::Object, meta, word.x() as u32)
}

/// An object of shape C with X fields from R[B] on, which are taken.
#[inline(always)]
pub(super) unsafe fn new_of_shape(regs: &Regs, word: Word) -> Value {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let object = new_object(header_of_shape(regs, word), regs.slot(word.b()).cast());
        Value::from_heap(Kind::Object, object)
    }
}

/// As `new_of_shape`, if memory is at hand; else nothing is taken.
#[inline(always)]
pub(super) unsafe fn try_new_of_shape(regs: &Regs, word: Word) -> Option<Value> {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let object = try_new_object(header_of_shape(regs, word), regs.slot(word.b()).cast())?;
        Some(Value::from_heap(Kind::Object, object))
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn new(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the fields are taken.
    unsafe {
        let Some(object) = try_new_of_shape(regs, word) else { return false };
        regs.put(word.a(), object);
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn new_slowly(regs: &mut Regs, word: Word) {
    // SAFETY: as in `new`.
    unsafe { regs.put(word.a(), new_of_shape(regs, word)) }
}

/// Field `index` of the object in `object`: an object, or a function with its captures.
#[inline(always)]
unsafe fn field_of(regs: &Regs, object: impl Register, index: usize) -> *mut Slot {
    // SAFETY: see `ops/mod.rs`; the object has that field.
    unsafe {
        let header = regs.value(object).pointer();
        debug_assert!((*header).has_fields() && index < (*header).length as usize, "field {index} of {header:?}");
        header.add(1).cast::<Slot>().add(index)
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn field(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        // It is a task.
        if (*regs.slot(word.b())).kind >= Kind::EndedTask as u64 {
            return false;
        }
        let field = Slot::as_value(field_of(regs, word.b(), word.c())).clone();
        regs.put(word.a(), field);
        true
    }
}

/// A field of a task handle: an effect that does it when run.
pub(in crate::interp) fn field_of_task(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let task = unsafe { regs.value(word.b()) }.clone();
    let effect = fiber.program().task_field(word.c(), task);
    fiber.set_result(word, effect);
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn field_raw(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), (*field_of(regs, word.near_b(), word.c())).payload) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn field_peek(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`; who reads the register does so while the object lives.
    unsafe { Slot::copy(field_of(regs, word.b(), word.c()), regs.slot(word.a())) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn fields_raw_few(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the object has that many fields from there on.
    unsafe { Slot::copy_few_payloads(field_of(regs, word.b(), word.c()), regs.slot(word.a()), word.x()) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn fields_raw(regs: &mut Regs, word: Word) {
    // SAFETY: as in `fields_raw_few`.
    unsafe {
        Slot::copy_payloads(field_of(regs, word.b(), word.c()), regs.slot(word.a()), word.x());
    }
}

/// Moves the fields out of a unique object, which is freed, if that is simple.
#[inline(always)]
pub(in crate::interp) unsafe fn unpack_own(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as in `unpack`. Freeing leaves the fields as they are until memory is asked for again.
    unsafe {
        let header = regs.value(word.b()).pointer();
        let length = word.x();
        if (*header).count.load(std::sync::atomic::Ordering::Relaxed) != 1
            || !alloc::try_free(header.cast(), size_of::<Header>() + length * size_of::<Value>())
        {
            return false;
        }
        Slot::copy_row(header.add(1).cast(), regs.slot(word.a()), length);
        true
    }
}

/// As `unpack_own`, simple or not.
#[inline(always)]
pub(in crate::interp) unsafe fn unpack(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the object is taken: no other reference, and this one goes.
    unsafe {
        let header = regs.value(word.b()).pointer();
        if !count::unshare_if_unique(header) {
            return false;
        }
        let length = word.x();
        debug_assert_eq!(length, (*header).length as usize);
        Slot::copy_row(header.add(1).cast(), regs.slot(word.a()), length);
        alloc::free(header.cast(), size_of::<Header>() + length * size_of::<Value>());
        true
    }
}

pub(in crate::interp) fn unpack_shared(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the object is taken.
    unsafe {
        let object = regs.take(word.b());
        for index in 0..word.x() {
            let field = (*object.pointer()).fields()[index].clone();
            regs.put(word.a() + index, field);
        }
    }
    Go::On
}

/// In place, when the object is unique.
#[inline(always)]
pub(in crate::interp) unsafe fn set_field(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; O4: written only when this is the only reference.
    unsafe {
        let header = regs.value(word.a()).pointer();
        let field = field_of(regs, word.a(), word.c());
        // Only where nothing is called: the object is local, and there is a scalar in the field.
        if (*header).count.load(std::sync::atomic::Ordering::Relaxed) != 1 || !Slot::as_value(field).is_scalar() {
            return false;
        }
        Slot::copy(regs.slot(word.b()), field);
        true
    }
}

/// In place, when the object is local and unique.
#[inline(always)]
pub(in crate::interp) unsafe fn set_fields_raw(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; O4; payloads go to the fields, whose kinds are right already.
    unsafe {
        let header = regs.value(word.a()).pointer();
        (*header).count.load(std::sync::atomic::Ordering::Relaxed) == 1
            && Slot::copy_few_payloads(regs.slot(word.b()), scalars_of(regs, word), word.x())
    }
}

/// The fields that `set.fields.raw` writes.
#[inline(always)]
unsafe fn scalars_of(regs: &Regs, word: Word) -> *mut Slot {
    // SAFETY: as the callers; the object has these fields.
    unsafe {
        let fields = field_of(regs, word.a(), word.c());
        debug_assert!(
            (0..word.x()).all(|index| Slot::as_value(fields.add(index)).is_scalar()),
            "set.fields.raw over a counted value"
        );
        fields
    }
}

pub(in crate::interp) fn set_fields_raw_full(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let mut object = regs.take(word.a());
        if !object.is_unique_mut() {
            object = Value::from_heap(Kind::Object, copy_of(object.pointer()));
        }
        regs.put(word.a(), object);
        Slot::copy_payloads(regs.slot(word.b()), scalars_of(&regs, word), word.x());
    }
    Go::On
}

pub(in crate::interp) fn set_field_shared(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the new value is taken.
    unsafe {
        let value = regs.take(word.b());
        replace_field(&regs, word.a(), word.c(), value);
    }
    Go::On
}

/// Register `object` becomes a copy of its object with another field.
unsafe fn replace_field(regs: &Regs, object: usize, index: usize, value: Value) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let mut old = regs.take(object);
        if old.is_unique_mut() {
            if let Some(fields) = old.fields_mut() {
                fields[index] = value;
            }
            return regs.put(object, old);
        }
        let copy = copy_with(old.pointer(), index, value);
        regs.put(object, Value::from_heap(Kind::Object, copy));
    }
}

/// Moves the field out of a unique object, leaving `Unit` until the `set.field` that follows.
#[inline(always)]
pub(in crate::interp) unsafe fn take_field(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`; O4.
    unsafe {
        let field = field_of(regs, word.b(), word.c());
        if count::unshare_if_unique(regs.value(word.b()).pointer()) {
            *regs.slot(word.a()) = std::mem::replace(&mut *field, Slot::UNIT);
        } else {
            regs.put(word.a(), Slot::as_value(field).clone());
        }
    }
}

fn is_task(object: &Value) -> bool {
    matches!(object.kind(), Kind::Task | Kind::EndedTask)
}

/// The index of the field named by the `const` word behind the instruction, which is skipped.
unsafe fn named(fiber: &mut Fiber, object: &Value) -> Option<usize> {
    // SAFETY: the verifier saw that a `const` of a text follows.
    let name = unsafe {
        let word = Word::at(fiber.pc);
        fiber.pc = fiber.pc.add(1);
        &*fiber.constants.add(word.w())
    };
    let name = name.as_str();
    if is_task(object) {
        return ["cancel", "isCancelled", "join"].iter().position(|field| *field == name);
    }
    match fiber.program().shape(object.as_object()?.shape()) {
        Shape::Record(names) => names.binary_search_by(|field| field.as_str().cmp(name)).ok(),
        Shape::Constructor { .. } | Shape::Tuple(_) => None,
    }
}

pub(in crate::interp) fn field_named(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let object = regs.value(word.b());
        let index = named(fiber, object);
        let value = match (index, object.as_object()) {
            (Some(index), Some(object)) => object.fields()[index].clone(),
            (Some(index), None) => fiber.program().task_field(index, object.clone()),
            (None, _) => return fiber.fault("a record without the field"),
        };
        fiber.set_result(word, value);
    }
    Go::On
}

pub(in crate::interp) fn set_named(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let value = regs.take(word.b());
        let Some(index) = named(fiber, regs.value(word.a())) else {
            return fiber.fault("a record without the field");
        };
        if is_task(regs.value(word.a())) {
            let task = regs.take(word.a());
            regs.put(word.a(), fiber.program().task_record(&task));
        }
        replace_field(&regs, word.a(), index, value);
        Go::On
    }
}
