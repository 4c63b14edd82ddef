//! `aivi test --cancel-everywhere`: the test is run once to count its points, and then once for each of them, cancelled
//! there.
//!
//! A point is where a request to cancel can be noticed, in any of the test's fibers, or the moment after a fiber has
//! begun to wait; it is the fiber of the test that is asked to end. Wherever that is, the test has to end as cancelled
//! (or to have succeeded just before), its cleanups have to work, and nothing may stay behind.

use std::time::Duration;

use aivi::{Ending, Rehearsal};

use super::plan::Case;
use super::rehearse::{Problem, Stage, Take};
use super::{Interrupted, Stop};
use crate::signals::Target;

/// More points than this are not tried, but as many of them, evenly spread. Arbitrary: a minute or so of a small test.
const POINTS_MAX: u64 = 5_000;

/// What a cleanup that goes wrong says on standard error.
const BROKEN: [&str; 2] = ["cleanup failed:", "deadlock in cleanups"];

/// How it went.
pub struct Everywhere {
    /// The points that were tried.
    pub tried: u64,
    /// The points that there are.
    pub points: u64,
}

/// Cancels a test that passes at each of its points.
pub fn everywhere(case: &Case<'_>, seed: u64, limit: Option<Duration>, signals: &Target) -> Result<Everywhere, Stop> {
    let stage = Stage::new(case, seed, limit, signals).map_err(Stop::NotRun)?;
    // The first run makes the constants of the program, the second shows what lives when a run is over.
    stage.run(Rehearsal::new())?;
    let whole = stage.run(Rehearsal::new())?;
    let (points, live) = (whole.run.tape.points, whole.run.live_bytes);
    let stride = points.div_ceil(POINTS_MAX).max(1);
    let mut tried = 0;
    for point in (0..points).step_by(stride as usize) {
        let take = stage.run(Rehearsal::cancelling(point)).map_err(|problem| Problem {
            what: format!("cancelled at point {point} of {points}: {}", problem.what),
            ..problem
        })?;
        if let Some(signal) = take.was_interrupted() {
            return Err(Stop::Interrupted(Interrupted(signal)));
        }
        if let Some(wrong) = wrong(&take, live) {
            let place = take.run.cancelled_at.as_deref().unwrap_or("its end");
            let what = format!("cancelled at point {point} of {points}, at {place}: {wrong}");
            return Err(Stop::Problem(take.problem(what)));
        }
        tried += 1;
    }
    Ok(Everywhere { tried, points })
}

/// What is wrong with a run that was cancelled, if anything is.
fn wrong(take: &Take, live: isize) -> Option<String> {
    if let Some(leak) = take.leak() {
        return Some(leak);
    }
    if let Some(line) = take.output.lines().find(|line| BROKEN.iter().any(|mark| line.contains(mark))) {
        return Some(format!("a cleanup did not work: {line}"));
    }
    if !take.run.was_cancelled && take.run.tested.ending != Ending::Success {
        let report = take.run.tested.ending.report().unwrap_or_default();
        return Some(format!("it did not end as cancelled: {report}"));
    }
    match take.run.live_bytes - live {
        0 => None,
        // Constants that this run did not make for the first time are there already, so there are never fewer.
        bytes => Some(format!("{bytes} bytes of objects stay alive")),
    }
}
