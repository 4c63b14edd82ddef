//! What a module lets others use.

use super::tables::{ModuleId, Names, Tables, TypeName, Value};
use crate::diagnostic::{Code, Diagnostic};
use crate::hash::IdMap;
use crate::syntax::{Span, Symbol, ast};

/// Names on their way out, with the place that exported each.
#[derive(Default)]
struct Exports {
    names: Names,
    places: IdMap<Symbol, Span>,
    domain_places: IdMap<Symbol, Span>,
}

/// Fills `exports` of a module whose own names and imports are known.
pub fn collect(tables: &mut Tables, module: ModuleId, file: &ast::File) {
    let mut exports = Exports::default();
    if file.items.iter().any(|item| matches!(item.kind, ast::ItemKind::ExportAll)) {
        everything(tables, module, file, &mut exports);
    }
    for item in &file.items {
        match &item.kind {
            ast::ItemKind::Export(items) => {
                for item in items {
                    listed(tables, module, item, &mut exports);
                }
            }
            ast::ItemKind::Signature(signature) if item.exported => {
                value(tables, module, signature.name, None, &mut exports);
            }
            ast::ItemKind::Binding(binding) if item.exported => {
                for name in bound_names(&binding.pattern) {
                    value(tables, module, name, None, &mut exports);
                }
            }
            ast::ItemKind::Type(decl) if item.exported => ty(tables, module, decl.name, None, &mut exports),
            ast::ItemKind::Domain(decl) if item.exported => domain(tables, module, decl.name, None, &mut exports),
            _ => {}
        }
    }
    tables.module_mut(module).exports = exports.names;
}

/// All variables of a pattern.
pub fn bound_names(pattern: &ast::Pattern) -> Vec<ast::Name> {
    let mut names = Vec::new();
    super::dependencies::pattern_names(pattern, &mut |name| names.push(name));
    names
}

fn everything(tables: &Tables, module: ModuleId, file: &ast::File, exports: &mut Exports) {
    let own = &tables.module(module).own;
    let opaque = opaque_names(file);
    for (name, value) in &own.values {
        let hidden = match value {
            Value::Constructor(id) => {
                opaque.contains(&tables.datas[tables.constructors[id.0 as usize].data.0 as usize].name)
            }
            Value::Global(_) => false,
        };
        if !hidden {
            exports.names.values.insert(*name, *value);
        }
    }
    exports.names.types.extend(own.types.iter().map(|(name, ty)| (*name, *ty)));
    exports.names.domains.extend(own.domains.iter().map(|(name, domain)| (*name, *domain)));
}

fn opaque_names(file: &ast::File) -> Vec<Symbol> {
    file.items
        .iter()
        .filter_map(|item| match &item.kind {
            ast::ItemKind::Type(decl) if decl.opaque => Some(decl.name.symbol),
            _ => None,
        })
        .collect()
}

fn listed(tables: &mut Tables, module: ModuleId, item: &ast::ImportItem, exports: &mut Exports) {
    if item.domain {
        return domain(tables, module, item.name, item.alias, exports);
    }
    let upper = tables.text(item.name.symbol).starts_with(|first: char| first.is_ascii_uppercase());
    let known_type = upper && tables.find_type(module, item.name.symbol, item.name.span).is_some();
    if known_type {
        ty(tables, module, item.name, item.alias, exports);
    } else {
        value(tables, module, item.name, item.alias, exports);
    }
}

fn value(tables: &mut Tables, module: ModuleId, name: ast::Name, alias: Option<ast::Name>, exports: &mut Exports) {
    let outside = alias.unwrap_or(name);
    let Some(found) = tables.find_value(module, name.symbol, name.span) else {
        return unknown(tables, module, name);
    };
    exported_once(tables, outside, &mut exports.places);
    exports.names.values.insert(outside.symbol, found);
}

fn ty(tables: &mut Tables, module: ModuleId, name: ast::Name, alias: Option<ast::Name>, exports: &mut Exports) {
    let outside = alias.unwrap_or(name);
    let Some(found) = tables.find_type(module, name.symbol, name.span) else {
        return unknown(tables, module, name);
    };
    exported_once(tables, outside, &mut exports.places);
    exports.names.types.insert(outside.symbol, found);
    let TypeName::Data(data) = found else { return };
    let opaque = match tables.data_places[data.0 as usize] {
        Some((owner, place)) => {
            let file = tables.module(owner).file.clone();
            super::tables::type_decl(&file, place).is_some_and(|decl| decl.opaque)
        }
        None => false,
    };
    if !opaque {
        for id in tables.datas[data.0 as usize].constructors.clone() {
            let name = tables.constructors[id.0 as usize].name;
            let constructor = Value::Constructor(id);
            // A constructor that is not visible here (it was hidden on the way) does not travel on.
            if tables.peek_value(module, name) == Some(constructor) {
                exports.names.values.insert(name, constructor);
            }
        }
    }
}

fn domain(tables: &mut Tables, module: ModuleId, name: ast::Name, alias: Option<ast::Name>, exports: &mut Exports) {
    let outside = alias.unwrap_or(name);
    let own = tables.module(module).own.domains.get(&name.symbol).copied();
    let imported = || {
        let imports = &tables.module(module).imports;
        imports.domains.iter().find(|(id, _)| tables.domains[id.0 as usize].name == name.symbol).copied()
    };
    let found = match own {
        Some(own) => Some(own),
        None => imported().map(|(id, entry)| {
            tables.module_mut(module).imports.entries[entry].used = true;
            id
        }),
    };
    match found {
        Some(found) => {
            exported_once(tables, outside, &mut exports.domain_places);
            exports.names.domains.insert(outside.symbol, found);
        }
        None => unknown(tables, module, name),
    }
}

fn exported_once(tables: &mut Tables, name: ast::Name, places: &mut IdMap<Symbol, Span>) {
    if let Some(first) = places.insert(name.symbol, name.span)
        && first != name.span
    {
        let message = format!("`{}` is exported twice", tables.text(name.symbol));
        tables.report(Diagnostic::new(Code::E2001, name.span, message).label(first, "first exported here"));
    }
}

fn unknown(tables: &mut Tables, module: ModuleId, name: ast::Name) {
    if !tables.is_lost(module, name.symbol) {
        let message = format!("unknown name `{}`", tables.text(name.symbol));
        let mut diagnostic = Diagnostic::new(Code::E3000, name.span, message);
        if let Some(near) = tables.suggest_value(module, name.symbol) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        tables.report(diagnostic);
    }
}
