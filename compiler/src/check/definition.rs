//! Definitions, one group at a time.

use std::rc::Rc;

use super::checker::{Checker, error_expr, expr};
use super::exhaustive;
use super::reason::Reason;
use super::types::{TyId, TypeStore};
use super::walk;
use crate::core::{Arm, Expr, ExprKind, GlobalBody, GlobalId, Native, Pattern, PatternKind};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::tables::{self, Place, TypeSource};
use crate::resolve::{DefinitionId, ModuleId, Source, Tables};
use crate::syntax::{Span, Symbol, ast};

impl Checker<'_> {
    /// The type of a global: its scheme, or a monomorphic type while its group is checked.
    pub(super) fn scheme(&mut self, global: GlobalId) -> TyId {
        if let Some(Some(known)) = self.schemes.get(global.0 as usize) {
            return *known;
        }
        let info = self.tables.global(global);
        let scheme = match info.signature {
            TypeSource::Written(place) => {
                let module = info.module;
                self.signature(module, place)
            }
            TypeSource::Image(number) => self.image_global_type(number),
            TypeSource::Inferred => TypeStore::ERROR,
        };
        self.set_scheme(global, scheme);
        scheme
    }

    fn set_scheme(&mut self, global: GlobalId, scheme: TyId) {
        if self.schemes.len() < self.tables.globals.len() {
            self.schemes.resize(self.tables.globals.len(), None);
        }
        self.schemes[global.0 as usize] = Some(scheme);
    }

    /// Checks definitions that refer to each other.
    pub(super) fn group(&mut self, definitions: &[DefinitionId], warns: &dyn Fn(crate::resolve::ModuleId) -> bool) {
        self.level = 1;
        let mut unsigned = Vec::new();
        for definition in definitions {
            for global in self.tables.definition(*definition).globals.clone() {
                if self.tables.global(global).signature == TypeSource::Inferred {
                    let ty = self.fresh();
                    self.set_scheme(global, ty);
                    unsigned.push((global, ty));
                }
            }
        }
        let mut finished = Vec::new();
        for definition in definitions {
            let module = self.tables.definition(*definition).module;
            self.start_definition(module, warns(module));
            self.definition(*definition, &mut finished);
        }
        self.level = 0;
        // Operators wait within one definition only: members of a group share a module's operators, except when modules
        // are mutually recursive, which they cannot be.
        self.solve_pending(0);
        for (_, ty) in &unsigned {
            self.types.generalise(*ty, 0);
        }
        self.check_compared();
        if std::mem::take(&mut self.provisional) {
            for (_, body) in &mut finished {
                if let GlobalBody::Expr(body) = body {
                    walk::each(body, &mut |e| self.finish_operator(e));
                }
            }
        }
        self.domain_operators.clear();
        self.check_matches(&mut finished, warns);
        self.bodies.extend(finished);
    }

    /// E3100 and W3101
    fn check_matches(
        &mut self,
        finished: &mut [(GlobalId, GlobalBody)],
        warns: &dyn Fn(crate::resolve::ModuleId) -> bool,
    ) {
        for (global, body) in finished {
            let GlobalBody::Expr(body) = body else { continue };
            let Tables { datas, constructors, interner, .. } = &*self.tables;
            let tables = exhaustive::Tables { datas, constructors, interner };
            let reports = exhaustive::check_body(tables, warns(self.tables.global(*global).module), body);
            self.tables.diagnostics.extend(reports);
        }
    }

    fn definition(&mut self, id: DefinitionId, out: &mut Vec<(GlobalId, GlobalBody)>) {
        let definition = self.tables.definition(id);
        let (module, global) = (definition.module, definition.globals[0]);
        let file = self.tables.module(module).file.clone();
        // What was read with mistakes says nothing about what was meant.
        let broken = |place: Place| file.items[place.item as usize].broken;
        match &definition.source {
            source if source.place().is_some_and(broken) => self.lose(id, out),
            Source::Error => self.lose(id, out),
            Source::Image(number) => {
                let body = self.image_body(*number);
                out.push((global, body));
            }
            Source::Native { name, modes } => {
                let (name, modes) = (name.clone(), modes.clone());
                let body = self.native(global, name, &modes);
                out.push((global, GlobalBody::Native(body)));
            }
            Source::Value(place) => {
                let place = *place;
                if let Some(binding) = tables::binding(&file, place) {
                    let wanted = self.wanted(global);
                    let inferred = self.tables.global(global).signature == TypeSource::Inferred;
                    let reason = if inferred { Reason::Unknown } else { Reason::Signature(global, 0) };
                    let value = self.expr_as(&binding.value, wanted, reason);
                    out.push((global, GlobalBody::Expr(value)));
                }
            }
            Source::Pattern(place) => {
                let place = *place;
                if let Some(binding) = tables::binding(&file, place) {
                    self.pattern_definition(id, binding, out);
                }
            }
            Source::Suffix(place) => {
                let place = *place;
                let body = self.suffix_template(global, &file, place);
                out.push((global, GlobalBody::Expr(body)));
            }
            Source::Operator(places) => {
                let clauses: Vec<Place> = places.clone();
                let bindings: Vec<&ast::Binding> =
                    clauses.iter().filter_map(|place| tables::binding(&file, *place)).collect();
                let body = self.operator_clauses(global, &bindings);
                out.push((global, GlobalBody::Expr(body)));
            }
        }
    }

    /// A definition of which only the signature, if there is one, is known.
    fn lose(&mut self, id: DefinitionId, out: &mut Vec<(GlobalId, GlobalBody)>) {
        for global in self.tables.definition(id).globals.clone() {
            let scheme = self.scheme(global);
            if self.tables.global(global).signature == TypeSource::Inferred {
                let _ = self.types.unify(scheme, TypeStore::ERROR);
            }
            out.push((global, GlobalBody::Error));
        }
    }

    /// What the right side of a global has to be. Variables of a signature are rigid.
    fn wanted(&mut self, global: GlobalId) -> TyId {
        let scheme = self.scheme(global);
        if self.tables.global(global).signature == TypeSource::Inferred {
            return scheme;
        }
        let written = &self.written;
        let nameless = self.tables.interner.intern("A");
        let rigid = self.types.substitute(scheme, &mut |types, variable| {
            types.rigid(written.get(&variable).copied().unwrap_or(nameless))
        });
        rigid.unwrap_or(TypeStore::ERROR)
    }

    fn native(&mut self, global: GlobalId, name: Rc<str>, modes: &str) -> Native {
        let scheme = self.scheme(global);
        let arity = self.types.arity(scheme);
        let mut result = scheme;
        while let Some((_, to)) = self.function_parts(result) {
            result = to;
        }
        let effect = self.types.is_effect(result);
        let given = modes.strip_suffix('?').unwrap_or(modes);
        let valid = given.len() == arity as usize && given.chars().all(|mode| matches!(mode, 'b' | 'o'));
        if !modes.is_empty() && !valid {
            let span = self.tables.global(global).span;
            let message = format!("`@native` says `{modes}` of a function of {arity} arguments");
            self.report(Code::E1508, span, message);
        }
        let modes = if valid { modes.into() } else { "b".repeat(arity as usize).into() };
        Native { name, arity, effect, modes }
    }

    /// `(a, b) = value`: a global for the value, and for each name the match that takes it out.
    fn pattern_definition(&mut self, id: DefinitionId, binding: &ast::Binding, out: &mut Vec<(GlobalId, GlobalBody)>) {
        let globals = self.tables.definition(id).globals.clone();
        let whole = globals[0];
        let ty = self.scheme(whole);
        let value = self.expr(&binding.value, ty);
        let span = binding.pattern.span;
        out.push((whole, GlobalBody::Expr(value)));
        for (index, global) in globals.iter().skip(1).enumerate() {
            let mark = self.enter();
            let before = self.tables.diagnostics.len();
            let pattern = self.irrefutable(&binding.pattern, ty);
            if index > 0 {
                self.tables.diagnostics.truncate(before);
            }
            let name = self.tables.global(*global).name;
            let wanted = self.wanted(*global);
            let found = self.local_named(mark, name, span);
            let body = self.fits(found, wanted);
            self.leave(mark);
            let subject = Box::new(expr(ExprKind::Global(whole), ty, span));
            let arms = vec![Arm { pattern, guard: None, body, span }];
            out.push((*global, GlobalBody::Expr(expr(ExprKind::Match { subject, arms }, wanted, span))));
        }
        if globals.len() == 1 {
            let mark = self.enter();
            self.irrefutable(&binding.pattern, ty);
            self.leave(mark);
        }
    }

    fn local_named(&mut self, mark: usize, name: Symbol, span: Span) -> Expr {
        let bound = self.bound_since(mark);
        match bound.into_iter().find(|local| self.locals[local.0 as usize].name == name) {
            Some(local) => expr(ExprKind::Local(local), self.locals[local.0 as usize].ty, span),
            None => error_expr(span),
        }
    }

    /// `1ms = template`: a function of what stands in place of `1`.
    fn suffix_template(&mut self, global: GlobalId, file: &ast::File, place: Place) -> Expr {
        let span = self.tables.global(global).span;
        let Some(template) = tables::suffix(file, place) else { return error_expr(span) };
        let (number, result) = (self.fresh(), self.fresh());
        if let Some(written) = suffix_signature(file, place, self.tables.global(global).name) {
            let module = self.module;
            let wanted = self.elaborate(module, written, &mut super::elaborate::Variables::open());
            let wanted = self.instantiate(wanted, span);
            self.expect(wanted, result, written.span);
        }
        let hole = self.made_up_local(number, template.span);
        self.hole = Some(hole);
        let body = Box::new(self.expr(template, result));
        self.hole = None;
        let parameter = Pattern { kind: PatternKind::Local(hole), ty: number, span: template.span };
        let ty = self.types.function(number, result);
        let wanted = self.scheme(global);
        self.fits(expr(ExprKind::Lambda { parameters: vec![parameter], body }, ty, span), wanted)
    }

    /// The clauses of an operator: one function that matches all its operands at once.
    fn operator_clauses(&mut self, global: GlobalId, clauses: &[&ast::Binding]) -> Expr {
        let wanted = self.wanted(global);
        let span = self.tables.global(global).span;
        if let [only] = clauses {
            return self.expr_as(&only.value, wanted, Reason::Signature(global, 0));
        }
        let mut types = Vec::new();
        let mut result = wanted;
        while let Some((from, to)) = self.function_parts(result) {
            types.push(from);
            result = to;
            if types.len() == 2 {
                break;
            }
        }
        let operands = self.types.tuple(&types);
        let locals: Vec<_> = types.iter().map(|ty| self.made_up_local(*ty, span)).collect();
        let mut arms = Vec::with_capacity(clauses.len());
        for clause in clauses {
            let ast::ExprKind::Lambda { parameters, body } = &clause.value.kind else {
                self.report(Code::E3000, clause.value.span, "a clause of an operator is a function of two operands");
                continue;
            };
            if parameters.len() != types.len() || types.len() != 2 {
                self.report(Code::E3000, clause.value.span, "a clause of an operator has two parameters");
                continue;
            }
            let mark = self.enter();
            let items = parameters.iter().zip(&types).map(|(it, ty)| self.pattern(it, *ty)).collect();
            let pattern = Pattern { kind: PatternKind::Tuple(items), ty: operands, span: clause.span };
            let body = self.expr_as(body, result, Reason::Signature(global, 2));
            self.leave(mark);
            arms.push(Arm { pattern, guard: None, body, span: clause.span });
        }
        let parameter = |(local, ty): (&_, &TyId)| Pattern { kind: PatternKind::Local(*local), ty: *ty, span };
        let parameters = locals.iter().zip(&types).map(parameter).collect();
        let items = locals.iter().zip(&types).map(|(it, ty)| expr(ExprKind::Local(*it), *ty, span)).collect();
        let subject = Box::new(expr(ExprKind::Tuple(items), operands, span));
        let body = Box::new(expr(ExprKind::Match { subject, arms }, result, span));
        expr(ExprKind::Lambda { parameters, body }, wanted, span)
    }

    /// `main` of the entry module has to be an effect.
    pub(super) fn check_main(&mut self, entry: ModuleId, main: Option<GlobalId>, place: Span) {
        let Some(main) = main else {
            let name = self.tables.interner.intern("main");
            if self.tables.is_lost(entry, name) {
                return;
            }
            let diagnostic = Diagnostic::new(Code::E2008, place, "there is no `main`");
            self.tables.report(diagnostic.help("a program starts with `main : Effect Text Unit`"));
            return;
        };
        let ty = self.scheme(main);
        if !self.types.is_effect(ty) && !self.types.is_error(ty) {
            let message = format!("main must be an Effect value, found {}", self.show(ty));
            let span = self.tables.global(main).span;
            self.report(Code::E2008, span, message);
        }
    }
}

fn suffix_signature(file: &ast::File, place: Place, name: Symbol) -> Option<&ast::Type> {
    let ast::ItemKind::Domain(domain) = &file.items[place.item as usize].kind else { return None };
    domain.items.iter().find_map(|item| match item {
        ast::DomainItem::SuffixSignature { suffix, ty } if suffix.symbol == name => Some(ty),
        _ => None,
    })
}
