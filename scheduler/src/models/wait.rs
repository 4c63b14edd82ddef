//! The state word: how a wait ends once.

use std::sync::Mutex;

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;

use super::{check, check_bounded};
use crate::sync::{CHANNEL, Lock};
use crate::task::state::{Claim, Claimed, State};

/// A task that waits in one channel, and how often it was given the right to run.
struct Waiter {
    state: State,
    /// Is it in the channel's list?
    list: Lock<bool, CHANNEL>,
    message: UnsafeCell<Option<u32>>,
    /// What only the running side touches.
    own: UnsafeCell<u32>,
    /// What ended its wait, each time that it went on. Known to the test, not to loom.
    ends: Mutex<Vec<(Claim, Option<u32>)>>,
}

impl Waiter {
    fn new() -> Arc<Self> {
        Arc::new(Waiter {
            state: State::new(),
            list: Lock::new(false),
            message: UnsafeCell::new(None),
            own: UnsafeCell::new(0),
            ends: Mutex::default(),
        })
    }

    /// The task waits for a message; if something has ended that already, it goes on.
    fn wait(&self) {
        *self.list.lock() = true;
        // SAFETY: loom checks that nobody else is there.
        self.own.with_mut(|own| unsafe { *own += 1 });
        if self.state.publish(1, true).is_some() {
            self.go_on();
        }
    }

    /// Whoever has won the claim of a published wait runs the task: here at once.
    fn queue(&self, claimed: Claimed) {
        if claimed == Claimed::Queue {
            self.go_on();
        }
    }

    /// What the task does when its wait is over.
    fn go_on(&self) {
        // SAFETY: loom checks that nobody else is there.
        self.own.with_mut(|own| unsafe { *own += 1 });
        let claim = self.state.load().claim();
        if claim != Claim::Message {
            *self.list.lock() = false;
        }
        // SAFETY: as above.
        let message = self.message.with_mut(|cell| unsafe { (*cell).take() });
        self.ends.lock().unwrap().push((claim, message));
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
        drop(list);
        self.queue(claimed);
        true
    }

    fn cancel(&self) {
        if self.state.claim_reason() && self.state.cancel() {
            self.queue(Claimed::Queue);
        }
    }

    /// What ended its wait, and with which message.
    fn end(&self) -> (Claim, Option<u32>) {
        let ends = self.ends.lock().unwrap();
        assert_eq!(ends.len(), 1, "one right to run");
        ends[0]
    }
}

/// Exactly one of message, timer and cancel ends a wait; a message is handed over exactly if the task wakes with it.
/// C12
#[test]
fn a_wait_ends_once() {
    // All interleavings pass too, and take up to two minutes.
    check_bounded(3, &["state.two-claims-win", "state.changes-are-relaxed"], || {
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
        waiter.wait();
        let is_sent = sender.join().unwrap();
        others.join().unwrap();
        let (claim, message) = waiter.end();
        assert_eq!((claim == Claim::Message, message), (is_sent, is_sent.then_some(7)));
    });
}

/// A request to cancel ends a wait whenever it comes, and the message stays with its sender then.
/// C7
#[test]
fn a_request_to_cancel_is_not_lost() {
    // All interleavings pass too, and take up to two minutes.
    check_bounded(3, &["state.publish-overlooks-a-request"], || {
        let waiter = Waiter::new();
        let canceller = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.cancel()
        });
        let sender = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.send(7)
        });
        waiter.wait();
        canceller.join().unwrap();
        let is_sent = sender.join().unwrap();
        let (claim, message) = waiter.end();
        assert_eq!(claim == Claim::Message, is_sent);
        assert_eq!(message.is_some(), is_sent);
        assert!(waiter.state.load().shows_cancel());
    });
}

/// A masked task is woken by its message, not by the request to cancel.
/// C13
#[test]
fn a_masked_wait_is_not_cancelled() {
    check(&["state.a-request-ignores-the-mask"], || {
        let waiter = Waiter::new();
        waiter.state.set_masked(true);
        let canceller = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.cancel()
        });
        waiter.wait();
        canceller.join().unwrap();
        assert!(waiter.send(7));
        assert_eq!(waiter.end(), (Claim::Message, Some(7)));
    });
}

/// A timer that fires late, when the task waits for something else, ends nothing.
/// C12
#[test]
fn a_late_claim_hits_nothing() {
    check(&["state.a-late-claim-hits"], || {
        let waiter = Waiter::new();
        let timer = thread::spawn({
            let waiter = waiter.clone();
            move || waiter.state.claim(1, Claim::Timer)
        });
        // The first wait is ended by its message, the second by nothing.
        let first = waiter.state.claim(1, Claim::Message);
        let early = waiter.state.publish(1, true);
        assert!(first == Claimed::Early && early.is_some() || first == Claimed::Lost);
        assert!(waiter.state.publish(2, true).is_none());
        timer.join().unwrap();
        assert!(waiter.state.load().is_waiting(), "the second wait was ended by the timer of the first");
    });
}

/// Of two requests to cancel one writes the reason, and whoever sees the request sees the reason.
/// C9
#[test]
fn the_first_reason_counts() {
    check(&["state.two-write-the-reason", "state.changes-are-relaxed"], || {
        let task = Arc::new((State::new(), UnsafeCell::new(0)));
        let request = |task: &(State, UnsafeCell<u32>), reason: u32| {
            if task.0.claim_reason() {
                // SAFETY: loom checks that nobody else is there.
                task.1.with_mut(|cell| unsafe { *cell = reason });
                task.0.cancel();
            }
        };
        let others = [1, 2].map(|reason| {
            let task = task.clone();
            thread::spawn(move || request(&task, reason))
        });
        if task.0.publish(1, true).is_some() {
            // SAFETY: loom checks that nobody writes.
            assert_ne!(task.1.with(|cell| unsafe { *cell }), 0);
        }
        others.into_iter().for_each(|other| other.join().unwrap());
        assert!(task.0.load().shows_cancel());
    });
}
