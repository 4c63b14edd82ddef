//! What a program may do outside of itself: what a host grants, and what a native function asks for.
//!
//! A *power* is a kind of thing to do, a *capability* is a power with what it reaches: reading below one directory,
//! connecting to one host. [`Grants`] are capabilities that were allowed and denied, and answer what a program asks. A
//! native function that needs a power says so in its row (`NativeFn::needs`), and gets the grants from its context for
//! that power only.
//!
//! Here is what was granted, and nothing of the system: `stdlib` finds out what a path leads to and which addresses a
//! name has, and asks with that.

mod endpoint;
mod grants;
mod variable;

use std::path::PathBuf;

pub use grants::{Grants, Lack, Paths, Refusal, Scope};

use endpoint::Endpoint;
use variable::Variable;

/// A kind of thing that a program can do outside of itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[non_exhaustive]
pub enum Power {
    /// Reading files, and asking about them.
    Read,
    /// Writing, making and removing files.
    Write,
    /// Connecting to others over the network, and asking for their addresses.
    Connect,
    /// Accepting connections from the network.
    Listen,
    /// Variables of the environment.
    Environment,
    /// Standard input.
    Input,
    /// Ending the program with an exit code of its choice.
    Exit,
    /// The time of day. Sleeping and measuring how long something takes need no power.
    Clock,
}

impl Power {
    /// Each of them.
    pub const ALL: [Power; 8] = [
        Power::Read,
        Power::Write,
        Power::Connect,
        Power::Listen,
        Power::Environment,
        Power::Input,
        Power::Exit,
        Power::Clock,
    ];

    /// What grants it: the option of the program `aivi`, and the name of the constructor.
    fn granted_by(self) -> (&'static str, &'static str) {
        match self {
            Power::Read => ("--allow-read", "read"),
            Power::Write => ("--allow-write", "write"),
            Power::Connect => ("--allow-net", "connect"),
            Power::Listen => ("--allow-net", "listen"),
            Power::Environment => ("--allow-env", "environment"),
            Power::Input => ("--allow-input", "input"),
            Power::Exit => ("--allow-exit", "exit"),
            Power::Clock => ("--allow-clock", "clock"),
        }
    }
}

/// Something that a program can be allowed, or denied, outside of itself.
///
/// What a capability cannot mean, such as a port that is no number, is told when it is used: by
/// [`mistake`](Capability::mistake), and as the error of whatever takes it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Capability(Reach);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Reach {
    All,
    Any(Power),
    Path(Power, PathBuf),
    Endpoint(Power, Endpoint),
    Variable(Variable),
    Mistake(String),
}

impl Capability {
    /// Everything that a program of the user who runs it can do.
    #[must_use]
    pub fn all() -> Capability {
        Capability(Reach::All)
    }

    /// Everything of one kind: all files, every host.
    #[must_use]
    pub fn any(power: Power) -> Capability {
        Capability(Reach::Any(power))
    }

    /// Reading a file, or everything in a directory and below: their texts, whether they exist, size and times.
    ///
    /// A relative path means the directory that is the current one when the capability is given to an engine. What the
    /// path leads to is looked up whenever the program asks, and so is what the program's own path leads to, links and
    /// `..` included: what counts is where it ends. The path need not exist yet.
    ///
    /// Systems show much as files: who may read `/` or `/proc` sees the environment, and who may write there can do
    /// anything.
    #[must_use]
    pub fn read(path: impl Into<PathBuf>) -> Capability {
        Capability::path(Power::Read, path.into())
    }

    /// Writing, making and removing a file, or everything in a directory and below; paths as in
    /// [`read`](Capability::read). It does not contain reading.
    #[must_use]
    pub fn write(path: impl Into<PathBuf>) -> Capability {
        Capability::path(Power::Write, path.into())
    }

    /// Connecting to a host: `example.org:443`, `10.0.0.0/8:8000-8999`, `[::1]:80`. Without a port, or with `*` for it,
    /// all ports; `*.example.org` means all hosts below that name, and `*` every host.
    ///
    /// A name means what it is resolved to when the program connects by that name, and nothing for the address itself;
    /// only `localhost` means the addresses of the machine itself, too. An address or a network means whatever leads to
    /// it, but only names that are granted are asked for, so nothing can be told to others by asking for names.
    #[must_use]
    pub fn connect(endpoint: &str) -> Capability {
        Capability::endpoint(Power::Connect, endpoint)
    }

    /// Listening on an address of this machine and accepting connections, from anybody; forms as in
    /// [`connect`](Capability::connect). To let the system choose a port is port 0.
    #[must_use]
    pub fn listen(endpoint: &str) -> Capability {
        Capability::endpoint(Power::Listen, endpoint)
    }

    /// A variable of the environment, by name, or with `*` at the end all whose names begin so.
    #[must_use]
    pub fn environment(name: &str) -> Capability {
        Capability(Variable::parse(name).map_or_else(Reach::Mistake, Reach::Variable))
    }

    /// Reading standard input.
    #[must_use]
    pub fn input() -> Capability {
        Capability::any(Power::Input)
    }

    /// Ending the program, or the call, with an exit code: `system.exit`.
    #[must_use]
    pub fn exit() -> Capability {
        Capability::any(Power::Exit)
    }

    /// Seeing what time it is. Sleeping and measuring need no grant.
    #[must_use]
    pub fn clock() -> Capability {
        Capability::any(Power::Clock)
    }

    /// What is wrong with it, if something is: an empty path, a port that is no number.
    #[must_use]
    pub fn mistake(&self) -> Option<&str> {
        match &self.0 {
            Reach::Mistake(what) => Some(what),
            _ => None,
        }
    }

    fn path(power: Power, path: PathBuf) -> Capability {
        match path.as_os_str().is_empty() {
            true => Capability(Reach::Mistake("an empty path names no file; '.' is the current directory".into())),
            false => Capability(Reach::Path(power, path)),
        }
    }

    fn endpoint(power: Power, text: &str) -> Capability {
        let reach = Endpoint::parse(text).map_or_else(Reach::Mistake, |endpoint| Reach::Endpoint(power, endpoint));
        Capability(reach)
    }
}
