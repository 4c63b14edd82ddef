//! `aivi test --explore`: the orders in which the fibers of a test can run, one after the other, up to a number of
//! preemptions.
//!
//! The idea that few preemptions find most bugs, and that a search should try few before many, is known as iterative
//! context bounding. Where a fiber waits or ends, every fiber that is ready may come next; that costs nothing. Between
//! two operations of a fiber that could go on, another one may come instead; that is a preemption. A schedule that
//! fails is made as plain as possible: each decision that need not be made is left out.

use std::time::{Duration, Instant};

use aivi::{Decision, Ending, Rehearsal};

use super::plan::Case;
use super::rehearse::{Stage, Take};
use super::{Interrupted, Stop};
use crate::signals::Target;

/// More schedules than this are not tried. Arbitrary: seconds for a small test.
const SCHEDULES_MAX: usize = 20_000;

/// Nor is it searched for longer.
const TIME_MAX: Duration = Duration::from_secs(60);

/// How far it went without finding anything.
pub struct Explored {
    pub schedules: usize,
    /// With so many preemptions at most all schedules were tried.
    pub complete: Option<u32>,
}

/// Searches a test for an order in which it does not pass.
pub fn explore(case: &Case<'_>, preemptions: u32, limit: Option<Duration>, signals: &Target) -> Result<Explored, Stop> {
    let stage = Stage::new(case, 0, limit, signals).map_err(Stop::NotRun)?;
    let begun = Instant::now();
    let mut explored = Explored { schedules: 0, complete: None };
    for bound in 0..=preemptions {
        let mut script = Some(Vec::new());
        while let Some(wanted) = script {
            if explored.schedules == SCHEDULES_MAX || begun.elapsed() > TIME_MAX {
                return Ok(explored);
            }
            let take = stage.run(Rehearsal::scripted(wanted))?;
            explored.schedules += 1;
            if let Some(signal) = take.was_interrupted() {
                return Err(Stop::Interrupted(Interrupted(signal)));
            }
            if wrong(&take).is_some() {
                return Err(Stop::Problem(shrink(&stage, take)?));
            }
            script = next(&take.run.tape.decisions, bound);
        }
        explored.complete = Some(bound);
    }
    Ok(explored)
}

/// The decisions of the next schedule, in depth-first order; `None` when all with so many preemptions were tried.
fn next(decisions: &[Decision], bound: u32) -> Option<Vec<u32>> {
    let is_preemption = |decision: &&Decision| decision.may_go_on && decision.chosen > 0;
    for at in (0..decisions.len()).rev() {
        let (before, decision) = (&decisions[..at], &decisions[at]);
        let used = before.iter().filter(is_preemption).count() as u32;
        if decision.chosen + 1 < decision.options && (!decision.may_go_on || used < bound) {
            let mut script: Vec<u32> = before.iter().map(|decision| decision.chosen).collect();
            script.push(decision.chosen + 1);
            return Some(script);
        }
    }
    None
}

/// What is wrong with a run, if anything is.
fn wrong(take: &Take) -> Option<String> {
    match &take.run.tested.ending {
        Ending::Success => take.stuck().or_else(|| take.leak()),
        Ending::Exit(code) => Some(format!("it ended the program with `exit {code}`")),
        ending => Some(ending.report().unwrap_or_default()),
    }
}

/// Leaves out each decision without which the test fails as well, and describes what is left.
fn shrink(stage: &Stage<'_>, found: Take) -> Result<super::rehearse::Problem, Stop> {
    let mut plainest = found;
    let mut is_smaller = true;
    while is_smaller {
        is_smaller = false;
        let script: Vec<u32> = plainest.run.tape.decisions.iter().map(|decision| decision.chosen).collect();
        for at in (0..script.len()).rev().filter(|&at| script[at] != 0) {
            let mut plainer = script.clone();
            plainer[at] = 0;
            let take = stage.run(Rehearsal::scripted(plainer))?;
            if wrong(&take).is_some() && weight(&take) < weight(&plainest) {
                plainest = take;
                is_smaller = true;
                break;
            }
        }
    }
    let preemptions = weight(&plainest).0;
    let why = wrong(&plainest).unwrap_or_default();
    let times = match preemptions {
        0 => "without any preemption".to_owned(),
        1 => "with one preemption".to_owned(),
        count => format!("with {count} preemptions"),
    };
    let what = format!("in another order of its fibers, {times}: {why}");
    Ok(plainest.problem(what))
}

/// Preemptions, and decisions other than to go on or to take who has waited longest.
fn weight(take: &Take) -> (usize, usize) {
    let decisions = &take.run.tape.decisions;
    let chosen = decisions.iter().filter(|decision| decision.chosen > 0);
    (chosen.clone().filter(|decision| decision.may_go_on).count(), chosen.count())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All sequences of decisions that the search tries for a program that always has the same ones.
    fn tried(options: &[(u32, bool)], bound: u32) -> Vec<Vec<u32>> {
        let mut found = Vec::new();
        let mut script = Some(Vec::new());
        while let Some(wanted) = script {
            let decision = |(at, &(options, may_go_on)): (usize, &(u32, bool))| {
                let chosen = wanted.get(at).copied().unwrap_or(0);
                Decision { chosen, options, may_go_on }
            };
            let decisions: Vec<Decision> = options.iter().enumerate().map(decision).collect();
            found.push(decisions.iter().map(|decision| decision.chosen).collect());
            script = next(&decisions, bound);
        }
        found
    }

    #[test]
    fn every_order_is_tried_once_up_to_the_bound() {
        assert_eq!(tried(&[(2, false), (2, false)], 0), [[0, 0], [0, 1], [1, 0], [1, 1]]);
        assert_eq!(tried(&[(2, true), (2, true)], 0), [[0, 0]]);
        assert_eq!(tried(&[(2, true), (2, true)], 1), [[0, 0], [0, 1], [1, 0]]);
        assert_eq!(tried(&[(2, true), (2, true)], 2).len(), 4);
        assert_eq!(tried(&[(3, true), (2, false), (2, true)], 1).len(), 2 * 2 + 2 * 2);
    }
}
