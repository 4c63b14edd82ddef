//! Objects of hosts that have no types of Rust for them.

use std::any::Any;
use std::fmt;

use aivi_vm::Value as RawValue;

use crate::object::Object;

/// An object of the host whose AIVI type is known by its name alone: a value of an opaque type of a module
/// ([`HostModule::opaque`](crate::HostModule::opaque)), which scripts hold and pass on, and cannot look into.
///
/// Clones are the same object. As with [`Object`], what it holds is dropped when the last of the script, its fibers and
/// the host lets go of it, on whichever thread that is, and in AIVI two are equal when they are the same. It goes where
/// a script takes values of its type, or of all types; a host function that gets one asks for its [type](Self::ty).
///
/// ```
/// use aivi::{Data, DynamicObject, Engine, HostKind, HostModule};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let game = HostModule::new("game").opaque("Sprite").dynamic(HostKind::Function, "name : Sprite -> Text", |arguments| {
///     match arguments.as_slice() {
///         [Data::Object(sprite)] => Ok(Data::Text(sprite.get::<&str>().unwrap_or(&"?").to_string())),
///         other => unreachable!("the script was checked: {other:?}"),
///     }
/// });
/// let engine = Engine::builder().module(game).build()?;
/// let text = "module m\nuse game\nexport *\n\nnames : List Sprite -> List Text\nnames = sprites => List.map name sprites\n";
/// let names = engine.compile("m.aivi", text)?.dynamic("names")?;
/// let tower = Data::Object(DynamicObject::new("Sprite", "tower"));
/// assert_eq!(names.call(vec![Data::List(vec![tower])])?.to_string(), "[tower]");
/// let other = Data::Object(DynamicObject::new("Texture", "stone"));
/// assert!(names.call(vec![Data::List(vec![other])]).is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct DynamicObject(Object<Named>);

/// What it holds, with the name of its type.
struct Named {
    ty: String,
    value: Box<dyn Any + Send + Sync>,
}

impl DynamicObject {
    /// An object of the opaque type of this name.
    pub fn new<T: Any + Send + Sync>(ty: impl Into<String>, value: T) -> DynamicObject {
        DynamicObject(Object::new(Named { ty: ty.into(), value: Box::new(value) }))
    }

    /// The name of its type.
    #[must_use]
    pub fn ty(&self) -> &str {
        &self.0.ty
    }

    /// What it holds, if that is a `T`.
    #[must_use]
    pub fn get<T: Any>(&self) -> Option<&T> {
        self.0.value.downcast_ref()
    }

    /// Whether both are the same object.
    #[must_use]
    pub fn is_same(left: &DynamicObject, right: &DynamicObject) -> bool {
        Object::is_same(&left.0, &right.0)
    }

    /// As a value of AIVI; whoever asks knows that its type is needed there.
    pub(super) fn into_raw(self) -> RawValue {
        RawValue::handle_of_host(self.0.ty.clone(), self.0.0)
    }

    /// A value of AIVI that is one.
    pub(super) fn of(value: &RawValue) -> Option<DynamicObject> {
        Some(DynamicObject(Object(value.to_handle()?)))
    }
}

impl PartialEq for DynamicObject {
    /// Whether both are the same object.
    fn eq(&self, other: &DynamicObject) -> bool {
        DynamicObject::is_same(self, other)
    }
}

/// As `toText` shows it.
impl fmt::Display for DynamicObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{}>", self.ty())
    }
}

impl fmt::Debug for DynamicObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DynamicObject({})", self.ty())
    }
}
