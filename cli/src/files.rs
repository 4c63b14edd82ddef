//! Files and folders named on the command line.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The `.aivi` files that `path` names: itself, those in a folder, or with `folder/...` those of all folders below too. Sorted.
///
/// # Errors
/// When a folder cannot be read.
pub fn expand(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    if path.file_name().is_some_and(|name| name == "...") {
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

/// The `.aivi` files that `path` names: itself, or those in a folder and all folders below. Sorted.
///
/// # Errors
/// When a folder cannot be read.
pub fn expand_deep(path: &Path) -> io::Result<Vec<PathBuf>> {
    if path.is_dir() { expand(&path.join("...")) } else { expand(path) }
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
