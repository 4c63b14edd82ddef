//! What all fibers of a run have in common, and how they know it.
//!
//! A count that every fiber raised and lowered would be a word that all workers write. So the first fiber of a run
//! keeps the world, and the others only point to it: the scheduler drops the first one when all that it has started has
//! ended (`Task::resume`).
//!
//! A part of a run with limits of its own (`within.rs`) has a world of its own. It does not end with any one fiber, and
//! is rare: that one is counted by all.

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
    /// What cleanups do while it ends. Of a part of a run nothing: see `call`.
    pub shutdown: Shutdown,
    /// What it is a part of.
    outer: Option<WorldRef>,
    /// Its runtime runs nothing else.
    is_apart: bool,
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
        let is_metered = limits.is_metered() || parent.is_some() || program.is_metered();
        let account = is_metered.then(|| Arc::new(Account::new(Level::Call, limits, parent.cloned())));
        World { program, host, limits, account, shutdown: Shutdown::default(), outer: None, is_apart: false }
    }

    /// Of a call that has a runtime for itself.
    #[must_use]
    pub fn apart(mut self) -> World {
        self.is_apart = true;
        self
    }

    /// The world of a part of a run, with limits of its own.
    pub(super) fn part_of(outer: &WorldRef, limits: Limits) -> Arc<World> {
        let World { program, host, account, .. } = &**outer;
        let account = Arc::new(Account::new(Level::Scope, limits, account.clone()));
        Arc::new(World {
            program: program.clone(),
            host: host.clone(),
            limits,
            account: Some(account),
            shutdown: Shutdown::default(),
            outer: Some(outer.pointer()),
            is_apart: false,
        })
    }

    /// A number that tells the runtimes apart that run the program.
    pub(crate) fn runtime(&self) -> usize {
        let call = self.call();
        if call.is_apart { std::ptr::from_ref(call).addr() } else { 0 }
    }

    /// That of the whole run, which lives while one of its fibers does.
    pub(crate) fn call(&self) -> &World {
        self.outer.as_ref().map_or(self, |outer| outer.call())
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if let Some(account) = &self.account {
            account.close();
        }
    }
}

/// The world of a fiber: its address, with bits for who keeps it.
pub(crate) struct WorldRef(NonNull<World>);

/// This one keeps the world.
const KEEPS: usize = 1;

/// So do all others that are made of it.
const COUNTED: usize = 2;

// SAFETY: a reference to something that is `Send + Sync`.
unsafe impl Send for WorldRef {}
// SAFETY: as above.
unsafe impl Sync for WorldRef {}

const _: () = {
    const fn is_send_and_sync<T: Send + Sync>() {}
    is_send_and_sync::<World>();
    assert!(align_of::<World>() > KEEPS | COUNTED);
};

impl WorldRef {
    /// For the first fiber of a run.
    pub(super) fn keep(world: &Arc<World>) -> WorldRef {
        WorldRef::kept(world.clone(), KEEPS)
    }

    /// For the fibers of a part of a run.
    pub(super) fn counted(world: Arc<World>) -> WorldRef {
        WorldRef::kept(world, KEEPS | COUNTED)
    }

    fn kept(world: Arc<World>, bits: usize) -> WorldRef {
        let kept = Arc::into_raw(world).cast_mut().map_addr(|address| address | bits);
        // SAFETY: an `Arc` is not null.
        WorldRef(unsafe { NonNull::new_unchecked(kept) })
    }

    /// For the others, which the first one outlives.
    #[inline]
    pub(crate) fn pointer(&self) -> WorldRef {
        if self.0.addr().get() & COUNTED != 0 {
            return self.count();
        }
        // SAFETY: not null.
        WorldRef(unsafe { NonNull::new_unchecked(self.address()) })
    }

    #[cold]
    fn count(&self) -> WorldRef {
        // SAFETY: it came out of an `Arc` (`counted`), of which we have a count.
        unsafe { Arc::increment_strong_count(self.address().cast_const()) };
        WorldRef(self.0)
    }

    /// Is it that of the first fiber of a run?
    #[inline]
    pub(super) fn is_of_first(&self) -> bool {
        self.0.addr().get() & (KEEPS | COUNTED) == KEEPS
    }

    /// Is it the same world?
    #[inline]
    pub(super) fn is(&self, other: &WorldRef) -> bool {
        self.address() == other.address()
    }

    /// Is it a world of the same run? Nobody needs to know whether that one lives.
    pub(super) fn is_of_run(&self, other: &WorldRef) -> bool {
        self.call_address() == other.call_address()
    }

    fn call_address(&self) -> *mut World {
        let mut world = self;
        // What is counted lives, and only that is a part of something.
        while world.0.addr().get() & COUNTED != 0
            && let Some(outer) = &world.outer
        {
            world = outer;
        }
        world.address()
    }

    #[inline]
    fn address(&self) -> *mut World {
        self.0.as_ptr().map_addr(|address| address & !(KEEPS | COUNTED))
    }
}

impl Deref for WorldRef {
    type Target = World;

    #[inline]
    fn deref(&self) -> &World {
        // SAFETY: we keep it, or the first fiber of the run does, and goes last (module page).
        unsafe { &*self.address() }
    }
}

impl Drop for WorldRef {
    #[inline]
    fn drop(&mut self) {
        if self.0.addr().get() & KEEPS != 0 {
            // SAFETY: the count of `kept` or `count`, which is given up once.
            drop(unsafe { Arc::from_raw(self.address().cast_const()) });
        }
    }
}
