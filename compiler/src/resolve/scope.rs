//! What a name means in a module. Own definitions come first, then names imported one by one, then whole modules, the
//! latest first, and at last what is known everywhere.

use super::suggest::nearest;
use super::tables::{DomainId, ModuleId, Tables, TypeName, Value};
use crate::core::GlobalId;
use crate::diagnostic::{Code, Diagnostic};
use crate::syntax::{Span, Symbol};

/// Namespaces that need no import, and their modules.
pub(super) const NAMESPACES: &[(&str, &str)] = &[
    ("List", "aivi.list"),
    ("Map", "aivi.map"),
    ("Set", "aivi.set"),
    ("Queue", "aivi.queue"),
    ("Deque", "aivi.deque"),
    ("Heap", "aivi.heap"),
];

/// What stands before a dot.
pub enum Qualifier {
    /// Modules that were imported under this name, perhaps none that could be loaded.
    Modules(Vec<ModuleId>),
    /// The path of a module that is always available, to be loaded when needed.
    Namespace(Symbol),
}

impl Tables {
    /// The value that `name` means in `module`; `span` is where a warning goes.
    pub fn find_value(&mut self, module: ModuleId, name: Symbol, span: Span) -> Option<Value> {
        if let Some(found) = self.module(module).found.get(&name) {
            return *found;
        }
        let (found, entry, other) = self.search_value(module, name);
        self.note_use(module, name, span, entry, other);
        self.module_mut(module).found.insert(name, found);
        found
    }

    /// The same, without counting as a use.
    #[must_use]
    pub fn peek_value(&self, module: ModuleId, name: Symbol) -> Option<Value> {
        self.search_value(module, name).0
    }

    /// `name` means a type in `module`. Does not count as a use.
    #[must_use]
    pub fn knows_type(&self, module: ModuleId, name: Symbol) -> bool {
        self.search_type(module, name).0.is_some()
    }

    /// The type that `name` means in `module`.
    pub fn find_type(&mut self, module: ModuleId, name: Symbol, span: Span) -> Option<TypeName> {
        if let Some(found) = self.module(module).found_types.get(&name) {
            return *found;
        }
        let (found, entry, other) = self.search_type(module, name);
        self.note_use(module, name, span, entry, other);
        self.module_mut(module).found_types.insert(name, found);
        found
    }

    /// What `name` before a dot stands for. A value of that name goes first; the caller has looked for one.
    pub fn find_qualifier(&mut self, module: ModuleId, name: Symbol) -> Option<Qualifier> {
        if let Some(found) = self.module(module).imports.qualifiers.get(&name) {
            let found = found.clone();
            for (_, entry) in &found {
                self.module_mut(module).imports.entries[*entry].used = true;
            }
            return Some(Qualifier::Modules(found.into_iter().map(|(module, _)| module).collect()));
        }
        let text = self.text(name);
        let (_, path) = NAMESPACES.iter().find(|(namespace, _)| *namespace == text)?;
        Some(Qualifier::Namespace(self.interner.intern(path)))
    }

    /// The value that a module exports under `name`.
    #[must_use]
    pub fn exported_value(&self, module: ModuleId, name: Symbol) -> Option<Value> {
        self.module(module).exports.values.get(&name).copied()
    }

    /// The type that a module exports under `name`.
    #[must_use]
    pub fn exported_type(&self, module: ModuleId, name: Symbol) -> Option<TypeName> {
        self.module(module).exports.types.get(&name).copied()
    }

    /// An earlier mistake may be the reason why `name` is unknown.
    #[must_use]
    pub fn is_lost(&self, module: ModuleId, name: Symbol) -> bool {
        let imports = &self.module(module).imports;
        let upper = || self.text(name).starts_with(|first: char| first.is_ascii_uppercase());
        imports.lost_all || imports.lost.contains(&name) || imports.lost_constructors && upper()
    }

    /// The functions for `suffix` of all domains that are active in `module`.
    pub fn find_suffix(&mut self, module: ModuleId, suffix: Symbol) -> Vec<GlobalId> {
        self.active_domains(module, |domain| domain.suffixes.contains_key(&suffix))
            .into_iter()
            .map(|id| self.domains[id.0 as usize].suffixes[&suffix])
            .collect()
    }

    /// The functions for the operator `symbol` of all domains that are active in `module`.
    pub fn find_operator(&mut self, module: ModuleId, symbol: Symbol) -> Vec<GlobalId> {
        self.active_domains(module, |domain| domain.operators.contains_key(&symbol))
            .into_iter()
            .flat_map(|id| self.domains[id.0 as usize].operators[&symbol].clone())
            .collect()
    }

    fn active_domains(&mut self, module: ModuleId, wanted: impl Fn(&super::DomainInfo) -> bool) -> Vec<DomainId> {
        let mut active: Vec<DomainId> = self.module(module).own.domains.values().copied().collect();
        active.retain(|id| wanted(&self.domains[id.0 as usize]));
        for (id, entry) in self.module(module).imports.domains.clone() {
            if wanted(&self.domains[id.0 as usize]) {
                self.module_mut(module).imports.entries[entry].used = true;
                active.push(id);
            }
        }
        active.sort();
        active.dedup();
        active
    }

    /// A value's name like `name` that is known in `module`.
    #[must_use]
    pub fn suggest_value(&self, module: ModuleId, name: Symbol) -> Option<String> {
        self.may_suggest().then_some(())?;
        let this = self.module(module);
        let imported = this.imports.values.keys();
        let whole =
            this.imports.wildcards.iter().flat_map(|wildcard| self.module(wildcard.module).exports.values.keys());
        let all = this.own.values.keys().chain(imported).chain(whole).chain(self.intrinsic.values.keys());
        nearest(self.text(name), all.map(|symbol| self.text(*symbol))).map(str::to_owned)
    }

    /// A type's name like `name` that is known in `module`.
    #[must_use]
    pub fn suggest_type(&self, module: ModuleId, name: Symbol) -> Option<String> {
        self.may_suggest().then_some(())?;
        let this = self.module(module);
        let whole =
            this.imports.wildcards.iter().flat_map(|wildcard| self.module(wildcard.module).exports.types.keys());
        let all =
            this.own.types.keys().chain(this.imports.types.keys()).chain(whole).chain(self.intrinsic.types.keys());
        nearest(self.text(name), all.map(|symbol| self.text(*symbol))).map(str::to_owned)
    }

    /// A suggestion may be looked for; there are only so many.
    pub(crate) fn may_suggest(&self) -> bool {
        let left = self.suggestions_left.get();
        self.suggestions_left.set(left.saturating_sub(1));
        left > 0
    }

    /// A qualifier like `name` that is known in `module`.
    #[must_use]
    pub fn suggest_qualifier(&self, module: ModuleId, name: Symbol) -> Option<String> {
        let qualifiers = self.module(module).imports.qualifiers.keys().map(|symbol| self.text(*symbol));
        nearest(self.text(name), qualifiers.chain(NAMESPACES.iter().map(|(name, _)| *name))).map(str::to_owned)
    }

    /// The value, the import it came by, and an earlier wildcard that means something else.
    fn search_value(&self, module: ModuleId, name: Symbol) -> (Option<Value>, Option<usize>, Option<ModuleId>) {
        let this = self.module(module);
        if let Some(own) = this.own.values.get(&name) {
            return (Some(*own), None, None);
        }
        if let Some((value, entry)) = this.imports.values.get(&name) {
            return (Some(*value), Some(*entry), None);
        }
        let whole = self.search_wildcards(module, name, |module| self.exported_value(module, name));
        if whole.0.is_some() { whole } else { (self.intrinsic.values.get(&name).copied(), None, None) }
    }

    fn search_type(&self, module: ModuleId, name: Symbol) -> (Option<TypeName>, Option<usize>, Option<ModuleId>) {
        let this = self.module(module);
        if let Some(own) = this.own.types.get(&name) {
            return (Some(*own), None, None);
        }
        if let Some((ty, entry)) = this.imports.types.get(&name) {
            return (Some(*ty), Some(*entry), None);
        }
        let whole = self.search_wildcards(module, name, |module| self.exported_type(module, name));
        if whole.0.is_some() { whole } else { (self.intrinsic.types.get(&name).copied(), None, None) }
    }

    fn search_wildcards<T: Copy + PartialEq>(
        &self,
        module: ModuleId,
        name: Symbol,
        exported: impl Fn(ModuleId) -> Option<T>,
    ) -> (Option<T>, Option<usize>, Option<ModuleId>) {
        let mut best: Option<(T, usize)> = None;
        for wildcard in self.module(module).imports.wildcards.iter().rev() {
            if wildcard.hidden.contains(&name) {
                continue;
            }
            let Some(found) = exported(wildcard.module) else { continue };
            match best {
                None => best = Some((found, wildcard.entry)),
                Some((first, entry)) if first != found && !wildcard.implicit => {
                    return (Some(first), Some(entry), Some(wildcard.module));
                }
                Some(_) => {}
            }
        }
        (best.map(|(found, _)| found), best.map(|(_, entry)| entry), None)
    }

    fn note_use(&mut self, module: ModuleId, name: Symbol, span: Span, entry: Option<usize>, other: Option<ModuleId>) {
        if let Some(entry) = entry {
            self.module_mut(module).imports.entries[entry].used = true;
        }
        if let Some(other) = other {
            // It is needed for nothing, but that is what this report says.
            let wildcards = self.module(module).imports.wildcards.iter();
            let entries: Vec<usize> = wildcards.filter(|it| it.module == other).map(|it| it.entry).collect();
            for entry in entries {
                self.module_mut(module).imports.entries[entry].used = true;
            }
            let other = self.text(self.module(other).path).to_owned();
            let message = format!("`{}` is also exported by `{other}`; the later `use` wins", self.text(name));
            self.report(Diagnostic::new(Code::W2104, span, message));
        }
    }
}
