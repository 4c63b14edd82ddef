//! In which order files are checked.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use aivi_compiler::parse::parse;
use aivi_compiler::syntax::ast::{self, ItemKind};
use aivi_compiler::syntax::{FileId, Interner};

/// Puts those first that no other uses: each brings the modules that it uses along, and those need no check of their
/// own.
pub fn users_first(files: Vec<PathBuf>) -> Vec<PathBuf> {
    let heads: Vec<Head> =
        aivi::on_compiler_stack(|| files.iter().map(|file| head(file)).collect()).unwrap_or_default();
    let used: HashSet<&String> = heads.iter().flat_map(|head| &head.uses).collect();
    let is_used = heads.iter().map(|head| used.contains(&head.module)).chain(std::iter::repeat(false));
    let (last, first): (Vec<_>, Vec<_>) = files.into_iter().zip(is_used).partition(|(_, is_used)| *is_used);
    first.into_iter().chain(last).map(|(file, _)| file).collect()
}

/// What a file says about modules.
#[derive(Default)]
struct Head {
    module: String,
    uses: Vec<String>,
}

/// Nothing for a file that cannot be read: that will be said when it is checked.
fn head(file: &Path) -> Head {
    let Ok(text) = aivi::read_source(file) else { return Head::default() };
    let mut interner = Interner::default();
    let file = parse(FileId(0), &text, &mut interner).file;
    let name = |path: &ast::Path| {
        path.segments.iter().map(|segment| interner.text(segment.symbol)).collect::<Vec<_>>().join(".")
    };
    let uses = file.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Use(used) => Some(name(&used.path)),
        _ => None,
    });
    Head { module: file.path.as_ref().map(name).unwrap_or_default(), uses: uses.collect() }
}
