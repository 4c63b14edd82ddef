//! Joins: whoever waits for a task hears of its end, whenever it comes and whoever runs it.

use std::sync::{Arc, Mutex};

use super::check_bounded;
use super::stage::{Begin, Cast, Play, Stage, Token, text};
use crate::{Join, Latch, Outcome, Step};

/// A task that spawns another one, joins it in place, waits for the latch, and logs what ended either wait.
fn joiner(cast: &Cast, gate: &Latch<Play>, child: Begin) -> Play {
    let (cast_of_child, gate, mut child, mut turn) = (cast.clone(), gate.clone(), Some(child), 0);
    cast.play(Box::new(move |cx| {
        turn += 1;
        if let Some(child) = child.take() {
            let child = cx.spawn(cast_of_child.task("c", child), None).unwrap();
            assert!(matches!(cx.join(child), Join::Wait), "it has not run yet");
            return Step::Waiting;
        }
        cast_of_child.log.add(format!("j: {}", text(cx.take_wake())));
        cx.set_masked(true);
        let is_over = turn == 3 || cx.wait_latch(&gate);
        if is_over { Step::Ended(Outcome::Done(Token::new(0))) } else { Step::Waiting }
    }))
}

/// A child that ends in place leaves no wait behind: the next one of the joiner is ended as any other, early or late.
/// C21
#[test]
fn a_wait_follows_a_join_in_place() {
    check_bounded(3, &["join.numbers-a-wait-that-was-none"], || {
        let (cast, gate) = (Cast::default(), Latch::new());
        let joiner = joiner(&cast, &gate, Box::new(|_| Some("ended".to_owned())));
        let mut stage = Stage::new(2, &cast, vec![joiner]);
        let mut other = stage.take(1);
        let joiner = stage.run(0, 0);
        gate.open(|raw| other.push_last(raw));
        stage.back(other);
        stage.back(joiner.join().unwrap());
        stage.settle();
        assert!(cast.log.has("c: ended") && cast.log.has("j: joined"));
        stage.close();
    });
}

/// A child that waits in place may go on elsewhere, and end before the joiner has registered or while it does.
/// C21
#[test]
fn a_child_in_place_goes_on_elsewhere() {
    check_bounded(2, &["record.joins-after-the-end"], || {
        let (cast, gate) = (Cast::default(), Latch::new());
        let child = {
            let gate = gate.clone();
            Box::new(move |cx: &mut crate::Context<'_, Play>| cx.wait_latch(&gate).then(|| "ended".to_owned()))
        };
        let mut stage = Stage::new(2, &cast, vec![joiner(&cast, &gate, child)]);
        let mut other = stage.take(1);
        let joiner = stage.run(0, 0);
        let opener = loom::thread::spawn(move || {
            gate.open(|raw| other.push_last(raw));
            super::stage::drain(&mut other);
            other
        });
        stage.back(opener.join().unwrap());
        stage.back(joiner.join().unwrap());
        stage.settle();
        assert!(cast.log.has("c: ended") || cast.log.has("c: latch"));
        assert!(cast.log.has("j: joined"), "the joiner waits for a task that has ended");
        stage.close();
    });
}

/// A joiner that gave its reference up when it began to wait, as the last one to have any, hears of the end.
/// C21
#[test]
fn a_joiner_without_a_reference_hears_of_the_end() {
    check_bounded(3, &["record.overlooks-who-joins-without-a-reference"], || {
        let cast = Cast::default();
        let target = cast.task("t", Box::new(|_| Some("ended".to_owned())));
        let handle = Arc::new(Mutex::new(None));
        let joiner = cast.task("j", {
            let handle = handle.clone();
            Box::new(move |cx| {
                let handle = handle.lock().unwrap().take().unwrap();
                match cx.join(handle) {
                    Join::Wait => None,
                    Join::Ready(_) => Some("joined".to_owned()),
                    Join::Myself => Some("itself".to_owned()),
                }
            })
        });
        let mut stage = Stage::new(2, &cast, vec![target, joiner]);
        let target = stage.run(0, 0);
        let other = stage.handles[1].clone();
        *handle.lock().unwrap() = Some(std::mem::replace(&mut stage.handles[0], other));
        let joiner = stage.run(1, 1);
        stage.back(target.join().unwrap());
        stage.back(joiner.join().unwrap());
        stage.settle();
        assert!(cast.log.has("j: joined"), "the joiner waits for a task that has ended");
        stage.close();
    });
}
