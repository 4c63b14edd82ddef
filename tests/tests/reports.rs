//! What a person reads of a deadlock, `tests/golden/deadlock/<case>.aivi`, and of fibers that wait for ever while
//! others go on, `tests/golden/stuck/<case>.aivi`. Beside each its `.out`, which holds everything that the program
//! writes, with seed 0. `UPDATE_GOLDEN=1` rewrites the `.out` files; review reads the difference.

use std::fs;
use std::path::Path;

use aivi_tests::files::{list, read, root};
use aivi_tests::runs::{Schedule, run};

/// Output and report of a program that must end with this code, with paths as seen from the project's folder.
fn written(path: &Path, schedule: Schedule, code: i32) -> String {
    let ran = run(path, &[], schedule).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert_eq!(ran.ending.exit_code(), code, "{}: {}", path.display(), ran.stderr);
    (ran.stdout + &ran.stderr).replace(&format!("{}/", root().display()), "")
}

/// Compares the cases of a folder, which end with this code, with what is written beside them.
fn check(folder: &str, code: i32, least: usize) {
    let cases = list(&root().join(folder), "aivi", false);
    assert!(cases.len() >= least);
    let mut wrong = Vec::new();
    for case in cases {
        let (golden, actual) = (case.with_extension("out"), written(&case, Schedule::Seed(0), code));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, actual).expect("the golden file can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != actual {
            wrong.push(format!("{}: expected what its .out file says, found\n{actual}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn deadlocks_are_explained() {
    check("tests/golden/deadlock", 70, 10);
}

/// C44
#[test]
fn fibers_that_wait_for_ever_are_explained() {
    check("tests/golden/stuck", 0, 7);
}

/// C44: on threads it is found a little later, and says the same.
#[test]
fn fibers_that_wait_for_ever_on_workers_are_explained_alike() {
    let case = root().join("tests/golden/stuck/traders.aivi");
    let expected = without_durations(&written(&case, Schedule::Seed(0), 0));
    for workers in [1, 3] {
        let found = without_durations(&written(&case, Schedule::Workers(workers), 0));
        assert_eq!(found, expected, "on {workers} workers");
    }
}

/// The lines without how long somebody has waited, ` for 1.0 s`, and without those about the system.
fn without_durations(text: &str) -> Vec<String> {
    let line = |line: &str| match line.rsplit_once(" for ").map(|(before, after)| (before, after.split_once(" s"))) {
        Some((before, Some((number, after)))) if number.parse::<f64>().is_ok() => format!("{before}{after}"),
        _ => line.to_owned(),
    };
    text.lines().filter(|line| !is_of_the_system(line)).map(line).collect()
}

/// On a machine that others use the system may keep a worker or a fiber waiting, which is said too (`LateReport`).
fn is_of_the_system(line: &str) -> bool {
    let late = ["the system did not run worker", "a fiber kept its worker for", "a fiber was ready and waited for"];
    line.strip_prefix("warning: ").is_some_and(|rest| late.iter().any(|start| rest.starts_with(start)))
}

/// On threads the moments differ, but not who waits for whom.
#[test]
fn deadlocks_on_workers_are_explained_alike() {
    let without_times = |text: &str| -> Vec<String> {
        let place = |line: &str| line.split([',', ' ']).take(2).collect::<Vec<_>>().join(" ");
        let line = |line: &str| if line.trim().starts_with("at ") { place(line.trim()) } else { line.to_owned() };
        text.lines().filter(|line| !is_of_the_system(line)).map(line).collect()
    };
    for name in ["join_circle", "bounded_full", "ten_thousand"] {
        let case = root().join(format!("tests/golden/deadlock/{name}.aivi"));
        let expected = without_times(&written(&case, Schedule::Seed(0), 70));
        for workers in [1, 4] {
            let found = without_times(&written(&case, Schedule::Workers(workers), 70));
            assert_eq!(found, expected, "{name} on {workers} workers");
        }
    }
}

#[test]
fn the_page_shows_the_report_of_the_example() {
    let page = read(&root().join("spec/reports.md"));
    let written = written(&root().join("examples/deadlock.aivi"), Schedule::Seed(0), 70);
    let report = &written[written.find("fault:").expect("a fault")..];
    assert!(page.contains(report), "spec/reports.md lacks:\n{report}");
    let stuck = read(&root().join("tests/golden/stuck/forgotten_close.out"));
    let report = stuck[stuck.find("warning:").expect("a warning")..].trim_end();
    assert!(page.contains(report), "spec/reports.md lacks:\n{report}");
}
