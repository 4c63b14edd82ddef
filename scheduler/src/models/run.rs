//! The whole runtime: its shutdown, and two callers that share the seat of the driver.

use loom::thread;

use super::check_bounded;
use super::stage::{Cast, Stage, Token, runtime};
use crate::{Outcome, Step, shutdown};

/// A worker that parks, or is about to, ends when the runtime does. One that sleeps on is a deadlock, which loom
/// reports.
/// C39
#[test]
fn shutdown_ends_every_worker() {
    check_bounded(3, &["shutdown.tells-after-it-woke", "park.forgets-an-early-wake"], || {
        let mut stage = Stage::new(2, &Cast::default(), Vec::new());
        let mut worker = stage.take(1);
        let worker = thread::spawn(move || {
            let shared = worker.shared.clone();
            worker.work(|| shared.is_shut_down());
            worker
        });
        shutdown::shut_down(&stage.runtime.shared);
        stage.back(worker.join().unwrap());
        stage.close();
    });
}

/// Two threads call `run` at the same time; one of them drives both, or they take turns. Both return.
/// C39
#[test]
fn two_callers_share_the_seat() {
    check_bounded(2, &["seat.tells-without-the-lock"], || {
        let (cast, runtime) = (Cast::default(), std::sync::Arc::new(runtime(1)));
        let root = |cast: &Cast| cast.play(Box::new(|_| Step::Ended(Outcome::Done(Token::new(7)))));
        let other = thread::spawn({
            let (cast, runtime) = (cast.clone(), runtime.clone());
            move || runtime.run(root(&cast))
        });
        let is_seven = |outcome| matches!(outcome, Outcome::Done(token) if Token::get(&token) == 7);
        assert!(is_seven(runtime.run(root(&cast))));
        assert!(is_seven(other.join().unwrap()));
        assert_eq!(cast.alive(), 0);
    });
}
