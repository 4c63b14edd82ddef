//! From values to data.

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::Shape;
use aivi_vm::{Kind, Value as RawValue};

use super::functions::{has_opaque, name_functions};
use super::{Data, DynamicObject};
use crate::convert::{FromAivi, Mismatch, Shapes, Value, nested, ration};
use crate::signature::Type;

/// A value of this type as data, in which functions can be called.
///
/// # Errors
/// As `read`.
pub(crate) fn read_as(value: &RawValue, ty: &Type, shapes: &Shapes) -> Result<Data, Mismatch> {
    let mut data = read(value, shapes)?;
    if has_opaque(&data) {
        name_functions(&mut data, ty, shapes)?;
    }
    Ok(data)
}

/// The same as data.
///
/// # Errors
/// When it nests too deep for the stack, or more is made than the limits of the call allow.
pub(super) fn read(value: &RawValue, shapes: &Shapes) -> Result<Data, Mismatch> {
    let scalar = match value.kind() {
        Kind::Unit => Some(Data::Unit),
        Kind::Bool => value.as_bool().map(Data::Bool),
        Kind::Int => value.as_int().map(Data::Int),
        Kind::Float => value.as_float().map(Data::Float),
        Kind::Char => value.as_char().map(Data::Char),
        Kind::InlineText | Kind::Text => Some(Data::Text(String::from_aivi(value, shapes)?)),
        Kind::Bytes => match value.as_bytes() {
            Some(bytes) => {
                ration::make(bytes.as_slice().len())?;
                Some(Data::Bytes(bytes.as_slice().to_vec()))
            }
            None => None,
        },
        Kind::Handle => DynamicObject::of(value).map(Data::Object),
        Kind::Nullary => match value.as_nullary() {
            Some((shape, _)) => constructor(shape, Vec::new(), shapes)?,
            None => None,
        },
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
        let fields = object.fields();
        ration::make_all::<Data>(fields.len())?;
        let parts = fields.iter().map(|field| read(field, shapes)).collect::<Result<_, _>>()?;
        if let Some(data) = constructor(object.shape(), parts, shapes)? {
            return Ok(data);
        }
    }
    if let Some(list) = value.as_list() {
        ration::make_all::<Data>(list.len())?;
        return Ok(Data::List(list.iter().map(|item| read(item, shapes)).collect::<Result<_, _>>()?));
    }
    if let Some(map) = value.as_map() {
        ration::make_all::<(Data, Data)>(map.len())?;
        let entry = |(key, value): (&RawValue, &RawValue)| Ok((read(key, shapes)?, read(value, shapes)?));
        return Ok(Data::Map(map.iter().map(entry).collect::<Result<_, Mismatch>>()?));
    }
    if let Some(set) = value.as_set() {
        ration::make_all::<Data>(set.len())?;
        return Ok(Data::Set(set.elements().map(|item| read(item, shapes)).collect::<Result<_, _>>()?));
    }
    Value::from_aivi(value, shapes).map(Data::Opaque)
}

/// What an object of this shape with these parts is.
fn constructor(shape: ShapeId, parts: Vec<Data>, shapes: &Shapes) -> Result<Option<Data>, Mismatch> {
    let Some(shape) = shapes.get(shape) else { return Ok(None) };
    Ok(Some(match shape {
        Shape::Tuple(_) => Data::Tuple(parts),
        Shape::Record(names) => {
            ration::make(names.iter().map(|name| size_of::<String>() + name.len()).sum())?;
            Data::Record(names.iter().cloned().zip(parts).collect())
        }
        Shape::Constructor { name, .. } => {
            ration::make(name.len())?;
            Data::Constructor(name.clone(), parts)
        }
    }))
}
