//! Types: infers them, checks signatures, and writes typed core.
//!
//! Hindley-Milner with levels. `infer` functions take the type that is *wanted*, perhaps still unknown, and give core
//! whose type fits it or report why not. Groups of definitions come from `resolve::groups`, so everything that a group
//! uses has its final type, except for members of the group, which are monomorphic until the group is done.
//!
//! Words: a *scheme* is a type with quantified variables; a *pending* operator waits for its operand's type; a
//! *demanded* global was found by type (an operator of a domain) and not by name.
//!
//! What always holds: a name, an operator or a type that is wrong is reported once, and its expression gets the error
//! type, which fits everything. Recursion follows the syntax tree, whose height the parser bounds; blocks, lists and
//! statements are loops.

pub mod builtin;
pub mod exhaustive;
pub mod types;

mod call;
mod chain;
mod checker;
mod collection;
mod definition;
mod effect;
mod elaborate;
mod equality;
mod exchanged;
mod expr;
mod fallback;
mod function;
mod hint;
mod library;
mod literal;
mod operators;
mod patch;
mod pattern;
mod program;
mod reason;
mod record;
mod report;
mod resource;
mod walk;

pub use program::{Library, library, program};
