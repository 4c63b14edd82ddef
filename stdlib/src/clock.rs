//! Natives of `aivi.clock`. The scheduler tells the time, so that it can be virtual.

use aivi_vm::Value;
use aivi_vm::native::{Args, NativeCx, NativeResult};

use crate::family::family;

family! { "clock"
    "nowMillis" / 0 = now_millis;
    "monotonicNanos" / 0 = monotonic_nanos;
}

fn now_millis(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    NativeResult::Done(Value::int(cx.sched().wall_ms()))
}

fn monotonic_nanos(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    NativeResult::Done(Value::int(cx.sched().now_ns() as i64))
}
