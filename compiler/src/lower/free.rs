//! Variables that an expression uses.

use crate::core::{
    Body, Expr, ExprKind, Fallback, FallbackArm, ListItem, LocalId, PatchAction, RecordItem, Statement, StatementKind,
};
use crate::syntax::Symbol;

/// Collects variables in the order of their first use. Variables have program-wide identities, so those that the
/// expression binds itself are told apart by the caller, who does not know them.
#[derive(Default)]
pub(super) struct Uses {
    seen: std::collections::HashSet<LocalId>,
    /// In order.
    pub order: Vec<LocalId>,
    /// A record variable of which fields are wanted.
    record: Option<LocalId>,
    /// Those of its fields that are read right here, each as often as that happens.
    fields: Vec<Symbol>,
    /// The record is used as a whole, or by code that runs later.
    escapes: bool,
    /// How often it is used as a whole.
    times: usize,
    /// Number of functions and effects around the place that is looked at.
    inside: u32,
}

impl Uses {
    pub(super) fn of(expr: &Expr) -> Vec<LocalId> {
        let mut uses = Uses::default();
        uses.expr(expr);
        uses.order
    }

    /// The fields of a record variable that expressions read, each as often as that happens; none when they use the
    /// record in another way as well.
    pub(super) fn fields<'e>(record: LocalId, exprs: impl IntoIterator<Item = &'e Expr>) -> Option<Vec<Symbol>> {
        let mut uses = Uses { record: Some(record), ..Uses::default() };
        uses.all(exprs);
        (!uses.escapes).then_some(uses.fields)
    }

    /// How often an expression uses a variable; fields of records are not counted.
    pub(super) fn times(variable: LocalId, expr: &Expr) -> usize {
        let mut uses = Uses { record: Some(variable), ..Uses::default() };
        uses.expr(expr);
        uses.times
    }

    fn later(&mut self, visit: impl FnOnce(&mut Self)) {
        self.inside += 1;
        visit(self);
        self.inside -= 1;
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Local(id) => {
                self.escapes |= Some(*id) == self.record;
                self.times += usize::from(Some(*id) == self.record);
                if self.seen.insert(*id) {
                    self.order.push(*id);
                }
            }
            ExprKind::Int(_)
            | ExprKind::Float(_)
            | ExprKind::Text(_)
            | ExprKind::Char(_)
            | ExprKind::Unit
            | ExprKind::Global(_)
            | ExprKind::Constructor(_)
            | ExprKind::Error => {}
            ExprKind::Lambda { body, .. } => self.later(|uses| uses.expr(body)),
            ExprKind::Apply { function, arguments } => {
                self.expr(function);
                self.all(arguments);
            }
            ExprKind::Block { bindings, result } => {
                self.all(bindings.iter().map(|(_, value)| value));
                self.expr(result);
            }
            ExprKind::If { condition, then, otherwise } => self.all([&**condition, then, otherwise]),
            ExprKind::Match { subject: head, arms } | ExprKind::OrArms(head, arms) => {
                self.expr(head);
                for arm in arms {
                    self.all(&arm.guard);
                    self.expr(&arm.body);
                }
            }
            ExprKind::Primitive(_, operands) | ExprKind::Join(operands) | ExprKind::Tuple(operands) => {
                self.all(operands)
            }
            ExprKind::And(left, right)
            | ExprKind::Or(left, right)
            | ExprKind::Equal { left, right, .. }
            | ExprKind::Default(left, right)
            | ExprKind::OrValue(left, right)
            | ExprKind::Index { base: left, index: right } => self.all([&**left, right]),
            ExprKind::ToText(inner) | ExprKind::Pure(inner) | ExprKind::Recurse(inner) => self.expr(inner),
            ExprKind::Field { base, name } => match base.kind {
                ExprKind::Local(id) if Some(id) == self.record && self.inside == 0 => self.fields.push(*name),
                _ => self.expr(base),
            },
            ExprKind::List(items) => items.iter().for_each(|item| match item {
                ListItem::Item(expr) | ListItem::Spread(expr) => self.expr(expr),
                ListItem::Range(first, last) => self.all([first, last]),
            }),
            ExprKind::Record(items) => items.iter().for_each(|item| match item {
                RecordItem::Field(_, expr) | RecordItem::Spread(expr) => self.expr(expr),
            }),
            ExprKind::Patch { base, items } => {
                self.expr(base);
                for item in items {
                    let (PatchAction::Store(expr) | PatchAction::Transform(expr)) = &item.action;
                    self.expr(expr);
                }
            }
            ExprKind::Do(body) => self.later(|uses| uses.body(body)),
            ExprKind::Loop { init, body, .. } => self.later(|uses| {
                uses.expr(init);
                uses.body(body);
            }),
            ExprKind::Resource { setup, value, cleanup } => self.later(|uses| {
                uses.statements(setup);
                uses.expr(value);
                uses.statements(cleanup);
            }),
        }
    }

    fn body(&mut self, body: &Body) {
        self.statements(&body.statements);
        self.expr(&body.result);
    }

    pub(super) fn statements(&mut self, statements: &[Statement]) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Bind { effect, fallback, .. } => {
                    self.expr(effect);
                    match fallback {
                        Some(Fallback::Value(value)) => self.expr(value),
                        Some(Fallback::Arms(arms)) => {
                            for FallbackArm { arm, .. } in arms {
                                self.all(&arm.guard);
                                self.expr(&arm.body);
                            }
                        }
                        None => {}
                    }
                }
                StatementKind::Acquire { resource: expr, .. }
                | StatementKind::Let { value: expr, .. }
                | StatementKind::Run(expr) => self.expr(expr),
            }
        }
    }
}
