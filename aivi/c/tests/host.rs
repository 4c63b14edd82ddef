//! Programs in C, built against `aivi.h` and run: the example, which shows how it is meant, and some that go to the
//! edges.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// How the library comes to a program.
#[derive(Clone, Copy)]
enum Linked {
    Dynamically,
    Statically,
}

fn crate_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The folder with the libraries that were built for this test: that of the test itself.
fn libraries() -> PathBuf {
    let test = env::current_exe().expect("a path");
    test.parent().expect("a folder").to_path_buf()
}

/// A program, without a warning of the compiler.
fn build(source: &Path, linked: Linked) -> PathBuf {
    let (libraries, name) = (libraries(), source.file_stem().expect("a name").to_string_lossy());
    let program = libraries.join(format!("aivi-c-{name}-{}", std::process::id()));
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-g"]);
    compiler.arg("-I").arg(crate_folder()).arg(source).arg("-o").arg(&program);
    match linked {
        Linked::Dynamically => {
            compiler.arg("-L").arg(&libraries).args(["-laivi_c", "-lpthread"]);
            compiler.arg(format!("-Wl,-rpath,{}", libraries.display()));
        }
        Linked::Statically => {
            compiler.arg(libraries.join("libaivi_c.a")).args(["-lpthread", "-ldl", "-lm", "-lgcc_s"]);
        }
    }
    let built = compiler.output().expect("a compiler for C, which Rust needs as its linker");
    assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
    program
}

/// Runs a program to its end.
fn run(source: &Path, linked: Linked) -> Output {
    let program = build(source, linked);
    let output = Command::new(&program).output().expect("it runs");
    let _ = fs::remove_file(program);
    output
}

fn succeeded(output: &Output) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && errors.is_empty(), "{}: {errors}", output.status);
}

#[test]
fn the_example_prints_what_it_says() {
    let folder = crate_folder().join("../../examples/hosts/c");
    let output = run(&folder.join("main.c"), Linked::Dynamically);
    succeeded(&output);
    let expected = fs::read_to_string(folder.join("main.out")).expect("what it prints");
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
}

#[test]
fn the_header_keeps_its_promises() {
    succeeded(&run(&crate_folder().join("tests/edges.c"), Linked::Statically));
}

#[test]
fn budgets_dumps_and_events_keep_their_promises() {
    succeeded(&run(&crate_folder().join("tests/sharing.c"), Linked::Dynamically));
}

#[test]
fn objects_functions_and_completions_keep_their_promises() {
    succeeded(&run(&crate_folder().join("tests/handing.c"), Linked::Dynamically));
}

/// Whether the compiler takes these lines in this language, without a warning.
fn takes(language: &[&str], text: &str) -> Output {
    let file = libraries().join(format!("aivi-c-{}-{}.txt", language.join(""), std::process::id()));
    fs::write(&file, text).expect("a file");
    let mut compiler = Command::new(env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(language).args(["-Wall", "-Wextra", "-Werror", "-pedantic", "-fsyntax-only", "-I"]);
    let output = compiler.arg(crate_folder()).arg(&file).output().expect("a compiler for C");
    let _ = fs::remove_file(file);
    output
}

#[test]
fn the_header_is_c99_and_cpp() {
    const USE: &str = "#include \"aivi.h\"\nint main(void) { aivi_value_free(aivi_value_unit()); return 0; }\n";
    succeeded(&takes(&["-xc", "-std=c99"], USE));
    let cpp = ["-xc++", "-std=c++11"];
    // A compiler for C may come without one for C++.
    if takes(&cpp, "int main() { return 0; }\n").status.success() {
        succeeded(&takes(&cpp, USE));
    }
}
