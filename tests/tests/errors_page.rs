//! `spec/errors.md` is generated from the table of codes and the first golden case of each code. `UPDATE_GOLDEN=1`
//! rewrites it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use aivi_compiler::diagnostic::{Code, Severity};
use aivi_tests::files::root;

const INTRODUCTION: &str = "\
# Diagnostic codes

Generated from `compiler/src/diagnostic/codes.rs` and `tests/golden/check`; a test fails when this page is stale. An error keeps a
program from running, a warning does not. E1000 and up: text and syntax; E2000: modules; E3000: names and types; E4000: limits.
What a report consists of, and its form for tools, is told in [language/commands.md](language/commands.md#diagnostics).

| code | severity | about |
|---|---|---|
";

/// A longer example would hide what it is about.
const EXAMPLE_LINES_MAX: usize = 40;

#[test]
fn the_page_is_current() {
    let mut page = INTRODUCTION.to_owned();
    for code in Code::ALL {
        let (name, summary) = (code.name(), code.summary());
        writeln!(page, "| [{name}](#{}) | {} | {summary} |", name.to_lowercase(), severity(*code)).expect("grows");
    }
    for code in Code::ALL {
        section(&mut page, *code);
    }
    let path = root().join("spec/errors.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&path, &page).expect("spec/ can be written");
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "spec/errors.md is stale: run this test with UPDATE_GOLDEN=1");
}

/// What a code means, an example, what to do.
fn section(page: &mut String, code: Code) {
    let case = example(code);
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (source, report) = (read(&case), read(&case.with_extension("out")));
    assert!(source.lines().count() <= EXAMPLE_LINES_MAX, "{} is no example", case.display());
    let file = case.file_name().expect("a file").to_string_lossy().into_owned();
    let (source, report) = (shorten(&source), shorten(&report.replace(&file, "demo.aivi")));
    let (name, summary, advice) = (code.name(), code.summary(), code.advice());
    writeln!(page, "\n## {name}\n\n{}: {summary}. {advice}\n", severity(code)).expect("grows");
    writeln!(page, "```text\n{}\n```\n\n```text\n{}\n```", source.trim_end(), report.trim_end()).expect("grows");
}

/// The first of its cases that are small, by name.
fn example(code: Code) -> PathBuf {
    let folder = root().join("tests/golden/check");
    let prefix = format!("{}_", code.name());
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("folder can be read").path())
        .filter(|path| path.extension().is_some_and(|it| it == "aivi"))
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix)))
        .collect();
    cases.sort();
    cases.into_iter().next().unwrap_or_else(|| panic!("{} has no golden case", code.name()))
}

/// Long lines without their middle.
fn shorten(text: &str) -> String {
    let line = |line: &str| {
        let letters: Vec<char> = line.chars().collect();
        match letters.len() {
            ..=150 => line.to_owned(),
            length => letters[..60].iter().chain(&['…']).chain(&letters[length - 60..]).collect(),
        }
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn severity(code: Code) -> &'static str {
    match code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

#[test]
fn codes_are_sorted_within_their_kind() {
    for severity in [Severity::Error, Severity::Warning] {
        let names = Code::ALL.iter().filter(|code| code.severity() == severity).map(|code| code.name());
        assert!(names.is_sorted_by(|left, right| left < right));
    }
}
