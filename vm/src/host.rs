//! What the machine and native functions ask of the host.

use std::io;
use std::sync::Arc;

use aivi_scheduler::reactor::{Attempt, IoSource, Registry};

use crate::capability::Grants;

/// The host: standard streams, arguments, environment, grants. The engine provides it. What it gives is not compared
/// with the grants: who asks has to, see `NativeCx::grants`.
pub trait Host: Send + Sync {
    /// Writes to standard output; one call's text stays together.
    ///
    /// # Errors
    /// When the output takes nothing more, or has not taken what was written before: the text is lost. Of the kind
    /// `BrokenPipe` when nobody reads it any more.
    fn write_out(&self, text: &str) -> io::Result<()>;

    /// Writes to standard error; one call's text stays together.
    fn write_err(&self, text: &str);

    /// A warning of the machine, without the word.
    fn warn(&self, text: &str) {
        self.write_err(&format!("warning: {text}\n"));
    }

    /// The same about an error with this trace, of which the text tells the first line.
    fn warn_of(&self, text: &str, _trace: &[String]) {
        self.warn(text);
    }

    /// The program's arguments.
    fn args(&self) -> Vec<String> {
        Vec::new()
    }

    /// A variable of the environment.
    fn env(&self, _name: &str) -> Option<String> {
        None
    }

    /// Sets or removes a variable, for this program.
    fn set_env(&self, _name: &str, _value: Option<&str>) {}

    /// What the program may do outside of itself.
    fn grants(&self) -> Arc<Grants> {
        Arc::new(Grants::none())
    }

    /// Standard input, if there is one.
    fn input(&self) -> Option<Arc<dyn LineInput>> {
        None
    }
}

/// Lines of text that arrive from outside. Taking a line and getting more input are separate steps, so that a
/// fiber that is cancelled while it waits loses nothing.
pub trait LineInput: Send + Sync {
    /// The next line without its end, or why there is none; `None` when more input is needed to tell. Never waits.
    fn take_line(&self) -> Option<Result<String, String>>;

    /// Gets more input if that is possible without blocking.
    fn fill(&self, registry: &Registry) -> Fill;

    /// Gets more input; called on a thread that may block, when `fill` said so.
    fn fill_blocking(&self);
}

/// How to get more input.
pub enum Fill {
    /// There is more now, or the end has come.
    Done,
    /// Ask again after the next rise.
    Wait(IoSource, Attempt),
    /// Call `fill_blocking` where blocking is allowed.
    Block,
}
