//! Texts.

use super::{Go, Regs, Word};
use crate::collections::{TextRef, digits, text};
use crate::fiber::Fiber;
use crate::structural;
use crate::value::{Kind, Value};

pub(in crate::interp) fn join(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    let (first, count) = (word.b(), word.c());
    if count == 0 {
        fiber.set_result(word, Value::text(""));
        return Go::On;
    }
    // SAFETY: see `ops/mod.rs`; all parts are texts and taken.
    unsafe {
        let rest = std::slice::from_raw_parts(regs.slot(first).add(1).cast::<Value>(), count - 1);
        let joined = text::join(regs.take(first), rest);
        for index in first + 1..first + count {
            drop(regs.take(index));
        }
        regs.put(word.a(), joined);
    }
    Go::On
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
        (Kind::InlineText | Kind::Text, _) => value.clone(),
        (_, Some(number)) => Value::text(digits::decimal(number, &mut [0; digits::MAX])),
        _ => Value::text(&structural::to_text(value, fiber.program().shapes())),
    };
    fiber.set_result(word, text);
    Go::On
}
