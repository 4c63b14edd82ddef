//! What operations cost, in objects made: nothing where nothing else sees the collection, a path where something does.

use super::{List, Map, Text};
use crate::object::alloc::tests::live_objects;
use crate::value::Value;

const MANY: i64 = 100_000;

/// Objects that `make` leaves alive, and its result.
fn made<T>(make: impl FnOnce() -> T) -> (isize, T) {
    let before = live_objects();
    let result = make();
    (live_objects() - before, result)
}

fn numbers() -> List {
    (0..MANY).map(Value::int).collect()
}

#[test]
fn a_unique_list_changes_in_place() {
    let (objects, mut list) = made(numbers);
    assert_eq!(objects, 1);
    let (changed, ()) = made(|| (0..MANY as usize).for_each(|i| drop(list.set(i, Value::int(7)))));
    assert_eq!(changed, 0);
    let (pushed, ()) = made(|| (0..MANY).for_each(|n| list.push(Value::int(n))));
    assert_eq!(pushed, 0);
    let (taken, ()) = made(|| while list.uncons().is_some() {});
    assert_eq!(taken, 0);
}

#[test]
fn a_shared_list_is_copied_along_one_path() {
    let list = numbers();
    // The first copy makes the tree, once for all: a node for each 32 chunks.
    let (spread, _) = made(|| drop(list.clone()));
    assert!((1..=MANY as isize / 64 / 30).contains(&spread), "{spread} objects");
    let limit = |what: &str, most: isize, change: &dyn Fn(List) -> List| {
        let (objects, changed) = made(|| change(list.clone()));
        assert!(objects <= most, "{what} made {objects} objects");
        drop(changed);
    };
    // Three nodes and a chunk.
    limit("set", 4, &|mut list| {
        assert!(list.set(50_000, Value::unit()).is_ok());
        list
    });
    limit("push", 1, &|mut list| {
        list.push(Value::unit());
        list
    });
    limit("prepend", 1, &|mut list| {
        list.prepend(Value::unit());
        list
    });
    limit("uncons", 4, &|mut list| {
        list.uncons();
        list
    });
    limit("skip", 4, &|list| list.skip(50_001));
    limit("take", 3, &|list| list.take(50_001));
    // Two paths, and chunks and nodes that are made half full where they meet.
    limit("concat", 12, &|list| list.clone().concat(list));
}

#[test]
fn walking_a_shared_list_shares_its_tails() {
    let list = numbers();
    drop(list.clone());
    let (objects, tails) = made(|| {
        let mut tails = vec![list.clone()];
        for _ in 0..1000 {
            let mut tail = tails.last().cloned().unwrap_or_default();
            tail.uncons();
            tails.push(tail);
        }
        tails
    });
    // A copied path and a chunk for each leaf that is used up, not for each element.
    assert!(objects <= 5 * 1000 / 64, "{objects} objects");
    assert_eq!(tails.last().map(List::len), Some(MANY as usize - 1000));
}

#[test]
fn a_map_is_copied_along_one_path_only_when_it_is_shared() {
    let entries = (0..MANY).map(|n| (Value::int(n), Value::int(n))).collect();
    let mut map = Map::from_unsorted(entries).expect("comparable");
    let (unique, _) = made(|| map.insert(Value::int(5), Value::int(0)));
    assert_eq!(unique, 0);
    let copy = map.clone();
    // Four nodes and a leaf, and one more of each where one was full.
    let (shared, _) = made(|| map.insert(Value::int(MANY), Value::int(0)));
    assert!(shared <= 10, "{shared} objects");
    assert_eq!(copy.len() + 1, map.len());
}

#[test]
fn a_unique_text_grows_in_place() {
    let mut text = Text::from("a text that is too long to stand in its object");
    let (objects, ()) = made(|| (0..1000).for_each(|_| text.push_str("more")));
    assert_eq!(objects, 0);
    let copy = text.clone();
    text.push_str("apart");
    assert_eq!((copy.len() + 5, text.chars()), (text.len(), text.len()));
}
