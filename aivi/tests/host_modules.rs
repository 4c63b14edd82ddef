//! Functions of the host, as scripts and hosts see them.

use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aivi::{Aivi, CallError, Engine, HostModule, HostModuleError, LoadError, LookupError, Output, Script, Value};

fn engine(module: HostModule) -> Engine {
    let output = Output::buffer();
    let builder = Engine::builder().workers(1).stdout(output.clone()).stderr(output);
    builder.module(module).build().expect("a correct module")
}

fn script(module: HostModule, body: &str) -> Script {
    let text = format!("module t\nuse game\nexport *\n\n{body}");
    engine(module).compile("t.aivi", &text).unwrap_or_else(|error| panic!("{error}"))
}

fn fault<T: std::fmt::Debug>(result: Result<T, CallError>) -> String {
    match result {
        Err(CallError::Fault(report)) => report.to_string(),
        other => panic!("no fault, but {other:?}"),
    }
}

#[test]
fn pure_functions_are_called_with_all_sorts_of_values() {
    let module = HostModule::new("game")
        .function("sum : List Int -> Int", |numbers: Vec<i64>| numbers.iter().sum::<i64>())
        .function("mid : Int -> Int -> Float", |a: i64, b: i64| (a + b) as f64 / 2.0)
        .function("shout : Text -> Text", |text: String| text.to_uppercase())
        .function("version : Text", || "1.2")
        .function("flip : (Int, Text, Bool) -> (Bool, Text, Int)", |(a, b, c): (i64, String, bool)| (c, b, a));
    let script = script(
        module,
        "all : Int -> (Int, Float, Text, Text, (Bool, Text, Int))\n\
         all = n => (sum [1..n], mid n 1, shout \"abc\", version, flip (n, \"x\", True))\n",
    );
    let all: (i64, f64, String, String, (bool, String, i64)) = script.call("all", (4,)).expect("it succeeds");
    assert_eq!(all, (10, 2.5, "ABC".to_owned(), "1.2".to_owned(), (true, "x".to_owned(), 4)));
}

#[test]
fn effects_act_when_they_run_and_fail_with_their_error() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let module = HostModule::new("game")
        .effect("tick : Effect E Int", move || Ok::<_, Infallible>(counted.fetch_add(1, Ordering::Relaxed)))
        .effect("load : Text -> Effect Text Int", |name: String| Err::<i64, _>(format!("no {name}")));
    let script = script(
        module,
        "twice : Effect Text (Int, Int)\ntwice = do Effect {\n  a <- tick\n  b <- tick\n  pure (a, b)\n}\n\
         tried : Effect Text Text\ntried = do Effect {\n  result <- attempt (load \"level\")\n  \
         pure (result match\n    | Ok n => \"{n}\"\n    | Err e => \"failed: {e}\")\n}\n",
    );
    assert_eq!(script.call::<(i64, i64), _>("twice", ()), Ok((0, 1)));
    assert_eq!(script.call::<String, _>("tried", ()), Ok("failed: no level".to_owned()));
    assert_eq!(count.load(Ordering::Relaxed), 2);
}

#[test]
fn a_panic_is_a_fault_of_the_calling_fiber() {
    let module = HostModule::new("game")
        .function("risky : Int -> Int", |n: i64| if n == 3 { panic!("three of {n}") } else { n })
        .function("label : Int -> Text", |n: i64| if n == 3 { panic!("no label") } else { n.to_string() })
        .effect("act : Int -> Effect Text Int", |n: i64| if n == 3 { panic!("no act") } else { Ok::<_, String>(n) })
        .blocking("wait : Int -> Effect Text Int", |n: i64| if n == 3 { panic!("no wait") } else { Ok::<_, String>(n) })
        .future(
            "later : Int -> Effect Text Int",
            async |n: i64| if n == 3 { panic!("no future") } else { Ok::<_, String>(n) },
        );
    let script = script(
        module,
        "f : Int -> Int\nf = n => 1 + risky n\n\n\
         g : Int -> Text\ng = n => \"<{label n}>\"\n\n\
         h : Int -> Effect Text Int\nh = n => act n\n\n\
         i : Int -> Effect Text Int\ni = n => wait n\n\n\
         j : Int -> Effect Text Int\nj = n => later n\n",
    );
    assert!(fault(script.call::<i64, _>("f", (3,))).starts_with("host function 'game.risky' panicked: three of 3"));
    let report = fault(script.call::<String, _>("g", (3,)));
    assert!(report.contains("'game.label' panicked: no label"), "{report}");
    assert!(report.contains("t.aivi:9:13"), "{report}");
    assert!(fault(script.call::<i64, _>("h", (3,))).contains("'game.act' panicked: no act"));
    assert!(fault(script.call::<i64, _>("i", (3,))).starts_with("host function 'game.wait' panicked: no wait"));
    assert!(fault(script.call::<i64, _>("j", (3,))).contains("'game.later' panicked: no future"));
    // The engine goes on.
    for name in ["h", "i", "j"] {
        assert_eq!(script.call::<i64, _>(name, (4,)), Ok(4), "{name}");
    }
    assert_eq!(script.call::<i64, _>("f", (4,)), Ok(5));
    assert_eq!(script.call::<String, _>("g", (4,)), Ok("<4>".to_owned()));
}

#[test]
fn a_pure_function_that_panics_is_called_once() {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = count.clone();
    let module = HostModule::new("game").function("risky : Int -> Int", move |n: i64| {
        counted.fetch_add(1, Ordering::Relaxed);
        if n == 0 { panic!("zero") } else { n }
    });
    let script = script(module, "f : Int -> Int\nf = n => risky n\n");
    fault(script.call::<i64, _>("f", (0,)));
    assert_eq!(count.load(Ordering::Relaxed), 1);
}

#[test]
fn values_out_of_range_are_faults_that_say_where() {
    let module = HostModule::new("game")
        .function("small : List Int -> Int", |numbers: Vec<u8>| numbers.len())
        .function("large : Int -> Int", |n: u32| u64::from(n) << 40);
    let script = script(module, "f : List Int -> Int\nf = ns => small ns\n\ng : Int -> Int\ng = n => large n\n");
    assert_eq!(script.call::<i64, _>("f", (vec![1, 255],)), Ok(2));
    let report = fault(script.call::<i64, _>("f", (vec![1, 256],)));
    let expected = "host function 'game.small': argument 1: [1]: expected an Int from 0 to 255, found 256";
    assert!(report.starts_with(expected), "{report}");
    let report = fault(script.call::<i64, _>("g", (u32::MAX,)));
    assert!(report.starts_with("host function 'game.large': its result: expected an Int up to"), "{report}");
}

#[test]
fn scripts_are_checked_against_the_module() {
    let module = || HostModule::new("game").function("damage : Int -> Int -> Int", |a: i64, b: i64| a + b);
    let reports = |body: &str| {
        let text = format!("module t\nuse game (damage)\n\nx = {body}\n");
        let error = engine(module()).compile("t.aivi", &text).expect_err("an error");
        error.to_string()
    };
    assert!(reports("damage \"a\" 1").contains("t.aivi:4:12"));
    assert!(reports("damage 1 2 3").contains("t.aivi:4:"));
    let unknown = engine(module()).compile("t.aivi", "module t\nuse game (damage, heal)\n").expect_err("an error");
    assert!(unknown.to_string().contains("heal"), "{unknown}");
    let near = engine(module()).compile("t.aivi", "module t\nuse gane\n").expect_err("an error");
    assert!(near.to_string().contains("`game`"), "{near}");
    // What is in the module cannot be reached without it, nor can a script pretend to be it.
    let pretending = "module game\n\n@native \"host:game.damage\"\ndamage : Int -> Int -> Int\n";
    assert!(engine(module()).compile("t.aivi", pretending).is_err());
}

fn refused(module: HostModule) -> String {
    let error = Engine::builder().module(module).build().expect_err("an error");
    let source = error.get_ref().and_then(|error| error.downcast_ref::<HostModuleError>()).expect("of the module");
    assert_eq!(source.module, "game");
    error.to_string()
}

#[test]
fn a_closure_that_does_not_fit_its_signature_is_refused() {
    let new = || HostModule::new("game");
    assert_eq!(
        refused(new().function("damage : Int -> Int -> Int", |a: i64| a)),
        "host module 'game', 'damage': it is declared as Int -> Int -> Int, with 2 arguments; its Rust function has one argument and \
         needs Int -> Int"
    );
    assert_eq!(
        refused(new().effect("now : Effect Text Int", |(): ()| Ok::<i64, String>(1))),
        "host module 'game', 'now': it is declared as Effect Text Int, with no argument; its Rust function has one argument and needs \
         Unit -> Effect Text Int"
    );
    assert_eq!(
        refused(new().function("name : Int -> Text", |a: String| a)),
        "host module 'game', 'name': it is declared as Int -> Text, its Rust function needs Text -> Text"
    );
    assert_eq!(
        refused(new().effect("load : Text -> Int", |_: String| Ok::<i64, String>(1))),
        "host module 'game', 'load': it is declared as Text -> Int, which gives no Effect; its Rust function needs \
         Text -> Effect Text Int"
    );
    assert_eq!(
        refused(new().effect("load : Text -> Effect E Int", |_: String| Ok::<i64, String>(1))),
        "host module 'game', 'load': it is declared as Text -> Effect E Int, its Rust function needs Text -> Effect Text Int"
    );
    assert_eq!(
        refused(new().function("first : List A -> A", |list: Vec<i64>| list[0])),
        "host module 'game', 'first': it is declared as List A -> A, its Rust function needs List Int -> Int"
    );
    assert_eq!(
        refused(new().function("load Text -> Int", |_: String| 1)),
        "host module 'game', 'load Text -> Int': a signature is like name : Int -> Text"
    );
    assert!(refused(new().function("load : Int -> ", |n: i64| n)).contains("a signature is like"));
    assert!(refused(new().function("if : Int -> Int", |n: i64| n)).contains("a function's name is like"));
    assert!(refused(new().function("a : Int", || 1).function("a : Int", || 2)).contains("two of this name"));
    assert!(refused(new().object::<u8>("sprite")).contains("a type's name is like"));
    let other = Engine::builder().module(HostModule::new("aivi.list")).build().expect_err("an error");
    assert!(other.to_string().contains("the library's"), "{other}");
}

#[test]
fn values_of_any_type_come_out_and_go_back_where_all_types_do() {
    let module = HostModule::new("game").function("show : A -> Text", |value: Value| format!("{value} {value:?}"));
    let script = script(
        module,
        "f : Text\nf = show [(\"a\", 1)]\n\nsame : A -> A\nsame = a => a\n\nnext : Int -> Int\nnext = n => n + 1\n",
    );
    assert_eq!(script.call::<String, _>("f", ()), Ok("[(a, 1)] [(\"a\", 1)]".to_owned()));
    let value: Value = script.call("same", (vec![1, 2],)).expect("it succeeds");
    assert_eq!(script.call::<Vec<i64>, _>("same", (value.clone(),)), Ok(vec![1, 2]));
    // Nobody has checked that it is an Int.
    assert!(matches!(script.call::<i64, _>("next", (value,)), Err(CallError::Lookup(LookupError::Type { .. }))));
    let given = HostModule::new("game").function("same : A -> A", |value: Value| value);
    assert!(refused(given).contains("its Rust function gives a Value, whose type nobody can check"));
}

#[test]
fn the_module_shows_itself_as_text() {
    let module = HostModule::new("game.map").object::<u8>("Tile").function("size : Int", || 3);
    assert_eq!(module.text(), "module game.map\nexport *\n\nTile\n\n@native \"host:game.map.size\"\nsize : Int\n");
}

#[test]
fn spans_of_time_are_durations() {
    use std::time::Duration;
    let module = HostModule::new("game").function("double : Span -> Span", |span: Duration| span * 2);
    let script = script(module, "f : Int -> Int\nf = n => (double { millis: n }).millis\n");
    assert_eq!(script.call::<i64, _>("f", (21,)), Ok(42));
    assert!(fault(script.call::<i64, _>("f", (-1,))).contains("argument 1: millis: expected an Int from 0 to"));
}

#[test]
fn a_call_from_inside_of_a_plain_function_may_compute_and_not_wait() {
    let inner: Arc<OnceLock<Script>> = Arc::default();
    let called = |inner: &OnceLock<Script>, name: &str, n: i64| {
        let script = inner.get().expect("set before the call");
        script.call::<i64, _>(name, (n,)).map_err(|error| error.to_string())
    };
    let (plain, patient, blocking) = (inner.clone(), inner.clone(), inner.clone());
    let module = HostModule::new("game")
        .effect("plain : Int -> Effect Text Int", move |n: i64| called(&plain, "twice", n))
        .effect("patient : Int -> Effect Text Int", move |n: i64| called(&patient, "g", n))
        .blocking("waits : Int -> Effect Text Int", move |n: i64| called(&blocking, "twice", n));
    let script = script(
        module,
        "f : Int -> Effect Text Int\nf = n => plain n\n\ng : Int -> Effect Text Int\ng = n => waits n\n\n\
         h : Int -> Effect Text Int\nh = n => patient n\n\n\
         twice : Int -> Int\ntwice = n => n * 2\n",
    );
    assert!(inner.set(script.clone()).is_ok());
    assert_eq!(script.call::<i64, _>("g", (4,)), Ok(8));
    assert_eq!(script.call::<i64, _>("f", (4,)), Ok(8));
    let error = script.call::<i64, _>("h", (4,)).expect_err("it would wait for itself");
    assert!(error.to_string().contains("make it `blocking` or a `future`"), "{error}");
}

/// What one version of a host has, as bytes of a program that uses it, and other versions.
#[test]
fn a_compiled_program_and_its_host_agree_on_every_type() {
    #[derive(Aivi)]
    struct Ship {
        hull: i64,
    }
    mod later {
        #[derive(aivi::Aivi)]
        pub struct Ship {
            pub hull: f64,
        }
    }
    let text = "module t\nuse fleet\nexport sink\n\nsink : Int -> Bool\nsink = n => afloat { hull: n } == False\n";
    let fleet =
        || HostModule::new("fleet").declare::<Ship>().function("afloat : Ship -> Bool", |ship: Ship| ship.hull > 0);
    let engine = |module| Engine::builder().module(module).build().unwrap_or_else(|error| panic!("{error}"));
    let script = engine(fleet()).compile("t.aivi", text).unwrap_or_else(|error| panic!("{error}"));
    let bytes = script.to_bytes();
    let same = engine(fleet().function("more : Int -> Int", |n: i64| n)).load(&bytes).expect("the same function");
    assert_eq!(same.call("sink", (3,)), Ok(false));

    let refused = |module| match engine(module).load(&bytes) {
        Err(error @ LoadError::OtherType { .. }) => error.to_string(),
        other => panic!("{other:?}"),
    };
    let then = "'fleet.afloat' was Ship -> Bool, where Ship = { hull: Int } when the program was compiled, and is";
    let other = HostModule::new("fleet").function("afloat : Int -> Bool", |n: i64| n > 0);
    assert_eq!(refused(other), format!("{then} Int -> Bool here: compile it again"));
    let other = HostModule::new("fleet")
        .declare::<later::Ship>()
        .function("afloat : Ship -> Bool", |ship: later::Ship| ship.hull > 0.0);
    assert_eq!(refused(other), format!("{then} Ship -> Bool, where Ship = {{ hull: Float }} here: compile it again"));
    assert!(matches!(engine(HostModule::new("fleet")).load(&bytes), Err(LoadError::Refused(_))));
}

/// Who asks for the fibers on a worker was called by one of them.
#[test]
fn a_function_that_a_script_calls_is_not_shown_the_fibers() {
    for builder in [Engine::builder().workers(1), Engine::builder().workers(2), Engine::builder().simulated(0)] {
        let place: Arc<OnceLock<Engine>> = Arc::default();
        let known = place.clone();
        let look = move |_: i64| {
            let engine = known.get().expect("it was made");
            let told = [engine.dump(), engine.report_fibers(), engine.report_undone(Duration::ZERO)];
            let is_refused = |text: &String| text.contains("ask on another thread");
            Ok::<_, String>(told.iter().all(is_refused) && engine.fibers().fibers.is_empty())
        };
        let module = HostModule::new("host").effect("look : Int -> Effect Text Bool", look);
        let engine = builder.module(module).build().expect("an engine");
        assert!(place.set(engine.clone()).is_ok());
        let text = "module m\nuse host\nexport f\n\nf : Int -> Effect Text Bool\nf = n => look n\n";
        let script = engine.compile("m.aivi", text).expect("it compiles");
        assert_eq!(script.call::<bool, _>("f", (1,)), Ok(true));
    }
}
