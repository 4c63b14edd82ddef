//! A fiber that keeps its worker is named while the program runs. On a machine that is busy with other things this
//! takes longer, but it is never another line.

use std::io::{BufRead, BufReader};

use crate::child::start_with;
use crate::common::script;

/// Sorts longer and longer lists in one step each, while another fiber sleeps again and again.
const SORTS: &str = "module demo\nuse aivi.concurrency\n\n\
    grow : List Int -> Effect Text Unit\ngrow = xs => do Effect {\n  ys = List.sort xs\n  sleep 1\n  \
    grow (List.reverse ys ++ List.map (_ + List.length ys) ys)\n}\n\n\
    beat : Effect Text Unit\nbeat = do Effect {\n  sleep 1\n  beat\n}\n\n\
    main : Effect Text Unit\nmain = do Effect {\n  _ <- par (grow [1]) beat\n  println \"never\"\n}\n";

fn first_about_a_fiber(arguments: &[&str], is_it: impl Fn(&str) -> bool) -> String {
    let path = script(&format!("late{}", arguments.len()), SORTS);
    let (mut child, _stdout) = start_with(&[&["run", "--workers", "1"], arguments].concat(), &path);
    let stderr = BufReader::new(child.stderr.take().expect("piped"));
    let found = stderr.lines().map(|line| line.expect("text")).find(|line| is_it(line));
    child.kill().expect("it runs");
    child.wait().expect("the program ends");
    found.expect("the lists grow until one takes long").replace(&path.display().to_string(), "sorts.aivi")
}

/// C36
#[test]
fn a_fiber_that_keeps_its_worker_is_named() {
    let line = first_about_a_fiber(&[], |line| line.starts_with("warning: a fiber kept its worker for "));
    let place = line.split_once(" in one step at ").expect("it computes").1;
    assert!(["sorts.aivi:6:8 ", "sorts.aivi:8:"].iter().any(|expected| place.starts_with(expected)), "{line}");
    assert!(place.contains(" in demo.grow") && line.contains("; timers fired "), "{line}");
}

#[test]
fn the_same_as_json() {
    let line =
        first_about_a_fiber(&["--json"], |line| line.starts_with("{\"report\":\"late\",\"cause\":\"computing\","));
    assert!(line.contains("\"worker\":0,\"at\":\"sorts.aivi:") && line.contains("\"in\":\"demo.grow\","), "{line}");
    assert!(line.contains("\"is_exact\":true,\"held_ms\":") && line.contains("\"fibers_waited\":"), "{line}");
}
