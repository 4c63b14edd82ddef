//! The library as its own files tell it: each export with its signature and the comment above it. A comment is a sentence, and behind
//! three blanks, or on a line that begins with the name, an example.

use std::path::Path;

use crate::files::{list, read, root};

/// A module of the library.
#[derive(Debug)]
pub struct LibraryModule {
    /// `aivi.list`
    pub name: String,
    /// The comment above its header.
    pub about: String,
    /// What it exports, in the order of the file.
    pub items: Vec<Item>,
}

/// Something that a module exports.
#[derive(Debug)]
pub struct Item {
    /// `map`, or the head of a type.
    pub name: String,
    /// Its type, or what stands right of `=` for a type.
    pub signature: String,
    /// What it is.
    pub about: String,
    /// How it is used.
    pub example: String,
}

/// All modules, sorted by name.
#[must_use]
pub fn library() -> Vec<LibraryModule> {
    let mut modules: Vec<_> = list(&root().join("stdlib/aivi"), "aivi", true).iter().map(|path| module(path)).collect();
    modules.sort_by(|left, right| left.name.cmp(&right.name));
    modules
}

fn module(path: &Path) -> LibraryModule {
    let text = read(path);
    let mut found = LibraryModule { name: String::new(), about: String::new(), items: Vec::new() };
    let mut comment: Vec<&str> = Vec::new();
    let mut exports: Vec<&str> = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(words) = line.strip_prefix("//") {
            comment.push(words.trim());
            continue;
        }
        if let Some(name) = line.strip_prefix("module ") {
            found.name = name.to_owned();
            found.about = std::mem::take(&mut comment).join(" ");
        } else if let Some(names) = line.strip_prefix("export ") {
            exports.extend(names.split(", "));
        } else if line.starts_with(|c: char| c.is_alphabetic()) {
            let (head, signature) = line.split_once(" : ").or_else(|| line.split_once(" = ")).unwrap_or((line, ""));
            let name = head.split(' ').next().unwrap_or_default();
            let is_new = !found.items.iter().any(|item| item.name.split(' ').next() == Some(name));
            if exports.contains(&name) && is_new {
                let (about, example) = split(name, &comment);
                let mut signature = signature.to_owned();
                if signature == "{" {
                    let fields: Vec<&str> = lines.by_ref().take_while(|line| *line != "}").map(str::trim).collect();
                    signature = format!("{{ {} }}", fields.join(", "));
                }
                found.items.push(Item { name: head.to_owned(), signature, about, example });
            }
        }
        if !line.starts_with('@') {
            comment.clear();
        }
    }
    found
}

/// The sentence and the example of a comment.
fn split(name: &str, comment: &[&str]) -> (String, String) {
    let (mut about, mut example) = (Vec::new(), "");
    for line in comment {
        if !about.is_empty() && line.split(' ').next() == Some(name) {
            example = line;
        } else if let Some((words, code)) = line.split_once("   ") {
            about.push(words);
            example = code.trim();
        } else {
            about.push(line);
        }
    }
    (about.join(" "), example.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_hold_a_sentence_and_an_example() {
        let both = |about: &str, example: &str| (about.to_owned(), example.to_owned());
        assert_eq!(split("f", &["The next.    f 1 == 2"]), both("The next.", "f 1 == 2"));
        assert_eq!(split("f", &["Two", "lines.", "f 1 == 2"]), both("Two lines.", "f 1 == 2"));
    }
}
