//! Names: which modules a program consists of, what each declares, exports and imports, and what a name means where.
//!
//! - `load` reads modules through the caller's `Loader`, imports first, and reports circles.
//! - `declare` enters a module's declarations into `Tables`; nothing is elaborated yet, so a large library costs
//!   little.
//! - `library` enters modules that are compiled already (`image`); no syntax of theirs is read.
//! - `imports` and `exports` connect modules; `scope` answers what a name means in a module.
//! - `dependencies` finds what a definition refers to, and `groups` orders definitions so that each group of mutually
//!   recursive ones comes after everything it uses. Definitions of library modules that nobody refers to are not
//!   visited.
//!
//! # Conventions for library modules (`aivi` and `aivi.*`)
//!
//! - `@native "list.push bo"` before a signature without a binding declares a function of the machine: its name in the
//!   table of natives, then one letter for each argument (`b`orrowed or `o`wned; all borrowed when there are none). Its
//!   arity is the number of arrows of the signature; it is an effect when the result is `Effect`.
//! - A type of `check::builtin` may be declared, and then is that type: abstractly (`Int`, `List A`, `Sender A`) or,
//!   for `Bool`, `Option`, `Result` and `Unit`, with exactly its constructors. Without a declaration the types of the
//!   prelude (`Unit` to `Resource`) and their constructors are known everywhere all the same; `Sender`, `Receiver` and
//!   `Scope` have to be declared (by `aivi.concurrency`) and imported.
//! - Modules that `aivi.prelude` uses, directly or not, do not see the prelude; all others do unless `@no_prelude`.
//!   A domain that the prelude exports is active wherever the prelude is seen.
//! - Every operator of a domain needs a signature. Clauses of an operator are the bindings that follow its signature.
//!   Types and plain functions in a domain's body belong to the module and are exported by their own names.

pub mod declare;
pub mod dependencies;
pub mod domains;
pub mod elsewhere;
pub mod exports;
pub mod groups;
pub mod imports;
pub mod library;
pub mod load;
pub mod places;
pub mod scope;
pub mod suggest;
pub mod tables;

pub use tables::{
    Alias, Definition, DefinitionId, DomainId, DomainInfo, GlobalInfo, Module, ModuleId, Place, Source, Tables,
    TypeName, Value,
};
