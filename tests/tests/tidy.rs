//! Rules of the project that a program can check.

use std::collections::BTreeSet;
use std::path::Path;

use aivi_tests::files::{list, read, root};

/// Which of our crates each of our crates may import. `bench` and `tests` may import any.
const IMPORTS: &[(&str, &[&str])] = &[
    ("vm/bytecode", &[]),
    ("scheduler", &[]),
    ("compiler", &["aivi-bytecode"]),
    ("vm", &["aivi-bytecode", "aivi-scheduler"]),
    ("stdlib", &["aivi-vm", "aivi-scheduler"]),
    ("aivi/derive", &[]),
    ("aivi", &["aivi-derive", "aivi-compiler", "aivi-bytecode", "aivi-vm", "aivi-stdlib", "aivi-scheduler"]),
    ("aivi/c", &["aivi"]),
    ("examples/hosts/game-loop", &["aivi"]),
    ("examples/hosts/plugins", &["aivi"]),
    ("examples/hosts/service", &["aivi"]),
    ("cli", &["aivi", "aivi-compiler", "aivi-bytecode"]),
];

/// Crates without unsafe code.
const SAFE: &[&str] = &["vm/bytecode", "compiler", "stdlib", "aivi", "cli", "bench", "tests"];

/// Files that may hold unsafe code, one a line; each says in its module docs what makes it sound.
const UNSAFE: &str = include_str!("../unsafe.txt");

const LINES_MAX: usize = 800;
const COLUMNS_MAX: usize = 120;

fn path_of(file: &Path) -> String {
    file.strip_prefix(root()).unwrap_or(file).to_string_lossy().replace('\\', "/")
}

fn report(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}

/// Names of the dependencies in `[dependencies]` and `[target…dependencies]` of a manifest; those for tests are free.
fn dependencies(manifest: &str) -> Vec<&str> {
    let mut inside = false;
    let mut names = Vec::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            inside = section.trim_end_matches(']').ends_with("dependencies") && !section.contains("dev-");
        } else if inside && let Some(end) = line.find([' ', '.', '=']) {
            names.push(&line[..end]);
        }
    }
    names
}

#[test]
fn crates_import_only_what_the_design_allows() {
    let workspace = read(&root().join("Cargo.toml"));
    let mut wrong = Vec::new();
    for (folder, allowed) in IMPORTS {
        assert!(workspace.contains(&format!("\"{folder}\"")), "{folder} is no member of the workspace");
        let manifest = read(&root().join(folder).join("Cargo.toml"));
        for name in dependencies(&manifest) {
            if (name == "aivi" || name.starts_with("aivi-")) && !allowed.contains(&name) {
                wrong.push(format!("{folder} imports {name}"));
            }
        }
    }
    report("crate edges that the design does not have", &wrong);
}

#[test]
fn every_dependency_is_explained() {
    let architecture = read(&root().join("ARCHITECTURE.md"));
    let mut missing = BTreeSet::new();
    for folder in IMPORTS.iter().map(|&(folder, _)| folder).chain(["bench", "tests"]) {
        let manifest = read(&root().join(folder).join("Cargo.toml"));
        let development = manifest.split_once("[dev-dependencies]").map_or("", |(_, rest)| rest);
        let extra = dependencies_of_section(development);
        for name in dependencies(&manifest).into_iter().chain(extra) {
            if name != "aivi" && !name.starts_with("aivi-") && !architecture.contains(&format!("`{name}`")) {
                missing.insert(name.to_owned());
            }
        }
    }
    report("dependencies without a line in ARCHITECTURE.md", &missing.into_iter().collect::<Vec<_>>());
}

fn dependencies_of_section(text: &str) -> Vec<&str> {
    let section = text.split("\n[").next().unwrap_or_default();
    section.lines().filter_map(|line| line.find([' ', '.', '=']).map(|end| &line[..end])).collect()
}

#[test]
fn unsafe_code_stands_only_in_listed_files() {
    let mut wrong = Vec::new();
    for file in list(root(), "rs", true) {
        let path = path_of(&file);
        let has = read(&file)
            .lines()
            .any(|line| code_of(line).split(|c: char| !c.is_alphanumeric() && c != '_').any(|w| w == "unsafe"));
        match (has, UNSAFE.lines().any(|listed| listed == path)) {
            (true, false) => wrong.push(format!("{path} holds unsafe code and is not listed")),
            (false, true) => wrong.push(format!("{path} is listed and holds no unsafe code")),
            _ => {}
        }
    }
    for listed in UNSAFE.lines() {
        if !root().join(listed).is_file() {
            wrong.push(format!("{listed} is listed and does not exist"));
        }
    }
    for folder in SAFE {
        for entry in ["src/lib.rs", "src/main.rs"].map(|name| root().join(folder).join(name)) {
            if entry.is_file() && !read(&entry).contains("#![forbid(unsafe_code)]") {
                wrong.push(format!("{} does not forbid unsafe code", path_of(&entry)));
            }
        }
    }
    assert!(UNSAFE.lines().is_sorted(), "tests/unsafe.txt is not sorted");
    report("unsafe code", &wrong);
}

/// A line without its comment and without the texts in it.
fn code_of(line: &str) -> String {
    let mut code = String::new();
    let mut in_text = false;
    let mut escaped = false;
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if in_text => escaped = !escaped,
            '"' if !escaped => in_text = !in_text,
            '/' if !in_text && letters.peek() == Some(&'/') => break,
            _ if !in_text => code.push(letter),
            _ => {}
        }
        if letter != '\\' {
            escaped = false;
        }
    }
    code
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for file in list(root(), "rs", true).into_iter().chain(list(root(), "aivi", true)) {
        let lines = read(&file).lines().count();
        if lines > LINES_MAX {
            long.push(format!("{}: {lines} lines", path_of(&file)));
        }
    }
    let architecture = read(&root().join("ARCHITECTURE.md")).lines().count();
    if architecture > 250 {
        long.push(format!("ARCHITECTURE.md: {architecture} lines"));
    }
    report("files that are too long", &long);
}

/// As `max_width` says of the code, which the formatter sees to. Tables and code in comments may be wider.
#[test]
fn comments_are_as_wide_as_code() {
    let mut wide = Vec::new();
    for file in list(root(), "rs", true) {
        let mut is_code = false;
        for (number, line) in read(&file).lines().enumerate() {
            let Some(comment) = line.trim_start().strip_prefix("//") else { continue };
            let text = comment.trim_start_matches(['/', '!']).trim_start();
            is_code ^= text.starts_with("```");
            if !is_code && !text.starts_with('|') && line.chars().count() > COLUMNS_MAX {
                wide.push(format!("{}:{}", path_of(&file), number + 1));
            }
        }
    }
    report("comments that are too wide", &wide);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together here, so that this file does not find itself.
    let marks = [
        ["to", "do!("],
        ["unimplemen", "ted!("],
        ["FIX", "ME"],
        ["XX", "X"],
        ["TO", "DO"],
        ["#[ign", "ore"],
        ["dbg", "!("],
    ];
    let marks = marks.map(|[left, right]| format!("{left}{right}"));
    let mut found = Vec::new();
    let files = ["rs", "aivi", "md", "toml"].map(|extension| list(root(), extension, true));
    for file in files.concat() {
        for (number, line) in read(&file).lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(mark.as_str())) {
                found.push(format!("{}:{}: {mark}", path_of(&file), number + 1));
            }
        }
    }
    report("stubs", &found);
}

#[test]
fn every_module_says_what_it_is_for() {
    let mut silent = Vec::new();
    for file in list(root(), "rs", true) {
        let text = read(&file);
        let path = path_of(&file);
        let is_test = path.ends_with("tests.rs") || path.contains("/tests/") || path.contains("/benches/");
        if !is_test && !text.starts_with("//!") {
            silent.push(path);
        }
    }
    report("files without module docs", &silent);
}

#[test]
fn the_helpers_see_code_and_dependencies() {
    assert_eq!(code_of(r#"let a = "text // \" {"; b // comment"#), "let a = ; b ");
    let manifest =
        "[package]\nname = \"x\"\n[dependencies]\na.workspace = true\nb = \"1\"\n[dev-dependencies]\nc = \"1\"\n";
    assert_eq!(dependencies(manifest), ["a", "b"]);
    assert_eq!(dependencies_of_section("\nc = \"1\"\n[features]\nd = []\n"), ["c"]);
}
