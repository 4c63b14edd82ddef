//! What becomes of a program whose output is lost.
//!
//! When nobody reads it any more (`| head`), the program ends quietly as others do, like after SIGPIPE, only that its
//! cleanups run. Any other cause, a full disk say, is a fault: `println` has no error of its own, and a program that
//! seems to have succeeded while its output is missing is worse than one that stops. Rejected: a typed failure, which
//! each `main` would have to name.

use std::io::{Error, ErrorKind};

use crate::cause::cause;

/// Why output is lost.
pub enum Loss {
    /// Nobody reads it any more.
    Unread,
    /// It is not taken: the message of the fault.
    Refused(String),
}

impl Loss {
    /// What a shell reports for a program that SIGPIPE has ended: 128 + 13.
    pub const EXIT_UNREAD: i32 = 141;

    /// By what the writer has said.
    #[must_use]
    pub fn new(error: &Error) -> Loss {
        match error.kind() {
            ErrorKind::BrokenPipe => Loss::Unread,
            _ => Loss::Refused(format!("output was lost: {}", cause(error))),
        }
    }
}
