//! `spec/language/decisions.md` lists every point that was settled; its page says it, and what it names as proof
//! exists.

use std::path::Path;

use aivi_tests::files::{folders, list, read, root};

/// Decisions and rules, numbered from 1.
const DECISIONS: u32 = 35;
const RULES: u32 = 15;

/// What stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// A script of `tests/conformance`, or a file in Rust.
fn exists(proof: &str) -> bool {
    let root = root();
    root.join("tests/conformance").join(proof).with_extension("aivi").is_file() || root.join(proof).is_file()
}

fn check_row(row: &str, language: &Path) -> Result<String, String> {
    let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
    let [mark, _, page, proof] = cells[..] else { return Err(format!("not four cells: {row}")) };
    let text = read(&language.join(page).with_extension("md"));
    if !text.contains(&format!("[{mark}]")) {
        return Err(format!("{page}.md does not mention [{mark}]"));
    }
    let is_proven = match proof {
        "example" => text.contains("```aivi"),
        _ => quoted(proof).next().is_some() && quoted(proof).all(exists),
    };
    if is_proven { Ok(mark.to_owned()) } else { Err(format!("{mark} has no such proof: {proof}")) }
}

#[test]
fn every_decision_has_its_page_and_its_proof() {
    let language = root().join("spec/language");
    let table = read(&language.join("decisions.md"));
    let rows = table.lines().filter(|line| line.starts_with("| D-") || line.starts_with("| RULE-"));
    let marks: Result<Vec<String>, String> = rows.map(|row| check_row(row, &language)).collect();
    let decisions = (1..=DECISIONS).map(|number| format!("D-{number}"));
    let all: Vec<String> = decisions.chain((1..=RULES).map(|number| format!("RULE-{number}"))).collect();
    assert_eq!(marks, Ok(all));
}

#[test]
fn scripts_that_pages_name_exist() {
    let features: Vec<String> = folders(&root().join("tests/conformance"))
        .iter()
        .filter_map(|folder| folder.file_name().map(|name| format!("{}/", name.to_string_lossy())))
        .collect();
    let mut missing = Vec::new();
    let mut count = 0;
    for page in list(&root().join("spec/language"), "md", false) {
        let text = read(&page);
        // Fences have backticks, too.
        let prose: String = text.split("```").step_by(2).collect::<Vec<_>>().join("\n");
        let is_script = |name: &&str| !name.ends_with('/') && features.iter().any(|feature| name.starts_with(feature));
        for name in quoted(&prose).filter(is_script) {
            count += 1;
            if !exists(name) {
                missing.push(format!("{}: {name}", page.display()));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    assert!(count > 80, "only {count} scripts are named");
}
