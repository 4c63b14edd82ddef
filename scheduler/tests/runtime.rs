//! The runtime as a host sees it: threads that complete, cancel, run and dump, and sockets.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aivi_scheduler::reactor::{Interest, Io};
use aivi_scheduler::*;

type Cx<'a, 'b> = &'a mut Context<'b, Script>;

/// A task made of a closure that is called for each turn, and one for what may be tried before.
struct Script {
    turn: Box<Turn>,
    early: Option<Box<dyn FnMut() + std::marker::Send>>,
}

type Turn = dyn FnMut(Cx, Wake<i64, String>) -> Step<Script> + std::marker::Send;

fn script(turn: impl FnMut(Cx, Wake<i64, String>) -> Step<Script> + std::marker::Send + 'static) -> Script {
    Script { turn: Box::new(turn), early: None }
}

impl Task for Script {
    type Value = i64;
    type Fault = String;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        let wake = cx.take_wake();
        (self.turn)(cx, wake)
    }

    fn try_early(&mut self) {
        self.early.iter_mut().for_each(|early| early());
    }

    fn deadlock(report: DeadlockReport) -> String {
        report.to_string()
    }

    fn broken(text: &str) -> String {
        format!("broken: {text}")
    }
}

struct Silent;

impl Observer<Script> for Silent {
    fn report(&self, _: Report<'_, Script>) {}

    fn describe_place(&self, place: Place) -> String {
        format!("place {}", place.0)
    }
}

fn runtime(workers: usize) -> Runtime<Script> {
    let config = Config { workers, mode: Mode::Real, blocking_threads: 2 };
    Runtime::new(config, Arc::new(Silent)).expect("a runtime")
}

fn simulator() -> Runtime<Script> {
    let config = Config { workers: 1, mode: Mode::Simulated { seed: 3 }, blocking_threads: 1 };
    Runtime::new(config, Arc::new(Silent)).expect("a runtime")
}

fn done(value: i64) -> Step<Script> {
    Step::Ended(Outcome::Done(value))
}

/// Waits for another thread, to which it gives its completer.
fn waits_for(outside: Sender<Completer<Script>>) -> Script {
    script(move |cx, wake| match wake {
        Wake::Completed(Ok(value)) => done(value),
        Wake::Completed(Err(text)) => Step::Ended(Outcome::Faulted(text)),
        Wake::Cancelled => Step::Ended(Outcome::Cancelled(cx.cancel_requested().expect("a reason"))),
        _ => {
            outside.send(cx.completer(None)).expect("somebody takes it");
            Step::Waiting
        }
    })
}

#[test]
fn another_thread_completes_a_wait() {
    for runtime in [runtime(1), runtime(2), simulator()] {
        let (tx, rx): (_, Receiver<Completer<Script>>) = channel();
        let other = thread::spawn(move || rx.iter().for_each(|completer| completer.complete(5)));
        assert_eq!(runtime.run(waits_for(tx)), Outcome::Done(5));
        other.join().unwrap();
        assert_eq!(runtime.stats().outside, 0);
    }
}

#[test]
fn a_completer_that_is_dropped_ends_the_wait() {
    let (tx, rx) = channel();
    let other = thread::spawn(move || drop(rx.recv()));
    assert!(matches!(runtime(1).run(waits_for(tx)), Outcome::Faulted(_)));
    other.join().unwrap();
}

#[test]
fn another_thread_cancels_the_roots() {
    for runtime in [runtime(1), runtime(4), simulator()] {
        let canceller = runtime.canceller();
        let (tx, rx) = channel();
        let reason = CancelReason { kind: CancelKind::Signal(2), place: Place(0) };
        let other = thread::spawn(move || {
            let completer: Completer<Script> = rx.recv().unwrap();
            canceller.cancel_roots(reason);
            // Kept until the wait is over: it is not a dropped completer that ends it.
            while !completer.is_abandoned() {
                thread::yield_now();
            }
        });
        assert_eq!(runtime.run(waits_for(tx)), Outcome::Cancelled(reason));
        other.join().unwrap();
    }
}

/// C41: both clocks.
#[test]
fn the_wall_clock_of_the_simulator_follows_its_time() {
    let (tx, rx) = channel();
    let sleeper = script(move |cx, wake| {
        tx.send((cx.now_ns(), cx.wall_ms())).expect("somebody listens");
        if matches!(wake, Wake::Timer) {
            return done(0);
        }
        cx.sleep(5_000_000);
        Step::Waiting
    });
    assert_eq!(simulator().run(sleeper), Outcome::Done(0));
    let times: Vec<(u64, i64)> = rx.iter().collect();
    assert_eq!((times[1].0 - times[0].0, times[1].1 - times[0].1), (5_000_000, 5));
}

#[test]
fn a_completer_knows_whether_its_wait_goes_on() {
    let runtime = runtime(1);
    let canceller = runtime.canceller();
    let (tx, rx) = channel();
    let other = thread::spawn(move || {
        let completer: Completer<Script> = rx.recv().unwrap();
        // First the task has not even begun to wait, then it waits.
        for _ in 0..1000 {
            assert!(!completer.is_abandoned());
            thread::yield_now();
        }
        canceller.cancel_roots(CancelReason { kind: CancelKind::Signal(2), place: Place(0) });
        while !completer.is_abandoned() {
            thread::yield_now();
        }
    });
    assert!(matches!(runtime.run(waits_for(tx)), Outcome::Cancelled(_)));
    other.join().unwrap();
}

/// Only a test that fails takes so long.
const LONG: Duration = Duration::from_secs(20);

/// Computes until one of those who do was at work at the same time as another, and both not for the first time: true.
fn computes(at_work: Arc<AtomicUsize>, are_two: Arc<AtomicBool>) -> Script {
    let begun = Instant::now();
    let mut turns = 0;
    script(move |cx, _| {
        turns += 1;
        // The first turn may be where the task was made.
        let one = usize::from(turns > 1);
        at_work.fetch_add(one, Ordering::Relaxed);
        let until = Instant::now() + Duration::from_micros(30);
        while Instant::now() < until {
            if at_work.load(Ordering::Relaxed) > 1 {
                are_two.store(true, Ordering::Relaxed);
            }
        }
        at_work.fetch_sub(one, Ordering::Relaxed);
        cx.note_spent(FUEL.into());
        match are_two.load(Ordering::Relaxed) || begun.elapsed() > LONG {
            true => done(0),
            false => Step::Yielded,
        }
    })
}

/// Tasks that compute are shared with workers that have nothing to do, also if there are only two, and when they have
/// begun.
#[test]
fn tasks_that_compute_use_all_workers() {
    for count in [2, 3, 8] {
        let begun = Instant::now();
        let (at_work, are_two) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let mut tasks: Vec<Script> = (0..count).map(|_| computes(at_work.clone(), are_two.clone())).collect();
        let root = script(move |cx, _| {
            tasks.drain(..).for_each(|task| _ = cx.spawn(task, None).expect("the scope is open"));
            let are_two = are_two.load(Ordering::Relaxed);
            if are_two || begun.elapsed() > LONG {
                return done(are_two.into());
            }
            cx.sleep(1_000_000);
            Step::Waiting
        });
        assert_eq!(runtime(2).run(root), Outcome::Done(1));
    }
}

/// Hops through a channel and a spawned task so that runs mix.
fn busy(rounds: i64) -> Script {
    let link = Channel::<Script>::bounded(0);
    let mut left = rounds;
    let mut sum = 0;
    script(move |cx, wake| {
        if let Wake::Message(value) = wake {
            sum += value;
        }
        while left > 0 {
            left -= 1;
            let tx = link.tx.clone();
            let mut is_sent = false;
            let sender = script(move |cx, _| {
                if std::mem::replace(&mut is_sent, true) {
                    return done(0);
                }
                match cx.send(&tx, 1) {
                    aivi_scheduler::Send::Wait => Step::Waiting,
                    _ => done(0),
                }
            });
            cx.spawn(sender, None).expect("the scope is open");
            match cx.recv(&link.rx) {
                Recv::Value(value) => sum += value,
                _ => return Step::Waiting,
            }
        }
        done(sum)
    })
}

#[test]
fn many_threads_run_at_the_same_time() {
    for workers in [1, 3] {
        let runtime = Arc::new(runtime(workers));
        let runs: Vec<_> = (0..4)
            .map(|_| {
                let runtime = runtime.clone();
                thread::spawn(move || {
                    for _ in 0..50 {
                        assert_eq!(runtime.run(busy(100)), Outcome::Done(100));
                    }
                })
            })
            .collect();
        runs.into_iter().for_each(|run| run.join().unwrap());
        assert_eq!(runtime.stats().tasks, 0);
    }
}

#[test]
fn a_dump_shows_who_waits_where() {
    for workers in [1, 2] {
        let runtime = Arc::new(runtime(workers));
        let (tx, rx) = channel();
        let dumper = thread::spawn({
            let runtime = runtime.clone();
            move || {
                let completer: Completer<Script> = rx.recv().unwrap();
                // The task may still be on its way into the wait.
                let dump = loop {
                    let dump = runtime.dump();
                    if dump.tasks.iter().all(|task| task.reason == WaitReason::Outside) {
                        break dump;
                    }
                    thread::yield_now();
                };
                completer.complete(1);
                dump
            }
        });
        assert_eq!(runtime.run(waits_for(tx)), Outcome::Done(1));
        let dump = dumper.join().unwrap();
        assert_eq!(dump.tasks.len(), 1, "{dump}");
        assert!(dump.to_string().contains("a blocking call"));
        assert_eq!(dump.tasks[0].parent, None);
    }
}

#[test]
fn dumps_of_running_tasks_stop_the_world_only_for_the_moment() {
    let runtime = Arc::new(runtime(3));
    let runs: Vec<_> = (0..2)
        .map(|_| {
            let runtime = runtime.clone();
            thread::spawn(move || assert_eq!(runtime.run(busy(20_000)), Outcome::Done(20_000)))
        })
        .collect();
    for _ in 0..200 {
        runtime.dump();
    }
    runs.into_iter().for_each(|run| run.join().unwrap());
}

/// Reads what comes until the end of the stream and gives its length.
fn reads(stream: Arc<Io<mio::net::UnixStream>>) -> Script {
    let mut count = 0;
    script(move |cx, _| {
        loop {
            let attempt = stream.source().attempt(Interest::Read);
            let mut bytes = [0; 4096];
            match (&mut &**stream).read(&mut bytes) {
                Ok(0) => return done(count),
                Ok(length) => count += length as i64,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if !cx.wait_io(stream.source().clone(), attempt) {
                        return Step::Waiting;
                    }
                }
                Err(error) => return Step::Ended(Outcome::Faulted(error.to_string())),
            }
        }
    })
}

/// Writes that many bytes and closes.
fn writes(stream: Arc<Mutex<Option<Io<mio::net::UnixStream>>>>, mut left: usize) -> Script {
    script(move |cx, _| {
        let mut stream = stream.lock().unwrap();
        while left > 0 {
            let Some(io) = &*stream else { return done(0) };
            let attempt = io.source().attempt(Interest::Write);
            match (&mut &**io).write(&[1; 4096][..left.min(4096)]) {
                Ok(length) => left -= length,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    if !cx.wait_io(io.source().clone(), attempt) {
                        return Step::Waiting;
                    }
                }
                Err(error) => return Step::Ended(Outcome::Faulted(error.to_string())),
            }
        }
        *stream = None;
        done(0)
    })
}

#[test]
fn tasks_wait_for_sockets() {
    const LENGTH: usize = 3_000_000;
    for runtime in [runtime(1), runtime(2), simulator()] {
        let registry = runtime.registry().unwrap();
        let (left, right) = mio::net::UnixStream::pair().unwrap();
        let reader = Arc::new(registry.register(left).unwrap());
        let writer = Arc::new(Mutex::new(Some(registry.register(right).unwrap())));
        let root = script(move |cx, wake| match wake {
            Wake::Group(end) => Step::Ended(end.outcomes[0].clone()),
            _ => {
                cx.par(reads(reader.clone()), writes(writer.clone(), LENGTH));
                Step::Waiting
            }
        });
        assert_eq!(runtime.run(root), Outcome::Done(LENGTH as i64));
        assert_eq!(runtime.stats().io_waits, 0);
    }
}

/// Notes in the log when it is told early, and when its turn comes.
fn waits_once(stream: Arc<Io<mio::net::UnixStream>>, log: &Arc<Mutex<Vec<&'static str>>>) -> Script {
    let (early, late) = (log.clone(), log.clone());
    let turn = script(move |cx, wake| match wake {
        Wake::Io => {
            late.lock().unwrap().push("turn");
            done(0)
        }
        _ => {
            let attempt = stream.source().attempt(Interest::Read);
            match cx.wait_io(stream.source().clone(), attempt) {
                false => Step::Waiting,
                true => Step::Ended(Outcome::Faulted("it is ready".into())),
            }
        }
    });
    Script { early: Some(Box::new(move || early.lock().unwrap().push("early"))), ..turn }
}

#[test]
fn tasks_that_are_woken_together_try_before_their_turns() {
    let cases = [
        (runtime(1), 2, &["early", "early", "turn", "turn"][..]),
        (runtime(1), 1, &["turn"][..]),
        (simulator(), 2, &["turn", "turn"][..]),
    ];
    for (runtime, count, expected) in cases {
        let registry = runtime.registry().unwrap();
        let pairs: Vec<_> = (0..count).map(|_| mio::net::UnixStream::pair().unwrap()).collect();
        let (readers, mut writers): (Vec<_>, Vec<_>) =
            pairs.into_iter().map(|(left, right)| (Arc::new(registry.register(left).unwrap()), right)).unzip();
        let log = Arc::new(Mutex::new(Vec::new()));
        let (notes, mut tasks) = (log.clone(), Vec::new());
        let root = script(move |cx, wake| match wake {
            Wake::None => {
                let spawned = readers.iter().map(|reader| cx.spawn(waits_once(reader.clone(), &notes), None));
                tasks.extend(spawned.map(|task| task.expect("the scope is open")));
                cx.sleep(1_000_000);
                Step::Waiting
            }
            _ => {
                if matches!(wake, Wake::Timer) {
                    writers.iter_mut().for_each(|writer| assert_eq!(writer.write(&[1]).unwrap(), 1));
                }
                while let Some(task) = tasks.pop() {
                    if matches!(cx.join(task), Join::Wait) {
                        return Step::Waiting;
                    }
                }
                done(0)
            }
        });
        assert_eq!(runtime.run(root), Outcome::Done(0));
        assert_eq!(*log.lock().unwrap(), expected);
    }
}

#[test]
fn a_wait_for_a_socket_is_cancelled() {
    for runtime in [runtime(1), runtime(2), simulator()] {
        let (left, _right) = mio::net::UnixStream::pair().unwrap();
        let reader = Arc::new(runtime.registry().unwrap().register(left).unwrap());
        let root = script(move |cx, wake| match wake {
            Wake::Group(end) => done(end.timed_out as i64),
            _ => {
                let reader = reader.clone();
                let body = script(move |cx, wake| {
                    if matches!(wake, Wake::Cancelled) {
                        return Step::Ended(Outcome::Cancelled(cx.cancel_requested().expect("a reason")));
                    }
                    let attempt = reader.source().attempt(Interest::Read);
                    assert!(!cx.wait_io(reader.source().clone(), attempt));
                    Step::Waiting
                });
                cx.timeout(100_000, body);
                Step::Waiting
            }
        });
        assert_eq!(runtime.run(root), Outcome::Done(1));
        assert_eq!(runtime.stats().io_waits, 0);
    }
}

#[test]
fn a_channel_may_outlive_its_runtime_and_its_handles_the_task() {
    let link = Channel::<Script>::unbounded();
    let kept: Arc<Mutex<Option<TaskHandle<Script>>>> = Arc::default();
    let (tx, handle) = (link.tx.clone(), kept.clone());
    let root = script(move |cx, _| {
        let tx = tx.clone();
        let child = script(move |cx, _| {
            assert!(matches!(cx.send(&tx, 1), aivi_scheduler::Send::Done));
            done(9)
        });
        *handle.lock().unwrap() = Some(cx.spawn(child, None).expect("the scope is open"));
        cx.join(handle.lock().unwrap().clone().unwrap());
        Step::Waiting
    });
    // The root waits once and is woken by the join; the second turn spawns again, so it is left to the scope's end.
    let mut turns = 0;
    let Script { mut turn, .. } = root;
    let root = script(move |cx, wake| {
        turns += 1;
        if turns == 2 { done(0) } else { turn(cx, wake) }
    });
    assert_eq!(runtime(1).run(root), Outcome::Done(0));
    let handle = kept.lock().unwrap().take().unwrap();
    assert_eq!(handle.outcome(), Some(Outcome::Done(9)));
    assert_eq!(link.rx.len(), 1);
}

#[test]
fn a_sender_hears_that_a_channel_is_crowded_until_it_is_not() {
    use aivi_scheduler::Send;
    let root = script(move |cx, _| {
        let link = Channel::unbounded();
        let quiet = (0..).take_while(|_| matches!(cx.send(&link.tx, 1), Send::Done)).count();
        assert!(quiet >= 128, "only {quiet} messages were sent");
        while let aivi_scheduler::TryRecv::Value(_) = cx.try_recv(&link.rx) {}
        assert!(matches!(cx.send(&link.tx, 1), Send::Done));
        done(0)
    });
    assert_eq!(runtime(1).run(root), Outcome::Done(0));
}

#[test]
fn a_root_is_dropped_after_all_that_it_has_started() {
    /// Sends its name when it is dropped.
    struct Named(&'static str, Sender<&'static str>);

    impl Drop for Named {
        fn drop(&mut self) {
            _ = self.1.send(self.0);
        }
    }

    for runtime in [runtime(1), runtime(2), simulator()] {
        let (tell, dropped) = channel();
        let held = Named("root", tell.clone());
        let root = script(move |cx, _| {
            let member = Named("member", held.1.clone());
            let member = script(move |cx, wake| match (&member, wake) {
                (_, Wake::Cancelled) => Step::Ended(Outcome::Cancelled(cx.cancel_requested().expect("a reason"))),
                _ => {
                    cx.sleep(1 << 50);
                    Step::Waiting
                }
            });
            cx.spawn(member, None).expect("the scope is open");
            done(0)
        });
        assert_eq!(runtime.run(root), Outcome::Done(0));
        drop(tell);
        assert_eq!(dropped.iter().collect::<Vec<_>>(), ["member", "root"]);
    }
}

#[test]
fn a_task_may_drop_the_channel_that_it_waits_in() {
    let root = script(move |cx, wake| match wake {
        Wake::Deadlock(_) => done(1),
        _ => {
            let link = Channel::unbounded();
            assert!(matches!(cx.recv(&link.rx), Recv::Wait));
            Step::Waiting
        }
    });
    assert_eq!(runtime(1).run(root), Outcome::Done(1));
}

/// A task whose value is the handle of the task before.
struct Chain {
    left: u32,
    last: Option<TaskHandle<Chain>>,
    is_root: bool,
}

impl Task for Chain {
    type Value = Option<TaskHandle<Chain>>;
    type Fault = String;

    fn resume(&mut self, cx: &mut Context<'_, Self>) -> Step<Self> {
        cx.take_wake();
        while self.is_root && self.left > 0 {
            self.left -= 1;
            let child = Chain { left: 0, last: self.last.take(), is_root: false };
            let child = cx.spawn(child, None).expect("the scope is open");
            self.last = Some(child.clone());
            if matches!(cx.join(child), Join::Wait) {
                return Step::Waiting;
            }
        }
        Step::Ended(Outcome::Done(self.last.take()))
    }

    fn deadlock(report: DeadlockReport) -> String {
        report.to_string()
    }

    fn broken(text: &str) -> String {
        format!("broken: {text}")
    }
}

impl Observer<Chain> for Silent {
    fn report(&self, _: Report<'_, Chain>) {}

    fn describe_place(&self, _: Place) -> String {
        String::new()
    }
}

#[test]
fn a_long_chain_of_outcomes_is_freed_without_recursion() {
    let config = Config { workers: 1, mode: Mode::Real, blocking_threads: 1 };
    let runtime = Runtime::<Chain>::new(config, Arc::new(Silent)).expect("a runtime");
    let outcome = runtime.run(Chain { left: 300_000, last: None, is_root: true });
    assert!(matches!(outcome, Outcome::Done(Some(_))));
}

/// On one worker, where nobody steals, the order of output is the order in which tasks were made.
#[test]
fn siblings_run_in_the_order_in_which_they_were_made() {
    let ran = Arc::new(Mutex::new(Vec::new()));
    let member = |name: i64| {
        let ran = ran.clone();
        script(move |cx, wake| {
            ran.lock().unwrap().push(name);
            // Each has a child of its own, and waits once.
            match wake {
                Wake::None if name < 10 => {
                    let ran = ran.clone();
                    let child = script(move |_, _| {
                        ran.lock().unwrap().push(10 + name);
                        done(0)
                    });
                    cx.spawn(child, None).expect("the scope is open");
                    cx.sleep(1_000_000);
                    Step::Waiting
                }
                _ => done(name),
            }
        })
    };
    let mut members: Vec<Script> = (1..=3).map(member).collect();
    members.reverse();
    let root = script(move |cx, wake| match wake {
        Wake::Timer => done(0),
        _ => {
            while let Some(member) = members.pop() {
                cx.spawn(member, None).expect("the scope is open");
            }
            cx.sleep(20_000_000);
            Step::Waiting
        }
    });
    assert_eq!(runtime(1).run(root), Outcome::Done(0));
    assert_eq!(*ran.lock().unwrap(), [1, 11, 2, 12, 3, 13, 1, 2, 3], "a child runs before its parent's siblings");
}

/// Who is about to wait has the task that would run next run first, in its own turn: an answer is there without a wait.
#[test]
fn a_turn_is_lent_to_the_task_that_would_run_next() {
    let root = script(|cx, _| {
        let (asked, answered) = (cx.channel(1), cx.channel(1));
        assert!(!cx.can_lend(), "nobody would run next");
        let answers = {
            let (rx, tx) = (asked.rx.clone(), answered.tx.clone());
            script(move |cx, wake| {
                let number = match (wake, cx.is_undisturbed()) {
                    (Wake::Message(number), _) => number,
                    _ => match cx.recv(&rx) {
                        Recv::Value(number) => number,
                        _ => return Step::Waiting,
                    },
                };
                assert!(matches!(cx.send(&tx, number + 1), Send::Done), "there is room");
                done(0)
            })
        };
        let task = cx.spawn(answers, None).expect("the scope is open");
        assert!(cx.can_lend() && cx.lend_turn(None) > 0, "it was made last");
        assert!(matches!(cx.try_recv(&answered.rx), TryRecv::Empty), "it waits for the question");
        assert!(!cx.can_lend() && cx.lend_turn(None) == 0, "so it would not run next");
        assert!(matches!(cx.send(&asked.tx, 41), Send::Done), "somebody waits for it");
        assert!(cx.can_lend() && cx.lend_turn(Some(&task)) > 0, "it was woken last");
        assert!(matches!(cx.try_recv(&answered.rx), TryRecv::Value(42)));
        assert!(matches!(cx.join(task), Join::Ready(Outcome::Done(0))));
        let two = [script(|_, _| done(1)), script(|_, _| done(2))];
        let two = two.map(|task| cx.spawn(task, None).expect("the scope is open"));
        assert!(!cx.can_lend(), "siblings run in order, and others may know of them");
        assert!(two.iter().all(|task| task.outcome().is_none()));
        done(0)
    });
    assert_eq!(runtime(1).run(root), Outcome::Done(0));
}

/// Turns are inside of each other only so deep, and who computes in one goes to the queue at its first tick.
#[test]
fn lent_turns_are_few_and_short() {
    fn deeper(deepest: Arc<AtomicUsize>, depth: usize) -> Script {
        script(move |cx, wake| {
            if !matches!(wake, Wake::None) {
                return done(0);
            }
            // Of the root, and of those who have their turns in its turn.
            if cx.fuel() < FUEL || depth == 0 {
                deepest.fetch_max(depth, Ordering::Relaxed);
            }
            if depth == 50 {
                return done(0);
            }
            let child = cx.spawn(deeper(deepest.clone(), depth + 1), None).expect("the scope is open");
            cx.lend_turn(Some(&child));
            match cx.join(child) {
                Join::Ready(_) => done(0),
                _ => Step::Waiting,
            }
        })
    }
    let deepest = Arc::new(AtomicUsize::new(0));
    assert_eq!(runtime(1).run(deeper(deepest.clone(), 0)), Outcome::Done(0));
    assert!((1..50).contains(&deepest.load(Ordering::Relaxed)), "{deepest:?}");

    let root = script(|cx, wake| {
        if matches!(wake, Wake::Joined(_)) {
            return done(0);
        }
        let mut turns = 0;
        let computes = script(move |cx, _| {
            turns += 1;
            match cx.tick() {
                Tick::Yield if turns == 1 => Step::Yielded,
                _ => done(turns),
            }
        });
        let computes = cx.spawn(computes, None).expect("the scope is open");
        cx.lend_turn(Some(&computes));
        assert!(computes.outcome().is_none(), "it has yielded, though nobody else is ready");
        assert!(matches!(cx.join(computes), Join::Wait));
        Step::Waiting
    });
    assert_eq!(runtime(1).run(root), Outcome::Done(0));
}

#[test]
fn crowds_of_all_sizes_begin_whole_and_keep_to_their_limit() {
    const COUNT: usize = 3_000;
    for (limit, runtime) in [1, 100, 300, 1_000, COUNT]
        .into_iter()
        .flat_map(|limit| [runtime(1), runtime(2), simulator()].map(|runtime| (limit, runtime)))
    {
        let (live, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let peak = most.clone();
        let root = script(move |cx, wake| match wake {
            Wake::Group(end) => {
                let found = end
                    .outcomes
                    .into_iter()
                    .map(|outcome| if let Outcome::Done(value) = outcome { value } else { -1 })
                    .collect::<Vec<i64>>();
                done(i64::from(found == (0..COUNT as i64).collect::<Vec<i64>>()))
            }
            _ => {
                let (live, most) = (live.clone(), most.clone());
                let maker = move |index: usize| {
                    let (live, mut has_waited) = (live.clone(), false);
                    most.fetch_max(live.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                    script(move |cx, _| {
                        if !std::mem::replace(&mut has_waited, true) {
                            cx.sleep(1);
                            return Step::Waiting;
                        }
                        live.fetch_sub(1, Ordering::SeqCst);
                        done(index as i64)
                    })
                };
                cx.crowd(Rule::All, COUNT, limit, false, Box::new(maker));
                Step::Waiting
            }
        });
        assert_eq!(runtime.run(root), Outcome::Done(1), "limit {limit}");
        assert!(peak.load(Ordering::SeqCst) <= limit, "limit {limit}: {peak:?}");
    }
}

#[test]
fn of_a_race_that_is_decided_early_only_the_beginning_is_made() {
    const COUNT: usize = 100_000;
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let root = script(move |cx, wake| match wake {
        Wake::Group(end) => Step::Ended(end.outcomes[end.first].clone()),
        _ => {
            let count = count.clone();
            let maker = move |index: usize| {
                count.fetch_add(1, Ordering::SeqCst);
                script(move |_, _| done(index as i64))
            };
            cx.crowd(Rule::First, COUNT, COUNT, false, Box::new(maker));
            Step::Waiting
        }
    });
    assert_eq!(runtime(1).run(root), Outcome::Done(0));
    assert!(made.load(Ordering::SeqCst) < 1_000, "{made:?} were made");
}
