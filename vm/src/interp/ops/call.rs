//! Functions: closures, calls, returns.
//!
//! A call charges fuel before anything else, so that the instruction can run again after the scheduler had its turn.
//! The arguments stand where the callee's window begins; entering a frame moves nothing.

use smallvec::SmallVec;

use super::object::{new_of_shape, try_new_of_shape};
use super::{Go, Regs, Word};
use crate::fiber::{Fiber, Frame, FrameKind};
use crate::interp::guard::{guard_of, instruction_of, is, is_maybe_guarded};
use crate::object::{Header, alloc, count, new_object, new_object_after};
use crate::program::ProtoCode;
use crate::value::{Kind, Slot, Value};
use aivi_bytecode::Opcode;

#[inline(always)]
pub(in crate::interp) unsafe fn closure(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`; the captures are taken.
    unsafe {
        let proto = &*(*regs.fiber).protos.add(word.w());
        let mut header = Header::new(Kind::Function, proto.id.0, word.x() as u32);
        header.missing = proto.parameters;
        header.effect = u8::from(proto.effect);
        let object = new_object(header, regs.slot(word.a()).cast::<Value>());
        *regs.slot(word.a()) = Value::from_heap(Kind::Function, object).into_slot();
    }
}

/// `proto` with some of its arguments. Those that it expects raw get their tags: they enter an object.
pub(in crate::interp) fn partial(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    let program = fiber.program();
    let code = &program.protos[word.w()];
    let function = program.functions[word.w()].clone();
    // SAFETY: see `ops/mod.rs`; the arguments are taken. The fields of a partial are the function, which is a constant,
    // and they.
    let value = unsafe {
        for (register, kind) in &program.proto(code).raw {
            if usize::from(register.0) < word.x() {
                (*regs.slot(word.a() + usize::from(register.0))).kind = *kind as u64;
            }
        }
        let Some(callee) = function.as_function() else { unreachable!("only functions are applied") };
        let mut header = Header::new(Kind::Partial, callee.proto().0, 0);
        header.missing = callee.missing() - word.x() as u16;
        header.effect = u8::from(callee.acts());
        header.length = 1 + word.x() as u32;
        let object = new_object_after(header, function, regs.slot(word.a()).cast::<Value>());
        Value::from_heap(Kind::Partial, object)
    };
    fiber.set_result(word, value);
    Go::On
}

/// A function applied to fewer arguments than it waits for, or an effect's function applied to all.
pub(crate) fn make_partial(function: Value, arguments: SmallVec<[Value; 8]>) -> Value {
    let Some(callee) = function.as_function() else { unreachable!("only functions are applied") };
    let mut header = Header::new(Kind::Partial, callee.proto().0, 0);
    header.missing = callee.missing() - arguments.len() as u16;
    header.effect = u8::from(callee.acts());
    let mut fields: SmallVec<[Value; 8]> = SmallVec::new();
    match function.kind() {
        // One level only: the fields of a partial are the function itself and arguments.
        Kind::Partial => fields.extend(callee.fields().iter().cloned()),
        _ => fields.push(function),
    }
    fields.extend(arguments);
    header.length = fields.len() as u32;
    Value::from_fields(Kind::Partial, header, fields)
}

/// Makes the frame of `proto`, whose window begins at `delta`; false without room for it.
#[inline(always)]
unsafe fn enter(regs: &mut Regs, proto: *const ProtoCode, delta: usize) -> bool {
    // SAFETY: F1, F3. What is written above the top frame before the last check means nothing until `frame` moves up.
    unsafe {
        if !(*regs.fiber).has_frame_above(regs.frame) {
            return false;
        }
        let bytes = delta * size_of::<Slot>();
        let frame = regs.frame.add(1);
        (*frame).proto = proto;
        (*frame).bytes = bytes;
        let base = regs.base.byte_add(bytes);
        if !(*regs.fiber).has_room(base, (*proto).bytes) {
            return false;
        }
        (*regs.frame).pc = regs.pc;
        regs.frame = frame;
        regs.base = base;
        regs.pc = (*proto).code;
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn call(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`.
    unsafe {
        if regs.fuel == 0 || !enter(regs, (*regs.fiber).protos.add(word.w()), word.a()) {
            return false;
        }
        regs.fuel -= 1;
        true
    }
}

/// Out of fuel or of room: gets some, then the call runs again.
pub(in crate::interp) fn call_full(fiber: &mut Fiber, word: Word) -> Go {
    // SAFETY: see `ops/mod.rs`.
    let registers = unsafe { (*fiber.protos.add(word.w())).registers() };
    again(fiber, word, word.a(), registers)
}

/// What a call that cannot go on does: the scheduler's turn, room, or unwinding.
fn again(fiber: &mut Fiber, word: Word, delta: usize, registers: usize) -> Go {
    if fiber.fuel == 0 {
        if fiber.next_piece() {
            fiber.pc = fiber.pc.wrapping_sub(1);
            return Go::Return;
        }
        if fiber.has_branch() {
            return move_out(fiber);
        }
        if let Some(signal) = fiber.interruption() {
            release_operands(fiber, word);
            return fiber.raise(signal);
        }
        return fiber.next_slice();
    }
    if !fiber.make_room(delta, registers) {
        release_operands(fiber, word);
        return fiber.fault("stack exhausted");
    }
    fiber.pc = fiber.pc.wrapping_sub(1);
    Go::On
}

#[inline(always)]
pub(in crate::interp) unsafe fn tail_call(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the frame owns nothing but the arguments.
    unsafe {
        let proto = (*regs.fiber).protos.add(word.w());
        if regs.fuel == 0 || !(*regs.fiber).has_room(regs.base, (*proto).bytes) {
            return false;
        }
        regs.fuel -= 1;
        let from = regs.base.add(word.a());
        Slot::copy_row(from, regs.base, (*proto).arguments.into());
        (*regs.frame).proto = proto;
        regs.pc = (*proto).code;
        true
    }
}

pub(in crate::interp) fn tail_call_full(fiber: &mut Fiber, word: Word) -> Go {
    // SAFETY: see `ops/mod.rs`.
    let registers = unsafe { (*fiber.protos.add(word.w())).registers() };
    again(fiber, word, 0, registers)
}

/// Enters a function that waits for just these arguments.
#[inline(always)]
unsafe fn call_exact(regs: &mut Regs, word: Word, acts: bool) -> bool {
    // SAFETY: see `ops/mod.rs`; the function is taken: it moves to the register after the last argument, or is a
    // constant.
    unsafe {
        let function = *regs.slot(word.b());
        if function.kind != Kind::Function as u64 || regs.fuel == 0 {
            return false;
        }
        let header = regs.value(word.b()).pointer();
        if usize::from((*header).missing) != word.x() || ((*header).effect != 0) != acts {
            return false;
        }
        let proto = (*regs.fiber).protos.add((*header).meta as usize);
        // A function without captures is a constant, which is not counted. Another would have to be released.
        if (*proto).captures == 0 && (*header).count.load(std::sync::atomic::Ordering::Relaxed) != 0 {
            return false;
        }
        if !enter(regs, proto, word.a()) {
            return false;
        }
        regs.fuel -= 1;
        if (*proto).captures > 0 {
            *regs.base.add(usize::from((*proto).parameters)) = function;
        }
        true
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn call_value(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as for the caller.
    unsafe { call_exact(regs, word, false) }
}

#[inline(always)]
pub(in crate::interp) unsafe fn call_run(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as for the caller.
    unsafe { call_exact(regs, word, true) }
}

pub(in crate::interp) fn call_value_full(fiber: &mut Fiber, word: Word) -> Go {
    apply_operands(fiber, word, false)
}

pub(in crate::interp) fn call_run_full(fiber: &mut Fiber, word: Word) -> Go {
    apply_operands(fiber, word, true)
}

fn apply_operands(fiber: &mut Fiber, word: Word, run: bool) -> Go {
    if fiber.fuel == 0 {
        return again(fiber, word, 0, 0);
    }
    fiber.fuel -= 1;
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; the function is taken.
    let function = unsafe { regs.take(word.b()) };
    apply(fiber, function, word.a(), word.x(), run)
}

pub(in crate::interp) fn tail_call_value(fiber: &mut Fiber, word: Word) -> Go {
    tail_apply(fiber, word, false)
}

pub(in crate::interp) fn tail_call_run(fiber: &mut Fiber, word: Word) -> Go {
    tail_apply(fiber, word, true)
}

/// Leaves the frame, then applies in the one below; the window begins where the left one did.
fn tail_apply(fiber: &mut Fiber, word: Word, run: bool) -> Go {
    if fiber.fuel == 0 {
        return again(fiber, word, 0, 0);
    }
    fiber.fuel -= 1;
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; operands are taken, and the frame owns nothing else.
    let function = unsafe {
        let function = regs.take(word.b());
        std::ptr::copy(regs.slot(word.a()), regs.base, word.x());
        function
    };
    let left = fiber.pop();
    apply(fiber, function, left.delta(), word.x(), run)
}

/// Runs an effect (taken), whose result arrives at `delta`: as `apply` to nothing, with a shorter way for a function
/// that has all its arguments, as nearly all have that tasks and branches begin with.
pub(crate) fn run_effect(fiber: &mut Fiber, effect: Value, delta: usize) -> Go {
    if !matches!(effect.kind(), Kind::Function | Kind::Partial) {
        return apply(fiber, effect, delta, 0, true);
    }
    // SAFETY: a function is a live object, and names a proto of the program; `make_room` makes room for its window.
    unsafe {
        let header = &*effect.pointer();
        let code = &*fiber.protos.add(header.meta as usize);
        let is_effect = header.missing == 0 && header.effect != 0;
        if !is_effect || !fiber.make_room(delta, code.registers()) {
            return apply(fiber, effect, delta, 0, true);
        }
        place_callee(fiber, effect, delta, 0);
        fiber.enter(code, delta);
    }
    Go::On
}

/// Applies a function (taken) to the `count` tagged arguments (taken) at `delta`, where the result arrives; then, if
/// `run`, runs the effect that results.
pub(crate) fn apply(fiber: &mut Fiber, function: Value, delta: usize, count: usize, run: bool) -> Go {
    let Some(callee) = function.as_function() else {
        // So say the compiler's types; a program from elsewhere has none.
        drop(function);
        release_range(fiber, delta, count);
        return fiber.fault("what was to be applied is not a function");
    };
    let (missing, acts) = (usize::from(callee.missing()), callee.acts());
    if missing == 0 && !acts {
        // Nor is there such a function. It could go on for ever without a call: nothing else here does that charges no
        // fuel.
        drop(function);
        release_range(fiber, delta, count);
        return fiber.fault("what was to be applied takes nothing");
    }
    let code = {
        // SAFETY: functions name protos of the program.
        unsafe { &*fiber.protos.add(callee.proto().0 as usize) }
    };
    let extra = count.saturating_sub(missing);
    if !fiber.make_room(delta, code.registers() + 2 * (count + 2)) {
        drop(function);
        release_range(fiber, delta, count);
        return fiber.fault("stack exhausted");
    }
    // SAFETY: `make_room` made room for the window and everything below.
    unsafe {
        if count < missing || (extra == 0 && acts && !run) {
            let value = if count == 0 { function } else { make_partial(function, take_range(fiber, delta, count)) };
            *fiber.base.add(delta) = value.into_slot();
            return if run { fiber.fault("what was to be run is not an effect") } else { Go::On };
        }
        if extra > 0 && acts {
            drop(function);
            release_range(fiber, delta, count);
            return fiber.fault("an effect was applied to arguments");
        }
        let mut delta = delta;
        if run && !acts {
            fiber.push(Frame::internal(FrameKind::RunResult, delta, 0));
            delta = 0;
        }
        if extra > 0 {
            // The rest waits in R[1] ..= R[extra] of a frame of its own, the callee's window begins behind it.
            let window = fiber.base.add(delta);
            let mut arguments: SmallVec<[Slot; 8]> = (0..count).map(|index| *window.add(index)).collect();
            arguments.rotate_left(missing);
            for (index, argument) in arguments.iter().enumerate() {
                *window.add(1 + index) = *argument;
            }
            fiber.push(Frame::internal(FrameKind::ApplyRest, delta, extra));
            delta = 1 + extra;
        }
        place_callee(fiber, function, delta, missing);
        fiber.enter(code, delta);
    }
    Go::On
}

/// Puts what a function brings along around the arguments at `delta`: earlier arguments before them, its closure
/// behind.
#[inline(always)]
unsafe fn place_callee(fiber: &mut Fiber, function: Value, delta: usize, given: usize) {
    // SAFETY: `apply` made room for the callee's window and names a function.
    unsafe {
        let window = fiber.base.add(delta);
        let mut before = 0;
        let mut closure = function;
        if closure.kind() == Kind::Partial {
            let partial = closure.pointer();
            before = (*partial).length as usize - 1;
            std::ptr::copy(window, window.add(before), given);
            if count::unshare_if_unique(partial) {
                // Its fields move, and only its memory is left.
                let fields = partial.add(1).cast::<Slot>();
                Slot::copy_row(fields.add(1), window, before);
                std::mem::forget(std::mem::replace(&mut closure, (*fields).into_value()));
                alloc::free(partial.cast(), size_of::<Header>() + (1 + before) * size_of::<Value>());
            } else {
                let fields = (*partial).fields();
                for (index, argument) in fields[1..].iter().enumerate() {
                    *window.add(index) = argument.clone().into_slot();
                }
                closure = fields[0].clone();
            }
        }
        if (*closure.pointer()).length > 0 {
            *window.add(before + given) = closure.into_slot();
        }
    }
}

unsafe fn take_range(fiber: &Fiber, first: usize, count: usize) -> SmallVec<[Value; 8]> {
    // SAFETY: the caller names tagged registers that it owns.
    (first..first + count).map(|index| unsafe { (*fiber.base.add(index)).into_value() }).collect()
}

fn release_range(fiber: &Fiber, first: usize, count: usize) {
    // SAFETY: called for the operands of a call, which are tagged and taken.
    drop(unsafe { take_range(fiber, first, count) });
}

/// Releases the operands that the instruction before `pc` takes and has not yet taken, when it unwinds instead.
pub(crate) fn release_operands(fiber: &mut Fiber, word: Word) {
    let regs = fiber.load();
    taken_operands(fiber, word, |index| {
        // SAFETY: the operand is taken.
        drop(unsafe { regs.take(index) });
    });
}

/// Calls `visit` for each register that the instruction takes: they hold tagged values, which it owns.
pub(crate) fn taken_operands(fiber: &Fiber, word: Word, mut visit: impl FnMut(usize)) {
    use aivi_bytecode::Instruction as I;
    let program = &fiber.world.program;
    match instruction_of(fiber, word) {
        Some(I::Call { base, proto } | I::TailCall { base, proto }) => {
            let code = &program.protos[proto.0 as usize];
            let raw = &program.proto(code).raw;
            (0..code.arguments).filter(|index| !raw.iter().any(|(register, _)| register.0 == *index)).for_each(
                |index| {
                    visit(usize::from(base.0 + index));
                },
            );
        }
        Some(
            I::CallValue { count, base, function }
            | I::TailCallValue { count, base, function }
            | I::CallRun { count, base, function }
            | I::TailCallRun { count, base, function },
        ) => {
            visit(usize::from(function.0));
            (0..usize::from(count.0)).for_each(|index| visit(usize::from(base.0) + index));
        }
        Some(I::CallNative { native, .. }) => {
            let owned = program.natives[native.0 as usize].owned;
            (0..32).filter(|bit| owned & 1 << bit != 0).for_each(|bit| visit(word.a() + bit));
        }
        Some(I::Cleanup { effect, .. }) => visit(usize::from(effect.0)),
        Some(
            I::Spawn { effect: a, .. }
            | I::Join { task: a, .. }
            | I::Cancel { task: a, .. }
            | I::IsCancelled { task: a, .. }
            | I::JoinAll { scope: a, .. }
            | I::ParAll { effects: a, .. }
            | I::ParSettled { effects: a, .. }
            | I::RaceAll { effects: a, .. }
            | I::RaceAny { effects: a, .. }
            | I::Select { cases: a, .. }
            | I::SelectInOrder { cases: a, .. }
            | I::Scope { body: a, .. }
            | I::RunTaskField { record: a, .. }
            | I::ChanSend { value: a, .. }
            | I::ChanSendResult { value: a, .. }
            | I::ChanTrySend { value: a, .. },
        ) => visit(usize::from(a.0)),
        Some(
            I::SpawnIn { scope: a, effect: b, .. }
            | I::Par { left: a, right: b, .. }
            | I::Race { left: a, right: b, .. },
        ) => {
            visit(usize::from(a.0));
            visit(usize::from(b.0));
        }
        Some(I::Timeout { base } | I::ParEach { base } | I::ParEachSettled { base }) => {
            visit(usize::from(base.0) + 1);
            visit(usize::from(base.0) + 2);
        }
        _ => {}
    }
}

/// A result has arrived behind the arguments that it is to be applied to.
pub(in crate::interp) fn apply_rest(fiber: &mut Fiber) -> Go {
    // SAFETY: an `ApplyRest` frame: R[1] ..= R[aux] are arguments, the result stands behind them.
    unsafe {
        let count = (*fiber.frame).aux;
        let function = (*fiber.base.add(1 + count)).into_value();
        std::ptr::copy(fiber.base.add(1), fiber.base, count);
        let left = fiber.pop();
        apply(fiber, function, left.delta(), count, false)
    }
}

/// In a `RunResult` frame: a result that is no effect is left as it is.
pub(crate) const RUN_IF_EFFECT: usize = 1;

/// A result has arrived that is to be run.
pub(in crate::interp) fn run_result(fiber: &mut Fiber) -> Go {
    // SAFETY: a `RunResult` frame: the result is in R[0].
    let is_effect = unsafe { Slot::as_value(fiber.base) }.as_function().is_some_and(|function| function.is_effect());
    let result = fiber.base;
    let left = fiber.pop();
    if left.aux == RUN_IF_EFFECT && !is_effect {
        // It stands where the frame below expects the result of a call, as that of an instruction `return` does.
        return Go::On;
    }
    // SAFETY: as above; the slot is free now.
    let effect = unsafe { (*result).into_value() };
    apply(fiber, effect, left.delta(), 0, true)
}

#[inline(always)]
pub(in crate::interp) unsafe fn ret(regs: &mut Regs, word: Word) {
    // SAFETY: see `ops/mod.rs`; F1: there is a frame below.
    unsafe {
        Slot::copy(regs.slot(word.a()), regs.base);
        leave(regs);
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn ret_scalar(regs: &mut Regs, word: Word) {
    // SAFETY: as in `ret`.
    unsafe {
        *regs.base = Slot { payload: (*regs.slot(word.near_a())).payload, kind: word.x() as u64 };
        leave(regs);
    }
}

/// To a caller that takes the object apart at once: there is no object.
#[inline(always)]
pub(in crate::interp) unsafe fn ret_unpacked(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as the caller.
    unsafe { ret_unpacked_by::<false>(regs, word) }
}

/// As `ret_unpacked`, in a program with guards: they would have nothing to say.
#[inline(always)]
pub(in crate::interp) unsafe fn ret_unpacked_guarded(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as the caller.
    unsafe { ret_unpacked_by::<true>(regs, word) }
}

#[inline(always)]
unsafe fn ret_unpacked_by<const GUARDED: bool>(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as in `ret`. Above the frame of a proto, its `pc` stands behind the call, which is not the last
    // instruction (V12); the machine's own frames have words that are no `unpack`.
    unsafe {
        let bytes = (*regs.frame).bytes;
        let pc = behind_question::<GUARDED>(regs, word, (*regs.frame.sub(1)).pc, bytes);
        let (next, count) = (Word::at(pc), word.x());
        let is = |opcode: u8| next.head() == (count << 8) as u16 | u16::from(opcode);
        let is_unpack = is(Opcode::Unpack as u8) || GUARDED && is(guard_of(Opcode::Unpack));
        if !is_unpack || next.b() * size_of::<Slot>() != bytes {
            return false;
        }
        let (fields, below) = (regs.slot(word.b()), regs.base.byte_sub(bytes));
        let target = below.add(next.a());
        // Going upwards, no field is written over before it is read.
        if target > fields {
            return false;
        }
        // Most are pairs, which are copied sooner than counted.
        if count == 2 {
            Slot::copy(fields, target);
            Slot::copy(fields.add(1), target.add(1));
        } else {
            Slot::copy_row(fields, target, count);
        }
        regs.frame = regs.frame.sub(1);
        regs.base = below;
        regs.pc = pc.add(1);
        true
    }
}

/// Where a caller at `pc` goes on, when it first asks for the constructor of what comes back, which is of shape C.
#[inline(always)]
unsafe fn behind_question<const GUARDED: bool>(regs: &Regs, word: Word, pc: *const u64, bytes: usize) -> *const u64 {
    // SAFETY: as in `ret_unpacked_by`; the jump leads to an instruction and is not the last one (V6, V12); the verifier
    // bounded the shape (V7).
    unsafe {
        let next = Word::at(pc);
        let asks = match GUARDED {
            false => is(next, Opcode::JumpNotConstructor),
            true => is_maybe_guarded(next, Opcode::JumpNotConstructor),
        };
        if !asks || next.a() * size_of::<Slot>() != bytes {
            return pc;
        }
        let position = (*(*regs.fiber).metas.add(word.c()) >> 16) as usize;
        pc.offset(if position == next.b() { 1 } else { 1 + next.c_signed() as isize })
    }
}

#[inline(always)]
pub(in crate::interp) unsafe fn ret_new(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: as in `ret`; the fields are taken.
    unsafe {
        let Some(object) = try_new_of_shape(regs, word) else { return false };
        regs.put(0, object);
        leave(regs);
        true
    }
}

pub(in crate::interp) fn ret_new_slowly(fiber: &mut Fiber, word: Word) -> Go {
    let mut regs = fiber.load();
    // SAFETY: as in `ret`; the fields are taken.
    unsafe {
        regs.put(0, new_of_shape(&regs, word));
        leave(&mut regs);
    }
    fiber.store(regs);
    Go::On
}

#[inline(always)]
unsafe fn leave(regs: &mut Regs) {
    // SAFETY: F1, F3.
    unsafe {
        let bytes = (*regs.frame).bytes;
        regs.frame = regs.frame.sub(1);
        regs.base = regs.base.byte_sub(bytes);
        regs.pc = (*regs.frame).pc;
    }
}

/// Moves the outermost branch in place out; the instruction has taken nothing yet and runs again there.
pub(crate) fn move_out(fiber: &mut Fiber) -> Go {
    fiber.pc = fiber.pc.wrapping_sub(1);
    fiber.move_out()
}
