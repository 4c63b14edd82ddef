//! Golden tests of the lexer and the parser: `tests/golden/{lex,parse}/<case>.aivi` beside its `.out`, which holds the
//! dump and then the diagnostics. `UPDATE_GOLDEN=1` rewrites the `.out` files; review reads the difference.

use std::fs;
use std::path::{Path, PathBuf};

use aivi_compiler::diagnostic::{Color, Diagnostic, Source, Sources, render};
use aivi_compiler::syntax::dump::{dump_file, dump_tokens};
use aivi_compiler::syntax::{FileId, Interner};
use aivi_compiler::{lex, parse};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The scripts below a folder, sorted.
fn scripts(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("folder can be read").path();
        if path.is_dir() {
            found.extend(scripts(&path));
        } else if path.extension().is_some_and(|extension| extension == "aivi") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn rendered(path: &str, text: &str, diagnostics: &[Diagnostic]) -> String {
    let mut sources = Sources::default();
    sources.add(Source::new(path, text));
    diagnostics.iter().map(|diagnostic| render(diagnostic, &sources, Color::Never)).collect()
}

fn check(stage: &str, run: impl Fn(&str) -> (String, Vec<Diagnostic>)) {
    let folder = root().join("tests/golden").join(stage);
    let mut wrong = Vec::new();
    let cases = scripts(&folder);
    assert!(!cases.is_empty(), "no cases in {}", folder.display());
    for case in cases {
        let text = fs::read_to_string(&case).expect("case can be read");
        let name = case.file_name().expect("a file").to_string_lossy().into_owned();
        let (dump, diagnostics) = run(&text);
        let reports = rendered(&name, &text, &diagnostics);
        let separator = if reports.is_empty() { "" } else { "\n" };
        let actual = format!("{dump}{separator}{reports}");
        let golden = case.with_extension("out");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&golden, actual).expect("golden file can be written");
        } else if fs::read_to_string(&golden).unwrap_or_default() != actual {
            wrong.push(format!("{}: expected what its .out file says, found\n{actual}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn tokens() {
    check("lex", |text| {
        let lexed = lex::lex(FileId(0), text);
        (dump_tokens(text, &lexed.tokens), lexed.diagnostics)
    });
}

#[test]
fn trees() {
    check("parse", |text| {
        let mut interner = Interner::default();
        let parsed = parse::parse(FileId(0), text, &mut interner);
        (dump_file(&interner, &parsed.file), parsed.diagnostics)
    });
}

#[test]
fn programs_and_libraries_parse_without_diagnostics() {
    let folders = ["tests/samples", "stdlib/aivi", "examples", "bench/programs"].map(|folder| root().join(folder));
    let mut count = 0;
    for path in folders.iter().filter(|folder| folder.exists()).flat_map(|folder| scripts(folder)) {
        let text = fs::read_to_string(&path).expect("script can be read");
        let parsed = parse::parse(FileId(0), &text, &mut Interner::default());
        let reports = rendered(&path.to_string_lossy(), &text, &parsed.diagnostics);
        assert!(reports.is_empty(), "{reports}");
        count += 1;
    }
    assert!(count >= 10, "only {count} scripts found");
}
