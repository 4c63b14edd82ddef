//! `aivi test` as a shell sees it.

mod common;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use common::{aivi, outcome, run, script};

const HEADER: &str = "@test\nmodule suite\nuse aivi.testing\nuse aivi.concurrency\nuse aivi.system (exit)\n\n";

/// Writes a module of tests and runs them; what the compiler warns about is not what these tests are about.
fn tested(name: &str, tests: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let path = script(name, &format!("{HEADER}{tests}"));
    let (code, stdout, stderr) = outcome(&run(&[&["test"], arguments].concat(), &path));
    (code, stdout.replace(&path.display().to_string(), "FILE"), stderr)
}

#[track_caller]
fn assert_has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part} is missing in {text}");
    }
}

const THREE: &str = "@test \"adds\"\nadds = assertEq (1 + 1) 2\n\n\
    @test \"fails\"\nbreaks = do Effect {\n  println \"seen\"\n  assertEq 1 2\n}\n\n\
    @test \"faults\"\nfaults = assert (1 / (List.length []) == 0)\n";

#[test]
fn tests_are_run_and_counted() {
    let (code, stdout, _) = tested("three", THREE, &[]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(&stdout, &["pass suite.adds: adds (", "FAIL suite.breaks: fails (", "FILE:12: runtime error: "]);
    assert_has(&stdout, &["FAIL suite.faults: faults (", "FILE:17: fault: division by zero"]);
    assert!(stdout.ends_with("\n\n1 passed, 2 failed\n"), "{stdout}");
}

#[test]
fn a_test_is_found_by_both_names() {
    for name in ["adds", "suite.adds"] {
        let (code, stdout, _) = tested(&format!("only/{name}"), THREE, &["--only", name]);
        assert_eq!(code, Some(0), "{stdout}");
        assert!(stdout.ends_with("\n\n1 passed, 0 failed\n"), "{stdout}");
    }
}

#[test]
fn an_unknown_name_runs_nothing_and_suggests_another() {
    for (name, suggestion) in [("ads", "'adds'"), ("suite.break", "'suite.breaks'")] {
        let (code, stdout, stderr) = tested(&format!("near/{name}"), THREE, &["--only", "faults", "--only", name]);
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        let line = format!("error: there is no test '{name}'; did you mean {suggestion}?\n");
        assert!(stderr.ends_with(&line), "{stderr}");
    }
}

#[test]
fn output_is_shown_when_a_test_fails_or_on_demand() {
    let talks = "@test \"talks\"\ntalks = println \"seen\"\n";
    let (_, stdout, stderr) = tested("quiet", talks, &[]);
    assert!(!stdout.contains("seen") && !stderr.contains("seen"), "{stdout}{stderr}");
    let (_, stdout, _) = tested("talkative", talks, &["--show-output"]);
    assert_has(&stdout, &["output:\n       | seen\n"]);
    let (_, stdout, _) = tested("three_talk", THREE, &["--only", "breaks"]);
    assert_has(&stdout, &["output:\n       | seen\n"]);
}

/// C41
#[test]
fn time_is_virtual_and_both_durations_are_shown() {
    let (code, stdout, _) = tested("sleeps", "@test \"a day\"\nsleeps = sleep 86400000\n", &[]);
    assert_eq!(code, Some(0), "{stdout}");
    assert_has(&stdout, &["pass suite.sleeps: a day (86400 s virtual, "]);
}

#[test]
fn real_time_is_real() {
    for arguments in [&["--real-time"][..], &["--workers", "2"]] {
        let (code, stdout, _) =
            tested(&format!("real{}", arguments.len()), "@test \"1 ms\"\nsleeps = sleep 1\n", arguments);
        assert_eq!(code, Some(0), "{stdout}");
        assert!(stdout.starts_with("pass suite.sleeps: 1 ms (") && !stdout.contains("virtual"), "{stdout}");
    }
}

#[test]
fn what_is_no_effect_fails_alone() {
    let (code, stdout, _) = tested("number", "@test \"three\"\nthree = 3\n\n@test \"fine\"\nfine = assert True\n", &[]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(
        &stdout,
        &["FAIL suite.three: three (", "a test must be an Effect value, found Int", "pass suite.fine: "],
    );
}

#[test]
fn exit_ends_the_test_alone_and_fails_it() {
    let (code, stdout, _) =
        tested("exits", "@test \"leaves\"\nleaves = exit 0\n\n@test \"fine\"\nfine = assert True\n", &[]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(&stdout, &["FAIL suite.leaves: ", "it ended the program with `exit 0`", "pass suite.fine: "]);
}

#[test]
fn a_deadlock_is_explained() {
    let waits = "@test \"waits\"\nwaits = do Effect {\n  (_tx, rx) <- make 0\n  _ <- recv rx\n  sleep 0\n}\n";
    let (code, stdout, _) = tested("waits", waits, &[]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(&stdout, &["fault: deadlock\n", "FILE:10:8"]);
}

/// C44: but not one whose consumer only had nobody any more because the test was over.
#[test]
fn a_test_whose_fibers_wait_for_ever_fails() {
    let start = "@test \"waits\"\nwaits = do Effect {\n  (tx, rx) <- make 0\n  _ <- spawn (forEach rx (n => println \"{n}\"))\n  send tx 1\n";
    let (code, stdout, _) = tested("forgets", &format!("{start}  sleep 5\n  sleep 5\n}}\n"), &[]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(
        &stdout,
        &[
            "a fiber waits for ever: nothing that goes on could wake it:\n",
            "nobody is left who could send",
            "FILE:10:8",
        ],
    );
    let (code, stdout, _) = tested("is_over", &format!("{start}  sleep 5\n  send tx 2\n}}\n"), &[]);
    assert_eq!(code, Some(0), "{stdout}");
    let (code, stdout, _) = tested("closes", &format!("{start}  sleep 5\n  close tx\n  sleep 5\n}}\n"), &["--explore"]);
    assert_eq!(code, Some(0), "{stdout}");
}

/// Nobody can reach the channel any more, and nobody frees it.
#[test]
fn a_channel_that_keeps_itself_is_a_leak() {
    let own = "Letter = | Empty | Back (Receiver Letter)\n\n@test \"own\"\nown = do Effect {\n  (tx, rx) <- make Empty\n  send tx (Back rx)\n}\n\n\
        @test \"each other\"\nother = do Effect {\n  (tx, rx) <- make Empty\n  (ty, ry) <- make Empty\n  send tx (Back ry)\n  send ty (Back rx)\n}\n";
    let (code, stdout, _) = tested("own", own, &[]);
    assert_eq!(code, Some(1), "{stdout}");
    let made =
        ["FILE:11:15", "FILE:17:15", "FILE:18:15"].map(|at| format!("a channel, made at {at}, whose messages hold it"));
    assert_has(&stdout, &[&format!("it left behind: {}\n", made[0])]);
    assert_has(&stdout, &[&format!("it left behind: {}, {}\n", made[1], made[2])]);
    let kept = "@test \"kept\"\nkept = do Effect {\n  (tx, rx) <- make 0\n  send tx 1\n  send tx 2\n  _ <- recv rx\n  (post, _) <- make rx\n  send post rx\n}\n";
    let (code, stdout, _) = tested("kept", kept, &["--show-output"]);
    assert_eq!(code, Some(0), "{stdout}");
    assert_has(&stdout, &["note: nobody received a message of the channel made at FILE:9:15"]);
}

#[test]
fn tasks_that_are_left_running_are_named() {
    let leaks = "@test \"leaks\"\nleaks = do Effect {\n  _ <- spawn (sleep 5)\n  pure Unit\n}\n";
    let (code, stdout, _) = tested("leaks", leaks, &[]);
    assert_eq!(code, Some(0), "{stdout}");
    assert_has(&stdout, &["note: it left a task running, spawned at FILE:9:8\n"]);
    let joins = "@test \"joins\"\njoins = do Effect {\n  task <- spawn (sleep 5)\n  task.join\n}\n";
    let (_, stdout, _) = tested("joins", joins, &[]);
    assert!(!stdout.contains("note:"), "{stdout}");
}

const ENDLESS: &str = "count : Int -> Int\ncount = n => if n < 0 then n else count (n + 1)\n\n\
    held : Resource Text Unit\nheld = resource {\n  yield Unit\n  println \"closed\"\n}\n\n\
    @test \"counts\"\ncounts = do Effect {\n  _ <- held\n  assertEq (count 0) 1\n}\n\n\
    @test \"sleeps\"\nsleeps = do Effect {\n  loop n = 0 => {\n    sleep 1000\n    recurse (n + 1)\n  }\n}\n\n\
    @test \"fine\"\nfine = assert True\n";

#[test]
fn an_endless_test_is_given_up_and_the_next_one_runs() {
    let (code, stdout, _) = tested("endless", ENDLESS, &["--timeout", "0.2"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(&stdout, &["FAIL suite.counts: ", "it did not end within 200 ms", "FILE:8:35\n", "| closed\n"]);
    assert_has(&stdout, &["FAIL suite.sleeps: ", "pass suite.fine: ", "\n1 passed, 2 failed\n"]);
}

const ORDER: &str = "@test \"first come\"\norder = do Effect {\n  (tx, rx) <- make 2\n  \
    _ <- par (spawned tx 1) (spawned tx 2)\n  first <- recv rx\n  assertEq first (Ok 1)\n}\n\n\
    spawned : Sender Int -> Int -> Effect Text Unit\nspawned = tx n => do Effect {\n  sleep 5\n  send tx n\n}\n";

#[test]
fn the_command_that_is_shown_brings_the_failure_back() {
    let path = script("seeds/it's order", &format!("{HEADER}{ORDER}"));
    assert_eq!(run(&["test"], &path).status.code(), Some(0), "seed 0 takes turns");
    let (code, stdout, _) = outcome(&run(&["test", "--seeds", "100"], &path));
    assert_eq!(code, Some(1), "{stdout}");
    let command = stdout.lines().find_map(|line| line.trim().strip_prefix("again: aivi ")).expect("a command");
    let seed = command.rsplit(' ').next().expect("a seed");
    assert_ne!(seed, "0");
    let again =
        Command::new("sh").arg("-c").arg(format!("exec \"$0\" {command}")).arg(env!("CARGO_BIN_EXE_aivi")).output();
    let (code, stdout, _) = outcome(&again.expect("there is a shell"));
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(&stdout, &["FAIL suite.order: ", &format!("--seed {seed}\n"), "\n0 passed, 1 failed\n"]);
}

#[test]
fn folders_and_files_are_tested_once_and_in_order() {
    let module = |name: &str| format!("module {name}\nuse aivi.testing\n\n@test \"t\"\nt = assert True\n");
    let b = script("tests_of_folder/b", &module("b"));
    script("tests_of_folder/deep/a", &module("deep.a"));
    let folder = b.parent().expect("a folder");
    let (code, stdout, _) = outcome(&aivi().arg("test").args([&b, &folder.join("...")]).output().expect("it starts"));
    assert_eq!(code, Some(0), "{stdout}");
    let names: Vec<_> = stdout.lines().filter_map(|line| line.strip_prefix("pass ")?.split(':').next()).collect();
    assert_eq!(names, ["b.t", "deep.a.t"]);
}

#[test]
fn a_file_that_does_not_compile_fails_the_others_run() {
    let fine = script("tests_of_two/fine", &format!("{HEADER}@test \"fine\"\nfine = assert True\n"));
    script("tests_of_two/wrong", "module wrong\n\n@test \"t\"\nt = nam\n");
    let (code, stdout, stderr) = outcome(&run(&["test"], fine.parent().expect("a folder")));
    assert_eq!(code, Some(1));
    assert!(stdout.ends_with("\n\n1 passed, 0 failed\n"), "{stdout}");
    assert_has(&stderr, &["error[E3000] ", "error: one file does not compile, its tests did not run\n"]);
}

#[test]
fn tests_may_stand_beside_a_program() {
    let bank = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/bank.aivi");
    let (code, stdout, stderr) = outcome(&run(&["test", "--seeds", "20"], &bank));
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{stdout}");
    assert_has(&stdout, &["pass examples.bank.limits: nobody gets more than there is (20 seeds, "]);
}

#[test]
fn no_tests_is_an_error() {
    let path = script("no_tests", "module none\n\nexport x\n\nx = 1\n");
    let (code, stdout, stderr) = outcome(&run(&["test"], &path));
    assert_eq!((code, stdout.as_str()), (Some(1), "\n0 passed, 0 failed\n"));
    assert!(stderr.starts_with("error: no tests were found"), "{stderr}");
    let (code, _, stderr) = outcome(&run(&["test"], Path::new("no/such.aivi")));
    assert_eq!(code, Some(1));
    assert_has(&stderr, &["cannot read no/such.aivi"]);
}

#[test]
fn seeds_and_real_time_exclude_each_other() {
    for arguments in [&["--seed", "1", "--real-time"][..], &["--seeds", "2", "--workers", "2"], &["--timeout", "-1"]] {
        let (code, stdout, _) = outcome(&run(&[&["test"], arguments].concat(), Path::new("a.aivi")));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

/// C40
#[test]
fn a_signal_ends_the_tests_after_the_cleanups_of_the_one_that_runs() {
    let tests = "@test \"first\"\nfirst = assert True\n\n\
        held : Resource Text Unit\nheld = resource {\n  yield Unit\n  exit 3\n}\n\n\
        @test \"long\"\nlong = do Effect {\n  _ <- held\n  sleep 3600000\n}\n";
    let path = script("signalled", &format!("{HEADER}{tests}"));
    let mut child = aivi()
        .args(["test", "--real-time", "--timeout", "0"])
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
    let first = lines.next().expect("a line").expect("text");
    assert!(first.starts_with("pass suite.first"), "{first}");
    let done = Command::new("kill").arg("-INT").arg(child.id().to_string()).status().expect("kill(1) exists");
    assert!(done.success());
    assert_eq!(lines.map_while(Result::ok).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(child.wait().expect("the program ends").code(), Some(130));
}

/// A cleanup that takes what only the rest of the test gives, found where the test is cancelled before that.
const CANCELLED: &str = "holds : Receiver Unit -> Resource Text Unit\nholds = rx => resource {\n  yield Unit\n  _ <- recv rx\n}\n\n\
    @test \"waits in its cleanup\"\nwaits = do Effect {\n  (tx, rx) <- make Unit\n  _ <- holds rx\n  sleep 1\n  send tx Unit\n}\n\n\
    @test \"takes and gives\"\ngives = do Effect {\n  (tx, rx) <- make Unit\n  send tx Unit\n  _ <- holds rx\n  par (sleep 1) (sleep 2)\n}\n";

/// C6 C15
#[test]
fn a_test_is_cancelled_at_each_of_its_points() {
    let (code, stdout, _) = tested("everywhere", CANCELLED, &[]);
    assert_eq!(code, Some(0), "both pass when they are left alone: {stdout}");
    let (code, stdout, _) = tested("everywhere", CANCELLED, &["--cancel-everywhere"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(
        &stdout,
        &["FAIL suite.waits", "FILE:15: cancelled at point ", ", at FILE:17:", "a cleanup did not work"],
    );
    assert_has(&stdout, &["schedule:\n", " ms  fiber 1 to FILE:10:", "waits for recv", "--cancel-everywhere\n"]);
    let passed = stdout.lines().find(|line| line.starts_with("pass suite.gives")).expect("it passes");
    let points = passed.split("cancelled at ").nth(1).and_then(|rest| rest.split(' ').next()?.parse::<u32>().ok());
    assert!(points.is_some_and(|points| points > 5), "{passed}");
}

/// P-brk-5 P-lim-3 P-pool-2 P-con-11
#[test]
fn the_patterns_of_the_library_survive_a_request_at_each_point() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cancelled/patterns.aivi");
    let (code, stdout, _) = outcome(&run(&["test", "--cancel-everywhere"], &path));
    assert_eq!(code, Some(0), "{stdout}");
    assert!(stdout.ends_with("\n\n7 passed, 0 failed\n"), "{stdout}");
}

/// Two fibers that look before they leap: right in every order in which each runs until it waits.
const ACTED: &str = "put : Sender Int -> Receiver Int -> Effect Text Unit\nput = tx rx => do Effect {\n  first <- tryRecv rx\n  \
    n = first or 0\n  sent <- trySend tx (n + 1)\n  sent match\n    | Ok _  => pure Unit\n    | Err _ => fail \"was slower\"\n}\n\n\
    @test \"acts\"\nacts = do Effect {\n  (tx, rx) <- makeBounded 1\n  _ <- par (put tx rx) (put tx rx)\n  pure Unit\n}\n";

/// C42
#[test]
fn orders_are_explored_and_the_plainest_that_fails_is_shown() {
    let (code, stdout, _) = tested("explore", ACTED, &["--explore=0"]);
    assert_eq!(code, Some(0), "{stdout}");
    assert_has(&stdout, &[" orders: all with up to 0 preemptions)"]);
    let (code, stdout, _) = tested("explore", ACTED, &["--explore"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(&stdout, &["in another order of its fibers, with one preemption: ", "was slower", "others run\n"]);
    assert_has(&stdout, &["--explore=2\n"]);
    let again = tested("explore", ACTED, &["--explore"]).1;
    let schedule = |text: &str| text.split_once("schedule:").map(|(_, rest)| rest.to_owned());
    assert_eq!(schedule(&again), schedule(&stdout));
}

/// C42
#[test]
fn a_race_between_two_looks_into_a_cell_is_found_in_another_order() {
    let tests = "use aivi.sync\n\n\
        add : Ref Int -> Effect Text Unit\nadd = total => do Effect {\n  n <- get total\n  set total (n + 1)\n}\n\n\
        @test \"both are counted\"\nboth = do Effect {\n  total <- makeRef 0\n  _ <- par (add total) (add total)\n  \
        n <- get total\n  assertEq n 2\n}\n";
    let (code, stdout, _) = tested("cells", tests, &["--explore"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(
        &stdout,
        &["with one preemption: ", "fiber 2 to FILE:12:3: others run\n", "fiber 3 to FILE:12:3: ends\n"],
    );
    let (code, stdout, _) = tested("cells", tests, &["--seeds", "100"]);
    assert_eq!(code, Some(1), "{stdout}");
}

/// C42
#[test]
fn a_failure_under_a_seed_shows_its_schedule() {
    let tests = format!(
        "{ACTED}\n@test \"no seed decides\"\nchances = do Effect {{\n  _ <- par (sleep 1) (fail \"broken\")\n  pure Unit\n}}\n"
    );
    let (code, stdout, _) = tested("schedule", &tests, &["--only", "chances", "--seed", "7"]);
    assert_eq!(code, Some(1), "{stdout}");
    assert_has(&stdout, &["schedule:\n", "fiber 1 to FILE:", ": waits for par", ": ends\n", "--seed 7\n"]);
    assert!(!stdout.contains("not the same every time"), "{stdout}");
}
