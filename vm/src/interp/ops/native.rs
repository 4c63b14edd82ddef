//! Calls of native functions.
//!
//! What needs nothing but its arguments runs in the handler (`quick`): a function with a quick form, one that tries
//! something of the system, a host's without effects. What it says no to is done by `full`, with the machine's state
//! stored: there a function may wait, and limits, steps and branches in place are looked at.

use aivi_scheduler::reactor::{Attempt, IoSource};

use super::call::{move_out, release_operands};
use super::fiber::make_way;
use super::{Go, Regs, Word};
use crate::account::Limit;
use crate::collections::{List, Map};
use crate::fiber::{Fiber, Pending, Signal, TimeLeft, patience};
use crate::native::{Args, HostFn, NativeCx, NativeResult, Tried, TryFn};
use crate::program::{LinkedNative, NativeCall};
use crate::value::{Slot, Value};

/// The quick form of a function, if it has one that says yes. One that acts is a checkpoint, and nothing for a branch
/// in place.
#[inline(always)]
pub(in crate::interp) unsafe fn quick(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: see `ops/mod.rs`; the arguments are tagged, and those in `owned` the call's own (V18).
    unsafe {
        let fiber = &mut *regs.fiber;
        let linked = &*fiber.world.program.natives.as_ptr().add(word.w());
        let Some(quick) = linked.quick else { return other(regs, word, linked) };
        if linked.acts && is_disturbed(fiber) {
            return false;
        }
        let first = regs.slot(word.a());
        let mut arguments = Args::new(std::slice::from_raw_parts_mut(first, word.x()), linked.owned);
        let Some(value) = quick(&mut arguments) else { return false };
        put_quick(first, linked.owned, value);
        true
    }
}

/// The result of a quick form, in place of the arguments.
///
/// # Safety
/// `first` is the first of the arguments, of which those in `owned` are the call's own and tagged.
#[inline(always)]
unsafe fn put_quick(first: *mut Slot, mut owned: u32, value: Value) {
    // SAFETY: promised by the caller.
    unsafe {
        while owned != 0 {
            drop((*first.add(owned.trailing_zeros() as usize)).into_value());
            owned &= owned - 1;
        }
        *first = value.into_slot();
    }
}

/// Is there more to look at than the arguments, for a function that acts?
#[inline(always)]
fn is_disturbed(fiber: &mut Fiber) -> bool {
    fiber.has_branch() || fiber.cx().is_stepped() || fiber.sees_cancel_unstepped()
}

/// As `quick`, of what has no quick form of its own.
#[inline(never)]
unsafe fn other(regs: &mut Regs, word: Word, linked: &LinkedNative) -> bool {
    // SAFETY: as for the caller.
    unsafe {
        match &linked.call {
            NativeCall::Library(..) => false,
            NativeCall::Tries(tries, fuel) => tries_quick(regs, word, linked, *tries, u64::from(*fuel)),
            NativeCall::Host(function) => host_quick(regs, word, linked, function),
        }
    }
}

/// As `quick`, of a function that tries. If it has to wait, that is left for `full`, which comes next.
#[inline(always)]
unsafe fn tries_quick(regs: &mut Regs, word: Word, linked: &LinkedNative, tries: TryFn, fuel: u64) -> bool {
    // SAFETY: as in `quick`.
    unsafe {
        let fiber = &mut *regs.fiber;
        let first = regs.slot(word.a());
        let arguments = Args::new(std::slice::from_raw_parts_mut(first, word.x()), linked.owned);
        if is_disturbed(fiber) || fiber.is_guarded || !may_try(fiber, &arguments, fuel) {
            return false;
        }
        match tries(&arguments) {
            Tried::Done(value) => {
                fiber.charge_call(fuel);
                put_quick(first, linked.owned, value);
                true
            }
            Tried::Wait(source, attempt) => {
                fiber.wait_for(Pending::Tried(source, attempt));
                false
            }
            Tried::WrongType => false,
        }
    }
}

/// A function that tries is called again before the turn of the fiber, which waits for that. What it gives is taken in
/// the turn (`take_early`); if it has to wait, it is called once more then.
pub(crate) fn try_early(fiber: &mut Fiber) {
    let word = fiber.waiting_word();
    let linked = &fiber.program().natives[word.w()];
    let NativeCall::Tries(tries, _) = &linked.call else { return };
    if fiber.is_guarded || fiber.is_limited() {
        return;
    }
    // SAFETY: the arguments of a call that runs again are where they were, and tagged (V18).
    let arguments =
        unsafe { Args::new(std::slice::from_raw_parts_mut(fiber.base.add(word.a()), word.x()), linked.owned) };
    if let Tried::Done(value) = tries(&arguments) {
        fiber.pending = Pending::Early(value);
    }
}

/// The turn has come: the value is the result of the call.
pub(crate) fn take_early(fiber: &mut Fiber, value: Value) -> Go {
    let word = fiber.waiting_word();
    let linked = &fiber.program().natives[word.w()];
    let owned = linked.owned;
    if let NativeCall::Tries(_, fuel) = linked.call {
        fiber.charge(u64::from(fuel));
        fiber.cx().note_call(u64::from(fuel));
    }
    // SAFETY: as in `try_early`; the arguments have stayed where they were.
    unsafe { put_quick(fiber.base.add(word.a()), owned, value) };
    Go::On
}

/// A function that tries, in a branch in place, which pays for it. `Err`: it has to wait, or is called as others are.
fn try_in_place(fiber: &mut Fiber, arguments: &Args<'_>, tries: TryFn, fuel: u64) -> Result<Value, Option<Go>> {
    if !may_try(fiber, arguments, fuel) {
        return Err(None);
    }
    match tries(arguments) {
        Tried::Done(value) => {
            fiber.charge_call(fuel);
            Ok(value)
        }
        Tried::Wait(source, attempt) => Err(wait_to_try(fiber, source, attempt)),
        Tried::WrongType => Err(None),
    }
}

/// Waits in the body of a timeout in place until the source has risen, if the fiber may; then the function is called
/// again.
#[inline(never)]
fn wait_to_try(fiber: &mut Fiber, source: IoSource, attempt: Attempt) -> Option<Go> {
    let deadline_ns = match fiber.limit_in_place()? {
        TimeLeft::None => return Some(fiber.end_late(Pending::Again)),
        TimeLeft::Until(deadline_ns) => deadline_ns,
    };
    NativeCx { fiber, needs: None }.retry_when_ready(source, attempt);
    if matches!(fiber.pending, Pending::Again) {
        fiber.cx().limit_wait(deadline_ns);
    }
    Some(wait_again(fiber))
}

/// Can the fiber pay for a call of the system, and is that short?
#[inline(always)]
fn may_try(fiber: &Fiber, arguments: &Args<'_>, fuel: u64) -> bool {
    let is_short = |argument: &Value| argument.as_list().is_none_or(|list| list.len() <= SHORT);
    fiber.affords_call(fuel) && arguments.values().iter().all(is_short)
}

/// Elements of a list that a call of the system is given without a look at limits.
const SHORT: usize = 1 << 16;

/// As `quick`, of a function of the host. A fault of it is left for `full`.
#[inline(always)]
unsafe fn host_quick(regs: &mut Regs, word: Word, linked: &LinkedNative, function: &HostFn) -> bool {
    let Some(quick) = &function.quick else { return false };
    // SAFETY: as in `quick`.
    unsafe {
        let first = regs.slot(word.a());
        match quick(std::slice::from_raw_parts(first.cast::<Value>(), word.x())) {
            Ok(value) => {
                put_quick(first, linked.owned, value);
                true
            }
            Err(fault) => {
                (*regs.fiber).pending = Pending::Faulted(fault.into());
                false
            }
        }
    }
}

/// What the quick form has left to be done, if anything.
fn after_quick(fiber: &mut Fiber, word: Word, owned: u32) -> Go {
    match std::mem::replace(&mut fiber.pending, Pending::Nothing) {
        Pending::Tried(source, attempt) => {
            NativeCx { fiber, needs: None }.retry_when_ready(source, attempt);
            wait_again(fiber)
        }
        Pending::Faulted(fault) => {
            release_owned(fiber, word, owned);
            fiber.fault(fault)
        }
        _ => unreachable!("a fiber that runs waits for nothing"),
    }
}

/// The function is called again after the wait that was begun, or at once.
fn wait_again(fiber: &mut Fiber) -> Go {
    if matches!(fiber.pending, Pending::Again) {
        return Go::Wait;
    }
    fiber.pending = Pending::Nothing;
    fiber.pc = fiber.pc.wrapping_sub(1);
    Go::On
}

/// Others have their turns before a function that acts, if what came before has spent the slice: it may have taken
/// long, and somebody may be about to end the fiber for that.
#[cold]
fn open_without_fuel(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_branch() {
        return fiber.tick();
    }
    match fiber.interruption() {
        Some(signal) => {
            release_operands(fiber, word);
            fiber.raise(signal)
        }
        None => fiber.next_slice(),
    }
}

/// The full form.
pub(in crate::interp) fn full(fiber: &mut Fiber, word: Word) -> Go {
    let linked: *const LinkedNative = &fiber.program().natives[word.w()];
    // SAFETY: the program lives as long as the fiber's world, which no native function replaces.
    let linked = unsafe { &*linked };
    let (owned, acts) = (linked.owned, linked.acts);
    if !matches!(fiber.pending, Pending::Nothing) {
        return after_quick(fiber, word, owned);
    }
    if acts && fiber.fuel_left() == 0 && fiber.is_running() {
        return open_without_fuel(fiber, word);
    }
    if fiber.has_branch() {
        if acts && let Some(go) = act_in_place(fiber, word, linked) {
            return go;
        }
        // What takes long is no step of what is to be short, nor of a side of `par` or `race`: the other one waits.
        if acts || fiber.has_short_branch() || fiber.has_side_in_place() && has_large_argument(fiber, word) {
            return move_out(fiber);
        }
    } else if fiber.cx().is_stepped() {
        if let Some(go) = open_stepped(fiber, word, acts) {
            return go;
        }
    } else if fiber.sees_cancel_unstepped() {
        return super::fiber::stop(fiber, word);
    }
    if let Some(length) = endless_list(fiber, word) {
        release_operands(fiber, word);
        _ = fiber.may_make(Limit::Memory, length as u64 * size_of::<Value>() as u64);
        return fiber.fault(format!("a list of {length} elements is too long to be gone through"));
    }
    let begun_ns = begin_native(fiber, acts);
    let regs = fiber.load();
    // SAFETY: see `ops/mod.rs`; natives do not touch the fiber's registers otherwise.
    let mut arguments = unsafe {
        let slots = std::slice::from_raw_parts_mut(regs.base.add(word.a()), word.x());
        Args::new(slots, owned)
    };
    let result = match fiber.is_guarded {
        false => linked.call.run(fiber, &mut arguments),
        true => call_guarded(&linked.call, fiber, word, &mut arguments),
    };
    end_native(fiber, begun_ns);
    patience::run_until(u64::MAX);
    if fiber.fuel_left() == 0 && matches!(result, NativeResult::Done(_)) && fiber.is_running() {
        // It did much, as it says, or it came at the end of a slice.
        let place = fiber.place();
        fiber.cx().took_long(place);
    }
    match result {
        NativeResult::Done(value) => {
            release_owned(fiber, word, owned);
            if patience::is_stopped() {
                drop(value);
                return fiber.fault(patience::STOPPED_EARLY);
            }
            fiber.set_result(word, value);
            Go::On
        }
        NativeResult::Failed(error) => {
            release_owned(fiber, word, owned);
            fiber.raise(Signal::Failure(error.into()))
        }
        NativeResult::Fault(message) => {
            release_owned(fiber, word, owned);
            fiber.fault(message)
        }
        NativeResult::Wait => match fiber.pending {
            Pending::Again | Pending::AgainNow => wait_again(fiber),
            Pending::Nothing => fiber.fault("a native function waits for nothing"),
            _ => {
                release_owned(fiber, word, owned);
                Go::Wait
            }
        },
    }
}

/// Acts in a branch in place, if it is that simple, and need not wait, or may wait there: the branch stays where it is.
fn act_in_place(fiber: &mut Fiber, word: Word, linked: &LinkedNative) -> Option<Go> {
    if !fiber.may_act() {
        return None;
    }
    let regs = fiber.load();
    // SAFETY: as in `quick`.
    unsafe {
        let first = regs.slot(word.a());
        let mut arguments = Args::new(std::slice::from_raw_parts_mut(first, word.x()), linked.owned);
        let value = match (linked.quick, &linked.call) {
            (Some(quick), _) => quick(&mut arguments)?,
            // Items of a list that make a call of the system each are worth sharing.
            (None, NativeCall::Tries(tries, fuel)) if !fiber.has_short_branch() => {
                match try_in_place(fiber, &arguments, *tries, u64::from(*fuel)) {
                    Ok(value) => value,
                    Err(go) => return go,
                }
            }
            _ => return None,
        };
        put_quick(first, linked.owned, value);
        Some(Go::On)
    }
}

/// As `poll` of other instructions, where steps are looked at. What acts others may notice.
#[cold]
fn open_stepped(fiber: &mut Fiber, word: Word, acts: bool) -> Option<Go> {
    if acts {
        let place = fiber.place();
        if let Some(go) = make_way(fiber, place) {
            return Some(go);
        }
    }
    fiber.sees_cancel().then(|| super::fiber::stop(fiber, word))
}

/// A native function whose arguments may be of other types than it expects: if it panics then, that is a fault. What it
/// has taken of them is `Unit` by then.
fn call_guarded(function: &NativeCall, fiber: &mut Fiber, word: Word, arguments: &mut Args<'_>) -> NativeResult {
    let call = || function.run(fiber, arguments);
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).unwrap_or_else(|_| {
        fiber.pending = Pending::Nothing;
        let name = &fiber.program().module().natives[word.w()].name;
        NativeResult::Fault(format!("'{name}' was given values of other types"))
    })
}

/// Elements of a list or map that are worth a fiber: to go through them takes some microseconds at least (arbitrary).
const LARGE: usize = 4096;

/// Whether a native function may have much to go through.
fn has_large_argument(fiber: &Fiber, word: Word) -> bool {
    (0..word.x()).any(|index| {
        // SAFETY: see `ops/mod.rs`: the arguments are tagged.
        let argument = unsafe { Slot::as_value(fiber.base.add(word.a() + index)) };
        argument.as_list().map_or(0, List::len).max(argument.as_map().map_or(0, Map::len)) >= LARGE
    })
}

/// Elements of the longest list that a native function is given, of 4 GiB (arbitrary).
const LONGEST: usize = 1 << 28;

/// The length of an argument that is a list which only its shared parts make so long: whoever works through it would
/// not end, or take all memory.
#[inline]
fn endless_list(fiber: &Fiber, word: Word) -> Option<usize> {
    (0..word.x()).find_map(|index| {
        // SAFETY: see `ops/mod.rs`: the arguments are tagged.
        let argument = unsafe { Slot::as_value(fiber.base.add(word.a() + index)) };
        let length = argument.payload::<List>()?.len();
        let is_endless = length > LONGEST || length as u64 > fiber.memory_limit() / size_of::<Value>() as u64;
        is_endless.then_some(length)
    })
}

/// When a native function begins whose time is the host's, if somebody counts it.
#[inline]
fn begin_native(fiber: &mut Fiber, acts: bool) -> Option<u64> {
    (acts && fiber.is_limited()).then(|| fiber.cx().now_ns())
}

/// A native function has ended: counts its time, and looks whether it has made too much.
#[inline]
fn end_native(fiber: &mut Fiber, begun_ns: Option<u64>) {
    if let Some(begun_ns) = begun_ns {
        let ns = fiber.cx().now_ns() - begun_ns;
        fiber.world.account.iter().for_each(|account| account.add_host_time(ns));
    }
    fiber.note_made();
}

/// Releases the arguments of a native call that are its own; those that it took are `Unit` by now.
fn release_owned(fiber: &mut Fiber, word: Word, owned: u32) {
    let mut left = owned;
    while left != 0 {
        let index = left.trailing_zeros() as usize;
        left &= left - 1;
        // SAFETY: `owned` has bits for the instruction's arguments only (V18), which are tagged.
        drop(unsafe { (*fiber.base.add(word.a() + index)).into_value() });
    }
}
