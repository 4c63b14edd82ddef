//! `match` and what is like it.
//!
//! Rows of pending tests are compiled arm by arm with shared tests: the first test of the first row decides what to
//! look at; the run of rows that look at the same place in the same way is grouped by what they expect, each group goes
//! on with the parts, and what fits no group goes on with the rows after the run. A row is never copied, so the code is
//! linear in the size of the arms; the price is that a place may be looked at again after a guard or an inner pattern
//! failed.

use std::collections::HashMap;

use aivi_bytecode::{Instruction, Reg};

use super::code::{Label, Op};
use super::free::Uses;
use super::function::{Dest, Function};
use crate::check::builtin;
use crate::check::types::TyId;
use crate::core::{Arm, ConstructorId, Expr, ExprKind, LocalId, Pattern, PatternKind};
use crate::syntax::Symbol;

/// Constructors from which on a table of jumps is better than tests one after the other. Arbitrary.
const SWITCH_MIN: usize = 3;

/// What an arm does.
#[derive(Clone, Copy)]
pub(super) struct Case<'e> {
    pub pattern: &'e Pattern,
    pub guard: Option<&'e Expr>,
    pub body: &'e Expr,
    /// The body is to be performed.
    pub run: bool,
}

impl<'e> Case<'e> {
    pub(super) fn of(arm: &'e Arm, run: bool) -> Self {
        Case { pattern: &arm.pattern, guard: arm.guard.as_ref(), body: &arm.body, run }
    }
}

/// An arm with the tests that are left.
struct Row<'e> {
    tests: Vec<(Reg, &'e Pattern)>,
    /// Rests of lists, bound when the arm is chosen.
    late: Vec<(LocalId, Reg, usize)>,
    case: Case<'e>,
}

/// What holds for all rows of one `match`.
struct Cx {
    dest: Dest,
    end: Label,
    /// Lists known to have at least so many items.
    lengths: HashMap<Reg, usize>,
}

impl Function<'_, '_> {
    /// `subject match arms`
    pub(super) fn match_on(&mut self, subject: &Expr, arms: &[Arm], run: bool, dest: Dest) {
        if self.match_option(subject, arms, run, dest) {
            return;
        }
        let mark = self.top;
        let mut rows = Vec::new();
        if let ExprKind::Tuple(items) = &subject.kind
            && arms.iter().all(|arm| matches!(arm.pattern.kind, PatternKind::Tuple(_) | PatternKind::Wildcard))
        {
            // The tuple is never made: its items are looked at where they are.
            let parts: Vec<Reg> = items.iter().map(|item| self.operand(item)).collect();
            for arm in arms {
                let tests = match &arm.pattern.kind {
                    PatternKind::Tuple(patterns) => parts.iter().copied().zip(patterns).collect(),
                    _ => Vec::new(),
                };
                rows.push(Row { tests, late: Vec::new(), case: Case::of(arm, run) });
            }
        } else {
            let reg = self.operand(subject);
            rows.extend(arms.iter().map(|arm| row(reg, Case::of(arm, run))));
        }
        let fail = self.code.label();
        self.arms(rows, fail, dest, |function| function.fault("pattern match failed"));
        self.top = mark;
    }

    /// `result or | Err p => …`, with patterns for the error.
    pub(super) fn or_arms(&mut self, result: &Expr, arms: &[Arm], dest: Dest) {
        let mark = self.top;
        let subject = self.operand(result);
        let [failed, end] = [self.code.label(), self.code.label()];
        self.first_part(subject, result.ty, dest, failed, end);
        let error = arms[0].pattern.ty;
        let reg = self.unpack_types(subject, &[error]);
        let rows = arms.iter().map(|arm| row(reg, Case::of(arm, false))).collect();
        let fail = self.code.label();
        self.arms(rows, fail, dest, |function| function.fault("pattern match failed"));
        self.code.push(Op::Bind(end));
        self.top = mark;
    }

    /// `result or fallback`, `option ?? fallback`. Options and Results alike have their value in the constructor at
    /// position 1.
    pub(super) fn or_value(&mut self, result: &Expr, fallback: &Expr, dest: Dest) {
        if self.option_or(result, fallback, dest) {
            return;
        }
        let mark = self.top;
        let subject = self.operand(result);
        let [failed, end] = [self.code.label(), self.code.label()];
        self.first_part(subject, result.ty, dest, failed, end);
        self.emit(fallback, false, dest);
        self.code.push(Op::Bind(end));
        self.top = mark;
    }

    /// Delivers what the `Some` or `Ok` in R[subject] holds and goes to `end`, or goes on behind `failed`.
    fn first_part(&mut self, subject: Reg, ty: TyId, dest: Dest, failed: Label, end: Label) {
        self.test_constructor(subject, builtin::SOME, failed);
        let value = self.program.types.data_arguments(ty).last().copied().unwrap_or(ty);
        let value = self.repr(value);
        self.deliver(dest, value, |function, dst| {
            let fields = Box::new([value.class()]);
            function.code.push(Op::Unpack { object: subject, first: dst, fields });
        });
        if dest != Dest::Return {
            self.code.push(Op::Jump(end));
        }
        self.code.push(Op::Bind(failed));
    }

    /// Arms that match what is in `reg`; `otherwise` is what happens when none does.
    pub(super) fn cases(&mut self, reg: Reg, cases: Vec<Case<'_>>, dest: Dest, otherwise: impl FnOnce(&mut Self)) {
        let fail = self.code.label();
        self.arms(cases.into_iter().map(|case| row(reg, case)).collect(), fail, dest, otherwise);
    }

    /// Arms that match what is in `reg`, or on to `fail`; behind an arm's body it goes on at `end`.
    pub(super) fn cases_or(&mut self, reg: Reg, cases: Vec<(&Pattern, Case<'_>)>, fail: Label, end: Label, dest: Dest) {
        let row = |(pattern, case)| Row { tests: vec![(reg, pattern)], late: Vec::new(), case };
        let mut cx = Cx { dest, end, lengths: HashMap::new() };
        self.rows(cases.into_iter().map(row).collect(), fail, &mut cx);
    }

    fn arms(&mut self, rows: Vec<Row<'_>>, fail: Label, dest: Dest, otherwise: impl FnOnce(&mut Self)) {
        let mut cx = Cx { dest, end: self.code.label(), lengths: HashMap::new() };
        self.rows(rows, fail, &mut cx);
        if self.code.references(fail) > 0 {
            self.code.push(Op::Bind(fail));
            otherwise(self);
        }
        self.code.push(Op::Bind(cx.end));
    }

    fn rows(&mut self, mut rows: Vec<Row<'_>>, fail: Label, cx: &mut Cx) {
        loop {
            let Some(first) = rows.first_mut() else {
                self.code.push(Op::Jump(fail));
                return;
            };
            self.settle_names(first);
            let Some(&(place, pattern)) = first.tests.first() else {
                let row = rows.remove(0);
                if self.chosen(row, rows.is_empty(), fail, cx) || rows.is_empty() {
                    return;
                }
                continue;
            };
            if self.is_product(pattern) {
                self.expand(&mut rows, place, pattern);
                continue;
            }
            let rest = self.take_run(&mut rows, place, pattern);
            let next = if rest.is_empty() { fail } else { self.code.label() };
            match &pattern.kind {
                PatternKind::Constructor(..) => self.constructors(rows, place, next, cx),
                PatternKind::List { items, rest } => self.lists(rows, place, items.len(), rest.is_some(), next, cx),
                _ => self.literals(rows, place, next, cx),
            }
            if rest.is_empty() {
                return;
            }
            self.code.push(Op::Bind(next));
            rows = rest;
        }
    }

    /// Binds variables and forgets wildcards at the front of a row's tests.
    fn settle_names(&mut self, row: &mut Row<'_>) {
        while let Some(&(place, pattern)) = row.tests.first() {
            match &pattern.kind {
                PatternKind::Wildcard | PatternKind::Unit | PatternKind::Error => {
                    row.tests.remove(0);
                }
                PatternKind::Local(id) => {
                    self.name_local(*id, place);
                    row.tests.remove(0);
                }
                PatternKind::As(id, inner) => {
                    self.name_local(*id, place);
                    row.tests[0] = (place, inner);
                }
                _ => break,
            }
        }
    }

    /// Always matches, except perhaps for its parts.
    fn is_product(&self, pattern: &Pattern) -> bool {
        match &pattern.kind {
            PatternKind::Tuple(_) | PatternKind::Record(_) => true,
            PatternKind::Constructor(id, _) => !self.is_refutable(*id),
            _ => false,
        }
    }

    /// Replaces tests of a product at `place` by tests of its parts, in all rows.
    fn expand(&mut self, rows: &mut [Row<'_>], place: Reg, pattern: &Pattern) {
        for row in rows.iter_mut() {
            self.open_as(row, place);
        }
        if let PatternKind::Record(_) = pattern.kind {
            return self.expand_record(rows, place, pattern.ty);
        }
        let parts = parts_of(pattern).unwrap_or_default();
        let first = self.unpack(place, parts);
        for row in rows {
            replace(row, place, |pattern| Some(numbered(first, parts_of(pattern)?)));
        }
    }

    fn expand_record(&mut self, rows: &mut [Row<'_>], place: Reg, ty: TyId) {
        let mut wanted: Vec<(Symbol, TyId)> = Vec::new();
        for row in rows.iter() {
            for (_, pattern) in row.tests.iter().filter(|(reg, _)| *reg == place) {
                let PatternKind::Record(fields) = &pattern.kind else { continue };
                for (name, field) in fields {
                    if wanted.iter().all(|(known, _)| known != name) {
                        wanted.push((*name, field.ty));
                    }
                }
            }
        }
        let parts = self.open_record(place, ty, &wanted);
        let part =
            |name: Symbol| wanted.iter().position(|&(known, _)| known == name).map_or(place, |index| parts[index]);
        for row in rows {
            replace(row, place, |pattern| match &pattern.kind {
                PatternKind::Record(fields) => Some(fields.iter().map(|(name, field)| (part(*name), field)).collect()),
                _ => None,
            });
        }
    }

    /// Names the whole where a row says `whole as …` about `place`.
    fn open_as(&mut self, row: &mut Row<'_>, place: Reg) {
        for test in row.tests.iter_mut().filter(|(reg, _)| *reg == place) {
            while let PatternKind::As(id, inner) = &test.1.kind {
                self.name_local(*id, place);
                test.1 = inner;
            }
        }
    }

    /// Splits off the rows after the first run of rows that look at `place` as `pattern` does.
    fn take_run<'e>(&mut self, rows: &mut Vec<Row<'e>>, place: Reg, pattern: &Pattern) -> Vec<Row<'e>> {
        let mut length = 0;
        for row in rows.iter_mut() {
            self.open_as(row, place);
            let test = row.tests.iter().find(|(reg, _)| *reg == place);
            if !test.is_some_and(|(_, other)| is_alike(pattern, other)) {
                break;
            }
            length += 1;
        }
        rows.split_off(length.max(1))
    }

    fn constructors(&mut self, rows: Vec<Row<'_>>, place: Reg, next: Label, cx: &mut Cx) {
        let mut groups: Vec<(ConstructorId, Vec<Row<'_>>)> = Vec::new();
        for row in rows {
            let Some(id) = constructor_at(&row, place) else { continue };
            match groups.iter_mut().find(|(known, _)| *known == id) {
                Some((_, group)) => group.push(row),
                None => groups.push((id, vec![row])),
            }
        }
        let data = self.program.constructors[groups[0].0.0 as usize].data;
        let all = &self.program.datas[data.0 as usize].constructors;
        if groups.len() >= SWITCH_MIN {
            let labels: Vec<Label> = groups.iter().map(|_| self.code.label()).collect();
            let target = |id| groups.iter().position(|(known, _)| known == id).map_or(next, |group| labels[group]);
            let targets = all.iter().map(target).collect();
            self.code.push(Op::Switch { subject: place, targets });
            for ((_, group), label) in groups.into_iter().zip(labels) {
                self.code.push(Op::Bind(label));
                self.constructed(group, place, next, cx);
            }
            return;
        }
        let (count, exhaustive) = (groups.len(), groups.len() == all.len());
        for (index, (id, group)) in groups.into_iter().enumerate() {
            let last = index + 1 == count;
            let miss = if last { next } else { self.code.label() };
            if !(last && exhaustive) {
                self.test_constructor(place, id, miss);
            }
            self.constructed(group, place, next, cx);
            if !last {
                self.code.push(Op::Bind(miss));
            }
        }
    }

    /// Rows of one constructor, which R[place] is known to be.
    fn constructed(&mut self, mut rows: Vec<Row<'_>>, place: Reg, next: Label, cx: &mut Cx) {
        let mark = self.top;
        let pattern = rows[0].tests.iter().find(|(reg, _)| *reg == place).map(|(_, pattern)| *pattern);
        let first = self.unpack(place, pattern.and_then(parts_of).unwrap_or_default());
        for row in &mut rows {
            replace(row, place, |pattern| Some(numbered(first, parts_of(pattern)?)));
        }
        self.group(rows, next, cx);
        self.top = mark;
    }

    fn group(&mut self, rows: Vec<Row<'_>>, next: Label, cx: &mut Cx) {
        let lengths = cx.lengths.clone();
        self.rows(rows, next, cx);
        cx.lengths = lengths;
    }

    fn literals(&mut self, rows: Vec<Row<'_>>, place: Reg, next: Label, cx: &mut Cx) {
        let mut groups: Vec<(&Pattern, Vec<Row<'_>>)> = Vec::new();
        let mut known = HashMap::new();
        for mut row in rows {
            let Some(at) = row.tests.iter().position(|(reg, _)| *reg == place) else { continue };
            let (_, pattern) = row.tests.remove(at);
            let group = *known.entry(literal(pattern)).or_insert(groups.len());
            if group == groups.len() {
                groups.push((pattern, Vec::new()));
            }
            groups[group].1.push(row);
        }
        let count = groups.len();
        for (index, (pattern, group)) in groups.into_iter().enumerate() {
            let mark = self.top;
            let last = index + 1 == count;
            let miss = if last { next } else { self.code.label() };
            self.test_literal(place, pattern, miss);
            self.group(group, next, cx);
            if !last {
                self.code.push(Op::Bind(miss));
            }
            self.top = mark;
        }
    }

    /// Rows that expect `length` items in R[list], or more when they may.
    fn lists(&mut self, mut rows: Vec<Row<'_>>, list: Reg, length: usize, or_more: bool, next: Label, cx: &mut Cx) {
        let mark = self.top;
        let known = cx.lengths.get(&list).copied().unwrap_or(0);
        let before = self.code.references(next);
        let tested = !or_more || known < length;
        if tested {
            self.test_length(list, length, or_more, next);
        }
        if or_more {
            cx.lengths.insert(list, known.max(length));
        }
        if !self.uncons(&mut rows, list, length) {
            self.items(&mut rows, list, length);
        }
        let outer = self.emptied;
        if length == 0 && !or_more {
            self.emptied = Some((list, self.code.ops.len()));
        }
        self.group(rows, next, cx);
        self.emptied = outer;
        // When nothing but the test leads on, the rows behind know that it failed.
        let only = self.code.references(next) == before + u32::from(tested);
        cx.lengths.insert(list, if !or_more && only && known == length { known + 1 } else { known });
        self.top = mark;
    }

    /// Takes the list apart when the only row just wants its head and its rest.
    fn uncons(&mut self, rows: &mut [Row<'_>], list: Reg, length: usize) -> bool {
        let [row] = rows else { return false };
        let [(place, pattern)] = row.tests.as_slice() else { return false };
        let PatternKind::List { items, rest: Some(Some(rest)) } = &pattern.kind else { return false };
        let PatternKind::Local(head) = items.first().map_or(&PatternKind::Wildcard, |item| &item.kind) else {
            return false;
        };
        if *place != list || length != 1 || row.case.guard.is_some() {
            return false;
        }
        let first = self.alloc(2);
        let tail = Reg(first.0 + 1);
        let class = self.repr(items[0].ty).result_class();
        self.code.push(Op::Take { dst: tail, src: list });
        self.act(class, Instruction::ListUncons { head: first, list: tail });
        self.name_local(*head, first);
        self.name_local(*rest, tail);
        row.tests.clear();
        true
    }

    /// Replaces tests of a list by tests of its items.
    fn items(&mut self, rows: &mut [Row<'_>], list: Reg, length: usize) {
        let mut parts: Vec<Option<Reg>> = vec![None; length];
        for row in rows {
            let Some(at) = row.tests.iter().position(|(reg, _)| *reg == list) else { continue };
            let PatternKind::List { items, rest } = &row.tests[at].1.kind else { continue };
            let mut tests = Vec::new();
            for (index, item) in items.iter().enumerate() {
                if parts[index].is_none() {
                    parts[index] = self.item(list, index, item);
                }
                tests.extend(parts[index].map(|part| (part, item)));
            }
            if let Some(Some(id)) = rest {
                row.late.push((*id, list, length));
            }
            row.tests.splice(at..=at, tests);
        }
    }

    /// A row without tests: its guard and its body. True when no row behind it can be reached.
    fn chosen(&mut self, row: Row<'_>, is_last: bool, fail: Label, cx: &mut Cx) -> bool {
        let mark = self.top;
        let mut late = row.late;
        let next = if is_last { fail } else { self.code.label() };
        if let Some(guard) = row.case.guard {
            let used = Uses::of(guard);
            late.retain(|&(id, list, count)| {
                let now = used.contains(&id);
                if now {
                    self.rest(list, count, id);
                }
                !now
            });
            self.branch(guard, false, next);
        }
        for (id, list, count) in late {
            self.rest(list, count, id);
        }
        self.emit_body(row.case.body, row.case.run, cx.dest);
        if cx.dest != Dest::Return {
            self.code.push(Op::Jump(cx.end));
        }
        self.top = mark;
        if row.case.guard.is_some() && !is_last {
            self.code.push(Op::Bind(next));
        }
        row.case.guard.is_none()
    }
}

fn row(reg: Reg, case: Case<'_>) -> Row<'_> {
    Row { tests: vec![(reg, case.pattern)], late: Vec::new(), case }
}

fn parts_of(pattern: &Pattern) -> Option<&[Pattern]> {
    match &pattern.kind {
        PatternKind::Tuple(parts) | PatternKind::Constructor(_, parts) => Some(parts),
        _ => None,
    }
}

fn numbered(first: Reg, parts: &[Pattern]) -> Vec<(Reg, &Pattern)> {
    parts.iter().enumerate().map(|(index, part)| (Reg(first.0 + index as u16), part)).collect()
}

/// Puts the tests of the parts in the place of a row's test of the whole.
fn replace<'e>(row: &mut Row<'e>, place: Reg, parts: impl Fn(&'e Pattern) -> Option<Vec<(Reg, &'e Pattern)>>) {
    if let Some(at) = row.tests.iter().position(|(reg, _)| *reg == place)
        && let Some(tests) = parts(row.tests[at].1)
    {
        row.tests.splice(at..=at, tests);
    }
}

fn constructor_at(row: &Row<'_>, place: Reg) -> Option<ConstructorId> {
    row.tests.iter().find(|(reg, _)| *reg == place).and_then(|(_, pattern)| match pattern.kind {
        PatternKind::Constructor(id, _) => Some(id),
        _ => None,
    })
}

/// Whether two patterns can share a run: the same kind of test, for lists the very same.
fn is_alike(left: &Pattern, right: &Pattern) -> bool {
    match (&left.kind, &right.kind) {
        (PatternKind::Constructor(..), PatternKind::Constructor(..)) => true,
        (PatternKind::List { items: left, rest: some }, PatternKind::List { items: right, rest: other }) => {
            left.len() == right.len() && some.is_some() == other.is_some()
        }
        (PatternKind::Int(_), PatternKind::Int(_))
        | (PatternKind::Char(_), PatternKind::Char(_))
        | (PatternKind::Text(_), PatternKind::Text(_)) => true,
        _ => false,
    }
}

/// A literal's value.
#[derive(PartialEq, Eq, Hash)]
enum Literal<'e> {
    Number(i64),
    Text(&'e str),
}

fn literal(pattern: &Pattern) -> Literal<'_> {
    match &pattern.kind {
        PatternKind::Int(value) => Literal::Number(*value),
        PatternKind::Char(value) => Literal::Number(i64::from(u32::from(*value))),
        PatternKind::Text(text) => Literal::Text(text),
        _ => Literal::Text(""),
    }
}
