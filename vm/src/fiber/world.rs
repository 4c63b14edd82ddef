//! What all fibers of a run have in common, and how they know it.
//!
//! A count that every fiber raised and lowered would be a word that all workers write. So the first fiber of a run keeps the world,
//! and the others only point to it: the scheduler drops the first one when all that it has started has ended
//! (`Task::resume`).

use std::ops::Deref;
use std::ptr::NonNull;
use std::sync::Arc;

use crate::account::{Account, Level, Limits};
use crate::host::Host;
use crate::program::Program;
use crate::shutdown::Shutdown;

/// What all fibers of a run have in common.
pub struct World {
    /// The program.
    pub program: Arc<Program>,
    /// The host.
    pub host: Arc<dyn Host>,
    /// What they may use.
    pub limits: Limits,
    /// What they have used, if anything is limited.
    pub account: Option<Arc<Account>>,
    /// What cleanups do while it ends.
    pub shutdown: Shutdown,
}

impl World {
    /// A world in which nothing has run.
    #[must_use]
    pub fn new(program: Arc<Program>, host: Arc<dyn Host>, limits: Limits) -> World {
        World::within(program, host, limits, None)
    }

    /// The same for a call that is a part of something with an account.
    #[must_use]
    pub fn within(program: Arc<Program>, host: Arc<dyn Host>, limits: Limits, parent: Option<&Arc<Account>>) -> World {
        let is_metered = limits.is_metered() || parent.is_some();
        let account = is_metered.then(|| Arc::new(Account::new(Level::Call, limits, parent.cloned())));
        World { program, host, limits, account, shutdown: Shutdown::default() }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(account) = &self.account {
            account.close();
        }
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
