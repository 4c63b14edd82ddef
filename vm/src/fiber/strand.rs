//! A fiber as the scheduler holds it: one pointer, so that a task costs little to make and to move, and little while it
//! does not run.
//!
//! The fiber behind it is recycled together with the arrays for its registers and frames: a task that starts where another
//! one has ended allocates nothing.

use std::cell::{Cell, RefCell};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;
use std::sync::Arc;

use aivi_scheduler::{Context, DeadlockReport, Ledger, Place, Step, Task};

use super::frame::Frame;
use super::stack::Stack;
use super::{Fiber, NOWHERE, Origins, Pending, Start, World};
use crate::fault::Fault;
use crate::object::{Shared, references};
use crate::value::Slot;

/// A fiber that was made: what the scheduler runs.
pub struct Strand(ManuallyDrop<Box<Fiber>>);

/// Fibers that a thread keeps for the next ones; arbitrary: enough for a burst of short ones.
const KEPT: usize = 256;

/// With more fibers than this, one that waits gives back all memory that it does not use meanwhile (arbitrary).
const CROWD: isize = 4096;

thread_local! {
    static SHELLS: RefCell<Vec<Shell>> = const { RefCell::new(Vec::new()) };
    /// Fibers that began on this thread, less those that ended on it.
    static LIVE: Cell<isize> = const { Cell::new(0) };
}

/// Whether there are so many fibers that memory counts more than speed. A guess: some may go on or end on other threads.
#[inline]
pub(super) fn is_crowded() -> bool {
    LIVE.get() > CROWD
}

/// A fiber begins here.
#[inline]
pub(super) fn count_begun() {
    LIVE.set(LIVE.get() + 1);
}

/// A fiber that has begun ends here.
#[inline]
pub(super) fn count_ended() {
    LIVE.set(LIVE.get() - 1);
}

/// The memory of a fiber that is gone.
struct Shell {
    memory: Box<MaybeUninit<Fiber>>,
    stack: Stack<Slot>,
    frames: Stack<Frame>,
}

impl Strand {
    /// A fiber that will run `start`.
    #[must_use]
    pub fn new(world: &Arc<World>, start: Start) -> Strand {
        Strand::made(world, start.into(), [NOWHERE; super::ORIGINS])
    }

    /// The fiber.
    pub(super) fn fiber(&mut self) -> &mut Fiber {
        &mut self.0
    }

    /// The fiber as a pointer that nothing keeps track of.
    pub(super) fn into_raw(self) -> NonNull<Fiber> {
        let mut strand = ManuallyDrop::new(self);
        // SAFETY: taken once: the strand is not dropped.
        let fiber = unsafe { ManuallyDrop::take(&mut strand.0) };
        NonNull::from(Box::leak(fiber))
    }

    /// What `into_raw` gave.
    ///
    /// # Safety
    /// It is made a strand again only once.
    pub(super) unsafe fn from_raw(fiber: NonNull<Fiber>) -> Strand {
        // SAFETY: promised by the caller; it was a box.
        Strand(ManuallyDrop::new(unsafe { Box::from_raw(fiber.as_ptr()) }))
    }

    /// A fiber whose first turn begins with `pending`.
    pub(super) fn made(world: &Arc<World>, pending: Pending, origins: Origins) -> Strand {
        let shell = SHELLS.try_with(|shells| shells.borrow_mut().pop()).ok().flatten();
        let Shell { memory, stack, frames } =
            shell.unwrap_or_else(|| Shell { memory: Box::new_uninit(), stack: Stack::EMPTY, frames: Stack::EMPTY });
        let fiber = Fiber::idle(world.clone(), stack, frames, pending, origins);
        Strand(ManuallyDrop::new(Box::write(memory, fiber)))
    }
}

impl Drop for Strand {
    /// A fiber that is dropped in the middle (the runtime gave it up) releases what its frames own.
    fn drop(&mut self) {
        self.0.abandon();
        let (mut stack, mut frames) = (self.0.stack.take(), self.0.frames.take());
        // SAFETY: nobody uses the box after `drop`. What it points at is dropped here, once, and is memory for any fiber then.
        let memory = unsafe {
            let fiber = Box::into_raw(ManuallyDrop::take(&mut self.0));
            fiber.drop_in_place();
            Box::from_raw(fiber.cast::<MaybeUninit<Fiber>>())
        };
        stack.limit();
        frames.limit();
        let shell = Shell { memory, stack, frames };
        // At the end of a thread the list may be gone; then the memory goes back.
        _ = SHELLS.try_with(|shells| {
            let mut shells = shells.borrow_mut();
            if shells.len() < KEPT {
                shells.push(shell);
            }
        });
    }
}

impl Task for Strand {
    type Value = Shared;
    type Fault = Fault;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        self.0.resume(cx)
    }

    fn entry(&self) -> Place {
        self.0.entry()
    }

    fn cleanups(&self) -> Vec<Place> {
        self.0.pending_cleanups()
    }

    fn trace(&self, ledger: &mut Ledger<Self>) {
        self.0.enter_held(ledger);
    }

    fn trace_value(value: &Shared, ledger: &mut Ledger<Self>) {
        references::enter(value.value(), ledger);
    }

    unsafe fn trace_object(object: NonNull<()>, ledger: &mut Ledger<Self>) {
        // SAFETY: promised by the caller: it is one of those that were entered, and whose owners do not run.
        unsafe { references::enter_fields(object, ledger) }
    }

    fn deadlock(report: DeadlockReport) -> Fault {
        Fault::deadlock(report)
    }
}
