//! Golden tests of lowering: `tests/golden/lower/<case>.aivi` beside its `.out`, which holds the disassembly of the
//! case's own protos. `UPDATE_GOLDEN=1` rewrites. And every script of the project must lower to a module that verifies.

mod machine;

use std::fs;
use std::path::{Path, PathBuf};

use aivi_bytecode::{Module, disasm, verify};
use aivi_compiler::{Loader, Source, check, lower};

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

/// Finds library modules in the library, others beside the script.
struct Files(PathBuf);

impl Loader for Files {
    fn load(&self, module: &str) -> Option<Source> {
        let library = root().join("stdlib/aivi");
        let path = match module.strip_prefix("aivi.") {
            Some(rest) => library.join(rest.replace('.', "/")).with_extension("aivi"),
            None if module == "aivi" => library.join("aivi.aivi"),
            None => {
                let nested = self.0.join(module.replace('.', "/")).with_extension("aivi");
                if nested.exists() { nested } else { self.0.join(module.rsplit('.').next()?).with_extension("aivi") }
            }
        };
        let text = fs::read_to_string(path).ok()?;
        Some(Source::new(format!("{module}.aivi"), text))
    }
}

/// The module of a script; none when the script is meant not to compile.
fn compile(path: &Path) -> Option<Module> {
    let text = fs::read_to_string(path).expect("script can be read");
    let name = path.file_name().expect("a file").to_string_lossy().into_owned();
    let loader = Files(path.parent().expect("a folder").to_owned());
    let checked = check(Source::new(name, text), &loader);
    let program = checked.program?;
    let module = lower::lower(&program, &checked.sources, None)
        .unwrap_or_else(|errors| panic!("{}: {errors:?}", path.display()));
    if let Err(violations) = verify::verify(&module) {
        let text = disasm::module(&module, |_| true);
        panic!("{}: {}\n{text}", path.display(), violations[0]);
    }
    Some(module)
}

#[test]
fn code() {
    let mut wrong = Vec::new();
    for case in scripts(&root().join("tests/golden/lower")) {
        let module = compile(&case).unwrap_or_else(|| panic!("{} does not compile", case.display()));
        let prefix = format!("{}.", module.name);
        let protos = module.protos.iter().filter(|proto| proto.name.starts_with(&prefix));
        let actual = protos.map(|proto| disasm::proto(&module, proto)).collect::<Vec<_>>().join("\n");
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
fn programs_lower_to_modules_that_verify() {
    let folders =
        ["tests/samples", "tests/conformance", "examples", "bench/programs"].map(|folder| root().join(folder));
    let mut count = 0;
    for path in folders.iter().filter(|folder| folder.exists()).flat_map(|folder| scripts(folder)) {
        count += usize::from(compile(&path).is_some());
    }
    assert!(count >= 10, "only {count} scripts compile");
}

/// What a script expects: its `.out` file, or `// expect: …` lines.
fn expected(path: &Path) -> Option<String> {
    if let Ok(text) = fs::read_to_string(path.with_extension("out")) {
        return Some(text);
    }
    let text = fs::read_to_string(path).ok()?;
    let lines = text.lines().filter_map(|line| line.split_once("// expect: ").map(|(_, line)| format!("{line}\n")));
    Some(lines.collect())
}

#[test]
fn programs_run_on_the_reference_machine_and_leave_nothing_behind() {
    let folders = ["tests/samples", "tests/conformance"].map(|folder| root().join(folder));
    let (mut ran, mut wrong) = (0, Vec::new());
    for path in folders.iter().flat_map(|folder| scripts(folder)) {
        let Some(module) = compile(&path).filter(|module| module.main.is_some()) else { continue };
        let (output, end) = machine::run(&module);
        if let Err(machine::Stop::Unknown(_)) = end {
            continue;
        }
        ran += 1;
        if expected(&path).is_some_and(|expected| expected != output) {
            wrong.push(format!("{}: {end:?}\n{output}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    println!("{ran} scripts ran");
    assert!(ran >= 40, "only {ran} scripts ran");
}
