//! Random programs on real workers against a sequential model (`toy/tree.rs`), and a million tasks.
//!
//! A program is a tree of `par`, `race`, `timeout`, scopes with tasks that are joined or cancelled, pipelines through
//! channels, failures and cleanups. The model says which ends it may have, whatever the order. `run` (see `toy`) checks
//! besides that nothing is left and that whatever was held was released, once.
//!
//! The ordinary tests do a slice. All of it, with half an hour of `soak.rs`:
//! `AIVI_PROGRAMS=100000 AIVI_SOAK=1800 cargo test --release -p aivi-scheduler --test stress --test soak --
//! --nocapture`.

mod toy;

use std::collections::BTreeSet;

use aivi_scheduler::{Config, Mode, Outcome};
use toy::{Ended, Op, Tree, check, plant, program, run, wanted};

const PROGRAMS: u64 = 1500;
const WORKERS: [usize; 3] = [2, 4, 8];

/// C2 C12 C15 C18 C19 C21 C27
#[test]
fn programs_end_as_the_model_allows() {
    let (programs, mut steals) = (wanted("AIVI_PROGRAMS", PROGRAMS), 0);
    // On a machine that does much else the threads of some hundred programs may have no processor at the same time.
    for number in 1..=programs * 20 {
        if number > programs && steals > 0 {
            break;
        }
        for workers in WORKERS {
            steals += check(number, Config { workers, mode: Mode::Real, blocking_threads: 1 });
        }
        check(number, Config { workers: 1, mode: Mode::Simulated { seed: number }, blocking_threads: 1 });
    }
    println!("{programs} programs, {steals} tasks went from one worker to another");
    assert!(steals > 0, "the workers were not used");
}

/// The model says something: it allows few ends, and programs have different ones.
#[test]
fn the_model_is_narrow() {
    let trees: Vec<Tree> = (1..500).map(plant).collect();
    let alone = trees.iter().filter(|tree| tree.ends().len() == 1).count();
    assert!(alone > 150 && alone < 450, "{alone} of {} have one end", trees.len());
    let all: BTreeSet<Ended> = trees.iter().flat_map(Tree::ends).collect();
    assert!(all.len() > 30, "{all:?}");
}

/// C1 C2
#[test]
fn a_million_tasks() {
    let spawn = program([Op::Spawn(0, program([Op::Value(1)]))]);
    let spawner = program([Op::Repeat(1000, spawn)]);
    let spawners = program([Op::Spawn(1, spawner)]);
    let root = program([Op::Scope(0, program([Op::Repeat(1000, spawners), Op::JoinAll(0)])), Op::Value(5)]);
    let test = run(Config { workers: 2, mode: Mode::Real, blocking_threads: 1 }, &root, &[]);
    assert_eq!(test.end, Outcome::Done(5));
    assert_eq!(test.stats.spawned, 1_001_002);
}
