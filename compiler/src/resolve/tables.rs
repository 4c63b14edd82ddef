//! Everything that is declared, by number. Ids are dense and given in the order of declaration.

use std::cell::Cell;
use std::rc::Rc;

use smallvec::SmallVec;

use crate::check::builtin;
use crate::core::{Constructor, ConstructorId, Data, DataId, GlobalId};
use crate::diagnostic::Diagnostic;
use crate::hash::IdMap;
use crate::image::Linked;
use crate::resolve::imports::Imports;
use crate::syntax::{FileId, Interner, Span, Symbol, ast};

macro_rules! index {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub struct $name(pub u32);
    )*};
}

index! {
    /// A module, an index into `Tables::modules`.
    ModuleId
    /// One or more globals that are defined together, an index into `Tables::definitions`.
    DefinitionId
    /// A type alias, an index into `Tables::aliases`.
    AliasId
    /// A domain, an index into `Tables::domains`.
    DomainId
}

/// What a name of a value means.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Value {
    /// A top-level binding.
    Global(GlobalId),
    /// A constructor.
    Constructor(ConstructorId),
}

/// What a name of a type means.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum TypeName {
    /// A nominal type.
    Data(DataId),
    /// An alias.
    Alias(AliasId),
}

/// A declaration in a file: an item, or an item of a domain's body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Place {
    /// Index into the file's items.
    pub item: u32,
    /// Index into the domain's items.
    pub inner: Option<u32>,
}

/// A module.
pub struct Module {
    /// `a.b.c`
    pub path: Symbol,
    /// Its syntax; empty for a module of the image.
    pub file: Rc<ast::File>,
    /// Its source.
    pub file_id: FileId,
    /// Under `aivi`.
    pub is_library: bool,
    /// Its functions are those of the program's host.
    pub is_host: bool,
    /// What it declares.
    pub own: Names,
    /// What others may use.
    pub exports: Names,
    /// What it uses.
    pub imports: Imports,
    /// Definitions in source order.
    pub definitions: Vec<DefinitionId>,
    /// Its number in the image, if it comes from there.
    pub image: Option<u32>,
    /// What names were found to mean; also keeps a warning from being repeated.
    pub(crate) found: IdMap<Symbol, Option<Value>>,
    /// The same for types.
    pub(crate) found_types: IdMap<Symbol, Option<TypeName>>,
}

/// Names by kind.
#[derive(Default)]
pub struct Names {
    /// Values and constructors.
    pub values: IdMap<Symbol, Value>,
    /// Types.
    pub types: IdMap<Symbol, TypeName>,
    /// Domains.
    pub domains: IdMap<Symbol, DomainId>,
}

/// A top-level binding.
pub struct GlobalInfo {
    /// Where it is declared.
    pub module: ModuleId,
    /// Its name.
    pub name: Symbol,
    /// Where the name stands.
    pub span: Span,
    /// What defines it.
    pub definition: DefinitionId,
    /// Its signature.
    pub signature: TypeSource,
    /// The text of its `@test`.
    pub test: Option<Rc<str>>,
    /// The text of its `@deprecated`.
    pub deprecated: Option<Rc<str>>,
}

/// Where the type of a global is written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TypeSource {
    /// Nowhere; it is inferred.
    Inferred,
    /// In the source.
    Written(Place),
    /// In the image, at this number.
    Image(u32),
}

/// Globals that are defined together.
pub struct Definition {
    /// Where.
    pub module: ModuleId,
    /// By what.
    pub source: Source,
    /// What it defines: one, or the names of a pattern.
    pub globals: SmallVec<[GlobalId; 1]>,
}

/// What defines globals.
pub enum Source {
    /// `name = value`
    Value(Place),
    /// `pattern = value`; the first global is the whole value, nameless.
    Pattern(Place),
    /// `1ms = template`
    Suffix(Place),
    /// Clauses of an operator of a domain.
    Operator(Vec<Place>),
    /// `@native "name modes"` at a signature.
    Native {
        /// The decorator's name.
        name: Rc<str>,
        /// The decorator's modes.
        modes: Rc<str>,
    },
    /// Compiled already; its image number.
    Image(u32),
    /// Reported.
    Error,
}

/// A type alias.
pub struct Alias {
    /// Its name.
    pub name: Symbol,
    /// Where it is declared.
    pub module: ModuleId,
    /// Its declaration.
    pub source: AliasSource,
}

/// What declares an alias.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AliasSource {
    /// Its declaration in the source.
    Written(Place),
    /// The image, at this number.
    Image(u32),
}

/// A domain.
pub struct DomainInfo {
    /// Its name.
    pub name: Symbol,
    /// Functions from a number.
    pub suffixes: IdMap<Symbol, GlobalId>,
    /// Functions by operator symbol.
    pub operators: IdMap<Symbol, Vec<GlobalId>>,
}

/// Where a nominal type is declared; absent for those that only the compiler knows, and those of the image.
pub type DataPlace = Option<(ModuleId, Place)>;

/// Nobody reads more; without a limit a program of nothing but mistakes takes quadratic time. Arbitrary.
const SUGGESTIONS_MAX: u32 = 20;

/// Everything that is declared.
pub struct Tables {
    /// Names.
    pub interner: Interner,
    /// Modules, imports before importers.
    pub modules: Vec<Module>,
    /// Modules by path.
    pub by_path: IdMap<Symbol, ModuleId>,
    /// Globals.
    pub globals: Vec<GlobalInfo>,
    /// Definitions.
    pub definitions: Vec<Definition>,
    /// Nominal types.
    pub datas: Vec<Data>,
    /// Their declarations.
    pub data_places: Vec<DataPlace>,
    /// Constructors.
    pub constructors: Vec<Constructor>,
    /// Aliases.
    pub aliases: Vec<Alias>,
    /// What opaque types without a constructor stand for where they are declared.
    pub opaque: IdMap<DataId, AliasId>,
    /// Domains.
    pub domains: Vec<DomainInfo>,
    /// The prelude's module, once loaded.
    pub prelude: Option<ModuleId>,
    /// What of the image is declared, if there is one.
    pub linked: Option<Linked>,
    /// Types and constructors that are known everywhere.
    pub intrinsic: Names,
    /// How many more suggestions are looked for; each one looks at every name in scope.
    pub(crate) suggestions_left: Cell<u32>,
    /// Names that were reported as unknown, and where; a module that is not imported may have them.
    pub(crate) unknown: Vec<(Symbol, Span)>,
    /// The same for names in front of a dot, which a module of the library may have.
    pub(crate) unknown_qualifiers: Vec<(Symbol, Span)>,
    /// Reports so far.
    pub diagnostics: Vec<Diagnostic>,
}

impl Tables {
    /// Tables that know the built-in types only.
    #[must_use]
    pub fn new() -> Self {
        let mut interner = Interner::default();
        let mut intrinsic = Names::default();
        let mut datas = Vec::new();
        for (index, (name, arity)) in builtin::DATAS.iter().enumerate() {
            let id = DataId(index as u32);
            let name = interner.intern(name);
            datas.push(Data { name, arity: *arity, constructors: Vec::new() });
            if id < builtin::SENDER {
                intrinsic.types.insert(name, TypeName::Data(id));
            }
        }
        let mut constructors = Vec::new();
        for (index, (name, data, position, arity)) in builtin::CONSTRUCTORS.iter().enumerate() {
            let id = ConstructorId(index as u32);
            let name = interner.intern(name);
            constructors.push(Constructor { name, data: *data, index: *position, arity: *arity, image: None });
            datas[data.0 as usize].constructors.push(id);
            intrinsic.values.insert(name, Value::Constructor(id));
        }
        Tables {
            interner,
            modules: Vec::new(),
            by_path: IdMap::default(),
            globals: Vec::new(),
            definitions: Vec::new(),
            data_places: vec![None; datas.len()],
            datas,
            constructors,
            aliases: Vec::new(),
            opaque: IdMap::default(),
            domains: Vec::new(),
            prelude: None,
            linked: None,
            intrinsic,
            suggestions_left: Cell::new(SUGGESTIONS_MAX),
            unknown: Vec::new(),
            unknown_qualifiers: Vec::new(),
            diagnostics: Vec::new(),
        }
    }

    /// The `@test` bindings of a module, in source order.
    #[must_use]
    pub fn tests(&self, module: ModuleId) -> Vec<GlobalId> {
        let definitions = self.module(module).definitions.iter();
        let globals = definitions.flat_map(|id| self.definition(*id).globals.iter().copied());
        let mut tests: Vec<_> = globals.filter(|global| self.global(*global).test.is_some()).collect();
        tests.sort_by_key(|global| self.global(*global).span);
        tests
    }

    /// A module.
    #[must_use]
    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// A module, to change it.
    pub fn module_mut(&mut self, id: ModuleId) -> &mut Module {
        &mut self.modules[id.0 as usize]
    }

    /// A global.
    #[must_use]
    pub fn global(&self, id: GlobalId) -> &GlobalInfo {
        &self.globals[id.0 as usize]
    }

    /// A definition.
    #[must_use]
    pub fn definition(&self, id: DefinitionId) -> &Definition {
        &self.definitions[id.0 as usize]
    }

    /// The text of a name.
    #[must_use]
    pub fn text(&self, name: Symbol) -> &str {
        self.interner.text(name)
    }

    /// Remembers a name in front of a dot that was reported as unknown.
    pub(crate) fn note_unknown_qualifier(&mut self, name: Symbol, span: Span) {
        if self.unknown_qualifiers.len() < SUGGESTIONS_MAX as usize {
            self.unknown_qualifiers.push((name, span));
        }
    }

    /// Remembers a name that was reported as unknown; nobody reads more than some of them.
    pub(crate) fn note_unknown(&mut self, name: Symbol, span: Span) {
        if self.unknown.len() < SUGGESTIONS_MAX as usize {
            self.unknown.push((name, span));
        }
    }

    /// Adds a report.
    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }
}

impl Default for Tables {
    fn default() -> Self {
        Self::new()
    }
}

impl Source {
    /// The first place of what is written.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        match self {
            Source::Value(place) | Source::Pattern(place) | Source::Suffix(place) => Some(*place),
            Source::Operator(places) => places.first().copied(),
            Source::Native { .. } | Source::Image(_) | Source::Error => None,
        }
    }
}

/// The binding at a place, if that is what stands there.
#[must_use]
pub fn binding(file: &ast::File, place: Place) -> Option<&ast::Binding> {
    match (&file.items[place.item as usize].kind, place.inner) {
        (ast::ItemKind::Binding(binding), None) => Some(binding),
        (ast::ItemKind::Domain(domain), Some(inner)) => match &domain.items[inner as usize] {
            ast::DomainItem::Binding(binding) => Some(binding),
            _ => None,
        },
        _ => None,
    }
}

/// The type of the signature at a place.
#[must_use]
pub fn signature(file: &ast::File, place: Place) -> Option<&ast::Type> {
    match (&file.items[place.item as usize].kind, place.inner) {
        (ast::ItemKind::Signature(signature), None) => Some(&signature.ty),
        (ast::ItemKind::Domain(domain), Some(inner)) => match &domain.items[inner as usize] {
            ast::DomainItem::Signature(signature) => Some(&signature.ty),
            _ => None,
        },
        _ => None,
    }
}

/// The type declaration at a place.
#[must_use]
pub fn type_decl(file: &ast::File, place: Place) -> Option<&ast::TypeDecl> {
    match (&file.items[place.item as usize].kind, place.inner) {
        (ast::ItemKind::Type(decl), None) => Some(decl),
        (ast::ItemKind::Domain(domain), Some(inner)) => match &domain.items[inner as usize] {
            ast::DomainItem::Type(decl) => Some(decl),
            _ => None,
        },
        _ => None,
    }
}

/// The template of the suffix at a place.
#[must_use]
pub fn suffix(file: &ast::File, place: Place) -> Option<&ast::Expr> {
    match (&file.items[place.item as usize].kind, place.inner) {
        (ast::ItemKind::Domain(domain), Some(inner)) => match &domain.items[inner as usize] {
            ast::DomainItem::Suffix { value, .. } => Some(value),
            _ => None,
        },
        _ => None,
    }
}
