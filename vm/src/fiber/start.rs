//! How a fiber begins.

use aivi_scheduler::Place;

use super::{Fiber, Frame, FrameKind, Items, NOWHERE, Pending, count_begun};
use crate::interp::{Go, RUN_IF_EFFECT, apply, run_effect, use_global};
use crate::object::Shared;
use crate::program::Program;
use crate::value::Value;

/// What a fiber runs.
pub enum Start {
    /// An effect.
    Run(Shared),
    /// A function applied to arguments; then, if `run`, the effect that this gives.
    Apply {
        /// The function.
        function: Shared,
        /// Its arguments.
        arguments: Vec<Shared>,
        /// The result is an effect, to be run.
        run: bool,
    },
    /// A function applied to arguments, or an effect and none; then what comes out of it, if that is an effect.
    Call {
        /// The function.
        function: Shared,
        /// Its arguments.
        arguments: Vec<Shared>,
    },
    /// As `Apply`, with a global as the function; no arguments give the global itself.
    Global {
        /// Index in `Module::globals`.
        global: u32,
        /// Its arguments.
        arguments: Vec<Shared>,
        /// The result is an effect, to be run.
        run: bool,
    },
}

impl Start {
    /// The first instruction of what it runs.
    pub(super) fn entry(&self, program: &Program) -> Place {
        match self {
            Start::Run(function) | Start::Apply { function, .. } | Start::Call { function, .. } => {
                effect_entry(function.value(), program)
            }
            Start::Global { global, .. } => program.entry_of(program.module().globals[*global as usize].proto),
        }
    }
}

/// The first instruction of a function or effect.
pub(super) fn effect_entry(effect: &Value, program: &Program) -> Place {
    effect.as_function().map_or(NOWHERE, |function| program.entry_of(function.proto()))
}

impl From<Start> for Pending {
    fn from(start: Start) -> Pending {
        match start {
            Start::Run(effect) => Pending::Run(effect),
            start => Pending::Start(Box::new(start)),
        }
    }
}

impl Fiber {
    /// Runs an effect, as the first thing.
    pub(super) fn begin_effect(&mut self, effect: Shared) -> Go {
        self.begin_frames();
        run_effect(self, effect.into_value(), 0)
    }

    /// Runs the effect that a function gives for an item of a list, as the first thing.
    pub(super) fn begin_item(&mut self, items: &Items, index: usize) -> Go {
        self.begin_frames();
        if !self.make_room(0, 2) {
            return self.fault("stack exhausted");
        }
        // SAFETY: `make_room` made room for it.
        unsafe { *self.base = items.get(index).into_value().into_slot() };
        apply(self, items.function.clone().into_value(), 0, 1, true)
    }

    /// Makes the first frame.
    pub(super) fn begin_frames(&mut self) {
        count_begun();
        self.frames.grow(1);
        self.frame = self.frames.start();
        // SAFETY: there is room for one frame.
        unsafe { self.frame.write(Frame::internal(FrameKind::RootEnd, 0, 0)) };
        self.pc = FrameKind::RootEnd.word();
        self.stack.grow(1);
        self.base = self.stack.start();
    }

    /// Makes the first frames.
    pub(super) fn begin(&mut self, start: Start) -> Go {
        self.begin_frames();
        match start {
            Start::Run(effect) => run_effect(self, effect.into_value(), 0),
            Start::Apply { function, arguments, run } => {
                let count = arguments.len();
                if !self.place_arguments(0, arguments) {
                    return self.fault("stack exhausted");
                }
                apply(self, function.into_value(), 0, count, run)
            }
            Start::Call { function, arguments } => {
                let count = arguments.len();
                if !self.place_arguments(0, arguments) {
                    return self.fault("stack exhausted");
                }
                self.push(Frame::internal(FrameKind::RunResult, 0, RUN_IF_EFFECT));
                apply(self, function.into_value(), 0, count, false)
            }
            Start::Global { global, arguments, run } => {
                let count = arguments.len();
                if !self.place_arguments(1, arguments) {
                    return self.fault("stack exhausted");
                }
                if run {
                    self.push(Frame::internal(FrameKind::RunResult, 0, 0));
                }
                let delta = if count > 0 {
                    self.push(Frame::internal(FrameKind::ApplyRest, 0, count));
                    1 + count
                } else {
                    0
                };
                use_global(self, global, delta)
            }
        }
    }

    /// Puts arguments into the registers from `first` on.
    fn place_arguments(&mut self, first: usize, arguments: Vec<Shared>) -> bool {
        if !self.make_room(0, first + arguments.len() + 1) {
            return false;
        }
        for (index, argument) in arguments.into_iter().enumerate() {
            // SAFETY: `make_room` made room for them.
            unsafe { *self.base.add(first + index) = argument.into_value().into_slot() };
        }
        true
    }

    /// Puts a frame on top; the one below goes on at `pc`. The caller has made room (`make_room`).
    pub(crate) fn push(&mut self, frame: Frame) {
        debug_assert!(self.has_frame_above(self.frame));
        // SAFETY: there is room for a frame and for the registers up to where its window begins.
        unsafe {
            (*self.frame).pc = self.pc;
            self.frame = self.frame.add(1);
            self.frame.write(frame);
            self.base = self.base.byte_add(frame.bytes);
        }
        self.pc = frame.pc;
    }

    /// Takes the top frame off; the one below is where it was.
    pub(crate) fn pop(&mut self) -> Frame {
        debug_assert!(self.frame > self.frames.start());
        // SAFETY: F1: there is a frame below; `push` or a call moved `base` up by `bytes`.
        unsafe {
            let top = *self.frame;
            self.frame = self.frame.sub(1);
            self.base = self.base.byte_sub(top.bytes);
            self.pc = (*self.frame).pc;
            top
        }
    }
}
