//! Makes an image: checks and compiles the library, and writes down what others need of it.

use std::collections::BTreeSet;

use super::{
    AliasBody, Body, ConstructorPlaces, Contents, DataDecl, DomainDecl, GlobalDecl, Image, Interface, Private,
    SignaturePlaces, TypeRef, ValueRef,
};
use crate::check::builtin;
use crate::check::types::TyId;
use crate::check::types::portable::{Portable, Writer};
use crate::check::{self, Library};
use crate::core::{GlobalBody, GlobalId};
use crate::diagnostic::{Color, Diagnostic, Sources, render};
use crate::hash::{IdMap, IdSet};
use crate::lower::{self, Linkable};
use crate::resolve::load::{Load, PRELUDE};
use crate::resolve::places::{constructor_decl, parameter_spans, rest_spans};
use crate::resolve::tables::{self, DomainId, TypeSource};
use crate::resolve::{ModuleId, Tables, TypeName, Value};
use crate::syntax::{Interner, Span, Symbol};
use crate::{Loader, Source};

/// The bytes of an image of these modules: name and text of each.
///
/// # Errors
/// What is wrong with them, for a person.
pub fn build(modules: &[(String, String)]) -> Result<Vec<u8>, String> {
    let loader = Texts(modules);
    let mut tables = Tables::new();
    let mut load = Load::new(&loader);
    for name in [PRELUDE].into_iter().chain(modules.iter().map(|(name, _)| name.as_str())) {
        let path = tables.interner.intern(name);
        let id = load.request(&mut tables, path);
        if name == PRELUDE {
            tables.prelude = id;
        }
    }
    let library = check::library(tables, &mut load).map_err(|reports| in_words(&reports, &load.sources))?;
    let code = lower::library(&library.program, &load.sources);
    let code = code.map_err(|reports| in_words(&reports, &load.sources))?;
    Ok(Write::new(&library).contents(code).write())
}

fn in_words(reports: &[Diagnostic], sources: &Sources) -> String {
    reports.iter().map(|report| render(report, sources, Color::Never)).collect()
}

struct Texts<'a>(&'a [(String, String)]);

impl Loader for Texts<'_> {
    fn load(&self, module: &str) -> Option<Source> {
        let (name, text) = self.0.iter().find(|(name, _)| name == module)?;
        Some(Source::new(Image::path_of(name), text.clone()))
    }
}

struct Write<'a> {
    library: &'a Library,
    names: Names<'a>,
}

/// Texts, each once.
struct Names<'a> {
    interner: &'a Interner,
    numbers: IdMap<Symbol, u32>,
    texts: Vec<String>,
}

impl Names<'_> {
    /// The number of a text that is no name.
    fn text(&mut self, text: &str) -> u32 {
        self.texts.push(text.to_owned());
        self.texts.len() as u32 - 1
    }

    fn number(&mut self, name: Symbol) -> u32 {
        *self.numbers.entry(name).or_insert_with(|| {
            self.texts.push(self.interner.text(name).to_owned());
            self.texts.len() as u32 - 1
        })
    }
}

impl<'a> Write<'a> {
    fn new(library: &'a Library) -> Self {
        let interner = &library.program.interner;
        Write { library, names: Names { interner, numbers: IdMap::default(), texts: Vec::new() } }
    }

    fn contents(mut self, code: Linkable) -> Contents {
        let Library { program, tables, .. } = self.library;
        let modules = || (0..tables.modules.len() as u32).map(ModuleId);
        let path = |module| program.interner.text(tables.module(module).path).to_owned();
        let bodies =
            program.globals.iter().zip(&code.globals).map(|(global, compiled)| match (&global.body, compiled) {
                (GlobalBody::Native(native), _) => {
                    Body::Native(native.name.to_string(), native.arity, native.effect, native.modes.to_string())
                }
                (_, Some(compiled)) => Body::Code(compiled.0),
                (_, None) => unreachable!("a library without errors defines all its names"),
            });
        let contents = Contents {
            module_names: modules().map(path).collect(),
            interfaces: modules().map(|module| self.interface(module)).collect(),
            private: modules().map(|module| self.private(module)).collect(),
            global_types: program.globals.iter().map(|global| self.ty(global.ty)).collect(),
            signature_places: (0..program.globals.len() as u32).map(|id| self.signature_places(GlobalId(id))).collect(),
            bodies: bodies.collect(),
            constructor_types: self.library.constructor_types.iter().map(|ty| self.ty(*ty)).collect(),
            constructor_places: (0..program.constructors.len() as u32).map(|id| self.constructor_places(id)).collect(),
            constructor_shapes: code.constructor_shapes.iter().map(|shape| shape.map(|shape| shape.0.into())).collect(),
            aliases: self.library.aliases.iter().map(|(parameters, body)| self.alias(parameters, *body)).collect(),
            protos: code.module.protos,
            constants: code.module.constants,
            shapes: code.module.shapes,
            natives: code.module.natives,
            code_globals: code.module.globals,
            sources: code.module.sources.into_iter().map(|source| source.path).collect(),
            texts: Vec::new(),
        };
        Contents { texts: self.names.texts, ..contents }
    }

    fn ty(&mut self, ty: TyId) -> Portable {
        Writer::new(&self.library.program.types, &mut |name| self.names.number(name)).write(ty)
    }

    fn alias(&mut self, parameters: &[TyId], body: TyId) -> AliasBody {
        let mut name = |name| self.names.number(name);
        let mut writer = Writer::new(&self.library.program.types, &mut name);
        parameters.iter().for_each(|parameter| {
            writer.variable(*parameter);
        });
        AliasBody { parameters: parameters.len() as u32, body: writer.write(body) }
    }

    fn interface(&mut self, id: ModuleId) -> Interface {
        let Library { program, tables, .. } = self.library;
        let module = tables.module(id);
        let datas = owned(tables.data_places.iter().map(|place| place.map(|(module, _)| module)), id)
            .filter(|data| *data as usize >= builtin::DATAS.len())
            .collect::<Vec<u32>>();
        let aliases: Vec<u32> = owned(tables.aliases.iter().map(|alias| Some(alias.module)), id).collect();
        let mut own_domains: Vec<DomainId> = module.own.domains.values().copied().collect();
        own_domains.sort_unstable();
        let globals = self.reachable(id);
        let constructors = datas.iter().flat_map(|data| &program.datas[*data as usize].constructors);
        Interface {
            uses: self.uses(id, &globals),
            first_data: datas.first().copied().unwrap_or_default(),
            first_constructor: constructors.map(|id| id.0).next().unwrap_or_default(),
            datas: datas.iter().map(|data| self.data(*data)).collect(),
            first_alias: aliases.first().copied().unwrap_or_default(),
            aliases: aliases.iter().map(|alias| self.names.number(tables.aliases[*alias as usize].name)).collect(),
            domains: own_domains.into_iter().map(|domain| self.domain(domain)).collect(),
            globals: globals.into_iter().map(|global| self.global(global)).collect(),
            values: self.sorted(&module.exports.values, |value| match value {
                Value::Global(id) => ValueRef::Global(id.0),
                Value::Constructor(id) => ValueRef::Constructor(id.0),
            }),
            types: self.sorted(&module.exports.types, |ty| match ty {
                TypeName::Data(id) => TypeRef::Data(id.0),
                TypeName::Alias(id) => TypeRef::Alias(id.0),
            }),
            exported_domains: self.sorted(&module.exports.domains, |id| id.0),
        }
    }

    /// Entries by name, in the same order in every build.
    fn sorted<T, U>(&mut self, names: &IdMap<Symbol, T>, reference: impl Fn(&T) -> U) -> Vec<(u32, U)> {
        let mut entries: Vec<(&Symbol, &T)> = names.iter().collect();
        entries.sort_unstable_by_key(|(name, _)| **name);
        entries.into_iter().map(|(name, meaning)| (self.names.number(*name), reference(meaning))).collect()
    }

    fn data(&mut self, data: u32) -> DataDecl {
        let program = &self.library.program;
        let data = &program.datas[data as usize];
        let constructors = data.constructors.iter().map(|id| &program.constructors[id.0 as usize]);
        DataDecl {
            name: self.names.number(data.name),
            arity: data.arity,
            constructors: constructors.map(|it| (self.names.number(it.name), it.arity)).collect(),
        }
    }

    fn domain(&mut self, id: DomainId) -> DomainDecl {
        let domain = &self.library.tables.domains[id.0 as usize];
        DomainDecl {
            number: id.0,
            name: self.names.number(domain.name),
            suffixes: self.sorted(&domain.suffixes, |global| global.0),
            operators: self.sorted(&domain.operators, |globals| globals.iter().map(|global| global.0).collect()),
        }
    }

    fn global(&mut self, id: GlobalId) -> GlobalDecl {
        let info = self.library.tables.global(id);
        let (start, end) = bounds(info.span);
        let deprecated = info.deprecated.as_ref().map(|text| self.names.text(text));
        GlobalDecl { number: id.0, name: self.names.number(info.name), start, end, deprecated }
    }

    fn signature_places(&self, id: GlobalId) -> SignaturePlaces {
        let info = self.library.tables.global(id);
        let TypeSource::Written(place) = info.signature else { return SignaturePlaces::default() };
        match tables::signature(&self.library.tables.module(info.module).file, place) {
            Some(ty) => SignaturePlaces {
                parameters: parameter_spans(ty).map(bounds).collect(),
                rests: rest_spans(ty).map(bounds).collect(),
            },
            None => SignaturePlaces::default(),
        }
    }

    fn constructor_places(&self, id: u32) -> ConstructorPlaces {
        let Library { program, tables, .. } = self.library;
        let constructor = &program.constructors[id as usize];
        let Some((module, place)) = tables.data_places[constructor.data.0 as usize] else {
            return ConstructorPlaces { module: 0, whole: None, arguments: Vec::new() };
        };
        let decl = tables::type_decl(&tables.module(module).file, place);
        let decl = decl.and_then(|decl| constructor_decl(decl, constructor.index));
        let arguments = decl.into_iter().flat_map(|decl| &decl.arguments).map(|ty| bounds(ty.span));
        ConstructorPlaces {
            module: module.0,
            whole: decl.map(|decl| bounds(decl.span)),
            arguments: arguments.collect(),
        }
    }

    /// The globals of a module that others can reach.
    fn reachable(&self, id: ModuleId) -> Vec<GlobalId> {
        let tables = &self.library.tables;
        let exported = tables.modules.iter().flat_map(|module| module.exports.values.values());
        let named = exported.filter_map(|value| match value {
            Value::Global(global) => Some(*global),
            Value::Constructor(_) => None,
        });
        let suffixes = tables.domains.iter().flat_map(|domain| domain.suffixes.values().copied());
        let operators = tables.domains.iter().flat_map(|domain| domain.operators.values().flatten().copied());
        let all: BTreeSet<GlobalId> = named.chain(suffixes).chain(operators).collect();
        all.into_iter().filter(|global| tables.global(*global).module == id).collect()
    }

    /// The modules that declare what occurs in the interface of another.
    fn uses(&self, id: ModuleId, globals: &[GlobalId]) -> Vec<u32> {
        let Library { program, tables, constructor_types, aliases } = self.library;
        let module = tables.module(id);
        let mut types: Vec<TyId> = globals.iter().map(|global| program.globals[global.0 as usize].ty).collect();
        types.extend(owned(tables.aliases.iter().map(|it| Some(it.module)), id).map(|it| aliases[it as usize].1));
        let mut datas: IdSet<u32> = owned(tables.data_places.iter().map(|it| it.map(|it| it.0)), id).collect();
        let own_constructors = datas.iter().flat_map(|data| &program.datas[*data as usize].constructors);
        types.extend(own_constructors.map(|id| constructor_types[id.0 as usize]));
        let mut used: BTreeSet<u32> = BTreeSet::new();
        for value in module.exports.values.values() {
            match value {
                Value::Global(id) => drop(used.insert(tables.global(*id).module.0)),
                Value::Constructor(id) => drop(datas.insert(program.constructors[id.0 as usize].data.0)),
            }
        }
        for ty in module.exports.types.values() {
            match ty {
                TypeName::Data(id) => drop(datas.insert(id.0)),
                TypeName::Alias(id) => drop(used.insert(tables.aliases[id.0 as usize].module.0)),
            }
        }
        types.iter().for_each(|ty| mentioned(&Writer::new(&program.types, &mut |_| 0).write(*ty), &mut datas));
        let declared = datas.iter().filter(|data| **data as usize >= builtin::DATAS.len());
        used.extend(declared.filter_map(|data| tables.data_places[*data as usize]).map(|(module, _)| module.0));
        let domains: IdSet<DomainId> = module.exports.domains.values().copied().collect();
        let owners = tables.modules.iter().zip(0..);
        let owners = owners.filter(|(owner, _)| owner.own.domains.values().any(|domain| domains.contains(domain)));
        used.extend(owners.map(|(_, number)| number));
        used.remove(&id.0);
        used.into_iter().collect()
    }

    fn private(&mut self, id: ModuleId) -> Vec<Private> {
        let tables = &self.library.tables;
        let module = tables.module(id);
        let values = module.own.values.keys().filter(|name| !module.exports.values.contains_key(name));
        let types = module.own.types.keys().filter(|name| !module.exports.types.contains_key(name));
        let names: BTreeSet<Symbol> = values.chain(types).copied().collect();
        let private = names.into_iter().map(|name| {
            let span = tables.is_private(id, name).flatten().map(bounds);
            Private { name: self.names.number(name), span }
        });
        private.collect()
    }
}

fn bounds(span: Span) -> (u32, u32) {
    (span.start, span.end)
}

/// The indices at which `module` stands.
fn owned(owners: impl Iterator<Item = Option<ModuleId>>, module: ModuleId) -> impl Iterator<Item = u32> {
    owners.zip(0..).filter(move |(owner, _)| *owner == Some(module)).map(|(_, index)| index)
}

/// Nominal types that occur in a type.
fn mentioned(ty: &Portable, found: &mut IdSet<u32>) {
    match ty {
        Portable::Variable(_) => {}
        Portable::Data(data, arguments) => {
            found.insert(*data);
            arguments.iter().for_each(|argument| mentioned(argument, found));
        }
        Portable::Function(from, to) => [from, to].into_iter().for_each(|part| mentioned(part, found)),
        Portable::Tuple(items) => items.iter().for_each(|item| mentioned(item, found)),
        Portable::Record(fields, _) => fields.iter().for_each(|(_, ty)| mentioned(ty, found)),
    }
}
