//! From declarations to a program: checks what the user's modules define and what that needs of libraries, then keeps
//! what can be reached from `main`, tests and exports.

use super::checker::{Checker, warned_modules};
use super::types::{Sight, TyId};
use super::walk;
use crate::Options;
use crate::core::{ConstructorId, Exchanged, ExprKind, Global, GlobalBody, GlobalId, Program, Test};
use crate::diagnostic::{Code, Diagnostic, Severity};
use crate::hash::{IdMap, IdSet};
use crate::resolve::elsewhere;
use crate::resolve::groups::Groups;
use crate::resolve::load::Load;
use crate::resolve::tables::AliasId;
use crate::resolve::{DefinitionId, ModuleId, Tables, Value};
use crate::syntax::Span;

/// Checks everything that `entry` needs. The program is absent when there was an error.
pub fn program(
    mut tables: Tables,
    load: &mut Load<'_>,
    entry: ModuleId,
    options: Options,
) -> (Option<Program>, Tables) {
    let warned = warned_modules(&tables, entry);
    let mut roots: Vec<ModuleId> = warned.iter().copied().collect();
    roots.sort_unstable();
    let mut checker = Checker::new(&mut tables);
    for module in &roots {
        checker.check_declarations(*module);
    }
    let mut groups = Groups::default();
    let mut waiting: Vec<DefinitionId> =
        roots.iter().flat_map(|module| checker.tables.module(*module).definitions.clone()).collect();
    // What the entry module exports of others may be unused here.
    waiting.extend(checker.tables.module(entry).exports.values.values().filter_map(|value| match value {
        Value::Global(global) => Some(checker.tables.global(*global).definition),
        Value::Constructor(_) => None,
    }));
    while !waiting.is_empty() {
        let mut ordered = Vec::new();
        for definition in waiting.drain(..) {
            groups.visit(checker.tables, load, definition, &mut ordered);
        }
        for group in &ordered {
            checker.group(group, &|module| warned.contains(&module));
        }
        let demanded = std::mem::take(&mut checker.demanded);
        waiting.extend(demanded.into_iter().map(|global| checker.tables.global(global).definition));
    }
    for module in &roots {
        report_unused_imports(checker.tables, *module);
    }
    let name = checker.tables.interner.intern("main");
    let main = match checker.tables.module(entry).own.values.get(&name) {
        Some(Value::Global(main)) => Some(*main),
        _ => None,
    };
    if options.require_main {
        let file = checker.tables.module(entry).file_id;
        checker.check_main(entry, main, Span { file, start: 0, end: 0 });
    }
    drop_unsure_warnings(checker.tables);
    elsewhere::help(checker.tables, load);
    let failed = checker.tables.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error);
    checker.types.look(Sight::Outside);
    let exchanged = if failed { Exchanged::default() } else { checker.exchanged(entry) };
    let parts = Parts::of(&mut checker);
    let program = (!failed).then(|| Program { exchanged, ..parts.assemble(&mut tables, entry, main) });
    (program, tables)
}

/// A library: all that its modules define.
pub struct Library {
    /// Every global, under the id that it has in `tables`.
    pub program: Program,
    /// Schemes of all constructors.
    pub constructor_types: Vec<TyId>,
    /// Parameters and bodies of all aliases.
    pub aliases: Vec<(Vec<TyId>, TyId)>,
    /// What the modules declare; names, types and constructors are in the program.
    pub tables: Tables,
}

/// Checks everything that is loaded.
///
/// # Errors
/// All reports when there was an error.
pub fn library(mut tables: Tables, load: &mut Load<'_>) -> Result<Library, Vec<Diagnostic>> {
    let mut checker = Checker::new(&mut tables);
    let mut groups = Groups::default();
    let mut ordered = Vec::new();
    let mut module = 0;
    // A module that is used by its namespace alone is loaded on the way.
    while module < checker.tables.modules.len() {
        let id = ModuleId(module as u32);
        checker.check_declarations(id);
        for definition in checker.tables.module(id).definitions.clone() {
            groups.visit(checker.tables, load, definition, &mut ordered);
        }
        module += 1;
    }
    ordered.iter().for_each(|group| checker.group(group, &|_| false));
    let constructors = 0..checker.tables.constructors.len() as u32;
    let constructor_types = constructors.map(|id| checker.constructor_type(ConstructorId(id))).collect();
    let aliases = (0..checker.tables.aliases.len() as u32).map(|id| checker.alias(AliasId(id))).collect();
    let parts = Parts::of(&mut checker);
    if tables.diagnostics.iter().any(|diagnostic| diagnostic.severity() == Severity::Error) {
        return Err(tables.diagnostics);
    }
    let kept: Vec<GlobalId> = (0..tables.globals.len() as u32).map(GlobalId).collect();
    let same_ids = kept.iter().map(|id| (*id, *id)).collect();
    let program = parts.keep(&mut tables, &kept, &same_ids);
    Ok(Library { program, constructor_types, aliases, tables })
}

/// W2100
fn report_unused_imports(tables: &mut Tables, module: ModuleId) {
    // Where there are errors, a use may hide in what was not understood, and an import in what was not exported.
    if tables.diagnostics.iter().any(|report| report.severity() == Severity::Error) {
        return;
    }
    let unused: Vec<(Span, _)> = tables
        .module(module)
        .imports
        .entries
        .iter()
        .filter(|entry| !entry.used)
        .map(|entry| (entry.span, entry.name))
        .collect();
    for (span, name) in unused {
        let message = format!("the import of `{}` is not used", tables.text(name));
        tables.report(Diagnostic::new(Code::W2100, span, message));
    }
}

/// W2101 of a file with errors is not sure.
fn drop_unsure_warnings(tables: &mut Tables) {
    let wrong: IdSet<u32> =
        tables.diagnostics.iter().filter(|it| it.severity() == Severity::Error).map(|it| it.span.file.0).collect();
    tables.diagnostics.retain(|report| report.code != Code::W2101 || !wrong.contains(&report.span.file.0));
}

/// What the checker has made.
struct Parts {
    schemes: Vec<Option<TyId>>,
    bodies: IdMap<GlobalId, GlobalBody>,
    locals: Vec<crate::core::Local>,
    types: super::types::TypeStore,
}

impl Parts {
    fn of(checker: &mut Checker<'_>) -> Parts {
        checker.types.look(Sight::Through);
        Parts {
            schemes: std::mem::take(&mut checker.schemes),
            bodies: std::mem::take(&mut checker.bodies),
            locals: std::mem::take(&mut checker.locals),
            types: std::mem::take(&mut checker.types),
        }
    }

    /// The program, with globals that nothing reaches left out and the others numbered anew.
    fn assemble(mut self, tables: &mut Tables, entry: ModuleId, main: Option<GlobalId>) -> Program {
        let module = tables.module(entry);
        let mut exports: Vec<_> = module
            .exports
            .values
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Global(global) => Some((*name, *global)),
                Value::Constructor(_) => None,
            })
            .collect();
        exports.sort_by_key(|(name, _)| *name);
        let tests = tables.tests(entry);
        let roots = main.into_iter().chain(exports.iter().map(|(_, id)| *id)).chain(tests.iter().copied());
        let kept = self.reachable(roots.collect());
        let new_ids: IdMap<GlobalId, GlobalId> =
            kept.iter().enumerate().map(|(index, old)| (*old, GlobalId(index as u32))).collect();
        let tests = tests.into_iter().filter_map(|old| {
            let description = tables.global(old).test.clone()?;
            Some(Test { global: new_ids[&old], description })
        });
        let (main, tests) = (main.map(|main| new_ids[&main]), tests.collect());
        let exports = exports.into_iter().map(|(name, global)| (name, new_ids[&global])).collect();
        Program { main, tests, exports, ..self.keep(tables, &kept, &new_ids) }
    }

    /// A program of these globals, without entry points.
    fn keep(mut self, tables: &mut Tables, kept: &[GlobalId], new_ids: &IdMap<GlobalId, GlobalId>) -> Program {
        let libraries = tables.modules.iter().filter(|module| module.is_library);
        Program {
            library_files: libraries.map(|module| module.file_id).collect(),
            globals: kept.iter().map(|old| self.global(tables, *old, new_ids)).collect(),
            main: None,
            tests: Vec::new(),
            exports: Vec::new(),
            exchanged: Exchanged::default(),
            interner: std::mem::take(&mut tables.interner),
            types: self.types,
            datas: std::mem::take(&mut tables.datas),
            constructors: std::mem::take(&mut tables.constructors),
            locals: self.locals,
        }
    }

    fn reachable(&mut self, mut waiting: Vec<GlobalId>) -> Vec<GlobalId> {
        let mut seen = crate::hash::IdSet::default();
        while let Some(global) = waiting.pop() {
            if !seen.insert(global) {
                continue;
            }
            if let Some(GlobalBody::Expr(body)) = self.bodies.get_mut(&global) {
                walk::each(body, &mut |e| {
                    if let ExprKind::Global(next) = e.kind {
                        waiting.push(next);
                    }
                });
            }
        }
        let mut kept: Vec<GlobalId> = seen.into_iter().collect();
        kept.sort_unstable();
        kept
    }

    fn global(&mut self, tables: &Tables, old: GlobalId, new_ids: &IdMap<GlobalId, GlobalId>) -> Global {
        let info = tables.global(old);
        let mut body = self.bodies.remove(&old).unwrap_or(GlobalBody::Error);
        if let GlobalBody::Expr(body) = &mut body {
            walk::each(body, &mut |e| {
                if let ExprKind::Global(id) = &mut e.kind {
                    *id = new_ids[id];
                }
            });
        }
        Global {
            module: tables.module(info.module).path,
            name: info.name,
            ty: self.schemes[old.0 as usize].unwrap_or(super::types::TypeStore::ERROR),
            span: info.span,
            body,
        }
    }
}
