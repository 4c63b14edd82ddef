//! A seed is a run (C42): every script about fibers, twice under the same seed, does the same, step by step.

use std::path::{Path, PathBuf};

use aivi::{Capability, Engine, Output, Rehearsal};
use aivi_tests::expect::{End, Expectation};
use aivi_tests::files::{list, read, root};

const FEATURES: &[&str] = &[
    "cancellation",
    "channels",
    "deadlock",
    "famous",
    "many",
    "par",
    "parallel",
    "race",
    "scope",
    "select",
    "spawn",
    "timeout",
];

/// Not 0: there the seed would decide nothing.
const SEED: u64 = 11;

/// What the run did, in words: its steps with virtual times, how it ended, and what it printed on both streams.
fn trace(path: &Path, seed: u64) -> String {
    let (stdout, stderr) = (Output::buffer(), Output::buffer());
    let builder = Engine::builder().allow(Capability::all()).simulated(seed);
    let builder = builder.stdout(stdout.clone()).stderr(stderr.clone());
    let script = builder.build().expect("an engine").compile_program(path).expect("it compiles");
    let rehearsal = Rehearsal::new();
    let ending = script.rehearse_main(&rehearsal);
    format!("{:?}\n{ending:?}\n{}\n{}", rehearsal.tape().steps, stdout.text(), stderr.text())
}

fn scripts() -> impl Iterator<Item = PathBuf> {
    let folders = FEATURES.iter().map(|feature| root().join("tests/conformance").join(feature));
    let scripts = folders.flat_map(|folder| list(&folder, "aivi", false));
    scripts.filter(|path| Expectation::read(&read(path)).is_ok_and(|expected| expected.end != End::Rejected))
}

/// C42
#[test]
fn every_script_about_fibers_does_the_same_twice() {
    let mut different = Vec::new();
    let mut count = 0;
    for path in scripts() {
        let (first, second) = (trace(&path, SEED), trace(&path, SEED));
        assert!(first.len() > 20, "{} did nothing", path.display());
        if first != second {
            different.push(format!("{}\n{first}\n{second}", path.display()));
        }
        count += 1;
    }
    assert!(count > 100, "{count} runs");
    assert!(different.is_empty(), "{}", different.join("\n"));
}

/// Other seeds make other runs, so the traces do say something.
#[test]
fn seeds_differ() {
    let path = root().join("tests/conformance/famous/close_against_blocked_senders.aivi");
    let traces: std::collections::BTreeSet<String> = (1..20).map(|seed| trace(&path, seed)).collect();
    assert!(traces.len() > 10, "{}", traces.len());
}
