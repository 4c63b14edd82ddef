//! Natives of `Ref` in `aivi.sync`: cells that fibers share.
//!
//! A cell is changed by `swap`, which takes effect only if the cell still holds what the change was made from; `modify`
//! tries again otherwise. So nobody waits for a fiber that is interrupted in the middle of a change, and there is
//! nothing to undo when it is cancelled there. Values do not change, so a cell that holds the same value again may be
//! taken for one that always did.

use aivi_vm::native::Args;
use aivi_vm::{Cell, Value};

use crate::family::family;

family! { "ref"
    "make" / 1 acts make;
    "get" / 1 acts get;
    "set" / 2 acts set;
    "swap" / 3 acts swap;
    "add" / 2 acts add;
}

/// value -> ref
fn make(args: &mut Args<'_>) -> Option<Value> {
    Some(Cell::make(args.take(0)))
}

/// ref -> value
fn get(args: &mut Args<'_>) -> Option<Value> {
    cell(args).map(Cell::get)
}

/// ref, value -> `Unit`
fn set(args: &mut Args<'_>) -> Option<Value> {
    cell(args)?;
    let value = args.take(1);
    cell(args)?.set(value);
    Some(Value::unit())
}

/// ref, value that it had, value that it gets -> `Bool`: it still had that.
fn swap(args: &mut Args<'_>) -> Option<Value> {
    cell(args)?;
    let value = args.take(2);
    Some(Value::bool(cell(args)?.swap(args.get(1), value)))
}

/// ref, amount -> `Bool`: it held a constructor whose first field is an Int, and that has been changed by the amount
/// without becoming negative.
fn add(args: &mut Args<'_>) -> Option<Value> {
    Some(Value::bool(cell(args)?.add(args.int(1))))
}

fn cell<'a>(args: &'a Args<'_>) -> Option<&'a Cell> {
    args.get(0).payload()
}
