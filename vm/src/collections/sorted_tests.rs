//! `Sorted` against `BTreeMap`, with several versions alive at once so that shared and unique paths mix.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::{Map, Set};
use crate::value::Value;

#[derive(Clone, Debug)]
enum Op {
    Insert(i16, i64),
    InsertRange(i16, u8),
    InsertRow(i16, u8),
    Remove(i16),
    RemoveNth(u16),
    RemoveRange(i16, u8),
    Replace(u16, i64),
    Union(u8),
    Intersection(u8),
    Difference(u8),
    Rebuild,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        (any::<i16>(), any::<i64>()).prop_map(|(k, v)| Op::Insert(k, v)),
        (any::<i16>(), any::<u8>()).prop_map(|(k, n)| Op::InsertRange(k, n)),
        (any::<i16>(), any::<u8>()).prop_map(|(k, n)| Op::InsertRow(k, n)),
        any::<i16>().prop_map(Op::Remove),
        any::<u16>().prop_map(Op::RemoveNth),
        (any::<i16>(), any::<u8>()).prop_map(|(k, n)| Op::RemoveRange(k, n)),
        (any::<u16>(), any::<i64>()).prop_map(|(i, v)| Op::Replace(i, v)),
        any::<u8>().prop_map(Op::Union),
        any::<u8>().prop_map(Op::Intersection),
        any::<u8>().prop_map(Op::Difference),
        Just(Op::Rebuild),
    ]
}

/// A key of the model, in the same order as its value.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Key {
    Int(i64),
    Text(String),
}

impl Key {
    fn value(&self) -> Value {
        match self {
            Key::Int(n) => Value::int(*n),
            Key::Text(text) => Value::text(text),
        }
    }

    fn of(value: &Value) -> Key {
        match value.as_int() {
            Some(n) => Key::Int(n),
            None => Key::Text(value.as_text().expect("a text").as_str().to_owned()),
        }
    }
}

/// Keys from a small range meet often; some need counting.
fn key(n: i16) -> Key {
    let n = n % 1500;
    if n % 3 != 0 {
        return Key::Int(i64::from(n));
    }
    // Five to twelve bytes: some begin as others end.
    let end = ["", "\0", "\0\0", "\0\0\0", "zz zz zz"][usize::from(n.unsigned_abs() % 5)];
    Key::Text(format!("{:05}{end}", n / 15))
}

type Model = BTreeMap<Key, i64>;

fn number(value: &Value) -> i64 {
    value.as_int().expect("values are numbers")
}

fn apply(op: &Op, mut map: Map, model: &mut Model, others: &[(Map, Model)]) -> Map {
    let other = |which: u8| &others[usize::from(which) % others.len()];
    match *op {
        Op::Insert(k, v) => {
            let new = map.insert(key(k).value(), Value::int(v)).expect("comparable");
            assert_eq!(new, model.insert(key(k), v).is_none());
        }
        Op::InsertRange(k, n) => {
            for i in 0..i16::from(n) {
                let k = key(k.wrapping_add(i * 2));
                map.insert(k.value(), Value::int(i.into())).expect("comparable");
                model.insert(k, i.into());
            }
        }
        Op::InsertRow(k, n) => {
            for k in (i64::from(k)..).take(n.into()) {
                map.insert(Value::int(k), Value::int(-k)).expect("comparable");
                model.insert(Key::Int(k), -k);
            }
        }
        Op::Remove(k) => {
            let removed = map.remove(&key(k).value()).expect("comparable");
            assert_eq!(removed.as_ref().map(number), model.remove(&key(k)));
        }
        Op::RemoveNth(i) => {
            let i = usize::from(i) % (model.len() + 1);
            let expected = model.keys().nth(i).cloned();
            if let Some(key) = expected {
                let removed = map.remove(&key.value()).expect("comparable");
                assert_eq!(removed.as_ref().map(number), model.remove(&key));
            }
        }
        Op::RemoveRange(k, n) => {
            for i in 0..i16::from(n) {
                let k = key(k.wrapping_add(i));
                let removed = map.remove(&k.value()).expect("comparable").is_some();
                assert_eq!(removed, model.remove(&k).is_some());
            }
        }
        Op::Replace(i, v) => {
            let i = usize::from(i) % (model.len() + 1);
            if let Some((key, place)) = model.iter_mut().nth(i) {
                let old = map.take(&key.value()).expect("comparable");
                assert_eq!(old.as_ref().map(number), Some(*place));
                assert_eq!(map.insert(key.value(), Value::int(v)), Ok(false));
                *place = v;
            }
        }
        Op::Union(which) => {
            let (right, right_model) = other(which);
            map = map.union(right.clone()).expect("comparable");
            model.extend(right_model.iter().map(|(key, value)| (key.clone(), *value)));
        }
        Op::Intersection(which) => {
            let (right, right_model) = other(which);
            map = map.intersection(right).expect("comparable");
            model.retain(|key, _| right_model.contains_key(key));
        }
        Op::Difference(which) => {
            let (right, right_model) = other(which);
            map = map.difference(right).expect("comparable");
            model.retain(|key, _| !right_model.contains_key(key));
        }
        Op::Rebuild => {
            let entries = map.iter().chain(map.iter()).map(|(key, value)| (key.clone(), value.clone())).collect();
            map = Map::from_unsorted(entries).expect("comparable");
        }
    }
    map
}

fn same(map: &Map, model: &Model) {
    map.check();
    assert_eq!(map.len(), model.len());
    assert!(map.iter().map(|(key, value)| (Key::of(key), number(value))).eq(model.clone()));
    for key in model.keys().step_by(7) {
        assert_eq!(map.get(&key.value()).map(|value| value.map(number)), Ok(model.get(key).copied()));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn behaves_like_a_sorted_map(ops in prop::collection::vec((op(), any::<u8>(), any::<bool>()), 1..60)) {
        let mut versions = vec![(Map::new(), Model::new())];
        for (op, which, keep) in ops {
            let which = usize::from(which) % versions.len();
            if keep {
                let others = versions.clone();
                let mut model = versions[which].1.clone();
                let map = apply(&op, versions[which].0.clone(), &mut model, &others);
                same(&map, &model);
                if versions.len() < 6 {
                    versions.push((map, model));
                }
            } else {
                let (unique, mut model) = std::mem::take(&mut versions[which]);
                let others = versions.clone();
                // Not compared here: to go through a map in order changes its form.
                let map = apply(&op, unique, &mut model, &others);
                assert_eq!(map.len(), model.len());
                versions[which] = (map, model);
            }
        }
        for (map, model) in &versions {
            same(map, model);
        }
    }
}

#[test]
fn a_set_of_repeated_elements_is_sorted() {
    let set = Set::from_elements([3, 1, 2, 3, 1].map(Value::int)).expect("comparable");
    assert!(set.elements().filter_map(Value::as_int).eq([1, 2, 3]));
}

#[test]
fn a_large_map_grows_and_shrinks_in_any_order() {
    let mut map = Map::new();
    for i in 0..50_000i64 {
        map.insert(Value::int(i * 7919 % 50_000), Value::int(i)).expect("comparable");
    }
    map.check();
    assert_eq!(map.len(), 50_000);
    for i in 0..50_000i64 {
        assert!(map.remove(&Value::int(i * 104_729 % 50_000)).expect("comparable").is_some());
    }
    assert!(map.is_empty());
}

/// Tuples of numbers and texts, and numbers whose hashes begin alike.
#[test]
fn a_map_of_other_keys_is_a_map() {
    let pair = |i: i64| Value::pair(Value::int(i % 37), Value::text(&format!("key number {}", i / 37)));
    let collides = |i: i64| Value::int(i.wrapping_mul(inverse(0x9e37_79b9_7f4a_7c15) as i64));
    for key in [&pair as &dyn Fn(i64) -> Value, &collides] {
        let mut map = Map::new();
        for i in 0..1000 {
            assert_eq!(map.insert(key(i), Value::int(i)), Ok(true));
            assert_eq!(map.insert(key(i / 2), Value::int(i / 2)), Ok(false));
        }
        for i in (0..1000).step_by(3) {
            assert_eq!(map.remove(&key(i)).map(|value| value.as_ref().map(number)), Ok(Some(i)));
        }
        for i in 0..1000 {
            let expected = (i % 3 != 0).then_some(i);
            assert_eq!(map.get(&key(i)).map(|value| value.map(number)), Ok(expected), "{i}");
        }
        map.check();
    }
}

/// The number that gives 1 in a product with this odd one.
fn inverse(odd: u64) -> u64 {
    (0..6).fold(odd, |inverse, _| inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse))))
}
