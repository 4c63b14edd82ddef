//! `aivi dump`: what another process's fibers are doing, and why one cannot be asked.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::child::{expect_line, signal, start, start_with};
use crate::common::{aivi, outcome, script, text};

/// Two fibers that wait for ever, and say so first.
const WAITS: &str = "module demo\nuse aivi.concurrency\nuse aivi.console (readLine)\n\n\
    main : Effect Text Unit\nmain = do Effect {\n  (tx, rx) <- make 0\n  _ <- spawn (recv rx)\n  sleep 1\n  \
    println \"ready\"\n  _ <- readLine\n  send tx 1\n}\n";

fn dump(arguments: &[&str]) -> (Option<i32>, String, String) {
    outcome(&aivi().arg("dump").args(arguments).output().expect("the program starts"))
}

#[test]
fn a_running_program_is_shown_and_goes_on() {
    let path = script("dumped", WAITS);
    let (mut child, mut stdout) = start(&path);
    // Kept open: the end of its input would end the program as well.
    let _stdin = child.stdin.take();
    expect_line(&mut stdout, "ready");
    let pid = child.id().to_string();
    // Twice: it goes on.
    for _ in 0..2 {
        let (code, shown, stderr) = dump(&[&pid]);
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        assert!(shown.starts_with("2 fibers:\nmain       waits for input or output\n"), "{shown}");
        assert!(
            shown.contains("\n  fiber 1  waits for a message on channel 1 (empty): nobody waits to send\n"),
            "{shown}"
        );
        let (code, json, stderr) = dump(&["--json", &pid]);
        assert_eq!((code, stderr.as_str(), json.lines().count()), (Some(0), "", 1));
        assert!(json.starts_with("{\"report\":\"fibers\",\"fibers\":[{\"name\":\"main\","), "{json}");
    }
    signal(&child, "-TERM");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!(output.status.code(), Some(143));
    // It answered whom was asked for, and nobody else.
    assert!(!text(&output.stderr).contains("fiber"), "{}", text(&output.stderr));
}

#[test]
fn several_may_ask_at_once() {
    let path = script("asked_by_many", WAITS);
    let (mut child, mut stdout) = start(&path);
    expect_line(&mut stdout, "ready");
    let ask = || {
        let mut ask = aivi();
        ask.arg("dump").arg(child.id().to_string()).stdout(Stdio::piped()).spawn().expect("the program starts")
    };
    let asking: Vec<_> = (0..8).map(|_| ask()).collect();
    for one in asking {
        let output = one.wait_with_output().expect("it ends");
        assert!(output.status.success() && output.stdout.starts_with(b"2 fibers:\n"));
    }
    signal(&child, "-KILL");
    child.wait().expect("the program ends");
}

#[test]
fn who_cannot_be_asked_is_left_alone() {
    let wrong = |arguments: &[&str], message: &str| {
        let (code, stdout, stderr) = dump(arguments);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.starts_with("error: ") && stderr.contains(message), "{stderr}");
    };
    for none in ["0", "4194305", "4294967295"] {
        wrong(&[none], &format!("there is no process {none}"));
    }
    let mut other = Command::new("sleep").arg("1000").spawn().expect("sleep(1) exists");
    wrong(&[&other.id().to_string()], &format!("process {} is no aivi program but ", other.id()));
    assert!(other.try_wait().expect("it can be asked").is_none(), "SIGQUIT would have ended it");
    other.kill().expect("it runs");
    other.wait().expect("it ends");
    let mut check = aivi().args(["fmt", "-"]).stdin(Stdio::piped()).stdout(Stdio::null()).spawn().expect("it starts");
    wrong(&[&check.id().to_string()], "runs no program at the moment");
    check.stdin.take().expect("piped").write_all(b"module m\n").expect("it reads");
    assert!(check.wait().expect("it ends").success());
}

#[test]
fn a_program_that_does_not_answer_is_given_up() {
    let path = script("stopped", WAITS);
    let (mut child, mut stdout) = start_with(&["run", "--workers", "1"], &path);
    expect_line(&mut stdout, "ready");
    signal(&child, "-STOP");
    let pid = child.id().to_string();
    let (code, _, stderr) = dump(&["--timeout", "0.01", &pid]);
    assert_eq!(
        (code, stderr),
        (Some(1), format!("error: process {pid} is stopped; it can answer when it goes on (kill -CONT {pid})\n"))
    );
    signal(&child, "-KILL");
    child.wait().expect("the program ends");
}
