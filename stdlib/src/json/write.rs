//! Writing. A loop with a stack of its own, as for reading.

use std::fmt::Write;

use aivi_vm::account::meter;
use aivi_vm::{List, Value};

use super::{ARRAY, BOOL, FLOAT, INT, NULL, OBJECT, STRING};

/// The value as a text without blanks.
pub(super) fn to_text(value: &Value) -> String {
    let mut writer = Writer { out: String::new(), open: Vec::new() };
    writer.begin(value);
    let mut look = LOOK;
    while let Some(open) = writer.open.last_mut() {
        if writer.out.len() > look {
            if !meter::has_room(writer.out.len()) {
                // What is there is too much already, which the machine sees when it gets it.
                break;
            }
            look *= 2;
        }
        let Some(part) = open.parts.next() else {
            writer.out.push(open.close);
            writer.open.pop();
            continue;
        };
        if !std::mem::replace(&mut open.is_first, false) {
            writer.out.push(',');
        }
        let is_field = open.close == '}';
        match part.as_object().map(|pair| pair.fields()) {
            Some([name, value]) if is_field => {
                writer.string(name);
                writer.out.push(':');
                writer.begin(value);
            }
            _ => writer.begin(part),
        }
    }
    writer.out
}

/// The length from which on there are looks at the limit of memory; arbitrary.
const LOOK: usize = 1 << 16;

struct Writer<'a> {
    out: String,
    open: Vec<Open<'a>>,
}

/// An array or object that is being written.
struct Open<'a> {
    parts: Box<dyn Iterator<Item = &'a Value> + 'a>,
    is_first: bool,
    close: char,
}

impl<'a> Writer<'a> {
    /// Writes a value, or the beginning of one with parts.
    fn begin(&mut self, value: &'a Value) {
        let (position, argument) = match value.as_object().map(|object| (object.position(), object.fields())) {
            Some((position, [argument])) => (position, argument),
            _ => (NULL, value),
        };
        match position {
            BOOL => self.out.push_str(if argument.as_bool() == Some(true) { "true" } else { "false" }),
            INT => {
                let _ = write!(self.out, "{}", argument.as_int().unwrap_or_default());
            }
            FLOAT => match argument.as_float().filter(|float| float.is_finite()) {
                // As short as it can be read back, and never like an Int.
                Some(float) => {
                    let _ = write!(self.out, "{float:?}");
                }
                None => self.out.push_str("null"),
            },
            STRING => self.string(argument),
            ARRAY => self.open(argument, '[', ']'),
            OBJECT => self.open(argument, '{', '}'),
            _ => self.out.push_str("null"),
        }
    }

    fn open(&mut self, list: &'a Value, open: char, close: char) {
        self.out.push(open);
        let parts = Box::new(list.as_list().into_iter().flat_map(List::iter));
        self.open.push(Open { parts, is_first: true, close });
    }

    fn string(&mut self, text: &Value) {
        self.out.push('"');
        for char in text.as_str().chars() {
            match char {
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\0'..' ' => {
                    let _ = write!(self.out, "\\u{:04x}", u32::from(char));
                }
                _ => self.out.push(char),
            }
        }
        self.out.push('"');
    }
}
