//! Functions called with data, and functions of the host that take and give it: types are those of the script, whatever
//! the host says.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aivi::{CallError, Data, DynamicFunction, DynamicObject, Engine, HostKind, HostModule, Script};

fn engine() -> Engine {
    Engine::builder().workers(2).build().expect("an engine")
}

fn script(text: &str) -> Script {
    let text = format!("module m\nexport *\n\n{text}\n");
    engine().compile("m.aivi", &text).unwrap_or_else(|error| panic!("{error}"))
}

fn constructor(name: &str, arguments: impl Into<Vec<Data>>) -> Data {
    Data::Constructor(name.to_owned(), arguments.into())
}

fn record<const N: usize>(fields: [(&str, Data); N]) -> Data {
    Data::Record(fields.map(|(name, field)| (name.to_owned(), field)).into())
}

fn text(text: &str) -> Data {
    Data::Text(text.to_owned())
}

fn mismatch(function: &DynamicFunction, argument: Data) -> String {
    match function.call(vec![argument]) {
        Err(CallError::Mismatch(mismatch)) => mismatch.to_string(),
        other => panic!("it fits: {other:?}"),
    }
}

const TYPES: &str = "\
use aivi.text (debugText)

Tree A = Leaf | Node (Tree A) A (Tree A)
Order = Wait | Turn Int | Fire { target: Text, hard: Bool }

all : (Unit, Bool, Int, Float, Char, Text) -> (Unit, Bool, Int, Float, Char, Text)
all = x => x

nested : Map Text (List (Option Int)) -> Map Text (List (Option Int))
nested = x => x

results : Set (Result Text Int) -> Set (Result Text Int)
results = x => x

orders : { list: List Order, tree: Tree Text } -> { list: List Order, tree: Tree Text }
orders = x => x

same : A -> A
same = x => x

shown : A -> Text
shown = x => debugText x

bare : A -> Text
bare = x => toText x

isFire : Order -> Bool
isFire = order => order match
  | Fire _ => True
  | _      => False
";

#[test]
fn data_goes_there_and_back() {
    let script = script(TYPES);
    let round = |name: &str, data: Data| {
        let given = script.dynamic(name).expect("an export").call(vec![data.clone()]);
        assert_eq!(given.as_ref(), Ok(&data), "{name}");
        let again = script.dynamic("same").expect("an export").call(vec![data.clone()]);
        assert_eq!(again.as_ref(), Ok(&data), "by its own type: {name}");
        let shown = script.dynamic("shown").expect("an export").call(vec![data.clone()]);
        assert_eq!(shown, Ok(Data::Text(data.debug_text())), "as the language shows it: {name}");
        let shown = script.dynamic("bare").expect("an export").call(vec![data.clone()]);
        assert_eq!(shown, Ok(Data::Text(data.to_string())), "as the language shows it: {name}");
    };
    let scalars =
        [Data::Unit, Data::Bool(true), Data::Int(i64::MIN), Data::Float(-0.5), Data::Char('→'), text("a \"b\"\n")];
    round("all", Data::Tuple(scalars.into()));
    let list = Data::List(vec![constructor("Some", [Data::Int(-1)]), constructor("None", [])]);
    round("nested", Data::Map(vec![(text("a"), list.clone()), (text("b"), Data::List(Vec::new()))]));
    round("results", Data::Set(vec![constructor("Err", [text("no")]), constructor("Ok", [Data::Int(3)])]));
    let leaf = || constructor("Leaf", []);
    let tree = constructor("Node", [leaf(), text("x"), constructor("Node", [leaf(), text("y"), leaf()])]);
    let fire = constructor("Fire", [record([("hard", Data::Bool(false)), ("target", text("Bob"))])]);
    let orders = Data::List(vec![constructor("Wait", []), constructor("Turn", [Data::Int(90)]), fire]);
    round("orders", record([("list", orders), ("tree", tree)]));
}

#[test]
fn a_value_means_what_its_name_means_in_the_script() {
    let is_fire = script(TYPES).dynamic("isFire").expect("an export");
    // Fields in any order.
    let fire = constructor("Fire", [record([("target", text("Bob")), ("hard", Data::Bool(true))])]);
    assert_eq!(is_fire.call(vec![fire]), Ok(Data::Bool(true)));
    assert_eq!(is_fire.call(vec![constructor("Turn", [Data::Int(1)])]), Ok(Data::Bool(false)));
}

#[test]
fn what_does_not_fit_is_said() {
    let script = script(TYPES);
    let is_fire = script.dynamic("isFire").expect("an export");
    assert_eq!(mismatch(&is_fire, Data::Int(1)), "[0]: expected Order, found Int");
    assert_eq!(
        mismatch(&is_fire, constructor("Some", [Data::Int(1)])),
        "[0]: expected Order, found Some with 1 arguments"
    );
    assert_eq!(mismatch(&is_fire, constructor("Turn", [])), "[0]: expected Turn with 1 arguments, found Turn");
    assert_eq!(mismatch(&is_fire, constructor("Turn", [text("left")])), "[0].0: expected Int, found Text");
    let part = constructor("Fire", [record([("target", text("Bob"))])]);
    let expected = "[0].0: expected { hard: Bool, target: Text }, found a record { target }";
    assert_eq!(mismatch(&is_fire, part), expected);
    let nested = script.dynamic("nested").expect("an export");
    let wrong = Data::Map(vec![(text("a"), Data::List(vec![constructor("None", []), Data::Int(1)]))]);
    assert_eq!(mismatch(&nested, wrong), "[0][1]: expected Option Int, found Int");
    let same = script.dynamic("same").expect("an export");
    assert!(mismatch(&same, constructor("Nowhere", [])).contains("which no type of the program's exports has"));
    assert!(mismatch(&same, Data::Tuple(vec![Data::Unit; 7])).contains("without tuples of this size"));
    assert!(mismatch(&same, record([("x", Data::Unit)])).contains("none of this form"));
    let none = same.call(Vec::new()).expect_err("an argument is missing").to_string();
    assert_eq!(none, "expected 1 arguments for A -> A, found 0");
    assert!(script.dynamic("nothing").is_err());
}

#[test]
fn what_nests_too_deep_is_refused_in_both_directions() {
    let script = script(&format!(
        "{TYPES}\ndeep : Int -> Tree Int\ndeep = n => n match\n  | 0 => Leaf\n  | _ => Node (deep (n - 1)) n Leaf\n"
    ));
    let deep = script.dynamic("deep").expect("an export");
    let tree = deep.call(vec![Data::Int(100)]).expect("not too deep");
    let same = script.dynamic("same").expect("an export");
    assert_eq!(same.call(vec![tree.clone()]).as_ref(), Ok(&tree));
    let error = deep.call(vec![Data::Int(100_000)]).expect_err("too deep");
    assert!(error.to_string().contains("nest at most"), "{error}");
    let list = (0..1000).fold(Data::Unit, |inner, _| Data::List(vec![inner]));
    assert!(mismatch(&same, list).contains("nest at most"));
}

#[test]
fn types_of_the_same_name_are_not_mistaken() {
    let folder = std::env::temp_dir().join(format!("aivi-dynamic-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a temporary file");
    file(
        "other.aivi",
        "module other\nexport *\n\nMode = Fast Text | Slow\n\nother : Int -> Mode\nother = n => if n > 0 then Fast \"a\" else Slow\n",
    );
    file(
        "entry.aivi",
        "module entry\nuse other (other)\nuse aivi.text (debugText)\nexport isSlow\n\nMode = Slow | Fast Text\n\n\
         isSlow : Mode -> Bool\nisSlow = mode => mode match\n  | Slow   => debugText (other 0) == \"Slow\"\n  | Fast _ => False\n",
    );
    let script = engine().compile_file(&folder.join("entry.aivi")).unwrap_or_else(|error| panic!("{error}"));
    let is_slow = script.dynamic("isSlow").expect("an export");
    assert_eq!(is_slow.call(vec![constructor("Slow", [])]), Ok(Data::Bool(true)));
    std::fs::remove_dir_all(&folder).expect("a temporary folder");
}

#[test]
fn what_cannot_be_taken_apart_goes_back_where_any_type_does() {
    let script = script(
        "adder : Int -> (Int -> Int, Int)\nadder = n => (m => m + n, n)\n\nshown : A -> Text\nshown = x => toText x\n\n\
         same : A -> (A, A -> A)\nsame = x => (x, y => y)\n\ntook : (Int -> Int) -> Int\ntook = f => f 1\n",
    );
    let call = |name: &str, data: &Data| script.dynamic(name).expect("an export").call(vec![data.clone()]);
    let adder = call("adder", &Data::Int(2)).expect("it succeeds");
    let Data::Tuple(parts) = &adder else { panic!("a pair: {adder:?}") };
    assert_eq!(adder.to_string(), "(<function>, 2)");
    assert_eq!(call("shown", &adder), Ok(text("(<function>, 2)")));
    // Nobody looks at what the host would give for `Int -> Int`.
    let took = script.dynamic("took").expect("an export");
    assert_eq!(mismatch(&took, parts[0].clone()), "[0]: expected Int -> Int, found a function Int -> Int");
    // A variable may stand for anything, so nobody could check what such a function is given.
    let same = call("same", &parts[0]).expect("it succeeds");
    let Data::Tuple(unknown) = &same else { panic!("a pair: {same:?}") };
    assert!(matches!(unknown.as_slice(), [Data::Opaque(_), Data::Opaque(_)]), "{unknown:?}");
    let other = self::script("shown : A -> Text\nshown = x => toText x\n").dynamic("shown").expect("an export");
    assert!(mismatch(&other, parts[0].clone()).contains("a function of another program"));
    assert!(mismatch(&other, Data::Function(took)).contains("a function that was looked up"));
}

#[test]
fn functions_that_scripts_give_are_called_with_data() {
    let script = script(
        "use aivi.concurrency\n\nHandler = On Text (Int -> Effect Text Int)\n\n\
         handlers : Int -> { all: List Handler, now: Effect Text Int, add: Int -> Int -> Int }\n\
         handlers = k => {\n  all: [On \"times\" (n => times n k)],\n  now: pure k,\n  add: (a b => a + b + k),\n}\n\n\
         times : Int -> Int -> Effect Text Int\n\
         times = n k => do Effect {\n  sleep 1\n  given n < 10 or fail \"too large\"\n  pure (n * k)\n}\n",
    );
    let given = script.dynamic("handlers").expect("an export").call(vec![Data::Int(3)]).expect("it succeeds");
    drop(script);
    let Data::Record(fields) = &given else { panic!("a record: {given:?}") };
    let field = |name: &str| fields.iter().find(|(own, _)| own == name).map(|(_, field)| field).expect("a field");
    let Data::List(all) = field("all") else { panic!("a list") };
    let Data::Constructor(_, parts) = &all[0] else { panic!("a handler") };
    let [Data::Text(_), Data::Function(times)] = parts.as_slice() else { panic!("a function: {parts:?}") };
    assert_eq!((times.ty().to_string().as_str(), times.is_effect()), ("Int -> Effect Text Int", true));
    assert_eq!(times.call(vec![Data::Int(4)]), Ok(Data::Int(12)));
    assert_eq!(times.call(vec![Data::Int(10)]), Err(CallError::Failure("too large".to_owned())));
    assert_eq!(times.attempted().call(vec![Data::Int(10)]), Ok(constructor("Err", [text("too large")])));
    assert_eq!(mismatch(times, text("four")), "[0]: expected Int, found Text");
    assert_eq!(times.start(vec![Data::Int(5)]).wait(), Ok(Data::Int(15)));
    let (Data::Function(now), Data::Function(add)) = (field("now"), field("add")) else { panic!("functions") };
    assert_eq!(now.call(Vec::new()), Ok(Data::Int(3)));
    assert_eq!(add.call(vec![Data::Int(1), Data::Int(2)]), Ok(Data::Int(6)));
    assert!(add.call(vec![Data::Int(1)]).is_err());
    assert_eq!((times == &times.clone(), times == add), (true, false));
}

#[test]
fn functions_of_the_host_get_functions() {
    let module = HostModule::new("host")
        .dynamic(HostKind::Blocking, "both : (Int -> Text) -> (A -> Int) -> Effect Text Text", |arguments| {
            match arguments.as_slice() {
                [Data::Function(show), Data::Opaque(_)] => {
                    show.call(vec![Data::Int(2)]).map_err(|error| text(&error.to_string()))
                }
                other => panic!("never so: {other:?}"),
            }
        })
        .dynamic_future("later : (Int -> Effect Text Int) -> Int -> Effect Text Int", async |arguments: Vec<Data>| {
            let [Data::Function(twice), n] = arguments.as_slice() else { panic!("never so") };
            twice.start(vec![n.clone()]).await.map_err(|error| text(&error.to_string()))
        });
    let engine = Engine::builder().workers(1).module(module).build().unwrap_or_else(|error| panic!("{error}"));
    let script = "module m\nuse host\nexport *\n\nrun : Int -> Effect Text Text\nrun = n => both (m => \"{n}:{m}\") (x => 1)\n\n\
                  runLater : Int -> Effect Text Int\nrunLater = n => later (m => pure (m * 2)) n\n";
    let script = engine.compile("m.aivi", script).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(script.call::<String, _>("run", (1,)), Ok("1:2".to_owned()));
    assert_eq!(script.call::<i64, _>("runLater", (21,)), Ok(42));
}

#[test]
fn futures_of_data_are_compared_with_their_signature_and_dropped_when_cancelled() {
    let dropped = Arc::new(AtomicUsize::new(0));
    struct Counted(Arc<AtomicUsize>);
    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let counted = dropped.clone();
    let module = HostModule::new("host").dynamic_future("f : Int -> Effect Text Int", move |arguments: Vec<Data>| {
        let counted = Counted(counted.clone());
        async move {
            let _counted = counted;
            match arguments.as_slice() {
                [Data::Int(0)] => std::future::pending().await,
                [Data::Int(1)] => Ok(text("one")),
                [Data::Int(2)] => Err(text("two")),
                [Data::Int(3)] => panic!("out of cheese"),
                _ => Ok(Data::Int(4)),
            }
        }
    });
    let engine = Engine::builder().workers(1).module(module).build().unwrap_or_else(|error| panic!("{error}"));
    let text = "module m\nuse host\nexport f2\n\nf2 : Int -> Effect Text Int\nf2 = f\n";
    let f = engine.compile("m.aivi", text).unwrap_or_else(|error| panic!("{error}")).dynamic("f2").expect("an export");
    let call = |n| f.call(vec![Data::Int(n)]).map_err(|error| error.to_string());
    assert_eq!(call(4), Ok(Data::Int(4)));
    assert!(call(1).expect_err("no Int").contains("host function 'host.f': its result: expected Int, found Text"));
    assert_eq!(call(2), Err("failure: two".to_owned()));
    assert!(call(3).expect_err("it panics").contains("host function 'host.f' panicked: out of cheese"));
    let mut waits = f.start(vec![Data::Int(0)]);
    assert_eq!(waits.wait_timeout(Duration::from_millis(1)), None);
    waits.cancel();
    assert_eq!((waits.wait(), dropped.load(Ordering::Relaxed)), (Err(CallError::Cancelled), 5));
}

/// An engine with the opaque types `Sprite` and `Sound`, whose objects hold numbers.
fn sprites() -> Engine {
    let module = HostModule::new("game")
        .opaque("Sprite")
        .opaque("Sound")
        .dynamic(HostKind::Function, "sprite : Int -> Sprite", |arguments| match arguments.as_slice() {
            [Data::Int(-1)] => Ok(Data::Object(DynamicObject::new("Sound", 0i64))),
            [Data::Int(n)] => Ok(Data::Object(DynamicObject::new("Sprite", *n))),
            other => panic!("never so: {other:?}"),
        })
        .dynamic(HostKind::Function, "number : Sprite -> Int", |arguments| match arguments.as_slice() {
            [Data::Object(sprite)] => Ok(Data::Int(*sprite.get().expect("it holds a number"))),
            other => panic!("never so: {other:?}"),
        });
    Engine::builder().workers(1).module(module).build().unwrap_or_else(|error| panic!("{error}"))
}

fn sprite(ty: &str, n: i64) -> Data {
    Data::Object(DynamicObject::new(ty, n))
}

#[test]
fn objects_go_where_their_type_is_needed() {
    let text = "module m\nuse game\nexport *\n\nsum : List Sprite -> Int\nsum = xs => List.foldl (a x => a + number x) (number (sprite 5)) xs\n\n\
                wrong : Int -> Int\nwrong = n => number (sprite n)\n\nsame : A -> A\nsame = x => x\n\n\
                pair : Sprite -> { it: Sprite, is: Bool, shown: Text }\npair = x => { it: x, is: x == sprite 1, shown: toText x }\n";
    let script = sprites().compile("m.aivi", text).unwrap_or_else(|error| panic!("{error}"));
    let sum = script.dynamic("sum").expect("an export");
    assert_eq!(sum.call(vec![Data::List(vec![sprite("Sprite", 1), sprite("Sprite", 2)])]), Ok(Data::Int(8)));
    let refused = mismatch(&sum, Data::List(vec![sprite("Sound", 1)]));
    assert_eq!(refused, "[0][0]: expected Sprite, found an object of the type Sound");
    assert!(mismatch(&sum, Data::List(vec![Data::Int(1)])).contains("expected Sprite, found Int"));
    let one = sprite("Sprite", 1);
    let pair = script.dynamic("pair").expect("an export").call(vec![one.clone()]).expect("it succeeds");
    assert_eq!(pair, record([("is", Data::Bool(false)), ("it", one.clone()), ("shown", self::text("<Sprite>"))]));
    assert_eq!(script.dynamic("same").expect("an export").call(vec![one.clone()]), Ok(one));
    let fault = script.dynamic("wrong").expect("an export").call(vec![Data::Int(-1)]).expect_err("a Sound").to_string();
    assert!(fault.contains("its result: expected Sprite, found an object of the type Sound"), "{fault}");
}

#[test]
fn an_object_is_no_value_of_a_type_of_the_script() {
    let text = "module m\nexport *\n\nSprite = Sprite Int | Other\n\nopened : Sprite -> Int\nopened = s => s match\n  \
                | Sprite n => n\n  | Other    => 0\n";
    let script = sprites().compile("m.aivi", text).unwrap_or_else(|error| panic!("{error}"));
    let opened = script.dynamic("opened").expect("an export");
    assert_eq!(mismatch(&opened, sprite("Sprite", 1)), "[0]: expected Sprite, found an object of the type Sprite");
    assert_eq!(opened.call(vec![constructor("Sprite", [Data::Int(3)])]), Ok(Data::Int(3)));
    let hidden = "module m\nexport *\n\nopaque Sprite = { n: Int }\n\nmade : Int -> Sprite\nmade = n => { n: n }\n\n\
                  opened : Sprite -> Int\nopened = s => s.n\n";
    let script = sprites().compile("m.aivi", hidden).unwrap_or_else(|error| panic!("{error}"));
    let opened = script.dynamic("opened").expect("an export");
    assert!(mismatch(&opened, sprite("Sprite", 1)).contains("found an object of the type Sprite"));
    assert!(mismatch(&opened, record([("n", Data::Int(1))])).contains("expected Sprite"));
}

#[test]
fn effects_are_run_and_calls_go_on() {
    let script = script(
        "use aivi.concurrency\n\nnap : Int -> Effect Text Int\nnap = ms => do Effect {\n  sleep ms\n  given ms != 7 or fail \"seven\"\n  pure ms\n}\n",
    );
    let nap = script.dynamic("nap").expect("an export");
    assert_eq!(nap.ty().to_string(), "Int -> Effect Text Int");
    assert_eq!(nap.call(vec![Data::Int(1)]), Ok(Data::Int(1)));
    assert_eq!(nap.call(vec![Data::Int(7)]), Err(CallError::Failure("seven".to_owned())));
    let mut long = nap.start(vec![Data::Int(3_600_000)]);
    assert_eq!(long.wait_timeout(Duration::from_millis(1)), None);
    long.cancel();
    assert_eq!(long.wait(), Err(CallError::Cancelled));
    assert!(matches!(nap.start(vec![]).wait(), Err(CallError::Mismatch(_))));
}

fn host(
    kind: HostKind,
    signature: &str,
    give: impl Fn(Vec<Data>) -> Result<Data, Data> + Send + Sync + 'static,
) -> Engine {
    let module = HostModule::new("host").dynamic(kind, signature, give);
    Engine::builder().workers(2).module(module).build().unwrap_or_else(|error| panic!("{error}"))
}

fn refused(kind: HostKind, signature: &str) -> String {
    let module = HostModule::new("host").dynamic(kind, signature, |_| Ok(Data::Unit));
    Engine::builder().module(module).build().expect_err("it is refused").to_string()
}

#[test]
fn functions_of_the_host_take_and_give_data() {
    for kind in [HostKind::Effect, HostKind::Blocking] {
        let engine = host(kind, "look : Text -> { at: (Int, Int) } -> Effect (Option Text) (List Int)", |arguments| {
            match arguments.as_slice() {
                [Data::Text(_), Data::Record(fields)] => match &fields[0].1 {
                    Data::Tuple(at) => Ok(Data::List(at.clone())),
                    other => Err(constructor("Some", [text(&other.to_string())])),
                },
                _ => panic!("never so: {arguments:?}"),
            }
        });
        let text = "module m\nuse host\nexport *\n\nrun : Int -> Effect (Option Text) (List Int)\nrun = n => look \"x\" { at: (n, 2) }\n";
        let script = engine.compile("m.aivi", text).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(script.call::<Vec<i64>, _>("run", (1,)), Ok(vec![1, 2]), "{kind:?}");
    }
}

#[test]
fn what_a_function_of_the_host_gives_is_compared_with_its_signature() {
    let call = |kind, signature: &str, give: Result<Data, Data>| {
        let engine = host(kind, signature, move |_| give.clone());
        let effect = if kind == HostKind::Function { "pure (f 1)" } else { "f 1" };
        let text = format!("module m\nuse host\nexport run\n\nrun : Unit -> Effect Text Int\nrun = _ => {effect}\n");
        let script = engine.compile("m.aivi", &text).unwrap_or_else(|error| panic!("{error}"));
        script.call::<i64, _>("run", ((),)).map_err(|error| error.to_string())
    };
    for kind in [HostKind::Effect, HostKind::Blocking] {
        let signature = "f : Int -> Effect Text Int";
        assert_eq!(call(kind, signature, Ok(Data::Int(3))), Ok(3));
        assert_eq!(call(kind, signature, Err(text("no"))), Err("failure: no".to_owned()));
        let fault = call(kind, signature, Ok(text("three"))).expect_err("it is no Int");
        assert!(fault.contains("host function 'host.f': its result: expected Int, found Text"), "{fault}");
        let fault = call(kind, signature, Err(Data::Int(1))).expect_err("it is no Text");
        assert!(fault.contains("its result: expected Text, found Int"), "{fault}");
    }
    assert_eq!(call(HostKind::Function, "f : Int -> Int", Ok(Data::Int(4))), Ok(4));
    let fault = call(HostKind::Function, "f : Int -> Int", Err(text("never"))).expect_err("it is a fault");
    assert!(fault.contains("host function 'host.f': never"), "{fault}");
}

#[test]
fn a_panic_is_a_fault_of_who_called() {
    for kind in [HostKind::Effect, HostKind::Blocking] {
        let engine = host(kind, "f : Int -> Effect Text Int", |_| panic!("out of cheese"));
        let script =
            engine.compile("m.aivi", "module m\nuse host\nexport run\n\nrun : Int -> Effect Text Int\nrun = f\n");
        let error = script.expect("it is correct").call::<i64, _>("run", (1,)).expect_err("it panics").to_string();
        assert!(error.contains("host function 'host.f' panicked: out of cheese"), "{error}");
    }
}

#[test]
fn signatures_that_nobody_could_check_are_refused() {
    assert!(refused(HostKind::Effect, "f : Int -> Int").contains("it gives no Effect"));
    assert!(refused(HostKind::Function, "f : Int -> Effect Text Int").contains("it gives an Effect"));
    assert!(refused(HostKind::Function, "f : Int -> A").contains("type variable"));
    assert!(refused(HostKind::Function, "f : Int -> List (Int -> Int)").contains("data has no functions"));
    assert!(refused(HostKind::Function, "f").contains("a signature is like"));
}
