//! Lists: what the machine's list instructions and loops in AIVI do not do, or not as fast.

use std::cmp::Ordering;

use aivi_vm::collections::merge_sort::sorted_by;
use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::{Comparisons, Incomparable};
use aivi_vm::{List, Value};

use crate::family::{bool, charge, compared, count, done, family, index, option};

family! { "list"
    "reverse" / 1 = reverse;
    "take" / 2 = take;
    "drop" / 2 = drop_first;
    "indexOf" / 2 = index_of;
    "elem" / 2 = elem;
    "sort" / 1 = sort;
    "repeat" / 2 = repeat;
    "takeAt" / 2 = take_at;
    "zip" / 2 = zip;
    "unzip" / 1 = unzip;
    "intersperse" / 2 = intersperse;
    "chunk" / 2 = chunk;
    "dedup" / 1 = dedup;
}

/// Elements of the longest list that `repeat` makes, 4 GiB; arbitrary.
const REPEAT_MAX: usize = 1 << 28;

fn list(args: &mut Args<'_>, index: usize) -> List {
    args.take(index).into_list().unwrap_or_default()
}

fn reverse(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let list = list(args, 0);
    charge(cx, list.len());
    done(list.reverse())
}

fn take(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let count = count(args.int(0));
    done(list(args, 1).take(count))
}

fn drop_first(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let count = count(args.int(0));
    done(list(args, 1).skip(count))
}

fn position(cx: &mut NativeCx<'_>, args: &Args<'_>) -> Result<Option<usize>, Incomparable> {
    charge(cx, args.get(1).as_list().map_or(0, List::len));
    let mut comparisons = Comparisons::new();
    for (at, element) in args.get(1).as_list().into_iter().flat_map(List::iter).enumerate() {
        if comparisons.equal(args.get(0), element)? {
            return Ok(Some(at));
        }
    }
    Ok(None)
}

fn index_of(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match position(cx, args) {
        Ok(at) => option(at.map(|at| Value::int(at as i64))),
        Err(incomparable) => NativeResult::Fault(incomparable.to_string()),
    }
}

fn elem(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    match position(cx, args) {
        Ok(at) => bool(at.is_some()),
        Err(incomparable) => NativeResult::Fault(incomparable.to_string()),
    }
}

fn sort(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let list = list(args, 0);
    charge(cx, list.len() * (list.len().max(1).ilog2() as usize + 1));
    compared(sorted(list))
}

fn sorted(list: List) -> Result<List, Incomparable> {
    let mut elements: Vec<Value> = list.drain().collect();
    let ints: Option<Vec<i64>> = elements.iter().map(Value::as_int).collect();
    if let Some(mut ints) = ints {
        // Equal ones cannot be told apart.
        ints.sort_unstable();
        return Ok(ints.into_iter().map(Value::int).collect());
    }
    if elements.iter().all(|element| element.as_text().is_some()) {
        elements.sort_by(|left, right| match (left.as_text(), right.as_text()) {
            (Some(left), Some(right)) => left.order(right),
            _ => Ordering::Equal,
        });
        return Ok(elements.into_iter().collect());
    }
    let mut comparisons = Comparisons::new();
    // So it does not depend on what decides whether elements that cannot be compared are found.
    for element in &elements {
        comparisons.compare(element, element)?;
    }
    Ok(sorted_by(elements, |left, right| comparisons.compare(left, right))?.into_iter().collect())
}

fn repeat(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let count = count(args.int(0));
    if count > REPEAT_MAX {
        return NativeResult::Fault(format!("a list of {count} elements is too long"));
    }
    charge(cx, count);
    if !cx.may_make(count * size_of::<Value>()) {
        return NativeResult::Done(Value::list([]));
    }
    let element = args.get(1);
    NativeResult::Done(Value::list((0..count).map(|_| element.clone())))
}

/// The element and the list, which holds something unspecified in its place.
fn take_at(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let at = index(args.int(0));
    let mut value = args.take(1);
    match value.payload_mut::<List>().and_then(|list| list.take_at(at)) {
        Some(element) => NativeResult::Done(Value::pair(element, value)),
        None => NativeResult::Fault("index out of range".to_owned()),
    }
}

fn zip(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (left, right) = (list(args, 0), list(args, 1));
    charge(cx, left.len().min(right.len()));
    NativeResult::Done(Value::list(left.drain().zip(right.drain()).map(|(left, right)| Value::pair(left, right))))
}

fn unzip(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let pairs = args.get(0).as_list();
    charge(cx, pairs.map_or(0, List::len));
    let parts = |pair: &Value| match pair.as_object().map(|pair| pair.fields()) {
        Some([left, right]) => Some((left.clone(), right.clone())),
        _ => None,
    };
    let (left, right): (Vec<Value>, Vec<Value>) = pairs.into_iter().flat_map(List::iter).filter_map(parts).unzip();
    NativeResult::Done(Value::pair(Value::list(left), Value::list(right)))
}

fn intersperse(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let elements = list(args, 1);
    charge(cx, elements.len());
    let separator = args.get(0);
    let mut mixed = Vec::with_capacity(elements.len() * 2);
    for element in elements.drain() {
        if !mixed.is_empty() {
            mixed.push(separator.clone());
        }
        mixed.push(element);
    }
    NativeResult::Done(Value::list(mixed))
}

fn chunk(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (size, elements) = (count(args.int(0)), list(args, 1));
    charge(cx, elements.len());
    let length = if size == 0 { 0 } else { elements.len().div_ceil(size) };
    let mut rest = elements.drain();
    NativeResult::Done(Value::list((0..length).map(|_| Value::list(rest.by_ref().take(size)))))
}

fn dedup(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    charge(cx, args.get(0).as_list().map_or(0, List::len));
    compared(without_repetition(args.get(0)))
}

/// The elements that do not equal the one before them.
fn without_repetition(list: &Value) -> Result<List, Incomparable> {
    let mut kept: Vec<Value> = Vec::new();
    let mut previous = None;
    let mut comparisons = Comparisons::new();
    for element in list.as_list().into_iter().flat_map(List::iter) {
        let repeats = previous.map_or(Ok(false), |previous| comparisons.equal(previous, element))?;
        if !repeats {
            kept.push(element.clone());
        }
        previous = Some(element);
    }
    Ok(kept.into_iter().collect())
}
