//! What a path leads to, found by handles of directories, from the root on.
//!
//! A walk goes through a path a name at a time: a directory is opened below the handle of the one before and never by
//! following a link, a link is read and its text walked. So where the walk is when it ends is known and stays known,
//! whatever happens to names meanwhile, and what is done there is done below the last handle, without following a link.
//!
//! Directories are compared by identity, as the system tells it, and only what does not exist yet by name. So there is
//! no second way to write a path, in other case or through a link, that is taken for another place.
//!
//! Rejected: to compare paths as texts (links), to make them absolute first and open them then (what they lead to may
//! change in between), and handles of the granted directories alone, below which everything is opened (a link from one
//! granted directory to another is refused, and nothing below can be denied).

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Component, Path, PathBuf};

use cap_fs_ext::{DirExt, MetadataExt};
use cap_std::ambient_authority;
use cap_std::fs::{Dir, Metadata};

/// Links in one path; more are taken for a circle. As many as Linux follows.
const LINKS_MAX: usize = 40;

/// What the system knows a file by.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Identity(u64, u64);

impl Identity {
    fn of(metadata: &Metadata) -> Identity {
        Identity(metadata.dev(), metadata.ino())
    }
}

/// Where a walk has ended.
pub(super) struct Found {
    /// The directories that it went through, from the root on.
    trail: Vec<Step>,
    /// What follows in the last of them: a file, or names that do not exist.
    names: Vec<OsString>,
    /// What is there, if something is that is no directory.
    file: Option<Metadata>,
    /// There was more behind what does not exist, which cannot be told without it.
    is_cut: bool,
    /// A name in the last directory, which is no link as far as it was to be followed; or why the walk ended before.
    end: io::Result<OsString>,
}

impl Found {
    /// Walks an absolute path; a link at its end is followed, or is what was found.
    pub fn walk(path: &Path, follow: bool) -> io::Result<Found> {
        let root = path.ancestors().last().unwrap_or(path).to_owned();
        let mut walk = Walk { root, steps: Vec::new(), left: Vec::new(), links: 0 };
        walk.turn_to(path)?;
        walk.go(follow)
    }

    /// A directory and a name in it.
    ///
    /// # Errors
    /// Why the walk ended before.
    pub fn spot(mut self) -> io::Result<(Dir, OsString)> {
        let name = self.end?;
        let last = self.trail.pop().ok_or(io::ErrorKind::NotFound)?;
        Ok((last.dir, name))
    }

    /// Is it a link? Not if that was followed.
    pub fn is_link(&self) -> bool {
        self.file.as_ref().is_some_and(Metadata::is_symlink)
    }

    /// Is that place this one, or below it?
    pub fn covers(&self, place: &Found) -> bool {
        !self.is_cut && self.leads_to(place, |own, name| own == name)
    }

    /// The same for denials: what may be the same in the eyes of the system is.
    pub fn touches(&self, place: &Found) -> bool {
        let folded = |name: &OsStr| name.to_string_lossy().to_lowercase();
        (self.file.is_some() && self.identity() == place.identity())
            || self.leads_to(place, |own, name| folded(own) == folded(name))
    }

    fn identity(&self) -> Option<Identity> {
        self.file.as_ref().map(Identity::of)
    }

    fn leads_to(&self, place: &Found, is_same: impl Fn(&OsStr, &OsStr) -> bool) -> bool {
        let Some(last) = self.trail.last() else { return false };
        let Some(at) = place.trail.iter().position(|step| step.identity == last.identity) else { return false };
        let mut rest = place.trail[at + 1..].iter().map(|step| &step.name).chain(&place.names);
        self.names.iter().all(|own| rest.next().is_some_and(|name| is_same(own, name)))
    }
}

struct Walk {
    root: PathBuf,
    steps: Vec<Step>,
    /// Names that are still to be walked, the next one last.
    left: Vec<OsString>,
    links: usize,
}

/// A directory, open, with its name in the one before.
struct Step {
    name: OsString,
    dir: Dir,
    identity: Identity,
}

impl Step {
    fn new(name: OsString, dir: Dir) -> io::Result<Step> {
        let identity = Identity::of(&dir.dir_metadata()?);
        Ok(Step { name, dir, identity })
    }
}

impl Walk {
    /// Goes on with this path, from the root if it is absolute.
    fn turn_to(&mut self, path: &Path) -> io::Result<()> {
        if path.has_root() || self.steps.is_empty() {
            self.root = self.root.join(path).ancestors().last().unwrap_or(path).to_owned();
            let dir = Dir::open_ambient_dir(&self.root, ambient_authority())?;
            self.steps = vec![Step::new(OsString::new(), dir)?];
        }
        if names_directory(path) {
            self.left.push(".".into());
        }
        let names = path.components().rev().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some("..".into()),
            Component::Prefix(_) | Component::RootDir | Component::CurDir => None,
        });
        self.left.extend(names);
        Ok(())
    }

    fn go(mut self, follow: bool) -> io::Result<Found> {
        while let Some(name) = self.left.pop() {
            if name == "." {
                continue;
            }
            if name == ".." {
                // The root is its own parent.
                self.steps.truncate((self.steps.len() - 1).max(1));
                continue;
            }
            let is_kept = self.left.is_empty() && !follow;
            let here = &self.here().dir;
            let opened = if is_kept { Err(io::ErrorKind::IsADirectory.into()) } else { here.open_dir_nofollow(&name) };
            let error = match opened.and_then(|dir| Step::new(name.clone(), dir)) {
                Ok(step) => {
                    self.steps.push(step);
                    continue;
                }
                Err(error) => error,
            };
            match here.symlink_metadata(&name) {
                Ok(metadata) if metadata.is_symlink() && !is_kept => match self.follow(&name) {
                    Ok(()) => {}
                    Err(error) => return Ok(self.stop(name, error)),
                },
                Ok(metadata) if self.left.is_empty() => return Ok(self.end(name, Some(metadata))),
                Err(_) if self.left.is_empty() => return Ok(self.end(name, None)),
                Ok(_) => return Ok(self.stop(name, error)),
                Err(error) => return Ok(self.stop(name, error)),
            }
        }
        let mut found = self.end(".".into(), None);
        found.names.clear();
        Ok(found)
    }

    fn here(&self) -> &Step {
        self.steps.last().expect("`turn_to` opened the root, which nothing takes away")
    }

    fn follow(&mut self, link: &OsStr) -> io::Result<()> {
        self.links += 1;
        if self.links > LINKS_MAX {
            return Err(io::Error::other("too many levels of symbolic links"));
        }
        let target = self.here().dir.read_link_contents(link)?;
        self.turn_to(&target)
    }

    /// Everything was walked: this name is the last.
    fn end(self, name: OsString, file: Option<Metadata>) -> Found {
        Found { trail: self.steps, names: vec![name.clone()], file, is_cut: false, end: Ok(name) }
    }

    /// There is no way on from here.
    fn stop(self, name: OsString, error: io::Error) -> Found {
        let is_plain = |name: &&OsString| *name != "..";
        let rest: Vec<_> = self.left.into_iter().rev().filter(|name| name != ".").collect();
        let known: Vec<_> = rest.iter().take_while(is_plain).cloned().collect();
        let is_cut = known.len() < rest.len();
        let names = std::iter::once(name).chain(known).collect();
        Found { trail: self.steps, names, file: None, is_cut, end: Err(error) }
    }
}

/// Does the path say that it ends with a directory? `Path` forgets that.
fn names_directory(path: &Path) -> bool {
    let text = path.as_os_str().as_encoded_bytes();
    let is_separator = |byte: &u8| std::path::is_separator(char::from(*byte));
    let text = text.strip_suffix(b".").unwrap_or(text);
    text.last().is_some_and(is_separator)
}
