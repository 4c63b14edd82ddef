//! Joins, and turns that are lent: whoever waits for a task hears of its end, whenever it comes and whoever runs it.

use std::sync::{Arc, Mutex};

use super::check_bounded;
use super::stage::{Begin, Cast, Play, Stage, Token, text};
use crate::{Channel, Join, Latch, Outcome, Recv, Send, Step};

/// A task that spawns another one, lends it its turn, joins it, waits for the latch, and logs what ended either wait.
fn joiner(cast: &Cast, gate: &Latch<Play>, child: Begin) -> Play {
    let (cast_of_child, gate, mut child, mut turn) = (cast.clone(), gate.clone(), Some(child), 0);
    cast.play(Box::new(move |cx| {
        turn += 1;
        if let Some(child) = child.take() {
            let child = cx.spawn(cast_of_child.task("c", child), None).unwrap();
            cx.lend_turn(Some(&child));
            match cx.join(child) {
                Join::Wait => return Step::Waiting,
                Join::Ready(_) => cast_of_child.log.add("j: joined"),
                Join::Myself => unreachable!("it is another one"),
            }
            turn += 1;
        } else {
            cast_of_child.log.add(format!("j: {}", text(cx.take_wake())));
        }
        cx.set_masked(true);
        let is_over = turn == 3 || cx.wait_latch(&gate);
        if is_over { Step::Ended(Outcome::Done(Token::new(0))) } else { Step::Waiting }
    }))
}

/// A child that ends in a turn that was lent leaves no wait behind: the next one of the joiner is ended as any other,
/// early or late.
/// C21
#[test]
fn a_wait_follows_a_turn_that_was_lent() {
    check_bounded(3, &[], || {
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

/// A task that waits in a turn that was lent to it may go on elsewhere, and end before the joiner has registered or
/// while it does.
/// C21
#[test]
fn a_task_with_a_lent_turn_goes_on_elsewhere() {
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

/// A task that has a lent turn, and that its lender does not join, is joined by others meanwhile.
/// C21
#[test]
fn a_task_with_a_lent_turn_is_joined_elsewhere() {
    check_bounded(2, &["lend.overlooks-other-references"], || {
        // A lock that Loom knows: it is how the joiner comes to know of a task that was just made.
        let (cast, handle) = (Cast::default(), Arc::new(loom::sync::Mutex::new(None)));
        let lender = cast.task("l", {
            let (cast, handle) = (cast.clone(), handle.clone());
            Box::new(move |cx| {
                let child = cx.spawn(cast.task("c", Box::new(|_| Some("ended".to_owned()))), None).unwrap();
                *handle.lock().unwrap() = Some(child);
                cx.lend_turn(None);
                Some("ended".to_owned())
            })
        });
        let joiner = cast.task("j", {
            let handle = handle.clone();
            Box::new(move |cx| {
                let Some(child) = handle.lock().unwrap().take() else { return Some("too early".to_owned()) };
                match cx.join(child) {
                    Join::Wait => None,
                    _ => Some("joined".to_owned()),
                }
            })
        });
        let mut stage = Stage::new(2, &cast, vec![lender, joiner]);
        let (lender, joiner) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(lender.join().unwrap());
        stage.back(joiner.join().unwrap());
        stage.settle();
        assert!(cast.log.has("c: ended") && cast.log.has("l: ended"));
        assert!(
            cast.log.has("j: joined") || cast.log.has("j: too early"),
            "the joiner waits for a task that has ended"
        );
        stage.close();
    });
}

/// Who lends its turn has registered nothing: what others send meanwhile is there afterwards, or comes when it waits.
/// C12
#[test]
fn a_message_comes_while_a_turn_is_lent() {
    check_bounded(3, &[], || {
        let (cast, channel) = (Cast::default(), Channel::bounded(1));
        let receiver = cast.task("r", {
            let (cast, rx) = (cast.clone(), channel.rx.clone());
            Box::new(move |cx| {
                _ = cx.spawn(cast.task("c", Box::new(|_| Some("ended".to_owned()))), None).unwrap();
                cx.lend_turn(None);
                match cx.recv(&rx) {
                    Recv::Wait => None,
                    Recv::Value(token) => Some(format!("message {}", token.get())),
                    Recv::Closed => Some("closed".to_owned()),
                }
            })
        });
        let tx = channel.tx.clone();
        let send = move |cx: &mut crate::Context<'_, Play>| match cx.send_at_hand(&tx, Token::new(7)) {
            Ok(_) => Some("sent".to_owned()),
            Err(token) => matches!(cx.send(&tx, token), Send::Done).then(|| "sent".to_owned()),
        };
        let mut stage = Stage::new(2, &cast, vec![receiver, cast.task("s", Box::new(send))]);
        let (receiver, sender) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(receiver.join().unwrap());
        stage.back(sender.join().unwrap());
        stage.settle();
        assert!(cast.log.has("c: ended") && cast.log.has("s: sent") && cast.log.has("r: message 7"));
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
