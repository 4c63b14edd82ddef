//! Stopping the world: for the moment of a dump nobody runs.
//!
//! Whoever stops it sets a flag, wakes everybody, and waits until all workers are idle or wait at the barrier. A worker
//! asks for the flag after it left the idle state and before each task. Both sides write first, then fence (SeqCst),
//! then read, so at least one of them sees the other.

use crate::runtime::Shared;
use crate::sync::atomic::{AtomicBool, Ordering, fence};
use crate::sync::{Arc, Condvar, Mutex, MutexGuard};
use crate::{Mode, Task};

/// The flag and the barrier.
pub struct World {
    is_paused: AtomicBool,
    /// One at a time stops the world.
    stopping: Mutex<()>,
    /// A bit for each worker at the barrier.
    waiting: Mutex<u64>,
    changed: Condvar,
}

impl Default for World {
    fn default() -> Self {
        World {
            is_paused: AtomicBool::new(false),
            stopping: Mutex::new(()),
            waiting: Mutex::new(0),
            changed: Condvar::new(),
        }
    }
}

impl World {
    /// Asks everybody to stop; whom the caller sees idle afterwards will wait before it runs.
    pub fn announce(&self) {
        self.is_paused.store(true, Ordering::Relaxed);
        // Pairs with the fence in `must_wait`: the caller reads the idle bits next.
        mutant!("world.announces-without-a-fence", fence(Ordering::SeqCst), ());
    }

    /// Whoever waits, for the world to stop or to go on, looks again.
    pub fn look_again(&self) {
        drop(self.waiting.lock());
        self.changed.notify_all();
    }

    /// For a worker that has just left the idle state: must it wait before it runs?
    pub fn must_wait(&self) -> bool {
        // Pairs with the fence in `announce`: the idle bit was cleared before.
        mutant!("world.goes-on-without-a-fence", fence(Ordering::SeqCst), ());
        self.is_paused.load(Ordering::Acquire)
    }
}

/// Calls `look` while no worker runs; `None` if the runtime is broken, or if the caller works for it and would wait for
/// itself.
pub fn stopped<T: Task, R>(shared: &Arc<Shared<T>>, look: impl FnOnce() -> R) -> Option<R> {
    if crate::worker::is_at_work(shared) {
        return None;
    }
    let world = &shared.world;
    let one = world.stopping.lock();
    world.announce();
    let _stopped = Stopped { world, _one: one };
    shared.wait_for_all(None).then(look)
}

/// The world stays stopped while this lives.
pub struct Stopped<'a> {
    world: &'a World,
    _one: MutexGuard<'a, ()>,
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        // Release pairs with the Acquire of those who go on.
        self.world.is_paused.store(false, Ordering::Release);
        self.world.look_again();
    }
}

impl<T: Task> Shared<T> {
    /// Stops the world if all workers are idle, for one that is idle itself.
    pub fn try_stop_idle(&self) -> Option<Stopped<'_>> {
        let one = self.world.stopping.try_lock()?;
        self.world.announce();
        let stopped = Stopped { world: &self.world, _one: one };
        self.idle.is_everybody_idle().then_some(stopped)
    }

    /// Stops the world for a worker that is between two turns, if nobody else stops it: who does waits for us.
    pub fn stop_others(&self, index: usize) -> Option<Stopped<'_>> {
        let one = self.world.stopping.try_lock()?;
        self.world.announce();
        let stopped = Stopped { world: &self.world, _one: one };
        self.wait_for_all(Some(index)).then_some(stopped)
    }

    /// Waits until all workers but one are idle or at the barrier. False: one of them never will be, as the runtime is
    /// broken.
    fn wait_for_all(&self, but: Option<usize>) -> bool {
        let mut waiting = self.world.waiting.lock();
        let has_stopped = |waiting: u64, index| {
            mutant!("world.waits-for-nobody", waiting >> index & 1 == 1 || self.idle.is_idle(index), true)
                || self.is_empty(index)
        };
        while !(0..self.seats.len()).all(|index| but == Some(index) || has_stopped(*waiting, index)) {
            if self.is_broken() {
                return false;
            }
            self.world.changed.wait(&mut waiting);
        }
        !self.is_broken()
    }

    /// Does nobody sit in this seat? It may be awake all the same: in a runtime that is driven, until its next turn.
    /// Who takes the core then looks at the flag, which was set before we took this lock.
    fn is_empty(&self, index: usize) -> bool {
        self.config.mode == Mode::Driven && self.seats[index].core.lock().is_some()
    }

    /// Does somebody want the world to stop?
    #[inline]
    pub fn is_paused(&self) -> bool {
        self.world.is_paused.load(Ordering::Acquire)
    }

    /// Waits at the barrier while the world is stopped.
    pub fn wait_while_paused(&self, index: usize) {
        if !self.world.must_wait() {
            return;
        }
        let mut waiting = self.world.waiting.lock();
        *waiting |= 1 << index;
        self.world.changed.notify_all();
        while self.is_paused() {
            self.world.changed.wait(&mut waiting);
        }
        *waiting &= !(1 << index);
    }

    /// A worker has become idle: whoever stops the world may wait for that.
    pub fn note_idle(&self) {
        if self.is_paused() {
            self.world.look_again();
        }
    }
}
