//! Sets.

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::{List, Set, Value};

use crate::family::{bool, charge, compared, family, int};

family! { "set"
    "size" / 1 = size;
    "has" / 2 = has;
    "insert" / 2 = insert;
    "remove" / 2 = remove;
    "union" / 2 = union;
    "intersection" / 2 = intersection;
    "difference" / 2 = difference;
    "fromList" / 1 = from_list;
    "toList" / 1 = to_list;
}

fn take_set(args: &mut Args<'_>, index: usize) -> Set {
    args.take(index).into_set().unwrap_or_default()
}

fn size(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    int(args.get(0).as_set().map_or(0, Set::len))
}

fn has(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match args.get(1).as_set().map(|set| set.get(args.get(0))) {
        Some(Err(incomparable)) => NativeResult::Fault(incomparable.to_string()),
        Some(Ok(found)) => bool(found.is_some()),
        None => bool(false),
    }
}

fn insert(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (element, mut set) = (args.take(0), args.take(1));
    match set.payload_mut::<Set>().map(|set| set.insert(element, ())) {
        Some(Err(incomparable)) => NativeResult::Fault(incomparable.to_string()),
        _ => NativeResult::Done(set),
    }
}

fn remove(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match args.get(1).as_set().map(|set| set.get(args.get(0)).map(|found| found.is_some())) {
        Some(Ok(true)) => {
            let mut set = args.take(1);
            let removed = set.payload_mut::<Set>().map(|set| set.remove(args.get(0)));
            let failed = removed.and_then(Result::err);
            failed.map_or(NativeResult::Done(set), |incomparable| NativeResult::Fault(incomparable.to_string()))
        }
        Some(Err(incomparable)) => NativeResult::Fault(incomparable.to_string()),
        _ => NativeResult::Done(args.take(1)),
    }
}

/// Charges for work on all elements.
fn charge_all(cx: &mut NativeCx<'_>, value: &Value) {
    charge(cx, value.as_set().map_or(0, Set::len) + value.as_list().map_or(0, List::len));
}

fn union(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    charge_all(cx, args.get(1));
    compared(take_set(args, 0).union(take_set(args, 1)))
}

fn intersection(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    charge_all(cx, args.get(1));
    compared(take_set(args, 0).intersection(&take_set(args, 1)))
}

fn difference(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    charge_all(cx, args.get(1));
    compared(take_set(args, 0).difference(&take_set(args, 1)))
}

fn from_list(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    compared(Set::from_elements(args.take(0).into_list().unwrap_or_default().drain()))
}

fn to_list(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge_all(cx, args.get(0));
    NativeResult::Done(Value::list(args.get(0).as_set().into_iter().flat_map(Set::elements).cloned()))
}
