//! A fiber in as little memory as possible: one that waits while fibers are many, or that has not begun.
//!
//! It is one object: what the fiber keeps between two turns, the frames above the root's, the registers. The fiber itself, 256
//! bytes with arrays that have room for calls, goes to the next one that runs. Left out is what can be had again: the tables of the
//! program, the fuel, the root frame. Put away is only who has nothing else: no signal, no cleanup that runs, no branch in place.
//!
//! The copy that a turn makes of it and back costs less than the memory that would be touched otherwise. One that is cancelled where it
//! waits, and has nothing to clean up, ends without being woken: what its frames own is released where it is.

use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

use super::frame::Frame;
use super::stack::Stack;
use super::{Fiber, FrameKind, MORE_FRAMES, NOWHERE, Origins, Pending, WorldRef, has_cleanup};
use crate::interp;
use crate::object::alloc;
use crate::value::Slot;

/// The object; owned.
pub(super) struct Asleep(NonNull<Head>);

/// What stands before the frames and registers.
struct Head {
    pending: Pending,
    origins: Origins,
    /// Frames above the root's; without any the fiber has not begun.
    frames: u32,
    registers: u32,
    /// Goes last: it may keep the program of what is pending.
    world: WorldRef,
}

/// The most that frames and registers may take: more stays where it is, as the copies would cost more (arbitrary).
const MOST: usize = 1024;

const _: () = assert!(size_of::<Head>() == 64);
// So that nothing is between the three parts.
const _: () = assert!(align_of::<Head>() == align_of::<Frame>() && align_of::<Head>() == align_of::<Slot>());

impl Asleep {
    /// A fiber whose first turn begins with `pending`.
    pub(super) fn fresh(world: WorldRef, pending: Pending, origins: Origins) -> Asleep {
        Asleep::with(Head { world, pending, origins, frames: 0, registers: 0 })
    }

    /// Moves a fiber that waits. `None`: it has to stay as it is.
    ///
    /// What is left of it is its memory: it is not used and not dropped any more.
    pub(super) fn of(fiber: &mut Fiber) -> Option<Asleep> {
        let is_plain = fiber.signal.is_none()
            && fiber.in_flight.capacity() == 0
            && fiber.outcome.is_none()
            && !fiber.is_ending()
            && !fiber.has_branch();
        // SAFETY: F1: a fiber that waits has a top frame; a proto lives as long as the program.
        let code = unsafe { fiber.frame.as_ref()?.proto.as_ref() }.filter(|_| is_plain)?;
        let (frames, registers) = (fiber.depth(), fiber.base_index() + code.registers());
        if frames * size_of::<Frame>() + registers * size_of::<Slot>() > MOST {
            return None;
        }
        // SAFETY: both are moved out: the caller does not use them again.
        let (world, pending) = unsafe { ((&raw const fiber.world).read(), (&raw const fiber.pending).read()) };
        let head = Head { world, pending, origins: fiber.origins, frames: frames as u32, registers: registers as u32 };
        let asleep = Asleep::with(head);
        // SAFETY: F1, F2: so many frames are above the root's, and so many registers up to the end of the top frame's. The
        // object has room for both behind its head.
        unsafe {
            asleep.frames().copy_from_nonoverlapping(fiber.frames.start().add(1), frames);
            asleep.registers().copy_from_nonoverlapping(fiber.stack.start(), registers);
            // The top frame has no use for it otherwise (F3).
            (*asleep.frames().add(frames - 1)).pc = fiber.pc;
        }
        Some(asleep)
    }

    /// Writes the fiber, with these arrays, where it is to be.
    ///
    /// # Safety
    /// The memory is large enough for a fiber, and the caller's.
    pub(super) unsafe fn wake(self, place: NonNull<Fiber>, stack: Stack<Slot>, frames: Stack<Frame>) {
        let asleep = ManuallyDrop::new(self);
        // SAFETY: promised by the caller. What it holds is moved out once: it is not dropped, and its memory given back.
        unsafe {
            asleep.copy(place, stack, frames);
            alloc::free(asleep.0.as_ptr().cast(), asleep.size());
        }
    }

    /// Releases what its frames own, if to unwind it would do no more. False: it has to wake for that.
    pub(super) fn end(&mut self) -> bool {
        if !self.ends_plainly() {
            return false;
        }
        let (frames, base) = (self.head().frames as usize, self.registers());
        // SAFETY: `self` owns the frames and the registers, which stand as in the fiber (`of`): their windows overlap as the frames say,
        // and what `drops` says that a frame owns there, it owns (F3). It has no frames afterwards, so it is released once.
        unsafe {
            let mut base = (0..frames).fold(base, |base, index| base.byte_add((*self.frames().add(index)).bytes));
            for index in (0..frames).rev() {
                let frame = self.frames().add(index);
                if let Some(code) = (*frame).proto.as_ref() {
                    let proto = self.head().world.program.proto(code);
                    for register in interp::owned(proto, (*frame).index((*frame).pc)) {
                        drop((*base.add(usize::from(register.0))).into_value());
                    }
                }
                base = base.byte_sub((*frame).bytes);
            }
            let head = self.0.as_mut();
            // So that the size is what it was.
            head.registers += head.frames * (size_of::<Frame>() / size_of::<Slot>()) as u32;
            head.frames = 0;
        }
        true
    }

    /// Whether a cancellation would run nothing of the program, and nothing that the machine has begun would be left.
    fn ends_plainly(&self) -> bool {
        let Head { pending, origins, world, .. } = self.head();
        let is_free = matches!(pending, Pending::Unit | Pending::Message | Pending::SendResult | Pending::Join);
        // The first fiber of a call tells that the call ends; guarded programs are not trusted to know what they own.
        if !is_free || origins[0] == NOWHERE || world.account.is_some() || world.program.scalars().is_some() {
            return false;
        }
        (0..self.head().frames as usize).all(|index| {
            // SAFETY: so many frames are there; a proto lives as long as the program; F3.
            unsafe {
                let frame = self.frames().add(index);
                match (*frame).proto.as_ref() {
                    Some(code) => !has_cleanup(world.program.proto(code), (*frame).index((*frame).pc)),
                    None => (*frame).kind() == Some(FrameKind::RunResult),
                }
            }
        })
    }

    /// Shows the fiber as it would wake.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Fiber) -> R) -> R {
        let mut fiber = MaybeUninit::uninit();
        // SAFETY: there is room for a fiber. What it holds is shown and not dropped; only the arrays are, which own nothing.
        let fiber = unsafe {
            self.copy(NonNull::from(&mut fiber).cast(), Stack::EMPTY, Stack::EMPTY);
            fiber.assume_init_mut()
        };
        let result = look(fiber);
        drop((fiber.stack.take(), fiber.frames.take()));
        result
    }

    /// Has it begun?
    pub(super) fn has_begun(&self) -> bool {
        self.head().frames > 0
    }

    /// The world that it is of.
    pub(super) fn world(&self) -> &WorldRef {
        &self.head().world
    }

    /// Writes the fiber to other memory.
    ///
    /// # Safety
    /// The memory is large enough for a fiber, and the caller's. Only one of the two is used and dropped.
    unsafe fn copy(&self, place: NonNull<Fiber>, mut stack: Stack<Slot>, mut frames: Stack<Frame>) {
        // SAFETY: promised by the caller.
        let Head { world, pending, origins, .. } = unsafe { self.0.read() };
        let (depth, registers) = (self.head().frames as usize, self.head().registers as usize);
        if depth == 0 {
            // SAFETY: promised by the caller.
            unsafe { place.write(Fiber::idle(world, stack, frames, pending, origins)) };
            return;
        }
        frames.grow(depth + 1 + MORE_FRAMES);
        // SAFETY: so many frames are there; a proto lives as long as the program.
        stack.grow(unsafe { Frame::windows_end(self.frames(), depth) });
        // SAFETY: there is room for the root frame and the others, and for the registers; the object has so many of both.
        unsafe {
            frames.start().write(Frame::internal(FrameKind::RootEnd, 0, 0));
            frames.start().add(1).copy_from_nonoverlapping(self.frames(), depth);
            stack.start().copy_from_nonoverlapping(self.registers(), registers);
        }
        // SAFETY: promised by the caller; and as above. The base of the top frame is the sum of what the frames move it up by.
        unsafe {
            place.write(Fiber::idle(world, stack, frames, pending, origins));
            let fiber = &mut *place.as_ptr();
            let deltas = (1..=depth).map(|index| (*fiber.frames.start().add(index)).delta());
            fiber.base = fiber.stack.start().add(deltas.sum());
            fiber.frame = fiber.frames.start().add(depth);
            fiber.pc = (*fiber.frame).pc;
        }
    }

    fn with(head: Head) -> Asleep {
        let memory = alloc::allocate(size(&head)).cast::<Head>();
        // SAFETY: `allocate` gave memory for at least a head, aligned to 16.
        unsafe {
            memory.write(head);
            Asleep(NonNull::new_unchecked(memory))
        }
    }

    fn head(&self) -> &Head {
        // SAFETY: `with` wrote it, and `self` owns it.
        unsafe { self.0.as_ref() }
    }

    fn size(&self) -> usize {
        size(self.head())
    }

    fn frames(&self) -> *mut Frame {
        // SAFETY: the object goes on behind the head (`size`).
        unsafe { self.0.as_ptr().add(1).cast() }
    }

    fn registers(&self) -> *mut Slot {
        // SAFETY: the object goes on behind the frames (`size`).
        unsafe { self.frames().add(self.head().frames as usize).cast() }
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

/// As objects are sized: in steps of their alignment.
fn size(head: &Head) -> usize {
    let behind = head.frames as usize * size_of::<Frame>() + head.registers as usize * size_of::<Slot>();
    (size_of::<Head>() + behind).next_multiple_of(alloc::ALIGN)
}

impl Drop for Asleep {
    /// For one that has not begun, or has released what its frames own (`end`): others wake for that.
    fn drop(&mut self) {
        debug_assert!(!self.has_begun());
        let size = self.size();
        // SAFETY: `self` owns the object, and ends here.
        unsafe {
            self.0.drop_in_place();
            alloc::free(self.0.as_ptr().cast(), size);
        }
    }
}
