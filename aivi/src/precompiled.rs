//! Programs that were compiled before: a [`Script`] as bytes, and back.
//!
//! The bytes hold the whole program with what it reaches of the library, the types of what it exports, and its source
//! lines for reports. They are a cache, not an archive: only the version of this crate that made them loads them, and
//! says so otherwise.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use aivi_bytecode::Module;
use aivi_bytecode::codec::sealed::{self, OpenError};
use aivi_stdlib::cause;

use crate::host_module::OtherType;
use crate::script::Script;

/// Why bytes are no program that this engine runs.
#[derive(Debug)]
pub enum LoadError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// They are not a compiled module.
    NotAModule,
    /// They were made by another version of this crate.
    OtherVersion,
    /// They are not what was written; how that shows.
    Damaged(String),
    /// They break the rules of the machine, or need what it does not have.
    Refused(String),
    /// They call a function of a host module that has another type here.
    OtherType {
        /// The function, as `module.name`.
        function: String,
        /// Its type when they were compiled, with what the types in it were declared as.
        compiled: String,
        /// Its type here.
        here: String,
    },
}

impl From<OtherType> for LoadError {
    fn from(OtherType { function, compiled, here }: OtherType) -> LoadError {
        LoadError::OtherType { function, compiled, here }
    }
}

impl From<OpenError> for LoadError {
    fn from(error: OpenError) -> LoadError {
        match error {
            OpenError::NotAModule => LoadError::NotAModule,
            OpenError::OtherVersion => LoadError::OtherVersion,
            OpenError::Length { .. } | OpenError::Checksum | OpenError::Malformed(_) => {
                LoadError::Damaged(error.to_string())
            }
        }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LoadError::Unreadable { path, error } => write!(f, "cannot read {}: {}", path.display(), cause(error)),
            LoadError::NotAModule => OpenError::NotAModule.fmt(f),
            LoadError::OtherVersion => OpenError::OtherVersion.fmt(f),
            LoadError::Damaged(why) => f.write_str(why),
            LoadError::Refused(why) => write!(f, "the machine does not take it: {why}"),
            LoadError::OtherType { function, compiled, here } => {
                write!(
                    f,
                    "'{function}' was {compiled} when the program was compiled, and is {here} here: compile it again"
                )
            }
        }
    }
}

impl std::error::Error for LoadError {}

impl Script {
    /// The program as bytes, for [`Engine::load`](crate::Engine::load). The same program has always the same bytes.
    /// Warnings of the compiler are not among them.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        sealed::seal(&self.code().original())
    }
}

/// The module in these bytes.
pub(crate) fn open(bytes: &[u8]) -> Result<Module, LoadError> {
    Ok(sealed::open(bytes)?)
}

/// The bytes of a file, if it is a compiled module by its name or by how it begins; else it may be a source text.
///
/// # Errors
/// When it is called `….aivic` and cannot be read. Other files are left to whoever reads them next.
pub fn read_precompiled(path: &Path) -> Result<Option<Vec<u8>>, LoadError> {
    let is_called_so = path.extension().is_some_and(|extension| extension == "aivic");
    // What is no file, like a pipe, can be read only once.
    if !is_called_so && !path.is_file() {
        return Ok(None);
    }
    match std::fs::read(path) {
        Ok(bytes) => Ok((is_called_so || sealed::is_sealed(&bytes)).then_some(bytes)),
        Err(error) if is_called_so => Err(LoadError::Unreadable { path: path.to_path_buf(), error }),
        Err(_) => Ok(None),
    }
}
