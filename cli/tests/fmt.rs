//! `aivi fmt` as a shell sees it.

mod common;

use std::path::Path;

use common::{outcome, run, script};

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
fn fmt_cannot_check_and_write_at_once() {
    let (code, stdout, _) = outcome(&run(&["fmt", "--check", "--write"], Path::new("a.aivi")));
    assert_eq!((code, stdout.as_str()), (Some(2), ""));
}
