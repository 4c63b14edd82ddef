//! Code of the host that panics, wherever the engine calls it: others go on, and nobody waits for ever.

use std::future::Future;
use std::io::{self, Write};
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aivi::{CallError, Engine, EngineBuilder, HostModule, Object, Output, Script, Turn};

const TEXT: &str = "
module t
use aivi.concurrency
export *

work : Int -> Effect Text Int
work = n => do Effect {
  (a, b) <- par (nap n) (nap (n + 1))
  pure (a + b)
}

nap : Int -> Effect Text Int
nap = n => do Effect {
  sleep 1
  pure n
}

say : Text -> Effect Text Unit
say = text => println text
";

/// Only a test that fails waits for so long.
const LONG: Duration = Duration::from_secs(60);

/// Two engines: with workers of its own, and with the caller as its only one.
fn engines(build: impl Fn() -> EngineBuilder) -> impl Iterator<Item = Engine> {
    [1, 3].map(|workers| build().workers(workers).build().expect("an engine")).into_iter()
}

fn script(engine: &Engine) -> Script {
    engine.compile("t.aivi", TEXT).unwrap_or_else(|error| panic!("{error}"))
}

/// Calls that block and calls that go on still end as they should.
fn works(script: &Script) {
    let work = script.function::<(i64,), i64>("work").expect("a function");
    let mut started: Vec<_> = (0..20).map(|n| work.start((n,))).collect();
    assert_eq!(work.call((20,)), Ok(41));
    for (n, call) in started.iter_mut().enumerate() {
        assert_eq!(call.wait_timeout(LONG), Some(Ok(2 * n as i64 + 1)));
    }
}

#[test]
fn a_listener_of_events_that_panics_is_reported_once() {
    let told = Arc::new(AtomicUsize::new(0));
    let stderr = Output::buffer();
    for engine in engines(|| {
        let told = told.clone();
        Engine::builder().stderr(stderr.clone()).on_events(move |_| {
            told.fetch_add(1, Ordering::Relaxed);
            panic!("no events, please")
        })
    }) {
        works(&script(&engine));
    }
    assert!(told.load(Ordering::Relaxed) > 2, "it is told more all the same");
    let reports = stderr.text();
    assert_eq!(reports.matches("`on_events` panicked").count(), 2, "once for each engine: {reports}");
    assert!(reports.contains("no events, please"), "{reports}");
}

#[test]
fn a_wake_of_a_driven_engine_that_panics_is_reported_once() {
    let stderr = Output::buffer();
    let builder = Engine::builder().driven().stderr(stderr.clone()).on_wake(|| panic!("do not wake me"));
    let engine = builder.build().expect("an engine");
    let work = script(&engine).function::<(i64,), i64>("work").expect("a function");
    let calls: Vec<_> = (0..5).map(|n| work.start((n,))).collect();
    while engine.turn(Duration::from_millis(1)) != Turn::Finished {}
    for (n, call) in calls.into_iter().enumerate() {
        assert_eq!(call.wait(), Ok(2 * n as i64 + 1));
    }
    assert_eq!(stderr.text().matches("`on_wake` panicked").count(), 1, "{}", stderr.text());
}

/// Takes nothing.
struct Bad;

impl Write for Bad {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        panic!("no paper")
    }
    fn flush(&mut self) -> io::Result<()> {
        panic!("no ink")
    }
}

impl Drop for Bad {
    fn drop(&mut self) {
        panic!("no end")
    }
}

#[test]
fn an_output_that_panics_is_a_fault_of_who_writes() {
    for engine in engines(|| Engine::builder().stdout(Output::writer(Bad)).stderr(Output::writer(Bad))) {
        let script = script(&engine);
        // Less than a buffer is written when all fibers wait, where nobody can be told.
        assert_eq!(script.call::<(), _>("say", ("a line",)), Ok(()));
        let Err(CallError::Fault(report)) = script.call::<(), _>("say", ("x".repeat(1 << 20),)) else {
            panic!("it cannot be written")
        };
        assert_eq!(report.message, "output was lost: the writer panicked: no paper");
        works(&script);
    }
}

/// Neither wakes nor goes quietly.
struct Rude(mpsc::Sender<()>);

impl Wake for Rude {
    fn wake(self: Arc<Self>) {
        let _ = self.0.send(());
        panic!("let me sleep")
    }
}

impl Drop for Rude {
    fn drop(&mut self) {
        panic!("let me be")
    }
}

#[test]
fn a_waker_that_panics_is_told_of_and_forgotten() {
    for engine in engines(Engine::builder) {
        let script = script(&engine);
        let work = script.function::<(i64,), i64>("work").expect("a function");
        let (tx, woken) = mpsc::channel();
        let mut call = work.start((3,));
        let waker = Waker::from(Arc::new(Rude(tx)));
        let polled = Pin::new(&mut call).poll(&mut Context::from_waker(&waker));
        // Whoever drops the last clone has the panic of that: this is not ours.
        std::mem::forget(waker);
        if polled.is_pending() {
            woken.recv_timeout(LONG).expect("it is woken");
        }
        assert_eq!(call.wait_timeout(LONG).unwrap_or(Ok(7)), Ok(7));
        works(&script);
    }
}

/// Panics when it is dropped, with something that panics when it is dropped.
struct Mine;

impl Drop for Mine {
    fn drop(&mut self) {
        std::panic::panic_any(Again)
    }
}

struct Again;

impl Drop for Again {
    fn drop(&mut self) {
        panic!("and again")
    }
}

/// Panics when it is polled for the second time, and when it is dropped.
struct Shy(bool);

impl Future for Shy {
    type Output = Result<i64, String>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        assert!(!std::mem::replace(&mut self.0, true), "do not look at me");
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Shy {
    fn drop(&mut self) {
        std::panic::panic_any(Again)
    }
}

#[test]
fn what_a_host_module_gives_may_panic_anywhere() {
    let host = || {
        let module = HostModule::new("host")
            .object::<Mine>("Mine")
            .effect("mine : Unit -> Effect Text Mine", |(): ()| Ok::<_, String>(Object::new(Mine)))
            .function("odd : Int -> Int", |_: i64| -> i64 { std::panic::panic_any(Again) })
            .blocking("slow : Int -> Effect Text Int", |_: i64| -> Result<i64, String> { std::panic::panic_any(Again) })
            .future("shy : Unit -> Effect Text Int", |(): ()| Shy(false));
        Engine::builder().module(module)
    };
    for engine in engines(host) {
        let text = "
module h
use aivi.concurrency
use host
export *

drops : Int -> Effect Text Int
drops = n => do Effect {
  (_, _) <- par (mine ()) (mine ())
  pure n
}

odds : Int -> Effect Text Int
odds = n => pure (odd n)

holds : Unit -> Effect Text Mine
holds = _ => do Effect {
  one <- mine ()
  sleep 1000000
  pure one
}

held : Int -> Effect Text Int
held = n => if n == 0 then pure 0 else do Effect {
  task <- spawn (holds ())
  sleep 1
  others <- held (n - 1)
  task.cancel
  end <- attempt task.join
  end match
    | Ok _ => pure others
    | Err _ => pure (others + 1)
}

cut : Unit -> Effect Text Int
cut = _ => race (shy ()) (pure 1)
";
        let host = engine.compile("h.aivi", text).unwrap_or_else(|error| panic!("{error}"));
        let other = script(&engine);
        let function = |name| host.function::<(i64,), i64>(name).expect("a function");
        let drops: Vec<_> = (0..20).map(|n| function("drops").start((n,))).collect();
        for (n, call) in drops.into_iter().enumerate() {
            assert_eq!(call.wait(), Ok(n as i64));
        }
        let faults = |name: &str| match host.function::<(i64,), i64>(name).expect("a function").start((1,)).wait() {
            Err(CallError::Fault(report)) => report.message,
            other => panic!("{name}: {other:?}"),
        };
        // With several fibers one that waits is put away, and ends where it is cancelled.
        assert_eq!(function("held").start((8,)).wait(), Ok(8));
        assert_eq!(faults("odds"), "host function 'host.odd' panicked: a panic without a text");
        assert_eq!(host.call::<i64, _>("cut", ((),)), Ok(1));
        works(&other);
    }
}

#[test]
fn a_future_that_panics_is_a_fault_of_who_waits_for_it() {
    let host = HostModule::new("host").future("shy : Int -> Effect Text Int", |_: i64| Shy(false));
    let engine = Engine::builder().module(host).workers(2).build().expect("an engine");
    let text = "module h\nuse host\nexport wait\n\nwait : Int -> Effect Text Int\nwait = n => shy n\n";
    let wait = engine.compile("h.aivi", text).expect("correct").function::<(i64,), i64>("wait").expect("a function");
    let calls: Mutex<Vec<_>> = Mutex::new((0..20).map(|n| wait.start((n,))).collect());
    for call in calls.into_inner().expect("nobody panicked") {
        let Err(CallError::Fault(report)) = call.wait() else { panic!("a fault") };
        assert_eq!(report.message, "host function 'host.shy' panicked: do not look at me");
    }
    works(&script(&engine));
}
