//! Patches: `r <| { path: instruction, … }` and `patch { … }`.
//!
//! Core knows paths of fields. Where a path goes on through the elements of a list, the values of a map or a
//! constructor, the field before is transformed by a function that the checker writes: `xs[*].f: e` is the transformer
//! `old => List.map (x => x <| { f: e }) old` of `xs`. What an instruction says is computed once, before such a
//! function.

use super::builtin;
use super::checker::{Checker, error_expr, expr};
use super::types::{TyId, TypeStore, View};
use crate::core::{Arm, Expr, ExprKind, LocalId, PatchAction, PatchItem, Pattern, PatternKind, RecordItem};
use crate::diagnostic::{Code, Diagnostic};
use crate::resolve::Value;
use crate::syntax::{Span, Symbol, ast};

/// Values that are computed before the function that uses them.
type Before = Vec<(Pattern, Expr)>;

/// The rest of an item: where it leads, and what happens there.
#[derive(Clone, Copy)]
struct Rest<'a> {
    path: &'a [ast::PatchSegment],
    action: &'a ast::PatchAction,
    span: Span,
}

impl Checker<'_> {
    pub(super) fn patch(&mut self, base: &ast::Expr, items: &[ast::PatchItem], wanted: TyId, span: Span) -> Expr {
        let base = self.infer(base);
        let patched = self.patched(base, items, span);
        self.fits(patched, wanted)
    }

    /// `patch { … }`: the function that applies the items.
    pub(super) fn patch_function(&mut self, items: &[ast::PatchItem], wanted: TyId, span: Span) -> Expr {
        let record = match self.function_parts(wanted) {
            Some((from, _)) => from,
            None => self.fresh(),
        };
        let function = self.function_of(record, span, |this, local| {
            let base = this.local(local, span);
            this.patched(base, items, span)
        });
        self.fits(function, wanted)
    }

    fn patched(&mut self, mut base: Expr, items: &[ast::PatchItem], span: Span) -> Expr {
        let mut ready = Vec::with_capacity(items.len());
        for item in items {
            if matches!(item.action, ast::PatchAction::Remove) {
                base = apply(base, std::mem::take(&mut ready), span);
                base = self.without(base, &item.path, item.span);
                continue;
            }
            let rest = Rest { path: &item.path, action: &item.action, span: item.span };
            let (path, ty, rest) = self.fields(rest, base.ty);
            let mut before = Before::new();
            let action = match rest.path {
                [] if path.is_empty() => return error_expr(span),
                [] => self.action(rest.action, ty),
                _ => PatchAction::Transform(self.renewal(rest, ty, &mut before)),
            };
            let action = match action {
                PatchAction::Transform(function) => PatchAction::Transform(after(before, function)),
                store @ PatchAction::Store(_) => store,
            };
            match action {
                PatchAction::Transform(function) if path.is_empty() => {
                    base = apply(base, std::mem::take(&mut ready), span);
                    base = expr(ExprKind::Apply { function: Box::new(function), arguments: vec![base] }, ty, span);
                }
                action => ready.push(PatchItem { path, action }),
            }
        }
        apply(base, ready, span)
    }

    /// The fields that a path begins with, the type that they lead to, and what comes behind.
    fn fields<'a>(&mut self, rest: Rest<'a>, record: TyId) -> (Vec<Symbol>, TyId, Rest<'a>) {
        let (mut names, mut ty, mut path) = (Vec::new(), record, rest.path);
        while let [ast::PatchSegment::Name(name), others @ ..] = path
            && !self.is_upper(*name)
        {
            ty = self.field_type(ty, *name);
            names.push(name.symbol);
            path = others;
        }
        (names, ty, Rest { path, ..rest })
    }

    fn is_upper(&self, name: ast::Name) -> bool {
        self.text(name.symbol).starts_with(|first: char| first.is_ascii_uppercase())
    }

    /// The function of an old value of type `ty` that gives the new one.
    fn renewal(&mut self, rest: Rest<'_>, ty: TyId, before: &mut Before) -> Expr {
        self.function_of(ty, rest.span, |this, old| this.renewed(old, rest, before))
    }

    /// The new value for the old one in a variable.
    fn renewed(&mut self, old: LocalId, rest: Rest<'_>, before: &mut Before) -> Expr {
        let ty = self.locals[old.0 as usize].ty;
        let value = self.local(old, rest.span);
        match rest.path {
            [] => match self.leaf(rest.action, ty, before) {
                PatchAction::Store(new) => new,
                PatchAction::Transform(function) => {
                    expr(ExprKind::Apply { function: Box::new(function), arguments: vec![value] }, ty, rest.span)
                }
            },
            [ast::PatchSegment::Name(name), others @ ..] if self.is_upper(*name) => {
                self.through_constructor(value, *name, Rest { path: others, ..rest }, before)
            }
            [ast::PatchSegment::Name(_), ..] => {
                let (path, target, rest) = self.fields(rest, ty);
                let action = match rest.path {
                    [] => self.leaf(rest.action, target, before),
                    _ => PatchAction::Transform(self.renewal(rest, target, before)),
                };
                apply(value, vec![PatchItem { path, action }], rest.span)
            }
            [ast::PatchSegment::Every(_), others @ ..] => {
                let rest = Rest { path: others, ..rest };
                let (module, element) = match self.map_parts(ty) {
                    Some((_, value)) => ("aivi.map", value),
                    None => ("aivi.list", self.element(ty, rest.span)),
                };
                let function = self.renewal(rest, element, before);
                self.library_call(module, "map", vec![function, value])
            }
            [ast::PatchSegment::Index(index), others @ ..] => {
                let rest = Rest { path: others, ..rest };
                match self.map_parts(ty) {
                    Some(parts) => self.through_entries(value, parts, index, rest, before),
                    None => self.through_elements(value, index, rest, before),
                }
            }
        }
    }

    /// What happens at the end of a path: a value that is there already, or a function.
    fn leaf(&mut self, action: &ast::PatchAction, ty: TyId, before: &mut Before) -> PatchAction {
        let mut keep = |this: &mut Self, value: Expr| {
            let (ty, span) = (value.ty, value.span);
            let local = this.made_up_local(ty, span);
            before.push((Pattern { kind: PatternKind::Local(local), ty, span }, value));
            this.local(local, span)
        };
        match self.action(action, ty) {
            PatchAction::Store(value) => PatchAction::Store(keep(self, value)),
            PatchAction::Transform(function) if matches!(function.kind, ExprKind::Lambda { .. }) => {
                PatchAction::Transform(function)
            }
            PatchAction::Transform(function) => PatchAction::Transform(keep(self, function)),
        }
    }

    fn action(&mut self, action: &ast::PatchAction, ty: TyId) -> PatchAction {
        match action {
            ast::PatchAction::Store(value) => PatchAction::Store(self.expr(value, ty)),
            ast::PatchAction::Apply(value) => self.instruction(value, ty),
            // `patched` has seen it.
            ast::PatchAction::Remove => PatchAction::Store(error_expr(Span::default())),
        }
    }

    /// A new value, or a function of the old one: by its type, unless the field itself is a function.
    fn instruction(&mut self, value: &ast::Expr, field: TyId) -> PatchAction {
        if self.types.is_function(field) {
            return PatchAction::Store(self.expr(value, field));
        }
        let transformer = self.types.function(field, field);
        if is_function(value) {
            return PatchAction::Transform(self.expr(value, transformer));
        }
        if is_plain(value) {
            return PatchAction::Store(self.expr(value, field));
        }
        let value = self.infer(value);
        if self.types.is_function(value.ty) {
            PatchAction::Transform(self.fits(value, transformer))
        } else {
            PatchAction::Store(self.fits(value, field))
        }
    }

    /// `Con.rest`: a value of another constructor stays as it is.
    fn through_constructor(&mut self, value: Expr, name: ast::Name, rest: Rest<'_>, before: &mut Before) -> Expr {
        let (ty, span) = (value.ty, rest.span);
        let Some(Value::Constructor(id)) = self.tables.find_value(self.module, name.symbol, name.span) else {
            self.unknown_value(name);
            return error_expr(span);
        };
        let scheme = self.constructor_type(id);
        let made = self.instantiate(scheme, name.span);
        let (inner, to) = match self.function_parts(made) {
            Some((inner, to)) if !self.types.is_function(to) => (inner, to),
            None | Some(_) => {
                let message = format!("`{}` has {} arguments", self.text(name.symbol), self.types.arity(made));
                let diagnostic = Diagnostic::new(Code::E3000, name.span, message);
                self.tables.report(diagnostic.note("a path leads through constructors of one argument"));
                return error_expr(span);
            }
        };
        if self.types.unify(to, ty).is_err() {
            let message = format!("`{}` is no constructor of {}", self.text(name.symbol), self.show(ty));
            self.report(Code::E3000, name.span, message);
            return error_expr(span);
        }
        let local = self.made_up_local(inner, span);
        let new = self.renewed(local, rest, before);
        let constructor = Box::new(expr(ExprKind::Constructor(id), made, span));
        let body = expr(ExprKind::Apply { function: constructor, arguments: vec![new] }, ty, span);
        let argument = Pattern { kind: PatternKind::Local(local), ty: inner, span };
        let pattern = Pattern { kind: PatternKind::Constructor(id, vec![argument]), ty, span };
        let mut arms = vec![Arm { pattern, guard: None, body, span }];
        let data = self.tables.constructors[id.0 as usize].data;
        if self.tables.datas[data.0 as usize].constructors.len() > 1 {
            let other = self.made_up_local(ty, span);
            let pattern = Pattern { kind: PatternKind::Local(other), ty, span };
            arms.push(Arm { pattern, guard: None, body: self.local(other, span), span });
        }
        expr(ExprKind::Match { subject: Box::new(value), arms }, ty, span)
    }

    /// `xs[condition].rest`, `xs[position].rest`
    fn through_elements(&mut self, list: Expr, index: &ast::Expr, rest: Rest<'_>, before: &mut Before) -> Expr {
        let element = self.element(list.ty, rest.span);
        let local = self.made_up_local(element, rest.span);
        let place = self.with_fields(local, index);
        if self.types.is_int(place.ty) {
            let function = self.renewal(rest, element, before);
            return self.library_call("aivi.list", "updateAt", vec![place, function, list]);
        }
        let element = self.local(local, index.span);
        let condition = self.condition(place, element);
        let body = self.chosen(condition, local, rest, before);
        let function = self.function(&[local], body, rest.span);
        self.library_call("aivi.list", "map", vec![function, list])
    }

    /// `m[key].rest`, `m[condition on key and value].rest`
    fn through_entries(
        &mut self,
        map: Expr,
        (key, value): (TyId, TyId),
        index: &ast::Expr,
        rest: Rest<'_>,
        before: &mut Before,
    ) -> Expr {
        let span = index.span;
        let mark = self.enter();
        let [key_local, value_local] = [("key", key), ("value", value)].map(|(name, ty)| {
            let name = ast::Name { symbol: self.tables.interner.intern(name), span };
            if self.is_in_scope(name.symbol) { self.made_up_local(ty, span) } else { self.bind(name, ty) }
        });
        let place = self.infer(index);
        self.leave(mark);
        let is_condition = self.types.is_bool(place.ty) && !self.types.is_bool(key) || self.types.is_function(place.ty);
        if !is_condition {
            let place = self.fits(place, key);
            let function = self.renewal(rest, value, before);
            return self.library_call("aivi.map", "update", vec![place, function, map]);
        }
        let entry = {
            let fields = [("key", key, key_local), ("value", value, value_local)]
                .map(|(name, ty, local)| (self.tables.interner.intern(name), ty, local));
            let types = fields.iter().map(|&(name, ty, _)| (name, ty)).collect();
            let ty = self.types.record(types, None, &self.tables.interner);
            let items =
                fields.iter().map(|&(name, _, local)| RecordItem::Field(name, self.local(local, span))).collect();
            expr(ExprKind::Record(items), ty, span)
        };
        let condition = self.condition(place, entry);
        let body = self.chosen(condition, value_local, rest, before);
        let function = self.function(&[key_local, value_local], body, rest.span);
        self.library_call("aivi.map", "mapWithKey", vec![function, map])
    }

    /// A Bool as it is, a function of the element applied to it.
    fn condition(&mut self, condition: Expr, element: Expr) -> Expr {
        if !self.types.is_function(condition.ty) {
            return self.fits(condition, TypeStore::BOOL);
        }
        let wanted = self.types.function(element.ty, TypeStore::BOOL);
        let span = condition.span;
        let function = Box::new(self.fits(condition, wanted));
        expr(ExprKind::Apply { function, arguments: vec![element] }, TypeStore::BOOL, span)
    }

    fn chosen(&mut self, condition: Expr, local: LocalId, rest: Rest<'_>, before: &mut Before) -> Expr {
        let then = self.renewed(local, rest, before);
        let otherwise = self.local(local, rest.span);
        let ty = otherwise.ty;
        let kind =
            ExprKind::If { condition: Box::new(condition), then: Box::new(then), otherwise: Box::new(otherwise) };
        expr(kind, ty, rest.span)
    }

    /// An expression in which the fields of a record can be named, as far as the names mean nothing else.
    fn with_fields(&mut self, record: LocalId, e: &ast::Expr) -> Expr {
        let ty = self.locals[record.0 as usize].ty;
        let fields: Vec<(Symbol, TyId)> = match self.types.view(ty) {
            View::Record { fields, .. } => fields.to_vec(),
            _ => Vec::new(),
        };
        let mark = self.enter();
        let mut bound = Vec::new();
        for (symbol, ty) in fields {
            if !self.is_in_scope(symbol) {
                bound.push((symbol, ty, self.bind(ast::Name { symbol, span: e.span }, ty)));
            }
        }
        let value = self.infer(e);
        self.leave(mark);
        let mut bindings = Before::new();
        for (name, ty, local) in bound {
            if self.local_facts[local.0 as usize].used {
                let base = Box::new(self.local(record, e.span));
                let field = expr(ExprKind::Field { base, name }, ty, e.span);
                bindings.push((Pattern { kind: PatternKind::Local(local), ty, span: e.span }, field));
            }
        }
        after(bindings, value)
    }

    fn is_in_scope(&self, name: Symbol) -> bool {
        self.scope.contains_key(&name) || self.tables.peek_value(self.module, name).is_some()
    }

    /// Key and value of a map type.
    fn map_parts(&self, ty: TyId) -> Option<(TyId, TyId)> {
        let is_map = self.types.head(ty) == Some(builtin::MAP);
        is_map.then(|| self.types.data_arguments(ty)).map(|arguments| (arguments[0], arguments[1]))
    }

    /// The elements of what has to be a list.
    fn element(&mut self, ty: TyId, span: Span) -> TyId {
        let element = self.fresh();
        let list = self.types.data(builtin::LIST, &[element]);
        self.expect(list, ty, span);
        element
    }

    /// `path: -`: the record without the field. Its type is another one.
    fn without(&mut self, base: Expr, path: &[ast::PatchSegment], span: Span) -> Expr {
        let [ast::PatchSegment::Name(name), rest @ ..] = path else {
            self.report(Code::E3000, span, "only a field can be removed");
            return error_expr(span);
        };
        let fields = match self.types.view(base.ty) {
            View::Record { fields, open: false } => fields.to_vec(),
            _ => {
                self.unknown_spread(&base);
                return error_expr(span);
            }
        };
        if self.types.field(base.ty, name.symbol).is_none() {
            self.unknown_field(base.ty, *name);
            return error_expr(span);
        }
        let whole = self.made_up_local(base.ty, span);
        let pattern = Pattern { kind: PatternKind::Local(whole), ty: base.ty, span };
        let (mut items, mut types) = (Vec::new(), Vec::new());
        for (field, ty) in fields {
            let record = Box::new(self.local(whole, span));
            let mut value = expr(ExprKind::Field { base: record, name: field }, ty, span);
            if field == name.symbol {
                if rest.is_empty() {
                    continue;
                }
                value = self.without(value, rest, span);
            }
            types.push((field, value.ty));
            items.push(RecordItem::Field(field, value));
        }
        let ty = self.types.record(types, None, &self.tables.interner);
        let result = expr(ExprKind::Record(items), ty, span);
        after(vec![(pattern, base)], result)
    }

    fn local(&self, local: LocalId, span: Span) -> Expr {
        expr(ExprKind::Local(local), self.locals[local.0 as usize].ty, span)
    }

    /// A function of one parameter, which the source does not name.
    fn function_of(&mut self, ty: TyId, span: Span, body: impl FnOnce(&mut Self, LocalId) -> Expr) -> Expr {
        let local = self.made_up_local(ty, span);
        let body = body(self, local);
        self.function(&[local], body, span)
    }

    fn function(&mut self, parameters: &[LocalId], body: Expr, span: Span) -> Expr {
        let types: Vec<TyId> = parameters.iter().map(|local| self.locals[local.0 as usize].ty).collect();
        let ty = self.types.functions(&types, body.ty);
        let patterns =
            parameters.iter().zip(types).map(|(local, ty)| Pattern { kind: PatternKind::Local(*local), ty, span });
        expr(ExprKind::Lambda { parameters: patterns.collect(), body: Box::new(body) }, ty, span)
    }
}

/// A record with items applied to it.
fn apply(base: Expr, items: Vec<PatchItem>, span: Span) -> Expr {
    if items.is_empty() {
        return base;
    }
    let ty = base.ty;
    expr(ExprKind::Patch { base: Box::new(base), items }, ty, span)
}

/// An expression behind bindings.
fn after(bindings: Before, result: Expr) -> Expr {
    if bindings.is_empty() {
        return result;
    }
    let (ty, span) = (result.ty, result.span);
    expr(ExprKind::Block { bindings, result: Box::new(result) }, ty, span)
}

/// A function by its syntax.
fn is_function(e: &ast::Expr) -> bool {
    match &e.kind {
        ast::ExprKind::Paren(inner) => is_function(inner),
        ast::ExprKind::Lambda { .. }
        | ast::ExprKind::Section(_)
        | ast::ExprKind::Accessor(_)
        | ast::ExprKind::Clauses(_)
        | ast::ExprKind::PatchFunction(_) => true,
        _ => false,
    }
}

/// Not a function by its syntax; such values may use what is known of the field's type.
fn is_plain(e: &ast::Expr) -> bool {
    matches!(
        e.kind,
        ast::ExprKind::Record(_) | ast::ExprKind::List(_) | ast::ExprKind::Tuple(_) | ast::ExprKind::Text(_)
    )
}
