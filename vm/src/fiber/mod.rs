//! Fibers: running computations, and what the scheduler runs.
//!
//! A fiber has registers (`stack.rs`), frames beside them (`frame.rs`), the signal that unwinds it, and the wait that
//! it is in (`pending.rs`). The scheduler holds it as a `Strand` (`strand.rs`), which recycles the memory of fibers
//! that are gone and puts away those that wait in a crowd (`asleep.rs`).
//!
//! What always holds while the interpreter runs:
//!
//! - F1. `frame` points at the top frame, and `base` at register 0 of it; frame 0 is the root frame, the machine's own.
//! - F2. Behind `base` there is room for the registers of the top frame's proto (`enter`).
//! - F3. `pc` is one past the instruction that runs; the `pc` in every frame below the top is one past its call. For
//!   the machine's own frames it points at their word, which runs when the call above returns.
//! - F4. `cx` is the scheduler's context of the current `resume`, and null outside of it, also for a call in place
//!   (`caller.rs`).

mod asleep;
mod awaited;
mod branch;
mod caller;
mod cleanups;
mod crowd;
pub(crate) mod frame;
mod fuel;
mod handles;
mod held;
mod holding;
mod lend;
mod limited;
pub(crate) mod patience;
mod pending;
mod select;
mod series;
mod stack;
mod start;
mod strand;
mod task;
mod timed;
mod within;
mod world;

use std::mem::ManuallyDrop;
use std::ptr::{NonNull, null, null_mut};
use std::sync::Arc;

use aivi_scheduler::{CancelKind, CancelReason, Context, Outcome, Place, Tick, prefetch};
use holding::Holding;

pub(crate) use awaited::Awaited;
pub use awaited::HostFuture;
pub(crate) use branch::Branch;
pub use caller::{Called, Caller};
pub(crate) use crowd::{Items, item};
pub(crate) use frame::{Frame, FrameKind};
pub use handles::{Gate, Receiver, ScopeHandle, Sender, TaskValue};
pub(crate) use pending::{FiberOutcome, Pending, closed};
pub use select::SelectCase;
pub(crate) use select::{Asked, Cases};
pub(crate) use series::Series;
pub use start::Start;
use start::effect_entry;
pub use strand::Strand;
use strand::{count_begun, count_ended};
pub(crate) use timed::TimeLeft;
pub use world::World;
use world::WorldRef;

use crate::account::Limit;
use crate::failure::Failure;
use crate::fault::Fault;
use crate::interp::{self, Exit, Go, Regs};
use crate::object::Shared;
use crate::program::{GlobalCell, Program, ProtoCode};
use crate::shutdown::Why;
use crate::value::{Slot, Value};
use stack::Stack;

/// A signal that unwinds frames.
pub(crate) enum Signal {
    /// A typed failure.
    Failure(Failure),
    /// A bug.
    Fault(Fault),
    /// Cancellation.
    Cancel(CancelReason),
}

impl Signal {
    /// For another fiber: its error is shared.
    fn shared(self) -> Signal {
        match self {
            Signal::Failure(failure) => Signal::Failure(Failure::unpack(failure.pack())),
            signal @ (Signal::Fault(_) | Signal::Cancel(_)) => signal,
        }
    }
}

/// How many places of spawning a fiber remembers; arbitrary, each is 8 bytes in every fiber.
const ORIGINS: usize = 3;

/// Where a fiber was started, where the one that started it was, and so on.
type Origins = [Place; ORIGINS];

/// Frames that there is room for above the top one: the machine's own come in threes at most, with that of a proto
/// above.
const MORE_FRAMES: usize = 4;

/// Registers on both sides of the start of the top window that are likely to be touched first (arbitrary).
const NEAR: usize = 12;

/// Where the fiber of a call from outside was started.
const NOWHERE: Place = Place(u64::MAX);

/// A computation.
pub(crate) struct Fiber {
    pub(crate) pc: *const u64,
    pub(crate) base: *mut Slot,
    pub(crate) frame: *mut Frame,
    pub(crate) fuel: u64,
    /// Of the slice, what the handlers have not been given yet (`fuel.rs`).
    reserve: u64,
    /// Tables of the program, for the quick instructions.
    pub(crate) protos: *const ProtoCode,
    pub(crate) constants: *const Value,
    pub(crate) globals: *const GlobalCell,
    /// Per shape what `Header::meta` of its objects is.
    pub(crate) metas: *const u32,
    /// Both stay with the memory when the fiber goes (`strand.rs`).
    stack: ManuallyDrop<Stack<Slot>>,
    frames: ManuallyDrop<Stack<Frame>>,
    cx: *mut (),
    pub(crate) pending: Pending,
    pub(crate) signal: Option<Signal>,
    /// Signals that wait for cleanups to end, innermost last.
    pub(crate) in_flight: Vec<Signal>,
    pub(crate) outcome: Option<Outcome<Shared, Fault>>,
    masks: u32,
    /// Branches in place, and the index of the frame of the outermost one (`branch.rs`).
    branches: u16,
    outermost: u32,
    /// Cancellation has been noticed; it is not noticed again.
    is_cancelling: bool,
    /// Its program is looked at as it runs (`interp/guard.rs`).
    pub(crate) is_guarded: bool,
    /// It was a task in place and has had no turn yet: if it never has one, it has not begun (`task.rs`).
    is_unseen: bool,
    /// So many waits for messages come before it lends its turn again (`lends`).
    wary: u8,
    /// So often has it waited in place since a branch began there (`timed.rs`).
    waited: u8,
    /// Of semaphores (`holding.rs`).
    holding: Holding,
    origins: Origins,
    /// Goes last: it may keep the program of all that is above.
    pub(crate) world: WorldRef,
}

// A fiber that waits is this, its registers and frames, and the scheduler's record, unless it is put away
// (`asleep.rs`).
const _: () = assert!(size_of::<Fiber>() <= 256);

// SAFETY: it owns its registers, and local objects are reached from this fiber only (O1): they move with it, with the
// scheduler's queues ordering the two threads. Its pointers lead into what it owns, into the program, which lives as
// long as `world` does and does not change, or are null between two calls of `resume` (`cx`).
unsafe impl Send for Fiber {}

impl Fiber {
    /// A fiber whose first turn begins with `pending`, and the memory that it will use.
    fn idle(world: WorldRef, stack: Stack<Slot>, frames: Stack<Frame>, pending: Pending, origins: Origins) -> Fiber {
        Fiber {
            pc: null(),
            base: null_mut(),
            frame: null_mut(),
            fuel: 0,
            reserve: 0,
            protos: world.program.protos.as_ptr(),
            constants: world.program.constants.as_ptr(),
            globals: world.program.globals.as_ptr(),
            metas: world.program.metas.as_ptr(),
            is_guarded: world.program.scalars().is_some(),
            stack: ManuallyDrop::new(stack),
            frames: ManuallyDrop::new(frames),
            world,
            cx: null_mut(),
            pending,
            signal: None,
            in_flight: Vec::new(),
            outcome: None,
            masks: 0,
            branches: 0,
            outermost: 0,
            is_cancelling: false,
            is_unseen: false,
            wary: 0,
            waited: 0,
            holding: Holding::default(),
            origins,
        }
    }

    /// A fiber that this one starts at the instruction that runs, whose place is told to the scheduler.
    pub(crate) fn child(&mut self, start: Start) -> Strand {
        self.child_that(start.into())
    }

    /// The same for one that runs an effect.
    #[inline]
    pub(crate) fn child_of(&mut self, effect: Shared) -> Strand {
        self.child_that(Pending::Run(effect))
    }

    #[inline]
    fn child_that(&mut self, pending: Pending) -> Strand {
        let origins = self.child_origins();
        // Siblings run first, and leave their memory, which is warm then.
        match self.cx().has_made_any() {
            true => Strand::made(self.world.pointer(), pending, origins),
            false => Strand::made_at_hand(self.world.pointer(), pending, origins),
        }
    }

    /// What a fiber remembers that this one starts where it told the scheduler last.
    fn child_origins(&mut self) -> Origins {
        let mut origins = [self.cx().place(); ORIGINS];
        origins[1..].copy_from_slice(&self.origins[..ORIGINS - 1]);
        origins
    }

    /// Runs until it yields, waits or ends, then with an outcome.
    fn resume(&mut self, cx: &mut Context<'_, Strand>, outcome: &mut Option<Outcome<Shared, Fault>>) -> Exit {
        let slice = u64::from(cx.fuel()).max(1);
        self.cx = NonNull::from(cx).as_ptr().cast();
        let before = patience::run_with(self.cx);
        if !self.begin_slice(slice) {
            self.cx = null_mut();
            patience::run_with(before);
            *outcome = Some(Outcome::Cancelled(CancelReason { kind: CancelKind::Limit, place: self.origins[0] }));
            return Exit::Ended;
        }
        let go = self.wake();
        let exit = interp::run_from(self, go);
        self.end_slice(slice);
        self.cx = null_mut();
        patience::run_with(before);
        match exit {
            Exit::Waiting if self.frames.is_large() || self.stack.is_large() => self.shrink(),
            Exit::Ended => {
                count_ended();
                self.frame = null_mut();
                *outcome = self.outcome.take();
            }
            _ => {}
        }
        exit
    }

    /// Asks for what it will touch when it goes on (`Task::prefetch`): registers and frames, then the value of the host
    /// that it waits for, then that itself.
    fn prefetch(&self, depth: u32) {
        if depth == 1 {
            prefetch(self.base.wrapping_sub(NEAR), 2 * NEAR * size_of::<Slot>());
            prefetch(self.frame.wrapping_sub(1), 2 * size_of::<Frame>());
        } else if let Some(operand) = self.first_operand() {
            match depth {
                2 => operand.prefetch_handle(),
                _ => operand.prefetch_what_it_holds(),
            }
        }
    }

    /// The first operand of the native function that will be called again.
    fn first_operand(&self) -> Option<&Value> {
        let word = matches!(self.pending, Pending::Again).then(|| self.waiting_word())?;
        // SAFETY: the arguments of a call that runs again are where they were, and tagged (V18).
        (word.x() > 0).then(|| unsafe { Slot::as_value(self.base.add(word.a())) })
    }

    /// Whether it has ended and its outcome was taken, so that it owns nothing but its arrays and its world.
    #[inline]
    fn is_empty(&self) -> bool {
        let is_idle = self.frame.is_null() && matches!(self.pending, Pending::Nothing);
        is_idle && self.signal.is_none() && self.in_flight.capacity() == 0 && self.outcome.is_none()
    }

    /// Releases what the frames own, when the fiber is not to run again.
    fn abandon(&mut self) {
        if !self.frame.is_null() {
            if !self.is_unseen {
                self.tell_skipped();
            }
            self.release();
        }
    }

    /// The same while it can still tell those who wait for its globals.
    fn give_up(&mut self, cx: &mut Context<'_, Strand>) {
        self.cx = NonNull::from(cx).as_ptr().cast();
        self.abandon();
        self.cx = null_mut();
    }

    /// As `abandon`, when nobody would miss it.
    fn release(&mut self) {
        count_ended();
        interp::abandon(self);
        self.frame = null_mut();
    }

    /// Whether it has frames.
    fn has_begun(&self) -> bool {
        !self.frame.is_null()
    }

    /// Where the code begins of a fiber that has not run, or where one that has begun elsewhere stands.
    fn entry(&self) -> Place {
        match &self.pending {
            Pending::Run(effect) => effect_entry(effect.value(), &self.world.program),
            Pending::RunItem(items, _) => effect_entry(items.function.value(), &self.world.program),
            Pending::Start(start) => start.entry(&self.world.program),
            _ if self.has_begun() => self.place_at(self.frame, self.stopped_pc()),
            _ => NOWHERE,
        }
    }

    /// The scheduler, while the fiber runs. The lifetime is that of the borrow; the context itself outlives `resume`.
    pub(crate) fn cx<'a>(&mut self) -> &'a mut Context<'a, Strand> {
        debug_assert!(!self.cx.is_null());
        // SAFETY: F4: `resume` set it to the context that it borrows exclusively, and nobody else uses it meanwhile;
        // callers use the result at once and drop it.
        unsafe { &mut *self.cx.cast::<Context<'a, Strand>>() }
    }

    /// The program.
    pub(crate) fn program(&self) -> &Arc<Program> {
        &self.world.program
    }

    /// Whether `resume` is active.
    pub(crate) fn is_running(&self) -> bool {
        !self.cx.is_null()
    }

    /// The state as handlers hold it.
    #[inline(always)]
    pub(crate) fn load(&mut self) -> Regs {
        Regs { pc: self.pc, base: self.base, frame: self.frame, fuel: self.fuel, fiber: self }
    }

    /// Puts the handlers' state back.
    #[inline(always)]
    pub(crate) fn store(&mut self, regs: Regs) {
        self.pc = regs.pc;
        self.base = regs.base;
        self.frame = regs.frame;
        self.fuel = regs.fuel;
    }

    /// Whether a register is inside the window of the frame at `frame`; for debug builds.
    pub(crate) fn in_window(&self, base: *mut Slot, frame: *mut Frame, index: usize) -> bool {
        // SAFETY: the frame is the top frame (F1); a proto lives as long as the program.
        let proto = unsafe { (*frame).proto };
        // SAFETY: as above.
        let registers = if proto.is_null() { usize::MAX } else { unsafe { (*proto).registers() } };
        index < registers && base.wrapping_add(index) < self.stack.last()
    }

    /// Whether there is a place for a frame above this one.
    #[inline(always)]
    pub(crate) fn has_frame_above(&self, frame: *mut Frame) -> bool {
        frame < self.frames.last()
    }

    /// Whether a window of so many bytes at `base` is inside of the registers.
    #[inline(always)]
    pub(crate) fn has_room(&self, base: *mut Slot, bytes: usize) -> bool {
        // Both differences are below isize::MAX: a window has at most 65,535 registers.
        (self.stack.last() as usize).wrapping_sub(base as usize) as isize >= bytes as isize
    }

    /// Makes the frame of a proto; the caller has made room.
    pub(crate) fn enter(&mut self, code: *const ProtoCode, delta: usize) {
        // SAFETY: protos live as long as the program.
        let pc = unsafe { (*code).code };
        self.push(Frame { pc, proto: code, bytes: delta * size_of::<Slot>(), aux: 0 });
    }

    /// The fiber's number.
    pub(crate) fn id(&mut self) -> u64 {
        self.cx().id()
    }

    /// Makes room for a further frame and for `registers` behind `base + delta`; false at the limit.
    #[inline]
    pub(crate) fn make_room(&mut self, delta: usize, registers: usize) -> bool {
        let has_room = self.has_frame_above(self.frame.wrapping_add(MORE_FRAMES - 1))
            && self.has_room(self.base, (delta + registers) * size_of::<Slot>());
        has_room || self.grow(delta, registers)
    }

    /// As `make_room`, when there is none.
    fn grow(&mut self, delta: usize, registers: usize) -> bool {
        let depth = self.depth();
        let base = self.base_index();
        let needed = base + delta + registers;
        let limits = self.world.limits;
        // Cleanups and reports of a fiber that has run into the limit need a little more.
        let spare = if self.is_ending() { 1000 } else { 0 };
        if depth + 1 > limits.frames + spare || needed > limits.registers + 100 * spare {
            return false;
        }
        if !self.may_make(Limit::Memory, ((needed + depth) * size_of::<Slot>()) as u64) {
            return false;
        }
        self.frames.grow(depth + 1 + MORE_FRAMES);
        self.stack.grow(needed);
        // SAFETY: both indices are inside: they were before growing, which keeps contents.
        unsafe {
            self.frame = self.frames.start().add(depth);
            self.base = self.stack.start().add(base);
        }
        true
    }

    /// Index of the top frame.
    pub(crate) fn depth(&self) -> usize {
        (self.frame as usize).wrapping_sub(self.frames.start() as usize) / size_of::<Frame>()
    }

    /// Index of the top frame's register 0.
    fn base_index(&self) -> usize {
        (self.base as usize).wrapping_sub(self.stack.start() as usize) / size_of::<Slot>()
    }

    /// Where the instruction that runs stands, as its author knows it: the innermost place outside of the library, or
    /// else where the fiber was started.
    #[inline]
    pub(crate) fn place(&self) -> Place {
        self.place_at_hand().unwrap_or_else(|| self.place_at(self.frame, self.pc))
    }

    /// The same if the top frame says it.
    #[inline]
    pub(crate) fn place_at_hand(&self) -> Option<Place> {
        // SAFETY: F1, F3: the top frame; a proto lives as long as the program.
        unsafe {
            let proto = (*self.frame).proto.as_ref().filter(|proto| !proto.is_library);
            proto.map(|_| (*self.frame).place(self.pc))
        }
    }

    /// The same for the frame at `frame`, which is at `pc`.
    fn place_at(&self, mut frame: *const Frame, mut pc: *const u64) -> Place {
        let mut inside = None;
        // The machine's own frames have no place; the one that led to them has.
        while frame > self.frames.start() {
            // SAFETY: F1, F3: frames from 0 up to `frame` are in use; a proto lives as long as the program.
            unsafe {
                if let Some(proto) = (*frame).proto.as_ref() {
                    let place = (*frame).place(pc);
                    if !proto.is_library {
                        return place;
                    }
                    inside = inside.or(Some(place));
                }
                frame = frame.sub(1);
                pc = (*frame).pc;
            }
        }
        let started = self.origins[0];
        if started == NOWHERE { inside.unwrap_or(started) } else { started }
    }

    /// Sets up unwinding with a fault that happened here.
    #[cold]
    pub(crate) fn fault(&mut self, message: impl Into<String>) -> Go {
        let message = message.into();
        if patience::was_stopped() && self.is_running() && !self.has_task_in_place() {
            self.look_at_limits();
            self.stop_soon();
            if self.sees_cancel() {
                let signal = self.noticed();
                return self.raise(signal);
            }
            if let Some(first) = self.limit_that_is_over() {
                return self.end_body(&first, Pending::Unit);
            }
        }
        let fault = self.make_fault(message);
        self.raise(Signal::Fault(fault))
    }

    /// As `fault`, of a frame that breaks the rules: none of its handlers sees it. Called before its instruction has
    /// done anything.
    #[cold]
    pub(crate) fn fault_leaving(&mut self, message: String) -> Go {
        let fault = self.make_fault(message);
        interp::leave(self);
        self.raise(Signal::Fault(fault))
    }

    /// Sets up unwinding.
    #[cold]
    pub(crate) fn raise(&mut self, signal: Signal) -> Go {
        debug_assert!(self.signal.is_none(), "one signal at a time");
        self.signal = Some(signal);
        Go::Raise
    }

    fn make_fault(&self, message: String) -> Fault {
        Fault::new(message, self.calls())
    }

    /// Where the calls of the program stand, innermost first.
    fn calls(&self) -> impl Iterator<Item = Place> {
        // SAFETY: F3, and `walk` gives frames with a proto.
        self.walk().map(|(frame, pc)| unsafe { (*frame).place(pc) })
    }

    /// The frames of the program, innermost first, each with where it goes on; up to that of a branch.
    fn walk(&self) -> impl Iterator<Item = (*const Frame, *const u64)> {
        let (mut frame, mut pc) = (self.frame.cast_const(), self.pc);
        std::iter::from_fn(move || {
            while frame > self.frames.start() {
                let found = (frame, pc);
                // SAFETY: F1: frames from 0 up to `frame` are in use.
                unsafe {
                    frame = frame.sub(1);
                    pc = (*frame).pc;
                    if !(*found.0).proto.is_null() {
                        return Some(found);
                    }
                    if (*found.0).kind() == Some(FrameKind::Branch) {
                        return None;
                    }
                }
            }
            None
        })
    }

    /// One past the instruction at which a fiber stands that does not run: one that yielded will run it again.
    fn stopped_pc(&self) -> *const u64 {
        self.pc.wrapping_add(usize::from(matches!(self.pending, Pending::Nothing)))
    }

    /// A checkpoint: whether cancellation is to be noticed now.
    #[inline]
    pub(crate) fn sees_cancel(&mut self) -> bool {
        !self.is_ending() && self.cx().is_cancel_requested()
    }

    /// The same where nobody rehearses.
    #[inline]
    pub(crate) fn sees_cancel_unstepped(&mut self) -> bool {
        !self.is_ending() && self.cx().shows_cancel()
    }

    /// The signal of a fiber that has noticed cancellation.
    pub(crate) fn noticed(&mut self) -> Signal {
        self.is_cancelling = true;
        let reason = self.cx().cancel_reason().unwrap_or_else(|| self.unknown_reason());
        self.note_cancelled(reason);
        Signal::Cancel(reason)
    }

    fn unknown_reason(&self) -> CancelReason {
        CancelReason { kind: CancelKind::Shutdown, place: self.place() }
    }

    /// The signal of a wait that was cancelled.
    pub(crate) fn cancelled(&mut self) -> Signal {
        self.is_cancelling = true;
        let reason = self.cx().cancel_requested().unwrap_or_else(|| self.unknown_reason());
        self.note_cancelled(reason);
        Signal::Cancel(reason)
    }

    /// Out of fuel at a checkpoint that runs again: cancelled, yielding, or on with new fuel.
    pub(crate) fn tick(&mut self) -> Go {
        if self.next_piece() {
            self.pc = self.pc.wrapping_sub(1);
            return Go::Return;
        }
        if self.has_branch() {
            if self.is_body_in_place()
                && let Some(fuel) = self.overtime()
            {
                return self.go_on_with(fuel);
            }
            let over = self.limit_that_is_over();
            self.pc = self.pc.wrapping_sub(1);
            return match over {
                Some(first) => self.end_body(&first, Pending::Nothing),
                None => self.move_out(),
            };
        }
        match self.interruption() {
            Some(signal) => self.raise(signal),
            None => self.next_slice(),
        }
    }

    /// What ends the fiber at a checkpoint where its fuel is spent: cancellation, also for a limit that is reached.
    pub(crate) fn interruption(&mut self) -> Option<Signal> {
        if self.cx().is_stepped() {
            let place = self.place();
            self.cx().set_place(place);
        }
        if self.world.account.is_some() {
            self.look_at_limits();
        }
        self.sees_cancel().then(|| self.noticed())
    }

    /// The scheduler's turn; the instruction runs again.
    pub(crate) fn next_slice(&mut self) -> Go {
        if let Some(fuel) = self.overtime() {
            return self.go_on_with(fuel);
        }
        let go = match self.cx().tick() {
            Tick::Continue => {
                let slice = u64::from(self.cx().fuel()).max(1);
                self.next_fuel(slice);
                Go::Return
            }
            Tick::Yield => {
                // For dumps: where it computes.
                let place = self.place();
                self.cx().set_place(place);
                Go::Yield
            }
        };
        self.pc = self.pc.wrapping_sub(1);
        go
    }

    /// The instruction at a checkpoint runs again, with so much fuel.
    fn go_on_with(&mut self, fuel: u64) -> Go {
        self.next_fuel(fuel);
        self.pc = self.pc.wrapping_sub(1);
        Go::Return
    }

    /// The end of the call begins, unless it has.
    pub(crate) fn begin_shutdown(&mut self, why: Why) {
        let now_ns = self.cx().now_ns();
        self.world.call().shutdown.begin(why, now_ns);
    }

    /// Is it the fiber that the call began with, and not in a branch?
    pub(crate) fn is_root(&self) -> bool {
        self.origins[0] == NOWHERE && !self.has_branch()
    }

    /// The functions of the frames, innermost first, and which instruction each runs.
    pub(crate) fn activations(&self) -> impl Iterator<Item = (&ProtoCode, u32)> {
        self.walk().map(|(frame, pc)| {
            // SAFETY: F3, and `walk` gives frames with a proto, which lives as long as the program.
            unsafe { (&*(*frame).proto, (*frame).index(pc)) }
        })
    }

    /// Whether it is in the middle of evaluating a global.
    pub(crate) fn evaluates_global(&self) -> bool {
        // SAFETY: F1: frames from 0 up to `frame` are in use.
        (0..=self.depth())
            .any(|index| unsafe { (*self.frames.start().add(index)).kind() } == Some(FrameKind::GlobalEnd))
    }

    /// Why all fibers end, when `exit` or a signal asked for it: a success or failure that comes later, behind a masked
    /// cleanup, does not change how the program ends.
    pub(crate) fn program_is_ending(&mut self) -> Option<CancelReason> {
        if self.is_in_place() {
            return None;
        }
        let reason = self.cx().cancel_requested()?;
        matches!(reason.kind, CancelKind::Exit(_) | CancelKind::Signal(_) | CancelKind::Limit).then_some(reason)
    }

    /// Before a wait: gives back memory that only a burst of calls needed.
    fn shrink(&mut self) {
        // SAFETY: F1.
        let Some(code) = (unsafe { (*self.frame).proto.as_ref() }) else { return };
        let (depth, base) = (self.depth(), self.base_index());
        if self.stack.is_much_for(base + code.registers()) {
            // SAFETY: F1: so many frames are above the root's; the fiber keeps its program.
            self.stack.shrink(unsafe { Frame::windows_end(self.frames.start().add(1), depth) });
        }
        self.frames.shrink(depth + 2);
        // SAFETY: both indices are inside of what was kept.
        unsafe {
            self.frame = self.frames.start().add(depth);
            self.base = self.stack.start().add(base);
        }
    }
}
