//! Natives of `aivi.limits`: the machine counts, this only hands over.

use aivi_vm::Limits;
use aivi_vm::native::{Args, NativeCx, NativeFn, NativeResult, WITHIN};

/// The native functions of this family.
pub(crate) const NATIVES: &[NativeFn] = &[NativeFn::new(WITHIN, 6, within)];

/// fuel, memory, fibers, messages, output, each negative for none; effect -> `Result` as `NativeCx::within` says
fn within(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let limit = |index: usize| u64::try_from(args.int(index)).unwrap_or(u64::MAX);
    let limits = Limits::none().fuel(limit(0)).memory(limit(1)).fibers(limit(2)).messages(limit(3)).output(limit(4));
    let is_effect = args.get(5).as_function().is_some_and(|function| function.is_effect());
    if !is_effect {
        // In a module from elsewhere only.
        return NativeResult::Fault("'limits.within' runs effects".to_owned());
    }
    let body = args.take(5).share();
    cx.within(&limits, body)
}
