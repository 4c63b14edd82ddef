//! Declares modules of the image: the same entries in `Tables` that `declare` makes from syntax, without any syntax.

use std::rc::Rc;

use smallvec::smallvec;

use super::imports::Imports;
use super::tables::{
    Alias, AliasId, AliasSource, Definition, DefinitionId, DomainId, DomainInfo, GlobalInfo, Module, ModuleId, Names,
    Source, Tables, TypeName, TypeSource, Value,
};
use crate::core::{Constructor, ConstructorId, Data, DataId, GlobalId};
use crate::hash::IdMap;
use crate::image::{Interface, Linked, TypeRef, ValueRef};
use crate::syntax::{FileId, Span, Symbol, ast};

/// Declares the module with this image number, whose `uses` are declared.
pub fn declare(
    tables: &mut Tables,
    linked: &mut Linked,
    interface: &Interface,
    number: u32,
    file_id: FileId,
) -> ModuleId {
    let id = ModuleId(tables.modules.len() as u32);
    let path = tables.interner.intern(linked.image.module_name(number));
    let mut declare = Declare { tables, linked, module: id, file_id };
    declare.types(interface);
    let definitions = declare.globals(interface);
    declare.domains(interface);
    let exports = declare.exports(interface);
    tables.by_path.insert(path, id);
    tables.modules.push(Module {
        path,
        file: Rc::new(ast::File::default()),
        file_id,
        is_library: true,
        is_host: false,
        own: Names::default(),
        exports,
        imports: Imports::default(),
        definitions,
        image: Some(number),
        found: IdMap::default(),
        found_types: IdMap::default(),
    });
    id
}

struct Declare<'a> {
    tables: &'a mut Tables,
    linked: &'a mut Linked,
    module: ModuleId,
    file_id: FileId,
}

impl Declare<'_> {
    fn name(&mut self, text: u32) -> Symbol {
        self.tables.interner.intern(self.linked.image.text(text))
    }

    fn types(&mut self, interface: &Interface) {
        let mut number = interface.first_constructor;
        for (data, decl) in (interface.first_data..).zip(&interface.datas) {
            let id = DataId(self.tables.datas.len() as u32);
            self.linked.set_data(data, id);
            let mut constructors = Vec::with_capacity(decl.constructors.len());
            for (index, (name, arity)) in (0..).zip(&decl.constructors) {
                let constructor = ConstructorId(self.tables.constructors.len() as u32);
                let name = self.name(*name);
                let image = Some(number);
                self.tables.constructors.push(Constructor { name, data: id, index, arity: *arity, image });
                self.linked.set_constructor(number, constructor);
                constructors.push(constructor);
                number += 1;
            }
            let name = self.name(decl.name);
            self.tables.datas.push(Data { name, arity: decl.arity, constructors });
            self.tables.data_places.push(None);
        }
        for (number, name) in (interface.first_alias..).zip(&interface.aliases) {
            let id = AliasId(self.tables.aliases.len() as u32);
            let name = self.name(*name);
            self.tables.aliases.push(Alias { name, module: self.module, source: AliasSource::Image(number) });
            self.linked.set_alias(number, id);
        }
    }

    fn globals(&mut self, interface: &Interface) -> Vec<DefinitionId> {
        let mut definitions = Vec::with_capacity(interface.globals.len());
        for decl in &interface.globals {
            let definition = DefinitionId(self.tables.definitions.len() as u32);
            let global = GlobalId(self.tables.globals.len() as u32);
            let name = self.name(decl.name);
            let span = Span { file: self.file_id, start: decl.start, end: decl.end };
            let signature = TypeSource::Image(decl.number);
            let module = self.module;
            let deprecated = decl.deprecated.map(|text| self.linked.image.text(text).into());
            let info = GlobalInfo { module, name, span, definition, signature, test: None, deprecated };
            self.tables.globals.push(info);
            let source = Source::Image(decl.number);
            self.tables.definitions.push(Definition { module, source, globals: smallvec![global] });
            self.linked.set_global(decl.number, global);
            definitions.push(definition);
        }
        definitions
    }

    fn domains(&mut self, interface: &Interface) {
        for decl in &interface.domains {
            let name = self.name(decl.name);
            let mut info = DomainInfo { name, suffixes: IdMap::default(), operators: IdMap::default() };
            for (suffix, global) in &decl.suffixes {
                info.suffixes.insert(self.name(*suffix), self.linked.global(*global));
            }
            for (operator, globals) in &decl.operators {
                let globals = globals.iter().map(|global| self.linked.global(*global)).collect();
                info.operators.insert(self.name(*operator), globals);
            }
            self.linked.set_domain(decl.number, DomainId(self.tables.domains.len() as u32));
            self.tables.domains.push(info);
        }
    }

    fn exports(&mut self, interface: &Interface) -> Names {
        let mut names = Names::default();
        for (name, value) in &interface.values {
            let value = match value {
                ValueRef::Global(global) => Value::Global(self.linked.global(*global)),
                ValueRef::Constructor(constructor) => Value::Constructor(self.linked.constructor(*constructor)),
            };
            names.values.insert(self.name(*name), value);
        }
        for (name, ty) in &interface.types {
            let ty = match ty {
                TypeRef::Data(data) => TypeName::Data(self.linked.data(*data)),
                TypeRef::Alias(alias) => TypeName::Alias(self.linked.alias(*alias)),
            };
            names.types.insert(self.name(*name), ty);
        }
        for (name, domain) in &interface.exported_domains {
            names.domains.insert(self.name(*name), self.linked.domain(*domain));
        }
        names
    }
}
