//! Lists, maps and sets; lengths of time, which are records.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::hash::{BuildHasher, Hash};
use std::time::Duration;

use aivi_vm::{Map, Set, Value as RawValue};

use super::{AiviType, Declarations, FromAivi, IntoAivi, Mismatch, RecordType, Shapes, ration};
use crate::signature::Type;

impl<T: AiviType> AiviType for Vec<T> {
    fn ty() -> Type {
        Type::named("List", [T::ty()])
    }

    fn declare(declarations: &mut Declarations) {
        T::declare(declarations);
    }
}

impl<T: IntoAivi> IntoAivi for Vec<T> {
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        let item = |(index, item): (usize, T)| item.into_aivi(shapes).map_err(|mismatch| mismatch.at(index));
        let items: Vec<RawValue> = self.into_iter().enumerate().map(item).collect::<Result<_, _>>()?;
        Ok(RawValue::list(items))
    }
}

impl<T: FromAivi> FromAivi for Vec<T> {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        let list = value.as_list().ok_or_else(|| Mismatch::of::<Self>(value, shapes))?;
        ration::make_all::<T>(list.len())?;
        let mut items = Vec::with_capacity(list.len());
        for (index, item) in list.iter().enumerate() {
            items.push(T::from_aivi(item, shapes).map_err(|mismatch| mismatch.at(index))?);
        }
        Ok(items)
    }
}

/// What a table takes for an entry besides the entry, about.
type Entry = [u64; 2];

/// Bytes of a key in the way to what does not fit, from where on its parts are left out (arbitrary).
const KEY_MAX: usize = 1 << 10;

/// A key or element that cannot be compared.
fn incomparable<T: AiviType>(error: impl ToString) -> Mismatch {
    Mismatch::new(T::ty().to_string(), error.to_string())
}

macro_rules! maps {
    ($($map:ident [$($hasher:ident)?] $($bound:ident)+;)*) => {$(
        impl<K: AiviType, V: AiviType, $($hasher)?> AiviType for $map<K, V, $($hasher)?> {
            fn ty() -> Type {
                Type::named("Map", [K::ty(), V::ty()])
            }

            fn declare(declarations: &mut Declarations) {
                K::declare(declarations);
                V::declare(declarations);
            }
        }

        impl<K: IntoAivi, V: IntoAivi, $($hasher)?> IntoAivi for $map<K, V, $($hasher)?> {
            fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
                let mut entries = Vec::with_capacity(self.len());
                for (key, value) in self {
                    entries.push((key.into_aivi(shapes)?, value.into_aivi(shapes)?));
                }
                Map::from_unsorted(entries).map(RawValue::from).map_err(incomparable::<Self>)
            }
        }

        impl<K: FromAivi $(+ $bound)+, V: FromAivi, $($hasher: BuildHasher + Default)?> FromAivi
            for $map<K, V, $($hasher)?>
        {
            fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
                let map = value.as_map().ok_or_else(|| Mismatch::of::<Self>(value, shapes))?;
                ration::make_all::<(K, V, Entry)>(map.len())?;
                let at = |key: &RawValue, mismatch: Mismatch| mismatch.at(shapes.debug_text(key, KEY_MAX));
                let entry = |(key, value): (&RawValue, &RawValue)| {
                    let entry = (|| Ok((K::from_aivi(key, shapes)?, V::from_aivi(value, shapes)?)))();
                    entry.map_err(|mismatch| at(key, mismatch))
                };
                map.iter().map(entry).collect()
            }
        }
    )*};
}

maps! {
    HashMap [S] Eq Hash;
    BTreeMap [] Ord;
}

macro_rules! sets {
    ($($set:ident [$($hasher:ident)?] $($bound:ident)+;)*) => {$(
        impl<T: AiviType, $($hasher)?> AiviType for $set<T, $($hasher)?> {
            fn ty() -> Type {
                Type::named("Set", [T::ty()])
            }

            fn declare(declarations: &mut Declarations) {
                T::declare(declarations);
            }
        }

        impl<T: IntoAivi, $($hasher)?> IntoAivi for $set<T, $($hasher)?> {
            fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
                let elements = self.into_iter().map(|element| element.into_aivi(shapes));
                let elements: Vec<RawValue> = elements.collect::<Result<_, _>>()?;
                Set::from_elements(elements).map(RawValue::from).map_err(incomparable::<Self>)
            }
        }

        impl<T: FromAivi $(+ $bound)+, $($hasher: BuildHasher + Default)?> FromAivi for $set<T, $($hasher)?> {
            fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
                let set = value.as_set().ok_or_else(|| Mismatch::of::<Self>(value, shapes))?;
                ration::make_all::<(T, Entry)>(set.len())?;
                let element = |element: &RawValue| {
                    let at = |mismatch: Mismatch| mismatch.at(shapes.debug_text(element, KEY_MAX));
                    T::from_aivi(element, shapes).map_err(at)
                };
                set.elements().map(element).collect()
            }
        }
    )*};
}

sets! {
    HashSet [S] Eq Hash;
    BTreeSet [] Ord;
}

const SPAN: RecordType = RecordType::new(&["millis"]);

impl AiviType for Duration {
    fn ty() -> Type {
        Type::record([("millis", i64::ty())])
    }
}

impl IntoAivi for Duration {
    /// Whole milliseconds.
    fn into_aivi(self, shapes: &Shapes) -> Result<RawValue, Mismatch> {
        let millis = u64::try_from(self.as_millis()).unwrap_or(u64::MAX);
        shapes.record(&SPAN, [millis.into_aivi(shapes)?])
    }
}

impl FromAivi for Duration {
    fn from_aivi(value: &RawValue, shapes: &Shapes) -> Result<Self, Mismatch> {
        let [millis] = shapes.fields::<Self, 1>(value, &SPAN)?;
        let millis = u64::from_aivi(millis, shapes).map_err(|mismatch| mismatch.in_field("millis"))?;
        Ok(Duration::from_millis(millis))
    }
}
