//! Unwinding: a signal looks for a handler, frame by frame. What a frame owns is in its proto's `drops`.

use aivi_bytecode::Reg;
use aivi_bytecode::module::{Handler, HandlerKind, Proto};
use aivi_scheduler::Outcome;

use super::{Exit, Word, release_operands};
use crate::backtrace::Backtrace;
use crate::fiber::{Fiber, FrameKind, Pending, Signal};
use crate::program::ProtoCode;
use crate::shutdown::Why;

/// Unwinds with `fiber.signal`: to a handler, a cleanup, or the end of the fiber.
pub(super) fn unwind(fiber: &mut Fiber) -> Option<Exit> {
    let Some(mut signal) = fiber.signal.take() else { unreachable!("who says `Raise` sets the signal") };
    loop {
        // SAFETY: F1: the top frame; a proto lives as long as the program.
        let (kind, code) = unsafe { ((*fiber.frame).kind(), (*fiber.frame).proto.as_ref()) };
        if let Some(code) = code {
            let world = fiber.world.pointer();
            let proto = world.program.proto(code);
            // SAFETY: F3.
            let at = unsafe { (*fiber.frame).index(fiber.pc) };
            match handle(fiber, proto, at, signal) {
                None => return None,
                Some(unhandled) => signal = unhandled,
            }
        } else {
            match kind {
                Some(FrameKind::RootEnd) | None => {
                    end(fiber, signal);
                    return Some(Exit::Ended);
                }
                Some(FrameKind::CleanupEnd) => {
                    fiber.warn_cleanup(signal);
                    fiber.unmask();
                    fiber.pop();
                    return None;
                }
                Some(FrameKind::GlobalEnd) => abandon_global(fiber),
                Some(FrameKind::ApplyRest) => release_rest(fiber),
                Some(FrameKind::RunResult) => {}
                Some(FrameKind::Branch) => {
                    signal = fiber.fail_branch(signal)?;
                    continue;
                }
            }
        }
        fiber.pop();
    }
}

/// Goes on at a handler of the top frame, if one catches the signal at instruction `at`; else releases what the frame
/// owns.
fn handle(fiber: &mut Fiber, proto: &Proto, at: u32, mut signal: Signal) -> Option<Signal> {
    let catches = |kind: HandlerKind| match kind {
        HandlerKind::Failure(_) => matches!(signal, Signal::Failure(_)),
        HandlerKind::Cleanup => true,
    };
    let found = proto.handlers.iter().find(|handler| handler.start <= at && at < handler.end && catches(handler.kind));
    let keep = found.map_or(&[][..], |handler| &handler.keep);
    release(fiber, owned(proto, at), keep);
    if let Signal::Failure(failure) = &mut signal
        && !matches!(found, Some(Handler { kind: HandlerKind::Failure(_), .. }))
    {
        // SAFETY: F1, F3: the top frame has a proto, as our caller saw.
        failure.left(unsafe { (*fiber.frame).place(fiber.pc) }, fiber.depth());
    }
    let Some(handler) = found else { return Some(signal) };
    // SAFETY: F1: the top frame is one of a proto.
    fiber.pc = unsafe { (*(*fiber.frame).proto).code }.wrapping_add(handler.target as usize);
    match (handler.kind, signal) {
        (HandlerKind::Failure(reg), Signal::Failure(failure)) => {
            let regs = fiber.load();
            // SAFETY: the verifier bounded the register; it owns nothing, or it was released above.
            unsafe { regs.put(usize::from(reg.0), failure.into_error()) }
        }
        (_, signal) => {
            if let Some(why) = ends_call(fiber, &signal) {
                fiber.begin_shutdown(why);
            }
            fiber.in_flight.push(signal);
        }
    }
    None
}

/// Will the signal, for which a cleanup is about to run, end the call? That is so for an error of its first fiber that
/// nothing catches.
fn ends_call(fiber: &Fiber, signal: &Signal) -> Option<Why> {
    let catches = |(code, at): (&ProtoCode, u32)| {
        let covers = |handler: &&Handler| handler.start <= at && at < handler.end;
        let mut handlers = fiber.program().proto(code).handlers.iter().filter(covers);
        handlers.any(|handler| matches!(handler.kind, HandlerKind::Failure(_)))
    };
    match signal {
        _ if !fiber.is_root() || fiber.is_masked() => None,
        Signal::Fault(_) => Some(Why::Fault),
        Signal::Failure(_) => (!fiber.activations().any(catches)).then_some(Why::Failure),
        Signal::Cancel(_) => None,
    }
}

/// Takes the top frame off, which is one of a proto, with what it owns.
pub(crate) fn leave(fiber: &mut Fiber) {
    // SAFETY: F1, F3; the caller says that the frame has a proto.
    let (code, at) = unsafe { (&*(*fiber.frame).proto, (*fiber.frame).index(fiber.pc)) };
    let world = fiber.world.pointer();
    release(fiber, owned(world.program.proto(code), at), &[]);
    fiber.pop();
}

/// The registers that own values at instruction `at`.
pub(crate) fn owned(proto: &Proto, at: u32) -> &[Reg] {
    match proto.drops.binary_search_by_key(&at, |drops| drops.pc) {
        Ok(index) => &proto.drops[index].registers,
        Err(_) => &[],
    }
}

fn release(fiber: &mut Fiber, registers: &[Reg], keep: &[Reg]) {
    let regs = fiber.load();
    for register in registers.iter().filter(|register| !keep.contains(register)) {
        // SAFETY: `drops` says that the register holds a tagged value that the frame owns.
        drop(unsafe { regs.take(usize::from(register.0)) });
    }
}

fn abandon_global(fiber: &mut Fiber) {
    // SAFETY: F1.
    let global = unsafe { (*fiber.frame).aux };
    let program = fiber.program();
    let latch = program.globals[global].abandon(&program.waits, fiber.world.runtime());
    if let Some(latch) = latch
        && fiber.is_running()
    {
        fiber.cx().open_latch(&latch);
    }
}

fn release_rest(fiber: &mut Fiber) {
    // SAFETY: F1; an `ApplyRest` frame owns R[1] ..= R[aux].
    unsafe {
        for index in 1..=(*fiber.frame).aux {
            drop((*fiber.base.add(index)).into_value());
        }
    }
}

fn end(fiber: &mut Fiber, signal: Signal) {
    fiber.in_flight.clear();
    if fiber.is_root() {
        fiber.begin_shutdown(match signal {
            Signal::Failure(_) => Why::Failure,
            Signal::Fault(_) => Why::Fault,
            Signal::Cancel(_) => Why::End,
        });
    }
    fiber.outcome = Some(match signal {
        Signal::Failure(mut failure) => match fiber.program_is_ending() {
            Some(reason) => Outcome::Cancelled(reason),
            None => {
                failure.ended(fiber.started_at());
                note_end(fiber, failure.trace());
                Outcome::Failed(failure.pack())
            }
        },
        Signal::Fault(fault) => {
            let fault = fault.ended(fiber.started_at());
            note_end(fiber, Some(fault.trace()));
            Outcome::Faulted(fault)
        }
        Signal::Cancel(reason) => Outcome::Cancelled(reason),
    });
}

/// Tells the scheduler where the error happened that ends the fiber.
fn note_end(fiber: &mut Fiber, trace: Option<&Backtrace>) {
    if let Some(place) = trace.and_then(Backtrace::place)
        && fiber.is_running()
    {
        fiber.cx().set_place(place);
    }
}

/// Releases what the frames of a fiber that will not run again own, without cleanups.
pub(crate) fn abandon(fiber: &mut Fiber) {
    fiber.in_flight.clear();
    abandon_above(fiber, 0);
}

/// The same of the frames above this one, which goes on in another way.
pub(crate) fn abandon_above(fiber: &mut Fiber, depth: usize) {
    let pending = std::mem::replace(&mut fiber.pending, Pending::Nothing);
    if matches!(pending, Pending::Nothing) {
        // It yielded before an instruction that was to run again.
        fiber.pc = fiber.pc.wrapping_add(1);
    }
    if matches!(pending, Pending::Nothing | Pending::Again | Pending::Early(_)) {
        // SAFETY: F3; only instructions of protos yield, or wait to run again.
        let word = unsafe { Word::at(fiber.pc.sub(1)) };
        release_operands(fiber, word);
    }
    while fiber.depth() > depth {
        // SAFETY: F1.
        let (kind, code) = unsafe { ((*fiber.frame).kind(), (*fiber.frame).proto.as_ref()) };
        match (kind, code) {
            (_, Some(code)) => {
                let world = fiber.world.pointer();
                let proto = world.program.proto(code);
                // SAFETY: F3.
                let at = unsafe { (*fiber.frame).index(fiber.pc) };
                release(fiber, owned(proto, at), &[]);
            }
            (Some(FrameKind::RootEnd), _) | (None, None) => return,
            (Some(FrameKind::GlobalEnd), _) => abandon_global(fiber),
            (Some(FrameKind::ApplyRest), _) => release_rest(fiber),
            (Some(FrameKind::RunResult | FrameKind::CleanupEnd), _) => {}
            (Some(FrameKind::Branch), _) => fiber.leave_branch(),
        }
        fiber.pop();
    }
}
