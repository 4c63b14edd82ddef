//! Queues, deques and heaps. All of them are lists: these have two ends, and a heap is a list that is kept sorted.

use std::cmp::Ordering;

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::structural::{Incomparable, compare};
use aivi_vm::{List, Value};

use crate::family::{compared, family, option};

family! { "deque"
    "fromList" / 1 = |_, args| NativeResult::Done(args.take(0));
    "pushFront" / 2 = push_front;
    "popFront" / 1 = |_, args| pop(args, List::uncons);
    "popBack" / 1 = |_, args| pop(args, List::unsnoc);
}

/// The natives of heaps that are not those of deques.
pub(crate) mod heap {
    use super::{family, push};

    family! { "heap"
        "push" / 2 = push;
    }
}

fn push_front(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (element, mut value) = (args.take(0), args.take(1));
    if let Some(list) = value.payload_mut::<List>() {
        list.prepend(element);
    }
    NativeResult::Done(value)
}

/// An element and what is left, if there is an element.
fn pop(args: &mut Args<'_>, take: fn(&mut List) -> Option<Value>) -> NativeResult {
    let mut value = args.take(0);
    let element = value.payload_mut::<List>().and_then(take);
    option(element.map(|element| Value::pair(element, value)))
}

/// Puts an element behind all that are not larger.
fn push(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (element, heap) = (args.take(0), args.take(1).into_list().unwrap_or_default());
    compared(place(&heap, &element).map(|at| inserted(heap, at, element)))
}

/// Number of the first element that is larger.
fn place(heap: &List, element: &Value) -> Result<usize, Incomparable> {
    // What is alone in a heap is compared with nothing; it shall have an order all the same.
    compare(element, element)?;
    let (mut low, mut high) = (0, heap.len());
    while let Some(other) = (low < high).then(|| heap.get(low.midpoint(high))).flatten() {
        let middle = low.midpoint(high);
        if compare(other, element)? == Ordering::Greater {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok(low)
}

fn inserted(heap: List, at: usize, element: Value) -> List {
    let (mut smaller, larger) = heap.split(at);
    smaller.push(element);
    smaller.concat(larger)
}
