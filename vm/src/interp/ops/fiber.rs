//! Fibers: sleeping, tasks, groups. Every instruction here is a checkpoint, waits or not.

use aivi_scheduler::{Context, Join, JoinAll, Place, TaskHandle};

use super::call::{move_out, release_operands, run_effect};
use super::operand::taken;
use super::{Go, Regs, Word};
use crate::fiber::{Branch, Fiber, FiberOutcome, Pending, ScopeHandle, Start, Strand, TaskValue, TimeLeft};
use crate::value::{Kind, Value};

/// Polls cancellation and tells the scheduler where the fiber stands; or how to go on instead. A branch in place
/// becomes a fiber.
#[inline]
pub(super) fn poll(fiber: &mut Fiber, word: Word) -> Option<Go> {
    let is_plain = !fiber.has_branch() && !fiber.cx().is_stepped();
    match fiber.place_at_hand() {
        Some(place) if is_plain => {
            fiber.cx().set_place(place);
            fiber.sees_cancel_unstepped().then(|| stop(fiber, word))
        }
        _ => poll_closely(fiber, word),
    }
}

/// The same where that takes longer.
#[cold]
fn poll_closely(fiber: &mut Fiber, word: Word) -> Option<Go> {
    if fiber.has_branch() {
        return Some(move_out(fiber));
    }
    let place = fiber.place();
    if let Some(go) = make_way(fiber, place) {
        return Some(go);
    }
    fiber.cx().set_place(place);
    fiber.sees_cancel().then(|| stop(fiber, word))
}

/// Where steps are looked at, another fiber may have to run before the instruction, which others notice. It has taken
/// nothing yet, and runs again.
pub(super) fn make_way(fiber: &mut Fiber, place: Place) -> Option<Go> {
    let makes_way = fiber.cx().is_stepped() && fiber.cx().makes_way(place);
    makes_way.then(|| {
        fiber.pc = fiber.pc.wrapping_sub(1);
        Go::Yield
    })
}

/// Unwinds as the fiber is cancelled.
#[cold]
#[inline(never)]
pub(super) fn stop(fiber: &mut Fiber, word: Word) -> Go {
    release_operands(fiber, word);
    let signal = fiber.noticed();
    fiber.raise(signal)
}

/// Opens an instruction: the registers, or leave.
macro_rules! checkpoint {
    ($fiber:ident, $word:ident) => {{
        if let Some(go) = $crate::interp::ops::fiber::poll($fiber, $word) {
            return go;
        }
        $fiber.load()
    }};
}
pub(super) use checkpoint;

pub(super) fn wait(fiber: &mut Fiber, pending: Pending) -> Go {
    fiber.wait_for(pending);
    Go::Wait
}

/// Opens an instruction that begins branches: whether the first one begins in place, or how to go on instead.
#[inline]
fn open(fiber: &mut Fiber, word: Word) -> Result<bool, Go> {
    // Inside of a branch in place cancellation is noticed at the next tick.
    if fiber.has_branch() && fiber.may_branch() {
        return Ok(true);
    }
    poll(fiber, word).map_or_else(|| Ok(fiber.may_branch()), Err)
}

/// Milliseconds as nanoseconds; 0 when not positive.
fn nanos(millis: i64) -> u64 {
    (millis.max(0) as u64).saturating_mul(1_000_000)
}

/// A fiber that runs the effect in a register, which is taken.
fn child(fiber: &mut Fiber, regs: &Regs, register: usize) -> Strand {
    // SAFETY: see `ops/mod.rs`.
    let child = fiber.child_of(unsafe { regs.take(register) }.share());
    fiber.note_made();
    child
}

pub(in crate::interp) fn sleep(fiber: &mut Fiber, word: Word) -> Go {
    // SAFETY: see `ops/mod.rs`.
    let millis = unsafe { fiber.load().int(word.b()) };
    if fiber.has_branch()
        && millis > 0
        && let Some(go) = fiber.put_aside().or_else(|| sleep_in_place(fiber, nanos(millis)))
    {
        return go;
    }
    checkpoint!(fiber, word);
    fiber.cx().sleep(nanos(millis));
    wait(fiber, Pending::Unit)
}

/// Sleeps in the body of a timeout in place, if there is time for it.
#[inline(never)]
fn sleep_in_place(fiber: &mut Fiber, ns: u64) -> Option<Go> {
    if !fiber.may_act() {
        return None;
    }
    let end_ns = fiber.cx().now_ns().saturating_add(ns);
    match fiber.limit_in_place()? {
        TimeLeft::Until(deadline_ns) if end_ns <= deadline_ns => {}
        _ => return None,
    }
    fiber.stand_in_place();
    fiber.cx().sleep_until(end_ns);
    Some(wait(fiber, Pending::Unit))
}

pub(in crate::interp) fn spawn(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    match fiber.may_begin_task() {
        None => {}
        // SAFETY: see `ops/mod.rs`; the effect is taken.
        Some(Go::On) => return fiber.begin_task(unsafe { regs.take(word.b()) }),
        Some(go) => return go,
    }
    let child = child(fiber, &regs, word.b());
    let handle = fiber.cx().spawn(child, None);
    fiber.spawned(word, handle)
}

pub(in crate::interp) fn spawn_in(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    // SAFETY: see `ops/mod.rs`.
    let scope = unsafe { regs.value(word.b()) }.payload::<ScopeHandle>();
    let is_innermost = scope.is_some_and(|scope| fiber.cx().is_innermost(scope.scope()));
    match is_innermost.then(|| fiber.may_begin_task()).flatten() {
        None => {}
        Some(Go::On) => {
            // SAFETY: see `ops/mod.rs`; both are taken.
            let (scope, effect) = unsafe { (regs.take(word.b()), regs.take(word.c())) };
            drop(scope);
            return fiber.begin_task(effect);
        }
        Some(go) => return go,
    }
    let scope = taken!(regs, word.b(), ScopeHandle);
    // SAFETY: see `ops/mod.rs`; the effect is taken.
    let child = fiber.member(&scope, unsafe { regs.take(word.c()) }.share());
    fiber.note_made();
    let handle = fiber.cx().spawn(child, Some(scope.scope()));
    fiber.spawned(word, handle)
}

/// Takes the operand if it is a task that has ended in place, and gives its value.
#[inline]
fn ended(regs: &Regs, register: usize) -> Option<Value> {
    // SAFETY: see `ops/mod.rs`; the operand is taken.
    unsafe { (regs.value(register).kind() == Kind::EndedTask).then(|| regs.take(register).into_result()) }
}

pub(in crate::interp) fn join(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_branch()
        && let Some(go) = join_in_place(fiber, word)
    {
        return go;
    }
    let regs = checkpoint!(fiber, word);
    if let Some(value) = ended(&regs, word.b()) {
        fiber.set_result(word, value);
        return Go::On;
    }
    let task = taken!(regs, word.b(), TaskValue);
    if fiber.cx().can_lend() {
        fiber.lend_turn(Some(&task.0));
    }
    match fiber.cx().join(task.0) {
        Join::Ready(outcome) => joined(fiber, word, outcome),
        Join::Myself => fiber.fault("a task joins itself"),
        Join::Wait => wait(fiber, Pending::Join),
    }
}

/// Joins in a branch in place, if it need not wait, or may wait there: the branch stays where it is.
#[inline(never)]
fn join_in_place(fiber: &mut Fiber, word: Word) -> Option<Go> {
    if !fiber.may_act() {
        return None;
    }
    let regs = fiber.load();
    if let Some(value) = ended(&regs, word.b()) {
        fiber.set_result(word, value);
        return Some(Go::On);
    }
    // SAFETY: see `ops/mod.rs`.
    let task = &unsafe { regs.value(word.b()) }.payload::<TaskValue>()?.0;
    if !task.has_ended() {
        return match fiber.limit_in_place()? {
            TimeLeft::None => Some(fiber.end_late(Pending::Again)),
            TimeLeft::Until(deadline_ns) => wait_to_join(fiber, word, task.clone(), deadline_ns),
        };
    }
    let task = taken!(regs, word.b(), TaskValue);
    match fiber.cx().join(task.0) {
        Join::Ready(outcome) => Some(joined(fiber, word, outcome)),
        Join::Myself | Join::Wait => unreachable!("it has ended"),
    }
}

/// Joins in the body of a timeout in place a task that has not ended.
#[inline(never)]
fn wait_to_join(fiber: &mut Fiber, word: Word, task: TaskHandle<Strand>, deadline_ns: u64) -> Option<Go> {
    fiber.stand_in_place();
    if fiber.cx().can_lend() {
        fiber.lend_turn(Some(&task));
    }
    let answer = fiber.cx().join(task);
    if let Join::Myself = answer {
        // The body as a fiber would be another one.
        return None;
    }
    // SAFETY: see `ops/mod.rs`; the operand is taken.
    let operand = unsafe { fiber.load().take(word.b()) };
    Some(match answer {
        Join::Ready(outcome) => {
            drop(operand);
            joined(fiber, word, outcome)
        }
        _ => fiber.wait_in_place(deadline_ns, Pending::JoinOf(operand)),
    })
}

/// A join has come to this.
#[inline]
fn joined(fiber: &mut Fiber, word: Word, outcome: FiberOutcome) -> Go {
    match fiber.join_outcome(outcome) {
        Ok(value) => {
            fiber.set_result(word, value);
            Go::On
        }
        Err(signal) => fiber.raise(signal),
    }
}

pub(in crate::interp) fn cancel(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    if ended(&regs, word.b()).is_none() {
        let task = taken!(regs, word.b(), TaskValue);
        let cost = fiber.cx().cancel(&task.0);
        fiber.charge(cost);
    }
    fiber.set_result(word, Value::unit());
    Go::On
}

pub(in crate::interp) fn is_cancelled(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    let is_cancelled = ended(&regs, word.b()).is_none() && {
        let task = taken!(regs, word.b(), TaskValue);
        fiber.cx().is_cancelled(&task.0)
    };
    fiber.set_result(word, Value::bool(is_cancelled));
    Go::On
}

pub(in crate::interp) fn join_all(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    let scope = taken!(regs, word.b(), ScopeHandle);
    match fiber.cx().join_all(scope.scope()) {
        JoinAll::Done => {
            fiber.set_result(word, Value::unit());
            Go::On
        }
        JoinAll::Ended => fiber.fault("the scope has ended"),
        JoinAll::Wait => wait(fiber, Pending::Unit),
    }
}

pub(in crate::interp) fn par(fiber: &mut Fiber, word: Word) -> Go {
    pair(fiber, word, Branch::Left, Pending::Par, |cx, left, right| cx.par(left, right))
}

pub(in crate::interp) fn race(fiber: &mut Fiber, word: Word) -> Go {
    pair(fiber, word, Branch::Race, Pending::Race, |cx, left, right| cx.race(left, right))
}

/// Two effects: the first one begins in place, as `branch`, or both are begun as fibers.
#[inline(always)]
fn pair(
    fiber: &mut Fiber,
    word: Word,
    branch: Branch,
    pending: Pending,
    begin: impl FnOnce(&mut Context<'_, Strand>, Strand, Strand),
) -> Go {
    let is_in_place = match open(fiber, word) {
        Ok(is_in_place) => is_in_place,
        Err(go) => return go,
    };
    let regs = fiber.load();
    if is_in_place {
        // SAFETY: see `ops/mod.rs`; both are taken.
        let (left, right) = unsafe { (regs.take(word.b()), regs.take(word.c())) };
        return fiber.begin_branch(branch, right, 0, left);
    }
    let (left, right) = (child(fiber, &regs, word.b()), child(fiber, &regs, word.c()));
    begin(fiber.cx(), left, right);
    wait(fiber, pending)
}

pub(in crate::interp) fn timeout(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.is_in_place() {
        // A call in place has no clock.
        return move_out(fiber);
    }
    let is_in_place = match open(fiber, word) {
        Ok(is_in_place) => is_in_place,
        Err(go) => return go,
    };
    let regs = fiber.load();
    let base = word.a();
    // SAFETY: see `ops/mod.rs`; the error is taken.
    let (millis, error) = unsafe { (regs.int(base), regs.take(base + 1)) };
    if millis <= 0 {
        // SAFETY: the effect is taken.
        drop(unsafe { regs.take(base + 2) });
        return fiber.raise(crate::fiber::Signal::Failure(error.into()));
    }
    if is_in_place {
        let deadline_ns = fiber.cx().now_ns().saturating_add(nanos(millis));
        // SAFETY: see `ops/mod.rs`; the effect is taken.
        let body = unsafe { regs.take(base + 2) };
        return fiber.begin_branch(Branch::Timeout, error, deadline_ns, body);
    }
    let body = child(fiber, &regs, base + 2);
    fiber.cx().timeout(nanos(millis), body);
    wait(fiber, Pending::Timeout(error))
}

pub(in crate::interp) fn scope(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    // SAFETY: see `ops/mod.rs`; the body is taken.
    let function = unsafe { regs.take(word.b()) }.share();
    let scope = fiber.cx().new_scope();
    let handle = Value::payload_of(fiber.handle(&scope)).share();
    let body = fiber.child(Start::Apply { function, arguments: vec![handle], run: true });
    fiber.cx().run_scope(&scope, body);
    wait(fiber, Pending::Scope)
}

/// Runs a field of a task handle; of an ordinary record, the effect in that field.
pub(in crate::interp) fn run_task_field(fiber: &mut Fiber, word: Word) -> Go {
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`.
    let record = unsafe { regs.value(word.b()) };
    match (record.kind(), word.c()) {
        (Kind::Task | Kind::EndedTask, 0) => cancel(fiber, word),
        (Kind::Task | Kind::EndedTask, 1) => is_cancelled(fiber, word),
        (Kind::Task | Kind::EndedTask, _) => join(fiber, word),
        (_, field) => {
            // SAFETY: as above; the record is taken.
            let record = unsafe { regs.take(word.b()) };
            let effect = record.as_object().map(|object| object.fields()[field].clone());
            drop(record);
            let Some(effect) = effect else { unreachable!("the compiler's types say that it is a record") };
            run_effect(fiber, effect, word.a())
        }
    }
}
