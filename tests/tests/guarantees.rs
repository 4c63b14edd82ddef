//! `spec/concurrency.md` and the tests that prove it name each other.
//!
//! The page cites tests below each guarantee: `race/fault_wins` is a script under `tests/conformance`, `file.rs::name`
//! a test in Rust. A test cites its guarantees in a comment that begins with their numbers: a script before its
//! `module` line (`// C7 C12: why`), a test in Rust in the lines above its function (`/// C7: why`). Both must say the
//! same.

use std::collections::{BTreeMap, BTreeSet};

use aivi_tests::files::{folders, list, read, root};

/// Folders of `tests/conformance` in which each script proves a guarantee.
const FEATURES: &[&str] = &[
    "cancellation",
    "channels",
    "deadlock",
    "fairness",
    "famous",
    "many",
    "par",
    "parallel",
    "race",
    "retry",
    "scope",
    "select",
    "sleep",
    "spawn",
    "timeout",
];

/// A test as the page names it, with the numbers of its guarantees.
type Citations = BTreeMap<String, BTreeSet<u32>>;

/// `C7` is 7.
fn number(word: &str) -> Option<u32> {
    word.strip_prefix('C')?.trim_end_matches([':', '.', ',']).parse().ok()
}

/// The numbers that a comment begins with.
fn numbers(line: &str) -> impl Iterator<Item = u32> {
    let comment = line.trim_start().strip_prefix("//").unwrap_or_default();
    comment.trim_start_matches('/').split_whitespace().map_while(number)
}

/// The numbers of the guarantees in their order, and the tests that they cite.
fn cited_by(page: &str) -> (Vec<u32>, Citations) {
    let (mut guarantees, mut tests) = (Vec::new(), Citations::new());
    let mut is_list = false;
    for line in page.lines() {
        if let Some(found) = line.strip_prefix("**").and_then(|line| number(line.split_whitespace().next()?)) {
            guarantees.push(found);
        }
        is_list = line.starts_with("Tests:") || is_list && !line.is_empty();
        if let (true, Some(&guarantee)) = (is_list, guarantees.last()) {
            // Every second part stands between backticks.
            for test in line.split('`').skip(1).step_by(2) {
                tests.entry(test.to_owned()).or_default().insert(guarantee);
            }
        }
    }
    (guarantees, tests)
}

/// What a script cites.
fn cited_in_script(script: &str) -> BTreeSet<u32> {
    script.lines().take_while(|line| !line.starts_with("module")).flat_map(numbers).collect()
}

/// What each test of a file in Rust cites.
fn cited_in_rust(text: &str) -> BTreeMap<&str, BTreeSet<u32>> {
    let (mut tests, mut found, mut is_test) = (BTreeMap::new(), BTreeSet::new(), false);
    for line in text.lines().map(str::trim_start) {
        if line.starts_with("//") {
            found.extend(numbers(line));
        } else if line.starts_with("#[") {
            is_test |= line == "#[test]";
        } else {
            if let (true, Some(rest)) = (is_test, line.strip_prefix("fn ")) {
                tests.insert(rest.split('(').next().unwrap_or(rest), std::mem::take(&mut found));
            }
            (found, is_test) = (BTreeSet::new(), false);
        }
    }
    tests
}

/// All tests that exist and may be cited: all scripts, and the tests in the files that the page names.
fn existing(page: &Citations) -> Citations {
    let mut tests = Citations::new();
    for folder in folders(&root().join("tests/conformance")) {
        for path in list(&folder, "aivi", false) {
            let name = path.with_extension("");
            let name =
                name.strip_prefix(root().join("tests/conformance")).expect("it was listed there").to_string_lossy();
            tests.insert(name.replace('\\', "/"), cited_in_script(&read(&path)));
        }
    }
    let files: BTreeSet<&str> = page.keys().filter_map(|test| Some(test.split_once("::")?.0)).collect();
    for file in files.into_iter().filter(|file| root().join(file).is_file()) {
        for (test, numbers) in cited_in_rust(&read(&root().join(file))) {
            tests.insert(format!("{file}::{test}"), numbers);
        }
    }
    tests
}

/// What is wrong between the page and the tests.
fn differences(page: &Citations, tests: &Citations) -> Vec<String> {
    let mut wrong = Vec::new();
    for (test, guarantees) in page {
        match tests.get(test) {
            None => wrong.push(format!("{test} is cited and does not exist")),
            Some(found) => {
                wrong.extend(guarantees.difference(found).map(|number| format!("{test} does not cite C{number}")));
            }
        }
    }
    let none = BTreeSet::new();
    for (test, numbers) in tests {
        let cited = page.get(test).unwrap_or(&none);
        wrong.extend(numbers.difference(cited).map(|number| format!("{test} cites C{number}, which does not cite it")));
        if numbers.is_empty() && FEATURES.iter().any(|feature| test.split_once('/').is_some_and(|at| at.0 == *feature))
        {
            wrong.push(format!("{test} cites no guarantee"));
        }
    }
    wrong
}

#[test]
fn guarantees_and_tests_cite_each_other() {
    let (guarantees, page) = cited_by(&read(&root().join("spec/concurrency.md")));
    let mut wrong = differences(&page, &existing(&page));
    for (at, number) in (1..).zip(&guarantees) {
        if at != *number {
            wrong.push(format!("C{number} stands where C{at} belongs"));
        }
        if !page.values().any(|numbers| numbers.contains(number)) {
            wrong.push(format!("C{number} has no test"));
        }
    }
    assert!(!guarantees.is_empty(), "the page has no guarantees");
    assert!(wrong.is_empty(), "{} differences\n  {}", wrong.len(), wrong.join("\n  "));
}

#[test]
fn differences_are_found() {
    let (guarantees, page) = cited_by("**C1. One.** Two.\n\nTests: `race/a`,\n`f.rs::b`\n\n`no`\n**C2. Three.**\n");
    assert_eq!(guarantees, [1, 2]);
    assert_eq!(page.keys().collect::<Vec<_>>(), ["f.rs::b", "race/a"]);
    let rust = cited_in_rust("/// C1: why\n#[test]\nfn b() {\n}\n// C7\nfn helper() {}\n#[test]\nfn c() {}\n");
    assert_eq!(rust.into_iter().collect::<Vec<_>>(), [("b", BTreeSet::from([1])), ("c", BTreeSet::new())]);
    assert_eq!(cited_in_script("// C1 C3: why\n// Clear\nmodule demo\n// C4\n"), BTreeSet::from([1, 3]));
    let tests = |numbers: &[u32]| Citations::from([("race/a".to_owned(), numbers.iter().copied().collect())]);
    assert_eq!(differences(&page, &tests(&[1])), ["f.rs::b is cited and does not exist"]);
    assert_eq!(differences(&page, &tests(&[1, 3])).len(), 2);
    assert_eq!(differences(&page, &tests(&[])).len(), 3);
}
