//! What is wrong with a host's module.

use std::fmt;

/// Why an engine does not take a module: the host's code is to be changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HostModuleError {
    /// The module.
    pub module: String,
    /// The function or type, if it is about one.
    pub item: Option<String>,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl fmt::Display for HostModuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "host module '{}'", self.module)?;
        if let Some(item) = &self.item {
            write!(f, ", '{item}'")?;
        }
        write!(f, ": {}", self.problem)
    }
}

impl std::error::Error for HostModuleError {}
