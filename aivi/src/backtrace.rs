//! The way of an error in words: a line for each call and each fiber, the innermost first.

use aivi_scheduler::Place;
use aivi_vm::backtrace::{Backtrace, Link, Passage};
use aivi_vm::{Failure, Fault, Program};

/// The lines of a trace.
pub(crate) fn lines(trace: &Backtrace, program: &Program) -> Vec<String> {
    let mut lines = Vec::new();
    let mut ended: Option<(&Passage, Link)> = None;
    let (kept, omitted) = trace.omitted();
    for (index, passage) in trace.passages().iter().enumerate() {
        let mut calls = passage.calls.iter().copied();
        if let Some((inner, link)) = ended {
            // The innermost call that is not the library's.
            let waits_at = calls.find(|call| program.text_at(*call).is_some());
            lines.push(passed(inner, link, waits_at, program));
        }
        lines.extend(calls.map(|call| format!("at {}", at(call, program))));
        if passage.omitted > 0 {
            lines.push(format!("… {} more", passage.omitted));
        }
        if omitted > 0 && index + 1 == kept {
            lines.push(format!("… {omitted} more fibers"));
        }
        ended = passage.link.map(|link| (passage, link));
        if ended.is_none() {
            let started = |place: &Place| format!("in a fiber started at {}", program.describe(*place));
            lines.extend(passage.started_at.iter().map(started));
        }
    }
    lines
}

/// The lines of a failure's trace.
pub(crate) fn of_failure(failure: &Failure, program: &Program) -> Vec<String> {
    failure.trace().map_or_else(Vec::new, |trace| lines(trace, program))
}

/// The lines of a fault's trace.
pub(crate) fn of_fault(fault: &Fault, program: &Program) -> Vec<String> {
    lines(fault.trace(), program)
}

/// `demo.aivi:3:5 in demo.main`
pub(crate) fn at(place: Place, program: &Program) -> String {
    format!("{} in {}", program.describe(place), program.name_at(place))
}

/// How it came from the fiber that it ended to the one that waited at this place.
fn passed(ended: &Passage, link: Link, waits_at: Option<Place>, program: &Program) -> String {
    let started = ended.started_at.first().map_or_else(|| "?".to_owned(), |place| program.describe(*place));
    let here = waits_at.map_or_else(|| started.clone(), |place| at(place, program));
    match link {
        Link::Join => format!("in the task started at {started}, joined at {here}"),
        Link::Member => format!("in a task started at {started}, of the scope at {here}"),
        Link::Par => format!("in a side of the par at {here}"),
        Link::Branch => format!("in a branch of the list at {here}"),
        Link::Race => format!("in a side of the race at {here}"),
        Link::Timeout => format!("in the body of the timeout at {here}"),
        Link::Scope => format!("in the body of the scope at {here}"),
    }
}
