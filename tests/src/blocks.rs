//! Fenced blocks of pages, and what a block of AIVI code says about itself behind its opening fence:
//!
//! | fence | the block |
//! |---|---|
//! | `aivi` | a module that is checked, and run if it has `main`; without a header: declarations that are checked |
//! | `aivi do` | statements of `main`, which are run |
//! | `aivi values` | lines `expression  // text form`; lines without a comment are statements before them |
//! | `aivi file a/b.aivi` | a file that stands beside the next program of the page |
//!
//! `in a.b` behind that imports one more module; statements and values may begin with imports of their own. Then how it
//! ends, when not with success: `error CODE`, `fault PART OF THE MESSAGE`, `failure ERROR`, `exit N`, or `warning CODE`
//! for a program that works all the same. A block `text output` right behind a program is exactly what it prints.

use std::path::{Path, PathBuf};

use crate::expect::End;
use crate::files::{list, read, root};

/// What a block holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Form {
    /// A module, or declarations of one.
    Module,
    /// Statements.
    Do,
    /// Expressions with their text forms.
    Values,
    /// A file for the next program.
    File(PathBuf),
}

/// A block of AIVI code.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Block {
    /// `page.md:line` of the opening fence.
    pub place: String,
    /// What it holds.
    pub form: Form,
    /// A module that it imports besides those of every block.
    pub module: Option<String>,
    /// How it must end.
    pub end: End,
    /// The only error that it may have, or a warning that it must have.
    pub code: Option<String>,
    /// The code.
    pub text: String,
    /// The block `text output` behind it.
    pub output: Option<String>,
}

/// A page: its name and its blocks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Path in the project.
    pub name: String,
    /// Its blocks of AIVI code, in order.
    pub blocks: Vec<Block>,
}

/// Every page that shows AIVI code to users.
///
/// # Panics
/// When a fence is not understood.
#[must_use]
pub fn pages() -> Vec<Page> {
    let spec = list(&root().join("spec"), "md", true);
    spec.into_iter().chain([root().join("README.md")]).map(|path| page(&path)).collect()
}

fn page(path: &Path) -> Page {
    let name = path.strip_prefix(root()).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let blocks = blocks(&name, &read(path)).unwrap_or_else(|wrong| panic!("{wrong}"));
    Page { name, blocks }
}

/// The blocks of AIVI code in a page.
///
/// # Errors
/// The first fence that is not understood.
pub fn blocks(page: &str, text: &str) -> Result<Vec<Block>, String> {
    let mut found: Vec<Block> = Vec::new();
    // The block that ended last, as long as only empty lines have followed.
    let mut previous = None;
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(fence) = line.strip_prefix("```") else {
            previous = previous.filter(|_| line.trim().is_empty());
            continue;
        };
        let body: Vec<&str> =
            lines.by_ref().map(|(_, line)| line).take_while(|line| !line.starts_with("```")).collect();
        let body = body.iter().map(|line| format!("{line}\n")).collect::<String>();
        let place = format!("{page}:{}", index + 1);
        if fence == "text output" {
            let owner: usize = previous.take().ok_or_else(|| format!("{place}: output without a program"))?;
            found[owner].output = Some(body);
        } else if let Some(words) = fence.strip_prefix("aivi") {
            found.push(block(place, words.trim(), body)?);
            previous = Some(found.len() - 1);
        }
    }
    Ok(found)
}

fn block(place: String, words: &str, text: String) -> Result<Block, String> {
    let wrong = || format!("{place}: not understood: aivi {words}");
    let (first, rest) = words.split_once(' ').unwrap_or((words, ""));
    let (form, rest) = match first {
        "do" => (Form::Do, rest),
        "values" => (Form::Values, rest),
        "file" => (Form::File(rest.into()), ""),
        _ => (Form::Module, words),
    };
    let (module, rest) = match rest.strip_prefix("in ").map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
        Some((module, rest)) => (Some(module.to_owned()), rest),
        None => (None, rest),
    };
    let mut code = None;
    let end = match rest.split_once(' ') {
        None if rest.is_empty() => End::Success,
        Some(("error", name)) => {
            code = Some(name.to_owned());
            End::Rejected
        }
        Some(("warning", name)) => {
            code = Some(name.to_owned());
            End::Success
        }
        Some(("fault", part)) => End::Fault(part.into()),
        Some(("failure", error)) => End::Failure(error.into()),
        Some(("exit", number)) => End::Exit(number.parse().map_err(|_| wrong())?),
        _ => return Err(wrong()),
    };
    Ok(Block { place, form, module, end, code, text, output: None })
}

/// What every wrapped block imports; names that are common in programs need their module's name.
const IMPORTS: &str = "\
module page
use aivi.concurrency
use aivi.console as console
use aivi.file as file
use aivi.math as math
use aivi.option as option
use aivi.result as result
use aivi.system as system
use aivi.text as text
";

impl Block {
    /// Whether the text is a whole module.
    #[must_use]
    pub fn has_header(&self) -> bool {
        self.text.lines().any(|line| line.starts_with("module "))
    }

    /// Whether something is run.
    #[must_use]
    pub fn has_main(&self) -> bool {
        self.form != Form::Module || self.text.lines().any(|line| line.starts_with("main ="))
    }

    /// The module that is compiled.
    #[must_use]
    pub fn program(&self) -> String {
        let module = self.module.iter().map(|module| format!("use {module}\n")).collect::<String>();
        // Statements and values may begin with imports of their own.
        let own = self.text.split_inclusive('\n').take_while(|line| line.starts_with("use ")).map(str::len).sum();
        let (own, text) = if self.form == Form::Module { ("", &*self.text) } else { self.text.split_at(own) };
        let imports = format!("{IMPORTS}{module}{own}\n");
        match self.form {
            Form::Module | Form::File(_) if self.has_header() => self.text.clone(),
            Form::Module | Form::File(_) => format!("{imports}{text}"),
            Form::Do => format!("{imports}main = do Effect {{\n{text}}}\n"),
            Form::Values => {
                let lines = text.lines().map(|line| match value_line(line) {
                    Some((expression, _)) => format!("println (toText ({expression}))\n"),
                    None => format!("{line}\n"),
                });
                format!("{imports}main = do Effect {{\n{}}}\n", lines.collect::<String>())
            }
        }
    }

    /// Everything that it must print, if the page says so.
    #[must_use]
    pub fn printed(&self) -> Option<String> {
        if self.form != Form::Values {
            return self.output.clone();
        }
        let forms = self.text.lines().filter_map(value_line).map(|(_, form)| format!("{form}\n"));
        Some(forms.collect())
    }
}

/// An expression and its text form.
fn value_line(line: &str) -> Option<(&str, &str)> {
    let (expression, form) = line.rsplit_once(" // ")?;
    Some((expression.trim(), form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fences_say_what_blocks_are() {
        let page = "```aivi do in a.b fault by zero\nx\n```\n\n```text output\n1\n```\n```rust\n```\n```aivi values\n1 + 1  // 2\n```\n";
        let found = blocks("p", page).expect("understood");
        assert_eq!(found.len(), 2);
        assert_eq!((&found[0].form, &found[0].end), (&Form::Do, &End::Fault("by zero".into())));
        assert!(found[0].program().contains("\nuse a.b\n"));
        assert_eq!((found[0].place.as_str(), found[0].output.as_deref()), ("p:1", Some("1\n")));
        assert_eq!(found[1].printed().as_deref(), Some("2\n"));
        assert!(found[1].program().contains("println (toText (1 + 1))\n"));
        assert!(blocks("p", "```aivi dont\n```\n").is_err());
        assert!(blocks("p", "```aivi\n```\nsay\n```text output\n```\n").is_err());
    }
}
