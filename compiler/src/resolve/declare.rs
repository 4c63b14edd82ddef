//! Enters a module's declarations into `Tables`. Types are told apart (alias, sum type, abstract) but not elaborated.

use std::rc::Rc;

use smallvec::smallvec;

use super::load::UsePath;
use super::suggest::nearest;
use super::tables::{Alias, AliasId, Definition, DefinitionId, GlobalInfo, Module, ModuleId, Names, Place, Source};
use super::tables::{AliasSource, Tables, TypeName, TypeSource, Value};
use super::{domains, exports, imports};
use crate::check::builtin;
use crate::core::{Constructor, ConstructorId, Data, DataId, GlobalId};
use crate::diagnostic::{Code, Diagnostic};
use crate::hash::{IdMap, IdSet};
use crate::syntax::{FileId, Span, Symbol, ast};

/// Declares the module `path`, whose imports have been declared. `is_host`: its functions are the host's.
pub fn module(
    tables: &mut Tables,
    path: Symbol,
    file: Rc<ast::File>,
    file_id: FileId,
    uses: &[(UsePath, Option<ModuleId>)],
    is_host: bool,
) -> ModuleId {
    let id = ModuleId(tables.modules.len() as u32);
    let mut imports = imports::collect(tables, &file, uses);
    imports.lost.extend(file.lost.iter().copied());
    let text = tables.text(path);
    let is_library = text == "aivi" || text.starts_with("aivi.");
    tables.by_path.insert(path, id);
    tables.modules.push(Module {
        path,
        file: file.clone(),
        file_id,
        is_library,
        is_host,
        own: Names::default(),
        exports: Names::default(),
        imports,
        definitions: Vec::new(),
        image: None,
        found: IdMap::default(),
        found_types: IdMap::default(),
    });
    let mut declare = Declare {
        tables,
        module: id,
        is_library,
        has_natives: is_library || is_host,
        file: &file,
        types_here: IdSet::default(),
        signatures: IdMap::default(),
        places: IdMap::default(),
    };
    declare.types();
    declare.values();
    report_shadowed(tables, id);
    exports::collect(tables, id, &file);
    id
}

/// What is known while a module is declared.
pub(super) struct Declare<'a> {
    pub(super) tables: &'a mut Tables,
    pub(super) module: ModuleId,
    is_library: bool,
    /// Its signatures may be those of native functions.
    has_natives: bool,
    pub(super) file: &'a ast::File,
    /// Names of all types of this module.
    types_here: IdSet<Symbol>,
    /// Signatures by name, until a binding takes them.
    pub(super) signatures: IdMap<Symbol, Signature>,
    /// Where each value was first defined.
    places: IdMap<Symbol, Span>,
}

/// A signature and what its decorators say.
#[derive(Clone)]
pub(super) struct Signature {
    pub(super) place: Place,
    pub(super) span: Span,
    decorators: Decorators,
}

/// What the decorators of a value say.
#[derive(Clone, Default)]
struct Decorators {
    test: Option<Rc<str>>,
    deprecated: Option<Rc<str>>,
    native: Option<(Rc<str>, Rc<str>)>,
}

impl Declare<'_> {
    fn types(&mut self) {
        let file = self.file;
        let decls = || {
            file.items.iter().enumerate().flat_map(|(index, item)| {
                let item_place = Place { item: index as u32, inner: None };
                let (own, nested) = match &item.kind {
                    ast::ItemKind::Type(decl) => (Some((decl, item_place)), None),
                    ast::ItemKind::Domain(domain) => (None, Some(&domain.items)),
                    _ => (None, None),
                };
                let nested = nested.into_iter().flatten().enumerate().filter_map(move |(inner, item)| match item {
                    ast::DomainItem::Type(decl) => Some((decl, Place { inner: Some(inner as u32), ..item_place })),
                    _ => None,
                });
                own.into_iter().chain(nested)
            })
        };
        self.types_here = decls().map(|(decl, _)| decl.name.symbol).collect();
        for (decl, place) in decls() {
            self.type_decl(decl, place);
        }
    }

    fn type_decl(&mut self, decl: &ast::TypeDecl, place: Place) {
        let name = decl.name;
        if self.tables.module(self.module).own.types.contains_key(&name.symbol) {
            let message = format!("type `{}` is defined twice", self.tables.text(name.symbol));
            self.tables.report(Diagnostic::new(Code::E2007, name.span, message));
            return;
        }
        let single;
        let mut hidden = None;
        let constructors: &[ast::ConstructorDecl] = match &decl.body {
            ast::TypeBody::Abstract => &[],
            ast::TypeBody::Sum(constructors) => constructors,
            ast::TypeBody::Branded(inner) => {
                single = [ast::ConstructorDecl { name, arguments: vec![inner.clone()], span: inner.span }];
                &single
            }
            ast::TypeBody::AliasOrSum(ty) => match self.single_constructor(name, ty) {
                Some(constructor) => {
                    single = [constructor];
                    &single
                }
                None => {
                    let id = AliasId(self.tables.aliases.len() as u32);
                    let source = AliasSource::Written(place);
                    self.tables.aliases.push(Alias { name: name.symbol, module: self.module, source });
                    if !decl.opaque {
                        self.own_types().insert(name.symbol, TypeName::Alias(id));
                        return;
                    }
                    if self.is_library {
                        // The image has no place for it.
                        self.tables.report(Diagnostic::absent(name.span, "an opaque alias in the library"));
                    }
                    hidden = Some(id);
                    &[]
                }
            },
        };
        let id = match self.known_to_compiler(decl, constructors) {
            Some(id) => id,
            None => self.new_data(decl, constructors),
        };
        self.tables.data_places[id.0 as usize] = Some((self.module, place));
        hidden.map(|alias| self.tables.opaque.insert(id, alias));
        self.own_types().insert(name.symbol, TypeName::Data(id));
        for constructor in self.tables.datas[id.0 as usize].constructors.clone() {
            let name = self.tables.constructors[constructor.0 as usize].name;
            let span =
                constructors.iter().find(|decl| decl.name.symbol == name).map_or(decl.name.span, |c| c.name.span);
            if self.defined_once(ast::Name { symbol: name, span }) {
                self.own_values().insert(name, Value::Constructor(constructor));
            }
        }
    }

    fn new_data(&mut self, decl: &ast::TypeDecl, constructors: &[ast::ConstructorDecl]) -> DataId {
        let id = DataId(self.tables.datas.len() as u32);
        let mut ids = Vec::with_capacity(constructors.len());
        for (index, constructor) in constructors.iter().enumerate() {
            ids.push(ConstructorId(self.tables.constructors.len() as u32));
            self.tables.constructors.push(Constructor {
                name: constructor.name.symbol,
                data: id,
                index: index as u32,
                arity: constructor.arguments.len() as u32,
                image: None,
            });
        }
        let arity = decl.parameters.len() as u32;
        self.tables.datas.push(Data { name: decl.name.symbol, arity, constructors: ids });
        self.tables.data_places.push(None);
        id
    }

    /// `T = A B`: a constructor unless `A` names a type in scope other than `T` itself [D-7].
    fn single_constructor(&self, name: ast::Name, ty: &ast::Type) -> Option<ast::ConstructorDecl> {
        let (head, arguments) = match &ty.kind {
            ast::TypeKind::Apply(head, arguments) => (&head.kind, arguments.as_slice()),
            kind => (kind, &[][..]),
        };
        let ast::TypeKind::Constructor { qualifier, name: head } = head else { return None };
        if !qualifier.is_empty() {
            return None;
        }
        let in_scope = self.types_here.contains(&head.symbol) || self.tables.knows_type(self.module, head.symbol);
        (head.symbol == name.symbol || !in_scope).then(|| ast::ConstructorDecl {
            name: *head,
            arguments: arguments.to_vec(),
            span: ty.span,
        })
    }

    /// The built-in type that a library module declares.
    fn known_to_compiler(&self, decl: &ast::TypeDecl, constructors: &[ast::ConstructorDecl]) -> Option<DataId> {
        if !self.is_library {
            return None;
        }
        let name = self.tables.text(decl.name.symbol);
        let index = builtin::DATAS.iter().position(|(text, _)| *text == name)?;
        let id = DataId(index as u32);
        let known = &self.tables.datas[index].constructors;
        let same = constructors.len() == known.len()
            && constructors.iter().zip(known).all(|(decl, id)| {
                let constructor = &self.tables.constructors[id.0 as usize];
                constructor.name == decl.name.symbol && constructor.arity as usize == decl.arguments.len()
            });
        (constructors.is_empty() || same).then_some(id)
    }

    fn values(&mut self) {
        let file = self.file;
        for (index, item) in file.items.iter().enumerate() {
            let place = Place { item: index as u32, inner: None };
            if let ast::ItemKind::Signature(signature) = &item.kind {
                let decorators = self.decorators(&item.decorators);
                self.signature(signature.name, Signature { place, span: signature.name.span, decorators });
            } else if let ast::ItemKind::Domain(domain) = &item.kind {
                domains::signatures(self, domain, place.item);
            }
        }
        for (index, item) in file.items.iter().enumerate() {
            let place = Place { item: index as u32, inner: None };
            match &item.kind {
                ast::ItemKind::Binding(binding) => {
                    let decorators = self.decorators(&item.decorators);
                    self.binding(binding, place, decorators);
                }
                ast::ItemKind::Domain(domain) => domains::declare(self, domain, place.item),
                ast::ItemKind::Signature(_) => {}
                _ => {
                    self.decorators(&item.decorators);
                }
            }
        }
        self.unbound_signatures();
    }

    pub(super) fn plain_signature(&mut self, name: ast::Name, place: Place) {
        self.signature(name, Signature { place, span: name.span, decorators: Decorators::default() });
    }

    fn signature(&mut self, name: ast::Name, signature: Signature) {
        if let Some(first) = self.signatures.get(&name.symbol) {
            let message = format!("`{}` has two signatures", self.tables.text(name.symbol));
            let first = first.span;
            self.tables.report(Diagnostic::new(Code::E2007, name.span, message).label(first, "the first one"));
            return;
        }
        self.signatures.insert(name.symbol, signature);
    }

    /// Signatures that no binding took: functions of the machine, or mistakes.
    fn unbound_signatures(&mut self) {
        let mut left: Vec<(Symbol, Signature)> = self.signatures.drain().collect();
        left.sort_by_key(|(_, signature)| signature.span);
        for (symbol, signature) in left {
            let name = ast::Name { symbol, span: signature.span };
            let source = match &signature.decorators.native {
                Some((native, modes)) => Source::Native { name: native.clone(), modes: modes.clone() },
                None => {
                    if !self.tables.is_lost(self.module, symbol) {
                        let message = format!("`{}` has a signature but no binding", self.tables.text(symbol));
                        let diagnostic = Diagnostic::new(Code::E3003, signature.span, message);
                        let text = self.tables.text(symbol);
                        let help = match self.unsigned_like(text) {
                            Some(near) => format!("did you mean `{near}`, which has no signature?"),
                            None => format!("write `{text} = …` below it"),
                        };
                        self.tables.report(diagnostic.help(help));
                    }
                    Source::Error
                }
            };
            if self.defined_once(name) {
                let global = self.define(name, source, Some(signature.place));
                self.decorate(global, &signature.decorators);
                self.own_values().insert(symbol, Value::Global(global));
            }
        }
    }

    /// A binding of this module without signature whose name is like `name`.
    fn unsigned_like(&self, name: &str) -> Option<String> {
        let own = self.tables.module(self.module).own.values.iter();
        let unsigned = own.filter_map(|(other, value)| match value {
            Value::Global(global) if self.tables.global(*global).signature == TypeSource::Inferred => {
                Some(self.tables.text(*other))
            }
            _ => None,
        });
        nearest(name, unsigned).map(str::to_owned)
    }

    fn binding(&mut self, binding: &ast::Binding, place: Place, decorators: Decorators) {
        if let ast::PatternKind::Name(name) = binding.pattern.kind {
            self.named(name, Source::Value(place), decorators);
        } else {
            self.pattern(binding, place, &decorators);
        }
    }

    /// Defines a named value; its signature may add a test.
    pub(super) fn plain_named(&mut self, name: ast::Name, source: Source) {
        self.named(name, source, Decorators::default());
    }

    fn named(&mut self, name: ast::Name, source: Source, decorators: Decorators) {
        if !self.defined_once(name) {
            return;
        }
        let signature = self.signatures.remove(&name.symbol);
        let global = self.define(name, source, signature.as_ref().map(|it| it.place));
        self.decorate(global, &decorators);
        if let Some(signature) = signature {
            self.decorate(global, &signature.decorators);
        }
        self.own_values().insert(name.symbol, Value::Global(global));
    }

    /// `(a, b) = value`: a nameless global for the value and one for each name.
    fn pattern(&mut self, binding: &ast::Binding, place: Place, decorators: &Decorators) {
        let nameless = ast::Name { symbol: self.tables.interner.intern(""), span: binding.pattern.span };
        let whole = self.define(nameless, Source::Pattern(place), None);
        let definition = self.tables.global(whole).definition;
        for name in exports::bound_names(&binding.pattern) {
            if !self.defined_once(name) {
                continue;
            }
            let signature = written(self.signatures.remove(&name.symbol).map(|it| it.place));
            let global = GlobalId(self.tables.globals.len() as u32);
            self.tables.globals.push(GlobalInfo {
                module: self.module,
                name: name.symbol,
                span: name.span,
                definition,
                signature,
                test: None,
                deprecated: decorators.deprecated.clone(),
            });
            self.tables.definitions[definition.0 as usize].globals.push(global);
            self.own_values().insert(name.symbol, Value::Global(global));
        }
    }

    /// Adds a definition of one global.
    pub(super) fn define(&mut self, name: ast::Name, source: Source, signature: Option<Place>) -> GlobalId {
        let definition = DefinitionId(self.tables.definitions.len() as u32);
        let global = GlobalId(self.tables.globals.len() as u32);
        let module = self.module;
        let signature = written(signature);
        self.tables.globals.push(GlobalInfo {
            module,
            name: name.symbol,
            span: name.span,
            definition,
            signature,
            test: None,
            deprecated: None,
        });
        self.tables.definitions.push(Definition { module, source, globals: smallvec![global] });
        self.tables.module_mut(module).definitions.push(definition);
        global
    }

    /// Adds what decorators say, those of the binding before those of its signature.
    fn decorate(&mut self, global: GlobalId, decorators: &Decorators) {
        let info = &mut self.tables.globals[global.0 as usize];
        let Decorators { test, deprecated, .. } = decorators;
        info.test = info.test.take().or_else(|| test.clone());
        info.deprecated = info.deprecated.take().or_else(|| deprecated.clone());
    }

    /// False, with a report, when the module has such a value already.
    fn defined_once(&mut self, name: ast::Name) -> bool {
        if let Some(first) = self.places.get(&name.symbol).copied() {
            let message = format!("`{}` is defined twice", self.tables.text(name.symbol));
            self.tables.report(Diagnostic::new(Code::E2007, name.span, message).label(first, "first defined here"));
            return false;
        }
        self.places.insert(name.symbol, name.span);
        true
    }

    fn decorators(&mut self, decorators: &[ast::Decorator]) -> Decorators {
        let mut result = Decorators::default();
        for decorator in decorators {
            let argument = decorator.argument.as_ref().and_then(literal).unwrap_or_default();
            match self.tables.text(decorator.name.symbol) {
                "test" => result.test = Some(argument.into()),
                "deprecated" => result.deprecated = Some(argument.into()),
                "native" if self.has_natives => {
                    let (name, modes) = argument.split_once(' ').unwrap_or((&argument, ""));
                    result.native = Some((name.into(), modes.trim().into()));
                }
                "native" => {
                    let message = "only library modules may use `@native`";
                    self.tables.report(Diagnostic::new(Code::E1508, decorator.name.span, message));
                }
                // Unknown ones were reported by the parser.
                _ => {}
            }
        }
        result
    }

    pub(super) fn own_values(&mut self) -> &mut IdMap<Symbol, Value> {
        &mut self.tables.module_mut(self.module).own.values
    }

    fn own_types(&mut self) -> &mut IdMap<Symbol, TypeName> {
        &mut self.tables.module_mut(self.module).own.types
    }
}

fn written(signature: Option<Place>) -> TypeSource {
    signature.map_or(TypeSource::Inferred, TypeSource::Written)
}

/// The text of a literal without holes.
fn literal(expr: &ast::Expr) -> Option<String> {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => literal(inner),
        ast::ExprKind::Text(parts) => parts
            .iter()
            .map(|part| match part {
                ast::TextPart::Literal(text) => Some(text.as_str()),
                ast::TextPart::Hole(_) => None,
            })
            .collect(),
        _ => None,
    }
}

/// W2103: names imported one by one that the module defines itself.
fn report_shadowed(tables: &mut Tables, module: ModuleId) {
    let this = tables.module(module);
    let mut shadowed: Vec<usize> = Vec::new();
    for (name, (value, entry)) in &this.imports.values {
        if this.own.values.get(name).is_some_and(|own| own != value) {
            shadowed.push(*entry);
        }
    }
    for (name, (ty, entry)) in &this.imports.types {
        if this.own.types.get(name).is_some_and(|own| own != ty) {
            shadowed.push(*entry);
        }
    }
    shadowed.sort_unstable();
    shadowed.dedup();
    for index in shadowed {
        let entry = &mut tables.module_mut(module).imports.entries[index];
        entry.used = true;
        let (span, name) = (entry.span, entry.name);
        let message = format!("the import of `{}` is shadowed by a definition", tables.text(name));
        tables.report(Diagnostic::new(Code::W2103, span, message));
    }
}
