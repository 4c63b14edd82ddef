//! Output that is not taken: on a full disk, and when nobody reads it.

mod common;

use std::fs::File;
use std::process::{Command, Stdio};

use common::{aivi, outcome, run, script};

const HELLO: &str = "module demo\n\nmain : Effect Text Unit\nmain = println \"hello\"\n";

/// What happens when standard output takes nothing, for this reason.
fn run_into(stdout: impl Into<Stdio>, command: &mut Command) -> (Option<i32>, String) {
    let (code, _, stderr) = outcome(&command.stdout(stdout).output().expect("the program starts"));
    (code, stderr)
}

/// A disk without room for a byte.
#[cfg(target_os = "linux")]
fn full() -> File {
    File::options().write(true).open("/dev/full").expect("Linux has it")
}

/// A pipe without a reader.
fn unread() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_whose_output_is_lost_has_not_succeeded() {
    let run = |name: &str, uses: &str, body: &str| {
        let text = format!(
            "module demo\n{uses}use aivi.console as console\n\n\
             closing : Resource Text Unit\nclosing = resource {{\n  yield Unit\n  console.error \"cleanup\"\n}}\n\n\
             main : Effect Text Unit\nmain = do Effect {{\n  _ <- closing\n  println \"hello\"\n{body}}}\n"
        );
        run_into(full(), aivi().arg("run").arg(script(&format!("output/{name}"), &text)))
    };
    let (fault, warning) = ("fault: output was lost: No space left", "warning: output was lost: No space left");
    let (sleep, system, text) = ("use aivi.concurrency\n", "use aivi.system\n", "use aivi.text as text\n");
    let lines = "  println \"more\"\n  console.error \"never\"\n";
    let many = format!("  println (text.repeat 20000 \"x\")\n{lines}");
    // The exit code, and how each line of standard error begins.
    for (name, uses, body, code, lines) in [
        ("at_the_end", "", "", 70, &["cleanup", fault][..]),
        ("at_exit_0", system, "  system.exit 0\n", 70, &["cleanup", fault]),
        ("at_exit_3", system, "  system.exit 3\n", 3, &["cleanup", warning]),
        ("at_a_failure", "", "  fail \"no\"\n", 1, &["cleanup", warning, "runtime error: no", "  at "]),
        ("when_all_have_waited", sleep, &format!("  sleep 1\n{lines}"), 70, &["cleanup", fault, "  at "]),
        ("when_there_is_much", text, &many, 70, &["cleanup", fault, "  at "]),
    ] {
        let (found, stderr) = run(name, uses, body);
        let is_right = stderr.lines().zip(lines).all(|(line, begins)| line.starts_with(begins));
        assert!(is_right && stderr.lines().count() == lines.len(), "{name}: {stderr}");
        assert_eq!(found, Some(code), "{name}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn so_it_is_with_the_other_commands() {
    let path = script("output/commands", HELLO);
    for arguments in [&["disasm"][..], &["parse"], &["fmt"], &["test"]] {
        let (code, stderr) = run_into(full(), aivi().args(arguments).arg(&path));
        assert_eq!(code, Some(1), "{arguments:?}");
        assert_eq!(stderr, "error: output was lost: No space left on device\n", "{arguments:?}");
    }
    for arguments in [&["version"][..], &["--help"], &["help", "run"], &[]] {
        let (code, stderr) = run_into(full(), aivi().args(arguments));
        assert_eq!(code, Some(1), "{arguments:?}");
        assert_eq!(stderr, "error: output was lost: No space left on device\n", "{arguments:?}");
    }
}

#[test]
fn nobody_needs_to_be_told_that_nobody_reads() {
    let path = script("output/unread", HELLO);
    assert_eq!(outcome(&run(&["run"], &path)), (Some(0), "hello\n".into(), String::new()));
    for command in ["run", "parse"] {
        assert_eq!(run_into(unread(), aivi().arg(command).arg(&path)), (Some(141), String::new()), "{command}");
    }
    assert_eq!(run_into(unread(), aivi().arg("--help")), (Some(141), String::new()));
}

#[test]
fn who_goes_on_printing_ends_when_nobody_reads() {
    let text = "module demo\nuse aivi.concurrency\n\n\
                main : Effect Text Unit\nmain = do Effect {\n  loop _ = Unit => {\n    println \"tick\"\n    sleep 1\n    recurse Unit\n  }\n}\n";
    let path = script("output/ticks", text);
    assert_eq!(run_into(unread(), aivi().arg("run").arg(&path)), (Some(141), String::new()));
}
