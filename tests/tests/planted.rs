//! Random scripts on the simulator and on real workers, against a sequential model (`aivi_tests::planted`).
//!
//! `AIVI_SCRIPTS` says how many, if not the usual number.

use std::collections::BTreeSet;

use aivi::{Ending, Engine, Output, Rehearsal, Script};
use aivi_tests::planted::{Ended, Tree, plant, script};
use aivi_tests::runs::Schedule;

const USUAL: u64 = 60;
const SEEDS: [u64; 3] = [0, 1, 2];
/// Points at which a script is cancelled, at most.
const POINTS: u64 = 40;
const WORKERS: [usize; 2] = [2, 4];

fn wanted() -> u64 {
    std::env::var("AIVI_SCRIPTS").ok().and_then(|text| text.parse().ok()).unwrap_or(USUAL)
}

fn compile(number: u64, text: &str) -> Script {
    let engine = Engine::builder().build().expect("an engine");
    let compiled = engine.compile("planted.aivi", text);
    compiled.unwrap_or_else(|error| panic!("script {number} does not compile: {error:?}\n{text}"))
}

/// What it printed, if the model allows it.
fn run(number: u64, tree: &Tree, script: &Script, schedule: Schedule) -> String {
    let (stdout, stderr) = (Output::buffer(), Output::buffer());
    let engine = schedule.engine().stdout(stdout.clone()).stderr(stderr.clone()).build().expect("an engine");
    let ending = engine.adopt(script).expect("it fits").run_main();
    let verdict = match &ending {
        Ending::Success => tree.judge(&stdout.text(), false),
        Ending::Fault(_) => tree.judge(&stdout.text(), true),
        other => Err(format!("{other:?}")),
    };
    if let Err(why) = verdict {
        let text = aivi_tests::planted::script(tree);
        panic!("script {number} on {schedule:?}: {why}\n{}\n{}\n{ending:?}\n{text}", stdout.text(), stderr.text());
    }
    stdout.text()
}

/// C2 C12 C15 C16 C17 C18 C19 C20 C21 C24 C27
#[test]
fn scripts_end_as_the_model_allows() {
    for number in 1..=wanted() {
        let tree = plant(number);
        let script = compile(number, &script(&tree));
        for workers in WORKERS {
            run(number, &tree, &script, Schedule::Workers(workers));
        }
        for seed in SEEDS {
            let first = run(number, &tree, &script, Schedule::Seed(seed));
            let again = run(number, &tree, &script, Schedule::Seed(seed));
            assert_eq!(first, again, "script {number}, seed {seed}, twice");
        }
    }
}

/// C6 C7 C10 C13 C15: a request at any point, in whatever fiber.
#[test]
fn cancelled_scripts_give_back_what_they_took() {
    for number in 1..=wanted() / 3 {
        let tree = plant(number);
        let script = compile(number, &script(&tree));
        let rehearse = |rehearsal: &Rehearsal| {
            let stdout = Output::buffer();
            let builder = Schedule::Seed(number).engine().stdout(stdout.clone()).stderr(Output::buffer());
            let ending = builder.build().expect("an engine").adopt(&script).expect("it fits").rehearse_main(rehearsal);
            (stdout.text(), ending)
        };
        let whole = Rehearsal::new();
        rehearse(&whole);
        let points = whole.tape().points;
        for point in (0..points).step_by(points.div_ceil(POINTS).max(1) as usize) {
            let (stdout, ending) = rehearse(&Rehearsal::cancelling(point));
            if let Err(why) = tree.judge_cancelled(&stdout) {
                let text = aivi_tests::planted::script(&tree);
                panic!("script {number} cancelled at point {point} of {points}: {why}\n{stdout}\n{ending:?}\n{text}");
            }
        }
    }
}

/// The model says something: many scripts can end in one way only, and the scripts end in many ways.
#[test]
fn the_model_is_narrow() {
    let trees: Vec<Tree> = (1..500).map(plant).collect();
    let alone = trees.iter().filter(|tree| tree.ends().len() == 1).count();
    assert!((100..450).contains(&alone), "{alone} of {} have one end", trees.len());
    let all: BTreeSet<Ended> = trees.iter().flat_map(Tree::ends).collect();
    assert!(all.len() > 30, "{all:?}");
}

/// It notices what it is there for.
#[test]
fn the_model_refuses_what_is_wrong() {
    let holds = |inner| Tree::Hold(1, aivi_tests::planted::Cleanup::Plain, Box::new(inner));
    let tree = holds(Tree::Hold(2, aivi_tests::planted::Cleanup::Plain, Box::new(Tree::Value(4))));
    let end = "end Ok 4\npermits 2\n";
    assert_eq!(tree.judge(&format!("+1\n+2\n-2\n-1\n{end}"), false), Ok(()));
    let wrong = [
        format!("+1\n+2\n-1\n-2\n{end}"),
        format!("+1\n+2\n-2\n{end}"),
        format!("+1\n+2\n-2\n-2\n-1\n{end}"),
        format!("+2\n+1\n-1\n-2\n{end}"),
        "+1\n+2\n-2\n-1\nend Ok 5\npermits 2\n".to_owned(),
        "+1\n+2\n-2\n-1\nend Ok 4\npermits 1\n".to_owned(),
        "+1\n+2\n-2\n-1\nend Err f4\npermits 2\n".to_owned(),
    ];
    for output in wrong {
        assert!(tree.judge(&output, false).is_err(), "{output}");
    }
    assert!(tree.judge("+1\n+2\n-2\n-1\n", true).is_err(), "it has no fault");
}
