//! Channels: the hand-over, the close and the last handle, each against a request to cancel.

use loom::thread;

use super::check_bounded;
use super::stage::{Begin, Cast, REASON, Stage, Token, drain};
use crate::{Channel, Recv, Send};

/// Sends a message, as the machine does: first what is at hand.
fn send(channel: &Channel<super::stage::Play>, number: u32) -> Begin {
    let tx = channel.tx.clone();
    Box::new(move |cx| {
        let mut token = Token::new(number);
        if cx.is_undisturbed() {
            let is_sent = match tx.is_awaited() {
                false => cx.send_at_hand(&tx, token).map(drop),
                true => cx.hand_at_hand(&tx, token),
            };
            match is_sent {
                Ok(()) => return Some("sent".to_owned()),
                Err(left) => token = left,
            }
        }
        match cx.send(&tx, token) {
            Send::Wait => None,
            Send::Done | Send::Crowded => Some("sent".to_owned()),
            Send::Closed { .. } => Some("closed".to_owned()),
        }
    })
}

/// Receives a message, in the same way.
fn recv(channel: &Channel<super::stage::Play>) -> Begin {
    let rx = channel.rx.clone();
    Box::new(move |cx| {
        if let Some(token) = cx.is_undisturbed().then(|| cx.recv_at_hand(&rx)).flatten() {
            return Some(format!("message {}", token.get()));
        }
        match cx.recv(&rx) {
            Recv::Wait => None,
            Recv::Value(token) => Some(format!("message {}", token.get())),
            Recv::Closed => Some("closed".to_owned()),
        }
    })
}

/// A message is with its receiver or in the channel, whenever the receiver is cancelled.
/// C12 C29
#[test]
fn a_cancelled_receiver_loses_no_message() {
    check_bounded(3, &["channel.a-cancelled-receiver-keeps-the-message"], || {
        let (cast, channel) = (Cast::default(), Channel::bounded(1));
        let tasks = vec![cast.task("r", recv(&channel)), cast.task("s", send(&channel, 7))];
        let mut stage = Stage::new(2, &cast, tasks);
        let (receiver, sender) = (stage.run(0, 0), stage.run(1, 1));
        stage.cancel(0);
        stage.back(receiver.join().unwrap());
        stage.back(sender.join().unwrap());
        stage.settle();
        assert!(cast.log.has("s: sent"));
        assert_eq!(cast.log.has("r: message 7") as usize + channel.rx.len(), 1, "the message is in one place");
        stage.close();
    });
}

/// The same where the one who cancels a receiver ends it, in a turn of its own: the receiver is in no list then.
/// C12 C29
#[test]
fn a_receiver_that_ends_where_it_waits_loses_no_message() {
    let mutants = ["channel.a-cancelled-receiver-keeps-the-message", "turn.ends-who-is-still-waited-for"];
    check_bounded(3, &mutants, || {
        let (cast, channel) = (Cast::default(), Channel::bounded(1));
        let tasks = vec![cast.plain("r", recv(&channel)), cast.task("s", send(&channel, 7))];
        let mut stage = Stage::new(3, &cast, tasks);
        let (receiver, sender) = (stage.run(0, 0), stage.run(1, 1));
        let mut canceller = stage.take(2);
        canceller.ask_to_end_here(stage.raw(0), REASON);
        stage.back(canceller);
        stage.back(receiver.join().unwrap());
        stage.back(sender.join().unwrap());
        stage.settle();
        assert!(cast.log.has("s: sent"));
        assert_eq!(cast.log.has("r: message 7") as usize + channel.rx.len(), 1, "the message is in one place");
        assert!(!(cast.log.has("r: message 7") && cast.log.has("r: ended")), "it ends once");
        stage.close();
    });
}

/// The same whose wait has a limit: the message or the limit is the first.
/// C12 C29
#[test]
fn a_receiver_with_a_limit_loses_no_message() {
    let mutants = ["channel.a-cancelled-receiver-keeps-the-message", "turn.a-limit-leaves-its-waiter"];
    check_bounded(2, &mutants, || {
        let (cast, channel) = (Cast::default(), Channel::bounded(1));
        let limited: Begin = {
            let rx = channel.rx.clone();
            Box::new(move |cx| match cx.recv(&rx) {
                Recv::Wait => {
                    cx.limit_wait(0);
                    None
                }
                Recv::Value(token) => Some(format!("message {}", token.get())),
                Recv::Closed => Some("closed".to_owned()),
            })
        };
        let tasks = vec![cast.task("r", limited), cast.task("s", send(&channel, 7))];
        let mut stage = Stage::new(2, &cast, tasks);
        let (mut worker, raw) = (stage.take(0), stage.raw(0));
        let receiver = thread::spawn(move || {
            worker.turn(raw);
            worker.fire_timers();
            drain(&mut worker);
            worker
        });
        let sender = stage.run(1, 1);
        stage.back(receiver.join().unwrap());
        stage.back(sender.join().unwrap());
        stage.settle();
        assert!(cast.log.has("s: sent"));
        assert!(cast.log.has("r: message 7") != cast.log.has("r: timer"), "one of them ends the wait");
        assert_eq!(cast.log.has("r: message 7") as usize + channel.rx.len(), 1, "the message is in one place");
        stage.close();
    });
}

/// A limit of a send and a receiver come at the same moment: the message is delivered and sent, or neither.
/// C31
#[test]
fn a_send_with_a_limit_delivers_or_is_late() {
    check_bounded(2, &["channel.takes-from-a-cancelled-sender", "turn.a-limit-leaves-its-waiter"], || {
        let (cast, channel) = (Cast::default(), Channel::bounded(0));
        let limited: Begin = {
            let tx = channel.tx.clone();
            Box::new(move |cx| match cx.send(&tx, Token::new(7)) {
                Send::Wait => {
                    cx.limit_wait(0);
                    None
                }
                Send::Done | Send::Crowded => Some("sent".to_owned()),
                Send::Closed { .. } => Some("closed".to_owned()),
            })
        };
        let tasks = vec![cast.task("s", limited), cast.task("r", recv(&channel))];
        let mut stage = Stage::new(2, &cast, tasks);
        let (mut worker, raw) = (stage.take(0), stage.raw(0));
        let sender = thread::spawn(move || {
            worker.turn(raw);
            worker.fire_timers();
            drain(&mut worker);
            worker
        });
        let receiver = stage.run(1, 1);
        stage.back(sender.join().unwrap());
        stage.back(receiver.join().unwrap());
        stage.settle();
        assert!(cast.log.has("s: sent") != cast.log.has("s: timer"), "one of them ends the wait");
        assert_eq!(cast.log.has("s: sent"), cast.log.has("r: message 7"), "half a hand-over");
        stage.close();
    });
}

/// A send that was cancelled has delivered nothing; one that was not has delivered.
/// C12 C31
#[test]
fn a_cancelled_send_delivers_nothing() {
    check_bounded(3, &["channel.takes-from-a-cancelled-sender"], || {
        let (cast, channel) = (Cast::default(), Channel::bounded(0));
        let tasks = vec![cast.task("s", send(&channel, 7)), cast.task("r", recv(&channel))];
        let mut stage = Stage::new(2, &cast, tasks);
        let (sender, receiver) = (stage.run(0, 0), stage.run(1, 1));
        stage.cancel(0);
        stage.back(sender.join().unwrap());
        stage.back(receiver.join().unwrap());
        stage.settle();
        assert_eq!(cast.log.has("s: sent"), cast.log.has("r: message 7"), "half a hand-over");
        stage.close();
    });
}

/// What the sender wrote before is seen by the receiver, and each gets what the other gave.
/// C35
#[test]
fn a_message_brings_what_was_written_before() {
    check_bounded(3, &["state.changes-are-relaxed", "state.an-early-claim-is-lost"], || {
        let (cast, channel) = (Cast::default(), Channel::bounded(0));
        let tasks = vec![cast.task("s", send(&channel, 7)), cast.task("r", recv(&channel))];
        let mut stage = Stage::new(2, &cast, tasks);
        let (sender, receiver) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(sender.join().unwrap());
        stage.back(receiver.join().unwrap());
        stage.settle();
        assert!(cast.log.has("s: sent") && cast.log.has("r: message 7"));
        stage.close();
    });
}

/// A receiver hears of the close, whether it came before or after it.
/// C32
#[test]
fn a_close_reaches_a_receiver_that_comes() {
    check_bounded(3, &["channel.waits-at-a-closed-one"], || {
        let (cast, channel) = (Cast::default(), Channel::bounded(1));
        let close = cast.task("c", {
            let channel = channel.clone();
            Box::new(move |cx| {
                cx.close(&channel.tx);
                Some("closed".to_owned())
            })
        });
        let mut stage = Stage::new(2, &cast, vec![cast.task("r", recv(&channel)), close]);
        let (receiver, closer) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(receiver.join().unwrap());
        stage.back(closer.join().unwrap());
        stage.settle();
        assert!(cast.log.has("r: closed"), "it waits at a closed channel");
        stage.close();
    });
}

/// A channel whose last handle goes while a sender leaves it is freed, once.
#[test]
fn an_orphan_is_freed_by_its_last_waiter() {
    check_bounded(3, &["channel.nobody-frees-an-orphan"], || {
        let (cast, channel, buffered) = (Cast::default(), Channel::bounded(1), Token::new(1));
        let sender = cast.task("s", {
            let (tx, first) = (channel.tx.clone(), buffered.clone());
            Box::new(move |cx| {
                assert!(matches!(cx.send(&tx, first), Send::Done));
                assert!(matches!(cx.send(&tx, Token::new(2)), Send::Wait));
                None
            })
        });
        let mut stage = Stage::new(1, &cast, vec![sender]);
        let sender = stage.run(0, 0);
        let handle = thread::spawn(move || drop(channel));
        stage.cancel(0);
        handle.join().unwrap();
        stage.back(sender.join().unwrap());
        stage.settle();
        assert_eq!(buffered.count(), 1, "the channel was not freed");
        stage.close();
    });
}
