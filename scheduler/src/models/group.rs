//! Groups: the owner, its last child, its limit and a request to cancel.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::check_bounded;
use crate::sync::{GROUP, Lock};
use crate::task::state::{Claim, Claimed, State};

/// The owner of a group: whoever gets the right to run plays its turn on the spot.
struct Owner {
    state: State,
    pending: Lock<u32, GROUP>,
    has_told: AtomicBool,
    /// Known to the test, not to loom.
    finished: std::sync::atomic::AtomicUsize,
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
    // All interleavings pass too, and take up to two minutes.
    check_bounded(3, &["state.two-claims-win"], || {
        let owner = Arc::new(Owner {
            state: State::new(),
            pending: Lock::new(1),
            has_told: AtomicBool::new(false),
            finished: Default::default(),
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
    // All interleavings pass too, and take up to two minutes.
    check_bounded(3, &["state.publish-again-overlooks-a-request"], || {
        let owner = Arc::new(Owner {
            state: State::new(),
            pending: Lock::new(1),
            has_told: AtomicBool::new(false),
            finished: Default::default(),
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
