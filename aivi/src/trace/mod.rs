//! Traces: everything that happened to the fibers of a script, for a timeline viewer (`chrome.rs`) or to be read and
//! compared (`Display`: a line for each event).
//!
//! Fibers are numbered in the order in which they were made, channels in the order of their first use. In the simulator
//! a seed gives the same trace every time, byte by byte.

mod chrome;
mod text;

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aivi_scheduler::{Event, EventKind, Place};
use aivi_vm::Program;

/// Events of one trace; the rest is only counted. About 110 MiB, and more than viewers show with ease (arbitrary).
const EVENTS_MAX: usize = 2_000_000;

/// What happened to the fibers of a script, in order of time.
#[derive(Clone)]
pub struct Trace {
    program: Arc<Program>,
    events: Vec<Event>,
    omitted: usize,
    is_simulated: bool,
}

/// Where events are collected while a script runs.
#[derive(Default)]
pub(crate) struct Collector(Mutex<Collected>);

/// Events by workers, each worker's in order, and how many there was no room for.
#[derive(Default)]
pub(crate) struct Collected {
    events: Vec<Event>,
    /// Where the tasks were made that events are about.
    made_at: HashMap<u64, Place>,
    omitted: usize,
}

impl Trace {
    /// Merges events by time.
    pub(crate) fn new(collected: Collected, program: Arc<Program>, is_simulated: bool) -> Trace {
        let Collected { mut events, omitted, .. } = collected;
        // Stable: the events of one worker stay in their order.
        events.sort_by_key(|event| event.at_ns);
        Trace { program, events, omitted, is_simulated }
    }

    /// The events. Places and tasks in them are numbers that mean something to the scheduler only.
    #[must_use]
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// How many events came after there was no room for more.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    /// Writes the trace as JSON in the Trace Event Format, which Perfetto and other viewers open: a row for each fiber
    /// and each worker, arrows for wakes.
    ///
    /// # Errors
    /// When the writer does not take it.
    pub fn write_json(&self, to: impl Write) -> io::Result<()> {
        chrome::write(self, to)
    }

    /// The names of the fibers, by their ids.
    fn names(&self) -> HashMap<u64, Name> {
        let spawns = self.events.iter().filter_map(|event| match event.kind {
            EventKind::Spawned { at, entry, by, .. } => Some((event.task, at, entry, by)),
            _ => None,
        });
        let names = spawns.enumerate().map(|(index, (task, at, entry, by))| {
            let label = if by == 0 { self.function(entry) } else { self.label(index, entry, at) };
            (task, Name { number: index + 1, label })
        });
        names.collect()
    }

    /// `worker#3 demo.aivi:12`: what it runs, its number, where it was started.
    fn label(&self, index: usize, entry: Place, at: Place) -> String {
        let started = self.program.describe(at);
        let file = started.rsplit('/').next().unwrap_or(&started);
        let line = file.rsplit_once(':').map_or(file, |(line, _column)| line);
        format!("{}#{} {line}", self.function(entry), index)
    }

    /// The name of a function without its module.
    fn function(&self, entry: Place) -> String {
        let name = self.program.name_at(entry);
        name.rsplit('.').next().filter(|name| !name.is_empty()).unwrap_or("fiber").to_owned()
    }

    fn describe(&self, place: Place) -> String {
        self.program.describe(place)
    }
}

/// What a fiber is called.
struct Name {
    /// In the order in which fibers were made, from 1 on.
    number: usize,
    label: String,
}

impl Collector {
    /// Adds what happened on one worker.
    pub(crate) fn add(&self, events: &[Event]) {
        let mut collected = self.lock();
        let room = EVENTS_MAX.saturating_sub(collected.events.len()).min(events.len());
        collected.omitted += events.len() - room;
        for event in &events[..room] {
            collected.events.push(*event);
            if let EventKind::Spawned { at, .. } = event.kind {
                collected.made_at.insert(event.task, at);
            }
        }
    }

    /// Takes what has happened to the fibers of a program, and to those of which it is not known whose they are.
    pub(crate) fn take(&self, program: &Program) -> Collected {
        let Collected { events, made_at, omitted } = &mut *self.lock();
        let is_ours = |event: &mut Event| made_at.get(&event.task).is_none_or(|at| program.has_place(*at));
        let events: Vec<Event> = events.extract_if(.., is_ours).collect();
        let ended = events.iter().filter(|event| matches!(event.kind, EventKind::Ended { .. }));
        ended.for_each(|event| _ = made_at.remove(&event.task));
        Collected { events, made_at: HashMap::new(), omitted: std::mem::take(omitted) }
    }

    /// What was collected. A thread that panicked cannot leave it half changed.
    fn lock(&self) -> MutexGuard<'_, Collected> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Trace({} events)", self.events.len())
    }
}
