//! Written types become types. Aliases are expanded; constructors get their types when first used.

use super::builtin;
use super::checker::Checker;
use super::types::{TyId, TypeStore};
use crate::core::{Constructor, ConstructorId, DataId};
use crate::diagnostic::{Code, Diagnostic, foreign};
use crate::hash::IdMap;
use crate::resolve::scope::Qualifier;
use crate::resolve::tables::{self, AliasId, AliasSource, Place};
use crate::resolve::{ModuleId, TypeName};
use crate::syntax::{Span, Symbol, ast};

/// Aliases of aliases may be this deep; arbitrary, so that a chain of them cannot exhaust the host stack.
const ALIAS_DEPTH_MAX: u32 = 100;

/// How far an alias has come.
pub(super) enum AliasState {
    Running,
    Done { parameters: Vec<TyId>, body: TyId },
}

/// The variables of a written type.
pub(super) struct Variables {
    names: IdMap<Symbol, TyId>,
    /// Unknown variables are quantified; in a declaration they are mistakes.
    open: bool,
}

impl Variables {
    /// Any variable may occur, as in a signature.
    pub(super) fn open() -> Self {
        Variables { names: IdMap::default(), open: true }
    }
}

impl Checker<'_> {
    /// The scheme that the signature at `place` writes.
    pub(super) fn signature(&mut self, module: ModuleId, place: Place) -> TyId {
        let file = self.tables.module(module).file.clone();
        match tables::signature(&file, place) {
            _ if file.items[place.item as usize].broken => TypeStore::ERROR,
            Some(ty) => self.elaborate(module, ty, &mut Variables::open()),
            None => TypeStore::ERROR,
        }
    }

    pub(super) fn elaborate(&mut self, module: ModuleId, ty: &ast::Type, variables: &mut Variables) -> TyId {
        use ast::TypeKind as Kind;
        match &ty.kind {
            Kind::Constructor { .. } | Kind::Apply(..) => self.elaborate_applied(module, ty, variables),
            Kind::Variable(name) => self.type_variable(*name, variables),
            Kind::Function(from, to) => {
                let from = self.elaborate(module, from, variables);
                let to = self.elaborate(module, to, variables);
                self.types.function(from, to)
            }
            Kind::Record(fields) => {
                let mut known: Vec<(Symbol, TyId)> = Vec::with_capacity(fields.len());
                for (name, ty) in fields {
                    let ty = self.elaborate(module, ty, variables);
                    // A field that is given twice was reported by the parser.
                    if known.iter().all(|(field, _)| *field != name.symbol) {
                        known.push((name.symbol, ty));
                    }
                }
                self.types.record(known, None, &self.tables.interner)
            }
            Kind::Tuple(items) => {
                let items: Vec<TyId> = items.iter().map(|item| self.elaborate(module, item, variables)).collect();
                self.types.tuple(&items)
            }
            Kind::Unit => TypeStore::UNIT,
            Kind::With(..) => self.unsupported_type(ty.span, "`with` in types"),
            Kind::Pipe(..) => self.unsupported_type(ty.span, "`|>` in types"),
            Kind::Star => self.unsupported_type(ty.span, "`*` in types"),
            Kind::Error => TypeStore::ERROR,
        }
    }

    fn unsupported_type(&mut self, span: Span, what: &str) -> TyId {
        self.unsupported(span, what);
        TypeStore::ERROR
    }

    fn type_variable(&mut self, name: ast::Name, variables: &mut Variables) -> TyId {
        if let Some(known) = variables.names.get(&name.symbol) {
            return *known;
        }
        if !variables.open {
            let message = format!("unknown type variable `{}`", self.text(name.symbol));
            let diagnostic = Diagnostic::new(Code::E3001, name.span, message);
            self.tables.report(diagnostic.help("declare it behind the type's name"));
            variables.names.insert(name.symbol, TypeStore::ERROR);
            return TypeStore::ERROR;
        }
        let variable = self.types.quantified();
        self.written.insert(variable, name.symbol);
        variables.names.insert(name.symbol, variable);
        variable
    }

    /// A name, perhaps with arguments.
    fn elaborate_applied(&mut self, module: ModuleId, ty: &ast::Type, variables: &mut Variables) -> TyId {
        let (head, arguments) = match &ty.kind {
            ast::TypeKind::Apply(head, arguments) => (&**head, arguments.as_slice()),
            _ => (ty, &[][..]),
        };
        let ast::TypeKind::Constructor { qualifier, name } = &head.kind else {
            arguments.iter().for_each(|argument| {
                self.elaborate(module, argument, variables);
            });
            return match head.kind {
                ast::TypeKind::Error => TypeStore::ERROR,
                _ => self.unsupported_type(head.span, "applying a type that is not a name"),
            };
        };
        let found = self.type_name(module, qualifier, *name);
        if found.is_none() && arguments.is_empty() && qualifier.is_empty() && is_variable(self.text(name.symbol)) {
            return self.type_variable(*name, variables);
        }
        let arguments: Vec<TyId> = arguments.iter().map(|ty| self.elaborate(module, ty, variables)).collect();
        match found {
            Some(TypeName::Data(data)) => {
                let wanted = self.tables.datas[data.0 as usize].arity as usize;
                if !self.check_arity(*name, wanted, arguments.len()) {
                    return TypeStore::ERROR;
                }
                match self.tables.opaque.get(&data).copied() {
                    Some(alias) => self.opaque(data, alias, *name, &arguments),
                    None => self.types.data(data, &arguments),
                }
            }
            Some(TypeName::Alias(alias)) => self.expand(alias, *name, &arguments),
            None => {
                if is_variable(self.text(name.symbol)) && qualifier.is_empty() {
                    return self.unsupported_type(head.span, "applying a type variable");
                }
                self.unknown_type(module, *name);
                TypeStore::ERROR
            }
        }
    }

    fn type_name(&mut self, module: ModuleId, qualifier: &[ast::Name], name: ast::Name) -> Option<TypeName> {
        let Some(first) = qualifier.first() else {
            return self.tables.find_type(module, name.symbol, name.span);
        };
        match self.tables.find_qualifier(module, first.symbol)? {
            Qualifier::Modules(modules) => {
                modules.into_iter().find_map(|module| self.tables.exported_type(module, name.symbol))
            }
            Qualifier::Namespace(path) => {
                let module = *self.tables.by_path.get(&path)?;
                self.tables.exported_type(module, name.symbol)
            }
        }
    }

    fn unknown_type(&mut self, module: ModuleId, name: ast::Name) {
        if self.tables.is_lost(module, name.symbol) {
            return;
        }
        let message = format!("unknown type `{}`", self.text(name.symbol));
        let mut diagnostic = Diagnostic::new(Code::E3001, name.span, message);
        let known = foreign::instead_of_type(self.text(name.symbol)).map(str::to_owned);
        if let Some(near) = known.or_else(|| self.tables.suggest_type(module, name.symbol)) {
            diagnostic = diagnostic.help(format!("did you mean `{near}`?"));
        }
        self.tables.report(diagnostic);
        self.tables.note_unknown(name.symbol, name.span);
    }

    fn check_arity(&mut self, name: ast::Name, wanted: usize, found: usize) -> bool {
        if wanted == found {
            return true;
        }
        let plural = if wanted == 1 { "" } else { "s" };
        let text = self.text(name.symbol);
        let message = format!("type `{text}` takes {wanted} argument{plural}, found {found}");
        let letters: String = ('A'..='Z').take(wanted).flat_map(|letter| [' ', letter]).collect();
        let help = match text {
            "Effect" => "an effect says what it fails with and what it gives: `Effect Text Int`".to_owned(),
            _ => format!("write it like `{text}{letters}`"),
        };
        self.tables.report(Diagnostic::new(Code::E3001, name.span, message).help(help));
        false
    }

    fn opaque(&mut self, data: DataId, alias: AliasId, name: ast::Name, arguments: &[TyId]) -> TyId {
        let inside = self.expand(alias, name, arguments);
        if self.types.is_error(inside) {
            return TypeStore::ERROR;
        }
        let owner = self.tables.aliases[alias.0 as usize].module;
        self.types.opaque(data, owner, arguments, inside)
    }

    fn expand(&mut self, alias: AliasId, name: ast::Name, arguments: &[TyId]) -> TyId {
        if !self.aliases.contains_key(&alias) {
            self.elaborate_alias(alias, name);
        }
        let (parameters, body) = match &self.aliases[&alias] {
            AliasState::Done { parameters, body } => (parameters.clone(), *body),
            AliasState::Running => {
                let text = self.text(name.symbol);
                let diagnostic =
                    Diagnostic::new(Code::E3001, name.span, format!("type `{text}` is an alias for itself"));
                let help = format!("give it a constructor: `{text} = {text} …`");
                self.tables.report(diagnostic.help(help));
                return TypeStore::ERROR;
            }
        };
        if !self.check_arity(name, parameters.len(), arguments.len()) {
            return TypeStore::ERROR;
        }
        let by_parameter: IdMap<TyId, TyId> = parameters.into_iter().zip(arguments.iter().copied()).collect();
        let expanded = self
            .types
            .substitute(body, &mut |_, variable| by_parameter.get(&variable).copied().unwrap_or(TypeStore::ERROR));
        expanded.unwrap_or(TypeStore::ERROR)
    }

    /// Parameters of an alias, and what it stands for.
    pub(super) fn alias(&mut self, alias: AliasId) -> (Vec<TyId>, TyId) {
        if !self.aliases.contains_key(&alias) {
            let name = self.tables.aliases[alias.0 as usize].name;
            self.elaborate_alias(alias, ast::Name { symbol: name, span: Span::default() });
        }
        match &self.aliases[&alias] {
            AliasState::Done { parameters, body } => (parameters.clone(), *body),
            AliasState::Running => (Vec::new(), TypeStore::ERROR),
        }
    }

    fn elaborate_alias(&mut self, alias: AliasId, user: ast::Name) {
        let info = &self.tables.aliases[alias.0 as usize];
        let (module, place) = match info.source {
            AliasSource::Written(place) => (info.module, place),
            AliasSource::Image(number) => {
                let done = self.image_alias(number);
                self.aliases.insert(alias, done);
                return;
            }
        };
        let file = self.tables.module(module).file.clone();
        let done = AliasState::Done { parameters: Vec::new(), body: TypeStore::ERROR };
        let Some(decl) = tables::type_decl(&file, place) else {
            self.aliases.insert(alias, done);
            return;
        };
        if self.alias_depth == ALIAS_DEPTH_MAX {
            self.report(Code::E1008, user.span, "aliases are nested too deeply");
            self.aliases.insert(alias, done);
            return;
        }
        self.aliases.insert(alias, AliasState::Running);
        self.alias_depth += 1;
        let (mut variables, parameters) = self.parameters(decl);
        let body = match &decl.body {
            ast::TypeBody::AliasOrSum(ty) => self.elaborate(module, ty, &mut variables),
            _ => TypeStore::ERROR,
        };
        self.alias_depth -= 1;
        self.aliases.insert(alias, AliasState::Done { parameters, body });
    }

    fn parameters(&mut self, decl: &ast::TypeDecl) -> (Variables, Vec<TyId>) {
        let mut variables = Variables { names: IdMap::default(), open: false };
        let mut ids = Vec::with_capacity(decl.parameters.len());
        for parameter in &decl.parameters {
            let id = self.types.quantified();
            ids.push(id);
            if variables.names.insert(parameter.symbol, id).is_some() {
                let message = format!("type variable `{}` is declared twice", self.text(parameter.symbol));
                self.report(Code::E2007, parameter.span, message);
            }
        }
        (variables, ids)
    }

    /// The scheme of a constructor: a function from its arguments to its type.
    pub(super) fn constructor_type(&mut self, id: ConstructorId) -> TyId {
        if let Some(Some(known)) = self.constructor_types.get(id.0 as usize) {
            return *known;
        }
        let Constructor { data, image, .. } = self.tables.constructors[id.0 as usize];
        self.constructor_types.resize(self.tables.constructors.len(), None);
        if let Some(number) = image {
            self.constructor_types[id.0 as usize] = Some(self.image_constructor_type(number));
        } else if (data.0 as usize) < builtin::DATAS.len() {
            self.builtin_constructors(data);
        } else {
            self.declared_constructors(data);
        }
        *self.constructor_types[id.0 as usize].get_or_insert(TypeStore::ERROR)
    }

    fn builtin_constructors(&mut self, data: DataId) {
        let arity = self.tables.datas[data.0 as usize].arity;
        let parameters: Vec<TyId> = (0..arity).map(|_| self.types.quantified()).collect();
        let result = self.types.data(data, &parameters);
        let all = [
            (builtin::TRUE, None),
            (builtin::FALSE, None),
            (builtin::UNIT_VALUE, None),
            (builtin::NONE, None),
            (builtin::SOME, Some(0)),
            (builtin::ERR, Some(0)),
            (builtin::OK, Some(1)),
        ];
        for (constructor, argument) in all {
            if self.tables.constructors[constructor.0 as usize].data == data {
                let ty = match argument {
                    Some(index) => self.types.function(parameters[index], result),
                    None => result,
                };
                self.constructor_types[constructor.0 as usize] = Some(ty);
            }
        }
    }

    fn declared_constructors(&mut self, data: DataId) {
        let Some((module, place)) = self.tables.data_places[data.0 as usize] else { return };
        let file = self.tables.module(module).file.clone();
        let Some(decl) = tables::type_decl(&file, place) else { return };
        let (mut variables, parameters) = self.parameters(decl);
        let result = self.types.data(data, &parameters);
        let ids = self.tables.datas[data.0 as usize].constructors.clone();
        for (index, id) in ids.into_iter().enumerate() {
            let written: &[ast::Type] = match &decl.body {
                ast::TypeBody::Sum(constructors) => &constructors[index].arguments,
                ast::TypeBody::Branded(inner) => std::slice::from_ref(inner),
                ast::TypeBody::AliasOrSum(ast::Type { kind: ast::TypeKind::Apply(_, arguments), .. }) => arguments,
                ast::TypeBody::AliasOrSum(_) | ast::TypeBody::Abstract => &[],
            };
            let arguments: Vec<TyId> = written.iter().map(|ty| self.elaborate(module, ty, &mut variables)).collect();
            let ty = self.types.functions(&arguments, result);
            self.constructor_types[id.0 as usize] = Some(ty);
        }
    }

    /// Elaborates every declaration of a module, for the mistakes in it.
    pub(super) fn check_declarations(&mut self, module: ModuleId) {
        let mut types: Vec<TypeName> = self.tables.module(module).own.types.values().copied().collect();
        types.sort_by_key(|ty| match ty {
            TypeName::Data(data) => (0, data.0),
            TypeName::Alias(alias) => (1, alias.0),
        });
        for ty in types {
            match ty {
                TypeName::Data(data) => {
                    if let Some(alias) = self.tables.opaque.get(&data).copied() {
                        self.alias(alias);
                    }
                    if let Some(first) = self.tables.datas[data.0 as usize].constructors.first().copied() {
                        self.constructor_type(first);
                    }
                }
                TypeName::Alias(alias) => {
                    self.alias(alias);
                }
            }
        }
    }
}

/// Lower case, or one capital letter with digits.
fn is_variable(text: &str) -> bool {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) if first.is_ascii_uppercase() => letters.all(|letter| letter.is_ascii_digit()),
        Some(_) => true,
        None => false,
    }
}
