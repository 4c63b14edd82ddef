//! What all fibers of a run have in common, and how they know it.
//!
//! A count that every fiber raised and lowered would be a word that all workers write. So the first fiber of a run keeps the world,
//! and the others only point to it: the scheduler drops the first one when all that it has started has ended
//! (`Task::resume`).

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::host::Host;
use crate::program::Program;
use crate::shutdown::Shutdown;

/// What a run may use.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// Frames of a fiber; a call beyond is the fault "stack exhausted".
    pub frames: usize,
    /// Registers of a fiber (16 bytes each), likewise.
    pub registers: usize,
    /// Slices of all fibers together: a slice is a stretch between two waits, or 4096 calls and turns of loops. Beyond them every
    /// fiber faults with "out of fuel" at its next call or turn. Cleanups have an eighth more.
    pub slices: u64,
}

impl Default for Limits {
    /// A million frames, as the language promises at least a tenth of it; 16 registers for each, 256 MiB. Slices without end.
    fn default() -> Limits {
        Limits { frames: 1_000_000, registers: 16_000_000, slices: u64::MAX }
    }
}

/// What all fibers of a run have in common.
pub struct World {
    /// The program.
    pub program: Arc<Program>,
    /// The host.
    pub host: Arc<dyn Host>,
    /// What they may use.
    pub limits: Limits,
    /// What cleanups do while it ends.
    pub shutdown: Shutdown,
    /// How many slices they have used, when there is a limit.
    slices: AtomicU64,
}

impl World {
    /// A world in which nothing has run.
    #[must_use]
    pub fn new(program: Arc<Program>, host: Arc<dyn Host>, limits: Limits) -> World {
        World { program, host, limits, shutdown: Shutdown::default(), slices: AtomicU64::new(0) }
    }

    /// Another call has it from here on.
    pub(super) fn restart(&self) {
        if self.limits.slices != u64::MAX {
            self.slices.store(0, Ordering::Relaxed);
        }
    }

    /// Takes a slice; false when there is none left. Whoever ends has an eighth more.
    pub(super) fn take_slice(&self, is_ending: bool) -> bool {
        let limit = self.limits.slices;
        let spare = if is_ending { limit / 8 } else { 0 };
        // A count that nothing else depends on.
        limit == u64::MAX || self.slices.fetch_add(1, Ordering::Relaxed) < limit + spare
    }
}

/// The world of a fiber: its address, with a bit for the one that keeps it.
pub(crate) struct WorldRef(NonNull<World>);

const KEEPS: usize = 1;

// SAFETY: a reference to something that is `Send + Sync`.
unsafe impl Send for WorldRef {}
// SAFETY: as above.
unsafe impl Sync for WorldRef {}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<World>();
    assert!(align_of::<World>() > KEEPS);
};

impl WorldRef {
    /// For the first fiber of a run.
    pub(super) fn keep(world: &Arc<World>) -> WorldRef {
        let kept = Arc::into_raw(world.clone()).cast_mut().map_addr(|address| address | KEEPS);
        // SAFETY: an `Arc` is not null.
        WorldRef(unsafe { NonNull::new_unchecked(kept) })
    }

    /// For the others, which the first one outlives.
    #[inline]
    pub(crate) fn pointer(&self) -> WorldRef {
        // SAFETY: not null.
        WorldRef(unsafe { NonNull::new_unchecked(self.address()) })
    }

    #[inline]
    fn address(&self) -> *mut World {
        self.0.as_ptr().map_addr(|address| address & !KEEPS)
    }
}

impl Deref for WorldRef {
    type Target = World;

    #[inline]
    fn deref(&self) -> &World {
        // SAFETY: the first fiber of the run keeps it, and goes last (module page).
        unsafe { &*self.address() }
    }
}

impl Drop for WorldRef {
    #[inline]
    fn drop(&mut self) {
        if self.0.addr().get() & KEEPS != 0 {
            // SAFETY: the count of `keep`, which is given up once: `pointer` makes no further one.
            drop(unsafe { Arc::from_raw(self.address().cast_const()) });
        }
    }
}
