//! Natives of `aivi.net.sockets`.
//!
//! Each is tried at once and, when the system would have to wait, called again after the reactor's next word for that
//! socket. Errors come back as `Err` with a text that says what was tried and why it failed; the module in AIVI makes
//! `SocketError` of it.
//!
//! The way of one `recv`: `receive` is a function that tries (`Tried`), and the handler of `call.native` calls it at
//! once (`tries_quick` in `vm/src/interp/ops/native.rs`). If nothing is there, it says for which source and since which
//! [`Attempt`](aivi_scheduler::reactor::Attempt) to wait; the fiber keeps that (`Pending::Tried`), and begins a wait
//! (`NativeCx::retry_when_ready`, `Context::wait_io`) under the lock of the source (`scheduler/src/reactor`). The
//! poller ends the waits of what has become ready (`scheduler/src/io_waits.rs`), and the worker that has polled lets
//! each of them call the function again before it is queued (`scheduler/src/worker/ready.rs`, `try_early`). What that
//! gives is the result in the fiber's turn (`take_early`); if there was nothing after all, the call runs again.
//!
//! Sockets are values of the host: they close with their last reference, if nobody closed them before.

mod resolve;
mod socket;

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use aivi_vm::native::{Args, NativeCx, NativeResult, Tried};
use aivi_vm::{Power, Value};

use crate::cause::cause;
use crate::family::family;
use resolve::{Local, Remote};
use socket::{Connection, Listener, Try, Unsent};

family! { "net"
    "findRemote" / 2 needs Connect, |cx, args| resolve::find(cx, args, Power::Connect);
    "findLocal" / 2 needs Listen, |cx, args| resolve::find(cx, args, Power::Listen);
    "bind" / 1 = bind;
    "accept" / 1 tries CALL_FUEL, accept;
    "listenerAddress" / 1 = listener_address;
    "closeListener" / 1 = close_listener;
    "beginConnect" / 1 = begin_connect;
    "finishConnect" / 2 tries CALL_FUEL, finish_connect;
    "receive" / 1 tries CALL_FUEL, receive;
    "beginSend" / 2 tries CALL_FUEL, begin_send;
    "finishSend" / 1 tries CALL_FUEL, finish_send;
    "close" / 1 = close;
}

/// What one `recv` takes at most. Larger ones make fewer calls for bulk data; a list of so many numbers takes a
/// megabyte.
const RECEIVE_MAX: usize = 64 * 1024;

/// What a call of the system costs in fuel: about 5 us where an instruction takes some 10 ns. Without it one busy
/// connection held a worker for 40 ms while 49 others waited (echo, debug build: p50 19 us, p99 40 ms).
const CALL_FUEL: u32 = 512;

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; RECEIVE_MAX]);
    static OUTGOING: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// addresses -> `Result Text Listener`: the first that can be bound.
fn bind(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let registry = match cx.sched().registry() {
        Ok(registry) => registry,
        Err(error) => return failed(format!("cannot listen: {}", cause(&error))),
    };
    let mut message = "cannot listen: the host has no address".to_owned();
    for endpoint in args.get(0).as_list().into_iter().flat_map(|list| list.iter()) {
        let Some(Local(address)) = endpoint.as_handle() else { return not_a("local address") };
        match Listener::bind(*address, &registry) {
            Ok(listener) => return NativeResult::Done(Value::ok(Value::handle("listener", Arc::new(listener)))),
            Err(error) => message = format!("cannot listen on {address}: {}", cause(&error)),
        }
    }
    failed(message)
}

/// listener -> `Result Text Connection`
fn accept(args: &Args<'_>) -> Tried {
    let Some(listener) = args.get(0).as_handle::<Listener>() else { return Tried::WrongType };
    tried(listener.accept(), |accepted| result(accepted, || "cannot accept".into(), connection_value))
}

/// listener -> `Result Text (Text, Int)`
fn listener_address(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(listener) = args.get(0).as_handle::<Listener>() else { return not_a("listener") };
    NativeResult::Done(match listener.address() {
        Ok(address) => {
            Value::ok(Value::pair(Value::text(&address.ip().to_string()), Value::int(i64::from(address.port()))))
        }
        Err(error) => error_text(&cause(&error)),
    })
}

/// listener -> `Unit`
fn close_listener(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(listener) = args.get(0).as_handle::<Listener>() else { return not_a("listener") };
    listener.close();
    NativeResult::Done(Value::unit())
}

/// address -> `Result Text Connection`, on its way.
fn begin_connect(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(Remote(address)) = args.get(0).as_handle() else { return not_a("remote address") };
    let begun = cx.sched().registry().and_then(|registry| Connection::start_connect(*address, &registry));
    match begun {
        Ok(connection) => NativeResult::Done(Value::ok(connection_value(connection))),
        Err(error) => failed(format!("cannot connect to {address}: {}", cause(&error))),
    }
}

/// address, connection -> `Result Text Connection`
fn finish_connect(args: &Args<'_>) -> Tried {
    let Some(Remote(address)) = args.get(0).as_handle() else { return Tried::WrongType };
    let Some(connection) = args.get(1).as_handle::<Connection>() else { return Tried::WrongType };
    let what = || format!("cannot connect to {address}");
    tried(connection.finish_connect(), |finished| result(finished, what, |()| args.get(1).clone()))
}

/// connection -> `Result Text (List Int)`
fn receive(args: &Args<'_>) -> Tried {
    let Some(connection) = args.get(0).as_handle::<Connection>() else { return Tried::WrongType };
    BUFFER.with_borrow_mut(|buffer| {
        tried(connection.receive(buffer), |received| match received {
            Ok(count) => Value::ok(Value::byte_list(&buffer[..count])),
            Err(error) => error_of("cannot receive", &error),
        })
    })
}

/// connection, bytes -> `Option (Result Text Unsent)`
fn begin_send(args: &Args<'_>) -> Tried {
    let Some(connection) = args.get(0).as_handle::<Connection>() else { return Tried::WrongType };
    let begun = OUTGOING.with_borrow_mut(|bytes| {
        bytes.clear();
        let read = args.get(1).as_list().map_or(Ok(()), |list| list.read_bytes(bytes));
        let begun = read.map(|()| connection.send(bytes, || args.get(0).to_handle()));
        bytes.shrink_to(RECEIVE_MAX);
        begun
    });
    match begun {
        Ok(begun) => tried(begun, begun_value),
        Err(number) => Tried::Done(Value::some(error_text(&format!("cannot send: {number} is not a byte")))),
    }
}

/// What remains to be done or told.
fn begun_value(begun: io::Result<Option<Unsent>>) -> Value {
    match begun {
        Ok(None) => Value::none(),
        Ok(Some(unsent)) => Value::some(Value::ok(Value::handle("unsent", Arc::new(unsent)))),
        Err(error) => Value::some(error_of("cannot send", &error)),
    }
}

/// unsent -> `Result Text Unit`
fn finish_send(args: &Args<'_>) -> Tried {
    let Some(unsent) = args.get(0).as_handle::<Unsent>() else { return Tried::WrongType };
    tried(unsent.finish(), |finished| result(finished, || "cannot send".into(), |()| Value::unit()))
}

/// connection -> `Unit`
fn close(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(connection) = args.get(0).as_handle::<Connection>() else { return not_a("connection") };
    connection.close();
    NativeResult::Done(Value::unit())
}

/// The result as a value, or the wait for another try.
fn tried<T>(tried: Try<T>, value: impl FnOnce(io::Result<T>) -> Value) -> Tried {
    match tried {
        Try::Wait(source, attempt) => Tried::Wait(source, attempt),
        Try::Done(done) => Tried::Done(value(done)),
    }
}

/// `Ok` of the value, or `Err` of what could not be done and why.
fn result<T>(done: io::Result<T>, what: impl FnOnce() -> String, value: impl FnOnce(T) -> Value) -> Value {
    match done {
        Ok(done) => Value::ok(value(done)),
        Err(error) => error_of(&what(), &error),
    }
}

fn connection_value(connection: Connection) -> Value {
    Value::handle("connection", Arc::new(connection))
}

fn failed(message: String) -> NativeResult {
    NativeResult::Done(error_text(&message))
}

#[cold]
fn error_of(what: &str, error: &io::Error) -> Value {
    error_text(&format!("{what}: {}", cause(error)))
}

fn error_text(message: &str) -> Value {
    Value::err(Value::text(message))
}

/// The checker admits no such call; bytecode from outside might make it.
fn not_a(what: &str) -> NativeResult {
    NativeResult::Fault(format!("expected a {what}"))
}
