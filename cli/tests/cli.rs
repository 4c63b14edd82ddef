//! The `aivi` program as a shell sees it: exit codes, streams, signals.

#[path = "common/child.rs"]
mod child;
mod common;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use child::{expect_line, signal, start, start_with};
use common::{aivi, file, outcome, run, script, text};

#[test]
fn version_in_all_forms() {
    let expected = format!("aivi {}\n", env!("CARGO_PKG_VERSION"));
    for form in ["version", "--version", "-V"] {
        let output = aivi().arg(form).output().expect("the program starts");
        assert_eq!(outcome(&output), (Some(0), expected.clone(), String::new()), "{form}");
    }
}

#[test]
fn without_command_version_and_help() {
    let (code, stdout, stderr) = outcome(&aivi().output().expect("the program starts"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.starts_with(&format!("aivi {}\n", env!("CARGO_PKG_VERSION"))), "{stdout}");
    for command in ["run", "build", "check", "fmt", "test", "dump", "disasm", "parse", "version"] {
        assert!(stdout.contains(&format!("\n  {command} ")), "{command} is missing in {stdout}");
    }
}

#[test]
fn the_help_of_every_command_has_an_example() {
    for command in ["run", "build", "check", "fmt", "test", "dump", "disasm", "parse", "version"] {
        let (code, stdout, stderr) = outcome(&aivi().args([command, "--help"]).output().expect("the program starts"));
        assert_eq!((code, stderr.as_str()), (Some(0), ""));
        assert!(stdout.contains(&format!("\n  aivi {command}")), "{stdout}");
        assert_eq!(outcome(&aivi().args(["help", command]).output().expect("the program starts")).1, stdout);
        assert!(stdout.contains("Usage: "), "{stdout}");
    }
}

#[test]
fn usage_errors_exit_with_2() {
    for arguments in
        [&["fly"][..], &["run"], &["run", "--workers", "none", "a.aivi"], &["check"], &["run", "a.aivi", "b.aivi"]]
    {
        let (code, stdout, stderr) = outcome(&aivi().args(arguments).output().expect("the program starts"));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
        assert!(stderr.starts_with("error: ") || stderr.contains("Usage:"), "{stderr}");
    }
}

#[test]
fn a_file_that_does_not_exist_is_reported() {
    let (code, stdout, stderr) = outcome(&run(&["run"], Path::new("no/such.aivi")));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("error: cannot read no/such.aivi: "), "{stderr}");
}

const HEADER: &str =
    "module demo\nuse aivi.system (exit, args)\nuse aivi.console (readLine)\n\nmain : Effect Text Unit\n";

#[test]
fn exit_codes_and_streams() {
    let cases = [
        ("success", "main = println \"hi\"", 0, "hi\n", ""),
        ("failure", "main = fail \"no luck\"", 1, "", "runtime error: no luck\n"),
        ("exit", "main = exit 9", 9, "", ""),
    ];
    for (name, body, code, stdout, stderr) in cases {
        let path = script(name, &format!("{HEADER}{body}\n"));
        let (found, out, err) = outcome(&run(&["run"], &path));
        let err: String = err.lines().filter(|line| !is_warning(line)).map(|line| format!("{line}\n")).collect();
        assert_eq!((found, out.as_str(), err.as_str()), (Some(code), stdout, stderr), "{name}");
    }
}

/// The unused imports of `HEADER` are warned about; that is not what these tests are about.
fn is_warning(line: &str) -> bool {
    ["warning", "  ", "1", "2", "3", "note"].iter().any(|start| line.starts_with(start))
}

#[test]
fn a_fault_shows_message_position_and_trace() {
    let path = script(
        "fault",
        "module demo\n\nhalf : Int -> Int\nhalf = n => 10 / n\n\nmain : Effect Text Unit\nmain = println \"{1 + half 0}\"\n",
    );
    let (code, stdout, stderr) = outcome(&run(&["run"], &path));
    assert_eq!((code, stdout.as_str()), (Some(70), ""));
    let lines: Vec<&str> = stderr.lines().collect();
    assert!(lines[0].starts_with("fault: ") && lines[0].contains("division by zero"), "{stderr}");
    assert!(stderr.contains("fault.aivi:4:"), "{stderr}");
    assert!(stderr.contains("fault.aivi:7:"), "{stderr}");
}

#[test]
fn a_compile_time_error_shows_the_source_and_runs_nothing() {
    let path = script(
        "wrong",
        "module demo\n\nmain : Effect Text Unit\nmain = do Effect {\n  println \"never\"\n  println nam\n}\n",
    );
    for command in ["run", "check"] {
        let (code, stdout, stderr) = outcome(&run(&[command], &path));
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        let place = format!("error[E3000] {}:6:11 ", path.display());
        assert!(stderr.starts_with(&place), "{stderr}");
        assert!(stderr.contains("\n6 |   println nam\n  |           ^^^"), "{stderr}");
        assert!(!stderr.contains('\u{1b}'), "no colour outside of a terminal");
    }
}

#[test]
fn main_must_be_an_effect() {
    let path = script("no_effect", "module demo\n\nmain = 7\n");
    let (code, _, stderr) = outcome(&run(&["run"], &path));
    assert_eq!(code, Some(1));
    assert!(stderr.contains("main must be an Effect value"), "{stderr}");
}

#[test]
fn a_module_without_main_can_be_checked_but_not_run() {
    let path = script("library", "module library\nexport *\n\none : Int\none = 1\n");
    assert_eq!(run(&["check"], &path).status.code(), Some(0));
    assert_eq!(run(&["run"], &path).status.code(), Some(1));
}

#[test]
fn arguments_and_input_reach_the_program() {
    let body = "main = do Effect {\n  words <- args\n  line <- readLine\n  println \"{words} {line}\"\n}\n";
    let path = script("input", &format!("{HEADER}{body}"));
    let mut child = aivi()
        .args(["run", "--workers", "2"])
        .arg(&path)
        .args(["--", "a", "--b"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(b"typed\nmore\n").expect("the program reads");
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(0), "[a, --b] Ok typed\n"));
}

/// C41
#[test]
fn a_seed_makes_time_virtual() {
    let path = script(
        "virtual",
        "module demo\nuse aivi.concurrency (sleep)\n\nmain : Effect Text Unit\nmain = do Effect {\n  sleep 86400000\n  println \"a day later\"\n}\n",
    );
    for arguments in [&["run", "--seed", "7"][..], &["run", "--virtual-time"]] {
        let (code, stdout, stderr) = outcome(&run(arguments, &path));
        assert_eq!((code, stdout.as_str(), stderr.as_str()), (Some(0), "a day later\n", ""));
    }
}

#[test]
fn check_walks_folders() {
    script("walk/good", "module good\n\nexport one\n\none : Int\none = 1\n");
    script("walk/deep/bad", "module bad\n\nexport one\n\none : Int\none = \"x\"\n");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("walk");
    assert_eq!(outcome(&run(&["check"], &folder)), (Some(0), String::new(), String::new()));
    let (code, stdout, stderr) = outcome(&run(&["check"], &folder.join("...")));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.contains("bad.aivi:6:"), "{stderr}");
    assert!(stderr.ends_with("\n2 files checked: 1 error, no warnings\n"), "{stderr}");
}

#[test]
fn problems_are_lines_of_json_for_tools() {
    script("json/a", "module a\nx = nam\n");
    script("json/b", "module b\nx = 1\n");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("json");
    let (code, stdout, stderr) = outcome(&run(&["check", "--json"], &folder));
    assert_eq!((code, stderr.as_str()), (Some(1), ""));
    let [line] = &stdout.lines().collect::<Vec<_>>()[..] else { panic!("one line, found {stdout}") };
    let path = folder.join("a.aivi").display().to_string();
    let place = r#""span":{"start":{"line":2,"column":5,"offset":13},"end":{"line":2,"column":8,"offset":16}}"#;
    assert!(line.starts_with(r#"{"severity":"error","code":"E3000","message":"unknown name `nam`","#), "{line}");
    assert!(line.contains(&format!(r#""path":"{path}",{place},"labels":[]"#)), "{line}");
    let (code, stdout, _) = outcome(&run(&["check", "--json"], &folder.join("b.aivi")));
    assert_eq!((code, stdout.as_str()), (Some(0), ""));
}

#[test]
fn a_module_that_several_files_use_is_reported_once() {
    script("shared/common", "module common\n\nexport one\n\none : Int\none = \"x\"\n");
    for name in ["a", "b"] {
        let text = format!("module {name}\nuse common (one)\n\nexport two\n\ntwo = one + one\n");
        script(&format!("shared/{name}"), &text);
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("shared");
    let (code, _, stderr) = outcome(&run(&["check"], &folder));
    assert_eq!(code, Some(1));
    assert_eq!(stderr.matches("common.aivi:6:").count(), 1, "{stderr}");
    assert!(stderr.ends_with("\n3 files checked: 1 error, no warnings\n"), "{stderr}");
}

/// Each file checked alone would read all those before it: a square, a quarter of a million lines.
#[test]
fn a_long_chain_of_modules_is_checked_in_one_go() {
    let count = 300;
    for index in 0..count {
        let used = if index == 0 { String::new() } else { format!("use m{} as before\n", index - 1) };
        let value = if index == 0 { "1".to_owned() } else { "before.value + 1".to_owned() };
        script(
            &format!("chain/m{index}"),
            &format!("module m{index}\n{used}\nexport value\n\nvalue : Int\nvalue = {value}\n"),
        );
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("chain");
    let summary = format!("{count} files checked: no errors, no warnings\n");
    assert_eq!(outcome(&run(&["check"], &folder)), (Some(0), String::new(), summary));
}

#[test]
fn a_module_that_is_not_found_is_explained() {
    file("absent/bytes.aivi", b"\xff");
    let path = script("absent/main", "module main\nuse bytes\nuse far.away\n");
    let folder = path.parent().expect("a folder").display();
    let (code, _, stderr) = outcome(&run(&["check"], &path));
    assert_eq!(code, Some(1));
    let unreadable = format!("note: cannot read {folder}/bytes.aivi: line 1 is not UTF-8 at the byte 0xFF\n");
    assert!(stderr.contains(&unreadable), "{stderr}");
    assert!(stderr.contains(&format!("note: it would be in {folder}/far/away.aivi\n")), "{stderr}");
}

#[test]
fn what_is_no_source_is_explained() {
    let bytes = file("sources/bytes.aivi", b"module m\n\nx = \"\xff\"\n");
    for command in ["run", "build", "check", "fmt", "test", "parse", "disasm"] {
        let (code, _, stderr) = outcome(&run(&[command], &bytes));
        let line = format!("error: cannot read {}: line 3 is not UTF-8 at the byte 0xFF\n", bytes.display());
        assert!(code == Some(1) && stderr.contains(&line), "{command}: {stderr}");
    }
    let folder = file("empty/folder/note.txt", b"").parent().expect("a folder").to_owned();
    for command in ["check", "fmt", "test"] {
        let (code, stdout, stderr) = outcome(&run(&[command], &folder));
        assert_eq!((code, stdout.as_str()), (Some(1), ""));
        assert!(stderr.starts_with(&format!("error: there are no .aivi files in {}; ", folder.display())), "{stderr}");
        let (code, _, stderr) = outcome(&run(&[command], Path::new("no/such/...")));
        assert_eq!((code, stderr.as_str()), (Some(1), "error: cannot read no/such/...: No such file or directory\n"));
    }
}

#[test]
fn a_reader_that_has_gone_ends_the_program_quietly() {
    let body = "x = 1\n".repeat(20_000);
    let path = script("long", &format!("module long\n\n{body}"));
    let mut child = aivi()
        .arg("parse")
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the program ends");
    assert_eq!((output.status.code(), text(&output.stderr).as_str()), (Some(141), ""));
}

/// A tree as high as the parser takes, on the stack that a small thread or an old system has.
#[test]
#[cfg(unix)]
fn the_highest_tree_is_shown_on_a_small_stack() {
    let nested = |depth: usize| format!("module m\n\nx = {}1{}\n", "(".repeat(depth), ")".repeat(depth));
    let parse = |depth: usize| {
        let path = script("highest", &nested(depth));
        let command = "ulimit -s 256 && exec \"$0\" parse \"$1\"";
        let output = Command::new("sh").args(["-c", command, env!("CARGO_BIN_EXE_aivi")]).arg(&path).output();
        outcome(&output.expect("there is a shell"))
    };
    let (code, stdout, stderr) = parse(100);
    assert_eq!((code, stderr.as_str()), (Some(0), ""));
    assert!(stdout.contains("(paren"), "{stdout}");
    let (code, _, stderr) = parse(100_000);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("this is nested too deeply"), "{stderr}");
}

#[test]
fn bytecode_and_syntax_tree_can_be_seen() {
    let path = script(
        "shown",
        "module demo\n\ntwice : Int -> Int\ntwice = n => n + n\n\nmain : Effect Text Unit\nmain = println \"{twice 2}\"\n",
    );
    let (code, stdout, _) = outcome(&run(&["disasm"], &path));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("demo.twice: 1 parameters"), "{stdout}");
    assert!(stdout.contains("add.int"), "{stdout}");
    assert!(!stdout.contains("aivi.list"), "the library is not shown");
    let (code, stdout, _) = outcome(&run(&["parse"], &path));
    assert_eq!(code, Some(0));
    assert!(stdout.contains("twice"), "{stdout}");
}

/// A program that says `ready` once it holds a resource, and then waits for an hour.
const HOLDS: &str = "module demo\nuse aivi.concurrency\n\n\
    held : Text -> Int -> Resource Text Unit\nheld = name millis => resource {\n  yield Unit\n  println \"closing {name}\"\n  \
    sleep millis\n  println \"closed {name}\"\n}\n\n\
    main : Effect Text Unit\nmain = do Effect {\n  _ <- held \"file\" MILLIS\n  println \"ready\"\n  sleep 3600000\n  println \"never\"\n}\n";

/// C40
#[test]
fn a_signal_cancels_main_and_runs_cleanups() {
    for (name, code) in [("-INT", 130), ("-TERM", 143)] {
        let path = script(&format!("holds{name}"), &HOLDS.replace("MILLIS", "1"));
        let (mut child, mut stdout) = start(&path);
        expect_line(&mut stdout, "ready");
        signal(&child, name);
        expect_line(&mut stdout, "closing file");
        expect_line(&mut stdout, "closed file");
        expect_line(&mut stdout, "");
        assert_eq!(child.wait().expect("the program ends").code(), Some(code));
    }
}

/// C40
#[test]
fn a_second_signal_ends_at_once_and_names_what_was_skipped() {
    let path = script("stuck", &HOLDS.replace("MILLIS", "3600000"));
    let (mut child, mut stdout) = start(&path);
    expect_line(&mut stdout, "ready");
    signal(&child, "-INT");
    expect_line(&mut stdout, "closing file");
    signal(&child, "-INT");
    let mut stderr = String::new();
    child.stderr.take().expect("piped").read_to_string(&mut stderr).expect("text");
    assert_eq!(child.wait().expect("the program ends").code(), Some(130));
    assert!(stderr.contains("skipped"), "{stderr}");
    assert!(stderr.contains("cut short at ") && stderr.contains("stuck.aivi:"), "{stderr}");
    assert!(stderr.contains("main  sleeps (in a cleanup; asked to end: signal 2)\n"), "{stderr}");
}

#[test]
fn what_a_second_signal_cuts_short_is_json_for_those_who_ask() {
    let path = script("stuck_json", &HOLDS.replace("MILLIS", "3600000"));
    let (child, mut stdout) = start_with(&["run", "--json"], &path);
    expect_line(&mut stdout, "ready");
    signal(&child, "-INT");
    expect_line(&mut stdout, "closing file");
    signal(&child, "-INT");
    let stderr = text(&child.wait_with_output().expect("the program ends").stderr);
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!(lines.len(), 2, "{stderr}");
    assert!(lines[0].starts_with("{\"report\":\"shutdown\",\"why\":\"signal 2\",\"took_ms\":"), "{stderr}");
    let at = format!("{{\"at\":\"{}:8:3\",\"state\":\"cut short\",\"count\":1,", path.display());
    assert!(lines[0].contains(&at), "{stderr}");
    assert!(lines[1].starts_with("{\"report\":\"fibers\","), "{stderr}");
}

#[test]
fn a_trace_is_written_also_when_a_second_signal_ends_the_program() {
    let path = script("cut_off", &HOLDS.replace("MILLIS", "3600000"));
    let to = path.with_extension("json");
    let (mut child, mut stdout) = start_with(&["run", "--trace", &to.to_string_lossy()], &path);
    expect_line(&mut stdout, "ready");
    signal(&child, "-INT");
    expect_line(&mut stdout, "closing file");
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("the program ends").code(), Some(143));
    let trace = std::fs::read_to_string(&to).expect("it was written");
    assert!(trace.contains("\"name\":\"asked to end: signal 2\"") && trace.ends_with("\n]}\n"), "{trace}");
}

#[test]
fn a_quit_signal_shows_fibers_and_the_program_goes_on() {
    let program = "module demo\nuse aivi.concurrency\n\nspin : Int -> Int\nspin = n => if n < 0 then n else spin (n + 1)\n\n\
                   main : Effect Text Unit\nmain = do Effect {\n  _ <- spawn (after (x => spin x))\n  println \"ready\"\n  sleep 3600000\n}\n\n\
                   after : (Int -> Int) -> Effect Text Int\nafter = f => do Effect {\n  sleep 1\n  pure (f 0)\n}\n";
    let path = script("looked_at", program);
    let mut child = aivi()
        .args(["run", "--workers", "1"])
        .arg(&path)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
    let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
    expect_line(&mut stdout, "ready");
    // Twice: it goes on. The fiber that computes is seen as soon as it does.
    for _ in 0..2 {
        signal(&child, "-QUIT");
        // A heading, and three lines for each of two fibers.
        let report: String = (&mut stderr).lines().take(7).map(|line| line.expect("text") + "\n").collect();
        assert!(report.starts_with("2 fibers:\nmain       sleeps\n"), "{report}");
        assert!(report.contains("\n  fiber 1  ") && report.contains("started at "), "{report}");
    }
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("the program ends").code(), Some(143));
}

#[test]
fn reports_are_json_for_those_who_ask() {
    let path = script(
        "json",
        "module demo\nuse aivi.concurrency\n\nmain : Effect Text Unit\nmain = do Effect {\n  (tx, rx) <- make 0\n  _ <- spawn (attempt (fail \"no\"))\n  _ <- spawn (fail \"lost \\\"words\\\"\")\n  sleep 1\n  _ <- recv rx\n  send tx 1\n}\n",
    );
    let (code, _, stderr) = outcome(&run(&["run", "--seed", "0", "--json"], &path));
    let lines: Vec<&str> = stderr.lines().collect();
    assert_eq!((code, lines.len()), (Some(70), 3), "{stderr}");
    assert!(lines[0].starts_with("{\"report\":\"warning\",\"text\":\"task started at "), "{stderr}");
    assert!(lines[0].contains(" failed and was not joined: lost \\\"words\\\"\",\"trace\":["), "{stderr}");
    assert_eq!(lines[1], "{\"report\":\"shutdown\",\"why\":\"main faulted\",\"took_ms\":0,\"cleanups\":[]}");
    assert!(lines[2].starts_with("{\"report\":\"fault\",\"message\":\"deadlock\",\"trace\":["), "{stderr}");
    assert!(lines[2].contains("{\"name\":\"main\",\"parent\":null,\"state\":\"recv\","), "{stderr}");
    assert!(lines[2].ends_with("\"senders\":[],\"receivers\":[\"main\"],\"can_send\":[\"main\"],\"can_receive\":[\"main\"]}],\"circle\":[]}}"), "{stderr}");
}

#[test]
fn a_side_of_a_race_that_slept_in_vain_is_no_end_of_the_program() {
    let path = script(
        "aside",
        "module demo\nuse aivi.concurrency\n\nmain : Effect Text Unit\nmain = do Effect {\n  _ <- race (sleep 10000) (pure Unit)\n  fail \"no\"\n}\n",
    );
    let (code, _, stderr) = outcome(&run(&["run", "--json"], &path));
    let shutdown = "{\"report\":\"shutdown\",\"why\":\"main failed\",\"took_ms\":0,\"cleanups\":[]}";
    assert_eq!((code, stderr.lines().next()), (Some(1), Some(shutdown)), "{stderr}");
}

/// C38
#[test]
fn a_deadlock_names_fibers_and_lines() {
    let path = script(
        "deadlock",
        "module demo\nuse aivi.concurrency\n\nwaits : Receiver Int -> Effect Text Int\nwaits = rx => do Effect {\n  _ <- recv rx\n  pure 1\n}\n\n\
         main : Effect Text Unit\nmain = do Effect {\n  (a, ra) <- make 0\n  (b, rb) <- make 0\n  _ <- par (waits ra) (waits rb)\n  send a 1\n  send b 1\n}\n",
    );
    for arguments in [&["run", "--workers", "2"][..], &["run", "--seed", "3"]] {
        let (code, _, stderr) = outcome(&run(arguments, &path));
        assert_eq!(code, Some(70), "{stderr}");
        assert!(stderr.starts_with("fault: deadlock"), "{stderr}");
        assert_eq!(stderr.matches("deadlock.aivi:6").count(), 2, "{stderr}");
        assert!(stderr.contains("deadlock.aivi:14"), "{stderr}");
    }
}

/// C44: as a warning, or as an object on a line of its own.
#[test]
fn fibers_that_wait_for_ever_are_reported_while_another_computes() {
    let path = script(
        "forever",
        "module demo\nuse aivi.concurrency\nuse aivi.clock\n\nwaits : Effect Text Unit\nwaits = do Effect {\n  (_, rx) <- make 0\n  message <- recv rx\n  println \"{message}\"\n}\n\n\
         count : Int -> Int -> Effect Text Unit\ncount = until n => do Effect {\n  now <- nowMillis\n  if now > until then pure Unit else count until (n + 1)\n}\n\n\
         main : Effect Text Unit\nmain = do Effect {\n  _ <- spawn waits\n  now <- nowMillis\n  count (now + 2200) 0\n}\n",
    );
    for workers in ["1", "2"] {
        let (code, _, stderr) = outcome(&run(&["run", "--workers", workers], &path));
        assert_eq!(code, Some(0), "{stderr}");
        assert!(
            stderr.starts_with("warning: a fiber waits for ever: nothing that goes on could wake it:\n"),
            "{stderr}"
        );
        assert_eq!(stderr.matches("forever.aivi:8:14").count(), 1, "{stderr}");
    }
    let (_, _, stderr) = outcome(&run(&["run", "--workers", "1", "--json"], &path));
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(stderr.starts_with("{\"report\":\"stuck\",\"fibers\":[{\"name\":\"fiber 1\","), "{stderr}");
    assert!(stderr.contains("\"can_send\":[]"), "{stderr}");
}

#[test]
fn a_trace_is_written_and_changes_nothing() {
    let path = script(
        "traced",
        "module demo\nuse aivi.concurrency\n\nmain : Effect Text Unit\nmain = do Effect {\n  _ <- par (sleep 1) (sleep 2)\n  println \"done\"\n}\n",
    );
    let to = path.with_extension("json");
    for schedule in [&["--workers", "2"][..], &["--seed", "3"]] {
        let output =
            aivi().arg("run").args(schedule).arg("--trace").args([&to, &path]).output().expect("the program starts");
        assert_eq!(outcome(&output), (Some(0), "done\n".into(), String::new()));
        let trace = std::fs::read_to_string(&to).expect("it was written");
        assert!(trace.starts_with("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n"), "{trace}");
        assert!(trace.contains("\"name\":\"sleeps\"") && trace.ends_with("\n]}\n"), "{trace}");
    }
    let output = aivi().args(["run", "--trace", "/"]).arg(&path).output().expect("the program starts");
    let (code, stdout, stderr) = outcome(&output);
    assert_eq!((code, stdout.as_str()), (Some(0), "done\n"));
    assert!(stderr.starts_with("error: cannot write /: "), "{stderr}");
}

/// Processor time of a process so far, in ticks of usually 10 ms.
#[cfg(target_os = "linux")]
fn ticks(child: &Child) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", child.id())).expect("the process exists");
    let fields = stat.rsplit(')').next().expect("the name stands in parentheses");
    fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().expect("a number")).sum()
}

/// C43
#[test]
#[cfg(target_os = "linux")]
fn a_program_that_waits_uses_no_processor_time() {
    waits_without_processor_time("idle", "  println \"ready\"\n  sleep 500\n  println \"done\"\n");
}

/// C43: nor does a fiber that was asked to end and cannot yet. anyio asked it again and again:
/// <https://github.com/agronholm/anyio/issues/1257>
#[test]
#[cfg(target_os = "linux")]
fn a_request_that_has_to_wait_uses_no_processor_time() {
    let cleanup =
        "resource {\n      yield Unit\n      println \"ready\"\n      sleep 500\n      println \"done\"\n    }";
    let body = format!("  task <- spawn (do Effect {{\n    _ <- {cleanup}\n    sleep 3600000\n  }})\n");
    waits_without_processor_time("asked", &(body + "  sleep 1\n  task.cancel\n"));
}

/// Runs a program that says when it begins to wait, and half a second later that it has.
#[cfg(target_os = "linux")]
fn waits_without_processor_time(name: &str, statements: &str) {
    let head = "module demo\nuse aivi.concurrency\n\nmain : Effect Text Unit\nmain = do Effect {\n";
    let path = script(name, &format!("{head}{statements}  sleep 3600000\n}}\n"));
    let (mut child, mut stdout) = start(&path);
    expect_line(&mut stdout, "ready");
    let before = ticks(&child);
    expect_line(&mut stdout, "done");
    let used = ticks(&child) - before;
    signal(&child, "-TERM");
    assert_eq!(child.wait().expect("the program ends").code(), Some(143));
    assert!(used <= 1, "{used} ticks in half a second of waiting");
}
