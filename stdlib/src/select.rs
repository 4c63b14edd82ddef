//! Cases of selects, as values.

use aivi_vm::Value;
use aivi_vm::fiber::SelectCase;
use aivi_vm::native::Args;

use crate::family::family;

family! { "select"
    "onRecv" / 2 acts on_recv;
    "sendCase" / 3 acts send_case;
    "timeoutCase" / 2 acts timeout_case;
    "defaultCase" / 1 acts default_case;
}

/// receiver, function -> `Case`
fn on_recv(args: &mut Args<'_>) -> Option<Value> {
    Some(SelectCase::Recv(args.take(0), args.take(1)).into_value())
}

/// sender, message, function -> `Case`
fn send_case(args: &mut Args<'_>) -> Option<Value> {
    Some(SelectCase::Send(args.take(0), args.take(1), args.take(2)).into_value())
}

/// milliseconds, function -> `Case`
fn timeout_case(args: &mut Args<'_>) -> Option<Value> {
    let millis = args.get(0).as_int()?;
    Some(SelectCase::Timeout(millis, args.take(1)).into_value())
}

/// function -> `Case`
fn default_case(args: &mut Args<'_>) -> Option<Value> {
    Some(SelectCase::Default(args.take(0)).into_value())
}
