//! File operations that block, with errors that say what was tried. They run on the pool of blocking jobs.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Write};
use std::time::{SystemTime, UNIX_EPOCH};

use aivi_vm::capability::Grants;
use parking_lot::Mutex;

use super::spot::Spot;

/// What the system knows about a path. Times in milliseconds since 1970, 0 where they are unknown.
pub(super) struct Stats {
    pub size: i64,
    pub created: i64,
    pub modified: i64,
    pub is_file: bool,
    pub is_directory: bool,
}

/// A file opened for reading, until it is closed.
pub(super) struct FileHandle {
    path: String,
    file: Mutex<Option<File>>,
}

/// What was read of a file.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Piece {
    All(String),
    /// So many bytes, more than the call may have; or nobody waits for more.
    Only(usize),
}

/// Bytes that are read between two looks at the limits and at who waits; arbitrary.
const PIECE: usize = 1 << 16;

pub(super) fn read_text(grants: &Grants, path: &str, is_wanted: &dyn Fn() -> bool) -> Result<Piece, String> {
    let read = Spot::reading(grants, path).and_then(|spot| read_to_end(&mut spot.open()?, is_wanted));
    read.map_err(|error| failed("read", path, &error))
}

/// Reads to the end, which may never come: not every file has one.
fn read_to_end(file: &mut File, is_wanted: &dyn Fn() -> bool) -> io::Result<Piece> {
    let mut bytes = Vec::new();
    while Read::by_ref(file).take(PIECE as u64).read_to_end(&mut bytes)? == PIECE {
        // The text will stand beside what it is made of.
        let length = 2 * bytes.len();
        if !aivi_vm::has_room(length) || !is_wanted() {
            return Ok(Piece::Only(length));
        }
    }
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Piece::All(text)),
        Err(_) => Err(io::Error::new(ErrorKind::InvalidData, "stream did not contain valid UTF-8")),
    }
}

pub(super) fn write_text(grants: &Grants, path: &str, contents: &str) -> Result<(), String> {
    let written = Spot::writing(grants, path).and_then(|spot| spot.create()?.write_all(contents.as_bytes()));
    written.map_err(|error| failed("write", path, &error))
}

pub(super) fn delete(grants: &Grants, path: &str) -> Result<(), String> {
    let deleted = Spot::removing(grants, path).and_then(|spot| spot.remove());
    deleted.map_err(|error| failed("delete", path, &error))
}

/// A path that may not be looked at counts as missing.
pub(super) fn exists(grants: &Grants, path: &str) -> bool {
    Spot::reading(grants, path).and_then(|spot| spot.metadata()).is_ok()
}

pub(super) fn stat(grants: &Grants, path: &str) -> Result<Stats, String> {
    let asked = Spot::reading(grants, path).and_then(|spot| spot.metadata());
    let data = asked.map_err(|error| failed("stat", path, &error))?;
    Ok(Stats {
        size: i64::try_from(data.size).unwrap_or(i64::MAX),
        created: data.created.map_or(0, millis),
        modified: data.modified.map_or(0, millis),
        is_file: data.is_file,
        is_directory: data.is_directory,
    })
}

impl FileHandle {
    pub fn open(grants: &Grants, path: &str) -> Result<Self, String> {
        let opened =
            Spot::reading(grants, path).and_then(|spot| spot.open()).and_then(|file| match file.metadata()?.is_dir() {
                true => Err(ErrorKind::IsADirectory.into()),
                false => Ok(file),
            });
        let file = opened.map_err(|error| failed("open", path, &error))?;
        Ok(FileHandle { path: path.into(), file: Mutex::new(Some(file)) })
    }

    /// From where the last reading ended.
    pub fn read_all(&self, is_wanted: &dyn Fn() -> bool) -> Result<Piece, String> {
        let mut file = self.file.lock();
        let file = file.as_mut().ok_or_else(|| format!("cannot read {}: the file is closed", self.path))?;
        read_to_end(file, is_wanted).map_err(|error| failed("read", &self.path, &error))
    }

    pub fn close(&self) {
        self.file.lock().take();
    }
}

fn failed(tried: &str, path: &str, error: &io::Error) -> String {
    format!("cannot {tried} {path}: {}", crate::cause::cause(error))
}

/// Before 1970 counts backwards.
fn millis(time: SystemTime) -> i64 {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_millis()).unwrap_or(i64::MAX),
        Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis),
    }
}

#[cfg(test)]
mod tests {
    use aivi_vm::capability::{Capability, Grants};

    use super::{FileHandle, PIECE, Piece, delete, exists, read_text, stat, write_text};

    fn all() -> Grants {
        Grants::new(&[Capability::all()], &[], None).unwrap()
    }

    #[test]
    fn a_file_lives_and_dies() {
        let folder = std::env::temp_dir().join(format!("aivi-file-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("greeting.txt");
        let path = path.to_str().unwrap();
        assert!(!exists(&all(), path));
        write_text(&all(), path, "first and longer").unwrap();
        write_text(&all(), path, "héllo\n").unwrap();
        let is = |text: &str| Ok(Piece::All(text.to_owned()));
        assert_eq!(read_text(&all(), path, &|| true), is("héllo\n"));
        let stats = stat(&all(), path).unwrap();
        assert!(stats.size == 7 && stats.is_file && !stats.is_directory && stats.modified > 1_600_000_000_000);
        let handle = FileHandle::open(&all(), path).unwrap();
        assert_eq!(handle.read_all(&|| true), is("héllo\n"));
        assert_eq!(handle.read_all(&|| true), is(""), "the rest of the file is empty");
        write_text(&all(), path, &"x".repeat(2 * PIECE)).unwrap();
        assert_eq!(read_text(&all(), path, &|| false), Ok(Piece::Only(2 * PIECE)), "nobody waits");
        handle.close();
        assert!(handle.read_all(&|| true).unwrap_err().ends_with("the file is closed"));
        delete(&all(), path).unwrap();
        assert!(!exists(&all(), path));
        std::fs::remove_dir(folder).unwrap();
    }

    #[test]
    fn errors_name_the_path_and_the_cause() {
        let missing = "no/such/file";
        let expected = |tried| Err(format!("cannot {tried} {missing}: No such file or directory"));
        assert_eq!(read_text(&all(), missing, &|| true).map(|_| String::new()), expected("read"));
        assert_eq!(write_text(&all(), missing, "").map(|()| String::new()), expected("write"));
        assert_eq!(delete(&all(), missing).map(|()| String::new()), expected("delete"));
        assert!(FileHandle::open(&all(), "/").is_err_and(|error| error.starts_with("cannot open /: ")));
    }
}
