//! The AIVI front end. Pure: text in, module and diagnostics out; no files, no clock.
//!
//! ```text
//! text -> lex -> parse -> resolve -> check -> lower -> bytecode module
//! ```

#![forbid(unsafe_code)]

pub mod check;
pub mod core;
pub mod diagnostic;
pub mod format;
pub mod hash;
pub mod image;
pub mod lex;
pub mod lower;
pub mod parse;
pub mod resolve;
pub mod syntax;

use diagnostic::{Diagnostic, Sources};

pub use diagnostic::Source;
pub use image::Image;

/// Finds the sources of modules.
pub trait Loader {
    /// The source of `my.app.api` or `aivi.list`, if there is such a module.
    fn load(&self, module: &str) -> Option<Source>;

    /// Paths of modules that a program could use, as far as they are known. Only for suggestions.
    fn modules(&self) -> Vec<String> {
        Vec::new()
    }

    /// For a module that `load` did not give: where it was looked for, or what is wrong with its file.
    fn why_absent(&self, _module: &str) -> Option<String> {
        None
    }

    /// Whether the functions of a module that `load` gives are those of the program's host: signatures with `@native`.
    fn is_host(&self, _module: &str) -> bool {
        false
    }

    /// The library, compiled ahead. Its modules are not loaded; their sources only serve reports.
    fn image(&self) -> Option<&'static Image> {
        None
    }
}

/// What is asked of a program.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Options {
    /// The entry module needs a `main` that is an effect.
    pub require_main: bool,
}

/// A program and what there is to say about it.
pub struct Checked {
    /// Absent when there was an error.
    pub program: Option<core::Program>,
    /// In the order of sources and places.
    pub diagnostics: Vec<Diagnostic>,
    /// All sources that were read.
    pub sources: Sources,
}

/// Checks the module `entry` and everything that it uses.
#[must_use]
pub fn check(entry: Source, loader: &dyn Loader) -> Checked {
    check_with(entry, loader, Options::default())
}

/// `check`, with options.
#[must_use]
pub fn check_with(entry: Source, loader: &dyn Loader, options: Options) -> Checked {
    let mut tables = resolve::Tables::new();
    let mut load = resolve::load::Load::new(loader);
    let entry = load.entry(&mut tables, entry);
    let (program, tables) = check::program(tables, &mut load, entry, options);
    let mut diagnostics = tables.diagnostics;
    diagnostics.sort_by_key(|diagnostic| (diagnostic.span, diagnostic.code));
    diagnostics.dedup();
    Checked { program, diagnostics, sources: load.sources }
}

/// A bytecode module and what there is to say about it.
pub struct Compiled {
    /// Absent when there was an error.
    pub module: Option<aivi_bytecode::Module>,
    /// In the order of sources and places.
    pub diagnostics: Vec<Diagnostic>,
    /// All sources that were read.
    pub sources: Sources,
}

/// Checks and compiles the module `entry` and everything that it uses.
#[must_use]
pub fn compile(entry: Source, loader: &dyn Loader, options: Options) -> Compiled {
    let Checked { program, mut diagnostics, sources } = check_with(entry, loader, options);
    let Some(program) = program else { return Compiled { module: None, diagnostics, sources } };
    let module = match lower::lower(&program, &sources, loader.image()) {
        Ok(module) => Some(module),
        Err(reports) => {
            diagnostics.extend(reports);
            None
        }
    };
    Compiled { module, diagnostics, sources }
}
