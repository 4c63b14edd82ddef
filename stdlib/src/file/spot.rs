//! The door to files: what a path leads to, if the program may do there what it wants.

use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aivi_vm::capability::{Grants, Lack, Paths, Power, Refusal, Scope};
use cap_fs_ext::{FollowSymlinks, OpenOptionsFollowExt};
use cap_std::fs::{Dir, OpenOptions};

use super::walk::Found;

/// A file that a program may use as it asked to.
pub(super) enum Spot {
    /// The program may use all files so, and the system finds it.
    Anywhere(PathBuf),
    /// A name in a directory.
    In(Dir, PathBuf),
}

/// What the system knows about a file.
pub(super) struct Metadata {
    pub size: u64,
    pub created: Option<SystemTime>,
    pub modified: Option<SystemTime>,
    pub is_file: bool,
    pub is_directory: bool,
}

impl Spot {
    /// What the path leads to.
    pub fn reading(grants: &Grants, path: &str) -> io::Result<Spot> {
        Spot::find(grants, Power::Read, path, true)
    }

    /// What the path leads to, to be made if it is not there.
    pub fn writing(grants: &Grants, path: &str) -> io::Result<Spot> {
        Spot::find(grants, Power::Write, path, true)
    }

    /// What the path names, be it a link.
    pub fn removing(grants: &Grants, path: &str) -> io::Result<Spot> {
        Spot::find(grants, Power::Write, path, false)
    }

    fn find(grants: &Grants, power: Power, path: &str, follow: bool) -> io::Result<Spot> {
        // What an empty path means the system shall say.
        if grants.permits_all(power) || path.is_empty() {
            return Ok(Spot::Anywhere(path.into()));
        }
        let found = Found::walk(&std::path::absolute(path)?, follow)?;
        if let Err(lack) = grants.paths(power).try_for_each(|rules| compare(&rules, &found)) {
            let what = match (power, follow) {
                (Power::Read, _) => "reading it",
                (_, true) => "writing it",
                (_, false) => "removing it",
            };
            let refusal = Refusal::new(power, lack, what, Some(path));
            return Err(io::Error::new(ErrorKind::PermissionDenied, refusal.to_string()));
        }
        found.spot().map(|(dir, name)| Spot::In(dir, name.into()))
    }

    /// Opens it for reading.
    pub fn open(&self) -> io::Result<File> {
        match self {
            Spot::Anywhere(path) => File::open(path),
            Spot::In(dir, name) => open(dir, name, OpenOptions::new().read(true)),
        }
    }

    /// Opens it for writing, empty.
    pub fn create(&self) -> io::Result<File> {
        match self {
            Spot::Anywhere(path) => File::create(path),
            Spot::In(dir, name) => open(dir, name, OpenOptions::new().write(true).create(true).truncate(true)),
        }
    }

    /// Removes it.
    pub fn remove(&self) -> io::Result<()> {
        match self {
            Spot::Anywhere(path) => fs::remove_file(path),
            Spot::In(dir, name) => dir.remove_file(name),
        }
    }

    /// What is known about it.
    pub fn metadata(&self) -> io::Result<Metadata> {
        Ok(match self {
            Spot::Anywhere(path) => {
                let data = fs::metadata(path)?;
                Metadata {
                    size: data.len(),
                    created: data.created().ok(),
                    modified: data.modified().ok(),
                    is_file: data.is_file(),
                    is_directory: data.is_dir(),
                }
            }
            Spot::In(dir, name) => {
                let data = dir.symlink_metadata(name)?;
                Metadata {
                    size: data.len(),
                    created: data.created().ok().map(|time| time.into_std()),
                    modified: data.modified().ok().map(|time| time.into_std()),
                    is_file: data.is_file(),
                    is_directory: data.is_dir(),
                }
            }
        })
    }
}

/// Opens what was found to be no link, and is not followed if it has become one.
fn open(dir: &Dir, name: &Path, options: &mut OpenOptions) -> io::Result<File> {
    dir.open_with(name, options.follow(FollowSymlinks::No)).map(cap_std::fs::File::into_std)
}

/// Do these rules permit what was found? What their paths lead to is looked up now, as it was for the program's.
fn compare(rules: &Paths<'_>, found: &Found) -> Result<(), Lack> {
    let is_allowed = match &rules.allowed {
        Scope::Any => true,
        Scope::Under(paths) => paths.iter().any(|path| Found::walk(path, true).is_ok_and(|rule| rule.covers(found))),
    };
    let is_denied = match &rules.denied {
        Scope::Any => true,
        Scope::Under(paths) => paths.iter().any(|path| is_denied(path, found)),
    };
    Lack::unless(is_allowed, is_denied)
}

/// A link that is denied is so itself, and with what it leads to.
fn is_denied(path: &Path, found: &Found) -> bool {
    let touches = |follow: bool| match Found::walk(path, follow) {
        Ok(rule) => (follow || rule.is_link()) && rule.touches(found),
        // What cannot be told apart is denied.
        Err(_) => true,
    };
    touches(true) || touches(false)
}
