//! What is known of the contents of a register, besides who owns it (`state.rs`).
//!
//! A fact is a bound from above: the register holds one of these things. Where ways meet it is the least that covers
//! both, so facts only ever get weaker, and the search for them ends.

use crate::module::Constant;
use crate::operand::ScalarKind;
use crate::role::Kinds;

/// What the payload of a register is, whatever its tag says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Bits {
    /// That of a Bool: 0 or 1. It is one of a Char, too.
    Bool,
    /// That of a Char.
    Char,
    /// Whatever.
    Any,
}

impl Bits {
    /// Of a scalar of this kind.
    pub(super) fn of(kind: ScalarKind) -> Bits {
        match kind {
            ScalarKind::Bool => Bits::Bool,
            ScalarKind::Char => Bits::Char,
            ScalarKind::Int | ScalarKind::Float => Bits::Any,
        }
    }

    fn of_number(number: i64) -> Bits {
        match u32::try_from(number) {
            Ok(0 | 1) => Bits::Bool,
            Ok(code) if char::from_u32(code).is_some() => Bits::Char,
            _ => Bits::Any,
        }
    }
}

/// What a register holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Fact {
    /// Its tag. Any, where that means nothing.
    pub(super) kinds: Kinds,
    /// Its payload.
    pub(super) bits: Bits,
    /// If it is a list or has fields: it has at least so many items or fields …
    pub(super) least: u16,
    /// … and at most so many, or more than can be said here.
    pub(super) most: u16,
}

impl Fact {
    /// Nothing is known.
    pub(super) const UNKNOWN: Fact = Fact { kinds: Kinds::ALL, bits: Bits::Any, least: 0, most: u16::MAX };

    /// A value of one of these kinds.
    pub(super) fn of(kinds: Kinds) -> Fact {
        let bits = match kinds {
            _ if kinds.are_among(Kinds::BOOL) => Bits::Bool,
            _ if kinds.are_among(Kinds::BOOL.or(Kinds::CHAR)) => Bits::Char,
            _ => Bits::Any,
        };
        Fact { kinds, bits, ..Fact::UNKNOWN }
    }

    /// A raw scalar with such a payload.
    pub(super) fn raw(bits: Bits) -> Fact {
        Fact { bits, ..Fact::UNKNOWN }
    }

    /// A raw Int.
    pub(super) fn number(number: i64) -> Fact {
        Fact::raw(Bits::of_number(number))
    }

    pub(super) fn constant(constant: &Constant) -> Fact {
        match constant {
            Constant::Int(number) => {
                Fact { bits: Bits::of_number(*number), ..Fact::of(Kinds::of_scalar(ScalarKind::Int)) }
            }
            Constant::Float(_) => Fact::of(Kinds::of_scalar(ScalarKind::Float)),
            Constant::Char(_) => Fact::of(Kinds::CHAR),
            Constant::Bool(_) => Fact::of(Kinds::BOOL),
            Constant::Unit => Fact::of(Kinds::UNIT),
            Constant::Text(_) => Fact::of(Kinds::TEXT),
            Constant::Nullary(_) => Fact::of(Kinds::NULLARY),
            Constant::Function(_) => Fact::of(Kinds::FUNCTION),
            Constant::EmptyList => Fact::of(Kinds::LIST),
        }
    }

    /// With at least so many items or fields.
    pub(super) fn with_least(self, least: usize) -> Fact {
        Fact { least: self.least.max(u16::try_from(least).unwrap_or(u16::MAX)), ..self }
    }

    /// With just so many.
    pub(super) fn with_length(self, length: u16) -> Fact {
        Fact { least: length, most: length, ..self }
    }

    /// With so many more, or less.
    pub(super) fn longer(self, by: i32) -> Fact {
        let least = (i32::from(self.least) + by).clamp(0, u16::MAX.into());
        Fact { least: least as u16, most: u16::MAX, ..self }
    }

    /// Known to be of one of these kinds, too.
    pub(super) fn among(self, kinds: Kinds) -> Fact {
        Fact { kinds: self.kinds.and(kinds), ..self }
    }

    /// What is known where this and another way meet. Where one comes from behind, lengths that are not the same are
    /// given up, so that they do not change one by one.
    pub(super) fn join(self, other: Fact, is_from_behind: bool) -> Fact {
        let (least, most) = match (self.least, self.most) == (other.least, other.most) || !is_from_behind {
            true => (self.least.min(other.least), self.most.max(other.most)),
            false => (0, u16::MAX),
        };
        Fact { kinds: self.kinds.or(other.kinds), bits: self.bits.max(other.bits), least, most }
    }
}
