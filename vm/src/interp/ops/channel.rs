//! Channels. Values are marked as shared when they are sent (`object/shared.rs`), never copied.

use aivi_bytecode::module::well_known;
use aivi_scheduler::{Channel, Place, Recv, Send, TryRecv, TrySend};

use super::fiber::checkpoint;
use super::operand::borrowed;
use super::received::{Wanted, deliver_message};
use super::{Go, Regs, Word};
use crate::account::{Limit, meter};
use crate::fiber::{Fiber, Pending, Receiver, Sender, Strand, TimeLeft, closed};
use crate::object::Shared;
use crate::value::Value;

/// Fuel that a send costs when receivers are behind: so a slice sends a hundred messages, and a receiver takes some
/// thousands in its own. Senders on other workers, or alone, hardly notice: a slice that ends costs as much as two
/// messages.
const CROWDED: u64 = 32;

fn put_pair(fiber: &mut Fiber, word: Word, channel: Channel<Strand>) -> Go {
    let ends = Value::pair(Value::payload_of(Sender(channel.tx)), Value::payload_of(Receiver(channel.rx)));
    fiber.set_result(word, ends);
    Go::On
}

fn put(fiber: &mut Fiber, word: Word, value: Value) -> Go {
    fiber.set_result(word, value);
    Go::On
}

pub(in crate::interp) fn make(fiber: &mut Fiber, word: Word) -> Go {
    checkpoint!(fiber, word);
    let channel = fiber.cx().channel(usize::MAX);
    put_pair(fiber, word, channel)
}

pub(in crate::interp) fn bounded(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    // SAFETY: see `ops/mod.rs`.
    let capacity = unsafe { regs.int(word.b()) };
    match usize::try_from(capacity) {
        Ok(capacity) => {
            _ = fiber.may_make(Limit::Messages, capacity as u64);
            let channel = fiber.cx().channel(capacity);
            put_pair(fiber, word, channel)
        }
        Err(_) => fiber.fault("makeBounded expects capacity >= 0"),
    }
}

/// A sender pays for that receivers are behind.
fn charge_crowded(fiber: &mut Fiber) {
    let paid = CROWDED.min(fiber.fuel_left());
    fiber.charge(paid);
    fiber.cx().note_price(paid);
}

pub(super) fn fault_closed(fiber: &mut Fiber, closed_at: Place) -> Go {
    let program = fiber.program();
    let message = format!(
        "channel is closed: send at {}, closed at {}",
        program.describe(fiber.place()),
        program.describe(closed_at)
    );
    fiber.fault(message)
}

pub(in crate::interp) fn send(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_branch()
        && let Some(go) = send_in_place(fiber, word)
    {
        return go;
    }
    let regs = checkpoint!(fiber, word);
    let sender = borrowed!(regs, word.b(), Sender);
    // SAFETY: see `ops/mod.rs`; the value is taken.
    let value = unsafe { regs.take(word.c()) }.share();
    match fiber.cx().send(&sender.0, value) {
        Send::Done => {
            fiber.note_made();
            put(fiber, word, Value::unit())
        }
        Send::Crowded => {
            charge_crowded(fiber);
            fiber.note_made();
            put(fiber, word, Value::unit())
        }
        Send::Closed { closed_at, .. } => fault_closed(fiber, closed_at),
        Send::Wait => {
            fiber.wait_for(Pending::Unit);
            Go::Wait
        }
    }
}

/// Sends in a branch in place, if it need not wait, or may wait there: the branch stays where it is.
#[inline(never)]
fn send_in_place(fiber: &mut Fiber, word: Word) -> Option<Go> {
    if !fiber.may_act() {
        return None;
    }
    let regs = fiber.load();
    let sender = borrowed!(regs, word.b(), Sender);
    // SAFETY: see `ops/mod.rs`; the value is taken.
    let value = unsafe { regs.take(word.c()) }.share();
    let (value, is_closed) = match fiber.cx().try_send(&sender.0, value) {
        TrySend::Done => {
            fiber.note_made();
            return Some(put(fiber, word, Value::unit()));
        }
        TrySend::Full(value) => (value, false),
        TrySend::Closed { value, .. } => (value, true),
    };
    let limit = if is_closed { None } else { fiber.limit_in_place() };
    if let Some(TimeLeft::Until(deadline_ns)) = limit {
        return Some(wait_to_send(fiber, word, sender, value, deadline_ns));
    }
    // SAFETY: as above; it is where it was.
    unsafe { regs.put(word.c(), value.into_value()) };
    limit.map(|_| fiber.end_late(Pending::Again))
}

/// Sends in the body of a timeout in place to a channel that had no room just now. The value is taken.
#[inline(never)]
fn wait_to_send(fiber: &mut Fiber, word: Word, sender: &Sender, value: Shared, deadline_ns: u64) -> Go {
    fiber.stand_in_place();
    let kept = value.clone();
    match fiber.cx().send(&sender.0, value) {
        Send::Done | Send::Crowded => {
            fiber.note_made();
            put(fiber, word, Value::unit())
        }
        Send::Closed { closed_at, .. } => fault_closed(fiber, closed_at),
        Send::Wait => fiber.wait_in_place(deadline_ns, Pending::SendOf(kept.into_value())),
    }
}

/// Whether nobody seems to wait for the message of a send.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn is_not_awaited(regs: &Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe { regs.value(word.b()) }.payload::<Sender>().is_some_and(|sender| !sender.0.is_awaited())
}

/// Whether the channel of a receive seems to have messages in its buffer.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn is_buffered(regs: &Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe { regs.value(word.b()) }.payload::<Receiver>().is_some_and(|receiver| receiver.0.is_buffered())
}

/// The usual case of `send` where nobody seems to wait: into the buffer.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn send_at_hand(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe { to_buffer(regs, word, |_| Value::unit()) }
}

/// The same of a send that gives a `Result`.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn send_result_at_hand(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe { to_buffer(regs, word, |fiber| fiber.program().sent()) }
}

/// The usual case of `send` where somebody seems to wait: the message goes to that task.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn hand_at_hand(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe { to_receiver(regs, word, |_| Value::unit()) }
}

/// The same of a send that gives a `Result`.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn hand_result_at_hand(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: promised by the caller.
    unsafe { to_receiver(regs, word, |fiber| fiber.program().sent()) }
}

/// Puts the message of a send into the buffer, and what `result` says into its register.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
unsafe fn to_buffer(regs: &mut Regs, word: Word, result: impl FnOnce(&Fiber) -> Value) -> bool {
    // SAFETY: the handler's fiber; the rest promised by the caller.
    unsafe {
        let Some((sender, value)) = simply_sent(regs, word) else { return false };
        let sent = (*regs.fiber).cx().send_at_hand(sender, value);
        if let Ok(true) = sent {
            // Of the piece: what is not there any more is not missed.
            let paid = CROWDED.min(regs.fuel);
            regs.fuel -= paid;
            (*regs.fiber).cx().note_price(paid);
        }
        put_sent(regs, word, sent.map(drop), result)
    }
}

/// Gives it to the task that waits for it.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
unsafe fn to_receiver(regs: &mut Regs, word: Word, result: impl FnOnce(&Fiber) -> Value) -> bool {
    // SAFETY: the handler's fiber; the rest promised by the caller.
    unsafe {
        let Some((sender, value)) = simply_sent(regs, word) else { return false };
        let sent = (*regs.fiber).cx().hand_at_hand(sender, value);
        put_sent(regs, word, sent, result)
    }
}

/// What a send would send, and where, if nothing else has to know of it. The value is still its register's: it is to be
/// given to `put_sent`.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
unsafe fn simply_sent<'a>(regs: &Regs, word: Word) -> Option<(&'a aivi_scheduler::Sender<Strand>, Shared)> {
    // SAFETY: the handler's fiber; nothing moves registers before `put_sent`.
    unsafe {
        let sender = regs.value(word.b()).payload::<Sender>()?;
        let fiber = &mut *regs.fiber;
        if fiber.has_branch() || meter::is_due() || !fiber.cx().is_undisturbed() {
            return None;
        }
        let value = Shared::at_hand(regs.take(word.c())).map_err(std::mem::forget).ok()?;
        Some((&sender.0, value))
    }
}

/// The end of such a send: true if it was done. The value stays where it was if not.
///
/// # Safety
/// See `ops/mod.rs`; the value is what `simply_sent` has given.
#[inline(always)]
unsafe fn put_sent(
    regs: &mut Regs,
    word: Word,
    sent: Result<(), Shared>,
    result: impl FnOnce(&Fiber) -> Value,
) -> bool {
    if let Err(value) = sent {
        std::mem::forget(value);
        return false;
    }
    // SAFETY: the value is gone from its register; the rest promised by the caller.
    unsafe { regs.put(word.a(), result(&*regs.fiber)) };
    true
}

pub(in crate::interp) fn send_result(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    let sender = borrowed!(regs, word.b(), Sender);
    // SAFETY: see `ops/mod.rs`; the value is taken.
    let value = unsafe { regs.take(word.c()) }.share();
    match fiber.cx().send(&sender.0, value) {
        Send::Done => {
            fiber.note_made();
            put(fiber, word, fiber.program().sent())
        }
        Send::Crowded => {
            charge_crowded(fiber);
            fiber.note_made();
            put(fiber, word, fiber.program().sent())
        }
        Send::Closed { .. } => put(fiber, word, closed()),
        Send::Wait => {
            fiber.wait_for(Pending::SendResult);
            Go::Wait
        }
    }
}

pub(in crate::interp) fn recv(fiber: &mut Fiber, word: Word) -> Go {
    if fiber.has_branch()
        && let Some(go) = recv_in_place(fiber, word)
    {
        return go;
    }
    let regs = checkpoint!(fiber, word);
    let receiver = borrowed!(regs, word.b(), Receiver);
    if let Some(message) = recv_of_next(fiber, receiver) {
        return deliver_message(fiber, word, message.into_value());
    }
    match fiber.cx().recv(&receiver.0) {
        Recv::Value(value) => deliver_message(fiber, word, value.into_value()),
        Recv::Closed => put(fiber, word, closed()),
        Recv::Wait => {
            fiber.wait_for(Pending::Message);
            Go::Wait
        }
    }
}

/// Receives in a branch in place, if it need not wait, or may wait there: the branch stays where it is.
#[inline(never)]
fn recv_in_place(fiber: &mut Fiber, word: Word) -> Option<Go> {
    if !fiber.may_act() {
        return None;
    }
    let regs = fiber.load();
    let receiver = borrowed!(regs, word.b(), Receiver);
    match fiber.cx().try_recv(&receiver.0) {
        TryRecv::Value(value) => Some(deliver_message(fiber, word, value.into_value())),
        TryRecv::Closed => Some(put(fiber, word, closed())),
        TryRecv::Empty => match fiber.limit_in_place()? {
            TimeLeft::None => Some(fiber.end_late(Pending::Message)),
            TimeLeft::Until(deadline_ns) => Some(wait_to_recv(fiber, word, receiver, deadline_ns)),
        },
    }
}

/// Receives in the body of a timeout in place, for which there was no message just now.
#[inline(never)]
fn wait_to_recv(fiber: &mut Fiber, word: Word, receiver: &Receiver, deadline_ns: u64) -> Go {
    fiber.stand_in_place();
    if let Some(message) = recv_of_next(fiber, receiver) {
        return deliver_message(fiber, word, message.into_value());
    }
    match fiber.cx().recv(&receiver.0) {
        Recv::Value(value) => deliver_message(fiber, word, value.into_value()),
        Recv::Closed => put(fiber, word, closed()),
        Recv::Wait => fiber.wait_in_place(deadline_ns, Pending::Message),
    }
}

/// The message that the fiber sends which would run next. It has its turn before this one waits, if such waits were
/// worth it.
#[inline(always)]
fn recv_of_next(fiber: &mut Fiber, receiver: &Receiver) -> Option<Shared> {
    if receiver.0.is_buffered() || !fiber.lends() {
        return None;
    }
    fiber.lend_turn(None);
    let message = if fiber.cx().is_undisturbed() { fiber.cx().recv_at_hand(&receiver.0) } else { None };
    fiber.note_lent(message.is_some());
    message
}

/// The usual case of `recv` where messages stand in the buffer: the first of them goes to where it is wanted.
///
/// # Safety
/// See `ops/mod.rs`.
#[inline(always)]
pub(in crate::interp) unsafe fn recv_at_hand(regs: &mut Regs, word: Word) -> bool {
    // SAFETY: the handler's fiber; the rest as in `deliver_message`.
    unsafe {
        let Some(receiver) = regs.value(word.b()).payload::<Receiver>() else { return false };
        let fiber = &mut *regs.fiber;
        if fiber.has_branch() || !fiber.cx().is_undisturbed() {
            return false;
        }
        let Some(wanted) = Wanted::of(word) else { return false };
        let Some(message) = fiber.cx().recv_at_hand(&receiver.0) else { return false };
        regs.put(wanted.register, message.into_value());
        regs.pc = wanted.behind(regs.pc);
        true
    }
}

pub(in crate::interp) fn close(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    let sender = borrowed!(regs, word.b(), Sender);
    fiber.cx().close(&sender.0);
    put(fiber, word, Value::unit())
}

pub(in crate::interp) fn try_send(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    let sender = borrowed!(regs, word.b(), Sender);
    // SAFETY: see `ops/mod.rs`; the value is taken.
    let value = unsafe { regs.take(word.c()) }.share();
    let result = match fiber.cx().try_send(&sender.0, value) {
        TrySend::Done => {
            fiber.note_made();
            fiber.program().sent()
        }
        TrySend::Full(_) => Value::err(Value::nullary(well_known::FULL, 0)),
        TrySend::Closed { .. } => Value::err(Value::nullary(well_known::SENDER_CLOSED, 1)),
    };
    put(fiber, word, result)
}

pub(in crate::interp) fn try_recv(fiber: &mut Fiber, word: Word) -> Go {
    let regs = checkpoint!(fiber, word);
    let receiver = borrowed!(regs, word.b(), Receiver);
    let result = match fiber.cx().try_recv(&receiver.0) {
        TryRecv::Value(value) => Value::ok(value.into_value()),
        TryRecv::Empty => Value::err(Value::nullary(well_known::EMPTY, 0)),
        TryRecv::Closed => Value::err(Value::nullary(well_known::RECEIVER_CLOSED, 1)),
    };
    put(fiber, word, result)
}
