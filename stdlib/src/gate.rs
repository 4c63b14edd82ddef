//! Natives of `Semaphore` in `aivi.sync`. To take permits and to give them back are instructions.

use aivi_vm::native::Args;
use aivi_vm::{Gate, Value};

use crate::family::family;

family! { "gate"
    "free" / 1 acts free;
}

/// gate -> permits that nobody has
fn free(args: &mut Args<'_>) -> Option<Value> {
    args.get(0).payload().map(|gate: &Gate| Value::int(gate.0.free()))
}
