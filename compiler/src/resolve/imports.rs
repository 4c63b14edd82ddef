//! What `use` brings into a module.

use super::load::UsePath;
use super::suggest::nearest;
use super::tables::{DomainId, ModuleId, Tables, TypeName, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::hash::{IdMap, IdSet};
use crate::syntax::{Span, Symbol, ast};

/// The imports of a module. An *entry* is what W2100 speaks about: a whole `use`, or one name of a selective one.
#[derive(Default)]
pub struct Imports {
    /// All entries in source order.
    pub entries: Vec<Entry>,
    /// Values imported by name.
    pub values: IdMap<Symbol, (Value, usize)>,
    /// Types imported by name.
    pub types: IdMap<Symbol, (TypeName, usize)>,
    /// Whole modules, in order; the prelude is the first.
    pub wildcards: Vec<Wildcard>,
    /// Modules by the name that qualifies their exports. Empty when the module could not be loaded.
    pub qualifiers: IdMap<Symbol, Vec<(ModuleId, usize)>>,
    /// Active domains of other modules.
    pub domains: Vec<(DomainId, usize)>,
    /// Names that would be known without an earlier mistake.
    pub lost: IdSet<Symbol>,
    /// A type could not be imported: any constructor may be its.
    pub lost_constructors: bool,
    /// A whole module could not be loaded: any name may be its.
    pub lost_all: bool,
}

/// Something that was imported.
pub struct Entry {
    /// Where it stands.
    pub span: Span,
    /// Its name, for the warning.
    pub name: Symbol,
    /// It was needed, or its non-use was reported in another way, or is not to be reported.
    pub used: bool,
}

/// A `use` of everything.
pub struct Wildcard {
    /// The module.
    pub module: ModuleId,
    /// Names that are hidden.
    pub hidden: IdSet<Symbol>,
    /// Its entry.
    pub entry: usize,
    /// The implicit prelude, which others may shadow silently.
    pub implicit: bool,
}

/// Modules whose names are at hand anyway, or nearly so. To use one says which vocabulary the program is written in,
/// and is never superfluous.
const VOCABULARIES: [&str; 3] = ["aivi", "aivi.prelude", "aivi.collections"];

/// Reads the `use` items of `file`, a module whose own names are not known yet.
pub fn collect(tables: &mut Tables, file: &ast::File, uses: &[(UsePath, Option<ModuleId>)]) -> Imports {
    let mut imports = Imports::default();
    for (used, module) in uses {
        match used.item {
            None => prelude(tables, &mut imports, used.path, *module),
            Some(item) => {
                if let ast::ItemKind::Use(item) = &file.items[item as usize].kind {
                    let first = imports.entries.len();
                    one(tables, &mut imports, item, used.path, *module);
                    if VOCABULARIES.contains(&tables.text(used.path)) {
                        imports.entries[first..].iter_mut().for_each(|entry| entry.used = true);
                    }
                }
            }
        }
    }
    report_redundant(tables, &mut imports, file, uses);
    imports
}

fn prelude(tables: &Tables, imports: &mut Imports, path: Symbol, module: Option<ModuleId>) {
    let Some(module) = module else { return };
    let entry = imports.entry(Span::default(), path);
    imports.entries[entry].used = true;
    imports.wildcards.push(Wildcard { module, hidden: IdSet::default(), entry, implicit: true });
    imports.domains.extend(tables.module(module).exports.domains.values().map(|domain| (*domain, entry)));
}

fn one(tables: &mut Tables, imports: &mut Imports, used: &ast::Use, path: Symbol, module: Option<ModuleId>) {
    let last = used.path.segments[used.path.segments.len() - 1].symbol;
    match &used.what {
        ast::UseKind::As(name) => {
            let entry = imports.entry(used.path.span, path);
            imports.qualify(name.symbol, module, entry);
        }
        ast::UseKind::All => {
            let entry = imports.entry(used.path.span, path);
            imports.qualify(last, module, entry);
            imports.everything(tables, module, entry, IdSet::default());
        }
        ast::UseKind::Hiding(items) => {
            let entry = imports.entry(used.path.span, path);
            imports.qualify(last, module, entry);
            let hidden = match module {
                Some(module) => hidden(tables, module, items),
                None => IdSet::default(),
            };
            imports.everything(tables, module, entry, hidden);
        }
        ast::UseKind::Only(items) => {
            for item in items {
                imports.select(tables, module, item);
            }
        }
    }
}

/// Hiding a type hides its constructors too.
fn hidden(tables: &mut Tables, module: ModuleId, items: &[ast::ImportItem]) -> IdSet<Symbol> {
    let mut hidden = IdSet::default();
    for item in items {
        let name = item.name.symbol;
        let exports = &tables.module(module).exports;
        let known = exports.values.contains_key(&name) || exports.types.contains_key(&name) || item.domain;
        if !known {
            report_not_exported(tables, module, item.name);
        }
        hidden.insert(name);
        let constructors = constructors_of(tables, module, name);
        hidden.extend(constructors.into_iter().map(|(name, _)| name));
    }
    hidden
}

/// The constructors that `module` exports with the type `name`.
fn constructors_of(tables: &Tables, module: ModuleId, name: Symbol) -> Vec<(Symbol, Value)> {
    let exports = &tables.module(module).exports;
    let Some(TypeName::Data(data)) = exports.types.get(&name) else { return Vec::new() };
    let constructors = &tables.datas[data.0 as usize].constructors;
    constructors
        .iter()
        .map(|id| (tables.constructors[id.0 as usize].name, Value::Constructor(*id)))
        .filter(|(name, value)| exports.values.get(name) == Some(value))
        .collect()
}

impl Imports {
    fn entry(&mut self, span: Span, name: Symbol) -> usize {
        self.entries.push(Entry { span, name, used: false });
        self.entries.len() - 1
    }

    fn qualify(&mut self, name: Symbol, module: Option<ModuleId>, entry: usize) {
        let modules = self.qualifiers.entry(name).or_default();
        modules.extend(module.map(|module| (module, entry)));
        if module.is_none() {
            self.entries[entry].used = true;
        }
    }

    fn everything(&mut self, tables: &Tables, module: Option<ModuleId>, entry: usize, hidden: IdSet<Symbol>) {
        let Some(module) = module else {
            self.lost_all = true;
            return;
        };
        if Some(module) == tables.prelude {
            self.domains.extend(tables.module(module).exports.domains.values().map(|domain| (*domain, entry)));
        }
        self.wildcards.push(Wildcard { module, hidden, entry, implicit: false });
    }

    /// Remembers a name that could not be imported.
    fn lose(&mut self, tables: &Tables, name: Symbol, entry: usize) {
        self.lost.insert(name);
        self.lost_constructors |= tables.text(name).starts_with(|first: char| first.is_ascii_uppercase());
        self.entries[entry].used = true;
    }

    /// E2005: one name for two things.
    fn clash(&mut self, tables: &mut Tables, name: ast::Name, entries: [usize; 2]) {
        let [_, first] = entries;
        let message = format!("`{}` is imported from two modules", tables.text(name.symbol));
        let diagnostic = Diagnostic::new(Code::E2005, name.span, message).label(self.entries[first].span, "first here");
        tables.report(diagnostic.help("rename one of them with `as`"));
        // What is meant is not known, so nothing is said about its uses.
        self.values.remove(&name.symbol);
        self.types.remove(&name.symbol);
        self.lost.insert(name.symbol);
        for entry in entries {
            self.entries[entry].used = true;
        }
    }

    fn select(&mut self, tables: &mut Tables, module: Option<ModuleId>, item: &ast::ImportItem) {
        let local = item.alias.unwrap_or(item.name);
        let entry = self.entry(local.span, local.symbol);
        let Some(module) = module else {
            self.lose(tables, local.symbol, entry);
            return;
        };
        let exports = &tables.module(module).exports;
        if item.domain {
            match exports.domains.get(&item.name.symbol) {
                Some(domain) => self.domains.push((*domain, entry)),
                None => {
                    self.entries[entry].used = true;
                    report_not_exported(tables, module, item.name);
                }
            }
            return;
        }
        let ty = exports.types.get(&item.name.symbol).copied();
        let value = exports.values.get(&item.name.symbol).copied();
        if ty.is_none() && value.is_none() {
            self.lose(tables, local.symbol, entry);
            report_not_exported(tables, module, item.name);
            return;
        }
        if let Some(ty) = ty {
            if let Some((other, other_entry)) = self.types.insert(local.symbol, (ty, entry))
                && other != ty
            {
                self.clash(tables, local, [entry, other_entry]);
            }
            for (name, constructor) in constructors_of(tables, module, item.name.symbol) {
                self.values.entry(name).or_insert((constructor, entry));
            }
        }
        // `T` brings a constructor of the same name with the type; alone it is a constructor or a function.
        let value = value.filter(|_| ty.is_none());
        if let Some(value) = value
            && let Some((other, other_entry)) = self.values.insert(local.symbol, (value, entry))
            && other != value
        {
            self.clash(tables, local, [entry, other_entry]);
        }
    }
}

/// E2003 with a suggestion.
pub(super) fn report_not_exported(tables: &mut Tables, module: ModuleId, name: ast::Name) {
    if tables.is_lost(module, name.symbol) {
        return;
    }
    let exports = &tables.module(module).exports;
    let text = tables.text(name.symbol);
    let candidates = exports.values.keys().chain(exports.types.keys()).chain(exports.domains.keys());
    let near = nearest(text, candidates.map(|symbol| tables.text(*symbol)));
    let private = tables.is_private(module, name.symbol);
    let message = format!("module `{}` does not export `{text}`", tables.text(tables.module(module).path));
    let mut diagnostic = Diagnostic::new(Code::E2003, name.span, message);
    if let Some(Some(place)) = private {
        diagnostic = diagnostic.label(place, "it is defined here, but not exported");
    } else if private.is_some() {
        diagnostic = diagnostic.note("it is defined there, but not exported");
    } else if let Some(near) = near {
        diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
    }
    tables.report(diagnostic);
}

/// W2102: a name imported both alone and with its whole module.
fn report_redundant(
    tables: &mut Tables,
    imports: &mut Imports,
    file: &ast::File,
    uses: &[(UsePath, Option<ModuleId>)],
) {
    for (used, module) in uses {
        let (Some(item), Some(module)) = (used.item, module) else { continue };
        let whole = imports.wildcards.iter().find(|wildcard| !wildcard.implicit && wildcard.module == *module);
        let Some(whole) = whole else { continue };
        let ast::ItemKind::Use(ast::Use { what: ast::UseKind::Only(items), .. }) = &file.items[item as usize].kind
        else {
            continue;
        };
        let exports = &tables.module(*module).exports;
        let redundant = |item: &&ast::ImportItem| {
            let name = item.name.symbol;
            let exported = exports.values.contains_key(&name) || exports.types.contains_key(&name);
            exported && !whole.hidden.contains(&name) && !item.domain && item.alias.is_none()
        };
        let redundant: Vec<&ast::ImportItem> = items.iter().filter(redundant).collect();
        let entry = whole.entry;
        for item in redundant {
            // Either import will do; the whole one stays.
            imports.entries[entry].used = true;
            let message = format!(
                "`{}` is imported already, with all of `{}`",
                tables.text(item.name.symbol),
                tables.text(used.path)
            );
            tables.report(Diagnostic::new(Code::W2102, item.name.span, message));
            for entry in imports.entries.iter_mut().filter(|entry| entry.span == item.name.span) {
                entry.used = true;
            }
        }
    }
}
