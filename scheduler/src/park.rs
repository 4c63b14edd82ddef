//! Parking one worker: a flag that remembers a wake that came too early, and where to sleep.
//!
//! A worker parks on the reactor's poller if nobody else holds it, otherwise on its own condition variable.

use std::time::Duration;

use crate::Task;
use crate::reactor::WaitKey;
use crate::runtime::{Poller, Shared};
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Condvar, Mutex};

const AWAKE: u8 = 0;
const PARKED: u8 = 1;
const POLLING: u8 = 2;
const NOTIFIED: u8 = 3;

/// Where one worker sleeps.
pub struct Parker {
    state: AtomicU8,
    lock: Mutex<()>,
    wake: Condvar,
}

impl Parker {
    /// Nobody sleeps here.
    pub fn new() -> Self {
        Parker { state: AtomicU8::new(AWAKE), lock: Mutex::new(()), wake: Condvar::new() }
    }

    /// Wakes the worker, or the next park returns at once.
    pub fn unpark(&self, poller: Option<&Poller>) {
        // AcqRel pairs with the swaps in `park`: what we did before is seen by the worker when it returns.
        match self.state.swap(NOTIFIED, Ordering::AcqRel) {
            PARKED => {
                // Taking the lock waits until the worker, which has it while it tests the state, really sleeps.
                drop(self.lock.lock());
                self.wake.notify_one();
            }
            POLLING => {
                if let Some(poller) = poller {
                    poller.waker.wake();
                }
            }
            _ => {}
        }
    }

    /// Sleeps until `unpark`, or for `limit`; may return early. Gives the keys that have become ready.
    pub fn park<T: Task>(&self, shared: &Shared<T>, limit: Option<Duration>, ready: &mut Vec<WaitKey>) {
        if let Some(poller) = shared.poller_if_any()
            && let Some(mut reactor) = poller.reactor.try_lock()
        {
            if self.enter(POLLING) {
                // An error of the poller leaves nothing to do here: tasks wait on, time goes on.
                _ = reactor.poll(limit, &mut |key| ready.push(key));
            }
        } else {
            let mut guard = self.lock.lock();
            if self.enter(PARKED) {
                match limit {
                    Some(limit) => _ = self.wake.wait_for(&mut guard, limit),
                    None => self.wake.wait(&mut guard),
                }
            }
        }
        // Acquire pairs with the swap in `unpark`.
        self.state.swap(AWAKE, Ordering::AcqRel);
    }

    fn enter(&self, state: u8) -> bool {
        self.state.compare_exchange(AWAKE, state, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}
