//! Cleanups: the mask that keeps requests to cancel from them, what is told of those that fail, and which ones are left
//! to be run.

use std::sync::Arc;

use aivi_bytecode::module::{Handler, HandlerKind, Proto};
use aivi_bytecode::{Instruction, Reg};
use aivi_scheduler::Place;

use super::start::effect_entry;
use super::{Fiber, Signal};
use crate::account::Account;
use crate::backtrace::Backtrace;
use crate::value::{Slot, Value};

/// Bytes of the error of a failed cleanup that are shown: its parts may be shared, and endless as text (arbitrary).
const WARNING_MAX: usize = 1 << 16;

impl Fiber {
    /// From here to the matching `unmask` cancellation is not noticed: a cleanup begins, which runs this effect.
    pub(crate) fn mask(&mut self, effect: &Value) {
        self.masks += 1;
        if self.masks == 1 {
            self.cx().set_masked(true);
            if self.world.call().shutdown.has_begun() {
                let place = effect_entry(effect, &self.world.program);
                let now_ns = self.cx().now_ns();
                self.world.call().shutdown.cleanup_begins(self.key(), place, now_ns);
            }
        }
        if self.cx().is_observed() {
            let place = self.place();
            self.cx().note_cleanup(Some(place));
        }
    }

    /// Whether a cleanup runs.
    pub(crate) fn is_masked(&self) -> bool {
        self.masks > 0
    }

    /// It is cancelled or runs a cleanup.
    #[inline]
    pub(super) fn is_ending(&self) -> bool {
        self.masks > 0 || self.is_cancelling
    }

    /// Ends `mask`.
    pub(crate) fn unmask(&mut self) {
        self.masks -= 1;
        if self.masks == 0 {
            self.cx().set_masked(false);
            if self.world.call().shutdown.has_begun() {
                let (place, now_ns) = (self.place(), self.cx().now_ns());
                self.world.call().shutdown.cleanup_ends(self.key(), place, now_ns);
            }
        }
        self.cx().note_cleanup(None);
    }

    /// A cleanup that this fiber runs is that of another one from here on, which has its frames.
    pub(super) fn hand_mask_over(&mut self, other: &mut Fiber) {
        if self.masks == 0 {
            return;
        }
        other.masks = std::mem::take(&mut self.masks);
        self.cx().set_masked(false);
        if self.world.call().shutdown.has_begun() {
            self.world.call().shutdown.cleanup_moves(self.key(), other.key());
        }
    }

    /// What `Shutdown` calls it: it does not move once it has begun to run.
    fn key(&self) -> usize {
        std::ptr::from_ref(self).addr()
    }

    /// Tells the host what no one will see otherwise.
    pub(crate) fn warn_cleanup(&mut self, signal: Signal) {
        let program = &self.world.program;
        let place = |trace: Option<&Backtrace>| {
            let place = trace.and_then(|trace| trace.origin(program));
            place.map_or_else(String::new, |place| format!(" at {}", program.describe(place)))
        };
        let what = match signal {
            Signal::Failure(failure) => {
                let error = crate::structural::to_short_text(failure.error(), program.shapes(), WARNING_MAX);
                error + &place(failure.trace())
            }
            Signal::Fault(fault) => fault.message().to_owned() + &place(Some(fault.trace())),
            Signal::Cancel(reason) => reason.kind.to_string(),
        };
        self.world.host.warn(&format!("cleanup failed: {what}"));
        if self.world.call().shutdown.has_begun() && self.masks == 1 {
            self.world.call().shutdown.cleanup_fails(self.key(), self.place(), &what);
        }
    }

    /// Notes the cleanups that are not run to their end.
    pub(super) fn tell_skipped(&self) {
        let place = self.is_masked().then(|| self.place_at(self.frame, self.stopped_pc()));
        let skipped = self.pending_cleanups();
        let shutdown = &self.world.call().shutdown;
        let count = skipped.len() + usize::from(place.is_some());
        let of_scope = |account: &Arc<Account>| !shutdown.has_begun() && account.skip(count);
        if !self.world.account.as_ref().is_some_and(of_scope) {
            shutdown.given_up(self.key(), place, skipped);
        }
    }

    /// Where the cleanups begin that unwinding would lead to, the first one first; for a fiber that does not run.
    pub(super) fn pending_cleanups(&self) -> Vec<Place> {
        let mut places = Vec::new();
        let (mut frame, mut base) = (self.frame, self.base);
        let mut pc = self.stopped_pc();
        while !frame.is_null() && frame > self.frames.start() {
            // SAFETY: F1, F3. A register whose cleanup is to be run holds its effect: the handler keeps it, and a
            // cleanup that runs does not own those behind it.
            unsafe {
                if let Some(code) = (*frame).proto.as_ref() {
                    let effects = cleanups_at(self.world.program.proto(code), (*frame).index(pc));
                    let function = |effect: Reg| Slot::as_value(base.add(usize::from(effect.0))).as_function();
                    let place = |effect| Some(self.world.program.entry_of(function(effect)?.proto()));
                    places.extend(effects.filter_map(place));
                }
                base = base.byte_sub((*frame).bytes);
                frame = frame.sub(1);
                pc = (*frame).pc;
            }
        }
        places
    }
}

/// The registers of the cleanups that follow when instruction `at` is cancelled, or when the cleanup there is over.
fn cleanups_at(proto: &Proto, at: u32) -> impl Iterator<Item = Reg> {
    let effect = |index: usize| match Instruction::decode(*proto.code.get(index)?) {
        Some(Instruction::Cleanup { effect, .. }) => Some(effect),
        _ => None,
    };
    let handler = cleanup_at(proto, at).map(|handler| handler.target as usize);
    let first = handler.or_else(|| effect(at as usize).map(|_| at as usize + 1)).unwrap_or(proto.code.len());
    (first..).map_while(effect)
}

/// Whether a cleanup would run if instruction `at`, which is none, were cancelled.
pub(super) fn has_cleanup(proto: &Proto, at: u32) -> bool {
    cleanup_at(proto, at).is_some()
}

fn cleanup_at(proto: &Proto, at: u32) -> Option<&Handler> {
    let covers = |handler: &&Handler| handler.kind == HandlerKind::Cleanup && handler.start <= at && at < handler.end;
    proto.handlers.iter().find(covers)
}
