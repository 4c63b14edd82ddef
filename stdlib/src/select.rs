//! Cases of selects, as values.

use aivi_vm::fiber::SelectCase;
use aivi_vm::native::{Args, NativeCx, NativeResult};

use crate::family::{done, family};

family! { "select"
    "onRecv" / 2 = on_recv;
    "sendCase" / 3 = send_case;
    "timeoutCase" / 2 = timeout_case;
    "defaultCase" / 1 = default_case;
}

/// receiver, function -> `Case`
fn on_recv(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    made(SelectCase::Recv(args.take(0).share(), args.take(1).share()))
}

/// sender, message, function -> `Case`
fn send_case(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    made(SelectCase::Send(args.take(0).share(), args.take(1).share(), args.take(2).share()))
}

/// milliseconds, function -> `Case`
fn timeout_case(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    made(SelectCase::Timeout(args.int(0), args.take(1).share()))
}

/// function -> `Case`
fn default_case(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    made(SelectCase::Default(args.take(0).share()))
}

fn made(case: SelectCase) -> NativeResult {
    done(case.into_value())
}
