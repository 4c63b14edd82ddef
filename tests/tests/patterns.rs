//! `spec/patterns.md` and the tests of its promises: each promise is cited by a test, and only what is there is cited.
//!
//! A promise is `P-` with the name of its part and a number, as in `- **P-cov-3** …`. A script cites it in the comments
//! before its `module` line, a test in Rust in a comment.

use std::collections::BTreeSet;
use std::path::Path;

use aivi_tests::files::{folders, list, read, root};

/// Where tests in Rust stand that may cite promises.
const RUST: &[&str] = &["cli/tests", "scheduler/src/models", "scheduler/tests", "tests/tests", "vm/tests"];

/// `P-cov-3`, also with something behind it.
fn promise(word: &str) -> Option<String> {
    let (part, rest) = word.trim_start_matches("**").strip_prefix("P-")?.split_once('-')?;
    let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
    let is_one = !part.is_empty() && part.chars().all(|char| char.is_ascii_lowercase()) && !number.is_empty();
    is_one.then(|| format!("P-{part}-{number}"))
}

/// The promises of a line.
fn promises(line: &str) -> impl Iterator<Item = String> {
    line.split_whitespace().filter_map(promise)
}

/// What the page promises.
fn promised(page: &str) -> Vec<String> {
    page.lines().filter(|line| line.starts_with("- **P-")).filter_map(|line| promises(line).next()).collect()
}

/// What the comments cite that `lines` begin with, or have in them.
fn cited<'a>(lines: impl Iterator<Item = &'a str>) -> impl Iterator<Item = String> {
    lines.map(str::trim_start).filter(|line| line.starts_with("//")).flat_map(promises)
}

/// What tests in Rust cite in a folder.
fn cited_in_rust(folder: &Path) -> BTreeSet<String> {
    let files = list(folder, "rs", true);
    files
        .iter()
        .filter(|path| !path.ends_with("patterns.rs"))
        .flat_map(|path| cited(read(path).lines()).collect::<Vec<_>>())
        .collect()
}

/// What all tests cite.
fn cited_anywhere() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for folder in folders(&root().join("tests/conformance")) {
        for path in list(&folder, "aivi", false) {
            found.extend(cited(read(&path).lines().take_while(|line| !line.starts_with("module"))));
        }
    }
    RUST.iter().for_each(|folder| found.extend(cited_in_rust(&root().join(folder))));
    found
}

#[test]
fn every_promise_has_a_test() {
    let promised = promised(&read(&root().join("spec/patterns.md")));
    let unique: BTreeSet<String> = promised.iter().cloned().collect();
    let cited = cited_anywhere();
    assert!(!promised.is_empty(), "the page promises nothing");
    assert_eq!(unique.len(), promised.len(), "a promise stands twice");
    let missing: Vec<_> = unique.difference(&cited).collect();
    assert!(missing.is_empty(), "no test cites {missing:?}");
    let unknown: Vec<_> = cited.difference(&unique).collect();
    assert!(unknown.is_empty(), "tests cite {unknown:?}, which the page does not promise");
}

#[test]
fn promises_are_found() {
    assert_eq!(
        promised("text P-a-1\n- **P-cov-1** One, as P-cov-2.\n- other\n- **P-eff-10** Ten.\n"),
        ["P-cov-1", "P-eff-10"]
    );
    let script = "// C7 P-cov-1 P-eff-2: why\nmodule demo\n// P-cov-12\n";
    assert_eq!(cited(script.lines()).collect::<Vec<_>>(), ["P-cov-1", "P-eff-2", "P-cov-12"]);
    assert_eq!(promise("P-"), None);
    assert_eq!(promise("P-Cov-1"), None);
    assert_eq!(promise("P-cov-x"), None);
}
