//! `aivi build`, and running what it writes.

mod common;

use std::fs;
use std::path::Path;

use common::{aivi, file, outcome, run, script};

const GREETING: &str = "module greet\nuse aivi.concurrency (sleep)\n\ngreet : Text -> Text\ngreet = name => \"hello {name}\"\n\n\
    main : Effect Text Unit\nmain = do Effect {\n  println (greet \"you\")\n  sleep 1\n  println (toText (List.map (x => x * 2) [1, 2, 3]))\n}\n";

/// Builds a script and gives the path of the program.
fn built(name: &str, text: &str) -> std::path::PathBuf {
    let source = script(name, text);
    assert_eq!(outcome(&run(&["build"], &source)), (Some(0), String::new(), String::new()));
    source.with_extension("aivic")
}

#[test]
fn a_built_program_runs_as_its_source() {
    let program = built("build/greet", GREETING);
    let expected = outcome(&run(&["run"], &program.with_extension("aivi")));
    assert_eq!(expected, (Some(0), "hello you\n[2, 4, 6]\n".into(), String::new()));
    assert_eq!(outcome(&run(&["run"], &program)), expected);
    assert_eq!(outcome(&run(&["run", "--seed", "3"], &program)), expected);
}

#[test]
fn the_name_of_a_built_program_does_not_matter() {
    let source = script("build/named", GREETING);
    let output = source.with_extension("bin");
    let built = aivi().args(["build", "-o"]).args([&output, &source]).output().expect("the program starts");
    assert_eq!(outcome(&built).0, Some(0));
    assert_eq!(outcome(&run(&["run"], &output)).1, "hello you\n[2, 4, 6]\n");
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    let program = built("build/same", GREETING);
    let first = fs::read(&program).expect("it was written");
    assert_eq!(outcome(&run(&["build"], &program.with_extension("aivi"))).0, Some(0));
    assert_eq!(fs::read(&program).expect("it was written"), first);
}

#[test]
fn reports_of_a_built_program_name_lines_of_the_source() {
    let text = "module wrong\n\nhalf : Int -> Int\nhalf = n => n / 0\n\nmain : Effect Text Unit\nmain = println (toText (half 4))\n";
    let program = built("build/wrong", text);
    let (code, _, stderr) = outcome(&run(&["run"], &program));
    let (expected, _, source) = outcome(&run(&["run"], &program.with_extension("aivi")));
    assert_eq!((code, &stderr), (expected, &source));
    assert!(code == Some(70) && stderr.contains("wrong.aivi:4:"), "{stderr}");
}

#[test]
fn disasm_shows_a_built_program_as_its_source() {
    let program = built("build/shown", GREETING);
    let shown = outcome(&run(&["disasm"], &program));
    assert_eq!(shown.0, Some(0));
    assert_eq!(shown, outcome(&run(&["disasm"], &program.with_extension("aivi"))));
}

#[test]
fn what_is_wrong_with_a_file_is_said() {
    let program = built("build/damaged", GREETING);
    let bytes = fs::read(&program).expect("it was written");
    let damaged = |name: &str, change: &dyn Fn(&mut Vec<u8>), expected: &str| {
        let mut changed = bytes.clone();
        change(&mut changed);
        let path = file(&format!("build/{name}.aivic"), &changed);
        let (code, stdout, stderr) = outcome(&run(&["run"], &path));
        let start = format!("error: cannot load {}: it ", path.display());
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{name}: {stderr}");
        assert!(stderr.starts_with(&start) && stderr.contains(expected), "{name}: {stderr}");
    };
    damaged("text", &|bytes| *bytes = GREETING.into(), "is not a compiled AIVI module");
    damaged("empty", &Vec::clear, "is not a compiled AIVI module");
    damaged("version", &|bytes| bytes[8] ^= 1, "was made by another version of AIVI; build it again");
    damaged("instructions", &|bytes| bytes[12] ^= 1, "was made by another version of AIVI; build it again");
    damaged("short", &|bytes| bytes.truncate(bytes.len() / 2), "is damaged: it has ");
    damaged("long", &|bytes| bytes.push(0), "is damaged: it has ");
    damaged("flipped", &|bytes| *bytes.last_mut().expect("bytes") ^= 1, "is damaged: its checksum does not fit");
    let (code, _, stderr) = outcome(&run(&["run"], Path::new("no/such.aivic")));
    assert!(code == Some(1) && stderr.starts_with("error: cannot read no/such.aivic: "), "{stderr}");
}

#[test]
fn a_wrong_source_and_a_place_that_cannot_be_written_are_errors() {
    let wrong = script("build/wrong_text", "module m\n\nx = 1 +\n");
    let (code, _, stderr) = outcome(&run(&["build"], &wrong));
    assert!(code == Some(1) && stderr.contains("wrong_text.aivi:"), "{stderr}");
    assert!(!wrong.with_extension("aivic").exists());
    let source = script("build/nowhere", GREETING);
    let output =
        aivi().args(["build", "-o", "no/such/folder/x.aivic"]).arg(source).output().expect("the program starts");
    let (code, _, stderr) = outcome(&output);
    assert!(code == Some(1) && stderr.starts_with("error: cannot write no/such/folder/x.aivic: "), "{stderr}");
}

#[test]
fn a_library_can_be_built_and_says_that_it_has_no_main() {
    let program = built("build/library", "module lib\nexport twice\n\ntwice : Int -> Int\ntwice = n => n * 2\n");
    let (code, _, stderr) = outcome(&run(&["run"], &program));
    assert_eq!((code, stderr.as_str()), (Some(1), "error: main must be an Effect value\n"));
}
