//! From data to values, beside the types that are needed.

use aivi_vm::{Bytes, Map, Set, Value as RawValue};

use super::Data;
use super::sums;
use crate::convert::{IntoAivi, Mismatch, Shapes, nested};
use crate::signature::Type;

/// A value of this type. A variable stands for whatever type the data has by itself.
///
/// # Errors
/// When the data is of another type, the program has no such value, or it nests too deep for the stack.
pub(crate) fn write(data: Data, ty: &Type, shapes: &Shapes) -> Result<RawValue, Mismatch> {
    match (data, ty) {
        (Data::Opaque(value), Type::Variable(_)) => value.into_aivi(shapes),
        (Data::Object(object), Type::Variable(_)) => Ok(object.into_raw()),
        (Data::Function(function), Type::Variable(_)) => function.into_raw(shapes),
        (data, Type::Variable(_)) => {
            let own = own_type(&data, shapes)?;
            write(data, &own, shapes)
        }
        (Data::Tuple(items), Type::Tuple(types)) if items.len() == types.len() => {
            nested(|| tuple(items, types, shapes))
        }
        (Data::Record(fields), Type::Record(types)) => nested(|| record(fields, types, shapes)),
        (data, Type::Named(name, types)) => named(data, name, types, shapes),
        (data, _) => Err(misfit(&data, ty)),
    }
}

#[cold]
fn misfit(data: &Data, ty: &Type) -> Mismatch {
    Mismatch::new(ty.to_string(), data.describe())
}

/// A value of a type with a name.
fn named(data: Data, name: &str, types: &[Type], shapes: &Shapes) -> Result<RawValue, Mismatch> {
    match (data, name, types) {
        (Data::Unit, "Unit", _) => Ok(RawValue::unit()),
        (Data::Bool(value), "Bool", _) => Ok(RawValue::bool(value)),
        (Data::Int(number), "Int", _) => Ok(RawValue::int(number)),
        (Data::Float(number), "Float", _) => Ok(RawValue::float(number)),
        (Data::Char(letter), "Char", _) => Ok(RawValue::char(letter)),
        (Data::Text(text), "Text", _) => Ok(RawValue::text(&text)),
        (Data::Bytes(bytes), "Bytes", _) => Ok(Bytes::from(bytes).into()),
        (Data::List(items), "List", [ty]) => nested(|| all(items, ty, shapes).map(RawValue::list)),
        (Data::Set(items), "Set", [ty]) => {
            let items = nested(|| all(items, ty, shapes))?;
            Set::from_elements(items).map(RawValue::from).map_err(|error| Mismatch::new(name, error.to_string()))
        }
        (Data::Map(entries), "Map", [key, value]) => {
            let entry = |(left, right)| Ok((write(left, key, shapes)?, write(right, value, shapes)?));
            let entries = nested(|| entries.into_iter().map(entry).collect::<Result<_, Mismatch>>())?;
            Map::from_unsorted(entries).map(RawValue::from).map_err(|error| Mismatch::new(name, error.to_string()))
        }
        (Data::Object(object), _, []) if object.ty() == name && shapes.sums()?.is_opaque(name) => Ok(object.into_raw()),
        (Data::Constructor(constructor, arguments), ..) => {
            nested(|| constructed(&constructor, arguments, name, types, shapes))
        }
        (data, ..) => Err(misfit(&data, &Type::named(name, types.to_vec()))),
    }
}

fn all(items: Vec<Data>, ty: &Type, shapes: &Shapes) -> Result<Vec<RawValue>, Mismatch> {
    let item = |(index, item)| write(item, ty, shapes).map_err(|mismatch| mismatch.at(index));
    items.into_iter().enumerate().map(item).collect()
}

fn tuple(items: Vec<Data>, types: &[Type], shapes: &Shapes) -> Result<RawValue, Mismatch> {
    let absent = || Mismatch::new(Type::Tuple(types.to_vec()).to_string(), "a program without tuples of this size");
    let shape = shapes.tuple(types.len()).ok_or_else(absent)?;
    Ok(RawValue::object(shape, 0, parts(items, types, shapes)?))
}

/// Parts of a value that have their own types each.
fn parts(items: Vec<Data>, types: &[Type], shapes: &Shapes) -> Result<Vec<RawValue>, Mismatch> {
    let part = |(index, (item, ty)): (usize, (Data, &Type))| {
        write(item, ty, shapes).map_err(|mismatch| mismatch.in_field(&index.to_string()))
    };
    items.into_iter().zip(types).enumerate().map(part).collect()
}

/// `types` are sorted by name.
fn record(mut fields: Vec<(String, Data)>, types: &[(String, Type)], shapes: &Shapes) -> Result<RawValue, Mismatch> {
    fields.sort_by(|left, right| left.0.cmp(&right.0));
    if !fields.iter().map(|(name, _)| name).eq(types.iter().map(|(name, _)| name)) {
        return Err(misfit(&Data::Record(fields), &Type::Record(types.to_vec())));
    }
    let absent = || Mismatch::new(Type::Record(types.to_vec()).to_string(), "a program that has none of this form");
    let shape = shapes.record_shape(types.iter().map(|(name, _)| name.as_str())).ok_or_else(absent)?;
    let field = |((name, field), (_, ty)): ((String, Data), &(String, Type))| {
        write(field, ty, shapes).map_err(|mismatch| mismatch.in_field(&name))
    };
    let fields: Vec<RawValue> = fields.into_iter().zip(types).map(field).collect::<Result<_, _>>()?;
    Ok(RawValue::object(shape, 0, fields))
}

fn constructed(
    name: &str,
    arguments: Vec<Data>,
    of: &str,
    types: &[Type],
    shapes: &Shapes,
) -> Result<RawValue, Mismatch> {
    let found = sums::arguments(of, name, types, shapes)?;
    let Some((built, needed)) = found else {
        return Err(misfit(&Data::Constructor(name.to_owned(), arguments), &Type::named(of, types.to_vec())));
    };
    if needed.len() != arguments.len() {
        let expected = format!("{name} with {} arguments", needed.len());
        return Err(Mismatch::new(expected, Data::Constructor(name.to_owned(), arguments).describe()));
    }
    Ok(match parts(arguments, &needed, shapes)? {
        none if none.is_empty() => RawValue::nullary(built.shape, built.position),
        parts => RawValue::object(built.shape, built.position, parts),
    })
}

/// The type that data has by itself, one level of it.
fn own_type(data: &Data, shapes: &Shapes) -> Result<Type, Mismatch> {
    let named = |name, parameters| Type::named(name, vec![Type::any(); parameters]);
    Ok(match data {
        Data::Unit => named("Unit", 0),
        Data::Bool(_) => named("Bool", 0),
        Data::Int(_) => named("Int", 0),
        Data::Float(_) => named("Float", 0),
        Data::Char(_) => named("Char", 0),
        Data::Text(_) => named("Text", 0),
        Data::Bytes(_) => named("Bytes", 0),
        Data::List(_) => named("List", 1),
        Data::Set(_) => named("Set", 1),
        Data::Map(_) => named("Map", 2),
        Data::Tuple(items) => Type::Tuple(vec![Type::any(); items.len()]),
        Data::Record(fields) => Type::record(fields.iter().map(|(name, _)| (name.as_str(), Type::any()))),
        Data::Constructor(name, _) => match name.as_str() {
            "None" | "Some" => named("Option", 1),
            "Err" | "Ok" => named("Result", 2),
            _ => shapes.sums()?.type_with(name)?,
        },
        Data::Object(_) | Data::Function(_) | Data::Opaque(_) => Type::any(),
    })
}
