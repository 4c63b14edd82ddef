//! Selects: one of several operations on channels.

use aivi_scheduler::Selected;

use super::channel::fault_closed;
use super::fiber::{checkpoint, wait};
use super::{Go, Word};
use crate::fiber::{Asked, Cases, Fiber, Pending};

pub(in crate::interp) fn select(fiber: &mut Fiber, word: Word) -> Go {
    choose(fiber, word, false)
}

pub(in crate::interp) fn select_in_order(fiber: &mut Fiber, word: Word) -> Go {
    choose(fiber, word, true)
}

fn choose(fiber: &mut Fiber, word: Word, in_order: bool) -> Go {
    let regs = checkpoint!(fiber, word);
    // SAFETY: see `ops/mod.rs`; nothing writes the register while it is borrowed here.
    let cases = Cases::of(unsafe { regs.value(word.b()) });
    if cases.is_empty() {
        super::call::release_operands(fiber, word);
        return fiber.fault("select expects at least one case");
    }
    let answer = {
        let mut asked = Asked::default();
        cases.ask(&mut asked);
        fiber.cx().select(&asked.on_channels, in_order, asked.limit())
    };
    let chosen = match answer {
        Selected::Received(case, message) => Ok(cases.committed(case, Some(message))),
        Selected::Sent(case) | Selected::Drained(case) => Ok(cases.committed(case, None)),
        Selected::Nothing => Ok(cases.none()),
        Selected::Closed(_, closed_at) => Err(closed_at),
        Selected::Again => {
            // It has taken nothing yet.
            fiber.pc = fiber.pc.wrapping_sub(1);
            return Go::Yield;
        }
        Selected::Wait => {
            // SAFETY: see `ops/mod.rs`; the operand is taken.
            let cases = unsafe { regs.take(word.b()) };
            return wait(fiber, Pending::Select(cases));
        }
    };
    // SAFETY: as above.
    drop(unsafe { regs.take(word.b()) });
    match chosen {
        Ok(chosen) => {
            fiber.set_result(word, chosen);
            Go::On
        }
        Err(closed_at) => fault_closed(fiber, closed_at),
    }
}
