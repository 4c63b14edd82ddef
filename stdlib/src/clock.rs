//! Natives of `aivi.clock` and `aivi.testing.clock`. The scheduler tells the time, so that it can be virtual.

use aivi_scheduler::Context;
use aivi_vm::native::{Args, NativeCx, NativeResult};
use aivi_vm::{Power, Strand, Value};

use crate::family::{family, int};

family! { "clock"
    "nowMillis" / 0 needs Clock, now_millis;
    "monotonicNanos" / 0 = monotonic_nanos;
    "sleepUntil" / 1 = sleep_until;
    "hold" / 1 = |cx, args| held(cx, |cx| cx.hold_time(moment(args)));
    "allow" / 1 = |cx, args| held(cx, |cx| cx.allow_time(moment(args)));
    "release" / 0 = |cx, _| held(cx, |cx| cx.hold_time(u64::MAX));
    "waiting" / 0 = waiting;
}

fn now_millis(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    match cx.grants(Power::Clock).simple(Power::Clock, "seeing the time of day") {
        Ok(()) => NativeResult::Done(Value::int(cx.sched().wall_ms())),
        Err(refusal) => NativeResult::Fault(refusal.to_string()),
    }
}

fn monotonic_nanos(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    NativeResult::Done(Value::int(cx.sched().now_ns() as i64))
}

/// moment of the monotonic clock in nanoseconds -> `Unit`, then
fn sleep_until(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    cx.sleep_until(moment(args))
}

fn moment(args: &Args<'_>) -> u64 {
    args.int(0).max(0).cast_unsigned()
}

/// `Unit`, unless time is not virtual and cannot be held.
fn held(cx: &mut NativeCx<'_>, hold: impl FnOnce(&mut Context<'_, Strand>) -> bool) -> NativeResult {
    if hold(cx.sched()) {
        return NativeResult::Done(Value::unit());
    }
    let only = "only virtual time can be held: run this with `aivi test`, or with `aivi run --virtual-time`";
    NativeResult::Fault(only.into())
}

/// -> `Int`, of fibers that wait for a moment.
fn waiting(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    int(cx.sched().timers())
}
