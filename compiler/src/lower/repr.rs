//! How values of a type are held in registers.

use aivi_bytecode::ScalarKind;

use super::code::Class;
use crate::check::builtin;
use crate::check::types::{TyId, View};
use crate::core::{DataId, Program};

/// How a value of a type is held.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Repr {
    /// Raw.
    Scalar(ScalarKind),
    /// Tagged and never on the heap.
    Plain,
    /// Tagged and counted, as far as is known.
    Counted,
}

impl Repr {
    /// The class of a register that a computation leaves the value in.
    pub(super) fn class(self) -> Class {
        match self {
            Repr::Scalar(_) => Class::Scalar,
            Repr::Plain => Class::Plain,
            Repr::Counted => Class::Owned,
        }
    }

    /// The class of a register that a call leaves the value in.
    pub(super) fn result_class(self) -> Class {
        match self {
            Repr::Scalar(_) => Class::Tagged,
            other => other.class(),
        }
    }

    pub(super) fn scalar(self) -> Option<ScalarKind> {
        match self {
            Repr::Scalar(kind) => Some(kind),
            _ => None,
        }
    }
}

/// How values of `ty` are held.
pub(super) fn repr(program: &Program, ty: TyId) -> Repr {
    match program.types.head(ty) {
        Some(builtin::INT) => Repr::Scalar(ScalarKind::Int),
        Some(builtin::FLOAT) => Repr::Scalar(ScalarKind::Float),
        Some(builtin::BOOL) => Repr::Scalar(ScalarKind::Bool),
        Some(builtin::CHAR) => Repr::Scalar(ScalarKind::Char),
        Some(builtin::UNIT) => Repr::Plain,
        Some(data) if is_enumeration(program, data) => Repr::Plain,
        _ => Repr::Counted,
    }
}

fn is_enumeration(program: &Program, data: DataId) -> bool {
    let constructors = &program.datas[data.0 as usize].constructors;
    !constructors.is_empty() && constructors.iter().all(|id| program.constructors[id.0 as usize].arity == 0)
}

/// The type of what running a value of `ty` gives, when it is an effect or a resource.
pub(super) fn effect_result(program: &Program, ty: TyId) -> Option<TyId> {
    match program.types.head(ty) {
        Some(builtin::EFFECT | builtin::RESOURCE) => program.types.data_arguments(ty).get(1).copied(),
        _ => None,
    }
}

/// Whether `ty` is a record that looks like a task handle.
pub(super) fn is_task(program: &Program, ty: TyId) -> bool {
    has_fields_of_task(program, ty, |ty| effect_result(program, ty).is_some())
}

/// Whether a value of the closed record type `ty` may be a task handle: some of its fields may be effects without being
/// known as such.
pub(super) fn may_be_task(program: &Program, ty: TyId) -> bool {
    let may_be_effect = |ty| {
        effect_result(program, ty).is_some()
            || program.types.hidden(ty).is_some()
            || matches!(program.types.view(ty), View::Variable)
    };
    has_fields_of_task(program, ty, may_be_effect)
}

fn has_fields_of_task(program: &Program, ty: TyId, is_field: impl Fn(TyId) -> bool) -> bool {
    matches!(program.types.view(ty), View::Record { fields, open: false }
        if fields.iter().map(|(name, _)| program.interner.text(*name)).eq(["cancel", "isCancelled", "join"])
            && fields.iter().all(|&(_, ty)| is_field(ty)))
}
