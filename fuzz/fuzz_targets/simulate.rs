//! `claims::simulate` for the text of an input; its last byte is the seed.

#![no_main]

use aivi_tests::{claims, generate};

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    if let [text @ .., seed] = input {
        claims::simulate(u64::from(*seed), &generate::text(text));
    }
});
