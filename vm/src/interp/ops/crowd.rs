//! Lists of effects that run at once. Every instruction here is a checkpoint.

use std::sync::Arc;

use aivi_scheduler::Rule;

use super::fiber::{checkpoint, wait};
use super::{Go, Regs, Word};
use crate::collections::List;
use crate::fiber::{Fiber, Items, Pending, item, length};
use crate::object::Shared;
use crate::value::Value;

pub(in crate::interp) fn par_all(fiber: &mut Fiber, word: Word) -> Go {
    all(fiber, word, Rule::All)
}

pub(in crate::interp) fn par_settled(fiber: &mut Fiber, word: Word) -> Go {
    all(fiber, word, Rule::Settled)
}

pub(in crate::interp) fn race_all(fiber: &mut Fiber, word: Word) -> Go {
    all(fiber, word, Rule::First)
}

pub(in crate::interp) fn race_any(fiber: &mut Fiber, word: Word) -> Go {
    all(fiber, word, Rule::Any)
}

pub(in crate::interp) fn par_each(fiber: &mut Fiber, word: Word) -> Go {
    each(fiber, word, Rule::All, "forEachPar expects a limit > 0")
}

pub(in crate::interp) fn par_each_settled(fiber: &mut Fiber, word: Word) -> Go {
    each(fiber, word, Rule::Settled, "forEachParSettled expects a limit > 0")
}

/// Runs the effects of a list, all at once.
fn all(fiber: &mut Fiber, word: Word, rule: Rule) -> Go {
    let regs = checkpoint!(fiber, word);
    let effects = operand(&regs, word.b());
    let count = length(&effects);
    match (count, rule) {
        (0, Rule::First) => return fiber.fault("raceAll expects at least one effect"),
        (0, Rule::Any) => return fiber.fault("raceAny expects at least one effect"),
        _ => {}
    }
    begin(fiber, word, rule, count, count, move |index| Pending::Run(item(&effects, index)))
}

/// Runs what a function gives for each item of a list, at most so many at once.
fn each(fiber: &mut Fiber, word: Word, rule: Rule, no_limit: &str) -> Go {
    let regs = checkpoint!(fiber, word);
    let base = word.a();
    // SAFETY: see `ops/mod.rs`.
    let limit = unsafe { regs.int(base) };
    let (function, list) = (operand(&regs, base + 1), operand(&regs, base + 2));
    if limit <= 0 {
        return fiber.fault(no_limit);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let count = length(&list);
    let items = Arc::new(Items { function, list });
    begin(fiber, word, rule, count, limit, move |index| Pending::RunItem(items.clone(), index))
}

/// Begins with the fibers that `make` describes, and waits for them.
fn begin(
    fiber: &mut Fiber,
    word: Word,
    rule: Rule,
    count: usize,
    limit: usize,
    make: impl FnMut(usize) -> Pending + Send + 'static,
) -> Go {
    if count == 0 {
        fiber.set_result(word, Value::payload_of(List::new()));
        return Go::On;
    }
    let maker = fiber.maker(make);
    fiber.cx().crowd(rule, count, limit, maker);
    wait(fiber, Pending::Crowd(rule))
}

/// The value of an operand, which is taken, for other fibers.
fn operand(regs: &Regs, register: usize) -> Shared {
    // SAFETY: see `ops/mod.rs`; the operand is taken.
    unsafe { regs.take(register) }.share()
}
