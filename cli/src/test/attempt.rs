//! One run of one test, on an engine, a thread and a clock of its own, with a limit in real time.
//!
//! The limit is watched from outside because a test may be stuck in ways that virtual time does not know: it computes
//! for ever, or waits for a connection that nobody makes. One that is over it is cancelled like a program by a signal;
//! when its cleanups do not end either, its thread is left behind.

use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use aivi::{Ending, Engine, Tested};

use super::captured::Captured;
use super::plan::Case;
use crate::args::Mode;
use crate::signals::Target;

/// For the cleanups of a test that was over its time, and for a look at where it stands. Arbitrary.
const GRACE: Duration = Duration::from_secs(2);

/// A test that has run.
pub struct Attempt {
    pub mode: Mode,
    pub verdict: Verdict,
    /// What it printed, on both streams, warnings of the machine included.
    pub output: String,
    /// By its own clock.
    pub time: Duration,
    /// By ours.
    pub real_time: Duration,
    /// Tasks that it left running: where they were spawned, and how many.
    pub cut_off: Vec<(String, usize)>,
    /// Reports of tasks that waited for ever when it ended.
    pub stuck: Vec<String>,
    /// Messages that nobody received: where their channels were made, and how many.
    pub unreceived: Vec<(String, usize)>,
    /// What it has left behind.
    pub leaked: Vec<String>,
}

/// How it went.
pub enum Verdict {
    /// By itself, or by a signal.
    Ended(Ending),
    /// It was over its limit.
    TimedOut {
        /// Where its fibers stood then.
        stood: Option<String>,
        /// Its cleanups have ended.
        is_over: bool,
    },
    /// There is no machine for it.
    NotRun(String),
}

impl Attempt {
    /// Runs a test.
    pub fn run(case: &Case<'_>, mode: Mode, limit: Option<Duration>, signals: &Target) -> Attempt {
        let captured = Captured::default();
        let begun = Instant::now();
        let (verdict, tested) = match start(case, mode, &captured, signals) {
            Ok((engine, ended)) => wait(&engine, &ended, limit),
            Err(message) => (Verdict::NotRun(message), None),
        };
        signals.clear();
        let of = |Tested { time, cut_off, stuck, unreceived, leaked, .. }| (time, cut_off, stuck, unreceived, leaked);
        let (time, cut_off, stuck, unreceived, leaked) = tested.map_or_else(Default::default, of);
        let (output, real_time) = (captured.text(), begun.elapsed());
        Attempt { mode, verdict, output, time, real_time, cut_off, stuck, unreceived, leaked }
    }

    /// It did what it should.
    pub fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Ended(Ending::Success)) && self.stuck.is_empty() && self.leaked.is_empty()
    }
}

fn start(
    case: &Case<'_>,
    mode: Mode,
    captured: &Captured,
    signals: &Target,
) -> Result<(Engine, Receiver<Tested>), String> {
    let output = captured.output();
    let builder = Engine::builder().without_input().stdout(output.clone()).stderr(output);
    let builder = match mode {
        Mode::Simulated { seed } => builder.simulated(seed),
        Mode::Real { workers: Some(workers) } => builder.workers(usize::from(workers)),
        Mode::Real { workers: None } => builder,
    };
    let engine = case.permissions.give(builder).build().map_err(|error| format!("cannot start: {error}"))?;
    let script = engine.adopt(case.script).map_err(|error| error.to_string())?;
    signals.set(&engine);
    let test = case.test.clone();
    let ended = begin("test", move || script.run_test(&test))?;
    Ok((engine, ended))
}

fn wait(engine: &Engine, ended: &Receiver<Tested>, limit: Option<Duration>) -> (Verdict, Option<Tested>) {
    let tested = match limit {
        Some(limit) => ended.recv_timeout(limit).ok(),
        None => ended.recv().ok(),
    };
    if let Some(tested) = tested {
        return (Verdict::Ended(tested.ending.clone()), Some(tested));
    }
    let looker = engine.clone();
    let stood = begin("dump", move || looker.dump()).ok().and_then(|dump| dump.recv_timeout(GRACE).ok());
    engine.interrupt(0);
    let tested = ended.recv_timeout(GRACE).ok();
    (Verdict::TimedOut { stood, is_over: tested.is_some() }, None)
}

/// Does something on a thread of its own.
fn begin<T: Send + 'static>(name: &str, work: impl FnOnce() -> T + Send + 'static) -> Result<Receiver<T>, String> {
    let (done, result) = mpsc::channel();
    let work = move || {
        // Nobody waits any more for one that took too long.
        let _ = done.send(work());
    };
    thread::Builder::new().name(name.into()).spawn(work).map_err(|error| format!("cannot start a thread: {error}"))?;
    Ok(result)
}
