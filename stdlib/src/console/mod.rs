//! Natives of `aivi.console`: standard streams, through the host.
//!
//! Each text is handed over in one call, so texts of different fibers do not mix. What happens when it is not taken
//! says `loss.rs`.

mod ansi;
mod input;
mod loss;

use std::sync::Arc;

use aivi_vm::capability::Refusal;
use aivi_vm::host::{Fill, LineInput};
use aivi_vm::native::{Args, NativeCx, NativeResult, Then};
use aivi_vm::{Power, Shared, Value};

use crate::cause::cause;
use crate::family::family;

pub use input::Input;
pub use loss::Loss;

family! { "console"
    "print" / 1 = print;
    "println" / 1 = println;
    "error" / 1 = error;
    "takeLine" / 0 needs Input, take_line;
    "fillInput" / 0 needs Input, fill_input;
    "strip" / 1 = strip;
}

fn print(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    write(cx, args.text(0))
}

fn println(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    write(cx, &line(args.text(0)))
}

fn error(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    cx.write_err(&line(args.text(0)));
    NativeResult::Done(Value::unit())
}

fn write(cx: &mut NativeCx<'_>, text: &str) -> NativeResult {
    match cx.write_out(text) {
        Ok(()) => NativeResult::Done(Value::unit()),
        Err(error) => match Loss::new(&error) {
            Loss::Unread => cx.exit(Loss::EXIT_UNREAD),
            Loss::Refused(message) => NativeResult::Fault(message),
        },
    }
}

fn line(text: &str) -> String {
    let mut line = String::with_capacity(text.len() + 1);
    line.push_str(text);
    line.push('\n');
    line
}

/// `Option (Result Text Text)`
fn take_line(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    let taken = match input(cx) {
        Ok(Some(input)) => input.take_line(),
        Ok(None) => Some(Err("end of input".into())),
        Err(refusal) => Some(Err(format!("cannot read the input: {refusal}"))),
    };
    NativeResult::Done(match taken {
        None => Value::none(),
        Some(Ok(line)) => Value::some(Value::ok(Value::text(&line))),
        Some(Err(why)) => Value::some(Value::err(Value::text(&why))),
    })
}

/// Standard input, if there is one and the program may read it.
fn input(cx: &NativeCx<'_>) -> Result<Option<Arc<dyn LineInput>>, Refusal> {
    cx.grants(Power::Input).simple(Power::Input, "reading standard input")?;
    Ok(cx.host().input())
}

/// `Unit`, when there is more input or the end.
fn fill_input(cx: &mut NativeCx<'_>, _: &mut Args<'_>) -> NativeResult {
    let Ok(Some(input)) = input(cx) else { return NativeResult::Done(Value::unit()) };
    let registry = match cx.sched().registry() {
        Ok(registry) => registry,
        Err(error) => return NativeResult::Fault(format!("cannot wait for input: {}", cause(&error))),
    };
    match input.fill(&registry) {
        Fill::Done => NativeResult::Done(Value::unit()),
        Fill::Wait(source, attempt) => cx.retry_when_ready(source, attempt),
        Fill::Block => cx.blocking(Box::new(move || fill_blocking(&*input)), Then::Done),
    }
}

fn fill_blocking(input: &dyn LineInput) -> Shared {
    input.fill_blocking();
    Shared::new(Value::unit())
}

fn strip(_: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    NativeResult::Done(Value::text(&ansi::strip(args.text(0))))
}
