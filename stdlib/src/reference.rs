//! Natives of `Ref` in `aivi.sync`: cells that fibers share.
//!
//! A cell is changed by `swap`, which takes effect only if the cell still holds what the change was made from; `modify` tries
//! again otherwise. So nobody waits for a fiber that is interrupted in the middle of a change, and there is nothing to undo when it
//! is cancelled there. Values do not change, so a cell that holds the same value again may be taken for one that always did.

use std::sync::Arc;

use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::{Shared, Value};
use parking_lot::Mutex;

use crate::family::{bool, done, family};

family! { "ref"
    "make" / 1 = make;
    "get" / 1 = get;
    "set" / 2 = set;
    "swap" / 3 = swap;
}

/// A value that may be exchanged. The lock is held for a copy of it, never while a value is freed.
struct Cell(Mutex<Shared>);

/// value -> `Ref`
fn make(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    done(Value::handle("ref", Arc::new(Cell(Mutex::new(args.take(0).share())))))
}

/// ref -> value
fn get(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(cell) = args.get(0).as_handle::<Cell>() else { return not_a_ref() };
    let value = cell.0.lock().clone();
    done(value.into_value())
}

/// ref, value -> `Unit`
fn set(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let value = args.take(1).share();
    let Some(cell) = args.get(0).as_handle::<Cell>() else { return not_a_ref() };
    let before = std::mem::replace(&mut *cell.0.lock(), value);
    drop(before);
    done(Value::unit())
}

/// ref, value that it had, value that it gets -> `Bool`: it still had that.
fn swap(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let value = args.take(2).share();
    let Some(cell) = args.get(0).as_handle::<Cell>() else { return not_a_ref() };
    let mut held = cell.0.lock();
    if !held.value().is_same(args.get(1)) {
        return bool(false);
    }
    let before = std::mem::replace(&mut *held, value);
    drop(held);
    drop(before);
    bool(true)
}

fn not_a_ref() -> NativeResult {
    NativeResult::Fault("not a ref".into())
}
