//! Limits that calls have reached, as hosts are told.

use std::fmt;

use aivi_vm::{Level, Limit, Program, Reached};

use crate::backtrace;

/// A limit that a call has reached, for which it was cancelled.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct LimitReport {
    /// Which.
    pub what: Limit,
    /// Whose: the call's own, that of a [`Budget`](crate::Budget), or the engine's
    /// ([`EngineBuilder::total`](crate::EngineBuilder::total)).
    pub level: Level,
    /// How much was allowed, as in [`Limits`](crate::Limits); of time in milliseconds.
    pub allowed: u64,
    /// How much was used, or would have been.
    pub used: u64,
    /// Where the fiber stood that reached it: `path:line:column in function`. Nothing for a time that was up while all
    /// waited.
    pub at: Option<String>,
    /// The sentence for it.
    pub message: String,
}

impl LimitReport {
    pub(crate) fn new(reached: &Reached, program: &Program) -> LimitReport {
        let Reached { limit, allowed, used, place, .. } = *reached;
        let at = program.locate(place).map(|_| backtrace::at(place, program));
        LimitReport { what: limit, level: reached.level.clone(), allowed, used, at, message: reached.text() }
    }
}

impl fmt::Display for LimitReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        self.at.iter().try_for_each(|at| write!(f, "\n  at {at}"))
    }
}
