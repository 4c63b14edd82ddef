//! Patterns.

use std::rc::Rc;

use super::builtin;
use super::checker::Checker;
use super::reason::Reason;
use super::types::{TyId, TypeStore};
use crate::core::{ConstructorId, Pattern, PatternKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::Value;
use crate::resolve::scope::Qualifier;
use crate::syntax::{Span, Symbol, ast};

impl Checker<'_> {
    /// A pattern whose variables are bound from here on. A variable that occurs twice is reported.
    pub(super) fn pattern(&mut self, pattern: &ast::Pattern, ty: TyId) -> Pattern {
        let mark = self.enter();
        let mut result = self.pattern_inside(pattern, ty);
        if !self.check_distinct(mark) {
            result.kind = PatternKind::Error;
        }
        result
    }

    /// A pattern that has to match; reports E3021 when it can fail.
    pub(super) fn irrefutable(&mut self, pattern: &ast::Pattern, ty: TyId) -> Pattern {
        let result = self.pattern(pattern, ty);
        self.check_irrefutable(&result);
        result
    }

    pub(super) fn check_irrefutable(&mut self, pattern: &Pattern) {
        if let Some(span) = self.refutable_part(pattern) {
            let diagnostic = Diagnostic::new(Code::E3021, span, "this pattern can fail");
            self.tables.report(diagnostic.help("use `match` to handle the other cases"));
        }
    }

    /// Where a pattern can fail.
    pub(super) fn refutable_part(&self, pattern: &Pattern) -> Option<Span> {
        match &pattern.kind {
            PatternKind::Wildcard | PatternKind::Local(_) | PatternKind::Unit | PatternKind::Error => None,
            PatternKind::As(_, inner) => self.refutable_part(inner),
            PatternKind::Constructor(id, arguments) => {
                let data = self.tables.constructors[id.0 as usize].data;
                if self.tables.datas[data.0 as usize].constructors.len() > 1 {
                    return Some(pattern.span);
                }
                arguments.iter().find_map(|argument| self.refutable_part(argument))
            }
            PatternKind::Tuple(items) => items.iter().find_map(|item| self.refutable_part(item)),
            PatternKind::List { items, rest } if items.is_empty() && rest.is_some() => None,
            PatternKind::Record(fields) => fields.iter().find_map(|(_, field)| self.refutable_part(field)),
            PatternKind::Int(_) | PatternKind::Text(_) | PatternKind::Char(_) | PatternKind::List { .. } => {
                Some(pattern.span)
            }
        }
    }

    /// E3002; false when there was one.
    fn check_distinct(&mut self, mark: usize) -> bool {
        let reports = self.tables.diagnostics.len();
        let mut seen: crate::hash::IdMap<Symbol, Span> = crate::hash::IdMap::default();
        for id in self.bound_since(mark) {
            let (name, span) = (self.locals[id.0 as usize].name, self.local_facts[id.0 as usize].span);
            if let Some(first) = seen.insert(name, span) {
                let message = format!("`{}` occurs twice in this pattern", self.text(name));
                let diagnostic = Diagnostic::new(Code::E3002, span, message).label(first, "first here");
                self.tables.report(diagnostic.help("name them apart and compare them in a guard: `when a == b`"));
            }
        }
        self.tables.diagnostics.len() == reports
    }

    fn pattern_inside(&mut self, pattern: &ast::Pattern, ty: TyId) -> Pattern {
        use ast::PatternKind as Kind;
        let span = pattern.span;
        let kind = match &pattern.kind {
            Kind::Wildcard => PatternKind::Wildcard,
            Kind::Name(name) => PatternKind::Local(self.bind(*name, ty)),
            Kind::As(name, inner) => {
                let whole = self.bind(*name, ty);
                PatternKind::As(whole, Box::new(self.pattern_inside(inner, ty)))
            }
            Kind::Constructor { qualifier, name, arguments } => {
                return self.constructor_pattern(qualifier, *name, arguments, ty, span);
            }
            Kind::Int(value) => self.literal_pattern(PatternKind::Int(*value), ty, TypeStore::INT, span),
            Kind::Text(text) => {
                let text: Rc<str> = text.as_str().into();
                self.literal_pattern(PatternKind::Text(text), ty, TypeStore::TEXT, span)
            }
            Kind::Char(value) => self.literal_pattern(PatternKind::Char(*value), ty, TypeStore::CHAR, span),
            Kind::Float(_) => {
                let diagnostic = Diagnostic::new(Code::E1503, span, "a Float cannot be a pattern");
                self.tables.report(diagnostic.help("compare it in a guard"));
                PatternKind::Error
            }
            Kind::Unit => self.literal_pattern(PatternKind::Unit, ty, TypeStore::UNIT, span),
            Kind::Tuple(items) => {
                let types: Vec<TyId> = items.iter().map(|_| self.fresh()).collect();
                let tuple = self.types.tuple(&types);
                let fits = self.expect_pattern(ty, tuple, span);
                let items = items.iter().zip(types).map(|(item, ty)| self.pattern_inside(item, ty)).collect();
                if fits { PatternKind::Tuple(items) } else { PatternKind::Error }
            }
            Kind::List { items, rest } => {
                let (element, fits) = self.list_element(ty, span);
                let items = items.iter().map(|item| self.pattern_inside(item, element)).collect();
                let rest = rest.map(|name| name.map(|name| self.bind(name, ty)));
                if fits { PatternKind::List { items, rest } } else { PatternKind::Error }
            }
            Kind::Record(fields) => PatternKind::Record(
                fields.iter().map(|field| self.field_pattern(&field.path, &field.kind, ty)).collect(),
            ),
            Kind::Error => PatternKind::Error,
        };
        Pattern { kind, ty, span }
    }

    fn literal_pattern(&mut self, kind: PatternKind, wanted: TyId, ty: TyId, span: Span) -> PatternKind {
        if self.expect_pattern(wanted, ty, span) { kind } else { PatternKind::Error }
    }

    /// The type of the items of a list, and whether it is one.
    fn list_element(&mut self, ty: TyId, span: Span) -> (TyId, bool) {
        if self.types.head(ty) == Some(builtin::LIST) {
            return (self.types.data_arguments(ty)[0], true);
        }
        let element = self.fresh();
        let list = self.types.data(builtin::LIST, &[element]);
        (element, self.expect_pattern(ty, list, span))
    }

    /// `a.b.c` and what follows it, inside a record of type `ty`.
    fn field_pattern(&mut self, path: &[ast::Name], kind: &ast::FieldPatternKind, ty: TyId) -> (Symbol, Pattern) {
        let name = path[0];
        let field = self.field_type(ty, name);
        let span = name.span;
        let pattern = if path.len() > 1 {
            let inner = self.field_pattern(&path[1..], kind, field);
            Pattern { kind: PatternKind::Record(vec![inner]), ty: field, span }
        } else {
            match kind {
                ast::FieldPatternKind::Bind => {
                    Pattern { kind: PatternKind::Local(self.bind(name, field)), ty: field, span }
                }
                ast::FieldPatternKind::Match(inner) => self.pattern_inside(inner, field),
                ast::FieldPatternKind::BindAndMatch(inner) => {
                    let whole = self.bind(name, field);
                    let inner = self.pattern_inside(inner, field);
                    let span = span.to(inner.span);
                    Pattern { kind: PatternKind::As(whole, Box::new(inner)), ty: field, span }
                }
            }
        };
        (name.symbol, pattern)
    }

    fn constructor_pattern(
        &mut self,
        qualifier: &[ast::Name],
        name: ast::Name,
        arguments: &[ast::Pattern],
        ty: TyId,
        span: Span,
    ) -> Pattern {
        let Some(id) = self.constructor_named(qualifier, name) else {
            for argument in arguments {
                self.pattern_inside(argument, TypeStore::ERROR);
            }
            return Pattern { kind: PatternKind::Error, ty, span };
        };
        let mut atoms = arguments.iter().collect::<Vec<_>>().into_iter();
        let pattern = self.constructor_with(id, &mut atoms, ty, span);
        let left = atoms.len();
        if left > 0 {
            self.wrong_count(id, arguments.len(), arguments[arguments.len() - left].span);
            for atom in atoms {
                self.pattern_inside(atom, TypeStore::ERROR);
            }
        }
        pattern
    }

    /// A constructor that takes as many atoms as it has arguments. An atom that is a constructor by itself takes the
    /// atoms behind it in the same way [D-16].
    fn constructor_with(
        &mut self,
        id: ConstructorId,
        atoms: &mut std::vec::IntoIter<&ast::Pattern>,
        ty: TyId,
        span: Span,
    ) -> Pattern {
        let scheme = self.constructor_type(id);
        let mut rest = self.instantiate(scheme, span);
        let arity = self.tables.constructors[id.0 as usize].arity as usize;
        let mut types = Vec::with_capacity(arity);
        while let Some((from, to)) = self.function_parts(rest) {
            types.push(from);
            rest = to;
        }
        let fits = self.expect_pattern(ty, rest, span);
        let mut arguments = Vec::with_capacity(arity);
        for ty in types {
            let Some(atom) = atoms.next() else {
                self.wrong_count(id, arguments.len(), span);
                return Pattern { kind: PatternKind::Error, ty, span };
            };
            arguments.push(self.constructor_argument(atom, atoms, ty));
        }
        // The value `Unit` and the pattern `()` are one.
        let kind = match id {
            _ if !fits => PatternKind::Error,
            builtin::UNIT_VALUE => PatternKind::Unit,
            _ => PatternKind::Constructor(id, arguments),
        };
        Pattern { kind, ty, span }
    }

    fn constructor_argument(
        &mut self,
        atom: &ast::Pattern,
        atoms: &mut std::vec::IntoIter<&ast::Pattern>,
        ty: TyId,
    ) -> Pattern {
        if let ast::PatternKind::Constructor { qualifier, name, arguments } = &atom.kind
            && arguments.is_empty()
            && atoms.len() > 0
        {
            return match self.constructor_named(qualifier, *name) {
                Some(id) => self.constructor_with(id, atoms, ty, atom.span),
                None => {
                    // Its arguments cannot be told from those of the constructor around it.
                    for atom in atoms {
                        self.pattern_inside(atom, TypeStore::ERROR);
                    }
                    Pattern { kind: PatternKind::Error, ty, span: atom.span }
                }
            };
        }
        self.pattern_inside(atom, ty)
    }

    fn constructor_named(&mut self, qualifier: &[ast::Name], name: ast::Name) -> Option<ConstructorId> {
        let found = match qualifier.first() {
            None => self.tables.find_value(self.module, name.symbol, name.span),
            Some(first) => match self.tables.find_qualifier(self.module, first.symbol) {
                Some(Qualifier::Modules(modules)) => {
                    if modules.is_empty() {
                        return None;
                    }
                    modules.into_iter().find_map(|module| self.tables.exported_value(module, name.symbol))
                }
                _ => None,
            },
        };
        match found {
            Some(Value::Constructor(id)) => Some(id),
            _ => {
                self.unknown_value(name);
                None
            }
        }
    }

    fn wrong_count(&mut self, id: ConstructorId, found: usize, span: Span) {
        let constructor = &self.tables.constructors[id.0 as usize];
        let (wanted, name) = (constructor.arity, constructor.name);
        let plural = if wanted == 1 { "" } else { "s" };
        let message = format!("`{}` takes {wanted} argument{plural}, found {found}", self.text(name));
        let diagnostic = Diagnostic::new(Code::E3000, span, message);
        self.tables.report(match self.tables.constructor_span(id) {
            Some(place) => diagnostic.label(place, "declared here"),
            None => diagnostic,
        });
    }

    /// Parameter and result of a function type.
    pub(super) fn function_parts(&self, ty: TyId) -> Option<(TyId, TyId)> {
        match self.types.view(ty) {
            super::types::View::Function(from, to) => Some((from, to)),
            _ => None,
        }
    }

    /// Arms of a match on a subject of type `subject`.
    pub(super) fn arms(
        &mut self,
        arms: &[ast::Arm],
        subject: TyId,
        matched: Reason,
        body: &mut dyn FnMut(&mut Self, &ast::Expr) -> crate::core::Expr,
    ) -> Vec<crate::core::Arm> {
        let tail = self.tail;
        let arms = arms
            .iter()
            .map(|arm| {
                let mark = self.enter();
                let outer = std::mem::replace(&mut self.matched, matched);
                let pattern = self.pattern(&arm.pattern, subject);
                self.matched = outer;
                self.tail = false;
                let guard = arm.guard.as_ref().map(|guard| self.guard(guard));
                self.tail = tail;
                let body = body(self, &arm.body);
                self.leave(mark);
                crate::core::Arm { pattern, guard, body, span: arm.span }
            })
            .collect();
        self.tail = false;
        arms
    }

    fn guard(&mut self, guard: &ast::Guard) -> crate::core::Expr {
        let condition = self.expr_as(&guard.condition, TypeStore::BOOL, Reason::Condition);
        if guard.negated { super::operators::not(condition) } else { condition }
    }
}
