//! Values whose types are only known when the host runs: for hosts in other languages, and for those that get functions
//! and arguments from elsewhere.
//!
//! A value becomes data by itself (`read`), since values say what they are. Data becomes a value only beside the type
//! that is needed there (`write`): the script was compiled for that type, and nobody looks again. So data has no types
//! of its own; a constructor is a name.
//!
//! Rejected: conversions between data and single values in the C API (each would have to know the machine), and data
//! that borrows from values (whoever keeps a part would keep the program).

mod functions;
mod object;
mod read;
mod show;
mod sums;
mod write;

use aivi_vm::Value as RawValue;

use crate::convert::{AiviType, FromAivi, IntoAivi, Mismatch, Shapes, Value};
use crate::dynamic::DynamicFunction;
use crate::signature::Type;

pub use object::DynamicObject;
pub(crate) use read::read_as;
pub(crate) use sums::Sums;
pub(crate) use write::write;

/// A value of any type, taken apart.
///
/// It comes out of calls and goes into them: see [`DynamicFunction`](crate::DynamicFunction) and
/// [`HostModule::dynamic`](crate::HostModule::dynamic). What it holds is compared with the AIVI type where it goes in.
/// It is shown as `toText` shows it.
///
/// ```
/// use aivi::Data;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = aivi::Engine::builder().build()?;
/// let script = engine.compile("m.aivi", "
/// module m
/// export *
///
/// Shape = Circle Float | Box { side: Float }
///
/// grown : Shape -> Shape
/// grown = shape => shape match
///   | Circle radius => Circle (radius * 2.0)
///   | Box box       => Box { side: box.side * 2.0 }
/// ")?;
/// let grown = script.dynamic("grown")?;
/// assert_eq!(grown.ty().to_string(), "Shape -> Shape");
/// let circle = Data::Constructor("Circle".into(), vec![Data::Float(1.5)]);
/// assert_eq!(grown.call(vec![circle])?.to_string(), "Circle 3");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Debug)]
#[non_exhaustive]
pub enum Data {
    /// `Unit`
    Unit,
    /// `Bool`
    Bool(bool),
    /// `Int`
    Int(i64),
    /// `Float`
    Float(f64),
    /// `Char`
    Char(char),
    /// `Text`
    Text(String),
    /// `Bytes`
    Bytes(Vec<u8>),
    /// `List A`
    List(Vec<Data>),
    /// Two or more.
    Tuple(Vec<Data>),
    /// Fields with their names, in any order; what comes from a script is sorted by them.
    Record(Vec<(String, Data)>),
    /// A constructor with its arguments: `Some`, `Err`, and those of sum types.
    Constructor(String, Vec<Data>),
    /// `Map K V`, its keys each once; what comes from a script is sorted by them.
    Map(Vec<(Data, Data)>),
    /// `Set A`, its elements each once, likewise.
    Set(Vec<Data>),
    /// An object of the host, of an opaque type that it knows by name.
    Object(DynamicObject),
    /// A function, or an effect, that a script gave where the type says what it takes. It can be called and kept, which
    /// keeps its program; it goes back where that takes values of all types.
    Function(DynamicFunction),
    /// What cannot be taken apart: a handle, an [`Object`](crate::Object), a function of which nobody knows what it
    /// takes. It only goes back where its program takes values of all types.
    Opaque(Value),
}

impl Data {
    /// What it is, in the words of the language.
    fn describe(&self) -> String {
        match self {
            Data::Unit => "Unit".to_owned(),
            Data::Bool(_) => "Bool".to_owned(),
            Data::Int(_) => "Int".to_owned(),
            Data::Float(_) => "Float".to_owned(),
            Data::Char(_) => "Char".to_owned(),
            Data::Text(_) => "Text".to_owned(),
            Data::Bytes(_) => "Bytes".to_owned(),
            Data::List(_) => "a list".to_owned(),
            Data::Tuple(items) => format!("a tuple of {}", items.len()),
            Data::Record(fields) => {
                let names: Vec<&str> = fields.iter().map(|(name, _)| name.as_str()).collect();
                format!("a record {{ {} }}", names.join(", "))
            }
            Data::Constructor(name, arguments) if arguments.is_empty() => name.clone(),
            Data::Constructor(name, arguments) => format!("{name} with {} arguments", arguments.len()),
            Data::Map(_) => "a map".to_owned(),
            Data::Set(_) => "a set".to_owned(),
            Data::Object(object) => format!("an object of the type {}", object.ty()),
            Data::Function(function) => format!("a function {}", function.ty()),
            Data::Opaque(value) => value.to_string(),
        }
    }
}

impl AiviType for Data {
    fn ty() -> Type {
        Type::any()
    }
}

impl IntoAivi for Data {
    /// As an argument where a script takes values of all types; [`DynamicFunction`](crate::DynamicFunction) looks at
    /// types.
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        write(self, &Self::ty(), shapes)
    }
}

impl FromAivi for Data {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        read::read(value, shapes)
    }
}
