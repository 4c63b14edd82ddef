//! Lists of effects that run at once. Every instruction here is a checkpoint.

use std::sync::Arc;

use aivi_scheduler::Rule;

use super::fiber::{poll, wait};
use super::{Go, Word};
use crate::collections::List;
use crate::fiber::{Fiber, Items, Pending, Series, item};
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
    let is_in_place = match open(fiber, word, rule, word.b()) {
        Ok(is_in_place) => is_in_place,
        Err(go) => return go,
    };
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the operand is taken.
    let effects = unsafe { regs.take(word.b()) };
    let count = effects.payload::<List>().map_or(0, List::len);
    match (count, rule) {
        (0, Rule::First) => return fiber.fault("raceAll expects at least one effect"),
        (0, Rule::Any) => return fiber.fault("raceAny expects at least one effect"),
        _ => {}
    }
    if is_in_place {
        return fiber.begin_series(Series::new(rule, count, None, effects));
    }
    let effects = effects.share();
    begin(fiber, word, rule, count, count, move |index| Pending::Run(item(&effects, index)))
}

/// Runs what a function gives for each item of a list, at most so many at once.
fn each(fiber: &mut Fiber, word: Word, rule: Rule, no_limit: &str) -> Go {
    let is_in_place = match open(fiber, word, rule, word.a() + 2) {
        Ok(is_in_place) => is_in_place,
        Err(go) => return go,
    };
    let regs = fiber.load();
    let base = word.a();
    // SAFETY: see `ops/mod.rs`; function and list are taken.
    let (limit, function, list) = unsafe { (regs.int(base), regs.take(base + 1), regs.take(base + 2)) };
    if limit <= 0 {
        return fiber.fault(no_limit);
    }
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let count = list.payload::<List>().map_or(0, List::len);
    if is_in_place {
        return fiber.begin_series(Series::new(rule, limit, Some(function), list));
    }
    let items = Arc::new(Items { function: function.share(), list: list.share() });
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
    fiber.cx().crowd(rule, count, limit, false, maker);
    wait(fiber, Pending::Crowd(rule))
}

/// Opens the instruction: whether the first item of the list begins in place, or how to go on instead.
fn open(fiber: &mut Fiber, word: Word, rule: Rule, list: usize) -> Result<bool, Go> {
    // SAFETY: see `ops/mod.rs`.
    let count = unsafe { fiber.load().value(list) }.payload::<List>().map_or(0, List::len);
    let is_in_place = |fiber: &mut Fiber| matches!(rule, Rule::All | Rule::First) && fiber.may_begin_series(count);
    // Inside of a branch in place cancellation is noticed at the next tick.
    if fiber.has_branch() && is_in_place(fiber) {
        return Ok(true);
    }
    poll(fiber, word).map_or_else(|| Ok(is_in_place(fiber)), Err)
}
