//! A fiber in as little memory as possible: one that waits while fibers are many, or that has not begun.
//!
//! It is one object: what the fiber keeps between two turns, the frames above the root's, the registers. The fiber
//! itself, 256 bytes with arrays that have room for calls, goes to the next one that runs. Left out is what can be had
//! again: the tables of the program, the fuel, the root frame. Put away is only who has nothing else: no signal, no
//! cleanup that runs. The body of a timeout may be in place.
//!
//! The copy that a turn makes of it and back costs less than the memory that would be touched otherwise. One that is
//! cancelled where it waits, and has nothing to clean up, ends without being woken: what its frames own is released
//! where it is.

use std::mem::{ManuallyDrop, MaybeUninit, offset_of};
use std::ptr::NonNull;

use super::cleanups::has_cleanup;
use super::frame::{Frame, SmallFrame};
use super::stack::Stack;
use super::{Fiber, FrameKind, MORE_FRAMES, NOWHERE, Origins, Pending, WorldRef};
use crate::interp;
use crate::object::alloc;
use crate::value::Slot;

/// The object; owned.
pub(super) struct Asleep(NonNull<Head>);

/// What stands before what it waits for (if `wait` does not say that), the frames and the registers.
#[repr(C)]
struct Head {
    origins: Origins,
    /// Goes behind all others: it may keep the program of what is pending.
    world: WorldRef,
    /// Frames above the root's; without any the fiber has not begun.
    frames: u8,
    registers: u8,
    wait: Option<Wait>,
    /// What the frames owned was released.
    is_over: bool,
}

/// The most frequent things that a fiber waits for, which need no memory.
#[derive(Clone, Copy)]
enum Wait {
    Unit,
    SendResult,
    Message,
    Permits,
    Join,
}

/// The most that frames and registers may take: more stays where it is, as the copies would cost more (arbitrary).
const MOST: usize = 1024;

/// Where the frames begin if nothing is pending apart: right behind the last field, where the head is padded.
const FRAMES: usize = offset_of!(Head, is_over) + size_of::<bool>();

const _: () = assert!(FRAMES == 36 && FRAMES.is_multiple_of(align_of::<SmallFrame>()));
const _: () = assert!(size_of::<Head>().is_multiple_of(align_of::<Pending>()));
// Their numbers fit.
const _: () =
    assert!(MOST / size_of::<SmallFrame>() <= u8::MAX as usize && MOST / size_of::<Slot>() <= u8::MAX as usize);

/// The size of one that has not begun.
const FRESH: usize = size_of::<Head>() + size_of::<Pending>();

const _: () = assert!(FRESH.is_multiple_of(alloc::ALIGN));

/// Where the parts behind a head stand, in bytes from its start, and where the last one ends.
struct Parts {
    frames: usize,
    registers: usize,
    end: usize,
}

impl Wait {
    /// What says the same as `pending`.
    fn of(pending: &Pending) -> Option<Wait> {
        match pending {
            Pending::Unit => Some(Wait::Unit),
            Pending::SendResult => Some(Wait::SendResult),
            Pending::Message => Some(Wait::Message),
            Pending::Permits => Some(Wait::Permits),
            Pending::Join => Some(Wait::Join),
            _ => None,
        }
    }

    fn pending(self) -> Pending {
        match self {
            Wait::Unit => Pending::Unit,
            Wait::SendResult => Pending::SendResult,
            Wait::Message => Pending::Message,
            Wait::Permits => Pending::Permits,
            Wait::Join => Pending::Join,
        }
    }
}

impl Asleep {
    /// A fiber whose first turn begins with `pending`.
    #[inline]
    pub(super) fn fresh(world: WorldRef, pending: Pending, origins: Origins) -> Asleep {
        Asleep::with(Head { origins, world, frames: 0, registers: 0, wait: None, is_over: false }, pending, FRESH)
    }

    /// Moves a fiber that waits. `None`: it has to stay as it is.
    ///
    /// What is left of it is its memory: it is not used and not dropped any more.
    pub(super) fn of(fiber: &mut Fiber) -> Option<Asleep> {
        let is_plain =
            fiber.signal.is_none() && fiber.in_flight.capacity() == 0 && fiber.outcome.is_none() && !fiber.is_ending();
        // SAFETY: F1: a fiber that waits has a top frame; a proto lives as long as the program.
        let code = unsafe { fiber.frame.as_ref()?.proto.as_ref() }.filter(|_| is_plain)?;
        let (frames, registers) = (fiber.depth(), fiber.base_index() + code.registers());
        if frames * size_of::<SmallFrame>() + registers * size_of::<Slot>() > MOST {
            return None;
        }
        // SAFETY: F1: frames up to the top one are in use.
        if !(1..=frames).all(|index| SmallFrame::can_hold(unsafe { &*fiber.frames.start().add(index) })) {
            return None;
        }
        // SAFETY: both are moved out: the caller does not use them again.
        let (world, pending) = unsafe { ((&raw const fiber.world).read(), (&raw const fiber.pending).read()) };
        let (origins, wait) = (fiber.origins, Wait::of(&pending));
        let head = Head { origins, world, frames: frames as u8, registers: registers as u8, wait, is_over: false };
        let size = size(&head);
        let asleep = Asleep::with(head, pending, size);
        // SAFETY: F1, F2: so many frames are above the root's, and so many registers up to the end of the top frame's.
        // The object has room for both behind its head. F3: each goes on behind an instruction, the top one at the
        // fiber's `pc`.
        unsafe {
            for index in 1..=frames {
                let frame = fiber.frames.start().add(index);
                let pc = if index == frames { fiber.pc } else { (*frame).pc };
                asleep.frames().add(index - 1).write(SmallFrame::of(&*frame, pc));
            }
            asleep.registers().copy_from_nonoverlapping(fiber.stack.start(), registers);
        }
        Some(asleep)
    }

    /// Writes the fiber, with these arrays, where it is to be.
    ///
    /// # Safety
    /// The memory is large enough for a fiber, and the caller's.
    #[inline]
    pub(super) unsafe fn wake(self, place: NonNull<Fiber>, stack: Stack<Slot>, frames: Stack<Frame>) {
        let asleep = ManuallyDrop::new(self);
        // SAFETY: promised by the caller. What it holds is moved out once: it is not dropped, and its memory given
        // back.
        unsafe {
            let size = if asleep.head().frames == 0 {
                asleep.copy_fresh(place, stack, frames);
                FRESH
            } else {
                asleep.copy(place, stack, frames);
                size(asleep.head())
            };
            alloc::free(asleep.0.as_ptr().cast(), size);
        }
    }

    /// Releases what its frames own, if to unwind it would do no more. False: it has to wake for that.
    pub(super) fn end(&mut self) -> bool {
        if !self.ends_plainly() {
            return false;
        }
        let (count, registers) = (usize::from(self.head().frames), self.registers());
        // SAFETY: `self` owns the frames and the registers, which stand as in the fiber (`of`): their windows overlap
        // as the frames say, and what `drops` says that a frame owns there, it owns (F3). It has no frames afterwards,
        // so it is released once.
        unsafe {
            let mut base = (0..count).fold(registers, |base, index| base.byte_add(self.frame(index).bytes));
            for index in (0..count).rev() {
                let frame = self.frame(index);
                if let Some(code) = frame.proto.as_ref() {
                    let proto = self.head().world.program.proto(code);
                    for register in interp::owned(proto, frame.index(frame.pc)) {
                        drop((*base.add(usize::from(register.0))).into_value());
                    }
                }
                base = base.byte_sub(frame.bytes);
            }
            self.0.as_mut().is_over = true;
        }
        true
    }

    /// Whether a cancellation would run nothing of the program, and nothing that the machine has begun would be left.
    fn ends_plainly(&self) -> bool {
        let Head { wait, origins, world, .. } = self.head();
        // The first fiber of a call tells that the call ends; guarded programs are not trusted to know what they own.
        if wait.is_none() || origins[0] == NOWHERE || world.account.is_some() || world.program.scalars().is_some() {
            return false;
        }
        (0..usize::from(self.head().frames)).all(|index| {
            let frame = self.frame(index);
            // SAFETY: a proto lives as long as the program; F3.
            unsafe {
                match frame.proto.as_ref() {
                    Some(code) => !has_cleanup(world.program.proto(code), frame.index(frame.pc)),
                    None => frame.kind() == Some(FrameKind::RunResult),
                }
            }
        })
    }

    /// Shows the fiber as it would wake.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Fiber) -> R) -> R {
        let mut fiber = MaybeUninit::uninit();
        // SAFETY: there is room for a fiber. What it holds is shown and not dropped; only the arrays are, which own
        // nothing.
        let fiber = unsafe {
            let place = NonNull::from(&mut fiber).cast();
            if self.head().frames == 0 {
                self.copy_fresh(place, Stack::EMPTY, Stack::EMPTY);
            } else {
                self.copy(place, Stack::EMPTY, Stack::EMPTY);
            }
            fiber.assume_init_mut()
        };
        let result = look(fiber);
        drop((fiber.stack.take(), fiber.frames.take()));
        result
    }

    /// Has it begun?
    pub(super) fn has_begun(&self) -> bool {
        self.head().frames > 0 && !self.head().is_over
    }

    /// The world that it is of.
    pub(super) fn world(&self) -> &WorldRef {
        &self.head().world
    }

    /// Writes a fiber that has not begun to other memory.
    ///
    /// # Safety
    /// The memory is large enough for a fiber, and the caller's. Only one of the two is used and dropped.
    #[inline]
    unsafe fn copy_fresh(&self, place: NonNull<Fiber>, stack: Stack<Slot>, frames: Stack<Frame>) {
        let head = self.head();
        // SAFETY: promised by the caller; what is pending stands apart (`fresh`).
        unsafe {
            let (world, pending) = ((&raw const head.world).read(), self.pending().read());
            place.write(Fiber::idle(world, stack, frames, pending, head.origins));
        }
    }

    /// The same for one that has begun.
    ///
    /// # Safety
    /// As for `copy_fresh`.
    unsafe fn copy(&self, place: NonNull<Fiber>, mut stack: Stack<Slot>, mut frames: Stack<Frame>) {
        let head = self.head();
        // SAFETY: promised by the caller; without a `wait` what is pending stands there.
        let (world, pending) = unsafe {
            let pending = head.wait.map_or_else(|| self.pending().read(), Wait::pending);
            ((&raw const head.world).read(), pending)
        };
        let (origins, depth, registers) = (head.origins, usize::from(head.frames), usize::from(head.registers));
        frames.grow(depth + 1 + MORE_FRAMES);
        let (mut branches, mut outermost) = (0, 0);
        // SAFETY: there is room for the root frame and the others, and for the registers; the object has so many of
        // both.
        let deltas: usize = unsafe {
            frames.start().write(Frame::internal(FrameKind::RootEnd, 0, 0));
            let above = frames.start().add(1);
            let deltas = (0..depth).map(|index| {
                let frame = self.frame(index);
                if frame.kind() == Some(FrameKind::Branch) {
                    branches += 1;
                    outermost = if branches == 1 { index as u32 + 1 } else { outermost };
                }
                above.add(index).write(frame);
                frame.delta()
            });
            let deltas = deltas.sum();
            stack.grow(Frame::windows_end(above, depth));
            stack.start().copy_from_nonoverlapping(self.registers(), registers);
            deltas
        };
        // SAFETY: promised by the caller; and as above. The base of the top frame is the sum of what the frames move it
        // up by.
        unsafe {
            place.write(Fiber::idle(world, stack, frames, pending, origins));
            let fiber = &mut *place.as_ptr();
            fiber.base = fiber.stack.start().add(deltas);
            fiber.frame = fiber.frames.start().add(depth);
            fiber.pc = (*fiber.frame).pc;
            (fiber.branches, fiber.outermost) = (branches, outermost);
        }
    }

    /// An object of this size, which is that of `head`.
    #[inline]
    fn with(head: Head, pending: Pending, size: usize) -> Asleep {
        let memory = alloc::allocate(size).cast::<Head>();
        let is_apart = head.wait.is_none();
        // SAFETY: `allocate` gave memory for a head and all that goes behind it, aligned to 16.
        unsafe {
            memory.write(head);
            let asleep = Asleep(NonNull::new_unchecked(memory));
            if is_apart {
                asleep.pending().write(pending);
            } else {
                // It owns nothing.
                std::mem::forget(pending);
            }
            asleep
        }
    }

    fn head(&self) -> &Head {
        // SAFETY: `with` wrote it, and `self` owns it.
        unsafe { self.0.as_ref() }
    }

    /// Where what is pending stands, if `wait` does not say it.
    fn pending(&self) -> *mut Pending {
        // SAFETY: the object goes on behind the head (`Parts`), or ends there.
        unsafe { self.0.as_ptr().add(1).cast() }
    }

    fn frames(&self) -> *mut SmallFrame {
        // SAFETY: they are part of the object.
        unsafe { self.0.as_ptr().byte_add(Parts::of(self.head()).frames).cast() }
    }

    /// One of the frames, as it was.
    fn frame(&self, index: usize) -> Frame {
        debug_assert!(index < usize::from(self.head().frames));
        // SAFETY: the callers go through as many as there are; they are of the world's program.
        unsafe { (*self.frames().add(index)).frame(self.head().world.program.protos.as_ptr()) }
    }

    fn registers(&self) -> *mut Slot {
        // SAFETY: they are part of the object.
        unsafe { self.0.as_ptr().byte_add(Parts::of(self.head()).registers).cast() }
    }

    /// The pointer, for `from_raw`.
    pub(super) fn into_raw(self) -> NonNull<()> {
        ManuallyDrop::new(self).0.cast()
    }

    /// What `into_raw` gave.
    ///
    /// # Safety
    /// It is used as the owner only once.
    pub(super) unsafe fn from_raw(raw: NonNull<()>) -> Asleep {
        Asleep(raw.cast())
    }
}

impl Parts {
    fn of(head: &Head) -> Parts {
        let frames = if head.wait.is_some() { FRAMES } else { size_of::<Head>() + size_of::<Pending>() };
        let behind = frames + usize::from(head.frames) * size_of::<SmallFrame>();
        let registers = behind.next_multiple_of(align_of::<Slot>());
        Parts { frames, registers, end: registers + usize::from(head.registers) * size_of::<Slot>() }
    }
}

/// As objects are sized: in steps of their alignment.
fn size(head: &Head) -> usize {
    Parts::of(head).end.max(size_of::<Head>()).next_multiple_of(alloc::ALIGN)
}

impl Drop for Asleep {
    /// For one that has not begun, or has released what its frames own (`end`): others wake for that.
    fn drop(&mut self) {
        debug_assert!(!self.has_begun());
        let size = size(self.head());
        // SAFETY: `self` owns the object, and ends here.
        unsafe {
            if self.head().wait.is_none() {
                self.pending().drop_in_place();
            }
            self.0.drop_in_place();
            alloc::free(self.0.as_ptr().cast(), size);
        }
    }
}
