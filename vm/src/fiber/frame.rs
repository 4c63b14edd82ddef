//! Frames: where calls return to. They stand beside the registers, since a return that had to load its pc from the
//! window would wait for one load after the other (findings, section 6).

use aivi_scheduler::Place;

use crate::interp::internal;
use crate::program::ProtoCode;
use crate::value::Slot;

/// One activation.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Frame {
    /// Where it goes on when the call above it returns; see F3.
    pub(crate) pc: *const u64,
    /// Its proto; null for the machine's own frames.
    pub(crate) proto: *const ProtoCode,
    /// How many bytes its window is above that of the frame below.
    pub(crate) bytes: usize,
    /// Of the machine's own frames: see `FrameKind`.
    pub(crate) aux: usize,
}

const _: () = assert!(size_of::<Frame>() == 32);

/// A frame of a fiber that is put away, in a third of the memory: its proto by its number, where it goes on by the
/// number of an instruction.
#[derive(Clone, Copy)]
pub(super) struct SmallFrame {
    /// [`SmallFrame::OWN`] for the machine's own.
    proto: u32,
    /// The instruction before `pc`; of the machine's own the kind.
    at: u32,
    delta: u16,
    aux: u16,
}

const _: () = assert!(size_of::<SmallFrame>() == 12);

/// The machine's own frames: what is to be done with the result of the call above them, which arrives where that call's
/// window began.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FrameKind {
    /// Apply it to the arguments in R[1] ..= R[aux]; it arrives behind them.
    ApplyRest,
    /// Run it; it arrives in R[0].
    RunResult,
    /// It is the value of global `aux`; it arrives in R[0].
    GlobalEnd,
    /// Drop it and end the mask; it arrives in R[0].
    CleanupEnd,
    /// It is the fiber's result; it arrives in R[0].
    RootEnd,
    /// It is the result of a branch in place, `aux` says of which (`branch.rs`); it arrives in R[2].
    Branch,
}

static WORDS: [u64; 6] = [
    internal::APPLY_REST as u64,
    internal::RUN_RESULT as u64,
    internal::GLOBAL_END as u64,
    internal::CLEANUP_END as u64,
    internal::ROOT_END as u64,
    internal::BRANCH_END as u64,
];

impl FrameKind {
    /// The word that runs when the call above returns.
    pub(crate) fn word(self) -> *const u64 {
        &WORDS[self as usize]
    }
}

impl SmallFrame {
    /// No proto has this number: so many would not fit into memory.
    const OWN: u32 = u32::MAX;

    /// Is there room for its numbers?
    pub(super) fn can_hold(frame: &Frame) -> bool {
        frame.delta().max(frame.aux) <= usize::from(u16::MAX)
    }

    /// What `frame` is, which can be held, where `pc` says where it goes on.
    ///
    /// # Safety
    /// Its proto is null or alive; if it has one, `pc` is one past an instruction of it.
    pub(super) unsafe fn of(frame: &Frame, pc: *const u64) -> SmallFrame {
        debug_assert!(SmallFrame::can_hold(frame));
        // SAFETY: promised by the caller.
        let (proto, at) = match unsafe { frame.proto.as_ref() } {
            // SAFETY: as above.
            Some(code) => (code.id.0, unsafe { frame.index(pc) }),
            None => (SmallFrame::OWN, frame.kind().map_or(0, |kind| kind as u32)),
        };
        SmallFrame { proto, at, delta: frame.delta() as u16, aux: frame.aux as u16 }
    }

    /// The frame.
    ///
    /// # Safety
    /// `protos` are those of the program whose frame it was.
    pub(super) unsafe fn frame(self, protos: *const ProtoCode) -> Frame {
        let (proto, pc) = if self.proto == SmallFrame::OWN {
            (std::ptr::null(), &raw const WORDS[self.at as usize])
        } else {
            // SAFETY: promised by the caller; `at` was an instruction, so there is a word behind it or the end of the
            // code.
            unsafe {
                let proto = protos.add(self.proto as usize);
                (proto, (*proto).code.add(self.at as usize + 1))
            }
        };
        Frame { pc, proto, bytes: usize::from(self.delta) * size_of::<Slot>(), aux: usize::from(self.aux) }
    }
}

impl Frame {
    /// One of the machine's own.
    pub(crate) fn internal(kind: FrameKind, delta: usize, aux: usize) -> Frame {
        Frame { pc: kind.word(), proto: std::ptr::null(), bytes: delta * size_of::<Slot>(), aux }
    }

    /// How many registers its window is above that of the frame below.
    pub(crate) fn delta(&self) -> usize {
        self.bytes / size_of::<Slot>()
    }

    /// Behind the last register of so many frames, counted from where the window of the one below them begins. That is
    /// what they need: the window of a caller may end behind that of the frame on top.
    ///
    /// # Safety
    /// So many frames are there (F1, F3), and their program lives.
    pub(super) unsafe fn windows_end(frames: *const Frame, count: usize) -> usize {
        let (mut base, mut end) = (0, 0);
        for index in 0..count {
            // SAFETY: promised by the caller.
            let frame = unsafe { &*frames.add(index) };
            base += frame.delta();
            // The machine's own frames have only what lies below the window of the frame above.
            // SAFETY: promised by the caller.
            if let Some(code) = unsafe { frame.proto.as_ref() } {
                end = end.max(base + code.registers());
            }
        }
        end
    }

    /// Which of the machine's own frames it is.
    pub(crate) fn kind(&self) -> Option<FrameKind> {
        const KINDS: [FrameKind; 6] = [
            FrameKind::ApplyRest,
            FrameKind::RunResult,
            FrameKind::GlobalEnd,
            FrameKind::CleanupEnd,
            FrameKind::RootEnd,
            FrameKind::Branch,
        ];
        let index = self.pc.addr().wrapping_sub(WORDS.as_ptr().addr()) / size_of::<u64>();
        if self.proto.is_null() { KINDS.get(index).copied() } else { None }
    }

    /// The place of the instruction before `pc`.
    ///
    /// # Safety
    /// `proto` is not null and alive, and `pc` one past an instruction of it.
    pub(crate) unsafe fn place(&self, pc: *const u64) -> Place {
        // SAFETY: promised by the caller.
        unsafe { Place(u64::from((*self.proto).place) << 32 | self.index(pc) as u64) }
    }

    /// Index of the instruction before `pc`.
    ///
    /// # Safety
    /// As for `place`.
    pub(crate) unsafe fn index(&self, pc: *const u64) -> u32 {
        // SAFETY: promised by the caller.
        unsafe { pc.offset_from((*self.proto).code) as u32 - 1 }
    }
}
