//! Loom models: every interleaving, and every reordering that the orderings allow, of the protocols that all else rests on.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p aivi-scheduler --release --lib models`.
//! Each model plays one protocol with the real code; what it stands for is played by plain cells that loom watches for races.
//! Byte locks are loom's mutexes here, as a model cannot spin. Loom takes SeqCst accesses for AcqRel ones; so where the
//! order of two locations matters, the code has fences, which loom knows.

use loom::cell::UnsafeCell;
use loom::model;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use crate::idle::Idle;
use crate::sync::{CHANNEL, GROUP, Lock};
use crate::task::state::{Claim, Claimed, State};
use crate::world::World;

/// A task that waits in one channel, and how often it was given the right to run.
struct Waiter {
    state: State,
    /// Is it in the channel's list?
    list: Lock<bool, CHANNEL>,
    message: UnsafeCell<Option<u32>>,
    queued: AtomicUsize,
}

impl Waiter {
    fn new() -> Arc<Self> {
        let (list, message) = (Lock::new(false), UnsafeCell::new(None));
        Arc::new(Waiter { state: State::new(), list, message, queued: AtomicUsize::new(0) })
    }

    fn queue(&self, claimed: Claimed) {
        if claimed == Claimed::Queue {
            self.queued.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What a sender does that finds the task in its list. True: the message was handed over.
    fn send(&self, message: u32) -> bool {
        let mut list = self.list.lock();
        if !std::mem::take(&mut *list) {
            return false;
        }
        // SAFETY: loom checks that nobody else is there.
        self.message.with_mut(|cell| unsafe { *cell = Some(message) });
        let claimed = self.state.claim(1, Claim::Message);
        if claimed == Claimed::Lost {
            // SAFETY: loom checks that nobody else is there.
            self.message.with_mut(|cell| unsafe { *cell = None });
            return false;
        }
        self.queue(claimed);
        true
    }

    fn cancel(&self) {
        if self.state.claim_reason() && self.state.cancel() {
            self.queue(Claimed::Queue);
        }
    }

    /// What the task does when its wait is over.
    fn wake(&self) -> (Claim, Option<u32>) {
        let claim = self.state.load().claim();
        if claim != Claim::Message {
            *self.list.lock() = false;
        }
        // SAFETY: loom checks that nobody else is there.
        (claim, self.message.with_mut(|cell| unsafe { (*cell).take() }))
    }
}

/// Exactly one of message, timer and cancel ends a wait; a message is handed over exactly if the task wakes with it.
/// C12
#[test]
fn a_wait_ends_once() {
    model(|| {
        let waiter = Waiter::new();
        let sender = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.send(7)
        });
        let others = thread::spawn({
            let waiter = waiter.clone();
            move || {
                waiter.queue(waiter.state.claim(1, Claim::Timer));
                waiter.cancel();
            }
        });
        *waiter.list.lock() = true;
        let early = waiter.state.publish(1, true);
        let is_sent = sender.join().unwrap();
        others.join().unwrap();
        assert_eq!(waiter.queued.load(Ordering::Relaxed) + early.is_some() as usize, 1, "one right to run");
        let (claim, message) = waiter.wake();
        assert_eq!((claim == Claim::Message, message), (is_sent, is_sent.then_some(7)));
    });
}

/// A request to cancel ends a wait whenever it comes, and the message stays with its sender then.
/// C7
#[test]
fn a_request_to_cancel_is_not_lost() {
    model(|| {
        let waiter = Waiter::new();
        let canceller = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.cancel()
        });
        let sender = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.send(7)
        });
        *waiter.list.lock() = true;
        let early = waiter.state.publish(1, true);
        canceller.join().unwrap();
        let is_sent = sender.join().unwrap();
        assert_eq!(waiter.queued.load(Ordering::Relaxed) + early.is_some() as usize, 1, "it does not wait for ever");
        let (claim, message) = waiter.wake();
        assert_eq!(claim == Claim::Message, is_sent);
        assert_eq!(message.is_some(), is_sent);
        assert!(waiter.state.load().shows_cancel());
    });
}

/// A masked task is woken by its message, not by the request to cancel.
/// C13
#[test]
fn a_masked_wait_is_not_cancelled() {
    model(|| {
        let waiter = Waiter::new();
        waiter.state.set_masked(true);
        let canceller = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.cancel()
        });
        *waiter.list.lock() = true;
        let early = waiter.state.publish(1, true);
        assert!(early.is_none());
        canceller.join().unwrap();
        assert!(waiter.send(7));
        assert_eq!(waiter.wake(), (Claim::Message, Some(7)));
    });
}

/// The owner of a group: whoever gets the right to run plays its turn on the spot.
struct Owner {
    state: State,
    pending: Lock<u32, GROUP>,
    has_told: AtomicBool,
    finished: AtomicUsize,
}

impl Owner {
    fn turn(&self) {
        loop {
            let pending = self.pending.lock();
            if *pending == 0 {
                self.finished.fetch_add(1, Ordering::Relaxed);
                return;
            }
            // Relaxed: only the running side uses it.
            if self.state.load().shows_cancel() {
                self.has_told.store(true, Ordering::Relaxed);
            }
            if self.state.publish_again(!self.has_told.load(Ordering::Relaxed), false) {
                return;
            }
        }
    }

    fn end_child(&self) {
        let mut pending = self.pending.lock();
        *pending -= 1;
        let is_over = *pending == 0 && self.state.claim(1, Claim::Group) == Claimed::Queue;
        drop(pending);
        if is_over {
            self.turn();
        }
    }
}

/// However its end, a limit and a request to cancel meet, the owner of a group goes on once, after its last child.
/// C18
#[test]
fn a_group_ends_once() {
    model(|| {
        let owner = Arc::new(Owner {
            state: State::new(),
            pending: Lock::new(1),
            has_told: AtomicBool::new(false),
            finished: AtomicUsize::new(0),
        });
        let child = thread::spawn({
            let owner = owner.clone();
            move || owner.end_child()
        });
        let canceller = thread::spawn({
            let owner = owner.clone();
            move || {
                if owner.state.claim_reason() && owner.state.cancel() {
                    owner.turn();
                }
            }
        });
        if owner.state.publish(1, true).is_some() {
            owner.turn();
        }
        child.join().unwrap();
        canceller.join().unwrap();
        assert_eq!(owner.finished.load(Ordering::Relaxed), 1);
    });
}

/// A request to cancel that comes while the owner's turn is about something else reaches the children all the same.
/// C7
#[test]
fn a_request_to_cancel_reaches_the_children() {
    model(|| {
        let owner = Arc::new(Owner {
            state: State::new(),
            pending: Lock::new(1),
            has_told: AtomicBool::new(false),
            finished: AtomicUsize::new(0),
        });
        let limit = thread::spawn({
            let owner = owner.clone();
            move || {
                if owner.state.claim(1, Claim::Timer) == Claimed::Queue {
                    owner.turn();
                }
            }
        });
        let canceller = thread::spawn({
            let owner = owner.clone();
            move || {
                if owner.state.claim_reason() && owner.state.cancel() {
                    owner.turn();
                }
            }
        });
        if owner.state.publish(1, true).is_some() {
            owner.turn();
        }
        limit.join().unwrap();
        canceller.join().unwrap();
        assert!(owner.has_told.load(Ordering::Relaxed), "the children run on");
        assert!(owner.state.load().is_waiting(), "the owner waits for them");
    });
}

/// A push from outside is found by the worker that parks, or wakes it (argument 1 in `idle.rs`).
/// C37
#[test]
fn a_push_from_outside_is_not_lost() {
    model(|| {
        let idle = Arc::new(Idle::new(1));
        idle.leave(0);
        let injected = Arc::new(AtomicBool::new(false));
        let outside = thread::spawn({
            let (idle, injected) = (idle.clone(), injected.clone());
            move || {
                // Relaxed: the order must come from the fences alone.
                injected.store(true, Ordering::Relaxed);
                idle.take_any().is_some()
            }
        });
        idle.enter(0);
        let is_found = injected.load(Ordering::Relaxed);
        let is_woken = outside.join().unwrap();
        assert!(is_found || is_woken, "the worker sleeps on a task");
    });
}

/// A gate that opens is seen by the worker that parks, or wakes it.
#[test]
fn an_open_gate_is_not_missed() {
    model(|| {
        let idle = Arc::new(Idle::new(2));
        idle.leave(0);
        idle.leave(1);
        let is_open = Arc::new(AtomicBool::new(false));
        let owner = thread::spawn({
            let (idle, is_open) = (idle.clone(), is_open.clone());
            move || {
                is_open.store(true, Ordering::Relaxed);
                idle.take_searcher() == Some(1)
            }
        });
        idle.enter(1);
        let is_seen = is_open.load(Ordering::Relaxed);
        let is_woken = owner.join().unwrap();
        assert!(is_seen || is_woken, "the thief sleeps beside an open gate");
    });
}

/// Of two workers that park at the same time at least one is the last, and so looks for a deadlock.
#[test]
fn somebody_parks_last() {
    model(|| {
        let idle = Arc::new(Idle::new(2));
        idle.leave(0);
        idle.leave(1);
        let other = thread::spawn({
            let idle = idle.clone();
            move || idle.enter(1)
        });
        let is_last = idle.enter(0);
        assert!(is_last != other.join().unwrap());
    });
}

/// Whoever stops the world and a worker that leaves the idle state see each other.
#[test]
fn a_stopped_world_does_not_run() {
    model(|| {
        let idle = Arc::new(Idle::new(1));
        let world = Arc::new(World::default());
        let stopper = thread::spawn({
            let (idle, world) = (idle.clone(), world.clone());
            move || {
                world.announce();
                idle.is_everybody_idle()
            }
        });
        idle.leave(0);
        let runs = !world.must_wait();
        let is_stopped = stopper.join().unwrap();
        assert!(!(runs && is_stopped), "the worker runs in a stopped world");
    });
}
