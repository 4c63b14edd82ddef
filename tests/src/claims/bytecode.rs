//! Claims about modules in bytes. What verifies is not run as it is: kinds and ownership are the compiler's word
//! (decision 0007). Run are modules of the compiler whose constants have been changed, each to another one of its kind.

use std::sync::OnceLock;

use aivi_bytecode::module::Constant;
use aivi_bytecode::{Module, codec, disasm, verify};

use super::program::{encoded, run};
use crate::generate::Choices;

/// What the first byte of an input asks for instead of being the first byte of a module.
const EDITS: u8 = 3;

/// Any bytes are a module or are refused, and a module verifies or is refused; one that verifies can be shown and run.
///
/// # Panics
/// When that does not hold.
pub fn bytecode(bytes: &[u8]) {
    if let [EDITS, seed, edits @ ..] = bytes {
        return run_edited(u64::from(*seed), &mut Choices::new(edits));
    }
    let Ok(module) = codec::decode(bytes) else { return };
    assert_eq!(codec::encode(&module), bytes, "other bytes for the same module");
    if verify::verify(&module).is_ok() {
        assert!(!disasm::module(&module, |_| true).is_empty() || module.protos.is_empty());
    }
}

fn run_edited(seed: u64, choices: &mut Choices<'_>) {
    let programs = programs();
    let mut module = codec::decode(&programs[choices.below(programs.len())]).expect("encoded here");
    while !choices.is_empty() {
        let at = choices.below(module.constants.len());
        edit(&mut module, at, choices);
    }
    let again = codec::decode(&codec::encode(&module)).expect("encoded here");
    assert_eq!(again, module);
    assert_eq!(verify::verify(&again), Ok(()));
    run(again, seed);
}

fn edit(module: &mut Module, at: usize, choices: &mut Choices<'_>) {
    match &mut module.constants[at] {
        Constant::Int(value) => *value = choices.number().cast_signed(),
        Constant::Float(value) => *value = f64::from_bits(choices.number()),
        Constant::Char(value) => *value = char::from_u32(choices.below(1 << 16) as u32).unwrap_or('x'),
        Constant::Bool(value) => *value = choices.once_in(2),
        Constant::Text(value) if is_free(value) => {
            *value = (0..choices.below(9)).map(|_| char::from(choices.byte())).collect();
        }
        _ => {}
    }
}

/// Not the name of a field, which instructions look for.
fn is_free(text: &str) -> bool {
    !text.starts_with(|c: char| c.is_ascii_lowercase())
}

/// Samples, as modules.
fn programs() -> &'static [Vec<u8>] {
    static PROGRAMS: OnceLock<Vec<Vec<u8>>> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let samples = crate::files::list(&crate::files::root().join("tests/samples"), "aivi", false);
        samples.iter().filter_map(|path| encoded(&crate::files::read(path))).collect()
    })
}
