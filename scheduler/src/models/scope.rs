//! The end of a scope against tasks that are spawned late.

use super::check_bounded;
use super::stage::{Cast, Play, Stage, Token};
use crate::{Latch, Outcome, Step};

/// A task with two turns; in the second it spawns one that waits for ever, and in the first too if it `has_crew`.
fn spawner(cast: &Cast, has_crew: bool) -> Play {
    let (cast, never, mut turn) = (cast.clone(), Latch::new(), 0);
    cast.clone().play(Box::new(move |cx| {
        turn += 1;
        if turn == 2 || has_crew {
            let never = never.clone();
            let child = cast.task("c", Box::new(move |cx| cx.wait_latch(&never).then(|| "opened".to_owned())));
            cast.log.add(if cx.spawn(child, None).is_ok() { "spawned" } else { "refused" });
        }
        if turn == 1 { Step::Yielded } else { Step::Ended(Outcome::Done(Token::new(0))) }
    }))
}

/// The body of the scope ends while a task of it has its second turn.
fn end_against_spawn(has_crew: bool) {
    let cast = Cast::default();
    let mut stage = Stage::new(2, &cast, vec![spawner(&cast, has_crew)]);
    *cast.scope.lock().unwrap() = Some(stage.run.clone());
    let mut worker = stage.take(1);
    worker.turn(stage.raw(0));
    while let Some(raw) = worker.core.queue.pop(1) {
        if raw != stage.raw(0) {
            worker.turn(raw);
        }
    }
    stage.back(worker);
    let (root, spawner) = (stage.end_root(0), stage.run(1, 0));
    stage.back(root.join().unwrap());
    stage.back(spawner.join().unwrap());
    stage.settle();
    assert!(stage.run.is_over(), "a task of the scope runs on");
    assert_eq!(cast.alive(), 0);
    cast.scope.lock().unwrap().take();
}

/// A task that spawns into its scope while that ends is refused, or what it spawns is cancelled and awaited.
/// C2 C4
#[test]
fn a_late_spawn_is_refused_or_awaited() {
    let mutants = &["scope.leaves-crews-open", "scope.does-not-count-late-members"];
    check_bounded(2, mutants, || end_against_spawn(true));
}

/// The same for a task that spawns for the first time.
/// C2 C4
#[test]
fn a_first_spawn_comes_late() {
    check_bounded(2, &["scope.takes-a-crew-after-its-end"], || end_against_spawn(false));
}
