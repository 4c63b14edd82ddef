//! Parts of variables, looked at without a counted copy: the row in `rows[i][j]`, the place in `body.place.x`, the
//! channel end in `recv actor.inbox`.
//!
//! The register that shows the part does not own it; a variable does, and has to live until the part was looked at. So
//! the operation that looks at it reads the variable's register as well, and nothing that could end the variable stands
//! between. It may wait: the frame owns the variable meanwhile.

use aivi_bytecode::{Index, Instruction, Reg};

use super::call::Arg;
use super::code::Class;
use super::free::Uses;
use super::function::{Binding, Function};
use super::repr::{Repr, may_be_task};
use crate::check::builtin;
use crate::check::types::View;
use crate::core::{Expr, ExprKind, LocalId};

/// A part of a variable, or the variable itself.
#[derive(Clone, Copy)]
pub(super) struct Shown {
    pub reg: Reg,
    pub owner: Reg,
}

impl Function<'_, '_> {
    /// A register that shows `expr`, if that is a part of a variable.
    pub(super) fn peek(&mut self, expr: &Expr) -> Option<Shown> {
        if self.repr(expr.ty) != Repr::Counted {
            return None;
        }
        match &expr.kind {
            ExprKind::Field { base, name } if !may_be_task(self.program, base.ty) => {
                let index = self.position(base.ty, *name)?;
                let from = self.shown(base)?;
                let dst = self.alloc(1);
                self.look(
                    Class::Alias,
                    Instruction::FieldPeek { dst, object: from.reg, index: Index(index as u16) },
                    from,
                );
                Some(Shown { reg: dst, owner: from.owner })
            }
            ExprKind::Index { base, index } if is_plain(index) && self.is_list(base) => {
                let from = self.shown(base)?;
                let dst = self.alloc(1);
                let index = self.operand(index);
                self.look(Class::Alias, Instruction::ListPeek { dst, list: from.reg, index }, from);
                Some(Shown { reg: dst, owner: from.owner })
            }
            _ => None,
        }
    }

    /// A register that shows an argument, if that is a field of a variable: a channel end of a record, say. Not if one
    /// of the arguments uses more than fields of it: that may be its last use, and change it in place.
    pub(super) fn seen(&mut self, argument: &Arg<'_>, arguments: &[Arg<'_>]) -> Option<Shown> {
        let Arg::Expr(expr) = argument else { return None };
        let computed = arguments.iter().filter_map(|argument| match argument {
            Arg::Expr(expr) => Some(*expr),
            Arg::Reg(..) => None,
        });
        Uses::fields(variable_of(expr)?, computed)?;
        self.peek(expr)
    }

    fn shown(&mut self, expr: &Expr) -> Option<Shown> {
        match expr.kind {
            ExprKind::Local(id) => match self.env.get(&id) {
                Some(Binding::Reg(reg)) => Some(Shown { reg: *reg, owner: *reg }),
                _ => None,
            },
            _ => self.peek(expr),
        }
    }

    pub(super) fn is_list(&self, expr: &Expr) -> bool {
        matches!(self.program.types.view(expr.ty), View::Data(builtin::LIST, _))
    }

    /// An instruction that looks at what is shown.
    pub(super) fn look(&mut self, class: Class, instruction: Instruction, at: Shown) {
        self.code.act_reading(class, instruction, vec![at.owner]);
    }
}

/// The variable of which an expression is a field, or a field of one.
fn variable_of(expr: &Expr) -> Option<LocalId> {
    let ExprKind::Field { base, .. } = &expr.kind else { return None };
    match base.kind {
        ExprKind::Local(id) => Some(id),
        _ => variable_of(base),
    }
}

/// Arithmetic on variables, literals and fields: it ends no variable that is not a scalar.
pub(super) fn is_plain(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Int(_) | ExprKind::Local(_) => true,
        ExprKind::Primitive(_, operands) => operands.iter().all(is_plain),
        ExprKind::Field { base, .. } => matches!(base.kind, ExprKind::Local(_)),
        _ => false,
    }
}
