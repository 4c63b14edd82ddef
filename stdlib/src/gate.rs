//! Natives of `Semaphore` in `aivi.sync`: permits, and the line of those who wait for them.

use aivi_vm::native::Args;
use aivi_vm::{Gate, List, Value};

use crate::family::family;

family! { "gate"
    "make" / 1 acts make;
    "free" / 1 acts free;
    "enter" / 2 acts enter;
    "giveBack" / 2 acts give_back;
    "lineUp" / 3 acts line_up;
    "leave" / 3 acts leave;
}

/// Who is inside has no number in the line.
const INSIDE: i64 = -1;

/// permits -> gate
fn make(args: &mut Args<'_>) -> Option<Value> {
    args.get(0).as_int().map(Gate::make)
}

/// gate -> permits that nobody has
fn free(args: &mut Args<'_>) -> Option<Value> {
    gate(args).map(|gate| Value::int(gate.free()))
}

/// gate, permits -> `Bool`: it has them.
fn enter(args: &mut Args<'_>) -> Option<Value> {
    Some(Value::bool(gate(args)?.enter(args.get(1).as_int()?)))
}

/// gate, permits -> `Bool`: nobody waits, and they are given back.
fn give_back(args: &mut Args<'_>) -> Option<Value> {
    Some(Value::bool(gate(args)?.give_back(args.get(1).as_int()?)))
}

/// gate, permits, door -> number in the line, or `INSIDE`
fn line_up(args: &mut Args<'_>) -> Option<Value> {
    gate(args)?;
    let wants = args.get(1).as_int()?;
    let door = args.take(2);
    Some(Value::int(gate(args)?.line_up(wants, door).unwrap_or(INSIDE)))
}

/// gate, permits, number in the line or `INSIDE` -> the doors to be closed
fn leave(args: &mut Args<'_>) -> Option<Value> {
    let (wants, number) = (args.get(1).as_int()?, args.get(2).as_int()?);
    let doors = gate(args)?.leave(wants, Some(number).filter(|number| *number != INSIDE));
    Some(doors.into_iter().collect::<List>().into())
}

fn gate<'a>(args: &'a Args<'_>) -> Option<&'a Gate> {
    args.get(0).payload()
}
