//! Text forms.
//!
//! `toText` writes texts as they are; `debugText` quotes and escapes them as the language writes literals. Fields of
//! records stand in the order of their names, maps and sets in the order of their keys.

use std::fmt::Write;

use aivi_bytecode::ShapeId;
use aivi_bytecode::module::Shape;

use crate::account::meter;
use crate::fiber::patience::{PIECE, goes_on};
use crate::value::{Handle, Kind, Value};

/// `toText value`; `shapes` are the program's.
#[must_use]
pub fn to_text(value: &Value, shapes: &[Shape]) -> String {
    let mut out = String::new();
    write_text(&mut out, value, shapes);
    out
}

/// `toText value` for a report: the rest of one with parts is left out beyond `most` bytes, since a small value whose
/// parts are shared may be endless as text.
#[must_use]
pub fn to_short_text(value: &Value, shapes: &[Shape], most: usize) -> String {
    short_text(value, shapes, false, most)
}

/// `debugText value`
#[must_use]
pub fn debug_text(value: &Value, shapes: &[Shape]) -> String {
    short_debug_text(value, shapes, usize::MAX)
}

/// `debugText value`, likewise.
#[must_use]
pub fn short_debug_text(value: &Value, shapes: &[Shape], most: usize) -> String {
    short_text(value, shapes, true, most)
}

fn short_text(value: &Value, shapes: &[Shape], quotes: bool, most: usize) -> String {
    let mut out = String::new();
    Writer { most, look: LOOK.min(most), ..Writer::new(&mut out, shapes, quotes) }.run(value);
    out
}

/// Appends `toText value`.
pub fn write_text(out: &mut String, value: &Value, shapes: &[Shape]) {
    Writer::new(out, shapes, false).run(value);
}

/// Name and position of a value's constructor, if its type has constructors.
#[must_use]
pub fn constructor<'a>(value: &Value, shapes: &'a [Shape]) -> Option<(&'a str, u16)> {
    let shape = match value.kind() {
        // `True` is constructor 0.
        Kind::Bool => return Some(if value.as_bool() == Some(true) { ("True", 0) } else { ("False", 1) }),
        Kind::Unit => return Some(("Unit", 0)),
        _ => value.as_nullary().map(|(shape, _)| shape).or_else(|| value.as_object().map(|object| object.shape()))?,
    };
    match shapes.get(usize::from(shape.0))? {
        Shape::Constructor { name, index, .. } => Some((name, *index)),
        _ => None,
    }
}

struct Writer<'a, 'o> {
    out: &'o mut String,
    shapes: &'a [Shape],
    quotes: bool,
    stack: Vec<Frame<'a>>,
    /// The length at which it is time to look whether there is memory for more, and whether there shall be more.
    look: usize,
    /// The length beyond which no other part begins.
    most: usize,
}

/// The first such length; arbitrary.
const LOOK: usize = 1 << 16;

/// A value whose parts are being written.
struct Frame<'a> {
    parts: Box<dyn Iterator<Item = Part<'a>> + 'a>,
    /// What follows the last part.
    close: &'static str,
}

/// A part of a value.
struct Part<'a> {
    /// What precedes it.
    before: [&'a str; 3],
    value: &'a Value,
    /// It is an argument of a constructor.
    argument: bool,
}

impl<'a, 'o> Writer<'a, 'o> {
    fn new(out: &'o mut String, shapes: &'a [Shape], quotes: bool) -> Writer<'a, 'o> {
        Writer { out, shapes, quotes, stack: Vec::new(), look: LOOK, most: usize::MAX }
    }

    fn run(&mut self, value: &'a Value) {
        self.start(value, false);
        let mut parts = 0_usize;
        while let Some(frame) = self.stack.last_mut() {
            if self.out.len() > self.look {
                if self.out.len() > self.most {
                    self.out.push('…');
                    return self.stack.clear();
                }
                if !meter::has_room(self.out.len()) {
                    // What is there is too much already, which whoever called us will see.
                    return self.stack.clear();
                }
                self.look = self.look.saturating_mul(2).min(self.most);
            }
            parts += 1;
            if parts.is_multiple_of(PIECE) && !goes_on() {
                // Whoever called us looks at `patience::is_stopped`.
                return self.stack.clear();
            }
            match frame.parts.next() {
                Some(part) => {
                    part.before.iter().for_each(|text| self.out.push_str(text));
                    self.start(part.value, part.argument);
                }
                None => {
                    self.out.push_str(frame.close);
                    self.stack.pop();
                }
            }
        }
    }

    /// Writes a value without parts, or the beginning of one with parts, which it pushes.
    fn start(&mut self, value: &'a Value, argument: bool) {
        match value.kind() {
            Kind::Int => self.format(value.as_int()),
            Kind::Float => self.format(value.as_float()),
            Kind::Bool => self.out.push_str(if value.as_bool() == Some(true) { "True" } else { "False" }),
            Kind::Char => self.char(value),
            Kind::Unit => self.out.push_str("Unit"),
            Kind::InlineText | Kind::Text => self.text(value),
            Kind::Nullary => {
                if let Some((shape, _)) = value.as_nullary() {
                    self.out.push_str(self.name(shape));
                }
            }
            Kind::Object => self.object(value, argument),
            Kind::List => self.sequence("[", value.as_list().into_iter().flat_map(|list| list.iter()), "]"),
            Kind::Set => self.sequence("~set[", value.as_set().into_iter().flat_map(|set| set.elements()), "]"),
            Kind::Map => self.map(value),
            Kind::Function | Kind::Partial => {
                let effect = value.as_function().is_some_and(|function| function.is_effect());
                self.out.push_str(if effect { "<effect>" } else { "<function>" });
            }
            // A task is a record of effects.
            Kind::Task | Kind::EndedTask => {
                self.out.push_str("{ cancel: <effect>, isCancelled: <effect>, join: <effect> }")
            }
            Kind::Handle => {
                let name = value.payload::<Handle>().map_or("handle", Handle::name);
                let _ = write!(self.out, "<{name}>");
            }
            Kind::Bytes => self.out.push_str("<bytes>"),
            Kind::Scope => self.out.push_str("<scope>"),
            Kind::Cell => self.out.push_str("<ref>"),
            Kind::Case => self.out.push_str("<case>"),
            Kind::Gate => self.out.push_str("<gate>"),
            Kind::Sender => self.out.push_str("<sender>"),
            Kind::Receiver => self.out.push_str("<receiver>"),
            Kind::Chunk | Kind::Part => {}
        }
    }

    fn format(&mut self, number: Option<impl std::fmt::Display>) {
        if let Some(number) = number {
            let _ = write!(self.out, "{number}");
        }
    }

    fn char(&mut self, value: &Value) {
        let Some(char) = value.as_char() else { return };
        if self.quotes {
            self.out.push('\'');
            escape(self.out, char, '\'');
            self.out.push('\'');
        } else {
            self.out.push(char);
        }
    }

    fn text(&mut self, value: &Value) {
        let Some(text) = value.as_text() else { return };
        if self.quotes {
            self.out.push('"');
            text.as_str().chars().for_each(|char| escape(self.out, char, '"'));
            self.out.push('"');
        } else {
            self.out.push_str(text.as_str());
        }
    }

    fn name(&self, shape: ShapeId) -> &'a str {
        match self.shapes.get(usize::from(shape.0)) {
            Some(Shape::Constructor { name, .. }) => name,
            _ => "?",
        }
    }

    fn object(&mut self, value: &'a Value, argument: bool) {
        let Some(object) = value.as_object() else { return };
        let fields = object.fields();
        match self.shapes.get(usize::from(object.shape().0)) {
            Some(Shape::Tuple(_)) => self.sequence("(", fields.iter(), ")"),
            Some(Shape::Record(names)) if names.is_empty() => self.out.push_str("{}"),
            Some(Shape::Record(names)) => {
                let part = |(i, (name, value)): (usize, (&'a String, &'a Value))| Part {
                    before: [if i == 0 { "{ " } else { ", " }, name, ": "],
                    value,
                    argument: false,
                };
                self.push(names.iter().zip(fields).enumerate().map(part), " }");
            }
            Some(Shape::Constructor { .. }) | None => {
                if argument {
                    self.out.push('(');
                }
                self.out.push_str(self.name(object.shape()));
                let part = |value| Part { before: [" ", "", ""], value, argument: true };
                self.push(fields.iter().map(part), if argument { ")" } else { "" });
            }
        }
    }

    fn map(&mut self, value: &'a Value) {
        self.out.push_str("~map{");
        let entries = value.as_map().into_iter().flat_map(|map| map.iter()).enumerate();
        let parts = entries.flat_map(|(i, (key, value))| {
            let before = if i == 0 { "" } else { ", " };
            [
                Part { before: [before, "", ""], value: key, argument: false },
                Part { before: [" => ", "", ""], value, argument: false },
            ]
        });
        self.push(parts, "}");
    }

    fn sequence(&mut self, open: &str, values: impl Iterator<Item = &'a Value> + 'a, close: &'static str) {
        self.out.push_str(open);
        let part = |(i, value)| Part { before: [if i == 0 { "" } else { ", " }, "", ""], value, argument: false };
        self.push(values.enumerate().map(part), close);
    }

    fn push(&mut self, parts: impl Iterator<Item = Part<'a>> + 'a, close: &'static str) {
        self.stack.push(Frame { parts: Box::new(parts), close });
    }
}

/// Appends a character as it stands in a literal with this quote.
pub fn escape(out: &mut String, char: char, quote: char) {
    match char {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\\' | '{' | '}' => {
            out.push('\\');
            out.push(char);
        }
        _ if char == quote => {
            out.push('\\');
            out.push(char);
        }
        _ if char.is_control() => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(char));
        }
        _ => out.push(char),
    }
}
