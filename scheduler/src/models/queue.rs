//! Queues and stealing: what one worker has queued while it is busy is found by one that would park.

use loom::thread;

use super::check_bounded;
use super::stage::{Cast, Stage};

/// A worker computes while a task waits in its slot; the other one, which parks, has to take it, or be woken to. A task
/// that stays hidden leaves it asleep, which loom reports as a deadlock.
/// C36 C37
#[test]
fn a_busy_worker_hides_no_task() {
    let mutants = &["queue.hides-the-slot-from-thieves", "gate.opens-and-wakes-nobody"];
    check_bounded(2, mutants, || {
        let cast = Cast::default();
        let mut stage = Stage::new(2, &cast, vec![cast.task("t", Box::new(|_| Some("ran".to_owned())))]);
        let (mut busy, mut thief) = (stage.take(0), stage.take(1));
        busy.core.queue.push_child(stage.raw(0));
        let thief = thread::spawn(move || {
            loop {
                match thief.next() {
                    Some(raw) => {
                        thief.turn(raw);
                        return thief;
                    }
                    None => thief.rest(&|| false),
                }
            }
        });
        // It computes on: three times its fuel is spent.
        for _ in 0..3 {
            _ = busy.tick();
        }
        stage.back(thief.join().unwrap());
        assert!(cast.log.has("t: ran"));
        stage.back(busy);
        stage.close();
    });
}

/// A task that comes from outside is run by the worker that parks, with all that it does before.
/// C37
#[test]
fn a_parking_worker_finds_what_comes_from_outside() {
    check_bounded(3, &["rest.does-not-look-twice"], || {
        let cast = Cast::default();
        let mut stage = Stage::new(1, &cast, vec![cast.task("t", Box::new(|_| Some("ran".to_owned())))]);
        let (mut worker, raw) = (stage.take(0), stage.raw(0));
        let shared = stage.runtime.shared.clone();
        // As all that wakes from outside, so that nobody takes the system for dead.
        shared.outside_begin();
        let outside = thread::spawn(move || {
            shared.inject(raw);
            shared.outside_end();
        });
        while !cast.log.has("t: ran") {
            match worker.next() {
                Some(raw) => worker.turn(raw),
                None => worker.rest(&|| false),
            }
        }
        outside.join().unwrap();
        stage.back(worker);
        stage.close();
    });
}
