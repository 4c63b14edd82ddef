//! Reading ahead: the scalar fields that a body reads of a record are loaded together, as soon as the record is there.
//!
//! Neighbours come with one instruction, a field that is read again is in a register already, and a record of which
//! nothing but such fields is still wanted dies early: an update of it then finds it unique and happens in place.
//!
//! A *body* is the code of a function, an arm or a branch. What counts are reads that the body does whenever it runs;
//! its own branches are bodies again, and code that runs later is another proto. So nothing is loaded that might not be
//! needed, and every expression is looked at once.

use std::collections::HashMap;

use aivi_bytecode::{Index, Reg};

use super::code::Op;
use super::function::{Binding, Dest, Function};
use super::repr::may_be_task;
use crate::check::types::TyId;
use crate::core::{
    Body, Expr, ExprKind, ListItem, LocalId, PatchAction, Pattern, PatternKind, RecordItem, Statement, StatementKind,
};
use crate::syntax::Symbol;

/// Fields between two wanted ones that are loaded along with them: one is cheaper than an instruction more.
const GAP: usize = 1;

/// Registers with fields that were read ahead, and what is to be read of variables that are not bound yet.
#[derive(Default)]
pub(super) struct Ahead {
    known: HashMap<(LocalId, Symbol), Reg>,
    /// In the order in which they became known.
    order: Vec<(LocalId, Symbol)>,
    pending: HashMap<LocalId, Reads>,
}

impl Ahead {
    /// The register with the field, if `expr` is one that was read ahead.
    pub(super) fn register(&self, expr: &Expr) -> Option<Reg> {
        let ExprKind::Field { base, name } = &expr.kind else { return None };
        let ExprKind::Local(id) = base.kind else { return None };
        self.known.get(&(id, *name)).copied()
    }

    /// How much is known, for `forget`.
    pub(super) fn mark(&self) -> usize {
        self.order.len()
    }

    /// Forgets what became known since the mark: its registers are given back.
    pub(super) fn forget(&mut self, mark: usize) {
        for key in self.order.drain(mark..) {
            self.known.remove(&key);
        }
    }
}

/// What a body reads of a variable.
#[derive(Default)]
struct Reads {
    fields: Vec<(Symbol, TyId)>,
    /// The record's type.
    record: Option<TyId>,
    /// How many of the reads are operands, which a register serves as it is.
    operands: usize,
    /// It is updated.
    updated: bool,
}

impl Reads {
    /// Loading ahead is worth it. A single field that is moved on can be loaded to where it goes.
    fn pays(&self) -> bool {
        self.updated || self.operands > 0 && self.fields.len() > 1
    }
}

impl Function<'_, '_> {
    /// Compiles a body.
    pub(super) fn emit_body(&mut self, expr: &Expr, run: bool, dest: Dest) {
        let (top, known) = (self.top, self.ahead.mark());
        self.read_ahead(expr, run);
        self.emit(expr, run, dest);
        self.ahead.forget(known);
        self.top = top;
    }

    /// Loads what `expr` reads of variables that are there; what it reads of its own variables is loaded when they are.
    pub(super) fn read_ahead(&mut self, expr: &Expr, run: bool) {
        let mut found = Found::default();
        found.expr(expr, run);
        self.load_found(found);
    }

    /// As `read_ahead`, for statements and the result behind them.
    pub(super) fn read_body_ahead(&mut self, body: &Body) {
        let mut found = Found::default();
        found.body(body);
        self.load_found(found);
    }

    fn load_found(&mut self, found: Found) {
        for (id, reads) in found.reads.into_iter().filter(|(_, reads)| reads.pays()) {
            match self.env.get(&id) {
                Some(Binding::Reg(reg)) => {
                    let reg = *reg;
                    self.load_fields(id, reg, &reads);
                }
                Some(_) => {}
                None => {
                    self.ahead.pending.insert(id, reads);
                }
            }
        }
    }

    /// The variables of `pattern` are bound.
    pub(super) fn load_pending(&mut self, pattern: &Pattern) {
        if self.ahead.pending.is_empty() {
            return;
        }
        match &pattern.kind {
            PatternKind::Local(id) => self.load_one(*id),
            PatternKind::As(id, inner) => {
                self.load_one(*id);
                self.load_pending(inner);
            }
            PatternKind::Tuple(parts) | PatternKind::Constructor(_, parts) => {
                parts.iter().for_each(|part| self.load_pending(part));
            }
            PatternKind::Record(fields) => fields.iter().for_each(|(_, field)| self.load_pending(field)),
            PatternKind::List { items, .. } => items.iter().for_each(|item| self.load_pending(item)),
            _ => {}
        }
    }

    fn load_one(&mut self, id: LocalId) {
        if let Some(reads) = self.ahead.pending.remove(&id)
            && let Some(Binding::Reg(reg)) = self.env.get(&id)
        {
            let reg = *reg;
            self.load_fields(id, reg, &reads);
        }
    }

    fn load_fields(&mut self, id: LocalId, object: Reg, reads: &Reads) {
        let Some(record) = reads.record.filter(|&record| !may_be_task(self.program, record)) else { return };
        let scalars: Vec<bool> =
            self.fields_of(record).0.iter().map(|&(_, ty)| self.repr(ty).scalar().is_some()).collect();
        let mut wanted = Vec::new();
        for &(name, ty) in &reads.fields {
            if self.repr(ty).scalar().is_some()
                && !self.ahead.known.contains_key(&(id, name))
                && let Some(position) = self.position(record, name)
                && !wanted.contains(&(position, name))
            {
                wanted.push((position, name));
            }
        }
        wanted.sort_unstable_by_key(|&(position, _)| position);
        let near =
            |left: usize, right: usize| right - left <= GAP + 1 && scalars[left..right].iter().all(|&scalar| scalar);
        for run in wanted.chunk_by(|left, right| near(left.0, right.0)) {
            let (start, end) = (run[0].0, run[run.len() - 1].0);
            let count = end - start + 1;
            let first = self.alloc(count);
            self.code.push(Op::Fields { object, first, index: Index(start as u16), count: count as u8 });
            for &(position, name) in run {
                self.ahead.known.insert((id, name), Reg(first.0 + (position - start) as u16));
                self.ahead.order.push((id, name));
            }
        }
    }
}

/// The reads of a body, variables in the order of their first one.
#[derive(Default)]
struct Found {
    reads: Vec<(LocalId, Reads)>,
    places: HashMap<LocalId, usize>,
}

impl Found {
    fn of(&mut self, id: LocalId) -> &mut Reads {
        let place = *self.places.entry(id).or_insert_with(|| {
            self.reads.push((id, Reads::default()));
            self.reads.len() - 1
        });
        &mut self.reads[place].1
    }

    fn field(&mut self, base: &Expr, name: Symbol, ty: TyId, operand: bool) {
        match base.kind {
            ExprKind::Local(id) => {
                let reads = self.of(id);
                reads.record = Some(base.ty);
                reads.fields.push((name, ty));
                reads.operands += usize::from(operand);
            }
            _ => self.expr(base, false),
        }
    }

    fn updated(&mut self, base: &Expr) {
        match base.kind {
            ExprKind::Local(id) => {
                let reads = self.of(id);
                reads.updated = true;
            }
            _ => self.expr(base, false),
        }
    }

    fn operand(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Field { base, name } => self.field(base, *name, expr.ty, true),
            _ => self.expr(expr, false),
        }
    }

    fn all<'e>(&mut self, exprs: impl IntoIterator<Item = &'e Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr, false));
    }

    fn expr(&mut self, expr: &Expr, run: bool) {
        match &expr.kind {
            ExprKind::Field { base, name } => self.field(base, *name, expr.ty, false),
            ExprKind::Apply { function, arguments } => {
                self.expr(function, false);
                self.all(arguments);
            }
            ExprKind::Block { bindings, result } => {
                self.all(bindings.iter().map(|(_, value)| value));
                self.expr(result, run);
            }
            ExprKind::Primitive(_, operands) => operands.iter().for_each(|operand| self.operand(operand)),
            ExprKind::Equal { left, right, .. } | ExprKind::Index { base: left, index: right } => {
                self.operand(left);
                self.operand(right);
            }
            ExprKind::Join(parts) | ExprKind::Tuple(parts) => self.all(parts),
            // What comes behind may not be needed.
            ExprKind::And(first, _) | ExprKind::Or(first, _) => self.operand(first),
            ExprKind::If { condition: first, .. } | ExprKind::Match { subject: first, .. } => self.operand(first),
            ExprKind::OrArms(first, _) | ExprKind::Default(first, _) | ExprKind::OrValue(first, _) => {
                self.expr(first, false);
            }
            ExprKind::ToText(inner) | ExprKind::Pure(inner) | ExprKind::Recurse(inner) => self.expr(inner, false),
            ExprKind::List(items) => items.iter().for_each(|item| match item {
                ListItem::Item(expr) | ListItem::Spread(expr) => self.expr(expr, false),
                ListItem::Range(first, last) => {
                    self.operand(first);
                    self.operand(last);
                }
            }),
            ExprKind::Record(items) => items.iter().for_each(|item| match item {
                RecordItem::Field(_, expr) => self.expr(expr, false),
                RecordItem::Spread(base) => self.updated(base),
            }),
            ExprKind::Patch { base, items } => {
                self.updated(base);
                for item in items {
                    let (PatchAction::Store(expr) | PatchAction::Transform(expr)) = &item.action;
                    self.expr(expr, false);
                }
            }
            ExprKind::Do(body) if run => self.body(body),
            ExprKind::Loop { init, .. } if run => self.expr(init, false),
            // Without fields, or code that runs later.
            _ => {}
        }
    }

    fn body(&mut self, body: &Body) {
        body.statements.iter().for_each(|statement| self.statement(statement));
        self.expr(&body.result, true);
    }

    fn statement(&mut self, statement: &Statement) {
        match &statement.kind {
            StatementKind::Bind { effect, .. } => self.expr(effect, true),
            StatementKind::Acquire { resource, .. } => self.expr(resource, true),
            StatementKind::Let { value, .. } => self.expr(value, false),
            StatementKind::Run(effect) => self.expr(effect, true),
        }
    }
}
