//! Parking: a wake that comes too early, and one that has to go to the poller.

use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::check;
use crate::park::{Parker, Poll};
use crate::reactor::{Ready, WaitKey};
use crate::sync::{Condvar, Mutex};

/// A poller as the kernel shows it: a wake stays until a poll has returned with it.
#[derive(Default)]
struct Poller {
    holder: Mutex<()>,
    is_woken: Mutex<bool>,
    changed: Condvar,
}

impl Poll for Poller {
    fn try_poll(&self, _: Option<Duration>, may_begin: impl FnOnce() -> bool, _: &mut impl Ready) -> bool {
        let Some(_holder) = self.holder.try_lock() else { return false };
        if may_begin() {
            let mut is_woken = self.is_woken.lock();
            while !*is_woken {
                self.changed.wait(&mut is_woken);
            }
            *is_woken = false;
        }
        true
    }

    fn wake(&self) {
        *self.is_woken.lock() = true;
        self.changed.notify_all();
    }
}

/// A worker that parks until there is work, and somebody who brings it. A lost wake is a deadlock, which loom reports.
fn park_until_work(poller: Option<Arc<Poller>>) {
    let shared = Arc::new((Parker::new(), AtomicBool::new(false)));
    let worker = thread::spawn({
        let (shared, poller) = (shared.clone(), poller.clone());
        move || {
            // Relaxed: the wake has to bring the work along.
            while !shared.1.load(Ordering::Relaxed) {
                shared.0.park(poller.as_deref(), None, &mut Vec::<WaitKey>::new());
            }
        }
    });
    shared.1.store(true, Ordering::Relaxed);
    shared.0.unpark(poller.as_deref());
    worker.join().unwrap();
}

/// C37
#[test]
fn a_wake_is_not_lost() {
    check(&["park.notifies-without-the-lock", "park.forgets-an-early-wake"], || park_until_work(None));
}

/// C37
#[test]
fn a_wake_reaches_the_poller() {
    let mutants = &["park.leaves-the-poller-asleep", "park.forgets-an-early-wake"];
    check(mutants, || park_until_work(Some(Arc::new(Poller::default()))));
}
