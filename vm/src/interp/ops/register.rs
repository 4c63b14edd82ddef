//! Moving values between registers; constants and globals.

use super::{Go, Regs, Word};
use crate::fiber::{Fiber, Frame, FrameKind, Pending};
use crate::object::count;
use crate::program::{Entry, Who};
use crate::value::{Slot, Value};

#[inline(always)]
pub(in crate::interp) unsafe fn mov(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { Slot::copy(regs.slot(word.near_b()), regs.slot(word.near_a())) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn mov_raw(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), (*regs.slot(word.near_b())).payload) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn copy(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.put(word.near_a(), regs.value(word.near_b()).clone()) }
}

/// What ends a reference without ending an object.
#[inline(always)]
pub(in crate::interp) unsafe fn drop_counted(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; O1.
    unsafe { regs.value(word.a()).heap().is_none_or(|object| count::release_early(object)) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn drop_value(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { drop(regs.take(word.a())) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn int(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { regs.set_raw(word.near_a(), word.w_signed() as u64) }
}

/// Constants are immortal or scalars: their bits can be copied without counting.
#[inline(always)]
pub(in crate::interp) unsafe fn constant(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`.
    unsafe { *regs.slot(word.a()) = *(*regs.fiber).constants.add(word.w()).cast::<Slot>() }
}

#[inline(always)]
pub(in crate::interp) unsafe fn tag(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`; scalar kinds are numbered as kinds.
    unsafe { *regs.slot(word.near_a()) = Slot { payload: (*regs.slot(word.near_b())).payload, kind: word.x() as u64 } }
}

/// The value, once there is one.
#[inline(always)]
pub(in crate::interp) unsafe fn global(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        let cell = (*regs.fiber).globals.add(word.w());
        match (*cell).get() {
            Some(value) => {
                regs.put(word.a(), value.clone());
                true
            }
            None => false,
        }
    }
}

/// First use: evaluate it, above all registers of the running frame.
pub(in crate::interp) fn global_first(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_branch() {
        return super::call::move_out(fiber);
    }
    // SAFETY: F1: the frame that runs the instruction is one of a proto.
    let registers = unsafe { (*(*fiber.frame).proto).registers() };
    use_global(fiber, word.w() as u32, registers)
}

/// Gets the value of a global: into register A of the running instruction, or, below a frame of the machine's own, to
/// where the result of a call at `delta` arrives.
pub(crate) fn use_global(fiber: &mut Fiber, global: u32, delta: usize) -> Go {
    let program = fiber.program().clone();
    let cell = &program.globals[global as usize];
    if let Some(value) = cell.get() {
        return deliver(fiber, delta, value.clone());
    }
    let who = Who { runtime: fiber.world.runtime(), fiber: fiber.id() };
    match program.waits.begin(&program.globals, global, who, || fiber.evaluates_global()) {
        Entry::Ready => cell.get().cloned().map_or(Go::On, |value| deliver(fiber, delta, value)),
        Entry::Recursive => {
            let name = program.module().globals[global as usize].name.clone();
            fiber.fault(format!("recursive definition of {name}"))
        }
        Entry::Wait(latch) => {
            let place = fiber.place();
            let cx = fiber.cx();
            cx.set_place(place);
            if cx.wait_latch(&latch) {
                return use_global(fiber, global, delta);
            }
            fiber.pending = Pending::Global(global, delta);
            Go::Wait
        }
        Entry::Evaluate(proto) => {
            let code = &program.protos[proto.0 as usize];
            if !fiber.make_room(delta, code.registers()) {
                if let Some(latch) = cell.abandon(&program.waits, who.runtime) {
                    fiber.cx().open_latch(&latch);
                }
                return fiber.fault("stack exhausted");
            }
            fiber.push(Frame::internal(FrameKind::GlobalEnd, delta, global as usize));
            fiber.enter(code, 0);
            Go::On
        }
    }
}

fn deliver(fiber: &mut Fiber, delta: usize, value: Value) -> Go {
    // SAFETY: F1, F3: if the top frame is of a proto, the instruction before `pc` is the `global` that asked. Otherwise
    // a frame of the machine's own expects the result at `delta`, where `Fiber::begin` made room.
    unsafe {
        if (*fiber.frame).proto.is_null() {
            *fiber.base.add(delta) = value.into_slot();
        } else {
            let word = Word::at(fiber.pc.sub(1));
            fiber.set_result(word, value);
        }
    }
    Go::On
}

/// A global's proto has returned: publishes the value.
pub(in crate::interp) fn global_end(fiber: &mut Fiber) -> Go {
    // SAFETY: F1; the result arrived in R[0].
    let (global, delta, value) = unsafe { ((*fiber.frame).aux, (*fiber.frame).delta(), (*fiber.base).into_value()) };
    let program = fiber.program().clone();
    let (value, latch) = program.globals[global].finish(value, fiber.world.runtime());
    if let Some(latch) = latch {
        fiber.cx().open_latch(&latch);
    }
    fiber.pop();
    deliver(fiber, delta, value)
}
