//! What a definition refers to: the globals that occur free in it. Scoping is followed exactly, because a dependency
//! that is not there would put definitions into one group that have to be generalised one after the other.
//!
//! A namespace (`List.map`) is loaded when the walk meets it. Unknown names are left to the checker to report.

use super::load::Load;
use super::scope::Qualifier;
use super::tables::{self, DefinitionId, ModuleId, Source, Tables, Value};
use crate::core::GlobalId;
use crate::hash::IdMap;
use crate::syntax::{Symbol, ast};

/// The globals that `definition` refers to, each once per mention.
pub fn of(tables: &mut Tables, load: &mut Load<'_>, definition: DefinitionId) -> Vec<GlobalId> {
    let definition = tables.definition(definition);
    let module = definition.module;
    let places = match &definition.source {
        Source::Value(place) | Source::Pattern(place) | Source::Suffix(place) => vec![*place],
        Source::Operator(places) => places.clone(),
        Source::Native { .. } | Source::Image(_) | Source::Error => return Vec::new(),
    };
    let file = tables.module(module).file.clone();
    let mut walk = Walk { tables, load, module, bound: IdMap::default(), scope: Vec::new(), found: Vec::new() };
    for place in places {
        if let Some(binding) = tables::binding(&file, place) {
            walk.expr(&binding.value);
        } else if let Some(template) = tables::suffix(&file, place) {
            walk.expr(template);
        }
    }
    walk.found
}

/// Calls `found` for every variable of a pattern.
pub fn pattern_names(pattern: &ast::Pattern, found: &mut dyn FnMut(ast::Name)) {
    match &pattern.kind {
        ast::PatternKind::Name(name) => found(*name),
        ast::PatternKind::As(name, inner) => {
            found(*name);
            pattern_names(inner, found);
        }
        ast::PatternKind::Constructor { arguments: items, .. } | ast::PatternKind::Tuple(items) => {
            items.iter().for_each(|item| pattern_names(item, found));
        }
        ast::PatternKind::List { items, rest } => {
            items.iter().for_each(|item| pattern_names(item, found));
            if let Some(Some(name)) = rest {
                found(*name);
            }
        }
        ast::PatternKind::Record(fields) => {
            for field in fields {
                let last = field.path[field.path.len() - 1];
                match &field.kind {
                    ast::FieldPatternKind::Bind => found(last),
                    ast::FieldPatternKind::Match(inner) => pattern_names(inner, found),
                    ast::FieldPatternKind::BindAndMatch(inner) => {
                        found(last);
                        pattern_names(inner, found);
                    }
                }
            }
        }
        ast::PatternKind::Wildcard
        | ast::PatternKind::Int(_)
        | ast::PatternKind::Float(_)
        | ast::PatternKind::Text(_)
        | ast::PatternKind::Char(_)
        | ast::PatternKind::Unit
        | ast::PatternKind::Error => {}
    }
}

struct Walk<'a, 'b> {
    tables: &'a mut Tables,
    load: &'a mut Load<'b>,
    module: ModuleId,
    /// How often each name is bound around here.
    bound: IdMap<Symbol, u32>,
    /// Bound names, innermost last.
    scope: Vec<Symbol>,
    found: Vec<GlobalId>,
}

impl Walk<'_, '_> {
    fn bind(&mut self, pattern: &ast::Pattern) {
        let Walk { bound, scope, .. } = self;
        pattern_names(pattern, &mut |name| {
            *bound.entry(name.symbol).or_default() += 1;
            scope.push(name.symbol);
        });
    }

    fn leave(&mut self, mark: usize) {
        for name in self.scope.drain(mark..) {
            if let Some(count) = self.bound.get_mut(&name) {
                *count -= 1;
            }
        }
    }

    fn is_bound(&self, name: Symbol) -> bool {
        self.bound.get(&name).is_some_and(|count| *count > 0)
    }

    fn value(&mut self, value: Option<Value>) {
        if let Some(Value::Global(global)) = value {
            self.found.push(global);
        }
    }

    fn name(&mut self, name: ast::Name) {
        if !self.is_bound(name.symbol) {
            let value = self.tables.find_value(self.module, name.symbol, name.span);
            self.value(value);
        }
    }

    /// `qualifier.name`, where the qualifier is no value.
    fn qualified(&mut self, qualifier: Symbol, name: Symbol) {
        let modules = match self.tables.find_qualifier(self.module, qualifier) {
            Some(Qualifier::Modules(modules)) => modules,
            Some(Qualifier::Namespace(path)) => self.load.request(self.tables, path).into_iter().collect(),
            None => return,
        };
        for module in modules {
            let value = self.tables.exported_value(module, name);
            self.value(value);
        }
    }

    /// Functions of the library that a form of the language stands for.
    fn library(&mut self, module: &str, names: &[&str]) {
        let path = self.tables.interner.intern(module);
        let Some(module) = self.load.request(self.tables, path) else { return };
        for name in names {
            let name = self.tables.interner.intern(name);
            let value = self.tables.exported_value(module, name);
            self.value(value);
        }
    }

    fn exprs<'e>(&mut self, exprs: impl IntoIterator<Item = &'e ast::Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &ast::Expr) {
        use ast::ExprKind as Kind;
        match &expr.kind {
            Kind::Name(name) => self.name(*name),
            Kind::Qualified(names) => {
                if let [qualifier, name, ..] = names[..] {
                    self.qualified(qualifier.symbol, name.symbol);
                }
            }
            Kind::Field { base, name } => match base.kind {
                Kind::Name(qualifier)
                    if !self.is_bound(qualifier.symbol)
                        && self.tables.find_value(self.module, qualifier.symbol, qualifier.span).is_none() =>
                {
                    self.qualified(qualifier.symbol, name.symbol);
                }
                _ => self.expr(base),
            },
            Kind::Suffixed { suffix, .. } => self.suffix(suffix.symbol),
            Kind::SuffixApply { value, suffix } => {
                self.suffix(suffix.symbol);
                self.expr(value);
            }
            Kind::Text(parts) => {
                for part in parts {
                    if let ast::TextPart::Hole(hole) = part {
                        self.expr(hole);
                    }
                }
            }
            Kind::Section(inner) | Kind::Paren(inner) | Kind::Recurse(inner) => self.expr(inner),
            Kind::Unary { operand, .. } => self.expr(operand),
            Kind::Tuple(items) => self.exprs(items),
            Kind::List(items) => self.list(items),
            Kind::SetLiteral(items) => {
                self.library("aivi.set", &["fromList", "toList"]);
                self.list(items);
            }
            Kind::Record(items) => {
                for item in items {
                    let (ast::RecordItem::Field(_, value) | ast::RecordItem::Spread(value)) = item;
                    self.expr(value);
                }
            }
            Kind::MapLiteral(items) => {
                self.library("aivi.map", &["fromList", "toList"]);
                for item in items {
                    match item {
                        ast::MapItem::Entry(key, value) => self.exprs([key, value]),
                        ast::MapItem::Spread(value) => self.expr(value),
                    }
                }
            }
            Kind::Block(block) => self.block(block),
            Kind::Do { monad, statements } => {
                if self.tables.text(monad.symbol) == "List" {
                    self.library("aivi.list", &["flatMap"]);
                }
                self.statements(statements);
            }
            Kind::Generate(statements) | Kind::Resource(statements) => self.statements(statements),
            Kind::PatchFunction(items) => self.patch(items),
            Kind::Patch { base, items } => {
                self.expr(base);
                self.patch(items);
            }
            Kind::Lambda { parameters, body } => {
                let mark = self.scope.len();
                parameters.iter().for_each(|parameter| self.bind(parameter));
                self.expr(body);
                self.leave(mark);
            }
            Kind::Clauses(arms) => self.arms(arms),
            Kind::If { condition, then, otherwise } => self.exprs([&**condition, then, otherwise]),
            Kind::Match { subject, arms } => {
                self.expr(subject);
                self.arms(arms);
            }
            Kind::Or { value, fallback } => {
                self.expr(value);
                self.fallback(fallback);
            }
            Kind::Binary { left, right, .. } => self.exprs([&**left, right]),
            Kind::Apply { function, arguments } => {
                self.expr(function);
                self.exprs(arguments);
            }
            Kind::Index { base, index } => self.exprs([&**base, index]),
            Kind::Int(_)
            | Kind::Float(_)
            | Kind::Char(_)
            | Kind::Unit
            | Kind::Placeholder
            | Kind::Accessor(_)
            | Kind::Sigil { .. }
            | Kind::Error => {}
        }
    }

    fn suffix(&mut self, suffix: Symbol) {
        let found = self.tables.find_suffix(self.module, suffix);
        self.found.extend(found);
    }

    fn list(&mut self, items: &[ast::ListItem]) {
        for item in items {
            match item {
                ast::ListItem::Item(value) | ast::ListItem::Spread(value) => self.expr(value),
                ast::ListItem::Range(from, to) => self.exprs([from, to]),
            }
        }
    }

    fn patch(&mut self, items: &[ast::PatchItem]) {
        for item in items {
            for segment in &item.path {
                match segment {
                    ast::PatchSegment::Name(_) => continue,
                    ast::PatchSegment::Every(_) => {}
                    ast::PatchSegment::Index(index) => self.expr(index),
                }
                self.library("aivi.list", &["map", "updateAt"]);
                self.library("aivi.map", &["map", "mapWithKey", "update"]);
            }
            match &item.action {
                ast::PatchAction::Apply(value) | ast::PatchAction::Store(value) => self.expr(value),
                ast::PatchAction::Remove => {}
            }
        }
    }

    fn arms(&mut self, arms: &[ast::Arm]) {
        for arm in arms {
            let mark = self.scope.len();
            self.bind(&arm.pattern);
            if let Some(guard) = &arm.guard {
                self.expr(&guard.condition);
            }
            self.expr(&arm.body);
            self.leave(mark);
        }
    }

    fn fallback(&mut self, fallback: &ast::Fallback) {
        match fallback {
            ast::Fallback::Value(value) => self.expr(value),
            ast::Fallback::Arms(arms) => self.arms(arms),
        }
    }

    fn block(&mut self, block: &ast::Block) {
        let mark = self.scope.len();
        for binding in &block.bindings {
            self.expr(&binding.value);
            self.bind(&binding.pattern);
        }
        if let Some(result) = &block.result {
            self.expr(result);
        }
        self.leave(mark);
    }

    fn statements(&mut self, statements: &[ast::Statement]) {
        use ast::StatementKind as Kind;
        let mark = self.scope.len();
        for statement in statements {
            match &statement.kind {
                Kind::Bind { pattern, value, fallback } => {
                    self.expr(value);
                    if let Some(fallback) = fallback {
                        self.fallback(fallback);
                    }
                    self.bind(pattern);
                }
                Kind::Let(binding) => {
                    self.expr(&binding.value);
                    self.bind(&binding.pattern);
                }
                Kind::Expr(value) | Kind::Yield(value) | Kind::Filter { predicate: value, .. } => self.expr(value),
                Kind::When { condition, effect, .. } => self.exprs([condition, effect]),
                Kind::Given { condition, otherwise } => self.exprs([condition, otherwise]),
                Kind::Loop { pattern, init, body } => {
                    self.expr(init);
                    let mark = self.scope.len();
                    self.bind(pattern);
                    self.statements(body);
                    self.leave(mark);
                }
                Kind::Error => {}
            }
        }
        self.leave(mark);
    }
}
