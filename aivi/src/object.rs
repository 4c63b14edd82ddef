//! Objects of the host in AIVI: values that scripts hold and pass on, and cannot look into.

use std::any::TypeId;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use aivi_vm::Value as RawValue;

use crate::convert::{AiviType, FromAivi, IntoAivi, Mismatch, Shapes};
use crate::host_module::panics::catch;
use crate::signature::Type;

/// A Rust value that scripts can hold, as a value of an opaque type
/// ([`HostModule::object`](crate::HostModule::object)).
///
/// It is shared: the script, its fibers and the host refer to the same value, and it is dropped when the last of them
/// lets go of it, on whichever thread that is. So it is `Send + Sync`, and what changes in it has a lock. A panic while
/// it is dropped goes no further. In AIVI two are equal when they are the same; `toText` shows the type's name,
/// `<Sprite>`.
///
/// ```
/// use std::sync::atomic::{AtomicI64, Ordering};
/// use aivi::{Engine, HostModule, Object};
///
/// struct Account(AtomicI64);
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let bank = HostModule::new("bank")
///     .object::<Account>("Account")
///     .effect("pay : Account -> Int -> Effect Text Unit", |account: Object<Account>, amount: i64| {
///         account.0.fetch_add(amount, Ordering::Relaxed);
///         Ok::<(), String>(())
///     });
/// let engine = Engine::builder().module(bank).build()?;
/// let script = engine.compile("wages.aivi", "
/// module wages
/// use bank
/// export pay_all
///
/// pay_all : List Account -> Effect Text Unit
/// pay_all = accounts => List.traverse_ (account => pay account 10) accounts
/// ")?;
/// let account = Object::new(Account(AtomicI64::new(0)));
/// script.call::<(), _>("pay_all", (vec![account.clone(), account.clone()],))?;
/// assert_eq!(account.0.load(Ordering::Relaxed), 20);
/// # Ok(())
/// # }
/// ```
pub struct Object<T>(pub(crate) Arc<Held<T>>);

/// The value, until it is dropped.
pub(crate) struct Held<T>(Option<T>);

impl<T> Drop for Held<T> {
    fn drop(&mut self) {
        // The machine drops values in places where a panic cannot pass. The panic hook has told of it.
        let value = self.0.take();
        let _ = catch(|| drop(value));
    }
}

impl<T> Object<T> {
    /// An object that holds this value.
    pub fn new(value: T) -> Object<T> {
        Object(Arc::new(Held(Some(value))))
    }

    /// Whether both are the same object.
    #[must_use]
    pub fn is_same(left: &Object<T>, right: &Object<T>) -> bool {
        Arc::ptr_eq(&left.0, &right.0)
    }
}

impl<T> Deref for Object<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.0.as_ref().expect("an object has its value until it is dropped")
    }
}

impl<T> Clone for Object<T> {
    fn clone(&self) -> Object<T> {
        Object(self.0.clone())
    }
}

impl<T: fmt::Debug> fmt::Debug for Object<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Object").field(&**self).finish()
    }
}

impl<T: Send + Sync + 'static> AiviType for Object<T> {
    fn ty() -> Type {
        Type::Object(TypeId::of::<T>(), std::any::type_name::<T>())
    }
}

impl<T: Send + Sync + 'static> IntoAivi for Object<T> {
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        let absent = || Mismatch::new(Self::ty().to_string(), "an engine that has no module with this type");
        let name = shapes.object_name(TypeId::of::<T>()).ok_or_else(absent)?;
        Ok(RawValue::handle_of_host(name, self.0))
    }
}

impl<T: Send + Sync + 'static> FromAivi for Object<T> {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        value.to_handle().map(Object).ok_or_else(|| Mismatch::of::<Self>(value, shapes))
    }
}

/// What the opaque types of an engine's modules are called.
#[derive(Default)]
pub(crate) struct ObjectNames(Vec<(TypeId, &'static str)>);

impl ObjectNames {
    /// The name of the type whose objects hold this Rust type.
    pub(crate) fn name(&self, id: TypeId) -> Option<&'static str> {
        self.0.iter().find(|(known, _)| *known == id).map(|(_, name)| *name)
    }
}

impl FromIterator<(TypeId, &'static str)> for ObjectNames {
    fn from_iter<I: IntoIterator<Item = (TypeId, &'static str)>>(names: I) -> ObjectNames {
        ObjectNames(names.into_iter().collect())
    }
}
