//! What no fiber will ever see, told to the host: one for each engine, as its programs share a scheduler.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use aivi_scheduler::{Event, Observer, Place, Report};
use aivi_vm::{Failure, Fault, Program, Strand};

use crate::backtrace;
use crate::engine::OnWake;
use crate::events::Listener;
use crate::host_module::panics::catch;
use crate::lateness::Lateness;
use crate::outcome::{fault_report, text_of};
use crate::output::Output;
use crate::programs::Programs;
use crate::reports::Format;
use crate::trace::Collector;
use crate::waits::Waits;

/// Tells the host, and keeps what is asked for later.
pub(crate) struct Reporter {
    pub(crate) programs: Arc<Programs>,
    stdout: Output,
    stderr: Output,
    pub(crate) format: Format,
    /// What happens, if somebody wants to know.
    pub(crate) events: Option<Collector>,
    /// Where tasks were spawned that still ran when their call had ended, and how many. Bounded by the places of
    /// programs.
    cut_off: Mutex<HashMap<Place, usize>>,
    /// Reports of tasks that waited for ever when their call ended, each with a place of one.
    stuck: Mutex<Vec<(Place, String)>>,
    lateness: Lateness,
    /// Of an engine that is driven.
    pub(crate) on_wake: Option<OnWake>,
    pub(crate) listener: Option<Listener>,
    /// One of these two has panicked.
    has_panicked: AtomicBool,
}

impl Reporter {
    /// Nothing has happened yet.
    pub(crate) fn new(stdout: Output, stderr: Output, format: Format, is_traced: bool) -> Reporter {
        Reporter {
            programs: Arc::default(),
            stdout,
            stderr,
            format,
            events: is_traced.then(Collector::default),
            cut_off: Mutex::default(),
            stuck: Mutex::default(),
            lateness: Lateness::default(),
            on_wake: None,
            listener: None,
            has_panicked: AtomicBool::new(false),
        }
    }

    /// The tasks of a program that were cancelled because their calls had ended: where they were spawned, and how many.
    /// Given once.
    pub(crate) fn take_cut_off(&self, program: &Program) -> Vec<(String, usize)> {
        let mut places: Vec<_> = self.cut_off().extract_if(|place, _| program.has_place(*place)).collect();
        places.sort_unstable_by_key(|(place, _)| place.0);
        places.into_iter().map(|(place, count)| (program.describe(place), count)).collect()
    }

    /// What is to be said of tasks of a program that waited for ever, in the simulator, when their call ended. Given
    /// once.
    pub(crate) fn take_stuck(&self, program: &Program) -> Vec<String> {
        let mut stuck = self.stuck();
        stuck.extract_if(.., |(place, _)| program.has_place(*place)).map(|(_, text)| text).collect()
    }

    /// Writes to standard error, behind what was written to standard output.
    pub(crate) fn write_err(&self, text: &str) {
        self.stdout.pass_on();
        // Who reads this has gone when it fails.
        let _ = self.stderr.write(text.as_bytes());
        let _ = self.stderr.flush();
    }

    fn warn(&self, text: &str, trace: &[String]) {
        self.write_err(&self.format.warning_of(text, trace));
    }

    fn unjoined(&self, spawned_at: Place, failure: &Failure) {
        let Some(program) = self.programs.of(spawned_at) else { return };
        let (error, trace) = (text_of(failure.error(), &program), backtrace::of_failure(failure, &program));
        // One line: where it happened, but not how it came from there.
        let origin = failure.trace().and_then(|trace| trace.origin(&program));
        let origin = origin.map_or_else(String::new, |place| format!(" at {}", backtrace::at(place, &program)));
        let started = program.describe(spawned_at);
        self.warn(&format!("task started at {started} failed{origin} and was not joined: {error}"), &trace);
    }

    fn lost(&self, place: Place, fault: &Fault) {
        let Some(program) = self.programs.of(place) else { return };
        let report = fault_report(fault, &program, &self.programs);
        self.warn(&format!("fault that nobody waited for, at {}: {report}", program.describe(place)), &[]);
    }

    /// A function of the host was told something. That it panics is its own affair, and reported once: it may do so
    /// each time.
    fn told(&self, name: &str, told: Result<(), String>) {
        if let Err(text) = told
            && !self.has_panicked.swap(true, Ordering::Relaxed)
        {
            self.warn(&format!("the host's function for `{name}` panicked, which is not reported again: {text}"), &[]);
        }
    }

    /// What a thread that panicked left is whole: each change is one step.
    fn cut_off(&self) -> MutexGuard<'_, HashMap<Place, usize>> {
        self.cut_off.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stuck(&self) -> MutexGuard<'_, Vec<(Place, String)>> {
        self.stuck.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer<Strand> for Reporter {
    fn report(&self, report: Report<'_, Strand>) {
        let programs = &*self.programs;
        match report {
            Report::UnjoinedFailure { spawned_at, failure } => {
                self.unjoined(spawned_at, &Failure::unpack(failure.clone()));
            }
            Report::LostFault { place, fault } => self.lost(place, fault),
            Report::CutOff { spawned_at } => *self.cut_off().entry(spawned_at).or_default() += 1,
            Report::Stuck { dump, is_end: false } => self.write_err(&self.format.stuck(&Waits::new(dump, programs))),
            Report::Stuck { dump, is_end: true } => {
                let place = dump.tasks.first().map_or_else(Place::default, |task| task.place);
                self.stuck().push((place, Waits::new(dump, programs).stuck()));
            }
            Report::Held(hold) => {
                if let Some(report) = self.lateness.report(&hold, programs, Instant::now()) {
                    self.write_err(&self.format.late(&report));
                }
            }
            Report::GivenUp { first, dump } => {
                let (first, now) = (first.and_then(Fault::waits), Waits::new(dump, programs).deadlock());
                // The report of the first follows, with the fault; often both are the same.
                let text = match first.is_some_and(|first| Waits::new(first, programs).deadlock() == now) {
                    true => "deadlock in cleanups, which are given up".to_owned(),
                    false => format!("deadlock again, in cleanups, which are given up: {}", now.trim_end()),
                };
                self.warn(&text, &[]);
            }
        }
    }

    fn describe_place(&self, place: Place) -> String {
        self.programs.describe(place)
    }

    fn idle(&self) {
        self.stdout.pass_on();
    }

    fn woken(&self) {
        if let Some(tell) = &self.on_wake {
            self.told("on_wake", catch(|| tell()));
        }
    }

    fn cancels_tasks(&self) -> bool {
        self.programs.cancel_tasks()
    }

    fn wants_events(&self) -> bool {
        self.events.is_some() || self.listener.is_some()
    }

    fn events(&self, events: &[Event]) {
        if let Some(collector) = &self.events {
            collector.add(events);
        }
        if let Some(listener) = &self.listener {
            let events = Listener::events(events, &self.programs);
            if !events.is_empty() {
                self.told("on_events", catch(|| (listener.0)(&events)));
            }
        }
    }
}
