//! `aivi fmt` as a shell sees it.

mod common;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use common::{aivi, outcome, run, script};

const UGLY: &str = "module ugly\n\n\n\nx=1 // one\n";
const TIDY: &str = "module ugly\n\nx = 1 // one\n";

#[test]
fn fmt_prints_the_text_and_leaves_the_file() {
    let path = script("fmt_prints", UGLY);
    assert_eq!(outcome(&run(&["fmt"], &path)), (Some(0), TIDY.to_owned(), String::new()));
    assert_eq!(std::fs::read_to_string(&path).expect("still there"), UGLY);
}

#[test]
fn fmt_check_lists_what_would_change_and_write_changes_it() {
    let ugly = script("fmt_folder/deep/ugly", UGLY);
    let tidy = script("fmt_folder/tidy", TIDY);
    let wrong = script("fmt_folder/wrong", "module wrong\n\nx = (\n");
    let folder = ugly.parent().and_then(Path::parent).expect("a folder").to_owned();
    let (code, stdout, stderr) = outcome(&run(&["fmt", "--check"], &folder.join("...")));
    assert_eq!((code, stdout), (Some(1), format!("{}\n", ugly.display())));
    assert!(stderr.contains("E1004") && stderr.contains("wrong.aivi"), "{stderr}");
    let before = std::fs::metadata(&tidy).and_then(|data| data.modified()).expect("a time");
    let (code, stdout, _) = outcome(&run(&["fmt", "--write"], &folder.join("...")));
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert_eq!(std::fs::read_to_string(&ugly).expect("still there"), TIDY);
    assert_eq!(std::fs::read_to_string(&wrong).expect("still there"), "module wrong\n\nx = (\n");
    assert_eq!(std::fs::metadata(&tidy).and_then(|data| data.modified()).expect("a time"), before, "not written");
    std::fs::remove_file(&wrong).expect("removed");
    assert_eq!(outcome(&run(&["fmt", "--check"], &folder.join("..."))), (Some(0), String::new(), String::new()));
}

#[test]
fn fmt_cannot_check_and_write_at_once_nor_write_to_standard_input() {
    for (arguments, path) in
        [(&["--check", "--write"][..], "a.aivi"), (&["--diff", "--write"], "a.aivi"), (&["--write"], "-")]
    {
        let (code, stdout, _) = outcome(&run(&[&["fmt"], arguments].concat(), Path::new(path)));
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn fmt_diff_shows_what_would_change() {
    let path = script("fmt_diff", UGLY);
    let (code, stdout, stderr) = outcome(&run(&["fmt", "--diff"], &path));
    let name = path.display();
    let changes = " module ugly\n \n-\n-\n-x=1 // one\n+x = 1 // one\n";
    let expected = format!("--- {name}\n+++ {name} (laid out)\n@@ -1,5 +1,3 @@\n{changes}");
    assert_eq!((code, stdout, stderr.as_str()), (Some(1), expected, ""));
    std::fs::write(&path, TIDY).expect("written");
    assert_eq!(outcome(&run(&["fmt", "--diff"], &path)), (Some(0), String::new(), String::new()));
}

/// What `aivi fmt` makes of standard input.
fn piped(arguments: &[&str], input: &[u8]) -> (Option<i32>, String, String) {
    let mut child = aivi()
        .arg("fmt")
        .args(arguments)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    child.stdin.take().expect("piped").write_all(input).expect("the program reads");
    outcome(&child.wait_with_output().expect("the program ends"))
}

#[test]
fn fmt_reads_standard_input() {
    assert_eq!(piped(&[], UGLY.as_bytes()), (Some(0), TIDY.to_owned(), String::new()));
    assert_eq!(piped(&["--check"], UGLY.as_bytes()), (Some(1), "<stdin>\n".to_owned(), String::new()));
    let (code, stdout, stderr) = piped(&[], b"module m\n\nx = (\n");
    assert_eq!((code, stdout.as_str()), (Some(1), ""));
    assert!(stderr.starts_with("error[E1004] <stdin>:3:5 "), "{stderr}");
    assert_eq!(piped(&[], b"\xff"), (Some(1), String::new(), "error: standard input is not UTF-8\n".to_owned()));
}
