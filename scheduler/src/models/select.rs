//! Selects: one case is committed and no message is lost, whoever comes to the channels meanwhile.

use super::check_bounded;
use super::stage::{Cast, Play, Stage, Token, text};
use crate::{Case, Channel, Context, Limit, Outcome, Recv, Selected, Send, Step};

/// What a task would do, with the number of the message that it would send.
type Wanted = (Channel<Play>, Option<u32>);

/// What a select has come to; `None`: it waits, or `is_again`.
fn select(cx: &mut Context<'_, Play>, wanted: &[Wanted], is_again: &mut bool) -> Option<String> {
    let case = |(channel, message): &'_ Wanted| (channel.clone(), message.map(Token::new));
    let owned: Vec<_> = wanted.iter().map(case).collect();
    let cases: Vec<_> = owned
        .iter()
        .map(|(channel, message)| match message {
            Some(message) => Case::Send(&channel.tx, message.clone()),
            None => Case::Recv(&channel.rx),
        })
        .collect();
    match cx.select(&cases, true, Limit::None) {
        Selected::Sent(case) => Some(format!("case {case}")),
        Selected::Received(case, token) => Some(format!("case {case} message {}", token.get())),
        Selected::Drained(_) | Selected::Closed(..) | Selected::Nothing => Some("something else".to_owned()),
        Selected::Again => {
            *is_again = true;
            None
        }
        Selected::Wait => None,
    }
}

/// A task that selects, logs how that ended, and ends.
fn selector(cast: &Cast, name: &'static str, wanted: Vec<Wanted>) -> Play {
    let (log, mut has_begun) = (cast.log.clone(), false);
    cast.play(Box::new(move |cx| {
        let mut is_again = false;
        let how = match has_begun {
            true => Some(text(cx.take_wake())),
            false => select(cx, &wanted, &mut is_again),
        };
        if is_again {
            return Step::Yielded;
        }
        has_begun = true;
        let Some(how) = how else { return Step::Waiting };
        log.add(format!("{name}: {how}"));
        Step::Ended(Outcome::Done(Token::new(0)))
    }))
}

/// A task that sends one message to each channel, which have room.
fn sender(cast: &Cast, channels: &[Channel<Play>]) -> Play {
    let ends: Vec<_> = channels.iter().map(|channel| channel.tx.clone()).collect();
    cast.task(
        "sender",
        Box::new(move |cx| {
            for (index, tx) in ends.iter().enumerate() {
                assert!(matches!(cx.send(tx, Token::new(index as u32)), Send::Done));
            }
            Some("sent".to_owned())
        }),
    )
}

/// Two messages come to two channels while a task selects between them: it takes one, and the other stays.
/// C12 C51
#[test]
fn a_select_takes_one_message_and_leaves_the_other() {
    check_bounded(3, &["select.nobody-says-who-has-won", "select.begins-again-without-a-claim"], || {
        let (cast, channels) = (Cast::default(), [Channel::bounded(1), Channel::bounded(1)]);
        let wanted = channels.iter().map(|channel| (channel.clone(), None)).collect();
        let tasks = vec![selector(&cast, "s", wanted), sender(&cast, &channels)];
        let mut stage = Stage::new(2, &cast, tasks);
        let (selector, sender) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(selector.join().unwrap());
        stage.back(sender.join().unwrap());
        stage.settle();
        let taken = [cast.log.has("s: case 0 message 0"), cast.log.has("s: case 1 message 1")];
        let left = channels.each_ref().map(|channel| channel.rx.len());
        assert!(taken == [true, false] && left == [0, 1] || taken == [false, true] && left == [1, 0], "{left:?}");
        stage.close();
    });
}

/// A select that was cancelled has taken nothing.
/// C12 C51
#[test]
fn a_cancelled_select_loses_no_message() {
    check_bounded(3, &["channel.a-cancelled-receiver-keeps-the-message"], || {
        let (cast, channels) = (Cast::default(), [Channel::bounded(1), Channel::bounded(1)]);
        let wanted = channels.iter().map(|channel| (channel.clone(), None)).collect();
        let tasks = vec![selector(&cast, "s", wanted), sender(&cast, &channels[1..])];
        let mut stage = Stage::new(2, &cast, tasks);
        let (selector, sender) = (stage.run(0, 0), stage.run(1, 1));
        stage.cancel(0);
        stage.back(selector.join().unwrap());
        stage.back(sender.join().unwrap());
        stage.settle();
        let taken = usize::from(cast.log.has("s: case 1 message 0"));
        assert_eq!(taken + channels[1].rx.len(), 1, "the message is in one place");
        stage.close();
    });
}

/// Two selects that could serve each other in two ways do so in one, and neither waits beside the other.
/// C51
#[test]
fn two_selects_meet_once() {
    check_bounded(2, &["select.does-not-look-again"], || {
        let (cast, [one, two]) = (Cast::default(), [Channel::bounded(0), Channel::bounded(0)]);
        let left = selector(&cast, "l", vec![(one.clone(), Some(7)), (two.clone(), None)]);
        let right = selector(&cast, "r", vec![(two.clone(), Some(8)), (one.clone(), None)]);
        let mut stage = Stage::new(2, &cast, vec![left, right]);
        let (left, right) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(left.join().unwrap());
        stage.back(right.join().unwrap());
        stage.settle();
        let first = cast.log.has("l: case 0") && cast.log.has("r: case 1 message 7");
        let second = cast.log.has("r: case 0") && cast.log.has("l: case 1 message 8");
        assert!(first != second, "they meet once");
        stage.close();
    });
}

/// A receiver of one channel and a select that sends to it meet, or the other case is committed, whole.
/// C31 C51
#[test]
fn a_select_that_sends_delivers_or_does_not() {
    check_bounded(3, &["channel.takes-from-a-cancelled-sender"], || {
        let (cast, [one, two]) = (Cast::default(), [Channel::bounded(0), Channel::bounded(1)]);
        let select = selector(&cast, "s", vec![(one.clone(), Some(7)), (two.clone(), None)]);
        let receive = cast.task("r", {
            let (rx, tx) = (one.rx.clone(), two.tx.clone());
            Box::new(move |cx| {
                assert!(matches!(cx.send(&tx, Token::new(9)), Send::Done));
                match cx.recv(&rx) {
                    Recv::Value(token) => Some(format!("message {}", token.get())),
                    Recv::Closed => Some("closed".to_owned()),
                    Recv::Wait => None,
                }
            })
        });
        let mut stage = Stage::new(2, &cast, vec![select, receive]);
        let (select, receive) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(select.join().unwrap());
        stage.back(receive.join().unwrap());
        stage.settle();
        let sent = cast.log.has("s: case 0");
        assert_eq!(sent, cast.log.has("r: message 7"), "half a hand-over");
        assert_eq!(!sent, cast.log.has("s: case 1 message 9"), "one case");
        assert_eq!(two.rx.len(), usize::from(sent));
        stage.close();
    });
}
