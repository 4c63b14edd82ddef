//! Functions in data, which can be called once their types are known.
//!
//! A function says how many arguments it waits for, and nothing of their types. So it comes out of a script as
//! something opaque; here the type beside which it was found makes a function of it that checks what it is given, like
//! one that a script exports. A type with a variable in a parameter is not enough: nobody knows what that stands for.

use crate::convert::{Mismatch, Shapes, ration};
use crate::dynamic::DynamicFunction;
use crate::signature::Type;

use super::Data;

/// What a function that can be called takes, about.
const FUNCTION: usize = 512;

/// Gives the functions in `data`, which is of this type, their types.
///
/// # Errors
/// When more is made than the limits of the call allow.
pub(super) fn name_functions(data: &mut Data, ty: &Type, shapes: &Shapes) -> Result<(), Mismatch> {
    match (&mut *data, ty) {
        (Data::Opaque(value), Type::Function(..) | Type::Named(..)) => {
            ration::make(FUNCTION)?;
            if let Some(function) = DynamicFunction::of_value(value, ty) {
                *data = Data::Function(function);
            }
            Ok(())
        }
        (Data::List(items), Type::Named(name, types)) if name == "List" => each(items, types.iter().cycle(), shapes),
        (Data::Set(items), Type::Named(name, types)) if name == "Set" => each(items, types.iter().cycle(), shapes),
        (Data::Map(entries), Type::Named(name, types)) if name == "Map" => {
            each(entries.iter_mut().flat_map(|(key, value)| [key, value]), types.iter().cycle(), shapes)
        }
        (Data::Tuple(items), Type::Tuple(types)) => each(items, types, shapes),
        (Data::Record(fields), Type::Record(types)) => {
            // Both are sorted by name.
            each(fields.iter_mut().map(|(_, field)| field), types.iter().map(|(_, ty)| ty), shapes)
        }
        (Data::Constructor(name, arguments), Type::Named(of, types)) => {
            let needed = super::sums::arguments(of, name, types, shapes).ok().flatten();
            each(arguments, needed.iter().flat_map(|(_, needed)| needed), shapes)
        }
        _ => Ok(()),
    }
}

fn each<'d, 't>(
    parts: impl IntoIterator<Item = &'d mut Data>,
    types: impl IntoIterator<Item = &'t Type>,
    shapes: &Shapes,
) -> Result<(), Mismatch> {
    parts.into_iter().zip(types).try_for_each(|(part, ty)| name_functions(part, ty, shapes))
}

/// Whether something that was not taken apart is in it.
pub(super) fn has_opaque(data: &Data) -> bool {
    match data {
        Data::Opaque(_) => true,
        Data::List(items) | Data::Tuple(items) | Data::Set(items) | Data::Constructor(_, items) => {
            items.iter().any(has_opaque)
        }
        Data::Record(fields) => fields.iter().any(|(_, field)| has_opaque(field)),
        Data::Map(entries) => entries.iter().any(|(key, value)| has_opaque(key) || has_opaque(value)),
        _ => false,
    }
}
