//! Values: made, and taken apart.

use std::ffi::c_void;

use aivi::{Data, DynamicObject};

use crate::callback::{Context, Tell};
use crate::export::{Out, exports, put};
use crate::function::Function;
use crate::pointers::{Name, OwnedText, Start};

/// `aivi_kind`
#[repr(C)]
#[derive(Clone, Copy, Default)]
pub enum Kind {
    #[default]
    None = 0,
    Unit = 1,
    Bool = 2,
    Int = 3,
    Float = 4,
    Char = 5,
    Text = 6,
    Bytes = 7,
    List = 8,
    Tuple = 9,
    Record = 10,
    Constructor = 11,
    Map = 12,
    Set = 13,
    Opaque = 14,
    Object = 15,
    Function = 16,
}

/// Values that hold each other no deeper than this are made: as deep as conversions go.
const DEPTH_MAX: usize = 128;

/// How deep values are in it. No deeper than `DEPTH_MAX`, since all that it holds went through `may_hold` or came from
/// a script.
fn depth(value: &Data) -> usize {
    let deepest = |values: &mut dyn Iterator<Item = &Data>| 1 + values.map(depth).max().unwrap_or(0);
    match value {
        Data::List(items) | Data::Tuple(items) | Data::Set(items) | Data::Constructor(_, items) => {
            deepest(&mut items.iter())
        }
        Data::Record(fields) => deepest(&mut fields.iter().map(|(_, field)| field)),
        Data::Map(entries) => deepest(&mut entries.iter().flat_map(|(key, value)| [key, value])),
        _ => 0,
    }
}

fn may_hold(part: &Data) -> bool {
    depth(part) < DEPTH_MAX
}

/// The bytes of a text or of bytes.
fn start<'a>(bytes: Option<&'a [u8]>, length: Out<'_, usize>) -> Borrowed<'a> {
    put(length, bytes.map_or(0, <[u8]>::len));
    Borrowed(bytes.map(|bytes| bytes.first().unwrap_or(&0)))
}

/// Null, or the first of some bytes that a value owns. One byte of an empty text may be read: it is zero.
#[repr(transparent)]
#[derive(Default)]
pub struct Borrowed<'a>(Option<&'a u8>);

fn boxed(value: Data) -> Option<Box<Data>> {
    Some(Box::new(value))
}

exports! {
    fn aivi_value_unit() -> Option<Box<Data>> {
        boxed(Data::Unit)
    }

    fn aivi_value_bool(value: bool) -> Option<Box<Data>> {
        boxed(Data::Bool(value))
    }

    fn aivi_value_int(number: i64) -> Option<Box<Data>> {
        boxed(Data::Int(number))
    }

    fn aivi_value_float(number: f64) -> Option<Box<Data>> {
        boxed(Data::Float(number))
    }

    fn aivi_value_char(letter: u32) -> Option<Box<Data>> {
        char::from_u32(letter).map(|letter| Box::new(Data::Char(letter)))
    }

    fn aivi_value_text(text: Start<'_>, length: usize) -> Option<Box<Data>> {
        // SAFETY: the two belong together (`aivi.h`).
        unsafe { text.text(length, "text") }.ok().map(|text| Box::new(Data::Text(text.to_owned())))
    }

    fn aivi_value_bytes(bytes: Start<'_>, length: usize) -> Option<Box<Data>> {
        // SAFETY: the two belong together (`aivi.h`).
        unsafe { bytes.bytes(length, "bytes") }.ok().map(|bytes| Box::new(Data::Bytes(bytes.to_vec())))
    }

    fn aivi_value_list() -> Option<Box<Data>> {
        boxed(Data::List(Vec::new()))
    }

    fn aivi_value_tuple() -> Option<Box<Data>> {
        boxed(Data::Tuple(Vec::new()))
    }

    fn aivi_value_set() -> Option<Box<Data>> {
        boxed(Data::Set(Vec::new()))
    }

    fn aivi_value_map() -> Option<Box<Data>> {
        boxed(Data::Map(Vec::new()))
    }

    fn aivi_value_record() -> Option<Box<Data>> {
        boxed(Data::Record(Vec::new()))
    }

    fn aivi_value_constructor(name: Name<'_>) -> Option<Box<Data>> {
        name.get("name").ok().map(|name| Box::new(Data::Constructor(name.to_owned(), Vec::new())))
    }

    fn aivi_value_object(name: Name<'_>, data: *mut c_void, release: Option<Tell>) -> Option<Box<Data>> {
        let context = Context::new(data, release);
        name.get("name").ok().map(|name| Box::new(Data::Object(DynamicObject::new(name, context))))
    }

    fn aivi_value_push(value: Option<&mut Data>, part: Option<Box<Data>>) -> bool {
        match (value, part) {
            (
                Some(Data::List(items) | Data::Tuple(items) | Data::Set(items) | Data::Constructor(_, items)),
                Some(part),
            ) if may_hold(&part) => {
                items.push(*part);
                true
            }
            _ => false,
        }
    }

    fn aivi_value_put(value: Option<&mut Data>, key: Option<Box<Data>>, part: Option<Box<Data>>) -> bool {
        match (value, key, part) {
            (Some(Data::Map(entries)), Some(key), Some(part)) if may_hold(&key) && may_hold(&part) => {
                entries.push((*key, *part));
                true
            }
            _ => false,
        }
    }

    fn aivi_value_set_field(value: Option<&mut Data>, name: Name<'_>, part: Option<Box<Data>>) -> bool {
        match (value, name.get("name"), part) {
            (Some(Data::Record(fields)), Ok(name), Some(part)) if may_hold(&part) => {
                fields.retain(|(other, _)| other != name);
                fields.push((name.to_owned(), *part));
                true
            }
            _ => false,
        }
    }

    fn aivi_value_kind(value: Option<&Data>) -> Kind {
        match value {
            None => Kind::None,
            Some(Data::Unit) => Kind::Unit,
            Some(Data::Bool(_)) => Kind::Bool,
            Some(Data::Int(_)) => Kind::Int,
            Some(Data::Float(_)) => Kind::Float,
            Some(Data::Char(_)) => Kind::Char,
            Some(Data::Text(_)) => Kind::Text,
            Some(Data::Bytes(_)) => Kind::Bytes,
            Some(Data::List(_)) => Kind::List,
            Some(Data::Tuple(_)) => Kind::Tuple,
            Some(Data::Record(_)) => Kind::Record,
            Some(Data::Constructor(..)) => Kind::Constructor,
            Some(Data::Map(_)) => Kind::Map,
            Some(Data::Set(_)) => Kind::Set,
            Some(Data::Object(_)) => Kind::Object,
            Some(Data::Function(_)) => Kind::Function,
            Some(_) => Kind::Opaque,
        }
    }

    fn aivi_value_as_bool(value: Option<&Data>, result: Out<'_, bool>) -> bool {
        let Some(Data::Bool(value)) = value else { return false };
        put(result, *value);
        true
    }

    fn aivi_value_as_int(value: Option<&Data>, result: Out<'_, i64>) -> bool {
        let Some(Data::Int(number)) = value else { return false };
        put(result, *number);
        true
    }

    fn aivi_value_as_float(value: Option<&Data>, result: Out<'_, f64>) -> bool {
        let Some(Data::Float(number)) = value else { return false };
        put(result, *number);
        true
    }

    fn aivi_value_as_char(value: Option<&Data>, result: Out<'_, u32>) -> bool {
        let Some(Data::Char(letter)) = value else { return false };
        put(result, u32::from(*letter));
        true
    }

    fn aivi_value_as_text<'a>(value: Option<&'a Data>, length: Out<'_, usize>) -> Borrowed<'a> {
        let text = match value {
            Some(Data::Text(text)) => Some(text.as_bytes()),
            _ => None,
        };
        start(text, length)
    }

    fn aivi_value_as_bytes<'a>(value: Option<&'a Data>, length: Out<'_, usize>) -> Borrowed<'a> {
        let bytes = match value {
            Some(Data::Bytes(bytes)) => Some(bytes.as_slice()),
            _ => None,
        };
        start(bytes, length)
    }

    fn aivi_value_as_object(value: Option<&Data>, name: Name<'_>, data: Out<'_, *mut c_void>) -> bool {
        let (Some(Data::Object(object)), Ok(name)) = (value, name.get("name")) else { return false };
        let context = object.get::<Context>().filter(|_| object.ty() == name);
        context.map(|context| put(data, context.data())).is_some()
    }

    fn aivi_value_as_function(value: Option<&Data>) -> Option<Box<Function>> {
        match value {
            Some(Data::Function(function)) => Some(Box::new(Function::new(function))),
            _ => None,
        }
    }

    fn aivi_value_name<'a>(value: Option<&'a Data>, length: Out<'_, usize>) -> Borrowed<'a> {
        let name = match value {
            Some(Data::Constructor(name, _)) => Some(name.as_bytes()),
            _ => None,
        };
        start(name, length)
    }

    fn aivi_value_is(value: Option<&Data>, name: Name<'_>) -> bool {
        matches!((value, name.get("name")), (Some(Data::Constructor(own, _)), Ok(name)) if own == name)
    }

    fn aivi_value_count(value: Option<&Data>) -> usize {
        match value {
            Some(Data::List(items) | Data::Tuple(items) | Data::Set(items) | Data::Constructor(_, items)) => items.len(),
            Some(Data::Record(fields)) => fields.len(),
            Some(Data::Map(entries)) => entries.len(),
            _ => 0,
        }
    }

    fn aivi_value_at<'a>(value: Option<&'a Data>, index: usize) -> Option<&'a Data> {
        match value? {
            Data::List(items) | Data::Tuple(items) | Data::Set(items) | Data::Constructor(_, items) => items.get(index),
            Data::Record(fields) => fields.get(index).map(|(_, field)| field),
            Data::Map(entries) => entries.get(index).map(|(_, value)| value),
            _ => None,
        }
    }

    fn aivi_value_key<'a>(value: Option<&'a Data>, index: usize) -> Option<&'a Data> {
        match value? {
            Data::Map(entries) => entries.get(index).map(|(key, _)| key),
            _ => None,
        }
    }

    fn aivi_value_field<'a>(value: Option<&'a Data>, name: Name<'_>) -> Option<&'a Data> {
        match (value?, name.get("name")) {
            (Data::Record(fields), Ok(name)) => fields.iter().find(|(own, _)| own == name).map(|(_, field)| field),
            _ => None,
        }
    }

    fn aivi_value_field_name<'a>(value: Option<&'a Data>, index: usize, length: Out<'_, usize>) -> Borrowed<'a> {
        let name = match value {
            Some(Data::Record(fields)) => fields.get(index).map(|(name, _)| name.as_bytes()),
            _ => None,
        };
        start(name, length)
    }

    fn aivi_value_show(value: Option<&Data>) -> OwnedText {
        value.map_or_else(OwnedText::default, |value| OwnedText::new(&value.debug_text()))
    }

    fn aivi_value_clone(value: Option<&Data>) -> Option<Box<Data>> {
        value.map(|value| Box::new(value.clone()))
    }

    fn aivi_value_free(value: Option<Box<Data>>) {
        drop(value);
    }
}
