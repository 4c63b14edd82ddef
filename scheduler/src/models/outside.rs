//! Waits that something outside of the workers ends: completers, sources, and the end of a task for who joins it.

use std::sync::{Arc, Mutex};

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use super::check_bounded;
use super::stage::{Cast, REASON, Stage, Token, text};
use crate::io_waits::EndIo;
use crate::reactor::{Interest, IoSource};
use crate::{Join, Latch, Outcome, Step};

/// What another thread gives is there when the task runs, and meanwhile nobody takes the system for dead.
/// C38
#[test]
fn a_completer_wakes_with_its_value() {
    let mutants = &["completer.claims-before-it-delivers", "completer.is-done-before-it-wakes"];
    check_bounded(3, mutants, || {
        let (cast, thread_of) = (Cast::default(), Arc::new(Mutex::new(None)));
        let task = cast.task("t", {
            let thread_of = thread_of.clone();
            Box::new(move |cx| {
                let completer = cx.completer(None);
                *thread_of.lock().unwrap() = Some(thread::spawn(move || completer.complete(Token::new(7))));
                None
            })
        });
        let mut stage = Stage::new(1, &cast, vec![task]);
        let mut worker = stage.take(0);
        worker.turn(stage.handles[0].0.raw());
        let shared = stage.runtime.shared.clone();
        // The worker rests, or has been queued the task and runs it.
        if worker.core.queue.is_empty() {
            shared.idle.enter(0);
            assert!(!shared.is_dead(), "somebody is about to wake the task");
            shared.idle.leave(0);
            if let Some(raw) = shared.take_injected() {
                worker.turn(raw);
            }
        }
        stage.back(worker);
        thread_of.lock().unwrap().take().unwrap().join().unwrap();
        stage.settle();
        assert!(cast.log.has("t: completed 7"), "it was woken without its value");
        stage.close();
    });
}

/// A task that waits for a source is woken by the rise that comes after it has found nothing there.
/// C12
#[test]
fn a_rise_wakes_the_task() {
    check_bounded(3, &["reactor.waits-after-the-rise", "state.an-early-claim-is-lost"], || {
        let (cast, source) = (Cast::default(), IoSource::new());
        let has_bytes = Arc::new(AtomicBool::new(false));
        let task = cast.task("t", {
            let (source, has_bytes) = (source.clone(), has_bytes.clone());
            Box::new(move |cx| {
                let attempt = source.attempt(Interest::Read);
                // It tries, and blocks.
                let is_ready = has_bytes.load(Ordering::SeqCst) || cx.wait_io(source.clone(), attempt);
                is_ready.then(|| "ready".to_owned())
            })
        });
        let mut stage = Stage::new(2, &cast, vec![task]);
        let task = stage.run(0, 0);
        let mut poller = stage.take(1);
        has_bytes.store(true, Ordering::SeqCst);
        let mut ended = EndIo::default();
        source.rise([true, false], &mut ended);
        poller.wake_ready(ended);
        stage.back(poller);
        stage.back(task.join().unwrap());
        stage.settle();
        assert!(cast.log.has("t: ready"), "it waits for what is there");
        stage.close();
    });
}

/// A task that is cancelled while its source rises ends once, and the source does not know it any more.
/// C12
#[test]
fn a_cancelled_task_leaves_its_source() {
    check_bounded(3, &["reactor.forgets-nothing"], || {
        let (cast, source) = (Cast::default(), IoSource::new());
        let task = cast.plain("t", {
            let source = source.clone();
            Box::new(move |cx| {
                let attempt = source.attempt(Interest::Read);
                cx.wait_io(source.clone(), attempt).then(|| "ready".to_owned())
            })
        });
        let mut stage = Stage::new(3, &cast, vec![task]);
        let mut first = stage.take(0);
        first.turn(stage.raw(0));
        assert!(stage.runtime.shared.has_io_waits());
        stage.back(first);
        let mut poller = stage.take(1);
        let rising = thread::spawn({
            let source = source.clone();
            move || {
                let mut ended = EndIo::default();
                source.rise([true, false], &mut ended);
                poller.wake_ready(ended);
                poller
            }
        });
        let mut canceller = stage.take(2);
        canceller.ask_to_end_here(stage.raw(0), REASON);
        stage.back(canceller);
        stage.back(rising.join().unwrap());
        stage.settle();
        assert!(cast.log.has("t: ready") != cast.log.has("t: ended"), "it ended twice, or never");
        assert_eq!((source.waiting(), stage.runtime.shared.io_waits()), (0, 0));
        stage.close();
    });
}

/// Whoever joins a task hears of its end, whenever it comes.
/// C21
#[test]
fn a_joiner_hears_of_the_end() {
    check_bounded(3, &["record.joins-after-the-end"], || {
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
        *handle.lock().unwrap() = Some(stage.handles[0].clone());
        let (target, joiner) = (stage.run(0, 0), stage.run(1, 1));
        stage.back(target.join().unwrap());
        stage.back(joiner.join().unwrap());
        stage.settle();
        assert!(cast.log.has("j: joined"), "the joiner waits for a task that has ended");
        stage.close();
    });
}

/// A joiner that is cancelled while its task ends is told one of both, and its next wait is ended by neither.
/// C22
#[test]
fn a_cancelled_joiner_leaves_the_task() {
    check_bounded(2, &["state.two-claims-win"], || {
        let (cast, gate) = (Cast::default(), Latch::new());
        let target = cast.task("t", Box::new(|_| Some("ended".to_owned())));
        let handle = Arc::new(Mutex::new(None));
        let joiner = cast.play({
            let (handle, gate, log, mut turn) = (handle.clone(), gate.clone(), cast.log.clone(), 0);
            Box::new(move |cx| {
                turn += 1;
                let joined = handle.lock().unwrap().take().map(|handle| cx.join(handle));
                match joined {
                    Some(Join::Wait) => {
                        log.add("j: begun");
                        return Step::Waiting;
                    }
                    Some(_) => {
                        log.add("j: begun");
                        turn += 1;
                    }
                    None => log.add(format!("j: {}", text(cx.take_wake()))),
                }
                cx.set_masked(true);
                let is_over = turn == 3 || cx.wait_latch(&gate);
                if is_over { Step::Ended(Outcome::Done(Token::new(0))) } else { Step::Waiting }
            })
        });
        let mut stage = Stage::new(2, &cast, vec![target, joiner]);
        *handle.lock().unwrap() = Some(stage.handles[0].clone());
        let (target, joiner) = (stage.run(0, 0), stage.run(1, 1));
        stage.cancel(1);
        stage.back(target.join().unwrap());
        stage.back(joiner.join().unwrap());
        stage.settle();
        assert!(cast.log.has("t: ended"));
        assert!(!(cast.log.has("j: joined") && cast.log.has("j: cancelled")), "told both");
        let mut worker = stage.take(0);
        gate.open(|raw| worker.push_last(raw));
        stage.back(worker);
        stage.settle();
        // One that was cancelled first never begins.
        let is_told = cast.log.has("j: latch") || !cast.log.has("j: begun");
        assert!(is_told, "what was not told ended the next wait");
        stage.close();
    });
}
