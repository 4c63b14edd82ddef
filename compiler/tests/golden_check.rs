//! Golden tests of name resolution and type inference: `tests/golden/check/<case>.aivi` beside its `.out`, which holds
//! the types of what the entry module exports, then the diagnostics. `UPDATE_GOLDEN=1` rewrites the `.out` files.
//!
//! A case may hold several modules: a line `// module: a.b` starts the next one, the first is the entry. `aivi.*` comes
//! from the small library in `tests/golden/check/library.txt`, written in the same way.

use std::fs;
use std::path::{Path, PathBuf};

use aivi_compiler::diagnostic::{Code, Color, render};
use aivi_compiler::{Checked, Loader, Options, Source, check, check_with};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Modules in memory.
struct Modules(Vec<(String, String)>);

impl Modules {
    /// Splits a text at its `// module: …` lines. What stands before the first is returned apart.
    fn split(text: &str) -> (String, Modules) {
        let mut parts = text.split("// module: ");
        let first = parts.next().unwrap_or_default().to_owned();
        let modules = parts.map(|part| {
            let (name, text) = part.split_once('\n').unwrap_or((part, ""));
            (name.trim().to_owned(), text.to_owned())
        });
        (first, Modules(modules.collect()))
    }
}

impl Loader for Modules {
    fn load(&self, module: &str) -> Option<Source> {
        let (name, text) = self.0.iter().find(|(name, _)| name == module)?;
        Some(Source::new(format!("{name}.aivi"), text.as_str()))
    }
}

/// The library of this project.
struct Library;

impl Loader for Library {
    fn load(&self, module: &str) -> Option<Source> {
        let inner = if module == "aivi" { "aivi" } else { module.strip_prefix("aivi.")? };
        let path = root().join("stdlib/aivi").join(format!("{}.aivi", inner.replace('.', "/")));
        let text = fs::read_to_string(path).ok()?;
        Some(Source::new(module, text))
    }
}

fn reports(checked: &Checked) -> String {
    checked.diagnostics.iter().map(|diagnostic| render(diagnostic, &checked.sources, Color::Never)).collect()
}

/// `name : Type` for every exported value.
fn types(checked: &Checked) -> String {
    let Some(program) = &checked.program else { return String::new() };
    let mut lines: Vec<String> = program
        .exports
        .iter()
        .map(|(name, global)| {
            let ty = program.globals[global.0 as usize].ty;
            let shown = program.types.display(ty, &program.interner, &program.datas);
            format!("{} : {shown}\n", program.interner.text(*name))
        })
        .collect();
    lines.sort();
    lines.concat()
}

fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "aivi"))
        .collect();
    found.sort();
    found
}

#[test]
fn cases() {
    let folder = root().join("tests/golden/check");
    let library = fs::read_to_string(folder.join("library.txt")).expect("the library can be read");
    let (_, library) = Modules::split(&library);
    let mut wrong = Vec::new();
    let cases = scripts(&folder);
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    for case in cases {
        let text = fs::read_to_string(&case).expect("case can be read");
        let (entry, mut modules) = Modules::split(&text);
        modules.0.extend(library.0.iter().cloned());
        let name = case.file_name().expect("a file").to_string_lossy().into_owned();
        // A case about `main` says so in its first line.
        let options = Options { require_main: entry.starts_with("// require main") };
        let checked = check_with(Source::new(name, entry), &modules, options);
        let (types, reports) = (types(&checked), reports(&checked));
        let separator = if types.is_empty() || reports.is_empty() { "" } else { "\n" };
        let actual = format!("{types}{separator}{reports}");
        let golden = case.with_extension("out");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, actual).expect("golden file can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != actual {
            wrong.push(format!("{}: expected what its .out file says, found\n{actual}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// `E1000_stray_character.aivi` is a case of E1000; every code has one, which reports it.
#[test]
fn every_code_has_a_case() {
    let folder = root().join("tests/golden/check");
    let cases = scripts(&folder);
    for code in Code::ALL {
        let prefix = format!("{}_", code.name());
        let is_its = |case: &&PathBuf| case.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&prefix));
        let own: Vec<&PathBuf> = cases.iter().filter(is_its).collect();
        assert!(!own.is_empty(), "no case {prefix}….aivi in {}", folder.display());
        for case in own {
            let reports = fs::read_to_string(case.with_extension("out")).unwrap_or_default();
            // While `cases` rewrites the files they may be half way.
            let is_there = reports.contains(&format!("[{}]", code.name()));
            assert!(is_there || std::env::var_os("UPDATE_GOLDEN").is_some(), "{} does not report it", case.display());
        }
    }
}

#[test]
fn programs_and_libraries_check_without_diagnostics() {
    let folders =
        ["tests/samples", "stdlib/aivi", "stdlib/aivi/net", "stdlib/aivi/chronos", "examples", "bench/programs"];
    let mut count = 0;
    for path in folders.iter().map(|folder| root().join(folder)).filter(|folder| folder.exists()) {
        for path in scripts(&path) {
            let text = fs::read_to_string(&path).expect("script can be read");
            let checked = check(Source::new(path.display().to_string(), text), &Library);
            let reports = reports(&checked);
            assert!(reports.is_empty(), "{reports}");
            count += 1;
        }
    }
    assert!(count >= 10, "only {count} scripts found");
}
