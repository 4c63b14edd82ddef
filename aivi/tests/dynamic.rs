//! Functions called with data, and functions of the host that take and give it: types are those of the script, whatever the host says.

use std::time::Duration;

use aivi::{CallError, Data, DynamicFunction, Engine, HostKind, HostModule, Script};

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
        "adder : Int -> (Int -> Int, Int)\nadder = n => (m => m + n, n)\n\nshown : A -> Text\nshown = x => toText x\n\ntook : (Int -> Int) -> Int\ntook = f => f 1\n",
    );
    let adder = script.dynamic("adder").expect("an export").call(vec![Data::Int(2)]).expect("it succeeds");
    let Data::Tuple(parts) = &adder else { panic!("a pair: {adder:?}") };
    assert!(matches!(parts.as_slice(), [Data::Opaque(_), Data::Int(2)]), "{parts:?}");
    assert_eq!(script.dynamic("shown").expect("an export").call(vec![adder.clone()]), Ok(text("(<function>, 2)")));
    let took = script.dynamic("took").expect("an export");
    assert_eq!(mismatch(&took, parts[0].clone()), "[0]: expected Int -> Int, found <function>");
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
