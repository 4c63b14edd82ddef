//! The sample programs give exactly their recorded output, however fibers are scheduled.

use std::path::Path;

use aivi::Ending;
use aivi_tests::files::{list, read, root};
use aivi_tests::runs::{Schedule, Subject, run};

/// Seeds for each sample. The full exploration (see `AIVI_SEEDS` below) takes more; these find what is usually wrong.
const SEEDS: u64 = 20;
/// Runs on threads for each sample and number of workers.
const RUNS: usize = 5;

fn check(path: &Path, schedules: impl IntoIterator<Item = Schedule>) {
    let (name, wanted) = (path.display(), read(&path.with_extension("out")));
    let subject = Subject::compile(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    for schedule in schedules {
        let ran = subject.run(&[], schedule).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(ran.ending, Ending::Success, "{name} {schedule:?}");
        assert_eq!(ran.stderr, "", "{name} {schedule:?}");
        assert_eq!(ran.stdout, wanted, "{name} {schedule:?}");
    }
}

/// How often, from the environment: `AIVI_SEEDS=1000 cargo test -p aivi-tests --test samples` explores further.
fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn samples_in_the_simulator() {
    let samples = list(&root().join("tests/samples"), "aivi", false);
    assert!(samples.len() >= 10);
    for path in samples {
        check(&path, (0..number("AIVI_SEEDS", SEEDS)).map(Schedule::Seed));
    }
}

#[test]
fn samples_on_workers() {
    for path in list(&root().join("tests/samples"), "aivi", false) {
        let runs = number("AIVI_RUNS", RUNS as u64) as usize;
        check(&path, [1, 2, 4].into_iter().flat_map(|workers| std::iter::repeat_n(Schedule::Workers(workers), runs)));
    }
}

/// The same program runs on a small host stack in release builds, where dispatch has another form (`.ci/run`).
#[test]
fn every_family_of_instructions() {
    for path in list(&root().join("tests/host_stack"), "aivi", false) {
        check(&path, [Schedule::Seed(0), Schedule::Seed(1), Schedule::Workers(2)]);
    }
}

/// What fibers do in which order is only certain in turns of readiness: seed 0. With other schedules examples succeed
/// all the same.
fn check_example(path: &Path, others: impl IntoIterator<Item = Schedule>) {
    check(path, [Schedule::Seed(0)]);
    let name = path.display();
    let subject = Subject::compile(path).unwrap_or_else(|error| panic!("{name}: {error}"));
    for schedule in others {
        let ran = subject.run(&[], schedule).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(ran.ending, Ending::Success, "{name} {schedule:?}");
    }
}

#[test]
fn examples_give_their_recorded_output() {
    for path in list(&root().join("examples"), "aivi", false) {
        if path.with_extension("out").is_file() {
            check_example(&path, [Schedule::Seed(1), Schedule::Seed(2), Schedule::Workers(2)]);
        }
    }
}

/// Only on virtual time: they wait for minutes.
#[test]
fn patterns_give_their_recorded_output() {
    for path in list(&root().join("examples/patterns"), "aivi", false) {
        check_example(&path, (1..50).map(Schedule::Seed));
    }
}

/// The guide leads to the program of each pattern.
#[test]
fn the_guide_names_every_pattern() {
    let chapters: String = list(&root().join("spec/guide"), "md", false).iter().map(|path| read(path)).collect();
    let patterns = list(&root().join("examples/patterns"), "aivi", false);
    assert!(patterns.len() >= 15);
    for path in patterns {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        assert!(chapters.contains(&format!("examples/patterns/{name}")), "no chapter names {name}");
    }
}

#[test]
fn the_deadlock_is_explained() {
    let path = root().join("examples/deadlock.aivi");
    let ran = run(&path, &[], Schedule::Workers(2)).expect("it compiles");
    assert_eq!(ran.ending.exit_code(), 70);
    let second_fork = read(&path).lines().position(|line| line.contains("recv second.take")).expect("it is there") + 1;
    assert_eq!(ran.stderr.matches(&format!("deadlock.aivi:{second_fork}:")).count(), 2, "{}", ran.stderr);
}
