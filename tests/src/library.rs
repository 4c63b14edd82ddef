//! The library as its own files tell it: each export with its signature and the comment above it.
//!
//! A comment is prose, then an empty line, then an example, indented by four blanks. An example is either lines
//! `expression  // text form`, or statements; behind these, `> text` is a line of the output, and `! failure ERROR`,
//! `! fault MESSAGE` or `! exit N` how they end:
//!
//! ```text
//! // The first elements, so many at most. O(log n).
//! //
//! //     take 2 [1, 2, 3]  // [1, 2]
//! ```

use std::iter::Peekable;
use std::path::Path;

use crate::files::{list, read, root};

/// A module of the library.
#[derive(Debug)]
pub struct LibraryModule {
    /// `aivi.list`
    pub name: String,
    /// The comment above its header, a paragraph each.
    pub about: Vec<String>,
    /// What it defines and exports, in the order of the file.
    pub items: Vec<Item>,
    /// What it exports from other modules: their names, and how they are called there.
    pub borrowed: Vec<Borrowed>,
    /// Exports that the file neither defines nor imports by name.
    pub lost: Vec<String>,
}

/// Something that a module exports from another one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Borrowed {
    /// `each`
    pub name: String,
    /// `aivi.list`
    pub module: String,
    /// `map`
    pub original: String,
}

/// Something that a module defines and exports.
#[derive(Debug)]
pub struct Item {
    /// `map`, or the head of a type.
    pub name: String,
    /// Its type, or what stands right of `=` for a type.
    pub signature: String,
    /// What it is, a paragraph each.
    pub about: Vec<String>,
    /// How it is used.
    pub example: Example,
}

/// The example of an item.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Example {
    /// Its lines, without those of the output and the ending.
    pub code: Vec<String>,
    /// What statements print.
    pub output: Vec<String>,
    /// How statements end: `fault by zero`; empty for success.
    pub ending: String,
}

impl Example {
    /// Whether it is statements that are run, and not expressions with their text forms.
    #[must_use]
    pub fn is_run(&self) -> bool {
        !self.output.is_empty() || !self.ending.is_empty()
    }
}

impl Item {
    /// The name without parameters of a type or the word `domain`.
    #[must_use]
    pub fn key(&self) -> &str {
        let name = self.name.strip_prefix("domain ").unwrap_or(&self.name);
        name.split(' ').next().unwrap_or_default()
    }

    /// Whether it is a type or domain.
    #[must_use]
    pub fn is_type(&self) -> bool {
        self.key().starts_with(char::is_uppercase)
    }
}

/// Types that the compiler itself defines, and modules pass on.
const BUILT_IN: [&str; 6] = ["List", "Map", "Set", "Queue", "Deque", "Heap"];

/// All modules, sorted by name.
#[must_use]
pub fn library() -> Vec<LibraryModule> {
    let mut modules: Vec<_> = list(&root().join("stdlib/aivi"), "aivi", true).iter().map(|path| module(path)).collect();
    modules.sort_by(|left, right| left.name.cmp(&right.name));
    modules
}

fn module(path: &Path) -> LibraryModule {
    let text = read(path);
    let empty = String::new();
    let mut found =
        LibraryModule { name: empty, about: Vec::new(), items: Vec::new(), borrowed: Vec::new(), lost: Vec::new() };
    let mut imports: Vec<Borrowed> = Vec::new();
    let mut comment: Vec<&str> = Vec::new();
    let mut exports: Vec<String> = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some(words) = line.strip_prefix("//") {
            comment.push(words.strip_prefix(' ').unwrap_or(words));
            continue;
        }
        let line = logical(line, &mut lines);
        if let Some(name) = line.strip_prefix("module ") {
            found.name = name.to_owned();
            found.about = split(&comment).0;
        } else if let Some(names) = line.strip_prefix("export ") {
            exports.extend(names.split(", ").map(str::to_owned));
        } else if let Some(rest) = line.strip_prefix("use ") {
            imports.extend(imported(rest));
        } else if let Some((head, signature)) = hidden(&line).or_else(|| definition(&line)) {
            let mut item = Item { name: head.to_owned(), signature: signature.to_owned(), ..explained(&comment) };
            let key = if item.name.starts_with("domain ") { item.name.as_str() } else { item.key() };
            if exports.iter().any(|name| name == key) && !found.items.iter().any(|other| other.key() == item.key()) {
                let more = std::iter::from_fn(|| lines.next_if(|line| line.starts_with([' ', '}'])));
                complete(&mut item, more);
                found.items.push(item);
            }
        }
        if !line.starts_with('@') {
            comment.clear();
        }
    }
    for name in exports {
        let is_own = |item: &Item| item.key() == name || item.name == name;
        match imports.iter().find(|import| import.name == name) {
            _ if found.items.iter().any(is_own) => {}
            Some(import) => found.borrowed.push(import.clone()),
            None if BUILT_IN.contains(&&*name) => {}
            None => found.lost.push(name),
        }
    }
    found
}

/// A line together with those that it goes on in: names of a list, arrows of a signature.
fn logical<'a>(first: &'a str, lines: &mut Peekable<impl Iterator<Item = &'a str>>) -> String {
    let is_list = first.starts_with("export ") || first.starts_with("use ");
    let goes_on = |next: &&str| next.starts_with("  -> ") || (is_list && (next.starts_with(' ') || *next == ")"));
    let mut line = first.to_owned();
    while let Some(next) = lines.next_if(goes_on) {
        let gap = if line.ends_with('(') || next == ")" { "" } else { " " };
        line = format!("{line}{gap}{}", next.trim());
    }
    line
}

/// The head of a type whose right side is the module's own business.
fn hidden(line: &str) -> Option<(&str, &str)> {
    Some((line.strip_prefix("opaque ")?.split_once(" =")?.0, ""))
}

/// Head and signature of the line that begins a definition.
fn definition(line: &str) -> Option<(&str, &str)> {
    if let Some(domain) = line.strip_suffix(" = {").filter(|line| line.starts_with("domain ")) {
        let (name, carrier) = domain.split_once(" over ")?;
        return Some((name, carrier));
    }
    let split = line
        .split_once(" : ")
        .or_else(|| line.split_once(" = "))
        .or_else(|| line.strip_suffix(" =").map(|head| (head, "")));
    line.starts_with(char::is_alphabetic).then(|| split.unwrap_or((line, "")))
}

/// Adds what follows a definition's first line: the fields of a record type, or constructors.
fn complete<'a>(item: &mut Item, lines: impl Iterator<Item = &'a str>) {
    if item.name.starts_with("domain ") || !(item.signature.is_empty() || item.signature.ends_with('{')) {
        return;
    }
    let parts: Vec<&str> =
        lines.take_while(|line| *line != "}").map(|line| line.trim().trim_end_matches(',')).collect();
    if item.signature.ends_with('{') {
        item.signature = format!("{} {} }}", item.signature, parts.join(", "));
    } else if item.is_type() {
        item.signature = parts.join(" ");
    }
}

/// What `m (a, b as c)` imports.
fn imported(rest: &str) -> Vec<Borrowed> {
    let Some((module, names)) = rest.trim_end_matches(')').split_once(" (") else { return Vec::new() };
    let names = names.split(", ").map(|name| name.split_once(" as ").unwrap_or((name, name)));
    let import = |(original, name): (&str, &str)| Borrowed {
        name: name.to_owned(),
        module: module.to_owned(),
        original: original.to_owned(),
    };
    names.map(import).collect()
}

fn explained(comment: &[&str]) -> Item {
    let (about, example) = split(comment);
    Item { name: String::new(), signature: String::new(), about, example }
}

/// The paragraphs and the example of a comment.
fn split(comment: &[&str]) -> (Vec<String>, Example) {
    let (mut about, mut example) = (vec![String::new()], Example::default());
    for line in comment {
        if let Some(code) = line.strip_prefix("    ") {
            if let Some(output) = code.strip_prefix("> ").or_else(|| (code == ">").then_some("")) {
                example.output.push(output.to_owned());
            } else if let Some(ending) = code.strip_prefix("! ") {
                ending.clone_into(&mut example.ending);
            } else {
                example.code.push(code.to_owned());
            }
        } else if line.is_empty() {
            about.push(String::new());
        } else if let Some(paragraph) = about.last_mut() {
            let gap = if paragraph.is_empty() { "" } else { " " };
            *paragraph = format!("{paragraph}{gap}{line}");
        }
    }
    about.retain(|paragraph| !paragraph.is_empty());
    (about, example)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_hold_paragraphs_and_an_example() {
        let (about, example) = split(&["One", "line.", "", "Two.", "", "    f 1  // 2", "    f 2  // 3"]);
        assert_eq!(about, ["One line.", "Two."]);
        assert_eq!(example.code, ["f 1  // 2", "f 2  // 3"]);
        assert!(!example.is_run());
        let (_, example) = split(&["", "    println \"a\"", "    > a", "    >", "    ! exit 3"]);
        assert_eq!((example.output, example.ending.as_str()), (vec!["a".to_owned(), String::new()], "exit 3"));
    }

    #[test]
    fn lines_that_are_too_long_go_on() {
        let mut lines = ["  c", ")", "x = 1"].into_iter().peekable();
        assert_eq!(logical("use m (", &mut lines), "use m (c)");
        assert_eq!(logical(lines.next().expect("one is left"), &mut lines), "x = 1");
        let mut lines = ["  -> B", "  -> C"].into_iter().peekable();
        assert_eq!(logical("f : A", &mut lines), "f : A -> B -> C");
    }

    #[test]
    fn definitions_have_a_head_and_a_signature() {
        assert_eq!(definition("map : A -> B"), Some(("map", "A -> B")));
        assert_eq!(definition("Sender A"), Some(("Sender A", "")));
        assert_eq!(definition("Json ="), Some(("Json", "")));
        assert_eq!(hidden("opaque Lock A = Lock { free: A }"), Some(("Lock A", "")));
        assert_eq!(definition("domain Duration over Span = {"), Some(("domain Duration", "Span")));
        assert_eq!(definition("  x = 1"), None);
        let import = Borrowed { name: "each".into(), module: "aivi.list".into(), original: "map".into() };
        assert_eq!(imported("aivi.list (map as each)"), [import]);
    }
}
