//! Host functions that wait.

use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::task::{Context, Poll, Waker};

use aivi::{Engine, HostModule, Output, Script};

fn script(builder: aivi::EngineBuilder, module: HostModule, body: &str) -> Script {
    let output = Output::buffer();
    let engine = builder.stdout(output.clone()).stderr(output).module(module).build();
    let text = format!("module t\nuse game\nuse aivi.concurrency\nexport *\n\n{body}");
    engine.unwrap_or_else(|error| panic!("{error}")).compile("t.aivi", &text).unwrap_or_else(|error| panic!("{error}"))
}

/// Is ready when it was polled so often; calls its waker in every poll.
struct Counted(usize);

impl Future for Counted {
    type Output = Result<i64, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.0 == 0 {
            return Poll::Ready(Ok(7));
        }
        self.0 -= 1;
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Is never ready, and tells when it is dropped.
struct Never(Arc<Mutex<Vec<&'static str>>>);

impl Future for Never {
    type Output = Result<i64, String>;

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Pending
    }
}

impl Drop for Never {
    fn drop(&mut self) {
        self.0.lock().expect("no panic").push("dropped");
    }
}

#[test]
fn a_future_may_wake_while_it_is_polled() {
    let module = HostModule::new("game").future("count : Int -> Effect Text Int", |n: usize| Counted(n));
    let script = script(Engine::builder().workers(2), module, "f : Int -> Effect Text Int\nf = n => count n\n");
    for polls in [0, 1, 2, 1000] {
        assert_eq!(script.call::<i64, _>("f", (polls,)), Ok(7), "{polls}");
    }
}

/// Calls its waker in every poll, and is never ready.
struct Restless(Arc<Mutex<Vec<&'static str>>>, Arc<AtomicUsize>);

impl Future for Restless {
    type Output = Result<i64, String>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.1.fetch_add(1, Ordering::Relaxed);
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Restless {
    fn drop(&mut self) {
        self.0.lock().expect("no panic").push("dropped");
    }
}

#[test]
fn a_future_that_is_always_woken_is_cancelled() {
    let (dropped, polls) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
    let restless = (dropped.clone(), polls.clone());
    let module = HostModule::new("game")
        .future("restless : Int -> Effect Text Int", move |_: i64| Restless(restless.0.clone(), restless.1.clone()));
    let body = "f : Int -> Effect Text Int\nf = n => restless n\n\n\
                g : Int -> Effect Text Int\ng = n => timeoutWith 20 \"late\" (restless n)\n\n\
                h : Int -> Effect Text Int\nh = n => race (restless n) (pure n)\n";
    let script = script(Engine::builder().workers(1), module, body);
    let call = script.function::<(i64,), i64>("f").expect("it is there").start((1,));
    while polls.load(Ordering::Relaxed) == 0 {
        std::thread::yield_now();
    }
    call.canceller().cancel();
    assert_eq!(call.wait(), Err(aivi::CallError::Cancelled));
    assert!(matches!(script.call::<i64, _>("g", (1,)), Err(aivi::CallError::Failure(late)) if late.contains("late")));
    assert_eq!(script.call::<i64, _>("h", (3,)), Ok(3));
    assert_eq!(*dropped.lock().expect("no panic"), ["dropped"; 3]);
}

#[test]
fn futures_are_woken_from_other_threads_and_wait_at_the_same_time() {
    // A ready-made reactor: a thread that wakes what was sent to it, once all have come.
    let (tx, rx) = mpsc::channel::<(Waker, Arc<AtomicUsize>)>();
    let reactor = std::thread::spawn(move || {
        let waiting: Vec<_> = rx.iter().take(100).collect();
        for (waker, done) in waiting {
            done.store(1, Ordering::Release);
            waker.wake();
        }
    });
    let module = HostModule::new("game").future("meet : Int -> Effect Text Int", move |n: i64| {
        let (tx, done, mut is_sent) = (tx.clone(), Arc::new(AtomicUsize::new(0)), false);
        std::future::poll_fn(move |cx| {
            if done.load(Ordering::Acquire) == 1 {
                return Poll::Ready(Ok::<_, String>(n));
            }
            if !std::mem::replace(&mut is_sent, true) {
                tx.send((cx.waker().clone(), done.clone())).expect("the reactor runs");
            }
            Poll::Pending
        })
    });
    let body = "f : Int -> Effect Text Int\nf = n => do Effect {\n  all <- forEachPar n meet [1..n]\n  \
                pure (List.foldl (a b => a + b) 0 all)\n}\n";
    let script = script(Engine::builder().workers(1), module, body);
    assert_eq!(script.call::<i64, _>("f", (100,)), Ok(5050));
    reactor.join().expect("no panic");
}

#[test]
fn a_cancelled_fiber_drops_its_future_before_its_cleanups_run() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let (future, cleanup) = (events.clone(), events.clone());
    let module = HostModule::new("game").future("never : Effect Text Int", move || Never(future.clone())).effect(
        "note : Effect Text Unit",
        move || {
            cleanup.lock().expect("no panic").push("cleanup");
            Ok::<(), String>(())
        },
    );
    let body = "guarded : Resource Text Unit\nguarded = resource {\n  yield Unit\n  note\n}\n\n\
                waits : Effect Text Int\nwaits = do Effect {\n  _ <- guarded\n  never\n}\n\n\
                f : Effect Text Int\nf = race waits (do Effect {\n  sleep 5\n  pure 1\n})\n";
    let script = script(Engine::builder().workers(1), module, body);
    assert_eq!(script.call::<i64, _>("f", ()), Ok(1));
    assert_eq!(*events.lock().expect("no panic"), ["dropped", "cleanup"]);
    // So does a call that its host cancels.
    let call = script.function::<(), i64>("waits").expect("it is there").start(());
    call.canceller().cancel();
    assert_eq!(call.wait(), Err(aivi::CallError::Cancelled));
    let after = events.lock().expect("no panic").len();
    assert!(after == 2 || after == 4, "before or after it had begun, both or none: {after}");
}

#[test]
fn blocking_functions_hold_up_nobody() {
    // Each waits for the other, and one worker runs both.
    let barrier = Arc::new(Barrier::new(2));
    let module = HostModule::new("game").blocking("meet : Int -> Effect Text Int", move |n: i64| {
        barrier.wait();
        Ok::<_, String>(n)
    });
    let body = "f : Effect Text (Int, Int)\nf = par (meet 1) (meet 2)\n";
    let script = script(Engine::builder().workers(1), module, body);
    assert_eq!(script.call::<(i64, i64), _>("f", ()), Ok((1, 2)));
}
