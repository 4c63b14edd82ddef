//! Visits every expression of a core tree, children first.

use crate::core::{Arm, Body, Expr, ExprKind, Fallback, ListItem, PatchAction, RecordItem, Statement, StatementKind};

/// Calls `visit` for `expr` and everything in it.
pub(super) fn each(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::Int(_)
        | ExprKind::Float(_)
        | ExprKind::Text(_)
        | ExprKind::Char(_)
        | ExprKind::Unit
        | ExprKind::Local(_)
        | ExprKind::Global(_)
        | ExprKind::Constructor(_)
        | ExprKind::Error => {}
        ExprKind::Lambda { body: inner, .. }
        | ExprKind::ToText(inner)
        | ExprKind::Field { base: inner, .. }
        | ExprKind::Pure(inner)
        | ExprKind::Recurse(inner) => each(inner, visit),
        ExprKind::Apply { function, arguments } => {
            each(function, visit);
            all(arguments, visit);
        }
        ExprKind::Block { bindings, result } => {
            bindings.iter_mut().for_each(|(_, value)| each(value, visit));
            each(result, visit);
        }
        ExprKind::If { condition, then, otherwise } => {
            each(condition, visit);
            each(then, visit);
            each(otherwise, visit);
        }
        ExprKind::Match { subject: value, arms: of } | ExprKind::OrArms(value, of) => {
            each(value, visit);
            arms(of, visit);
        }
        ExprKind::Primitive(_, items) | ExprKind::Join(items) | ExprKind::Tuple(items) => all(items, visit),
        ExprKind::And(left, right)
        | ExprKind::Or(left, right)
        | ExprKind::Equal { left, right, .. }
        | ExprKind::Default(left, right)
        | ExprKind::OrValue(left, right)
        | ExprKind::Index { base: left, index: right } => {
            each(left, visit);
            each(right, visit);
        }
        ExprKind::List(items) => {
            for item in items {
                match item {
                    ListItem::Item(value) | ListItem::Spread(value) => each(value, visit),
                    ListItem::Range(from, to) => {
                        each(from, visit);
                        each(to, visit);
                    }
                }
            }
        }
        ExprKind::Record(items) => {
            for item in items {
                let (RecordItem::Field(_, value) | RecordItem::Spread(value)) = item;
                each(value, visit);
            }
        }
        ExprKind::Patch { base, items } => {
            each(base, visit);
            for item in items {
                let (PatchAction::Store(value) | PatchAction::Transform(value)) = &mut item.action;
                each(value, visit);
            }
        }
        ExprKind::Do(inner) => body(inner, visit),
        ExprKind::Loop { init, body: inner, .. } => {
            each(init, visit);
            body(inner, visit);
        }
        ExprKind::Resource { setup, value, cleanup } => {
            statements(setup, visit);
            each(value, visit);
            statements(cleanup, visit);
        }
    }
    visit(expr);
}

fn all(exprs: &mut [Expr], visit: &mut dyn FnMut(&mut Expr)) {
    exprs.iter_mut().for_each(|expr| each(expr, visit));
}

fn body(body: &mut Body, visit: &mut dyn FnMut(&mut Expr)) {
    statements(&mut body.statements, visit);
    each(&mut body.result, visit);
}

fn arms(arms: &mut [Arm], visit: &mut dyn FnMut(&mut Expr)) {
    arms.iter_mut().for_each(|it| arm(it, visit));
}

fn arm(arm: &mut Arm, visit: &mut dyn FnMut(&mut Expr)) {
    if let Some(guard) = &mut arm.guard {
        each(guard, visit);
    }
    each(&mut arm.body, visit);
}

fn statements(statements: &mut [Statement], visit: &mut dyn FnMut(&mut Expr)) {
    for statement in statements {
        match &mut statement.kind {
            StatementKind::Bind { effect, fallback, .. } => {
                each(effect, visit);
                match fallback {
                    None => {}
                    Some(Fallback::Value(value)) => each(value, visit),
                    Some(Fallback::Arms(arms)) => arms.iter_mut().for_each(|it| arm(&mut it.arm, visit)),
                }
            }
            StatementKind::Acquire { resource: value, .. }
            | StatementKind::Let { value, .. }
            | StatementKind::Run(value) => each(value, visit),
        }
    }
}
