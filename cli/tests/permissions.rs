//! What a program may do, by options of `aivi run` and `aivi test`.

mod common;

use std::path::{Path, PathBuf};

use common::{aivi, file, outcome, script};

const PROGRAM: &str = "
module probe
use aivi.console (readLine)
use aivi.file (readText, writeText)
use aivi.net.sockets (listen)
use aivi.system

main : Effect Text Unit
main = do Effect {
  paths <- args
  path = paths match
    | [first, ...] => first
    | []             => \".\"
  text <- readText path
  tell \"read\" text
  written <- writeText \"{path}.copy\" \"copy\"
  tell \"write\" written
  bound <- attempt (do Effect {
    _ <- listen { host: \"127.0.0.1\", port: 0 }
    pure Unit
  })
  tell \"net\" bound
  value <- attempt (env.get \"PROBE\")
  tell \"env\" value
  line <- readLine
  tell \"input\" line
}

tell : Text -> Result E A -> Effect Text Unit
tell = what result => result match
  | Ok _  => println \"{what} yes\"
  | Err _ => println \"{what} no\"
";

/// The program, and the files that it reads.
fn probe(test: &str) -> (PathBuf, PathBuf, PathBuf) {
    let granted = file(&format!("permissions/{test}/granted/a"), b"a");
    let other = file(&format!("permissions/{test}/other/b"), b"b");
    (script(&format!("permissions/{test}/probe"), PROGRAM), granted, other)
}

/// What the probe could do with these options: the words of what succeeded.
fn can(options: &[String], program: &Path, path: &Path) -> Vec<String> {
    let mut command = aivi();
    let command = command.arg("run").args(options).arg(program).arg("--").arg(path).env("PROBE", "1");
    let input = std::fs::File::open(program).expect("some input");
    let (code, stdout, stderr) = outcome(&command.stdin(input).output().expect("the program starts"));
    assert_eq!((code, stderr.as_str()), (Some(0), ""), "{options:?}");
    assert_eq!(stdout.lines().count(), 5, "{stdout}");
    stdout.lines().filter_map(|line| line.strip_suffix(" yes")).map(str::to_owned).collect()
}

#[test]
fn options_compose() {
    let (program, granted, other) = probe("compose");
    let here = granted.parent().expect("a folder").display().to_string();
    let parent = Path::new(&here).parent().expect("a folder").display().to_string();
    let all = ["read", "write", "net", "env", "input"];
    for (options, with_granted, with_other) in [
        (String::new(), &all[..], &all[..]),
        ("--deny".to_owned(), &[], &[]),
        (format!("--deny --allow-read={here} --allow-net=localhost:0"), &["read", "net"], &["net"]),
        (format!("--allow-read={here}"), &["read"], &[]),
        (format!("--allow-read={parent} --deny-read={here}"), &[], &["read"]),
        (format!("--deny-read={here} --allow-read"), &[], &["read"]),
        ("--allow-read --deny-read".to_owned(), &[], &[]),
        (format!("--allow-write={here}"), &["write"], &[]),
        (format!("--allow-read={here},{parent}/other"), &["read"], &["read"]),
        ("--deny-read --deny-env=PROBE".to_owned(), &["write", "net", "input"], &["write", "net", "input"]),
        ("--deny-env=OTHER".to_owned(), &all[..], &all[..]),
        ("--deny-write --deny-input --deny-net".to_owned(), &["read", "env"], &["read", "env"]),
        ("--allow-env=PROB* --allow-input".to_owned(), &["env", "input"], &["env", "input"]),
        ("--allow-net=127.0.0.1:1".to_owned(), &[], &[]),
    ] {
        let words: Vec<_> = options.split_whitespace().map(str::to_owned).collect();
        assert_eq!(can(&words, &program, &granted), with_granted, "{options}");
        assert_eq!(can(&words, &program, &other), with_other, "{options}");
    }
}

#[test]
fn a_compiled_program_is_under_the_same_options() {
    let (program, granted, _) = probe("compiled");
    let built = aivi().arg("build").arg(&program).output().expect("the program starts");
    assert_eq!(outcome(&built).0, Some(0));
    let compiled = program.with_extension("aivic");
    assert_eq!(can(&["--allow-read".to_owned()], &compiled, &granted), ["read"]);
}

#[test]
fn what_cannot_fail_ends_with_a_fault_that_says_why() {
    for (option, effect) in [("--deny-exit", "exit 3"), ("--deny-clock", "_ <- nowMillis")] {
        let text = format!(
            "module m\nuse aivi.clock\nuse aivi.system\n\nmain : Effect Text Unit\nmain = do Effect {{\n  {effect}\n  pure Unit\n}}\n"
        );
        let path = script(&format!("permissions/fault{option}"), &text);
        let output = aivi().args(["run", option]).arg(&path).output().expect("the program starts");
        let (code, _, stderr) = outcome(&output);
        assert_eq!(code, Some(70), "{stderr}");
        assert!(stderr.contains("permission denied: ") && stderr.contains(" is denied to this program"), "{stderr}");
    }
}

#[test]
fn tests_are_under_the_same_options_and_their_command_repeats_them() {
    let text = "module checks\nuse aivi.system\nuse aivi.testing\n\n@test \"it sees the environment\"\nsees = do Effect {\n  _ <- env.get \"PROBE\"\n  pure Unit\n}\n";
    let path = script("permissions/checks", text);
    let run =
        |options: &[&str]| outcome(&aivi().arg("test").args(options).arg(&path).output().expect("the program starts"));
    assert_eq!(run(&[]).0, Some(0));
    assert_eq!(run(&["--allow-env=PROBE"]).0, Some(0));
    let (code, stdout, _) = run(&["--deny-env=PROBE", "--allow-read=."]);
    assert_eq!(code, Some(1), "{stdout}");
    assert!(stdout.contains("permission denied: the variable PROBE is not granted"), "{stdout}");
    assert!(stdout.contains("--only checks.sees --seed 0 --allow-read=. --deny-env=PROBE"), "{stdout}");
}

#[test]
fn wrong_values_are_usage_errors() {
    for (option, words) in [
        ("--allow-read=", "an empty path names no file"),
        ("--allow-net=http://a", "is no port"),
        ("--deny-net=a b", "is no host"),
        ("--allow-env=A=B", "is no name of a variable"),
        ("--allow-everything", "unexpected argument"),
    ] {
        let (code, stdout, stderr) = outcome(&common::run(&["run", option], Path::new("x.aivi")));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{option}");
        assert!(stderr.starts_with("error: ") && stderr.contains(words), "{option}: {stderr}");
    }
}
