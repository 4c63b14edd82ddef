//! Programs that are replaced: the old one goes, with what it has computed, when nobody has anything of it any more;
//! not before.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use aivi::{Call, CallError, Callback, CompileError, Engine, HostModule, Object, Script, Value};

/// Things that live.
static THINGS: AtomicUsize = AtomicUsize::new(0);

struct Thing;

impl Drop for Thing {
    fn drop(&mut self) {
        THINGS.fetch_sub(1, SeqCst);
    }
}

fn engine() -> Engine {
    let things = HostModule::new("things").object::<Thing>("Thing").function("make : Int -> Thing", |_: i64| {
        THINGS.fetch_add(1, SeqCst);
        Object::new(Thing)
    });
    Engine::builder().workers(2).module(things).build().expect("an engine")
}

/// A constant holds a thing. It is made by the first call.
const PLUGIN: &str = "module plugin
export *
use things
use aivi.concurrency (sleep)

held : (Thing, Text)
held = (make 1, \"a text that is too long to stand in a value\")

text : Text
text = held match
  | (_, text) => text

slow : Int -> Effect Text Text
slow = millis => do Effect {
  sleep millis
  pure text
}

same : A -> A
same = a => a

show : Int -> Text
show = n => \"{text} {n}\"

shown : Effect Text (Int -> Text)
shown = pure show
";

const TEXT: &str = "a text that is too long to stand in a value";

fn plugin(engine: &Engine) -> Script {
    engine.compile("plugin", PLUGIN).expect("correct")
}

/// Things that live, when workers have come to the end of what they do.
fn things(engine: &Engine, expected: usize) -> usize {
    for _ in 0..10_000 {
        if THINGS.load(SeqCst) == expected {
            break;
        }
        // Another program comes and goes.
        drop(engine.compile("empty", "module empty\n").expect("correct"));
    }
    THINGS.load(SeqCst)
}

#[test]
fn an_old_program_goes_when_nobody_has_anything_of_it() {
    let engine = engine();
    let mut script = plugin(&engine);
    for _ in 0..20 {
        assert_eq!(script.call::<String, _>("slow", (0,)).as_deref(), Ok(TEXT));
        script = plugin(&engine);
        assert_eq!(things(&engine, 0), 0, "the old one is still there");
    }
    // A function, a value, a callback, a call that goes on: each keeps it.
    let text = script.function::<(), String>("text").expect("there");
    let value: Value = script.call("same", ("one",)).expect("it is given back");
    let show: Callback<(i64,), String> = script.call("shown", ()).expect("a function");
    let call: Call<String> = script.function::<(i64,), String>("slow").expect("there").start((20,));
    drop(script);
    assert_eq!(text.call(()).as_deref(), Ok(TEXT));
    drop(text);
    assert_eq!(show.call((7,)).as_deref(), Ok("a text that is too long to stand in a value 7"));
    drop(show);
    assert_eq!(things(&engine, 1), 1);
    assert_eq!(call.wait().as_deref(), Ok(TEXT));
    assert_eq!(things(&engine, 1), 1);
    assert_eq!(value.to_string(), "one");
    drop(value);
    assert_eq!(things(&engine, 0), 0);
}

#[test]
fn a_call_that_nobody_waits_for_keeps_its_program() {
    let engine = engine();
    let done = Arc::new(AtomicUsize::new(0));
    let told = done.clone();
    let module = HostModule::new("told").effect("tell : Text -> Effect Text Unit", move |text: String| {
        told.fetch_add(text.len(), SeqCst);
        Ok::<(), String>(())
    });
    let other = Engine::builder().workers(2).module(module).build().expect("an engine");
    let text = "module m\nexport *\nuse told\nuse aivi.concurrency\n
word : Text
word = \"{\\\"a text that is\\\"} too long to stand in a value\"

later : Int -> Effect Text Text
later = millis => do Effect {
  sleep millis
  tell word
  pure word
}
";
    for millis in [0, 1, 2] {
        let script = other.compile("m", text).expect("correct");
        script.function::<(i64,), String>("later").expect("there").start((millis,)).detach();
    }
    drop(engine);
    // The engine waits for what goes on, so the calls have ended or were cancelled when this returns.
    drop(other);
    assert!(done.load(SeqCst).is_multiple_of(TEXT.len()));
}

#[test]
fn a_value_does_not_go_into_another_program() {
    let engine = engine();
    let (old, new) = (plugin(&engine), plugin(&engine));
    let value: Value = old.call("same", ("a text that is too long to stand in a value",)).expect("it is given back");
    let again: Value = old.call("same", (value.clone(),)).expect("it is of this program");
    assert_eq!(again.to_string(), value.to_string());
    let refused = new.call::<Value, _>("same", (value.clone(),)).map(|value| value.to_string());
    assert!(
        matches!(&refused, Err(CallError::Mismatch(mismatch)) if mismatch.to_string().contains("another program")),
        "{refused:?}"
    );
    // As a value of Rust it does.
    let text: String = value.to().expect("a text");
    assert_eq!(new.call::<String, _>("same", (text.as_str(),)), Ok(text));
}

#[test]
fn a_program_may_go_to_a_host_of_the_same_kind_only() {
    let text = "module m\nexport *\nuse host (size)\n\ntwice : Int -> Int\ntwice = n => size n * 2\n";
    let host = HostModule::new("host").function("size : Int -> Int", |n: i64| n + 1);
    let first = Engine::builder().module(host).build().expect("an engine");
    let script = first.compile("m.aivi", text).expect("correct");
    assert_eq!(script.call::<i64, _>("twice", (20,)), Ok(42));
    // The same engine: what was compiled is not looked at again.
    assert_eq!(first.adopt(&script).expect("it loads").call::<i64, _>("twice", (20,)), Ok(42));
    let same = HostModule::new("host").function("size : Int -> Int", |n: i64| n + 2);
    let second = Engine::builder().module(same).build().expect("an engine");
    assert_eq!(second.adopt(&script).expect("it loads").call::<i64, _>("twice", (20,)), Ok(44));
    // A text where the program has seen a number; nothing at all.
    let other = HostModule::new("host").function("size : Int -> Text", |n: i64| format!("{n} is a number, not a size"));
    for builder in [Engine::builder().module(other), Engine::builder()] {
        let refused = builder.build().expect("an engine").adopt(&script).map(drop).expect_err("it is another host");
        assert!(matches!(&refused, CompileError::OtherHost(module) if module == "host"), "{refused}");
    }
}
