//! `claims::compile` for the text of an input.

#![no_main]

use aivi_tests::{claims, generate};

libfuzzer_sys::fuzz_target!(|input: &[u8]| claims::compile(&generate::text(input)));
