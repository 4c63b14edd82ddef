//! Checks the files named on the command line against the library in `stdlib/aivi` and prints the reports and the time.

use std::path::{Path, PathBuf};
use std::time::Instant;

use aivi_compiler::diagnostic::{Color, render};
use aivi_compiler::{Loader, Source};

struct Library {
    root: PathBuf,
    beside: PathBuf,
}

impl Loader for Library {
    fn load(&self, module: &str) -> Option<Source> {
        let file = |module: &str| format!("{}.aivi", module.replace('.', "/"));
        let path = match module.strip_prefix("aivi.") {
            Some(inner) => self.root.join(file(inner)),
            None if module == "aivi" => self.root.join("aivi.aivi"),
            None => self.beside.join(file(module)),
        };
        let text = std::fs::read_to_string(&path).ok()?;
        Some(Source::new(path.display().to_string(), text))
    }
}

fn main() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../stdlib/aivi");
    for path in std::env::args().skip(1) {
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) => {
                eprintln!("{path}: {error}");
                continue;
            }
        };
        let beside = Path::new(&path).parent().unwrap_or(Path::new("")).to_owned();
        let library = Library { root: root.clone(), beside };
        let start = Instant::now();
        let checked = aivi_compiler::check(Source::new(path.clone(), text), &library);
        let time = start.elapsed();
        for report in &checked.diagnostics {
            print!("{}", render(report, &checked.sources, Color::Never));
        }
        let globals = checked.program.as_ref().map_or(0, |program| program.globals.len());
        println!("{path}: {} reports, {globals} globals, {time:?}", checked.diagnostics.len());
    }
}
