//! A module as a file (`.aivic`): its bytes behind a header that says who can read them, and whether they are whole.
//!
//! ```text
//! magic  format version  fingerprint  length  checksum  module
//! ```
//!
//! Numbers are little-endian: the version four bytes, the others eight. The *fingerprint* is a hash of the instruction
//! table and of this crate's version, so that no other program takes the words for other instructions. The checksum
//! finds damage, not malice: who can write the bytes can write the checksum. The same module has always the same bytes.

use std::fmt;
use std::hash::Hasher;

use super::VERSION;
use super::wire::{DecodeError, Reader, Wire};
use crate::isa::TABLE;
use crate::module::Module;

/// What such a file begins with. The first byte is in no source text.
const MAGIC: &[u8; 8] = b"\x7fAIVIC\r\n";

/// Magic, version, fingerprint, length, checksum.
const HEADER: usize = MAGIC.len() + size_of::<u32>() + 3 * size_of::<u64>();

/// Why a file is not a module that can be loaded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OpenError {
    /// It does not begin like one.
    NotAModule,
    /// It was made by another version of this program.
    OtherVersion,
    /// It ends too early, or something follows it.
    Length {
        /// Bytes that the header promises, itself included.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// The checksum is another one.
    Checksum,
    /// The checksum is right, the module is not: somebody else has written it.
    Malformed(DecodeError),
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OpenError::NotAModule => write!(f, "it is not a compiled AIVI module"),
            OpenError::OtherVersion => {
                write!(f, "it was made by another version of AIVI; build it again from its source")
            }
            OpenError::Length { expected, found } => {
                write!(f, "it is damaged: it has {found} bytes instead of {expected}; build it again from its source")
            }
            OpenError::Checksum => {
                write!(f, "it is damaged: its checksum does not fit; build it again from its source")
            }
            OpenError::Malformed(error) => write!(f, "it is no module that AIVI has written: {error}"),
        }
    }
}

impl std::error::Error for OpenError {}

/// Whether bytes begin like a file that `seal` made.
#[must_use]
pub fn is_sealed(bytes: &[u8]) -> bool {
    bytes.starts_with(MAGIC)
}

/// The file of a module.
#[must_use]
pub fn seal(module: &Module) -> Vec<u8> {
    let mut body = Vec::new();
    module.write(&mut body);
    let mut out = Vec::with_capacity(HEADER + body.len());
    out.extend(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.extend(fingerprint().to_le_bytes());
    out.extend((body.len() as u64).to_le_bytes());
    out.extend(checksum(&body).to_le_bytes());
    out.extend(body);
    out
}

/// The module in a file.
///
/// # Errors
/// When it is not exactly what `seal` of this version writes for some module.
pub fn open(bytes: &[u8]) -> Result<Module, OpenError> {
    let Some(header) = bytes.strip_prefix(MAGIC) else { return Err(OpenError::NotAModule) };
    let cut_off = OpenError::Length { expected: HEADER as u64, found: bytes.len() as u64 };
    let (version, rest) = header.split_first_chunk().ok_or(cut_off)?;
    if u32::from_le_bytes(*version) != VERSION {
        return Err(OpenError::OtherVersion);
    }
    let (found, rest) = rest.split_first_chunk().ok_or(cut_off)?;
    if u64::from_le_bytes(*found) != fingerprint() {
        return Err(OpenError::OtherVersion);
    }
    let (length, rest) = rest.split_first_chunk().ok_or(cut_off)?;
    let (sum, body) = rest.split_first_chunk().ok_or(cut_off)?;
    let length = u64::from_le_bytes(*length);
    if length != body.len() as u64 {
        let expected = length.saturating_add(HEADER as u64);
        return Err(OpenError::Length { expected, found: bytes.len() as u64 });
    }
    if u64::from_le_bytes(*sum) != checksum(body) {
        return Err(OpenError::Checksum);
    }
    let mut input = Reader::new(body);
    let module = Module::read(&mut input).map_err(OpenError::Malformed)?;
    if input.is_empty() { Ok(module) } else { Err(OpenError::Malformed(DecodeError::TrailingBytes)) }
}

/// Says which instructions there are and how they are written.
fn fingerprint() -> u64 {
    let mut hash = Fnv::default();
    hash.write(env!("CARGO_PKG_VERSION").as_bytes());
    for row in TABLE {
        hash.write(&[row.opcode as u8, row.operands.len() as u8, row.flags.len() as u8]);
        hash.write(row.mnemonic.as_bytes());
        for operand in row.operands {
            hash.write(&[operand.kind as u8, operand.slot as u8]);
        }
        row.flags.iter().for_each(|&flag| hash.write(&[flag as u8]));
    }
    hash.finish()
}

fn checksum(bytes: &[u8]) -> u64 {
    let mut hash = Fnv::default();
    hash.write(bytes);
    hash.finish()
}

/// FNV-1a: for bytes that nobody chose. The standard library's hash may change with its version.
struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Fnv(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> Vec<u8> {
        seal(&Module { name: "demo".into(), ..Module::default() })
    }

    #[test]
    fn what_was_sealed_opens() {
        let bytes = file();
        assert!(is_sealed(&bytes));
        assert_eq!(open(&bytes).expect("a module").name, "demo");
        assert_eq!(seal(&open(&bytes).expect("a module")), bytes);
    }

    #[test]
    fn every_cut_is_noticed() {
        let bytes = file();
        for length in 0..bytes.len() {
            let error = open(&bytes[..length]).expect_err("cut off");
            let is_fitting = match error {
                OpenError::NotAModule => length < MAGIC.len(),
                OpenError::Length { found, .. } => found == length as u64,
                _ => false,
            };
            assert!(is_fitting, "{length} bytes: {error}");
        }
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let bytes = file();
        for bit in 0..bytes.len() * 8 {
            let mut damaged = bytes.clone();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(open(&damaged).is_err(), "bit {bit}");
        }
        let longer = [&bytes[..], b"x"].concat();
        assert!(matches!(open(&longer), Err(OpenError::Length { .. })));
    }

    #[test]
    fn another_version_and_other_instructions_are_told_from_damage() {
        for place in [MAGIC.len(), MAGIC.len() + size_of::<u32>()] {
            let mut bytes = file();
            bytes[place] ^= 0xff;
            assert_eq!(open(&bytes), Err(OpenError::OtherVersion));
        }
    }

    #[test]
    fn fnv_is_fnv() {
        assert_eq!(checksum(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
