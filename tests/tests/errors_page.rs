//! `spec/errors.md` is generated from the table of codes. `UPDATE_GOLDEN=1` rewrites it.

use std::fmt::Write;

use aivi_compiler::diagnostic::{Code, Severity};
use aivi_tests::files::root;

const INTRODUCTION: &str = "\
# Diagnostic codes

Generated from `compiler/src/diagnostic/codes.rs`; a test fails when this page is stale. An error keeps a program from running, a
warning does not. E1000 and up: text and syntax; E2000: modules; E3000: names and types; E4000: limits.

| code | severity | about |
|---|---|---|
";

#[test]
fn the_page_is_current() {
    let mut page = INTRODUCTION.to_owned();
    for code in Code::ALL {
        let severity = match code.severity() {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        writeln!(page, "| {} | {severity} | {} |", code.name(), code.summary()).expect("a String takes everything");
    }
    let path = root().join("spec/errors.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &page).expect("spec/ can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "spec/errors.md is stale: run this test with UPDATE_GOLDEN=1");
}

#[test]
fn codes_are_sorted_within_their_kind() {
    for severity in [Severity::Error, Severity::Warning] {
        let names = Code::ALL.iter().filter(|code| code.severity() == severity).map(|code| code.name());
        assert!(names.is_sorted_by(|left, right| left < right));
    }
}
