//! What an instruction does to the register that an operand names, and what it expects to find there.
//!
//! The verifier follows who owns what by the roles (`verify/flow.rs`), the compiler places moves and drops by them, and the machine
//! checks what programs from elsewhere have in their registers by what these have to hold.

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
    /// The first of the arguments, which are consumed; the result arrives there. Registers behind may be used by who is called.
    calls,
    /// From here on registers are used by who is called; no result arrives.
    clears,
}

/// What a tagged register has to hold.
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
}
