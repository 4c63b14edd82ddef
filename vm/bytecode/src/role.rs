//! What an instruction does to the register that an operand names, and what it expects to find there.
//!
//! The verifier follows who owns what by the roles (`verify/flow.rs`), the compiler places moves and drops by them, and
//! the machine checks what programs from elsewhere have in their registers by what these have to hold.

use crate::operand::ScalarKind;

/// What happens to a register. Where an operand opens a window, it is what happens to each register of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(non_camel_case_types)]
pub enum Role {
    /// The operand is no register.
    none,
    /// Its scalar is read: raw, or with a tag.
    reads,
    /// A raw scalar is written.
    sets,
    /// Both: a raw scalar is read, and perhaps written.
    adjusts,
    /// Its value is borrowed.
    sees,
    /// Its value is consumed.
    takes,
    /// Its value is consumed and another one put in its place: an update.
    edits,
    /// A value is written that the register owns.
    gives,
    /// A value is written that the object or list of the instruction goes on to own.
    shows,
    /// It becomes what the other operand is: ownership goes along or stays.
    becomes,
    /// The first of the arguments, which are consumed; the result arrives there. Registers behind may be used by who is
    /// called.
    calls,
    /// From here on registers are used by who is called; no result arrives.
    clears,
}

/// What a tagged register has to hold, or will hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)]
pub enum Holds {
    /// Whatever there is.
    Any,
    Text,
    List,
    Map,
    Set,
    /// A constructor with arguments, a tuple or a record.
    Object,
    /// That, or a function with its captures.
    Fields,
    /// That, or a task handle.
    Parts,
    /// A record or a task handle.
    Record,
    /// A constructor with arguments or without, or a truth value.
    Subject,
    /// A function, a partial application or an effect.
    Function,
    Task,
    Scope,
    Sender,
    Receiver,
    Gate,
}

impl Holds {
    /// The kinds of values that it stands for.
    #[inline]
    #[must_use]
    pub const fn kinds(self) -> Kinds {
        match self {
            Holds::Any => Kinds::ALL,
            Holds::Text => Kinds::TEXT,
            Holds::List => Kinds::LIST,
            Holds::Map => Kinds::MAP,
            Holds::Set => Kinds::SET,
            Holds::Object => Kinds::OBJECT,
            Holds::Fields => Kinds::OBJECT.or(Kinds::FUNCTION),
            Holds::Parts => Kinds::OBJECT.or(Kinds::FUNCTION).or(Kinds::TASK),
            Holds::Record => Kinds::OBJECT.or(Kinds::TASK),
            Holds::Subject => Kinds::OBJECT.or(Kinds::NULLARY).or(Kinds::BOOL),
            Holds::Function => Kinds::FUNCTION,
            Holds::Task => Kinds::TASK,
            Holds::Scope => Kinds::SCOPE,
            Holds::Sender => Kinds::SENDER,
            Holds::Receiver => Kinds::RECEIVER,
            Holds::Gate => Kinds::GATE,
        }
    }
}

/// A set of kinds of values. A kind is the bit with the number that the machine gives it in tags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Kinds(u32);

#[allow(missing_docs)]
impl Kinds {
    pub const ALL: Kinds = Kinds(u32::MAX);
    pub const BOOL: Kinds = Kinds::of_scalar(ScalarKind::Bool);
    pub const CHAR: Kinds = Kinds::of_scalar(ScalarKind::Char);
    pub const UNIT: Kinds = Kinds(1 << 4);
    /// Constructors without arguments.
    pub const NULLARY: Kinds = Kinds(1 << 5);
    /// Texts that need no object, and those that are one.
    pub const TEXT: Kinds = Kinds(1 << 6 | 1 << 17);
    /// All that is not counted.
    pub const SCALARS: Kinds = Kinds((1 << 8) - 1);
    /// Constructors with arguments, tuples and records.
    pub const OBJECT: Kinds = Kinds(1 << 8);
    /// Functions, effects, and what has some of its arguments.
    pub const FUNCTION: Kinds = Kinds(1 << 9 | 1 << 10);
    pub const LIST: Kinds = Kinds(1 << 16);
    pub const MAP: Kinds = Kinds(1 << 18);
    pub const SET: Kinds = Kinds(1 << 19);
    pub const TASK: Kinds = Kinds(1 << 12 | 1 << 21);
    pub const SCOPE: Kinds = Kinds(1 << 22);
    pub const SENDER: Kinds = Kinds(1 << 23);
    pub const RECEIVER: Kinds = Kinds(1 << 24);
    pub const GATE: Kinds = Kinds(1 << 28);

    /// The kind of a scalar with this tag.
    #[inline]
    #[must_use]
    pub const fn of_scalar(kind: ScalarKind) -> Kinds {
        Kinds(1 << kind as u32)
    }

    /// Those of both.
    #[inline]
    #[must_use]
    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Those that both have.
    #[inline]
    #[must_use]
    pub const fn and(self, other: Kinds) -> Kinds {
        Kinds(self.0 & other.0)
    }

    /// Whether all of them are among the others.
    #[inline]
    #[must_use]
    pub const fn are_among(self, others: Kinds) -> bool {
        self.0 & !others.0 == 0
    }

    /// The bits.
    #[inline]
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0
    }
}
