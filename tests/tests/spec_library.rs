//! `spec/language/library.md` is generated from the comments of the library, and their examples are true. `UPDATE_GOLDEN=1` rewrites it.

use std::fmt::Write;

use aivi::{Ending, Output};
use aivi_tests::files::root;
use aivi_tests::library::{LibraryModule, library};
use aivi_tests::runs::Schedule;

const INTRODUCTION: &str = include_str!("../library_introduction.md");

/// Code in a cell of a table.
fn cell(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!("`{}`", code.replace('|', "\\|")) }
}

fn section(module: &LibraryModule) -> String {
    let mut text = format!("\n## {}\n\n", module.name);
    if !module.about.is_empty() {
        writeln!(text, "{}\n", module.about).expect("a String takes everything");
    }
    text.push_str("| | | | example |\n|---|---|---|---|\n");
    for item in &module.items {
        let (name, signature, example) = (cell(&item.name), cell(&item.signature), cell(&item.example));
        writeln!(text, "| {name} | {signature} | {} | {example} |", item.about.replace('|', "\\|"))
            .expect("a String takes everything");
    }
    text
}

#[test]
fn the_page_is_current() {
    let sections = library().iter().filter(|module| !module.items.is_empty()).map(section).collect::<String>();
    let page = format!("{INTRODUCTION}{sections}");
    let path = root().join("spec/language/library.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &page).expect("spec/ can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "spec/language/library.md is stale: run this test with UPDATE_GOLDEN=1");
}

/// Runs every example of a module that says what it equals.
fn check_examples(module: &LibraryModule) -> Result<usize, String> {
    let examples = module.items.iter().map(|item| item.example.as_str()).filter(|example| example.contains(" == "));
    let examples: Vec<&str> = examples.collect();
    if examples.is_empty() {
        return Ok(0);
    }
    let lines: String = examples.iter().map(|example| format!("println (toText ({example}))\n")).collect();
    let program = format!("module page\nuse {}\nmain = do Effect {{\n{lines}}}\n", module.name);
    let output = Output::buffer();
    let engine = Schedule::Seed(0).engine().stdout(output.clone()).build().map_err(|error| error.to_string())?;
    let script = engine.compile(&module.name, &program).map_err(|error| error.to_string())?;
    let ending = script.run_main();
    let printed = output.text();
    let wrong = examples.iter().zip(printed.lines()).find(|(_, line)| *line != "True");
    match (ending, wrong) {
        (Ending::Success, None) => Ok(examples.len()),
        (ending, wrong) => Err(format!("{}: {wrong:?} {ending:?}", module.name)),
    }
}

#[test]
fn examples_of_the_library_are_true() {
    let results: Vec<Result<usize, String>> = library().iter().map(check_examples).collect();
    let failed: Vec<&String> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    let count: usize = results.iter().flatten().sum();
    assert!(count > 100, "only {count} examples were found");
}
