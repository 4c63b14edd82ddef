//! The language, one claim per script: `tests/conformance/<feature>/<case>.aivi` says inside what it must do.
//! `aivi_tests::expect` has the words. A folder of a feature may hold folders with modules that its cases import.
//!
//! `AIVI_CASE=race cargo test -p aivi-tests --test conformance` runs only cases whose path has `race`, and
//! `AIVI_SEEDS=5000` each on so many seeds at least.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use aivi::{CompileError, Ending};
use aivi_tests::expect::{End, Expectation, Report};
use aivi_tests::files::{folders, list, read, root};
use aivi_tests::runs::{Ran, Schedule, Subject};

/// Seeds for each case that does not say otherwise.
const SEEDS: u64 = 5;

/// What the report of fibers begins with that wait for ever while others go on.
const FOR_EVER: &str = "for ever: nothing that goes on could wake";

/// The code and line of every diagnostic.
fn found(error: &CompileError) -> Vec<(String, u32)> {
    error.reports().map(|report| (report.code.name().to_owned(), report.line)).collect()
}

fn matches(expected: &Report, found: &(String, u32)) -> bool {
    expected.code == found.0 && expected.line.is_none_or(|line| line == found.1)
}

fn check_rejected(expected: &Expectation, error: &CompileError) -> Result<(), String> {
    let found = found(error);
    if let Some(missing) = expected.diagnostics.iter().find(|report| !found.iter().any(|found| matches(report, found)))
    {
        return Err(format!("{missing:?} is missing in {found:?}\n{error}"));
    }
    let errors = found.iter().filter(|(code, _)| code.starts_with('E'));
    match errors.clone().find(|found| !expected.diagnostics.iter().any(|report| matches(report, found))) {
        Some(extra) => Err(format!("{extra:?} is not expected\n{error}")),
        None => Ok(()),
    }
}

fn check_end(expected: &End, ran: &Ran) -> Result<(), String> {
    let right = match (expected, &ran.ending) {
        (End::Success, Ending::Success) => true,
        (End::Failure(wanted), Ending::Failure(report)) => *wanted == report.error,
        (End::Fault(part), Ending::Fault(report)) => report.message.contains(part.as_str()),
        (End::Exit(wanted), Ending::Exit(code)) => wanted == code,
        _ => false,
    };
    if right { Ok(()) } else { Err(format!("expected {expected:?}, found {:?}\n{}", ran.ending, ran.stderr)) }
}

fn check_run(expected: &Expectation, schedule: Schedule, ran: &Ran) -> Result<(), String> {
    check_end(&expected.end, ran)?;
    expected.check_output(&ran.stdout, matches!(schedule, Schedule::Seed(_)))?;
    // Nobody may be said to wait for ever who does not, in whatever script.
    if ran.stderr.contains(FOR_EVER) && !expected.stderr.iter().any(|part| part.contains(FOR_EVER)) {
        return Err(format!("not expected in standard error: {}", ran.stderr));
    }
    match expected.stderr.iter().find(|part| !ran.stderr.contains(part.as_str())) {
        Some(part) => Err(format!("{part:?} is missing in standard error: {}", ran.stderr)),
        None => Ok(()),
    }
}

fn check(path: &Path, least: u64) -> Result<(), String> {
    let expected = Expectation::read(&read(path))?;
    let subject = match Subject::compile(path) {
        Err(error) if expected.end == End::Rejected => return check_rejected(&expected, &error),
        Err(error) => return Err(format!("does not compile\n{error}")),
        Ok(_) if expected.end == End::Rejected => return Err("compiles, but should not".into()),
        Ok(subject) => subject,
    };
    let seeds = (0..expected.seeds.unwrap_or(SEEDS).max(least)).map(Schedule::Seed);
    let workers = (!expected.virtual_only).then(|| Schedule::Workers(expected.workers.unwrap_or(2)));
    for schedule in seeds.chain(workers) {
        let ran = subject.run(&expected.args, schedule).map_err(|error| error.to_string())?;
        check_run(&expected, schedule, &ran).map_err(|difference| format!("{schedule:?}: {difference}"))?;
    }
    Ok(())
}

/// Checks all cases, on as many threads as there are processors; gives the differences in the order of the cases.
fn check_all(cases: &[PathBuf]) -> Vec<String> {
    let least = std::env::var("AIVI_SEEDS").map_or(0, |seeds| seeds.parse().expect("AIVI_SEEDS is a number"));
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                // Relaxed: the counter only hands out numbers.
                while let Some(path) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(difference) = check(path, least) {
                        let name = path.strip_prefix(root()).unwrap_or(path).display();
                        let text = format!("{name}\n    {}", difference.trim_end().replace('\n', "\n    "));
                        failures.lock().expect("no thread panics with the lock").insert(path, text);
                    }
                }
            });
        }
    });
    failures.into_inner().expect("no thread panicked with the lock").into_values().collect()
}

#[test]
fn every_case_does_what_it_says() {
    let only = std::env::var("AIVI_CASE").unwrap_or_default();
    let features = folders(&root().join("tests/conformance"));
    let cases = features.iter().flat_map(|feature| list(feature, "aivi", false));
    let cases: Vec<PathBuf> = cases.filter(|path| path.to_string_lossy().contains(&only)).collect();
    assert!(!cases.is_empty(), "no case was found");
    let failures = check_all(&cases);
    assert!(failures.is_empty(), "{} of {} cases failed\n{}", failures.len(), cases.len(), failures.join("\n"));
}
