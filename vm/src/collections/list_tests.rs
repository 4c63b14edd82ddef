//! `List` against `Vec`, with several versions alive at once so that shared and unique paths mix.

use proptest::prelude::*;

use super::List;
use super::chunk::{Chunk, Look};
use crate::value::Value;

/// An operation on one of the versions; the result replaces it or becomes a further version.
#[derive(Clone, Debug)]
enum Op {
    Push(i64),
    PushMany(u16),
    Prepend(i64),
    PrependMany(u16),
    Uncons,
    UnconsAll,
    Unsnoc(u16),
    Insert(u16, i64),
    Skip(u16),
    Take(u16),
    Set(u16, i64),
    TakeAt(u16, i64),
    Concat(u8),
    Reverse,
    Collect,
    /// On so many bytes of which nobody has asked for an element.
    OnBytes(u8, Vec<Op>),
}

fn op() -> impl Strategy<Value = Op> {
    let on_bytes =
        (any::<u8>(), prop::collection::vec(op_on_any(), 1..4)).prop_map(|(length, ops)| Op::OnBytes(length, ops));
    prop_oneof![3 => op_on_any(), 1 => on_bytes]
}

fn op_on_any() -> impl Strategy<Value = Op> {
    prop_oneof![
        any::<i64>().prop_map(Op::Push),
        (0u16..3000).prop_map(Op::PushMany),
        any::<i64>().prop_map(Op::Prepend),
        (0u16..3000).prop_map(Op::PrependMany),
        Just(Op::Uncons),
        Just(Op::UnconsAll),
        (1u16..100).prop_map(Op::Unsnoc),
        (any::<u16>(), any::<i64>()).prop_map(|(i, x)| Op::Insert(i, x)),
        any::<u16>().prop_map(Op::Skip),
        any::<u16>().prop_map(Op::Take),
        (any::<u16>(), any::<i64>()).prop_map(|(i, x)| Op::Set(i, x)),
        (any::<u16>(), any::<i64>()).prop_map(|(i, x)| Op::TakeAt(i, x)),
        any::<u8>().prop_map(Op::Concat),
        Just(Op::Reverse),
        Just(Op::Collect),
    ]
}

/// Every third value needs counting: a text that is too long to stand in it.
fn value(n: i64) -> Value {
    if n % 3 == 0 { Value::text(&format!("{n:040}")) } else { Value::int(n) }
}

fn number(value: &Value) -> i64 {
    value.as_int().unwrap_or_else(|| value.as_text().expect("a text").as_str().parse().expect("a number"))
}

/// As the machine does, whose quick ways come first.
fn push(list: &mut List, value: Value) {
    match list.quick_back(&value) {
        Some(place) => std::mem::forget(std::mem::replace(place, value)),
        None => list.push(value),
    }
}

/// As `push`.
fn prepend(list: &mut List, value: Value) {
    if let Some(place) = list.quick_front_flat(&value) {
        return std::mem::forget(std::mem::replace(place, value));
    }
    match list.quick_front(&value) {
        Some(place) => std::mem::forget(std::mem::replace(place, value)),
        None => list.prepend(value),
    }
}

/// As `push`.
fn uncons(list: &mut List) -> Option<Value> {
    let first = match list.quick_first_flat() {
        Look::Own(place) => Some(std::mem::replace(place, Value::unit())),
        Look::Scalar(place) => Some(place.clone()),
        Look::Other => None,
    };
    first.or_else(|| list.quick_uncons()).or_else(|| list.uncons())
}

/// As `push`.
fn set(list: &mut List, index: usize, value: Value) -> Result<(), Value> {
    if let Some(place) = list.quick_place_flat(index, &value) {
        std::mem::forget(std::mem::replace(place, value));
        return Ok(());
    }
    match list.quick_place(index, &value) {
        Some(place) => {
            std::mem::forget(std::mem::replace(place, value));
            Ok(())
        }
        None => list.set(index, value),
    }
}

fn apply(op: &Op, list: List, model: &mut Vec<i64>, others: &[(List, Vec<i64>)]) -> List {
    let mut list = list;
    let scale = |n: u16, length: usize| usize::from(n) * (length + 2) / usize::from(u16::MAX);
    match *op {
        Op::Push(n) => {
            push(&mut list, value(n));
            model.push(n);
        }
        Op::PushMany(count) => {
            for n in 0..i64::from(count) {
                push(&mut list, value(n));
                model.push(n);
            }
        }
        Op::Prepend(n) => {
            prepend(&mut list, value(n));
            model.insert(0, n);
        }
        Op::PrependMany(count) => {
            for n in 0..i64::from(count) {
                prepend(&mut list, value(n));
            }
            model.splice(0..0, (0..i64::from(count)).rev());
        }
        Op::Uncons => {
            let first = uncons(&mut list).map(|value| number(&value));
            assert_eq!(first, (!model.is_empty()).then(|| model.remove(0)));
        }
        Op::UnconsAll => {
            for n in model.drain(..) {
                assert_eq!(uncons(&mut list).map(|value| number(&value)), Some(n));
            }
            assert!(uncons(&mut list).is_none() && list.is_empty());
            if !list.is_room() {
                list = List::new();
            }
        }
        Op::Unsnoc(count) => {
            for _ in 0..count {
                assert_eq!(list.unsnoc().map(|value| number(&value)), model.pop());
            }
        }
        Op::Insert(at, n) => {
            let at = scale(at, model.len()).min(model.len());
            let (mut left, right) = std::mem::take(&mut list).split(at);
            left.check();
            right.check();
            assert_eq!(left.len(), at);
            left.push(value(n));
            list = left.concat(right);
            model.insert(at, n);
        }
        Op::Skip(n) => {
            let n = scale(n, model.len());
            list = list.skip(n);
            model.drain(..n.min(model.len()));
        }
        Op::Take(n) => {
            let n = scale(n, model.len());
            list = list.take(n);
            model.truncate(n);
        }
        Op::Set(i, n) => {
            let i = scale(i, model.len());
            let done = set(&mut list, i, value(n)).is_ok();
            assert_eq!(done, i < model.len());
            if done {
                model[i] = n;
            }
        }
        Op::TakeAt(i, n) => {
            let i = scale(i, model.len());
            let taken = list.take_flat(i).or_else(|| list.take_at(i));
            assert_eq!(taken.map(|value| number(&value)), model.get(i).copied());
            if i < model.len() {
                assert!(set(&mut list, i, value(n)).is_ok());
                model[i] = n;
            }
        }
        Op::Concat(which) => {
            let (other, other_model) = &others[usize::from(which) % others.len()];
            if model.len() + other_model.len() < 100_000 {
                list = list.concat(other.clone());
                model.extend(other_model);
            }
        }
        Op::Reverse => {
            list = list.reverse();
            model.reverse();
        }
        Op::Collect => list = list.drain().collect(),
        Op::OnBytes(length, ref ops) => {
            let bytes: Vec<u8> = (0..length).rev().collect();
            *model = bytes.iter().map(|&byte| i64::from(byte)).collect();
            list = ops.iter().fold(List::of_bytes(&bytes), |list, op| apply(op, list, model, others));
        }
    }
    list
}

fn same(list: &List, model: &[i64]) {
    list.check();
    assert_eq!(list.len(), model.len());
    assert_eq!(list.is_empty(), model.is_empty());
    assert!(list.iter().map(number).eq(model.iter().copied()));
    for i in [0, 1, model.len() / 3, model.len() / 2, model.len().wrapping_sub(1), model.len()] {
        assert_eq!(list.get(i).map(number), model.get(i).copied());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn behaves_like_a_vector(ops in prop::collection::vec((op(), any::<u8>(), any::<bool>()), 1..60)) {
        let mut versions = vec![(List::new(), Vec::new())];
        for (op, which, keep) in ops {
            let which = usize::from(which) % versions.len();
            if keep {
                let (list, mut model) = versions[which].clone();
                let list = apply(&op, list, &mut model, &versions);
                same(&list, &model);
                if versions.len() < 6 {
                    versions.push((list, model));
                }
            } else {
                let (unique, mut model) = std::mem::take(&mut versions[which]);
                let others = versions.clone();
                let list = apply(&op, unique, &mut model, &others);
                same(&list, &model);
                versions[which] = (list, model);
            }
        }
        for (list, model) in &versions {
            same(list, model);
        }
    }
}

#[test]
fn a_flat_list_grows_past_the_largest_chunk() {
    let most = Chunk::GROWN as i64;
    let mut list: List = (0..most - 1).map(Value::int).collect();
    (most - 1..most + 100).for_each(|n| list.push(Value::int(n)));
    list.check();
    assert_eq!(list.len() as i64, most + 100);
    assert!(list.iter().map(Value::as_int).eq((0..most + 100).map(Some)));
    assert_eq!(list.get(Chunk::GROWN).and_then(Value::as_int), Some(most));
}

#[test]
fn an_emptied_list_keeps_little() {
    let emptied = |length: i64| {
        let mut list: List = (0..length).map(value).collect();
        let others = list.clone();
        drop(others);
        while uncons(&mut list).is_some() {}
        list
    };
    assert!(List::new().is_room() && emptied(1).is_room() && emptied(8).is_room());
    assert!(!emptied(9).is_room() && !emptied(1000).is_room(), "that much is given back");
    let mut shared: List = (0..3).map(value).collect();
    let other = shared.clone();
    while uncons(&mut shared).is_some() {}
    assert!(!shared.is_room(), "what it holds is seen by the other");
    drop(other);
    assert!(!shared.is_room(), "what the other saw is still there");
    let mut room = emptied(5);
    for n in 0..20 {
        prepend(&mut room, value(n));
    }
    same(&room, &(0..20).rev().collect::<Vec<_>>());
    let mut room = emptied(5);
    for n in 0..20 {
        push(&mut room, value(n));
    }
    same(&room, &(0..20).collect::<Vec<_>>());
}

#[test]
fn copies_of_a_flat_list_change_apart() {
    let number = |list: &List, index| list.get(index).and_then(Value::as_int);
    let mut list: List = (0..1000).map(Value::int).collect();
    let mut copies: Vec<List> = (0..10).map(|_| list.clone()).collect();
    for (n, copy) in copies.iter_mut().enumerate() {
        assert!(copy.set(n * 100, Value::int(-1)).is_ok());
        copy.push(Value::int(-2));
        copy.prepend(Value::int(-3));
        copy.check();
    }
    assert!(list.uncons().is_some() && list.unsnoc().is_some());
    assert!(list.set(0, Value::int(-4)).is_ok());
    list.check();
    assert_eq!((list.len(), number(&list, 0), number(&list, 1)), (998, Some(-4), Some(2)));
    for (n, copy) in copies.iter().enumerate() {
        assert_eq!((copy.len(), number(copy, 0), number(copy, 1 + n * 100)), (1002, Some(-3), Some(-1)));
        assert_eq!((number(copy, 2 + n * 100), number(copy, 1001)), (Some(n as i64 * 100 + 1), Some(-2)));
    }
    // Shared with other threads, then alone again.
    let shared = Value::from(list).share();
    let mut alone = shared.into_value();
    let list = alone.payload_mut::<List>().expect("a list");
    list.push(Value::int(7));
    list.check();
    assert_eq!((list.len(), number(list, 998)), (999, Some(7)));
}

#[test]
fn a_long_list_of_lists_is_released_and_shared() {
    let before = crate::live_bytes();
    let inner: Value = Value::list((0..100).map(|n| Value::text(&n.to_string())));
    let list = Value::list((0..5000).map(|_| inner.clone()));
    let shared = list.clone().share();
    drop((list, inner));
    assert_eq!(shared.value().as_list().map(List::len), Some(5000));
    drop(shared);
    assert_eq!(crate::live_bytes(), before);
}

#[test]
fn every_element_of_a_long_list_is_found() {
    let mut list: List = (0..100_000).map(Value::int).collect();
    for i in 0..100_000 {
        assert_eq!(list.get(i).and_then(Value::as_int), Some(i as i64));
        list.set(i, Value::int(-(i as i64))).expect("exists");
    }
    list.check();
    for i in 0..100_000i64 {
        assert_eq!(list.uncons().and_then(|value| value.as_int()), Some(-i));
    }
    assert!(list.is_empty());
}

#[test]
fn a_list_that_grows_and_shrinks_at_its_front_is_counted() {
    let pieces = [700, 33, 64, 5].map(|length| (0..length).map(Value::int).collect::<List>());
    let mut list = pieces.into_iter().fold(List::new(), List::concat);
    let mut model: Vec<i64> = list.iter().map(number).collect();
    model.reverse();
    for length in [900, 120, 2_000, 1_900, 40_000, 39_000, 70_000, 3, 1_100, 0] {
        while list.len() < length {
            model.push(-(model.len() as i64));
            prepend(&mut list, Value::int(-(model.len() as i64 - 1)));
        }
        while list.len() > length {
            assert_eq!(uncons(&mut list).map(|value| number(&value)), model.pop());
        }
        list.check();
        for index in (0..length).step_by(29) {
            assert_eq!(list.get(index).map(number), model.get(length - 1 - index).copied());
        }
    }
}

#[test]
fn an_index_beyond_the_end_finds_nothing() {
    let mut list: List = (0..3).map(Value::int).collect();
    list.uncons();
    for index in [2, 3, usize::MAX - 1, usize::MAX] {
        assert!(list.get(index).is_none());
        assert!(list.set(index, Value::unit()).is_err());
        assert!(list.take_at(index).is_none());
    }
}

#[test]
fn joining_pieces_keeps_the_tree_balanced() {
    // Each round keeps a short piece around the seam; heights must not add up.
    let mut list: List = (0..5000).map(Value::int).collect();
    for _ in 0..200 {
        let length = list.len();
        let piece = list.skip(length / 2 - 70).take(140);
        list = (0..40).fold(List::new(), |all, _| all.concat(piece.clone()));
        list.check();
    }
    assert_eq!(list.len(), 5600);
}

#[test]
fn bytes_come_back_from_every_form_of_a_list() {
    let some: Vec<u8> = (0..=255).collect();
    for length in [0, 1, 63, 64, 65, 256] {
        let flat = List::of_bytes(&some[..length]);
        flat.check();
        // With a front, a middle and a back.
        let mut grown = flat.clone();
        (0..3).for_each(|_| grown.prepend(Value::int(7)));
        grown.push(Value::int(9));
        let mut read = vec![1];
        assert_eq!(flat.read_bytes(&mut read), Ok(()));
        assert_eq!(read, [&[1], &some[..length]].concat());
        read.clear();
        assert_eq!(grown.read_bytes(&mut read), Ok(()));
        assert_eq!(read, [&[7; 3], &some[..length], &[9]].concat());
        grown.push(Value::int(256));
        grown.push(Value::int(-1));
        assert_eq!(grown.read_bytes(&mut read), Err(256));
    }
}
