//! The binary form of a module: what `aivi build` stores (`sealed`, with a header), and what a fuzzer feeds to the
//! verifier.
//!
//! ```text
//! "AIVI"  version  module
//! ```
//!
//! A struct is its fields in order, an enum a tag byte and then its fields; `wire` says how plain data looks. Any bytes
//! may be decoded: the result is a module or a `DecodeError`, never a panic, and memory grows only with the bytes
//! actually there. A decoded module is well-formed data, not a correct program: `verify` comes next. The format is a
//! cache, not an archive: another `VERSION` is refused, not converted.

pub mod sealed;
pub mod table;
pub mod wire;

pub use wire::DecodeError;
use wire::{Reader, Wire};

use crate::module::{
    Constant, DataType, Drops, Export, Global, Handler, HandlerKind, HostType, Line, Module, NativeImport, Proto,
    Shape, SourceFile, Test,
};
use crate::operand::{ProtoId, Reg, ScalarKind, ShapeId};

/// Version of the instruction table and of this format. Raised by every change that older readers would misread.
pub const VERSION: u32 = 5;

const MAGIC: &[u8; 4] = b"AIVI";

/// The bytes of a module.
#[must_use]
pub fn encode(module: &Module) -> Vec<u8> {
    let mut out = MAGIC.to_vec();
    VERSION.write(&mut out);
    module.write(&mut out);
    out
}

/// The module in these bytes.
///
/// # Errors
/// When they are not exactly what `encode` writes for some module.
pub fn decode(bytes: &[u8]) -> Result<Module, DecodeError> {
    let mut input = Reader::new(bytes);
    if input.take(MAGIC.len()).ok() != Some(MAGIC) {
        return Err(DecodeError::NotAModule);
    }
    let version = u32::read(&mut input)?;
    if version != VERSION {
        return Err(DecodeError::Version(version));
    }
    let module = Module::read(&mut input)?;
    if input.is_empty() { Ok(module) } else { Err(DecodeError::TrailingBytes) }
}

crate::wire_structs! {
    Module { name, protos, constants, shapes, globals, natives, host_types, sources, exports, main, tests, types }
    Proto { name, parameters, registers, effect, captures, raw, code, handlers, drops, lines }
    Handler { start, end, target, kind, keep }
    Drops { pc, registers }
    Line { pc, source, line, column }
    SourceFile { path, text }
    Global { name, proto, function }
    NativeImport { name, arity, effect, owned }
    HostType { name, ty }
    Export { name, global, ty }
    Test { global, description, ty }
    DataType { name, constructors }
}

macro_rules! newtypes {
    ($($name:ident)*) => {$(
        impl Wire for $name {
            fn write(&self, out: &mut Vec<u8>) {
                self.0.write(out);
            }
            fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
                Wire::read(input).map($name)
            }
        }
    )*};
}

newtypes! { Reg ProtoId ShapeId }

crate::wire_enums! {
    ScalarKind { 0 Int, 1 Float, 2 Bool, 3 Char }
    HandlerKind { 0 Failure(reg), 1 Cleanup }
    Shape { 0 Constructor { data, name, index, arity }, 1 Tuple(arity), 2 Record(names) }
    Constant {
        0 Int(value), 1 Float(value), 2 Char(value), 3 Bool(value), 4 Unit, 5 Text(value), 6 Nullary(shape), 7 Function(proto),
        8 EmptyList
    }
}

impl Wire for i64 {
    fn write(&self, out: &mut Vec<u8>) {
        self.cast_unsigned().write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u64::read(input).map(u64::cast_signed)
    }
}

impl Wire for f64 {
    fn write(&self, out: &mut Vec<u8>) {
        self.to_bits().write(out);
    }
    fn read(input: &mut Reader<'_>) -> Result<Self, DecodeError> {
        u64::read(input).map(f64::from_bits)
    }
}

#[cfg(test)]
mod tests;
