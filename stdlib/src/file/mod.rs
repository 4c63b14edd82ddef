//! Natives of `aivi.file`: the blocking operations of `ops`, on the pool of blocking jobs, and who may use them.

mod ops;

use std::sync::Arc;

use aivi_vm::host::Capability;
use aivi_vm::native::{Args, NativeCx, NativeResult, Then};
use aivi_vm::{Shared, Value};

use crate::family::family;

use ops::FileHandle;

family! { "file"
    "readText" / 1 = read_text;
    "writeText" / 2 = write_text;
    "exists" / 1 = exists;
    "delete" / 1 = delete;
    "stat" / 1 = stat;
    "open" / 1 = open;
    "readAll" / 1 = read_all;
    "close" / 1 = close;
}

/// path -> `Result Text Text`
fn read_text(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let path = args.text(0).to_owned();
    run(cx, Capability::ReadFiles, move || ops::read_text(&path).map(|text| Value::text(&text)))
}

/// path, contents -> `Result Text Unit`
fn write_text(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let (path, contents) = (args.text(0).to_owned(), args.text(1).to_owned());
    run(cx, Capability::WriteFiles, move || ops::write_text(&path, &contents).map(|()| Value::unit()))
}

/// path -> `Bool`
fn exists(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    if !cx.host().allows(Capability::ReadFiles) {
        return NativeResult::Done(Value::bool(false));
    }
    let path = args.text(0).to_owned();
    cx.blocking(Box::new(move || Shared::new(Value::bool(ops::exists(&path)))), Then::Done)
}

/// path -> `Result Text Unit`
fn delete(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let path = args.text(0).to_owned();
    run(cx, Capability::WriteFiles, move || ops::delete(&path).map(|()| Value::unit()))
}

/// path -> `Result Text ((Int, Int), (Int, (Bool, Bool)))`: size and created, modified and kind.
fn stat(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let path = args.text(0).to_owned();
    run(cx, Capability::ReadFiles, move || {
        let stats = ops::stat(&path)?;
        let kind = Value::pair(Value::bool(stats.is_file), Value::bool(stats.is_directory));
        let birth = Value::pair(Value::int(stats.size), Value::int(stats.created));
        Ok(Value::pair(birth, Value::pair(Value::int(stats.modified), kind)))
    })
}

/// path -> `Result Text FileHandle`
fn open(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let path = args.text(0).to_owned();
    run(cx, Capability::ReadFiles, move || {
        let file = FileHandle::open(&path)?;
        Ok(Value::handle("file", Arc::new(Arc::new(file))))
    })
}

/// file -> `Result Text Text`
fn read_all(cx: &mut NativeCx<'_>, args: &mut Args<'_>) -> NativeResult {
    let Some(file) = args.get(0).as_handle::<Arc<FileHandle>>() else { return not_a_file() };
    let file = file.clone();
    run(cx, Capability::ReadFiles, move || file.read_all().map(|text| Value::text(&text)))
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

/// Runs a job that is permitted on the pool; its result becomes a `Result` of the language.
fn run(
    cx: &mut NativeCx<'_>,
    capability: Capability,
    job: impl FnOnce() -> Result<Value, String> + Send + 'static,
) -> NativeResult {
    if !cx.host().allows(capability) {
        let what = if capability == Capability::WriteFiles { "writing files" } else { "reading files" };
        return NativeResult::Done(Value::err(Value::text(&format!("not permitted: {what}"))));
    }
    let job = move || Shared::new(job().map_or_else(|message| Value::err(Value::text(&message)), Value::ok));
    cx.blocking(Box::new(job), Then::Done)
}

/// The checker admits no such call; bytecode from outside might make it.
fn not_a_file() -> NativeResult {
    NativeResult::Fault("expected a file".into())
}
