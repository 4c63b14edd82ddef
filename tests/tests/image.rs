//! A library that is compiled ahead makes no difference: programs are told the same about their mistakes, and become
//! the same code, as with a library that is read with them.

use std::collections::BTreeMap;

use aivi_bytecode::{Module, disasm};
use aivi_compiler::diagnostic::{Color, render};
use aivi_compiler::{Compiled, Image, Loader, Options, Source, compile};
use aivi_tests::files::{list, read, root};

/// The library, and modules beside the program.
struct Modules {
    folder: std::path::PathBuf,
    image: Option<&'static Image>,
}

impl Loader for Modules {
    fn load(&self, module: &str) -> Option<Source> {
        let library = aivi_stdlib::modules().iter().find(|(name, _)| *name == module);
        if let Some((name, text)) = library {
            return Some(Source::built_in(Image::path_of(name), text));
        }
        let path = self.folder.join(module.rsplit('.').next()?).with_extension("aivi");
        Some(Source::new(module, std::fs::read_to_string(path).ok()?))
    }

    fn image(&self) -> Option<&'static Image> {
        self.image
    }
}

fn image() -> &'static Image {
    let modules = aivi_stdlib::modules().iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    let bytes = aivi_compiler::image::build(&modules.collect::<Vec<_>>()).expect("the library is correct");
    Box::leak(Box::new(Image::open(bytes.leak()).expect("just written")))
}

/// Each proto in words, by name. An application of a constructor or a native function may be there twice, for the
/// library and for the program.
fn code(module: &Module) -> BTreeMap<String, Vec<String>> {
    let mut protos: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for proto in &module.protos {
        protos.entry(proto.name.clone()).or_default().push(disasm::proto(module, proto));
    }
    for texts in protos.values_mut() {
        texts.sort_unstable();
        texts.dedup();
    }
    protos
}

fn reports(compiled: &Compiled) -> String {
    compiled.diagnostics.iter().map(|report| render(report, &compiled.sources, Color::Never)).collect()
}

#[test]
fn a_library_compiled_ahead_makes_no_difference() {
    let image = image();
    let mut compared = 0;
    for folder in ["tests/conformance", "tests/samples", "tests/golden", "examples", "bench/programs", "stdlib/aivi"] {
        for path in list(&root().join(folder), "aivi", true) {
            let name = path.display();
            let text = read(&path);
            let with = |image| {
                let folder = path.parent().unwrap_or(root()).to_owned();
                let source = Source::new("program.aivi", text.clone());
                compile(source, &Modules { folder, image }, Options::default())
            };
            let (read, linked) = (with(None), with(Some(image)));
            assert_eq!(reports(&linked), reports(&read), "{name}");
            assert_eq!(linked.module.as_ref().map(code), read.module.as_ref().map(code), "{name}");
            for module in linked.module.iter().chain(&read.module) {
                assert_eq!(aivi_bytecode::verify::verify(module), Ok(()), "{name}");
            }
            let (linked, read) = (linked.module.unwrap_or_default(), read.module.unwrap_or_default());
            assert_eq!(linked.exports.len(), read.exports.len(), "{name}");
            assert_eq!((linked.tests, linked.main), (read.tests, read.main), "{name}");
            compared += 1;
        }
    }
    assert!(compared > 400, "only {compared} programs were found");
}
