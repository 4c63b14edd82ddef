//! Compiles the library ahead, from the same files that `aivi-stdlib` holds: see `aivi_compiler::image`.

use std::path::{Path, PathBuf};
use std::{env, fs, io};

const LIBRARY: &str = "../stdlib/aivi";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={LIBRARY}");
    let mut modules = Vec::new();
    collect(Path::new(LIBRARY), "aivi", &mut modules)?;
    let image = aivi_compiler::image::build(&modules)?;
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("library.image"), image)?;
    Ok(())
}

/// Name and text of the modules in a folder whose modules are named below `prefix`. `aivi/aivi.aivi` is the module
/// `aivi` itself.
fn collect(folder: &Path, prefix: &str, modules: &mut Vec<(String, String)>) -> io::Result<()> {
    let mut paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    paths.sort();
    for path in paths {
        let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let name = if stem == "aivi" { stem } else { format!("{prefix}.{stem}") };
        if path.is_dir() {
            collect(&path, &name, modules)?;
        } else if path.extension().is_some_and(|extension| extension == "aivi") {
            modules.push((name, fs::read_to_string(&path)?));
        }
    }
    Ok(())
}
