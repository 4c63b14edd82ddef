//! What tests of the program share.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The program.
pub fn aivi() -> Command {
    Command::new(env!("CARGO_BIN_EXE_aivi"))
}

/// Writes a file of its own for a test; the name, with its folder, must be unique among all tests.
pub fn file(name: &str, text: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(path.parent().expect("a folder")).expect("the folder for temporary files");
    std::fs::write(&path, text).expect("the folder for temporary files can be written");
    path
}

/// The same for a script.
pub fn script(name: &str, text: &str) -> PathBuf {
    file(&format!("{name}.aivi"), text.as_bytes())
}

/// Runs the program with these arguments and a path behind them.
pub fn run(arguments: &[&str], path: &Path) -> Output {
    aivi().args(arguments).arg(path).output().expect("the program starts")
}

/// What a stream said.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Exit code, standard output, standard error.
pub fn outcome(output: &Output) -> (Option<i32>, String, String) {
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}
