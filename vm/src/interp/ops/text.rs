//! Texts.

use super::{Go, Regs, Word};
use crate::account::Limit;
use crate::collections::{InlineText, TextRef, digits, text};
use crate::fiber::{Fiber, patience};
use crate::structural;
use crate::value::{Kind, Value};

/// Texts without objects, to another one.
#[inline(always)]
pub(in crate::interp) unsafe fn join_inline(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the parts are texts, and what has no object need not be dropped.
    unsafe {
        let first = regs.base.add(word.b()).cast::<Value>();
        let Some(joined) = InlineText::join(std::slice::from_raw_parts(first, word.c())) else { return false };
        regs.put(word.a(), joined.into());
        true
    }
}

pub(in crate::interp) fn join(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the parts are texts and taken.
    unsafe {
        let parts = std::slice::from_raw_parts_mut(regs.base.add(word.b()).cast::<Value>(), word.c());
        let joined = if may_join(fiber, parts) { text::join(parts) } else { Value::text("") };
        std::ptr::drop_in_place(parts);
        regs.put(word.a(), joined);
    }
    Go::On
}

/// Texts from this length on are made after a look at the limit of memory.
const LONG: usize = 4096;

/// Whether there is memory for the text of these parts. If not, the fiber ends before anybody sees what it has instead.
#[inline]
fn may_join(fiber: &mut Fiber, parts: &[Value]) -> bool {
    if !fiber.is_limited() {
        return true;
    }
    let length: usize = parts.iter().map(|part| part.as_str().len()).sum();
    length < LONG || fiber.may_make(Limit::Memory, length as u64)
}

/// What has a short text form, and is nothing but a scalar.
#[inline(always)]
pub(in crate::interp) unsafe fn to_inline_text(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let value = regs.value(word.b());
        let text = match value.kind() {
            Kind::Int => InlineText::decimal((*regs.slot(word.b())).payload as i64),
            Kind::InlineText => value.as_inline_text().copied(),
            _ => None,
        };
        let Some(text) = text else { return false };
        regs.put(word.a(), text.into());
        true
    }
}

/// A part that needs no object, of a text where indices are places.
#[inline(always)]
pub(in crate::interp) unsafe fn slice_inline(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let (start, end) = (regs.int(word.c()), regs.int(word.c() + 1));
        let Some(part) = regs.value(word.b()).as_text().and_then(|text| text.slice_inline(start, end)) else {
            return false;
        };
        regs.put(word.a(), part.into());
        true
    }
}

pub(in crate::interp) fn slice(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let (start, end, text) = unsafe { (regs.int(word.c()), regs.int(word.c() + 1), regs.value(word.b()).as_text()) };
    let Some(text) = text else { unreachable!("the compiler's types say that it is a text") };
    if !text.is_ascii() {
        // What is looked through takes time, eight bytes as long as an element of a list; of these four are a unit.
        fiber.charge(text.len() as u64 / 32);
    }
    fiber.set_result(word, text.slice(start, end));
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn length(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let chars = regs.value(word.b()).as_text().map_or(0, TextRef::chars);
        regs.set_raw(word.a(), chars as u64);
    }
}

pub(in crate::interp) fn to_text(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let value = unsafe { regs.value(word.b()) };
    let text = match (value.kind(), value.as_int()) {
        (Kind::Text, _) => value.clone(),
        (_, Some(number)) => Value::text(digits::decimal(number, &mut [0; digits::MAX])),
        _ => Value::text(&structural::to_text(value, fiber.program().shapes())),
    };
    fiber.note_made();
    if patience::is_stopped() {
        return fiber.fault(patience::STOPPED_EARLY);
    }
    fiber.set_result(word, text);
    Go::On
}
