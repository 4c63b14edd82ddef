//! A program that runs while a test looks at it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::common::aivi;

/// Runs a script, with its streams as pipes.
pub fn start(path: &Path) -> (Child, BufReader<ChildStdout>) {
    start_with(&["run"], path)
}

/// The same with these arguments before its path.
pub fn start_with(arguments: &[&str], path: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = aivi()
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args(arguments)
        .arg(path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let stdout = BufReader::new(child.stdout.take().expect("piped"));
    (child, stdout)
}

/// Waits for a line.
pub fn expect_line(stdout: &mut impl BufRead, expected: &str) {
    let mut line = String::new();
    stdout.read_line(&mut line).expect("the program writes");
    assert_eq!(line.trim_end(), expected);
}

/// Sends a signal, as `-INT`.
pub fn signal(child: &Child, name: &str) {
    let done = Command::new("kill").arg(name).arg(child.id().to_string()).status().expect("kill(1) exists");
    assert!(done.success());
}
