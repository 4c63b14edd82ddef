//! Objects of the host in scripts.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aivi::{CallError, Callback, Engine, HostModule, LookupError, Object, Output, Script, Value};

/// Counts how many there are.
struct Sprite {
    name: String,
    dropped: Arc<AtomicUsize>,
}

impl Drop for Sprite {
    fn drop(&mut self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
        if self.name == "fragile" {
            panic!("dropped the fragile one");
        }
    }
}

struct Case {
    script: Script,
    dropped: Arc<AtomicUsize>,
}

impl Case {
    fn new(body: &str) -> Case {
        let dropped = Arc::new(AtomicUsize::new(0));
        let counted = dropped.clone();
        let module = HostModule::new("game")
            .object::<Sprite>("Sprite")
            .object::<u8>("Other")
            .function("sprite : Text -> Sprite", move |name: String| {
                Object::new(Sprite { name, dropped: counted.clone() })
            })
            .function("other : Int -> Other", |n: u8| Object::new(n))
            .function("name : Sprite -> Text", |sprite: Object<Sprite>| sprite.name.clone());
        let output = Output::buffer();
        let builder = Engine::builder().simulated(1).stdout(output.clone()).stderr(output).module(module);
        let text = format!("module t\nuse game\nuse aivi.concurrency\nexport *\n\n{body}");
        let engine = builder.build().unwrap_or_else(|error| panic!("{error}"));
        let script = engine.compile("t.aivi", &text).unwrap_or_else(|error| panic!("{error}"));
        Case { script, dropped }
    }

    fn dropped(&self) -> usize {
        self.dropped.load(Ordering::Relaxed)
    }

    fn object(&self, name: &str) -> Object<Sprite> {
        Object::new(Sprite { name: name.to_owned(), dropped: self.dropped.clone() })
    }
}

#[test]
fn scripts_hold_and_pass_objects() {
    let case = Case::new("names : Sprite -> (Text, Text)\nnames = s => (name s, name (sprite \"b\"))\n");
    let object = case.object("a");
    let names: (String, String) = case.script.call("names", (object.clone(),)).expect("it succeeds");
    assert_eq!(names, ("a".to_owned(), "b".to_owned()));
    assert_eq!(case.dropped(), 1, "the script's own has gone");
    drop(object);
    assert_eq!(case.dropped(), 2);
}

#[test]
fn objects_are_dropped_once_when_the_last_reference_goes() {
    let case = Case::new(
        "kept : Int -> List Sprite\nkept = n => [sprite \"a\", sprite \"b\"]\n\n\
         waits : Effect Text Unit\nwaits = do Effect {\n  s = sprite \"c\"\n  sleep 1000000\n  println (name s)\n}\n\n\
         cancelled : Effect Text Unit\ncancelled = race waits (pure Unit)\n\n\
         many : Int -> Int\nmany = n => List.length (List.map (i => sprite \"{i}\") [1..n])\n",
    );
    case.script.call::<(), _>("cancelled", ()).expect("it succeeds");
    assert_eq!(case.dropped(), 1);
    assert_eq!(case.script.call::<i64, _>("many", (1000,)), Ok(1000));
    assert_eq!(case.dropped(), 1001);
    let returned: Vec<Object<Sprite>> = case.script.call("kept", (0,)).expect("it succeeds");
    let Case { script, dropped } = case;
    drop(script);
    assert_eq!(dropped.load(Ordering::Relaxed), 1001, "the host still has them");
    drop(returned);
    assert_eq!(dropped.load(Ordering::Relaxed), 1003);
}

#[test]
fn a_callback_keeps_what_it_has_captured_and_no_longer() {
    let case =
        Case::new("hook : Text -> Int -> Text\nhook = text => {\n  s = sprite text\n  n => \"{name s} {n}\"\n}\n");
    let hook = case.script.call::<Callback<(i64,), String>, _>("hook", ("a",)).expect("it succeeds");
    let Case { script, dropped } = case;
    drop(script);
    assert_eq!((hook.call((1,)), dropped.load(Ordering::Relaxed)), (Ok("a 1".to_owned()), 0));
    drop(hook);
    assert_eq!(dropped.load(Ordering::Relaxed), 1);
}

#[test]
fn two_are_equal_when_they_are_the_same() {
    let case = Case::new(
        "same : Sprite -> Sprite -> (Bool, Bool, Bool)\n\
         same = a b => (a == b, [a, b] == [a, b], sprite \"x\" == sprite \"x\")\n",
    );
    let (a, b) = (case.object("a"), case.object("b"));
    let same = |x: &Object<Sprite>, y: &Object<Sprite>| case.script.call("same", (x.clone(), y.clone()));
    assert_eq!(same(&a, &b), Ok((false, true, false)));
    assert_eq!(same(&a, &a), Ok((true, true, false)));
    let round: Object<Sprite> = Case::new("").object("unrelated");
    assert!(!Object::is_same(&a, &round));
}

#[test]
fn text_shows_the_type_and_nothing_looks_inside() {
    let case = Case::new("text : Sprite -> Text\ntext = s => \"{s} {[s]}\"\n\nhalf : Other -> Other\nhalf = o => o\n");
    let text: String = case.script.call("text", (case.object("a"),)).expect("it succeeds");
    assert_eq!(text, "<Sprite> [<Sprite>]");
    // Types are opaque, and differ.
    let wrong = case.script.call::<(), _>("half", (case.object("a"),)).expect_err("another type");
    assert!(matches!(wrong, CallError::Lookup(LookupError::Type { .. })), "{wrong}");
    let engine = Engine::builder().build().expect("an engine");
    let stranger = engine.compile("t", "module t\nexport *\n\nf : A -> Int\nf = a => 1\n").expect("correct");
    let error = stranger.call::<i64, _>("f", (case.object("a"),)).expect_err("nobody knows it");
    assert!(error.to_string().contains("found an engine that has no module with this type"), "{error}");
}

#[test]
fn an_object_is_no_value_of_a_type_of_the_script() {
    let module = HostModule::new("game").object::<u8>("Sprite");
    let engine = Engine::builder().module(module).build().expect("an engine");
    let text = "module t\nexport *\n\nSprite = Sprite Int | Other\n\nopened : Sprite -> Int\nopened = s => s match\n  \
                | Sprite n => n\n  | Other    => 0\n\nmade : Int -> List Sprite\nmade = n => [Sprite n]\n";
    let script = engine.compile("t.aivi", text).unwrap_or_else(|error| panic!("{error}"));
    let error = script.call::<i64, _>("opened", (Object::new(1u8),)).expect_err("another type").to_string();
    assert_eq!(error, "'opened' has other types than the call: the script has a type Sprite of its own");
    let error = script.call::<Vec<Object<u8>>, _>("made", (1,)).expect_err("another type").to_string();
    assert!(error.contains("the script has a type Sprite of its own"), "{error}");
    let text = "module t\nexport *\n\nopaque Sprite = { n: Int }\n\nopened : Sprite -> Int\nopened = s => s.n\n";
    let script = engine.compile("t.aivi", text).unwrap_or_else(|error| panic!("{error}"));
    let error = script.call::<i64, _>("opened", (Object::new(1u8),)).expect_err("another type").to_string();
    assert!(error.contains("the script has a type Sprite of its own"), "{error}");
}

#[test]
fn a_panic_while_an_object_is_dropped_goes_no_further() {
    let case = Case::new("f : Int -> Int\nf = n => List.length [sprite \"fragile\", sprite \"b\"] + n\n");
    assert_eq!(case.script.call::<i64, _>("f", (1,)), Ok(3));
    assert_eq!(case.dropped(), 2);
}

/// What a script does not show to its other modules is nothing for its host either.
#[test]
fn an_opaque_type_of_a_script_is_a_value() {
    let text = "module t\nexport opened, cents, Account\n\nopaque Account = { cents: Int }\n\n\
                opened : Int -> Account\nopened = n => { cents: n }\n\ncents : Account -> Int\ncents = account => account.cents\n";
    let script = Engine::builder().simulated(1).build().expect("an engine").compile("t", text).expect("correct");
    let account: Value = script.call("opened", (7,)).expect("a value has every type");
    assert_eq!(account.to_string(), "{ cents: 7 }");
    assert!(script.call::<i64, _>("cents", (account,)).is_err(), "nobody can tell that it is one");
    let refused = script.call::<i64, _>("opened", (7,)).expect_err("it is no Int");
    assert_eq!(refused.to_string(), "'opened' has type Int -> Account, the call needs Int -> Int");
}
