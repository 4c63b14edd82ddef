//! `#[derive(Aivi)]`, which `aivi` exports: conversions between Rust types and AIVI records and sum types.
//!
//! The input is read into a description of the type (`shape.rs`), which knows nothing of Rust code; the three
//! implementations are written from that (`write.rs`).

#![forbid(unsafe_code)]

mod shape;
mod write;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a Rust type one that can go into AIVI and come out of it: implements `AiviType`, `IntoAivi` and `FromAivi`.
///
/// | Rust | AIVI |
/// |---|---|
/// | `struct Player { name: String, lives: i64 }` | `Player = { lives: Int, name: Text }` |
/// | `struct Meters(f64)` | `Float`: as its field |
/// | `enum Shape { Empty, Circle(f64), Box { w: f64, h: f64 } }` | `Shape = Empty \| Circle Float \| Box { h: Float, w: Float }` |
///
/// Type parameters become those of the AIVI type. `#[aivi(rename = "…")]` on a type, field or constructor gives it
/// another name in AIVI; a field like `max_speed` keeps its name otherwise.
///
/// `#[aivi(output)]` on a type says that its values only come out of AIVI, as those do that hold a `Callback`: there is
/// no `IntoAivi` then.
///
/// Unions, structs without fields or with several nameless ones, and types with references have no counterpart; the
/// error says so.
#[proc_macro_derive(Aivi, attributes(aivi))]
pub fn derive_aivi(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    shape::read(&input).map_or_else(syn::Error::into_compile_error, |shape| write::implementations(&shape)).into()
}
