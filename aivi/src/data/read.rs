//! From values to data.

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::Shape;
use aivi_vm::{Kind, Value as RawValue};

use super::Data;
use crate::convert::{FromAivi, Mismatch, Shapes, Value, nested};

/// The same as data.
///
/// # Errors
/// When it nests too deep for the stack.
pub(super) fn read(value: &RawValue, shapes: &Shapes) -> Result<Data, Mismatch> {
    let scalar = match value.kind() {
        Kind::Unit => Some(Data::Unit),
        Kind::Bool => value.as_bool().map(Data::Bool),
        Kind::Int => value.as_int().map(Data::Int),
        Kind::Float => value.as_float().map(Data::Float),
        Kind::Char => value.as_char().map(Data::Char),
        Kind::InlineText | Kind::Text => value.as_text().map(|text| Data::Text(text.as_str().to_owned())),
        Kind::Bytes => value.as_bytes().map(|bytes| Data::Bytes(bytes.as_slice().to_vec())),
        Kind::Nullary => value.as_nullary().and_then(|(shape, _)| constructor(shape, Vec::new(), shapes)),
        _ => None,
    };
    match scalar {
        Some(scalar) => Ok(scalar),
        None => nested(|| composed(value, shapes)),
    }
}

/// Of a value with parts.
fn composed(value: &RawValue, shapes: &Shapes) -> Result<Data, Mismatch> {
    if let Some(object) = value.as_object() {
        let parts = object.fields().iter().map(|field| read(field, shapes)).collect::<Result<_, _>>()?;
        if let Some(data) = constructor(object.shape(), parts, shapes) {
            return Ok(data);
        }
    }
    if let Some(list) = value.as_list() {
        return Ok(Data::List(list.iter().map(|item| read(item, shapes)).collect::<Result<_, _>>()?));
    }
    if let Some(map) = value.as_map() {
        let entry = |(key, value): (&RawValue, &RawValue)| Ok((read(key, shapes)?, read(value, shapes)?));
        return Ok(Data::Map(map.iter().map(entry).collect::<Result<_, Mismatch>>()?));
    }
    if let Some(set) = value.as_set() {
        return Ok(Data::Set(set.elements().map(|item| read(item, shapes)).collect::<Result<_, _>>()?));
    }
    Value::from_aivi(value, shapes).map(Data::Opaque)
}

/// What an object of this shape with these parts is.
fn constructor(shape: ShapeId, parts: Vec<Data>, shapes: &Shapes) -> Option<Data> {
    Some(match shapes.get(shape)? {
        Shape::Tuple(_) => Data::Tuple(parts),
        Shape::Record(names) => Data::Record(names.iter().cloned().zip(parts).collect()),
        Shape::Constructor { name, .. } => Data::Constructor(name.clone(), parts),
    })
}
