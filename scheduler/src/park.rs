//! Parking one worker: a flag that remembers a wake that came too early, and where to sleep.
//!
//! A worker parks on the reactor's poller if nobody else holds it, otherwise on its own condition variable.

use std::time::Duration;

use crate::reactor::Ready;
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::{Condvar, Mutex};

const AWAKE: u8 = 0;
const PARKED: u8 = 1;
const POLLING: u8 = 2;
const NOTIFIED: u8 = 3;

/// What one of the workers sleeps on, so that it hears of sources too.
pub trait Poll {
    /// Waits for sources, if nobody else does and `may_begin`; may return early. False: somebody else does.
    fn try_poll(&self, limit: Option<Duration>, may_begin: impl FnOnce() -> bool, ready: &mut impl Ready) -> bool;

    /// Makes the running or the next poll return.
    fn wake(&self);
}

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
    pub fn unpark(&self, poller: Option<&impl Poll>) {
        // AcqRel pairs with the swaps in `park`: what we did before is seen by the worker when it returns.
        match self.state.swap(NOTIFIED, Ordering::AcqRel) {
            PARKED => {
                // Taking the lock waits until the worker, which has it while it tests the state, really sleeps.
                mutant!("park.notifies-without-the-lock", drop(self.lock.lock()), ());
                self.wake.notify_one();
            }
            POLLING => {
                if let Some(poller) = poller {
                    mutant!("park.leaves-the-poller-asleep", poller.wake(), ());
                }
            }
            _ => {}
        }
    }

    /// Sleeps until `unpark`, or for `limit`; may return early. Tells `ready` what has become ready.
    pub fn park(&self, poller: Option<&impl Poll>, limit: Option<Duration>, ready: &mut impl Ready) {
        let has_polled = poller.is_some_and(|poller| poller.try_poll(limit, || self.enter(POLLING), ready));
        if !has_polled {
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
        mutant!(
            "park.forgets-an-early-wake",
            self.state.compare_exchange(AWAKE, state, Ordering::AcqRel, Ordering::Acquire).is_ok(),
            {
                self.state.store(state, Ordering::Release);
                true
            }
        )
    }
}
