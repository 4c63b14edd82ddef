//! Why a value does not fit.

use std::fmt;

use aivi_bytecode::module::Shape;
use aivi_vm::{Kind, Value as RawValue};

use super::{AiviType, Shapes};

/// A value that does not fit: where in the whole, what is needed there, what there is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The way to it through the whole value, as in `players[3].name`; empty when it is the whole.
    pub path: String,
    /// What is needed, mostly the AIVI type of the Rust side.
    pub expected: String,
    /// What there is instead.
    pub found: String,
}

impl Mismatch {
    /// Of a whole value.
    pub fn new(expected: impl Into<String>, found: impl Into<String>) -> Mismatch {
        Mismatch { path: String::new(), expected: expected.into(), found: found.into() }
    }

    /// A value that is of no type that fits `T`.
    #[must_use]
    pub fn of<T: AiviType>(found: &RawValue, shapes: &Shapes) -> Mismatch {
        Mismatch::new(T::ty().to_string(), describe(found, shapes))
    }

    /// The same, found in the part with this name of a larger value.
    #[must_use]
    pub fn in_field(mut self, name: &str) -> Mismatch {
        self.path = format!(".{name}{}", self.path);
        self
    }

    /// The same, found at this place of a larger value.
    #[must_use]
    pub fn at(mut self, index: impl fmt::Display) -> Mismatch {
        self.path = format!("[{index}]{}", self.path);
        self
    }
}

/// Bytes of the beginning and of the end of a long way that are shown; arbitrary.
const PATH_SHOWN: usize = 60;

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.strip_prefix('.').unwrap_or(&self.path);
        let ends = |at: usize| path.floor_char_boundary(at);
        if path.len() > 2 * PATH_SHOWN {
            write!(f, "{}…{}: ", &path[..ends(PATH_SHOWN)], &path[ends(path.len() - PATH_SHOWN)..])?;
        } else if !path.is_empty() {
            write!(f, "{path}: ")?;
        }
        write!(f, "expected {}, found {}", self.expected, self.found)
    }
}

impl std::error::Error for Mismatch {}

/// The type of a value, as far as the value shows it.
fn describe(value: &RawValue, shapes: &Shapes) -> String {
    let shape = match (value.as_object(), value.as_nullary()) {
        (Some(object), _) => Some(object.shape()),
        (None, Some((shape, _))) => Some(shape),
        (None, None) => None,
    };
    match shape.and_then(|shape| shapes.get(shape)) {
        Some(Shape::Constructor { data, name, .. }) => format!("{data} ({name})"),
        Some(Shape::Tuple(count)) => format!("a tuple of {count}"),
        Some(Shape::Record(names)) => format!("{{ {} }}", names.join(", ")),
        None => match value.kind() {
            // Where a text stands does not matter to its reader.
            Kind::InlineText => "Text".to_owned(),
            Kind::Function | Kind::Partial => "a function or effect".to_owned(),
            Kind::Handle => aivi_vm::structural::to_text(value, &[]),
            Kind::EndedTask => format!("{:?}", Kind::Task),
            kind => format!("{kind:?}"),
        },
    }
}
