//! Files and folders named on the command line.

use std::collections::HashSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The `.aivi` files that `paths` name, each once: files in the order given, folders in the order of names.
///
/// # Errors
/// In words, when a folder cannot be read or has no such files.
pub fn expand_all(paths: &[PathBuf]) -> Result<Vec<PathBuf>, String> {
    let mut files = Vec::new();
    for path in paths {
        let found = expand(path).map_err(|error| format!("cannot read {}: {}", path.display(), aivi::cause(&error)))?;
        if found.is_empty() {
            return Err(empty(path));
        }
        files.extend(found);
    }
    let mut seen = HashSet::new();
    files.retain(|file| seen.insert(file.clone()));
    Ok(files)
}

/// Why nothing was found.
fn empty(path: &Path) -> String {
    let message = format!("there are no .aivi files in {}", path.display());
    if is_deep(path) {
        message
    } else {
        format!("{message}; {} means also all folders below", path.join("...").display())
    }
}

fn is_deep(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "...")
}

/// Itself, those in a folder, or with `folder/...` those of all folders below too. Sorted.
fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if is_deep(path) {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        collect(folder, true, &mut files)?;
    } else if path.is_dir() {
        collect(path, false, &mut files)?;
    } else {
        files.push(path.to_owned());
    }
    files.sort();
    Ok(files)
}

fn collect(folder: &Path, deep: bool, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        // Links to folders are not followed: they may lead in a circle.
        if entry.file_type()?.is_dir() {
            if deep {
                collect(&path, true, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "aivi") {
            files.push(path);
        }
    }
    Ok(())
}
