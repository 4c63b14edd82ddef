//! Types during and after inference.
//!
//! A `TyId` is an index into a `TypeStore`; unification links entries, so an id stays valid for good and every reader
//! sees what is known by now through `view`.

use crate::core::DataId;
use crate::syntax::Symbol;

/// A type, an index into its `TypeStore`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TyId(pub u32);

/// What a type is, links followed. Effects are `Data(EFFECT, [error, value])`, functions are binary.
#[derive(Clone, PartialEq, Debug)]
pub enum View<'a> {
    /// Unknown or quantified.
    Variable,
    /// A nominal type with its arguments: `Int`, `List A`, `Effect E A`, …
    Data(DataId, &'a [TyId]),
    /// From, to.
    Function(TyId, TyId),
    /// Two or more.
    Tuple(&'a [TyId]),
    /// Fields, sorted by the *text* of their names; an open record may have more.
    Record {
        /// All known fields.
        fields: Vec<(Symbol, TyId)>,
        /// A row variable is left.
        open: bool,
    },
}
