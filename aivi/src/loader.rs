//! Finding the files of a program: the compiler is pure, so somebody else has to read.
//!
//! A module `my.app.api` lives in `<root>/my/app/api.aivi`. The root is, in this order: the source folder of the
//! project, when an `aivi.toml` stands in the entry file's folder or above; what precedes the module path in the entry
//! file's path; the entry file's folder, where plain `api.aivi` will do as well. (Decision D-25 of the language.)
//! Modules `aivi.*` never come from files: the library is built in.

use std::fs;
use std::path::{Path, PathBuf};

use aivi_compiler::{Image, Loader, Source};

use crate::compile::Budget;
use crate::host_module::HostModules;
use crate::library;

/// Where the modules of one program are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Files {
    root: PathBuf,
    /// A module may stand in the root by its last name alone.
    flat: bool,
}

impl Files {
    /// The modules beside a program whose entry file is `entry` and says `module <path>`.
    #[must_use]
    pub(crate) fn for_entry(entry: &Path, module: &str) -> Files {
        let folder = match entry.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        if let Some(root) = project_sources(folder) {
            return Files { root, flat: false };
        }
        match before_module_path(entry, module) {
            // A path of one name tells nothing about folders.
            Some(root) => Files { root, flat: !module.contains('.') },
            None => Files { root: folder.to_owned(), flat: true },
        }
    }

    /// Names of modules whose files stand in the root itself.
    fn names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(&self.root) else { return Vec::new() };
        let paths =
            entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|it| it == "aivi"));
        paths.filter_map(|path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned())).collect()
    }

    /// The file of a module, if there is one.
    #[must_use]
    fn find(&self, module: &str) -> Option<PathBuf> {
        let nested = self.nested(module);
        if nested.is_file() {
            return Some(nested);
        }
        let flat = self.root.join(module.rsplit('.').next()?).with_extension("aivi");
        (self.flat && flat.is_file()).then_some(flat)
    }

    /// Where the file of a module belongs.
    fn nested(&self, module: &str) -> PathBuf {
        module.split('.').fold(self.root.clone(), |path, segment| path.join(segment)).with_extension("aivi")
    }
}

fn is_library(module: &str) -> bool {
    module == "aivi" || module.starts_with("aivi.")
}

/// The library, then the host's modules, then files, if there are any to look into.
pub(crate) struct Modules<'a> {
    pub(crate) files: Option<Files>,
    pub(crate) hosts: &'a HostModules,
    pub(crate) budget: Budget,
}

impl Loader for Modules<'_> {
    fn load(&self, module: &str) -> Option<Source> {
        if is_library(module) {
            let (name, text) = aivi_stdlib::modules().iter().find(|(name, _)| *name == module)?;
            return Some(Source::built_in(Image::path_of(name), text));
        }
        if let Some(host) = self.hosts.get(module) {
            return Some(Source::new(format!("<host {module}>"), host.text()));
        }
        let path = self.files.as_ref()?.find(module)?;
        let text = self.budget.read(&path).ok()?;
        Some(Source::new(path.to_string_lossy(), text))
    }

    fn why_absent(&self, module: &str) -> Option<String> {
        let files = self.files.as_ref().filter(|_| !is_library(module))?;
        match files.find(module) {
            Some(path) => {
                self.budget.read(&path).err().map(|error| error.to_string().trim_start_matches("error: ").to_owned())
            }
            None => Some(format!("it would be in {}", files.nested(module).display())),
        }
    }

    fn modules(&self) -> Vec<String> {
        let library = aivi_stdlib::modules().iter().map(|(name, _)| (*name).to_owned());
        library.chain(self.hosts.names()).chain(self.files.iter().flat_map(Files::names)).collect()
    }

    fn is_host(&self, module: &str) -> bool {
        !is_library(module) && self.hosts.get(module).is_some()
    }

    fn image(&self) -> Option<&'static Image> {
        Some(library::image())
    }
}

/// The source folder of the project around `folder`: beside the nearest `aivi.toml`, `src` if it exists, else the
/// folder itself.
fn project_sources(folder: &Path) -> Option<PathBuf> {
    let absolute = fs::canonicalize(folder).ok()?;
    let project = absolute.ancestors().find(|folder| folder.join("aivi.toml").is_file())?;
    let sources = project.join("src");
    Some(if sources.is_dir() { sources } else { project.to_owned() })
}

/// `a/b` for the entry file `a/b/my/app.aivi` of the module `my.app`.
fn before_module_path(entry: &Path, module: &str) -> Option<PathBuf> {
    let mut root = entry.with_extension("");
    for segment in module.rsplit('.') {
        if root.file_name()? != segment {
            return None;
        }
        root.pop();
    }
    Some(if root.as_os_str().is_empty() { PathBuf::from(".") } else { root })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_precedes_the_module_path() {
        assert_eq!(before_module_path(Path::new("a/b/my/app.aivi"), "my.app"), Some("a/b".into()));
        assert_eq!(before_module_path(Path::new("my/app.aivi"), "my.app"), Some(".".into()));
        assert_eq!(before_module_path(Path::new("a/app.aivi"), "my.app"), None);
        assert_eq!(before_module_path(Path::new("app.aivi"), "my.app"), None);
    }

    #[test]
    fn without_module_path_the_folder_is_the_root_and_names_may_be_short() {
        let folder = std::env::temp_dir().join(format!("aivi-loader-{}", std::process::id()));
        fs::create_dir_all(folder.join("my")).expect("a temporary folder");
        for name in ["main.aivi", "short.aivi", "my/long.aivi"] {
            fs::write(folder.join(name), "").expect("a temporary file");
        }
        let loader = Files::for_entry(&folder.join("main.aivi"), "demo.start");
        assert_eq!(loader.find("my.long"), Some(folder.join("my/long.aivi")));
        assert_eq!(loader.find("any.short"), Some(folder.join("short.aivi")));
        assert_eq!(loader.find("my.absent"), None);
        fs::write(folder.join("aivi.toml"), "").expect("a temporary file");
        let project = Files::for_entry(&folder.join("my/long.aivi"), "my.long");
        assert_eq!(project.find("any.short"), None);
        assert!(project.find("my.long").is_some());
        fs::remove_dir_all(folder).expect("the temporary folder is still there");
    }
}
