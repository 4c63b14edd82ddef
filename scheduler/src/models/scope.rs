//! The end of a scope against tasks that are spawned late.

use std::sync::Arc;

use loom::thread;

use super::check_bounded;
use super::stage::{Cast, Log, Play, Stage, Token, drain};
use crate::run::Run;
use crate::{Latch, Outcome, ScopeRef, Step};

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

/// What a task spawns into its scope while that ends is cancelled and awaited.
/// C2 C3
#[test]
fn a_late_spawn_is_awaited() {
    let mutants = &["scope.leaves-crews-open", "scope.does-not-count-late-members"];
    check_bounded(2, mutants, || end_against_spawn(true));
}

/// The same for a task that spawns for the first time.
/// C2 C3
#[test]
fn a_first_spawn_comes_late() {
    check_bounded(2, &["scope.opens-a-crew-after-its-end"], || end_against_spawn(false));
}

/// Says whether the run was over when it was dropped.
struct Witness {
    run: Arc<Run<Play>>,
    log: Log,
}

impl Drop for Witness {
    fn drop(&mut self) {
        if self.run.is_over() {
            self.log.add("dropped when the scope was over");
        }
    }
}

/// The last task of a scope ends while one of another program spawns into it.
fn last_end_against_outsider() {
    let (cast, outside) = (Cast::default(), Cast::default());
    let mut stage = Stage::new(2, &cast, vec![cast.task("member", Box::new(|_| Some("ran".to_owned())))]);
    let root = stage.end_root(0).join().unwrap();
    stage.back(root);
    let (scope, log) = (ScopeRef(stage.run.scope.clone()), outside.log.clone());
    let (witness, never) = (Witness { run: stage.run.clone(), log: log.clone() }, Latch::new());
    let child = outside.task(
        "child",
        Box::new(move |cx| {
            _ = &witness;
            cx.wait_latch(&never).then(|| "opened".to_owned())
        }),
    );
    let outsider = outside.task(
        "outsider",
        Box::new(move |cx| Some(if cx.spawn(child, Some(&scope)).is_ok() { "spawned" } else { "refused" }.to_owned())),
    );
    let other = stage.runtime.shared.begin_run(outsider);
    let raw = stage.runtime.shared.take_injected().unwrap();
    let member = stage.run(0, 0);
    let mut worker = stage.take(1);
    let outsider = thread::spawn(move || {
        worker.turn(raw);
        drain(&mut worker);
        worker
    });
    stage.back(member.join().unwrap());
    stage.back(outsider.join().unwrap());
    stage.settle();
    assert!(stage.run.is_over() && other.is_over());
    assert_eq!(cast.alive() + outside.alive(), 0);
    let is_late = log.has("outsider: spawned") && log.has("dropped when the scope was over");
    assert!(!is_late, "a task came into a scope that was over");
}

/// A task from outside is refused when nobody in the scope is awaited any more, and awaited before.
/// C2 C4
#[test]
fn a_spawn_from_outside_is_refused_or_awaited() {
    check_bounded(2, &["scope.takes-a-task-when-it-is-over"], last_end_against_outsider);
}
