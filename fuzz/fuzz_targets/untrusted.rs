//! `claims::untrusted` for the bytes of an input.

#![no_main]

use std::backtrace::Backtrace;
use std::sync::Once;

static HOOK: Once = Once::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    HOOK.call_once(abort_unless_guarded);
    aivi_tests::claims::untrusted(input);
});

/// Every panic is a finding but those of native functions that a hostile module has called: the machine makes faults of
/// them (`spec/decisions/0025-untrusted-modules.md`).
fn abort_unless_guarded() {
    std::panic::set_hook(Box::new(|panic| {
        let trace = Backtrace::force_capture().to_string();
        if !trace.contains("call_guarded") {
            eprintln!("{panic}\n{trace}");
            std::process::abort();
        }
    }));
}
