//! A fiber in as little memory as possible: one that waits while fibers are many, or that has not begun.
//!
//! It is one object: what the fiber keeps between two turns, the frames above the root's, the registers. The fiber itself, 256
//! bytes with arrays that have room for calls, goes to the next one that runs. Left out is what can be had again: the tables of the
//! program, the fuel, the root frame. Put away is only who has nothing else: no signal, no cleanup that runs, no branch in place.
//!
//! The copy that a turn makes of it and back costs less than the memory that would be touched otherwise.

use std::mem::ManuallyDrop;
use std::ptr::NonNull;

use super::frame::Frame;
use super::stack::Stack;
use super::{Fiber, FrameKind, MORE_FRAMES, Origins, Pending, WorldRef};
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

    /// The fiber, with these arrays.
    pub(super) fn wake(self, stack: Stack<Slot>, frames: Stack<Frame>) -> Fiber {
        let asleep = ManuallyDrop::new(self);
        // SAFETY: what it holds is moved out once: it is not dropped, and its memory given back.
        unsafe {
            let fiber = ManuallyDrop::into_inner(asleep.copy(stack, frames));
            alloc::free(asleep.0.as_ptr().cast(), asleep.size());
            fiber
        }
    }

    /// Shows the fiber as it would wake.
    pub(super) fn look<R>(&self, look: impl FnOnce(&Fiber) -> R) -> R {
        // SAFETY: what it holds is shown and not dropped; only the arrays are, which own nothing.
        let mut fiber = unsafe { self.copy(Stack::EMPTY, Stack::EMPTY) };
        let result = look(&fiber);
        drop((fiber.stack.take(), fiber.frames.take()));
        result
    }

    /// Has it begun?
    pub(super) fn has_begun(&self) -> bool {
        self.head().frames > 0
    }

    /// The fiber, in other memory.
    ///
    /// # Safety
    /// Only one of the two is used and dropped.
    unsafe fn copy(&self, mut stack: Stack<Slot>, mut frames: Stack<Frame>) -> ManuallyDrop<Fiber> {
        // SAFETY: promised by the caller.
        let Head { world, pending, origins, .. } = unsafe { self.0.read() };
        let (depth, registers) = (self.head().frames as usize, self.head().registers as usize);
        if depth == 0 {
            return ManuallyDrop::new(Fiber::idle(world, stack, frames, pending, origins));
        }
        frames.grow(depth + 1 + MORE_FRAMES);
        stack.grow(registers);
        // SAFETY: there is room for the root frame and the others, and for the registers; the object has so many of both.
        unsafe {
            frames.start().write(Frame::internal(FrameKind::RootEnd, 0, 0));
            frames.start().add(1).copy_from_nonoverlapping(self.frames(), depth);
            stack.start().copy_from_nonoverlapping(self.registers(), registers);
        }
        let mut fiber = Fiber::idle(world, stack, frames, pending, origins);
        // SAFETY: as above. The base of the top frame is the sum of what the frames move it up by.
        unsafe {
            let deltas = (1..=depth).map(|index| (*fiber.frames.start().add(index)).delta());
            fiber.base = fiber.stack.start().add(deltas.sum());
            fiber.frame = fiber.frames.start().add(depth);
            fiber.pc = (*fiber.frame).pc;
        }
        ManuallyDrop::new(fiber)
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
    /// For one that has not begun: others wake, and release what their frames own.
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
