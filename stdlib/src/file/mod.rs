//! Natives of `aivi.file`: the blocking operations of `ops`, on the pool of blocking jobs. What a path leads to and
//! whether the program may use it is found there, too (`spot`).

mod ops;
mod spot;
mod walk;

use std::sync::Arc;

use aivi_vm::capability::{Grants, Power};
use aivi_vm::native::{Args, NativeCx, NativeResult, Then};
use aivi_vm::{Shared, Value};

use crate::family::family;

use ops::{FileHandle, Piece};

family! { "file"
    "readText" / 1 needs Read, read_text;
    "writeText" / 2 needs Write, write_text;
    "exists" / 1 needs Read, exists;
    "delete" / 1 needs Write, delete;
    "stat" / 1 needs Read, stat;
    "open" / 1 needs Read, open;
    "readAll" / 1 = read_all;
    "close" / 1 = close;
}

/// path -> `Result Text Text`
fn read_text(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (path, grants) = (args.text(0).to_owned(), cx.grants(Power::Read));
    reading(cx, move |is_wanted| ops::read_text(&grants, &path, is_wanted))
}

/// path, contents -> `Result Text Unit`
fn write_text(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (path, contents) = (args.text(0).to_owned(), args.text(1).to_owned());
    granted(cx, Power::Write, move |grants| ops::write_text(grants, &path, &contents).map(|()| Value::unit()))
}

/// path -> `Bool`
fn exists(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (path, grants) = (args.text(0).to_owned(), cx.grants(Power::Read));
    cx.blocking(Box::new(move || Shared::new(Value::bool(ops::exists(&grants, &path)))), Then::Done)
}

/// path -> `Result Text Unit`
fn delete(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let path = args.text(0).to_owned();
    granted(cx, Power::Write, move |grants| ops::delete(grants, &path).map(|()| Value::unit()))
}

/// path -> `Result Text ((Int, Int), (Int, (Bool, Bool)))`: size and created, modified and kind.
fn stat(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let path = args.text(0).to_owned();
    granted(cx, Power::Read, move |grants| {
        let stats = ops::stat(grants, &path)?;
        let kind = Value::pair(Value::bool(stats.is_file), Value::bool(stats.is_directory));
        let birth = Value::pair(Value::int(stats.size), Value::int(stats.created));
        Ok(Value::pair(birth, Value::pair(Value::int(stats.modified), kind)))
    })
}

/// path -> `Result Text FileHandle`
fn open(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let path = args.text(0).to_owned();
    granted(cx, Power::Read, move |grants| {
        let file = FileHandle::open(grants, &path)?;
        Ok(Value::handle("file", Arc::new(Arc::new(file))))
    })
}

/// file -> `Result Text Text`
fn read_all(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(file) = args.get(0).as_handle::<Arc<FileHandle>>() else { return not_a_file() };
    let file = file.clone();
    reading(cx, move |is_wanted| file.read_all(is_wanted))
}

/// file -> `Unit`
fn close(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(file) = args.get(0).as_handle::<Arc<FileHandle>>() else { return not_a_file() };
    let file = file.clone();
    let job = move || {
        file.close();
        Shared::new(Value::unit())
    };
    cx.blocking(Box::new(job), Then::Done)
}

/// Runs a job on the pool that needs a power.
fn granted(
    cx: &mut NativeCx<'_>,
    power: Power,
    job: impl FnOnce(&Grants) -> Result<Value, String> + Send + 'static,
) -> NativeResult {
    let grants = cx.grants(power);
    run(cx, move || job(&grants))
}

/// Runs a job on the pool; its result becomes a `Result` of the language.
fn run(cx: &mut NativeCx<'_>, job: impl FnOnce() -> Result<Value, String> + Send + 'static) -> NativeResult {
    let job = move || Shared::new(job().map_or_else(|message| Value::err(Value::text(&message)), Value::ok));
    cx.blocking(Box::new(job), Then::Done)
}

/// The same for what gives a text of any length, as long as somebody waits for it and its call may have so much.
fn reading(
    cx: &mut NativeCx<'_>,
    job: impl FnOnce(&dyn Fn() -> bool) -> Result<Piece, String> + Send + 'static,
) -> NativeResult {
    let job = move |is_wanted: &dyn Fn() -> bool| {
        Shared::new(match job(is_wanted) {
            Ok(Piece::All(text)) => Value::ok(Value::text(&text)),
            Ok(Piece::Only(bytes)) => Value::int(i64::try_from(bytes).unwrap_or(i64::MAX)),
            Err(message) => Value::err(Value::text(&message)),
        })
    };
    cx.blocking_while_wanted(Box::new(job), Then::Bounded)
}

/// The checker admits no such call; bytecode from outside might make it.
fn not_a_file() -> NativeResult {
    NativeResult::Fault("expected a file".into())
}
