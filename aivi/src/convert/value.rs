//! A value of any type.

use std::fmt;
use std::sync::Arc;

use aivi_vm::{Shared, Value as RawValue};

use super::{AiviType, Declarations, FromAivi, IntoAivi, Mismatch, Shapes, ration};
use crate::machine::Machine;
use crate::signature::Type;

/// A value of AIVI that nobody has converted: for what has no type in Rust, or will be converted later. It may be sent
/// to other threads, and keeps its program alive. It is shown as `toText` shows it.
///
/// If the call that gave it has a limit of memory, what is made of it takes no more: beyond, it cannot be converted,
/// and of its text the rest is left out.
///
/// It goes back into the program that it came from, as an argument where a function takes values of all types (`A`). A
/// host function cannot give one, since nobody could check its type for the script.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = aivi::Engine::builder().build()?;
/// let script = engine.compile("t", "module t\nexport *\n\npair : A -> (A, Int)\npair = a => (a, 2)\n")?;
/// let pair: aivi::Value = script.call("pair", ("one",))?;
/// assert_eq!(pair.to_string(), "(one, 2)");
/// assert_eq!(pair.to::<(String, i64)>()?, ("one".to_owned(), 2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Value {
    /// Goes before the program that it is of.
    value: Shared,
    /// Bytes that may be made of it.
    most: u64,
    machine: Arc<Machine>,
}

impl Value {
    /// The same as a value of Rust.
    ///
    /// # Errors
    /// When it is of another type, or larger than the limits of its call allow. Nothing shows what a function takes, so
    /// a `T` with a [`Callback`](crate::Callback) is another type.
    pub fn to<T: FromAivi>(&self) -> Result<T, Mismatch> {
        if T::ty().has_function() {
            return Err(Mismatch::of::<T>(self.value.value(), self.machine.shapes()));
        }
        let declared = Declarations::of::<T>().agree_with(&self.machine.module().types);
        declared.map_err(|problem| Mismatch::new(T::ty().to_string(), problem))?;
        let (value, made) = ration::counted(self.most, || T::from_aivi(self.value.value(), self.machine.shapes()));
        if made > self.most { Err(ration::too_much(self.most)) } else { value }
    }
}

impl Value {
    /// What it is, and the machine of its program.
    pub(crate) fn parts(&self) -> (&Shared, &Arc<Machine>) {
        (&self.value, &self.machine)
    }

    fn text_max(&self) -> usize {
        usize::try_from(self.most).unwrap_or(usize::MAX)
    }
}

impl PartialEq for Value {
    /// Whether the script says `==`. What it cannot compare, functions and the like, equals only itself. What two
    /// values share with themselves is compared each time that it is met, and no limit counts that.
    fn eq(&self, other: &Value) -> bool {
        let (left, right) = (self.value.value(), other.value.value());
        let equal = || aivi_vm::structural::equal(left, right).unwrap_or_else(|_| left.is_same(right));
        Arc::ptr_eq(&self.machine, &other.machine) && equal()
    }
}

impl AiviType for Value {
    fn ty() -> Type {
        Type::any()
    }
}

impl IntoAivi for Value {
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        if !std::ptr::eq(&**self.machine.shapes(), shapes) {
            return Err(Mismatch::new("a value of this program", "one of another program"));
        }
        Ok(self.value.into_value())
    }
}

impl FromAivi for Value {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        let gone = || Mismatch::new("a value of a program", "one whose program has ended");
        let machine = shapes.machine().ok_or_else(gone)?;
        Ok(Value { value: value.clone().share(), most: ration::most(), machine })
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.machine.shapes().to_text(self.value.value(), self.text_max()))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.machine.shapes().debug_text(self.value.value(), self.text_max()))
    }
}
