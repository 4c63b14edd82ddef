//! Blocks of AIVI code in `spec/` and the README are laid out as `aivi fmt` does it, so that readers see one style.
//! `UPDATE_GOLDEN=1` lays them out; review reads the difference.

use std::fs;

use aivi_compiler::format::format;
use aivi_tests::blocks::{Block, Form, pages};
use aivi_tests::expect::End;
use aivi_tests::files::root;

/// They show what layout means, and so what nobody should write.
const SHOWS_LAYOUT: &[&str] = &["spec/language/layout.md", "spec/language/lexis.md"];

/// The block as it should be; `None` where it is not the formatter's: errors, and values with their text forms beside
/// them.
fn laid_out(block: &Block) -> Option<String> {
    let (before, after, indent) = match block.form {
        Form::Module | Form::File(_) if block.has_header() => ("", "", ""),
        Form::Module | Form::File(_) => ("module page\n\n", "", ""),
        Form::Do => ("module page\n\nmain = do Effect {\n", "}\n", "  "),
        Form::Values => return None,
    };
    if block.end == End::Rejected {
        return None;
    }
    let result = format(&format!("{before}{}{after}", block.text)).ok()?;
    let inside = result.strip_prefix(before)?.strip_suffix(after)?;
    Some(inside.lines().map(|line| format!("{}\n", line.strip_prefix(indent).unwrap_or(line))).collect())
}

/// The page with the text of a block replaced.
fn replace(page: &str, block: &Block, text: &str) -> String {
    let fence: usize = block.place.rsplit(':').next().and_then(|line| line.parse().ok()).expect("a line");
    let lines: Vec<&str> = page.lines().collect();
    let (before, rest) = lines.split_at(fence);
    let behind = &rest[block.text.lines().count()..];
    let join = |lines: &[&str]| lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    format!("{}{text}{}", join(before), join(behind))
}

#[test]
fn blocks_are_laid_out() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for page in pages().into_iter().filter(|page| !SHOWS_LAYOUT.contains(&page.name.as_str())) {
        // From the last one on, so that the places of the others stay.
        for block in page.blocks.iter().rev() {
            let Some(text) = laid_out(block) else { continue };
            count += 1;
            if text == block.text {
                continue;
            }
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                let path = root().join(&page.name);
                let before = fs::read_to_string(&path).expect("the page can be read");
                fs::write(&path, replace(&before, block, &text)).expect("the page can be written");
            } else {
                wrong.push(format!("{}: expected\n{text}", block.place));
            }
        }
    }
    assert!(count > 100, "only {count} blocks");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
