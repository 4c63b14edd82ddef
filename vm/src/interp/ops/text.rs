//! Texts.

use super::{Go, Word};
use crate::collections::Text;
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
        let mut joined = regs.take(first);
        for index in first + 1..first + count {
            let part = regs.take(index);
            if let (Some(joined), Some(part)) = (joined.payload_mut::<Text>(), part.payload::<Text>()) {
                joined.push_str(part.as_str());
            }
        }
        regs.put(word.a(), joined);
    }
    Go::On
}

pub(in crate::interp) fn to_text(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let value = unsafe { regs.value(word.b()) };
    let text = match value.kind() {
        Kind::Text => value.clone(),
        _ => Value::text(&structural::to_text(value, fiber.program().shapes())),
    };
    fiber.set_result(word, text);
    Go::On
}
