//! Names that are unknown where they stand, but that a module of the library has: the report says which one to import.
//!
//! Looking into all modules takes time, so it is done once, at the end, and only when something is unknown.

use super::load::Load;
use super::scope::NAMESPACES;
use super::tables::Tables;
use crate::diagnostic::{Code, Diagnostic};
use crate::parse;
use crate::syntax::{FileId, Interner, Span, ast};

/// More modules than this that have the name are no help.
const MODULES_MAX: usize = 3;

/// Adds to reports of unknown names where to find them.
pub(crate) fn help(tables: &mut Tables, load: &Load<'_>) {
    let unknown = std::mem::take(&mut tables.unknown);
    let qualifiers = std::mem::take(&mut tables.unknown_qualifiers);
    if unknown.is_empty() && qualifiers.is_empty() {
        return;
    }
    let modules: Vec<(String, Vec<String>)> = load.library().map(|(path, text)| (path, exports(&text))).collect();
    for (name, span) in unknown {
        let found = where_to_find(&modules, tables.text(name));
        found.into_iter().for_each(|help| put(tables, span, help));
    }
    for (name, span) in qualifiers {
        let found = module_called(&modules, tables.text(name));
        found.into_iter().for_each(|help| put(tables, span, help));
    }
}

/// In place of what the report suggests so far.
fn put(tables: &mut Tables, span: Span, help: String) {
    let is_it = |report: &&mut Diagnostic| report.span == span && matches!(report.code, Code::E3000 | Code::E3001);
    if let Some(report) = tables.diagnostics.iter_mut().find(is_it) {
        report.helps = vec![help];
    }
}

/// What stands in front of a dot is the last part of a module's path, whatever letter it begins with.
fn module_called(modules: &[(String, Vec<String>)], name: &str) -> Option<String> {
    let is_called = |path: &&str| path.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(name));
    let path = modules.iter().map(|(path, _)| path.as_str()).find(is_called)?;
    Some(format!("`{path}` is a module: add `use {path} as {name}`"))
}

fn where_to_find(modules: &[(String, Vec<String>)], name: &str) -> Option<String> {
    let having: Vec<&str> =
        modules.iter().filter(|(_, names)| names.iter().any(|it| it == name)).map(|(path, _)| path.as_str()).collect();
    let shown = |path: &str| match NAMESPACES.iter().find(|(_, module)| *module == path) {
        Some((namespace, _)) => format!("`{namespace}.{name}`"),
        None => format!("`use {path} ({name})`"),
    };
    match &having[..] {
        [] => {
            let path = format!("aivi.{name}");
            modules.iter().any(|(module, _)| *module == path).then(|| format!("`{path}` is a module: add `use {path}`"))
        }
        [path] if NAMESPACES.iter().any(|(_, module)| module == path) => {
            Some(format!("`{path}` has it: write {}", shown(path)))
        }
        [path] => Some(format!("`{path}` has it: add {}", shown(path))),
        several if several.len() <= MODULES_MAX => {
            let shown: Vec<String> = several.iter().map(|path| shown(path)).collect();
            Some(format!("did you mean that of {}?", shown.join(" or ")))
        }
        _ => None,
    }
}

/// The names that a module exports by name.
fn exports(text: &str) -> Vec<String> {
    let mut interner = Interner::default();
    let file = parse::parse(FileId(0), text, &mut interner).file;
    let names = file.items.iter().flat_map(|item| match &item.kind {
        ast::ItemKind::Export(items) => items.iter().filter(|item| !item.domain).map(|item| item.name.symbol).collect(),
        ast::ItemKind::Type(decl) if item.exported => vec![decl.name.symbol],
        ast::ItemKind::Signature(signature) if item.exported => vec![signature.name.symbol],
        _ => Vec::new(),
    });
    names.map(|symbol| interner.text(symbol).to_owned()).collect()
}
