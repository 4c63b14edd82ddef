//! `aivi test`: every binding with `@test` runs on its own, by default on virtual time and from seed 0.
//!
//! Words: a *case* is one test of one file; an *attempt* is a case that runs under one seed, on a machine of its own.
//! What one attempt does, prints or breaks is unknown to the next, so the command that is shown with a failure brings
//! it back.

mod attempt;
mod cancel;
mod captured;
mod explore;
mod plan;
mod rehearse;
mod report;

use std::process::ExitCode;

use aivi::{Ending, Rehearsal};

use crate::args::{Mode, Test};
use crate::out::{fail, print};
use crate::signals::Target;
use attempt::{Attempt, Verdict};
use plan::{Case, Plan};
use rehearse::{Problem, Stage};
use report::{CaseResult, Report};

/// Runs the tests of all files.
pub fn test(options: &Test) -> ExitCode {
    let plan = match Plan::load(options) {
        Ok(plan) => plan,
        Err(message) => return fail(&message),
    };
    let mut runner = Runner { options, report: Report::new(options), signals: Target::default() };
    runner.signals.listen();
    let (mut passed, mut failed) = (0, 0);
    for case in plan.cases() {
        match runner.case(&case) {
            Ok(true) => passed += 1,
            Ok(false) => failed += 1,
            Err(Interrupted(signal)) => std::process::exit(128 + signal),
        }
    }
    print(&format!("\n{passed} passed, {failed} failed\n"));
    match plan.broken {
        0 if passed + failed == 0 => {
            fail("no tests were found; a test is an effect with `@test \"what it shows\"` before it")
        }
        0 if failed == 0 => ExitCode::SUCCESS,
        0 => ExitCode::FAILURE,
        1 => fail("one file does not compile, its tests did not run"),
        broken => fail(&format!("{broken} files do not compile, their tests did not run")),
    }
}

/// A signal ended an attempt, and with it everything.
struct Interrupted(i32);

/// Why a series of rehearsals came to no good end.
enum Stop {
    Problem(Problem),
    Interrupted(Interrupted),
    NotRun(String),
}

impl From<Problem> for Stop {
    fn from(problem: Problem) -> Self {
        Stop::Problem(problem)
    }
}

struct Runner<'o> {
    options: &'o Test,
    report: Report<'o>,
    signals: Target,
}

impl Runner<'_> {
    /// Runs a test under all seeds, up to the first that fails, and reports. True: it passed.
    fn case(&mut self, case: &Case<'_>) -> Result<bool, Interrupted> {
        let mut attempts = Vec::new();
        for mode in self.options.modes() {
            let attempt = Attempt::run(case, mode, self.options.timeout, &self.signals);
            if let Verdict::Ended(Ending::Interrupted(signal)) = attempt.verdict {
                return Err(Interrupted(signal));
            }
            let is_over = !attempt.passed();
            attempts.push(attempt);
            if is_over {
                break;
            }
        }
        let mut result = CaseResult { attempts, ..CaseResult::default() };
        if result.attempts.iter().all(Attempt::passed) {
            self.rehearse(case, &mut result)?;
        } else if let Some(Attempt { mode: Mode::Simulated { seed }, verdict: Verdict::Ended(_), .. }) =
            result.attempts.last()
        {
            result.schedule = self.schedule(case, *seed);
        }
        print(&self.report.case(case, &result));
        Ok(result.passed())
    }

    /// What the options want of a test that passes.
    fn rehearse(&self, case: &Case<'_>, result: &mut CaseResult) -> Result<(), Interrupted> {
        let (seed, limit) = (self.options.seed, self.options.timeout);
        if self.options.cancel_everywhere {
            match cancel::everywhere(case, seed, limit, &self.signals) {
                Ok(everywhere) => result.everywhere = Some(everywhere),
                Err(stop) => return result.stop(stop),
            }
        }
        if let Some(preemptions) = self.options.explore {
            match explore::explore(case, preemptions, limit, &self.signals) {
                Ok(explored) => result.explored = Some(explored),
                Err(stop) => return result.stop(stop),
            }
        }
        Ok(())
    }

    /// Who ran when, of a run that failed: it is run twice more, which has to give the same, fiber by fiber.
    fn schedule(&self, case: &Case<'_>, seed: u64) -> Option<String> {
        let stage = Stage::new(case, seed, self.options.timeout, &self.signals).ok()?;
        let first = stage.run(Rehearsal::new()).ok()?.run;
        let second = stage.run(Rehearsal::new()).ok()?.run;
        if first.tape.steps == second.tape.steps {
            return Some(first.schedule);
        }
        Some("not the same every time, so the test depends on something that no seed decides".to_owned())
    }
}
