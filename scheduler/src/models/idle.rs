//! Who is parked, whom to wake, and the stopped world.

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::stage::runtime;
use super::{check, check_bounded};
use crate::idle::Idle;
use crate::world::World;

/// A push from outside is found by the worker that parks, or wakes it (argument 1 in `idle.rs`).
/// C37
#[test]
fn a_push_from_outside_is_not_lost() {
    check(&["idle.enters-without-a-fence", "idle.wakes-without-a-fence"], || {
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
    check(&["idle.enters-without-a-fence", "idle.wakes-a-thief-without-a-fence"], || {
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
    check(&["idle.nobody-is-last"], || {
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
    check(&["world.announces-without-a-fence", "world.goes-on-without-a-fence"], || {
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

/// A worker stops the world between two of its turns: it waits for the turn of another one, and nobody runs while it
/// looks.
///
/// That a second one wants to do the same cannot be played: Loom lets who tries a lock wait for it.
#[test]
fn a_worker_stops_the_others_between_its_turns() {
    check_bounded(3, &["world.waits-for-nobody", "world.goes-on-without-a-fence"], || {
        let runtime = runtime(2);
        let shared = runtime.shared.clone();
        let turns = Arc::new(UnsafeCell::new(0));
        shared.idle.leave(0);
        shared.idle.leave(1);
        let other = thread::spawn({
            let (shared, turns) = (shared.clone(), turns.clone());
            move || {
                let turn = || {
                    shared.wait_while_paused(1);
                    // SAFETY: Loom watches whether anybody else is here.
                    turns.with_mut(|turns| unsafe { *turns += 1 });
                };
                turn();
                shared.idle.enter(1);
                shared.note_idle();
                shared.idle.leave(1);
                turn();
                shared.idle.enter(1);
                shared.note_idle();
            }
        });
        let stopped = shared.stop_others(0);
        // SAFETY: as above.
        turns.with(|turns| assert!(unsafe { *turns } <= 2));
        drop(stopped);
        other.join().unwrap();
    });
}

/// Two wakes go to two workers.
/// C37
#[test]
fn two_wakes_go_to_two_workers() {
    check(&["idle.two-wakes-for-one"], || {
        let idle = Arc::new(Idle::new(2));
        let other = thread::spawn({
            let idle = idle.clone();
            move || idle.take_any()
        });
        let mine = idle.take_any();
        let theirs = other.join().unwrap();
        assert!(mine.is_some() && theirs.is_some() && mine != theirs, "{mine:?} and {theirs:?}");
    });
}
