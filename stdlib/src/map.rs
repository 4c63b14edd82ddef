//! Maps.

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::Incomparable;
use aivi_vm::{List, Map, Value};

use crate::family::{bool, charge, compared, done, family, int, option};

family! { "map"
    "size" / 1 = size;
    "has" / 2 = has;
    "get" / 2 = get;
    "getOrElse" / 3 = get_or_else;
    "index" / 2 = value_at;
    "insert" / 3 = insert;
    "remove" / 2 = remove;
    "keys" / 1 = keys;
    "values" / 1 = values;
    "entries" / 1 = entries;
    "fromList" / 1 = from_list;
    "fromSorted" / 2 = from_sorted;
    "union" / 2 = union;
    "withValues" / 2 = with_values;
}

fn map<'a>(args: &'a Args<'_>, index: usize) -> impl Iterator<Item = (&'a Value, &'a Value)> {
    args.get(index).as_map().into_iter().flat_map(Map::iter)
}

fn take_map(args: &mut Args<'_>, index: usize) -> Map {
    args.take(index).into_map().unwrap_or_default()
}

fn look_up<'a>(args: &'a Args<'_>, key: usize, map: usize) -> Result<Option<&'a Value>, Incomparable> {
    args.get(map).as_map().map_or(Ok(None), |map| map.get(args.get(key)))
}

fn fault(incomparable: Incomparable) -> NativeResult {
    NativeResult::Fault(incomparable.to_string())
}

fn size(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    int(args.get(0).as_map().map_or(0, Map::len))
}

fn has(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    look_up(args, 0, 1).map_or_else(fault, |found| bool(found.is_some()))
}

fn get(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    look_up(args, 0, 1).map_or_else(fault, |found| option(found.cloned()))
}

/// `map[key]`
fn value_at(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match look_up(args, 1, 0) {
        Ok(Some(value)) => NativeResult::Done(value.clone()),
        Ok(None) => {
            let key = aivi_vm::structural::debug_text(args.get(1), cx.program().shapes());
            NativeResult::Fault(format!("key {key} is not in the map"))
        }
        Err(incomparable) => fault(incomparable),
    }
}

fn get_or_else(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    look_up(args, 0, 2).map_or_else(fault, |found| NativeResult::Done(found.unwrap_or_else(|| args.get(1)).clone()))
}

fn insert(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (key, value, mut map) = (args.take(0), args.take(1), args.take(2));
    match map.payload_mut::<Map>().map(|map| map.insert(key, value)) {
        Some(Err(incomparable)) => fault(incomparable),
        _ => NativeResult::Done(map),
    }
}

fn remove(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match look_up(args, 0, 1).map(|found| found.is_some()) {
        Ok(true) => {
            let mut map = args.take(1);
            let removed = map.payload_mut::<Map>().map(|map| map.remove(args.get(0)));
            removed.and_then(Result::err).map_or(NativeResult::Done(map), fault)
        }
        Ok(false) => NativeResult::Done(args.take(1)),
        Err(incomparable) => fault(incomparable),
    }
}

/// Charges for work on all entries of a map or elements of a list.
fn charge_all(cx: &mut NativeCx<'_>, value: &Value) {
    charge(cx, value.as_map().map_or(0, Map::len) + value.as_list().map_or(0, List::len));
}

fn keys(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    NativeResult::Done(Value::list(map(args, 0).map(|(key, _)| key.clone())))
}

fn values(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    NativeResult::Done(Value::list(map(args, 0).map(|(_, value)| value.clone())))
}

fn entries(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    NativeResult::Done(Value::list(map(args, 0).map(|(key, value)| Value::pair(key.clone(), value.clone()))))
}

fn from_list(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    let pairs = args.take(0).into_list().unwrap_or_default();
    let entry = |pair: Value| match pair.as_object().map(|pair| pair.fields()) {
        Some([key, value]) => Some((key.clone(), value.clone())),
        _ => None,
    };
    compared(Map::from_unsorted(pairs.drain().filter_map(entry).collect()))
}

fn elements(value: Value) -> Vec<Value> {
    value.into_list().map(|list| list.drain().collect()).unwrap_or_default()
}

fn from_sorted(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    done(Map::from_sorted(elements(args.take(0)), elements(args.take(1))))
}

fn union(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    charge_all(cx, args.get(1));
    compared(take_map(args, 0).union(take_map(args, 1)))
}

fn with_values(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(1));
    let values = elements(args.take(0));
    done(take_map(args, 1).with_values(values))
}
