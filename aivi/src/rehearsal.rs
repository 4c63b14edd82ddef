//! Rehearsals of tests: runs in the simulator that are told more than their seed, and tell what they did.

use std::collections::HashMap;
use std::fmt::Write;

use aivi_scheduler::{ChannelsLeft, Place, Rehearsal, Stats, StepEnd, Tape};
use aivi_vm::Program;

use crate::machine::Machine;
use crate::outcome::Outcome;
use crate::script::Tested;

/// Steps of a schedule that are shown; more nobody reads (arbitrary).
const STEPS_SHOWN: usize = 60;

/// What came of a rehearsal.
#[derive(Clone, Debug)]
pub struct Rehearsed {
    /// The same as of any run of the test.
    pub tested: Tested,
    /// It ended because it was asked to.
    pub was_cancelled: bool,
    /// What it did.
    pub tape: Tape,
    /// Where the fiber stood at whose point it was cancelled.
    pub cancelled_at: Option<String>,
    /// Bytes of objects of this thread that live when the run is over. What a program keeps in its constants is among
    /// them, so the difference between two runs is what counts.
    pub live_bytes: isize,
    /// The tape in words.
    pub schedule: String,
}

impl Rehearsed {
    pub(crate) fn new(machine: &Machine, rehearsal: &Rehearsal, outcome: Outcome, tested: Tested) -> Rehearsed {
        let (tape, program) = (rehearsal.tape(), &*machine.program);
        let was_cancelled = matches!(outcome, Outcome::Cancelled(_));
        drop(outcome);
        Rehearsed {
            tested,
            was_cancelled,
            cancelled_at: tape.cancelled_at.map(|place| program.describe(place)),
            live_bytes: aivi_vm::live_bytes(),
            schedule: schedule(&tape, program),
            tape,
        }
    }
}

/// What a run has left behind that should have ended with it, in words; nothing if all is well.
pub(crate) fn leaks(stats: &Stats, channels: &ChannelsLeft, program: &Program) -> Vec<String> {
    let counts =
        [(stats.tasks, "fiber"), (stats.timers, "timer"), (stats.io_waits, "waiter"), (stats.outside, "blocking call")];
    let text = |(count, what): (u64, &str)| match count {
        0 => None,
        1 => Some(format!("1 {what}")),
        count => Some(format!("{count} {what}s")),
    };
    let place = |place: &Option<Place>| place.map_or_else(|| "?".to_owned(), |place| program.describe(place));
    let circular =
        channels.circular.iter().map(|at| format!("a channel, made at {}, whose messages hold it", place(at)));
    let others = channels.alive.iter().filter(|at| !channels.circular.contains(at));
    let others = others.map(|at| format!("a channel, made at {}", place(at)));
    counts.into_iter().filter_map(text).chain(circular).chain(others).collect()
}

/// Who ran until where, and why it stopped there. Fibers are numbered as they appear.
fn schedule(tape: &Tape, program: &Program) -> String {
    let mut names: HashMap<u64, usize> = HashMap::new();
    let mut lines = Vec::new();
    for step in &tape.steps {
        let next = names.len() + 1;
        let name = *names.entry(step.task).or_insert(next);
        let why = match step.end {
            StepEnd::Yielded => "others run".to_owned(),
            StepEnd::Waits(aivi_scheduler::WaitReason::Ready) => "lets others run".to_owned(),
            StepEnd::Waits(reason) => format!("waits for {}", reason.text()),
            StepEnd::Ended => "ends".to_owned(),
        };
        let place = program.describe(step.place);
        lines.push(format!("{:>6} ms  fiber {name} to {place}: {why}", step.at_ns / 1_000_000));
    }
    let hidden = lines.len().saturating_sub(STEPS_SHOWN);
    let mut text = String::new();
    if hidden > 0 {
        // A `String` takes everything.
        let _ = writeln!(text, "… {hidden} steps before");
    }
    lines[hidden..].iter().for_each(|line| text.extend([line.as_str(), "\n"]));
    text
}
