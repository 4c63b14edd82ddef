//! `aivi test`: every binding with `@test` runs on its own, by default on virtual time and from seed 0.
//!
//! Words: a *case* is one test of one file; an *attempt* is a case that runs under one seed, on a machine of its own. What one
//! attempt does, prints or breaks is unknown to the next, so the command that is shown with a failure brings it back.

mod attempt;
mod captured;
mod plan;
mod report;

use std::process::ExitCode;

use aivi::Ending;

use crate::args::Test;
use crate::out::{fail, print};
use crate::signals::Target;
use attempt::{Attempt, Verdict};
use plan::{Case, Plan};
use report::Report;

/// Runs the tests of all files.
pub fn test(options: &Test) -> ExitCode {
    let plan = match Plan::load(&options.paths, &options.only) {
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
        print(&self.report.case(case, &attempts));
        Ok(attempts.iter().all(Attempt::passed))
    }
}
