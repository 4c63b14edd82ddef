//! Values that are small in a script, since their parts are shared, and would be without end in the host: no limit but
//! that of memory knows of them, and the host is told of it instead of being given the value.

use std::convert::Infallible;

use aivi::{
    Aivi, CallError, Callback, Data, Engine, EngineBuilder, FromAivi, HostKind, HostModule, Level, Limit, LimitReport,
    Limits, Script, Value,
};

const MEGABYTE: u64 = 1 << 20;

const MEMORY: Limits = Limits::none().memory(8 * MEGABYTE);

#[derive(Aivi, Clone, PartialEq, Debug)]
enum Tree {
    Leaf,
    Node(Box<Tree>, Box<Tree>),
}

type Wide = Vec<Vec<Vec<Vec<Vec<i64>>>>>;

/// A tree of so many levels, in each of which both parts are the same.
const TREE: &str = "
tree : Int -> Tree
tree = n => grown n Leaf

grown : Int -> Tree -> Tree
grown = n t => if n == 0 then t else grown (n - 1) (Node t t)
";

const USES: &str = "use aivi.concurrency (sleep)\nuse aivi.text as text";

const SCRIPT: &str = "
Tree = Leaf | Node Tree Tree

Row = { left: Text, right: Text }

many : Int -> A -> List A
many = n a => List.repeat n a

wide : Int -> List (List (List (List (List Int))))
wide = n => many n (many n (many n (many n (many n 1))))

texts : Int -> List (List Text)
texts = n => many n (many n (text.repeat n \"x\"))

rows : Int -> List (List Row)
rows = n => many n (many n { left: text.repeat n \"x\", right: \"\" })

maps : Int -> List (Map Int (List Int))
maps = n => many n (Map.insert 1 (many n 2) Map.empty)

sets : Int -> List (Set Text)
sets = n => many n (Set.fromList [text.repeat n \"x\"])

units : Int -> List (List (List Unit))
units = n => many n (many n (many n Unit))

squared : A -> List (List A)
squared = a => many 1000 (many 1000 a)

functions : Int -> List (List (Int -> Int))
functions = n => many n (many n (m => m + n))

planter : Effect Text (Int -> Tree)
planter = pure tree

refused : Int -> Effect Tree Int
refused = n => fail (tree n)

waits : Int -> Effect Text Tree
waits = n => do Effect {
  sleep 1
  pure (tree n)
}
";

/// A script with these imports and declarations, and `tree`.
fn script(engine: &Engine, uses: &str, text: &str) -> Script {
    let text = format!("module evil\n{uses}\nexport *\n{text}{TREE}");
    engine.compile("evil", &text).unwrap_or_else(|error| panic!("{}", error.render(aivi::Color::Never)))
}

fn evil(builder: EngineBuilder) -> Script {
    script(&builder.build().expect("an engine"), USES, SCRIPT)
}

fn stopped<R: std::fmt::Debug>(result: Result<R, CallError>) -> LimitReport {
    match result {
        Err(CallError::Limit(report)) => report,
        other => panic!("not stopped by a limit: {:.100}", format!("{other:?}")),
    }
}

/// Too much for memory: as data, and as a value of Rust.
fn is_refused<R: FromAivi + std::fmt::Debug>(script: &Script, name: &str, size: i64) {
    let dynamic = script.dynamic(name).expect("a function").with(MEMORY);
    let typed = script.function::<(i64,), R>(name).expect("a function").with(MEMORY);
    let reports = [stopped(dynamic.call(vec![Data::Int(size)])), stopped(typed.call((size,)))];
    for report in reports {
        assert_eq!((report.what, report.level, report.allowed), (Limit::Memory, Level::Call, 8 * MEGABYTE), "{name}");
        assert!(report.used > 8 * MEGABYTE && report.at.is_none(), "{name}: {}", report.message);
    }
    // What is small is given.
    assert!(dynamic.call(vec![Data::Int(3)]).is_ok() && typed.call((3,)).is_ok(), "{name}");
}

#[derive(Aivi, Clone, Debug)]
struct Row {
    #[allow(dead_code, reason = "nobody reads it")]
    left: String,
    #[allow(dead_code, reason = "nobody reads it")]
    right: String,
}

#[test]
fn a_result_that_is_large_only_for_the_host() {
    let script = evil(Engine::builder().workers(1));
    is_refused::<Tree>(&script, "tree", 60);
    is_refused::<Wide>(&script, "wide", 1000);
    is_refused::<Vec<Vec<String>>>(&script, "texts", 1000);
    is_refused::<Vec<Vec<Row>>>(&script, "rows", 1000);
    is_refused::<Vec<std::collections::BTreeMap<i64, Vec<i64>>>>(&script, "maps", 10_000);
    is_refused::<Vec<std::collections::HashSet<String>>>(&script, "sets", 10_000);
    is_refused::<Vec<Vec<Vec<()>>>>(&script, "units", 1000);
    let dynamic = |name| script.dynamic(name).expect("a function").with(MEMORY);
    assert_eq!(stopped(dynamic("squared").call(vec![Data::Bytes(vec![0; 1000])])).what, Limit::Memory);
    assert_eq!(stopped(dynamic("functions").call(vec![Data::Int(200)])).what, Limit::Memory);
    // A failure is a result as well.
    let refused = script.function::<(i64,), Result<i64, Tree>>("refused").expect("a function").with(MEMORY);
    assert_eq!(stopped(refused.call((60,))).what, Limit::Memory);
    assert_eq!(refused.call((0,)), Ok(Err(Tree::Leaf)));
}

#[test]
fn however_it_is_called() {
    let script = evil(Engine::builder().workers(1));
    let waits = script.function::<(i64,), Tree>("waits").expect("a function").with(MEMORY);
    assert_eq!(stopped(waits.start((60,)).wait()).what, Limit::Memory);
    assert_eq!(waits.start((0,)).wait(), Ok(Tree::Leaf));
    // A function that a script gave.
    let given: Callback<(i64,), Tree> = script.call("planter", ()).expect("it succeeds");
    let given = given.with(MEMORY);
    assert_eq!(stopped(given.call((60,))).what, Limit::Memory);
    assert_eq!(stopped(given.start((60,)).wait()).what, Limit::Memory);
    assert_eq!(given.call((0,)), Ok(Tree::Leaf));
    // In the simulator, where a call is over when it is begun.
    let waits =
        evil(Engine::builder().simulated(7).limits(MEMORY)).function::<(i64,), Tree>("waits").expect("a function");
    let call = waits.start((60,));
    assert!(call.used().fuel > 60, "{:?}", call.used());
    assert_eq!(stopped(call.wait()).what, Limit::Memory);
}

#[test]
fn what_calls_share_is_a_limit_too() {
    let engine = Engine::builder().workers(1).total(MEMORY).build().expect("an engine");
    let script = script(&engine, USES, SCRIPT);
    let tenant = engine.budget("tenant", Limits::none().memory(4 * MEGABYTE));
    let tree = script.function::<(i64,), Tree>("tree").expect("a function").within(&tenant);
    let report = stopped(tree.call((60,)));
    assert_eq!(
        (report.what, report.level, report.allowed),
        (Limit::Memory, Level::Budget("tenant".into()), 4 * MEGABYTE)
    );
    // Its own limit is the one that is named.
    assert_eq!(stopped(tree.with(MEMORY).call((60,))).level, Level::Budget("tenant".into()));
    assert_eq!(stopped(tree.with(Limits::none().memory(MEGABYTE)).call((60,))).level, Level::Call);
    let tree = script.function::<(i64,), Tree>("tree").expect("a function").within(&engine.budget("x", Limits::none()));
    assert_eq!(stopped(tree.call((60,))).level, Level::Engine);
    assert_eq!(tenant.used().memory, 0);
}

#[test]
fn a_value_that_nobody_has_converted() {
    let script = evil(Engine::builder().workers(1));
    let tree = |limits| script.function::<(i64,), Value>("tree").expect("a function").with(limits).call((60,));
    let value = tree(Limits::none().memory(100_000)).expect("it is small");
    let (text, debug) = (value.to_string(), format!("{value:?}"));
    assert!((100_000..101_000).contains(&text.len()) && text.ends_with('…'), "{}", text.len());
    assert!((100_000..101_000).contains(&debug.len()) && debug.ends_with('…'), "{}", debug.len());
    let refused = "expected a value that takes its host at most 100000 bytes, found one that takes more";
    assert!(value.to::<Tree>().expect_err("too large").to_string().ends_with(refused));
    assert!(value.to::<Data>().expect_err("too large").to_string().ends_with(refused));
}

#[test]
fn an_argument_that_is_large_only_for_the_host() {
    let takes = |_: Tree| Ok::<i64, Infallible>(1);
    let module = HostModule::new("host")
        .declare::<Tree>()
        .function("plain : Tree -> Int", |_: Tree| 1)
        .effect("acting : Tree -> Effect E Int", takes)
        .blocking("blocking : Tree -> Effect E Int", takes)
        .future("future : Tree -> Effect E Int", |_: Tree| async { Ok::<i64, Infallible>(1) })
        .dynamic(HostKind::Function, "data : Tree -> Int", |_| Ok(Data::Int(1)))
        .dynamic(HostKind::Effect, "dataEffect : Tree -> Effect Text Int", |_| Ok(Data::Int(1)))
        .dynamic(HostKind::Blocking, "dataBlocking : Tree -> Effect Text Int", |_| Ok(Data::Int(1)))
        .dynamic_future("dataFuture : Tree -> Effect Text Int", |_| async { Ok(Data::Int(1)) });
    let calls = [
        "pure (plain t)",
        "acting t",
        "blocking t",
        "future t",
        "pure (data t)",
        "dataEffect t",
        "dataBlocking t",
        "dataFuture t",
    ];
    let functions: String = calls
        .iter()
        .enumerate()
        .map(|(n, call)| {
            format!("\ncall{n} : Int -> Effect Text Int\ncall{n} = n => do Effect {{\n  t = tree n\n  {call}\n}}\n")
        })
        .collect();
    let engine = Engine::builder().workers(1).module(module).build().expect("an engine");
    let script = script(&engine, "use host", &functions);
    for (index, call) in calls.iter().enumerate() {
        let function = script.function::<(i64,), i64>(&format!("call{index}")).expect("a function").with(MEMORY);
        let report = stopped(function.call((60,)));
        assert_eq!((report.what, report.level), (Limit::Memory, Level::Call), "{call}");
        assert!(report.at.is_some_and(|at| at.starts_with("evil:")), "{call}");
        assert_eq!(function.call((10,)), Ok(1), "{call}");
    }
}
