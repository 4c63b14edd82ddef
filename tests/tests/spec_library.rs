//! The pages of the library, `spec/language/library.md` and `spec/language/library/`, are generated from the comments
//! in `stdlib/aivi/`, which explain and show every public name. `UPDATE_GOLDEN=1` rewrites them; `spec_blocks` runs the
//! examples.

use std::fmt::Write;
use std::fs;
use std::path::PathBuf;

use aivi_tests::files::{list, root};
use aivi_tests::library::{Borrowed, Item, LibraryModule, library};

const INTRODUCTION: &str = include_str!("../library_introduction.md");

/// What the heading of an item is linked by: lower case, with a number when an earlier heading is the same then.
fn anchor(module: &LibraryModule, name: &str) -> String {
    let plain = |item: &Item| item.name.to_lowercase().replace(' ', "-");
    let Some(place) = module.items.iter().position(|item| item.name == name) else { return String::new() };
    let own = plain(&module.items[place]);
    match module.items[..place].iter().filter(|item| plain(item) == own).count() {
        0 => own,
        earlier => format!("{own}-{earlier}"),
    }
}

/// Code in a cell of a table.
fn cell(code: &str) -> String {
    if code.is_empty() { String::new() } else { format!("`{}`", code.replace('|', "\\|")) }
}

/// The first sentence of a text.
fn summary(about: &[String]) -> String {
    let first = about.first().map_or("", String::as_str);
    let end = [". ", "? "].iter().filter_map(|end| first.find(end)).min().map_or(first.len(), |end| end + 1);
    first[..end].trim_end_matches('.').replace('|', "\\|")
}

fn borrowed(names: &[Borrowed]) -> String {
    let link = |one: &Borrowed| {
        format!("[`{}`]({}.md#{})", one.name, one.module, one.original.to_lowercase().replace(' ', "-"))
    };
    names.iter().map(link).collect::<Vec<_>>().join(", ")
}

fn entry(module: &str, item: &Item) -> String {
    let mut text = format!("\n## {}\n\n", item.name);
    let said = if item.is_type() && !item.name.starts_with("domain ") { " = " } else { " : " };
    let said = if item.name.starts_with("domain ") { " over " } else { said };
    let signature = if item.signature.is_empty() { "" } else { said };
    write!(text, "`{}{signature}{}`\n\n{}\n", item.name, item.signature, item.about.join("\n\n")).expect("it grows");
    let example = &item.example;
    let ending = if example.ending.is_empty() { String::new() } else { format!(" {}", example.ending) };
    let form = if example.is_run() { "do" } else { "values" };
    write!(text, "\n```aivi {form} in {module}{ending}\n{}\n```\n", example.code.join("\n")).expect("it grows");
    if !example.output.is_empty() {
        write!(text, "```text output\n{}\n```\n", example.output.join("\n")).expect("it grows");
    }
    text
}

fn page(module: &LibraryModule) -> String {
    let mut text = format!("# {}\n\n{}\n", module.name, module.about.join("\n\n"));
    if !module.borrowed.is_empty() {
        write!(text, "\nAlso exports {}.\n", borrowed(&module.borrowed)).expect("it grows");
    }
    if !module.items.is_empty() {
        text.push_str("\n| name | type | |\n|---|---|---|\n");
    }
    for item in &module.items {
        let (name, signature) = (cell(&item.name), cell(&item.signature));
        let about = summary(&item.about);
        writeln!(text, "| [{name}](#{}) | {signature} | {about} |", anchor(module, &item.name)).expect("it grows");
    }
    text + &module.items.iter().map(|item| entry(&module.name, item)).collect::<String>()
}

/// The line of a module in the list of all.
fn section(module: &LibraryModule) -> String {
    let page = format!("library/{}.md", module.name);
    let link = |item: &Item| format!("[`{}`]({page}#{})", item.key(), anchor(module, &item.name));
    let mut names: Vec<String> = module.items.iter().map(link).collect();
    names.extend(module.borrowed.iter().map(|one| format!("`{}`", one.name)));
    format!("\n### [{}]({page})\n\n{}.\n\n{}\n", module.name, summary(&module.about), names.join(", "))
}

/// All pages and what they should be.
fn pages() -> Vec<(PathBuf, String)> {
    let modules = library();
    let folder = root().join("spec/language");
    let index = format!("{INTRODUCTION}\n## Modules\n{}", modules.iter().map(section).collect::<String>());
    let page_of = |module: &LibraryModule| (folder.join(format!("library/{}.md", module.name)), page(module));
    std::iter::once((folder.join("library.md"), index)).chain(modules.iter().map(page_of)).collect()
}

#[test]
fn the_pages_are_current() {
    let pages = pages();
    let folder = root().join("spec/language/library");
    let found = list(&folder, "md", false);
    let stale: Vec<&PathBuf> = found.iter().filter(|file| !pages.iter().any(|(path, _)| path == *file)).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        for (path, text) in &pages {
            fs::write(path, text).expect("spec/ can be written");
        }
        for path in stale {
            fs::remove_file(path).expect("spec/ can be written");
        }
        return;
    }
    assert!(stale.is_empty(), "pages of no module: {stale:?}; run this test with UPDATE_GOLDEN=1");
    for (path, text) in &pages {
        let found = fs::read_to_string(path).unwrap_or_default();
        assert!(found == *text, "{} is stale: run this test with UPDATE_GOLDEN=1", path.display());
    }
}

/// Whether running it does something.
fn is_effect(item: &Item) -> bool {
    let result = item.signature.rsplit("-> ").next().unwrap_or_default();
    !item.is_type() && ["Effect ", "Resource "].iter().any(|word| result.starts_with(word))
}

/// What the comment of an item lacks.
fn missing(module: &LibraryModule, item: &Item) -> Vec<&'static str> {
    let says = |word: &str| module.about.iter().chain(&item.about).any(|paragraph| paragraph.contains(word));
    let has_values = item.example.code.iter().any(|line| line.contains(" // "));
    [
        (item.about.last().is_some_and(|about| about.ends_with(['.', '?'])), "a sentence that says what it is"),
        (!item.example.code.is_empty(), "an example"),
        (
            item.example.is_run() || !is_effect(item),
            "what its example prints (`> text`) or how it ends (`! failure …`)",
        ),
        (item.example.is_run() || has_values, "what its example gives (`f 1  // 2`)"),
        (item.is_type() || is_effect(item) || says("O("), "its cost, O(…), if the module does not say it for all"),
        (!item.signature.is_empty() || item.is_type(), "a signature"),
    ]
    .into_iter()
    .filter_map(|(is_there, what)| (!is_there).then_some(what))
    .collect()
}

#[test]
fn every_public_name_is_explained_and_shown() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for module in library() {
        if module.about.is_empty() {
            wrong.push(format!("{}: no comment above the header", module.name));
        }
        wrong.extend(module.lost.iter().map(|name| format!("{}: {name} is exported from nowhere", module.name)));
        for item in &module.items {
            let lacks = missing(&module, item);
            wrong.extend(lacks.iter().map(|what| format!("{}: {} lacks {what}", module.name, item.key())));
        }
        count += module.items.len();
    }
    assert!(wrong.is_empty(), "{} of {count} names:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 250, "only {count} names were found");
}
