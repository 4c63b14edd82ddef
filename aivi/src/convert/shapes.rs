//! The shapes of a program's objects, by what they are.
//!
//! A value of a record, tuple or sum type says by a number what it is; the numbers are those of its program. Rust types
//! know their own form (`RecordType`, `Constructor`) with a key that is computed when they are compiled, so that
//! looking up costs one step in a table and one comparison of names.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock, Weak};

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::Shape;
use aivi_vm::Value as RawValue;

use super::{AiviType, Mismatch, ration};
use crate::data::Sums;
use crate::machine::Machine;
use crate::object::ObjectNames;

/// What conversions know of a program.
pub struct Shapes {
    shapes: Vec<Shape>,
    /// Records and constructors. Of those with the same key the first counts; who asks compares names.
    by_key: HashMap<u64, ShapeId, BuildHasherDefault<KeyHasher>>,
    /// By the number of elements.
    tuples: [Option<ShapeId>; TUPLE_MAX + 1],
    objects: Arc<ObjectNames>,
    machine: OnceLock<Weak<Machine>>,
    /// Made for the first host that has no types of its own.
    sums: OnceLock<Sums>,
}

/// The largest tuple that is converted.
const TUPLE_MAX: usize = 8;

/// The form of a record: names of fields, in the order of their texts.
pub struct RecordType {
    names: &'static [&'static str],
    key: u64,
}

/// A constructor of a sum type.
pub struct Constructor {
    data: &'static str,
    name: &'static str,
    arity: u16,
    key: u64,
}

impl RecordType {
    /// A record with these fields, which are sorted.
    #[must_use]
    pub const fn new(names: &'static [&'static str]) -> RecordType {
        let (mut key, mut index) = (KEY_START, 0);
        while index < names.len() {
            key = add_to_key(key, names[index].as_bytes());
            index += 1;
        }
        RecordType { names, key }
    }
}

impl Constructor {
    /// The constructor `name` of the type `data`.
    #[must_use]
    pub const fn new(data: &'static str, name: &'static str, arity: u16) -> Constructor {
        Constructor { data, name, arity, key: constructor_key(data.as_bytes(), name.as_bytes()) }
    }
}

impl Shapes {
    pub(crate) fn new(shapes: &[Shape], objects: Arc<ObjectNames>) -> Shapes {
        let (mut by_key, mut tuples) = (HashMap::<_, _, _>::default(), [None; TUPLE_MAX + 1]);
        for (index, shape) in shapes.iter().enumerate() {
            let Ok(id) = u16::try_from(index).map(ShapeId) else { break };
            let key = match shape {
                Shape::Tuple(count) => {
                    if let Some(place) = tuples.get_mut(usize::from(*count)) {
                        place.get_or_insert(id);
                    }
                    continue;
                }
                Shape::Record(names) => names.iter().fold(KEY_START, |key, name| add_to_key(key, name.as_bytes())),
                Shape::Constructor { data, name, .. } => constructor_key(data.as_bytes(), name.as_bytes()),
            };
            by_key.entry(key).or_insert(id);
        }
        Shapes { shapes: shapes.to_vec(), by_key, tuples, objects, machine: OnceLock::new(), sums: OnceLock::new() }
    }

    /// A record of this form with these fields, in the order of its names.
    ///
    /// # Errors
    /// When the program has no such records.
    pub fn record<const N: usize>(&self, record: &RecordType, fields: [RawValue; N]) -> Result<RawValue, Mismatch> {
        let is_it = |id: &ShapeId| matches!(self.get(*id), Some(Shape::Record(names)) if names == record.names);
        match self.by_key.get(&record.key).copied().filter(is_it) {
            Some(shape) if N == record.names.len() => Ok(RawValue::object(shape, 0, fields)),
            _ => Err(Mismatch::new(
                format!("a record {{ {} }}", record.names.join(", ")),
                "a program that has none of this form",
            )),
        }
    }

    /// The fields of a record of this form, in the order of its names.
    ///
    /// # Errors
    /// When the value is no such record, and when more was made for the host than the limits of the call allow.
    pub fn fields<'v, T: AiviType, const N: usize>(
        &self,
        value: &'v RawValue,
        record: &RecordType,
    ) -> Result<&'v [RawValue; N], Mismatch> {
        ration::open()?;
        let fields = value.as_object().and_then(|object| match self.get(object.shape()) {
            Some(Shape::Record(names)) if names == record.names => object.fields().try_into().ok(),
            _ => None,
        });
        fields.ok_or_else(|| Mismatch::of::<T>(value, self))
    }

    /// A constructor applied to its arguments.
    ///
    /// # Errors
    /// When the program has no such constructor.
    pub fn constructed<const N: usize>(
        &self,
        constructor: &Constructor,
        arguments: [RawValue; N],
    ) -> Result<RawValue, Mismatch> {
        let found = self.by_key.get(&constructor.key).and_then(|id| match self.get(*id)? {
            Shape::Constructor { data, name, index, arity }
                if data == constructor.data
                    && name == constructor.name
                    && *arity == constructor.arity
                    && usize::from(*arity) == N =>
            {
                Some((*id, *index))
            }
            _ => None,
        });
        match found {
            Some((shape, position)) if N == 0 => Ok(RawValue::nullary(shape, position)),
            Some((shape, position)) => Ok(RawValue::object(shape, position, arguments)),
            None => {
                let Constructor { data, name, .. } = constructor;
                Err(Mismatch::new(format!("{name} of the type {data}"), "a program that has no such constructor"))
            }
        }
    }

    /// Name and arguments of the constructor of the type `data` that made a value.
    ///
    /// # Errors
    /// When the value is of another type, and when more was made for the host than the limits of the call allow.
    pub fn constructor_of<'v, T: AiviType>(
        &self,
        value: &'v RawValue,
        data: &str,
    ) -> Result<(&str, &'v [RawValue]), Mismatch> {
        ration::open()?;
        let found = match (value.as_object(), value.as_nullary()) {
            (Some(object), _) => Some((object.shape(), object.fields())),
            (None, Some((shape, _))) => Some((shape, &[][..])),
            (None, None) => None,
        };
        let named = found.and_then(|(shape, arguments)| match self.get(shape)? {
            Shape::Constructor { data: of, name, .. } if of == data => Some((name.as_str(), arguments)),
            _ => None,
        });
        named.ok_or_else(|| Mismatch::of::<T>(value, self))
    }

    /// The shape with this number.
    pub(crate) fn get(&self, id: ShapeId) -> Option<&Shape> {
        self.shapes.get(usize::from(id.0))
    }

    /// That of records with these fields, which are sorted.
    pub(crate) fn record_shape<'n>(&self, fields: impl Iterator<Item = &'n str> + Clone) -> Option<ShapeId> {
        let key = fields.clone().fold(KEY_START, |key, name| add_to_key(key, name.as_bytes()));
        let id = *self.by_key.get(&key)?;
        matches!(self.get(id), Some(Shape::Record(names)) if fields.eq(names.iter().map(String::as_str))).then_some(id)
    }

    /// The sum types that the program and its host may hand each other.
    ///
    /// # Errors
    /// When the host has let go of the program.
    pub(crate) fn sums(&self) -> Result<&Sums, Mismatch> {
        if let Some(sums) = self.sums.get() {
            return Ok(sums);
        }
        let gone = || Mismatch::new("a value of a program", "one whose program has ended");
        let machine = self.machine().ok_or_else(gone)?;
        Ok(self.sums.get_or_init(|| Sums::new(machine.module())))
    }

    pub(crate) fn tuple(&self, count: usize) -> Option<ShapeId> {
        self.tuples.get(count).copied().flatten()
    }

    /// A value as `debugText` shows it; the rest of one with parts is left out beyond so many bytes.
    pub(crate) fn debug_text(&self, value: &RawValue, most: usize) -> String {
        aivi_vm::structural::short_debug_text(value, &self.shapes, most)
    }

    /// A value as `toText` shows it, likewise.
    pub(crate) fn to_text(&self, value: &RawValue, most: usize) -> String {
        aivi_vm::structural::to_short_text(value, &self.shapes, most)
    }

    /// The name of the opaque type whose objects hold this Rust type.
    pub(crate) fn object_name(&self, id: TypeId) -> Option<&'static str> {
        self.objects.name(id)
    }

    /// The names of opaque types.
    pub(crate) fn objects(&self) -> &ObjectNames {
        &self.objects
    }

    /// Says which machine runs the program, once it is there.
    pub(crate) fn set_machine(&self, machine: Weak<Machine>) {
        let _ = self.machine.set(machine);
    }

    /// The machine that runs the program, if there still is one.
    pub(crate) fn machine(&self) -> Option<Arc<Machine>> {
        self.machine.get()?.upgrade()
    }
}

const KEY_START: u64 = 0xcbf2_9ce4_8422_2325;

/// One step of FNV-1a for each byte, and one for the end.
const fn add_to_key(mut key: u64, name: &[u8]) -> u64 {
    let mut index = 0;
    while index <= name.len() {
        let byte = if index < name.len() { name[index] } else { 0xff };
        key = (key ^ byte as u64).wrapping_mul(0x100_0000_01b3);
        index += 1;
    }
    key
}

const fn constructor_key(data: &[u8], name: &[u8]) -> u64 {
    add_to_key(add_to_key(!KEY_START, data), name)
}

/// Keys are hashes already.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0 << 8 | u64::from(*byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
