//! What a fiber that waits owns: for the search for fibers that wait for ever (`aivi_scheduler::Ledger`).
//!
//! It enters what its frames own, as the table `drops` says, and no more. Whatever else a fiber may hold (the signals
//! of cleanups, the error of a limit) is left out, and so counts as held by somebody else.

use aivi_scheduler::Ledger;

use super::{Fiber, Frame, FrameKind, Pending, Strand};
use crate::interp::owned;
use crate::object::references;
use crate::value::Slot;

impl Fiber {
    /// Enters the references that the frames own.
    pub(super) fn enter_held(&self, ledger: &mut Ledger<Strand>) {
        if self.frame.is_null() || matches!(self.pending, Pending::Nothing | Pending::Again | Pending::Early(_)) {
            // It has not begun, or its instruction has yet to take its operands.
            return;
        }
        if let Pending::Select(cases) = &self.pending {
            references::enter(cases, ledger);
        }
        let (mut frame, mut pc, mut base) = (self.frame, self.pc, self.base);
        loop {
            // SAFETY: F1, F3: frames from 0 up to `frame` are in use; a proto lives as long as the program.
            let top: Frame = unsafe { *frame };
            // SAFETY: as above.
            if let Some(code) = unsafe { top.proto.as_ref() } {
                // SAFETY: F3: it waits in a call or in the instruction that waits.
                let at = unsafe { top.index(pc) };
                for register in owned(self.program().proto(code), at) {
                    // SAFETY: `drops` says that the register holds a tagged value that the frame owns.
                    references::enter(unsafe { Slot::as_value(base.add(usize::from(register.0))) }, ledger);
                }
            } else {
                match top.kind() {
                    Some(FrameKind::RootEnd) | None => return,
                    Some(FrameKind::ApplyRest) => {
                        for index in 1..=top.aux {
                            // SAFETY: an `ApplyRest` frame owns R[1] ..= R[aux].
                            references::enter(unsafe { Slot::as_value(base.add(index)) }, ledger);
                        }
                    }
                    // Who waits in a branch in place sleeps or waits under a limit, and so not for ever.
                    Some(FrameKind::Branch | FrameKind::GlobalEnd | FrameKind::CleanupEnd | FrameKind::RunResult) => {}
                }
            }
            // SAFETY: F1: below every frame but the root's there is another one; `base` was moved up by `bytes`.
            unsafe {
                frame = frame.sub(1);
                base = base.byte_sub(top.bytes);
                pc = (*frame).pc;
            }
        }
    }
}
