//! Semaphores: permits that come back, against requests to cancel who waits for them.

use std::sync::Arc;

use super::check_bounded;
use super::stage::{Cast, Play, Stage, Token, text};
use crate::{Outcome, Place, Semaphore, Step, Wake};

/// One with so many permits.
fn semaphore(permits: i64) -> Arc<Semaphore<Play>> {
    Arc::new(Semaphore::made_at(Place(1), permits, |wish: &Token| wish.get().into()))
}

/// Takes permits, as the machine does: first what is at hand. Keeps them, or gives them back.
fn visitor(cast: &Cast, name: &'static str, semaphore: &Arc<Semaphore<Play>>, count: u32, gives_back: bool) -> Play {
    let (semaphore, log) = (semaphore.clone(), cast.log.clone());
    let mut has_begun = false;
    cast.play(Box::new(move |cx| {
        let permits = i64::from(count);
        let is_inside = if std::mem::replace(&mut has_begun, true) {
            let wake = cx.take_wake();
            let is_inside = matches!(wake, Wake::Message(_));
            log.add(format!("{name}: {}", text(wake)));
            is_inside
        } else {
            let is_inside = cx.is_undisturbed() && semaphore.take_at_hand(permits)
                || cx.take_permits(&semaphore, permits, Token::new(count));
            if !is_inside {
                return Step::Waiting;
            }
            log.add(format!("{name}: message {count}"));
            is_inside
        };
        if is_inside && gives_back && !(cx.is_undisturbed() && semaphore.give_at_hand(permits)) {
            cx.give_permits(&semaphore, permits, false);
        }
        Step::Ended(Outcome::Done(Token::new(0)))
    }))
}

/// Gives permits that it has.
fn giver(cast: &Cast, semaphore: &Arc<Semaphore<Play>>, count: i64) -> Play {
    let semaphore = semaphore.clone();
    cast.task(
        "giver",
        Box::new(move |cx| {
            if !(cx.is_undisturbed() && semaphore.give_at_hand(count)) {
                cx.give_permits(&semaphore, count, true);
            }
            Some("has given".to_owned())
        }),
    )
}

/// Two visitors stand in line, and the first of them is cancelled while the third task, a giver, runs.
fn cancelled_in_line(cast: &Cast, tasks: Vec<Play>) -> Stage {
    let mut stage = Stage::new(2, cast, tasks);
    for visitor in 0..2 {
        let first = stage.run(0, visitor);
        stage.back(first.join().unwrap());
    }
    let giver = stage.run(1, 2);
    stage.cancel(0);
    stage.back(giver.join().unwrap());
    stage.settle();
    stage
}

/// Whoever comes while permits are given back gets them, or is called.
/// C55
#[test]
fn who_comes_to_a_semaphore_is_let_in() {
    check_bounded(3, &["semaphore.gives-past-the-line"], || {
        let (cast, semaphore) = (Cast::default(), semaphore(0));
        let tasks = vec![visitor(&cast, "v", &semaphore, 1, false), giver(&cast, &semaphore, 1)];
        let mut stage = Stage::new(2, &cast, tasks);
        let (visitor, giver) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(visitor.join().unwrap());
        stage.back(giver.join().unwrap());
        stage.settle();
        assert!(cast.log.has("v: message 1"));
        assert_eq!(semaphore.free(), 0);
        stage.close();
    });
}

/// A permit is free or with one visitor, whenever the one who waits longest is cancelled.
/// C55
#[test]
fn a_cancelled_visitor_takes_no_permit_along() {
    check_bounded(2, &["semaphore.lets-in-who-was-cancelled"], || {
        let (cast, semaphore) = (Cast::default(), semaphore(0));
        let visitors = ["v", "w"].map(|name| visitor(&cast, name, &semaphore, 1, true));
        let mut tasks = Vec::from(visitors);
        tasks.push(giver(&cast, &semaphore, 1));
        let stage = cancelled_in_line(&cast, tasks);
        assert!(cast.log.has("w: message 1"));
        assert!(cast.log.has("v: message 1") || cast.log.has("v: cancelled"));
        assert_eq!(semaphore.free(), 1, "the permit is free");
        stage.close();
    });
}

/// Who stood behind one that wanted more is let in when that one is cancelled.
/// C55
#[test]
fn who_leaves_a_line_lets_in_those_behind_it() {
    check_bounded(2, &["semaphore.leaves-those-behind-it"], || {
        let (cast, semaphore) = (Cast::default(), semaphore(0));
        let tasks = vec![
            visitor(&cast, "v", &semaphore, 2, true),
            visitor(&cast, "w", &semaphore, 1, false),
            giver(&cast, &semaphore, 1),
        ];
        let stage = cancelled_in_line(&cast, tasks);
        assert!(cast.log.has("v: cancelled") && cast.log.has("w: message 1"));
        assert_eq!(semaphore.free(), 0);
        stage.close();
    });
}
