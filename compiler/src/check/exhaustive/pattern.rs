//! Patterns as the search sees them: variables are gone, and every question has one form.

use crate::core::{Arm, ConstructorId, Pattern, PatternKind};
use crate::syntax::Symbol;

/// What a pattern asks, and the patterns for what is inside.
#[derive(Clone, Debug)]
pub(super) enum Pat<'p> {
    /// Nothing.
    Any,
    /// Is it this constructor?
    Constructor(ConstructorId, Vec<Pat<'p>>),
    /// Is it this literal?
    Literal(Literal<'p>),
    /// Has the list this many items, or at least this many?
    List { items: Vec<Pat<'p>>, rest: bool },
    /// What are the items of the tuple?
    Tuple(Vec<Pat<'p>>),
    /// What are these fields?
    Record(Vec<(Symbol, Pat<'p>)>),
}

/// A literal of a type with more values than anybody lists.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Literal<'p> {
    Int(i64),
    Text(&'p str),
    Char(char),
}

/// An arm.
pub(super) struct Simplified<'p> {
    pub(super) pattern: Pat<'p>,
    /// It does not take every value that its pattern matches.
    pub(super) may_fail: bool,
}

impl Pat<'_> {
    /// It asks nothing.
    pub(super) fn is_any(&self) -> bool {
        match self {
            Pat::Any => true,
            Pat::Tuple(items) => items.iter().all(Pat::is_any),
            Pat::Record(fields) => fields.iter().all(|(_, field)| field.is_any()),
            Pat::List { items, rest } => items.is_empty() && *rest,
            Pat::Constructor(..) | Pat::Literal(_) => false,
        }
    }
}

/// The arm as a row; `None` when it holds a mistake that has been reported.
pub(super) fn simplify(arm: &Arm) -> Option<Simplified<'_>> {
    let mut may_fail = arm.guard.is_some();
    let pattern = pat(&arm.pattern, &mut may_fail)?;
    Some(Simplified { pattern, may_fail })
}

fn pat<'p>(pattern: &'p Pattern, may_fail: &mut bool) -> Option<Pat<'p>> {
    Some(match &pattern.kind {
        PatternKind::Wildcard | PatternKind::Local(_) | PatternKind::Unit => Pat::Any,
        PatternKind::As(_, inner) => pat(inner, may_fail)?,
        PatternKind::Constructor(constructor, arguments) => Pat::Constructor(*constructor, pats(arguments, may_fail)?),
        PatternKind::Int(value) => Pat::Literal(Literal::Int(*value)),
        PatternKind::Text(text) => Pat::Literal(Literal::Text(text)),
        PatternKind::Char(value) => Pat::Literal(Literal::Char(*value)),
        PatternKind::Tuple(items) => Pat::Tuple(pats(items, may_fail)?),
        PatternKind::List { items, rest } => Pat::List { items: pats(items, may_fail)?, rest: rest.is_some() },
        PatternKind::Record(fields) => {
            let mut merged: Vec<(Symbol, Pat<'p>)> = Vec::new();
            for (name, field) in fields {
                add_field(&mut merged, *name, pat(field, may_fail)?, may_fail);
            }
            Pat::Record(merged)
        }
        PatternKind::Error => return None,
    })
}

fn pats<'p>(patterns: &'p [Pattern], may_fail: &mut bool) -> Option<Vec<Pat<'p>>> {
    patterns.iter().map(|pattern| pat(pattern, may_fail)).collect()
}

/// Adds what is asked of a field. `{ a.b, a.c }` names `a` twice: both are asked.
fn add_field<'p>(fields: &mut Vec<(Symbol, Pat<'p>)>, name: Symbol, field: Pat<'p>, may_fail: &mut bool) {
    let Some((_, known)) = fields.iter_mut().find(|(known, _)| *known == name) else {
        fields.push((name, field));
        return;
    };
    match (known, field) {
        (_, Pat::Any) => {}
        (known @ Pat::Any, field) => *known = field,
        (Pat::Record(known), Pat::Record(more)) => {
            for (name, field) in more {
                add_field(known, name, field, may_fail);
            }
        }
        // Two questions about one value, which the matrix cannot express: the arm is taken to cover nothing.
        _ => *may_fail = true,
    }
}
