//! Many runs of one test, one after the other on the same thread and machine, each told something else.

use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Duration;

use aivi::{Ending, Engine, Rehearsal, Rehearsed};

use super::captured::Captured;
use super::plan::Case;
use crate::signals::Target;

/// A thread that runs the test as often as it is told to.
pub struct Stage<'s> {
    to: Sender<Rehearsal>,
    from: Receiver<Rehearsed>,
    captured: Captured,
    limit: Option<Duration>,
    signals: &'s Target,
}

/// A run of the test.
pub struct Take {
    pub run: Rehearsed,
    /// What it printed, on both streams.
    pub output: String,
}

/// What is wrong with a run of a test that passes when it is left alone.
pub struct Problem {
    /// What happened, and under which circumstances.
    pub what: String,
    pub output: String,
    /// Who ran when.
    pub schedule: String,
}

impl<'s> Stage<'s> {
    /// A stage where the seed decides what the rehearsals do not.
    pub fn new(case: &Case<'_>, seed: u64, limit: Option<Duration>, signals: &'s Target) -> Result<Stage<'s>, String> {
        let captured = Captured::default();
        let output = captured.output();
        let builder = Engine::builder().without_input().stdout(output.clone()).stderr(output).simulated(seed);
        let engine = case.permissions.give(builder).build().map_err(|error| format!("cannot start: {error}"))?;
        let script = engine.adopt(case.script).map_err(|error| error.to_string())?;
        signals.set(&engine);
        let (to, rehearsals) = mpsc::channel::<Rehearsal>();
        let (done, from) = mpsc::channel();
        let test = case.test.clone();
        let work = move || {
            // Ends when nobody asks for more, or waits for the answer.
            rehearsals.iter().all(|rehearsal| done.send(script.rehearse_test(&test, &rehearsal)).is_ok());
        };
        let thread = thread::Builder::new().name("rehearsal".into()).spawn(work);
        thread.map_err(|error| format!("cannot start a thread: {error}"))?;
        Ok(Stage { to, from, captured, limit, signals })
    }

    /// Runs the test once. A run that does not end in time is left behind.
    pub fn run(&self, rehearsal: Rehearsal) -> Result<Take, Problem> {
        self.captured.clear();
        // The thread lives as long as its answers are taken.
        let _ = self.to.send(rehearsal);
        let run = match self.limit {
            Some(limit) => self.from.recv_timeout(limit).ok(),
            None => self.from.recv().ok(),
        };
        match run {
            Some(run) => Ok(Take { run, output: self.captured.text() }),
            None => {
                let what = "it did not end in time (`--timeout` sets the limit)".to_owned();
                Err(Problem { what, output: self.captured.text(), schedule: String::new() })
            }
        }
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        self.signals.clear();
    }
}

impl Take {
    /// Describes what is wrong with it.
    pub fn problem(self, what: String) -> Problem {
        Problem { what, output: self.output, schedule: self.run.schedule }
    }

    /// What nothing may leave behind, if it did.
    pub fn leak(&self) -> Option<String> {
        let leaked = &self.run.tested.leaked;
        (!leaked.is_empty()).then(|| format!("it left behind: {}", leaked.join(", ")))
    }

    /// The tasks that waited for ever when it ended, if there were any.
    pub fn stuck(&self) -> Option<String> {
        let stuck = &self.run.tested.stuck;
        (!stuck.is_empty()).then(|| stuck.join("\n"))
    }

    /// Was it ended by a signal? Then nothing is to be said about it.
    pub fn was_interrupted(&self) -> Option<i32> {
        match self.run.tested.ending {
            Ending::Interrupted(signal) => Some(signal),
            _ => None,
        }
    }
}
