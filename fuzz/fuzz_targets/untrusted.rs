//! `claims::untrusted` for the bytes of an input.

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| aivi_tests::claims::untrusted(input));
