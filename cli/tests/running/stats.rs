//! `aivi run --stats`

use crate::common::{outcome, run, script};

const TASKS: &str = "module demo
use aivi.concurrency

main : Effect Text Unit
main = do Effect {
  tasks <- List.traverse (n => spawn (sleep n)) [1, 2, 3]
  _ <- List.traverse (task => task.join) tasks
  println \"done\"
}
";

#[test]
fn what_the_scheduler_did_is_counted() {
    let path = script("counted", TASKS);
    let (code, stdout, stderr) = outcome(&run(&["run", "--seed", "1", "--stats"], &path));
    assert_eq!((code, stdout.as_str()), (Some(0), "done\n"));
    assert!(
        stderr.starts_with("stats: 4 fibers started, 0 live, 0 timers armed; 0 taken by other workers; "),
        "{stderr}"
    );
    for workers in ["1", "2"] {
        let (code, _, stderr) = outcome(&run(&["run", "--workers", workers, "--stats", "--json"], &path));
        assert_eq!(code, Some(0));
        assert!(stderr.starts_with("{\"report\":\"stats\",\"started\":4,\"live\":0,\"timers\":0,"), "{stderr}");
    }
}
