//! Loom models: every interleaving, and every reordering that the orderings allow, of the protocols that all else rests
//! on.
//!
//! Run with `RUSTFLAGS="--cfg loom" cargo test -p aivi-scheduler --release --lib models`. Each model plays one protocol
//! with the real code. Small ones play what is around it with plain cells that loom watches for races; large ones
//! ([`stage`]) run real tasks on real workers, each a thread of the model, and a message that loom watches. Behind
//! `sync.rs` stands what Loom knows: byte locks are mutexes, as a model cannot spin, and an operation on a deque is one
//! step. Loom takes SeqCst accesses for AcqRel ones; so where the order of two locations matters, the code has fences,
//! which it knows.
//!
//! A model that holds proves nothing unless it can fail. So each names mutants (`mutant.rs`): the same code with one
//! check dropped, one order turned round or one ordering weakened. [`check`] runs the model as it is, and then with
//! each of them, which has to fail.

mod channel;
mod group;
mod idle;
mod join;
mod outside;
mod park;
mod queue;
mod reactor;
mod run;
mod scope;
mod select;
mod semaphore;
mod stage;
mod wait;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use loom::model::Builder;

/// Thread switches of one run; Loom's own limit is too small for large models.
const BRANCHES_MAX: usize = 20_000;

/// A mutant that no model has noticed by then survives. The slowest takes seconds.
const MUTANT_LIMIT: Duration = Duration::from_secs(60);

/// Runs a model with all interleavings, then with each of the mutants.
fn check(mutants: &[&str], model: impl Fn() + Send + Sync + 'static) {
    run(None, mutants, model);
}

/// The same with so many preemptions at most, where all interleavings would take minutes.
fn check_bounded(preemptions: usize, mutants: &[&str], model: impl Fn() + Send + Sync + 'static) {
    run(Some(preemptions), mutants, model);
}

/// A mutant runs in a process of its own: it may hang in a lock, or break memory.
fn run(preemptions: Option<usize>, mutants: &[&str], model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = preemptions;
    builder.max_branches = BRANCHES_MAX;
    if std::env::var_os("AIVI_MUTANT").is_some() {
        builder.max_duration = Some(MUTANT_LIMIT);
        return builder.check(model);
    }
    builder.check(model);
    let this = std::thread::current().name().expect("tests run in threads of their names").to_owned();
    for mutant in mutants {
        let mut command = Command::new(std::env::current_exe().expect("a test runs from a file"));
        command.args(["--exact", &this]).env("AIVI_MUTANT", mutant).stdout(Stdio::null()).stderr(Stdio::null());
        let status = command.status().expect("the same program starts again");
        assert!(!status.success(), "the model does not notice the mutant {mutant}");
    }
}

/// Calls `found` with the word between the quotes behind each `mark` in the files of a folder.
fn each_word(folder: &Path, mark: &str, found: &mut impl FnMut(String)) {
    for entry in std::fs::read_dir(folder).expect("the sources are there").flatten() {
        if entry.path().is_dir() {
            each_word(&entry.path(), mark, found);
        } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(entry.path()).expect("a source is text");
            for rest in text.split(mark).skip(1) {
                let word = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                found(word.unwrap_or_default().to_owned());
            }
        }
    }
}

/// Every mutant in the code is caught by some model: its name stands there too.
#[test]
fn every_mutant_has_a_model() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut mutants = BTreeSet::new();
    let mark = ["mutant", "!("].concat();
    each_word(&source, &mark, &mut |name| _ = mutants.insert(name));
    // In the page of `mutant.rs`.
    mutants.remove("area.what-is-wrong");
    mutants.remove("");
    let mut models = String::new();
    for entry in std::fs::read_dir(source.join("models")).expect("the models are there").flatten() {
        models.push_str(&std::fs::read_to_string(entry.path()).expect("a source is text"));
    }
    let missing: Vec<_> = mutants.iter().filter(|name| !models.contains(&format!("\"{name}\""))).collect();
    assert!(missing.is_empty() && mutants.len() > 20, "no model for {missing:?} of {}", mutants.len());
}
