//! Scripts that try to take all that there is: each is stopped at its limit, with the line where that was, while a
//! neighbour in the same engine goes on and finishes.

use std::io::Write;
use std::time::Duration;

use aivi::{CallError, Color, Ending, Engine, HostModule, Level, Limit, LimitReport, Limits, Output};

const MEGABYTE: u64 = 1 << 20;

/// Only a test that fails waits for so long.
const LONG: Duration = Duration::from_secs(60);

/// What the neighbour of a hostile script does: turns, waits, messages, a text.
const NEIGHBOUR: &str = "module neighbour
export *
use aivi.concurrency

count : Sender Int -> Int -> Effect Text Unit
count = tx n => if n == 0 then pure Unit else do Effect {
  sleep 1
  send tx n
  count tx (n - 1)
}

work : Effect Text Int
work = do Effect {
  (tx, rx) <- make 0
  _ <- spawn (count tx 20)
  loop (left, sum) = (20, 0) => {
    if left == 0 then pure sum else do Effect {
      n <- recv rx
      recurse (left - 1, sum + (n or 0))
    }
  }
}
";

fn engine(limits: Limits) -> (Engine, Output) {
    let output = Output::buffer();
    let builder = Engine::builder().workers(2).limits(limits).stdout(output.clone()).stderr(output.clone());
    (builder.build().expect("an engine"), output)
}

/// Calls `evil : Effect Text Int` of a script while its neighbour works.
fn attack(engine: &Engine, text: &str) -> CallError {
    attack_beside(engine, text, |work| assert_eq!(work, Ok(210)))
}

/// The same; `check` looks at what the neighbour came to.
fn attack_beside(engine: &Engine, text: &str, check: impl Fn(Result<i64, CallError>)) -> CallError {
    let neighbour = engine.compile("neighbour", NEIGHBOUR).expect("correct");
    let script = engine
        .compile("evil", &format!("module evil\nexport *\n{text}"))
        .unwrap_or_else(|error| panic!("{}", error.render(Color::Never)));
    std::thread::scope(|scope| {
        let work = scope.spawn(|| neighbour.call::<i64, _>("work", ()));
        let result = script.call::<i64, _>("evil", ());
        check(work.join().expect("no panic"));
        // So does the next call of the same script.
        assert_eq!(neighbour.call::<i64, _>("work", ()), Ok(210));
        result.expect_err("it is stopped")
    })
}

fn limited(text: &str, limits: Limits) -> LimitReport {
    match attack(&engine(limits).0, text) {
        CallError::Limit(report) => report,
        other => panic!("not stopped by a limit: {other}"),
    }
}

/// Memory: stopped in time, and where it says.
fn runs_out_of_memory(line: u32, text: &str) {
    let report = limited(text, Limits::none().memory(8 * MEGABYTE));
    assert_eq!((report.what, report.allowed), (Limit::Memory, 8 * MEGABYTE), "{report}");
    assert!(report.used > 7 * MEGABYTE, "{report}");
    let place = format!("evil:{line}:");
    assert!(report.at.as_ref().is_some_and(|at| at.starts_with(&place)), "{report}, not at {place}");
}

#[test]
fn a_fork_bomb() {
    let bomb = "use aivi.concurrency

bomb : Effect Text Unit
bomb = do Effect {
  _ <- spawn bomb
  _ <- spawn bomb
  sleep 1000000000
}

evil : Effect Text Int
evil = do Effect {
  bomb
  pure 0
}
";
    let report = limited(bomb, Limits::none().fibers(1000));
    assert_eq!((report.what, report.allowed), (Limit::Fibers, 1000));
    assert!((1000..1400).contains(&report.used), "{report}");
    let report = limited(bomb, Limits::none().memory(8 * MEGABYTE));
    assert_eq!(report.what, Limit::Memory);
}

#[test]
fn a_list_that_grows() {
    runs_out_of_memory(
        5,
        "
grow : List Int -> Int
grow = xs => grow [1, ...xs]

evil : Effect Text Int
evil = pure (grow [])
",
    );
}

#[test]
fn a_text_that_doubles() {
    runs_out_of_memory(
        5,
        "
twice : Text -> Int
twice = text => twice \"{text}{text}\"

evil : Effect Text Int
evil = pure (twice \"some text\")
",
    );
}

#[test]
fn giant_texts_and_lists_at_once() {
    runs_out_of_memory(
        7,
        "
use aivi.text (repeat, length)

evil : Effect Text Int
evil = pure (length (repeat 2000000000 \"x\"))
",
    );
    runs_out_of_memory(
        5,
        "
evil : Effect Text Int
evil = pure (List.length [0..1000000000])
",
    );
    runs_out_of_memory(
        5,
        "
evil : Effect Text Int
evil = pure (List.length (List.repeat 200000000 7))
",
    );
    runs_out_of_memory(
        9,
        "
use aivi.text (repeat, length, replaceAll)

evil : Effect Text Int
evil = do Effect {
  many = repeat 40000 \"x\"
  pure (length (replaceAll \"x\" many many))
}
",
    );
}

#[test]
fn a_map_that_grows() {
    runs_out_of_memory(
        5,
        "
fill : Int -> Map Int Int -> Int
fill = n map => fill (n + 7) (Map.insert n n map)

evil : Effect Text Int
evil = pure (fill 0 Map.empty)
",
    );
}

#[test]
fn closures_that_hold_each_other() {
    runs_out_of_memory(
        5,
        "
chain : (Int -> Int) -> Int
chain = f => chain (n => f n + 1)

evil : Effect Text Int
evil = pure (chain (n => n))
",
    );
}

#[test]
fn deep_recursion() {
    runs_out_of_memory(
        5,
        "
deep : Int -> Int
deep = n => 1 + deep (n + 1)

evil : Effect Text Int
evil = pure (deep 0)
",
    );
}

#[test]
fn values_that_are_small_and_shown_large() {
    runs_out_of_memory(
        12,
        "
use aivi.text (length)

Tree = Leaf | Node Tree Tree

tree : Int -> Tree -> Tree
tree = n t => if n == 0 then t else tree (n - 1) (Node t t)

evil : Effect Text Int
evil = pure (length (toText (tree 60 Leaf)))
",
    );
}

/// Trees that share all of their parts with themselves: small, and met part by part 2^60 nodes large.
const SHARED: &str = "
Tree = Leaf | Node Tree Tree

tree : Int -> Tree -> Tree
tree = n t => if n == 0 then t else tree (n - 1) (Node t t)

large : Int -> Tree
large = n => tree n Leaf
";

/// Ways to go through such trees.
const LONG_STEPS: [&str; 5] = [
    "large 60 == large 60",
    "List.sort [large 60, large 60] == []",
    "List.elem (large 60) [large 60]",
    "Map.has (large 60) (Map.insert (large 60) 1 (Map.insert Leaf 2 Map.empty))",
    "Set.has (large 60) (Set.insert (large 60) (Set.fromList [Leaf]))",
];

#[test]
fn values_that_are_small_and_compared_for_ever() {
    for step in LONG_STEPS {
        let text = format!("{SHARED}\nevil : Effect Text Int\nevil = if {step} then pure 1 else pure 0\n");
        let report = limited(&text, Limits::none().fuel(1_000_000));
        assert_eq!((report.what, report.allowed), (Limit::Fuel, 1_000_000), "{step}");
        assert!(report.at.as_deref().is_some_and(|at| at.starts_with("evil:13:")), "{step}: {report}");
        let (engine, _) = engine(Limits::none().time(Duration::from_millis(20)));
        let script = engine.compile("evil", &format!("module evil\nexport *\n{text}")).expect("correct");
        match script.call::<i64, _>("evil", ()) {
            Err(CallError::Limit(report)) => assert_eq!(report.what, Limit::Time, "{step}"),
            other => panic!("{step}: {other:?}"),
        }
    }
}

#[test]
fn a_step_that_takes_for_ever_is_cancelled_by_the_host() {
    for workers in [1, 2] {
        let (begun, has_begun) = std::sync::mpsc::channel();
        let host = HostModule::new("host").effect("begun : Unit -> Effect Text Unit", move |(): ()| {
            begun.send(()).map_err(|_| "nobody listens".to_owned())
        });
        let engine = Engine::builder().workers(workers).module(host).build().expect("an engine");
        // What is shown takes memory as well: not so much in so short a time.
        for step in
            LONG_STEPS.iter().chain(&["toText (large 60) == \"\"", "text.length (text.debugText (large 60)) == 0"])
        {
            let text = format!(
                "module evil\nuse host\nuse aivi.text as text\nexport evil\n{SHARED}\nevil : Int -> Effect Text Int\nevil = n => do Effect {{\n  \
                 begun Unit\n  pure (if {step} then 1 else n)\n}}\n"
            );
            let script = engine.compile("evil", &text).unwrap_or_else(|error| panic!("{error}"));
            let mut call = script.function::<(i64,), i64>("evil").expect("a function").start((0,));
            has_begun.recv().expect("it begins");
            call.cancel();
            assert_eq!(call.wait_timeout(LONG), Some(Err(CallError::Cancelled)), "{step}");
        }
    }
}

#[test]
fn a_list_that_is_only_long_is_not_gone_through_without_limits_either() {
    let (engine, _) = engine(Limits::none());
    let text = "module long\nexport *\n\nlong : Int -> List Int -> List Int\n\
                long = n xs => if n == 0 then xs else long (n - 1) (xs ++ xs)\n\n\
                turned : Int -> Int\nturned = n => List.length (List.reverse (long n [1, 2]))\n";
    let turned = engine.compile("long", text).expect("correct").function::<(i64,), i64>("turned").expect("a function");
    assert_eq!(turned.call((10,)), Ok(2048));
    let Err(CallError::Fault(report)) = turned.call((30,)) else { panic!("it is too long") };
    assert_eq!(report.message, "a list of 2147483648 elements is too long to be gone through");
    assert_eq!(report.trace[0], "at long:8:28 in long.turned");
}

#[test]
fn a_list_that_is_only_long() {
    let text = "
long : Int -> List Int -> List Int
long = n xs => if n == 0 then xs else long (n - 1) (xs ++ xs)

evil : Effect Text Int
evil = pure (List.length (List.sort (long 25 [1, 2, 3])))
";
    let report = limited(text, Limits::none().memory(8 * MEGABYTE));
    assert_eq!(report.what, Limit::Memory);
    assert!(report.used > (3 * 16) << 25, "{report:?}");
}

#[test]
fn a_channel_that_nobody_empties() {
    let flood = |message: &str| {
        format!(
            "use aivi.concurrency

evil : Effect Text Int
evil = do Effect {{
  (tx, _rx) <- make {message}
  loop _ = 0 => {{
    send tx {message}
    recurse 0
  }}
}}
"
        )
    };
    let report = limited(&flood("0"), Limits::none().messages(5000));
    assert_eq!((report.what, report.allowed), (Limit::Messages, 5000));
    assert!((5000..5200).contains(&report.used), "{report}");
    let report = limited(&flood("[1, 2, 3]"), Limits::none().memory(8 * MEGABYTE));
    assert_eq!(report.what, Limit::Memory);
    let room = "use aivi.concurrency

evil : Effect Text Int
evil = do Effect {
  (tx, _rx) <- makeBounded 1000000
  send tx 1
  pure 1
}
";
    let report = limited(room, Limits::none().messages(5000));
    assert_eq!((report.what, report.used), (Limit::Messages, 1_000_000));
}

#[test]
fn endless_loops() {
    let fuel = Limits::none().fuel(1_000_000);
    let pure = "
turn : Int -> Int
turn = n => turn (n + 1)

evil : Effect Text Int
evil = pure (turn 0)
";
    let report = limited(pure, fuel);
    assert_eq!((report.what, report.allowed), (Limit::Fuel, 1_000_000));
    assert!(report.at.is_some_and(|at| at.starts_with("evil:5:")));
    let effect = "use aivi.concurrency

evil : Effect Text Int
evil = do Effect {
  loop _ = 0 => {
    sleep 0
    recurse 0
  }
}
";
    assert_eq!(limited(effect, fuel).what, Limit::Fuel);
    let branches = "use aivi.concurrency

evil : Effect Text Int
evil = do Effect {
  _ <- par evil evil
  pure 1
}
";
    assert_eq!(limited(branches, fuel).what, Limit::Fuel);
}

#[test]
fn a_flood_of_output() {
    let (engine, output) = engine(Limits::none().output(10_000));
    let text = "
evil : Effect Text Int
evil = do Effect {
  loop _ = 0 => {
    println \"again and again\"
    recurse 0
  }
}
";
    match attack(&engine, text) {
        CallError::Limit(report) => assert_eq!((report.what, report.allowed), (Limit::Output, 10_000)),
        other => panic!("{other}"),
    }
    assert!((9_900..=10_000).contains(&output.text().len()), "{}", output.text().len());
}

/// On virtual time: nobody waits for it.
fn simulated(text: &str, limits: Limits) -> (CallError, String) {
    let output = Output::buffer();
    let builder = Engine::builder().simulated(3).limits(limits).stdout(output.clone()).stderr(output.clone());
    let engine = builder.build().expect("an engine");
    let script = engine
        .compile("evil", &format!("module evil\nexport *\n{text}"))
        .unwrap_or_else(|error| panic!("{}", error.render(Color::Never)));
    let error = script.call::<i64, _>("evil", ()).expect_err("it is stopped");
    (error, output.text())
}

fn of_limit(error: CallError) -> Limit {
    match error {
        CallError::Limit(report) => report.what,
        other => panic!("not stopped by a limit: {other}"),
    }
}

const CLEANUPS: &str = "use aivi.concurrency

guarded : Effect Text Unit -> Resource Text Unit
guarded = cleanup => resource {
  yield Unit
  println \"cleanup\"
  cleanup
  println \"never\"
}

turn : Int -> Effect Text Unit
turn = n => turn (n + 1)

grow : List Int -> Effect Text Unit
grow = xs => grow [1, ...xs]

wait : Effect Text Unit
wait = sleep 1000000000

doing : Effect Text Unit -> Effect Text Unit -> Effect Text Int
doing = body cleanup => do Effect {
  _ <- guarded cleanup
  body
  pure 1
}
";

#[test]
fn sleeping_for_ever() {
    let limits = Limits::none().time(Duration::from_secs(5));
    let text = format!("{CLEANUPS}\nevil : Effect Text Int\nevil = doing wait (pure Unit)\n");
    let (error, output) = simulated(&text, limits);
    assert_eq!(of_limit(error), Limit::Time);
    // Its cleanup has the time that it needs.
    assert_eq!(output, "cleanup\nnever\n");
}

#[test]
fn cleanups_that_never_end() {
    let limits = Limits::none().time(Duration::from_secs(5)).memory(8 * MEGABYTE);
    for (body, cleanup) in [("wait", "wait"), ("wait", "(turn 0)"), ("wait", "(grow [])"), ("(grow [])", "(turn 0)")] {
        let text = format!("{CLEANUPS}\nevil : Effect Text Int\nevil = doing {body} {cleanup}\n");
        let (error, output) = simulated(&text, limits);
        let expected = if body == "wait" { Limit::Time } else { Limit::Memory };
        assert_eq!(of_limit(error), expected, "{body} {cleanup}");
        assert!(output.starts_with("cleanup\n") && !output.contains("never"), "{body} {cleanup}: {output}");
    }
}

#[test]
fn cleanups_of_many_fibers_that_never_end() {
    let text = format!(
        "{CLEANUPS}
evil : Effect Text Int
evil = do Effect {{
  _ <- spawn (doing wait wait)
  _ <- spawn (scope (s => do Effect {{
    _ <- spawnIn s (doing wait (turn 0))
    joinAll s
  }}))
  (a, b) <- par (doing wait (grow [])) (doing wait wait)
  pure (a + b)
}}
"
    );
    let (error, output) = simulated(&text, Limits::none().time(Duration::from_secs(5)).memory(8 * MEGABYTE));
    assert_eq!(of_limit(error), Limit::Time);
    assert!(!output.contains("never"), "{output}");
}

#[test]
fn all_calls_together() {
    let total = Limits::none().memory(8 * MEGABYTE);
    let engine = Engine::builder().workers(2).total(total).build().expect("an engine");
    let text = "
grow : List Int -> Int
grow = xs => grow [1, ...xs]

evil : Effect Text Int
evil = pure (grow [])
";
    let is_of_all = |error: &CallError| {
        let CallError::Limit(report) = error else { panic!("{error}") };
        assert!(report.level == Level::Engine && report.what == Limit::Memory, "{report}");
    };
    // Without a limit of its own a call may take all that there is: then it is whoever asks next that is stopped.
    let works = |work: Result<i64, CallError>| work.map_or_else(|error| is_of_all(&error), |sum| assert_eq!(sum, 210));
    for _ in 0..3 {
        is_of_all(&attack_beside(&engine, text, works));
    }
}

/// Texts that would keep the compiler busy, or make it recurse.
#[test]
fn giant_and_deep_texts() {
    let engine = Engine::builder().workers(1).build().expect("an engine");
    let error = |text: &str| engine.compile("evil", text).expect_err("it is refused").to_string();
    let large = format!("module evil\nx : Text\nx = \"{}\"\n", "x".repeat(17 << 20));
    assert!(error(&large).contains("larger than the limit of 16777216 bytes"), "{}", error(&large));
    for (open, close) in [("(", ")"), ("[", "]"), ("{ a: ", " }"), ("a => ", ""), ("1 + ", "")] {
        let text = format!("module evil\nx = {}1{}\n", open.repeat(100_000), close.repeat(100_000));
        assert!(error(&text).contains("nested too deeply"), "{open}");
    }
    // A type with 2^128 parts, which the compiler never writes out.
    let mut text = "module evil\nexport *\nf0 = x => (x, x)\n".to_owned();
    (1..8).for_each(|n| text += &format!("f{n} = x => f{} (f{} x)\n", n - 1, n - 1));
    engine.compile("evil", &text).expect("it is correct");
    text += "bad : Int\nbad = f7 1\n";
    assert!(error(&text).len() < 10_000);
    let small = Engine::builder().workers(1).source_limit(100).build().expect("an engine");
    assert!(small.compile("evil", "module evil\n").is_ok());
    assert!(small.compile("evil", &"// a comment\n".repeat(10)).is_err());
}

/// What a `main` is said to have left undone that is stopped at a limit.
fn left_undone(main: &str, limits: Limits) -> String {
    let output = Output::buffer();
    let builder = Engine::builder().simulated(3).limits(limits).stdout(Output::buffer()).stderr(output.clone());
    let engine = builder.build().expect("an engine");
    let script = engine
        .compile("evil", &format!("module evil\n{CLEANUPS}\nmain : Effect Text Unit\nmain = do Effect {{\n{main}}}\n"))
        .unwrap_or_else(|error| panic!("{}", error.render(Color::Never)));
    let ending = script.run_main();
    assert!(matches!(ending, Ending::Limit(_)), "{ending:?}\n{}", output.text());
    output.text()
}

#[test]
fn what_a_limit_leaves_undone_is_no_deadlock() {
    let (time, none) = (Limits::none().time(Duration::from_secs(5)), Limits::none());
    for (main, limits) in [
        ("  _ <- doing wait wait\n", time),
        // The cleanup runs when the limit is reached, and does not notice it.
        ("  _ <- doing (pure Unit) wait\n", time),
        ("  _ <- spawn (doing wait wait)\n  wait\n", time),
        ("  _ <- doing (grow []) (turn 0)\n", none.memory(8 * MEGABYTE)),
        ("  _ <- doing (turn 0) (turn 0)\n", none.fuel(10_000)),
    ] {
        let report = left_undone(main, limits);
        assert!(report.starts_with("the end of the program (a limit was reached) took "), "{main}: {report}");
        assert!(report.contains("\n  a cleanup of evil:") && report.contains(" was cut short\n"), "{main}: {report}");
    }
}

/// Not every file has an end, and one that has may be larger than the memory that is left.
#[cfg(unix)]
#[test]
fn a_file_is_read_within_the_limits() {
    let text = "module m\nuse aivi.file (readText, open, readAll)\nexport *\n\n\
                all : Text -> Effect Text Bool\nall = path => do Effect {\n  read <- readText path\n  \
                pure (read match\n    | Ok _ => True\n    | Err _ => False)\n}\n\n\
                rest : Text -> Effect Text Bool\nrest = path => do Effect {\n  file <- open path\n  read <- readAll file\n  \
                pure (read match\n    | Ok _ => True\n    | Err _ => False)\n}\n";
    let engine = Engine::builder().limits(Limits::none().memory(1 << 20)).allow(aivi::Capability::all());
    let script = engine.build().expect("an engine").compile("m.aivi", text).expect("it compiles");
    for function in ["all", "rest"] {
        let ended = script.call::<bool, _>(function, ("/dev/zero",));
        assert!(
            matches!(&ended, Err(CallError::Limit(report)) if report.what == Limit::Memory),
            "{function}: {ended:?}"
        );
    }
    let folder = std::env::temp_dir().join(format!("aivi-within-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("small.txt");
    std::fs::write(&path, "x".repeat(200_000)).expect("a file");
    assert_eq!(script.call::<bool, _>("all", (path.to_str().expect("text"),)), Ok(true));
    std::fs::remove_dir_all(folder).expect("it is there");
}

/// A call that was cancelled leaves nothing behind that goes on reading.
#[cfg(unix)]
#[test]
fn nobody_goes_on_reading_for_a_call_that_has_ended() {
    let text = "module m\nuse aivi.file (readText)\nexport *\n\n\
                all : Text -> Effect Text Int\nall = path => do Effect {\n  _ <- readText path\n  pure 1\n}\n";
    let engine = Engine::builder().allow(aivi::Capability::all()).build().expect("an engine");
    let script = engine.compile("m.aivi", text).expect("it compiles");
    let folder = std::env::temp_dir().join(format!("aivi-endless-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    let call = script.function::<(String,), i64>("all").expect("it is there").start((path.display().to_string(),));
    // Opens when the other side does, and writes until nobody reads any more.
    let mut pipe = std::fs::OpenOptions::new().write(true).open(&path).expect("a reader");
    let (begun, is_read) = std::sync::mpsc::channel();
    let writer = std::thread::spawn(move || {
        let mut written = 0;
        while pipe.write_all(&[b'x'; 4096]).is_ok() {
            written += 4096;
            _ = begun.send(());
        }
        written
    });
    is_read.recv().expect("something is read");
    call.canceller().cancel();
    assert_eq!(call.wait(), Err(CallError::Cancelled));
    assert!(writer.join().expect("no panic") > 0);
    std::fs::remove_dir_all(folder).expect("it is there");
}

/// Reads that never end have threads of the pool; what is left of those is for others.
#[cfg(unix)]
#[test]
fn who_blocks_for_ever_leaves_threads_to_its_neighbours() {
    let text = "module m\nuse aivi.concurrency\nuse aivi.file (readText)\nexport *\n\n\
                all : Text -> Int -> Effect Text Int\nall = path n => do Effect {\n  \
                texts <- parAll (List.map (_ => attempt (readText path)) [1..n])\n  pure (List.length texts)\n}\n";
    let engine = Engine::builder().allow(aivi::Capability::all()).build().expect("an engine");
    let folder = std::env::temp_dir().join(format!("aivi-pipes-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let [pipe, file] = ["pipe", "file"].map(|name| folder.join(name).display().to_string());
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    std::fs::write(&file, "text").expect("a file");
    let compile = || engine.compile("m.aivi", text).expect("it compiles");
    let function = |script: aivi::Script| script.function::<(String, i64), i64>("all").expect("it is there");
    let hostile: Vec<_> = (0..3).map(|_| function(compile()).start((pipe.clone(), 1000))).collect();
    // Opening it waits for a reader: somebody is at it.
    let held = std::fs::OpenOptions::new().write(true).open(&pipe).expect("a reader");
    for _ in 0..3 {
        let mut call = function(compile()).start((file.clone(), 100));
        assert_eq!(call.wait_timeout(LONG).expect("in time"), Ok(100));
    }
    for call in &hostile {
        call.canceller().cancel();
    }
    // The cancelled calls are over while their threads still read. The end of the pipe ends those; what has not begun
    // does not begin.
    for call in hostile {
        assert_eq!(call.wait(), Err(CallError::Cancelled));
    }
    drop(held);
    drop(engine);
    std::fs::remove_dir_all(folder).expect("it is there");
}

/// What a function of the library makes of a text is looked at before it is made, or while it is.
#[test]
fn texts_are_taken_apart_within_the_limits() {
    let text = "module m\nuse aivi.text (repeat, split, splitLines, chunk)\nuse aivi.json (decode)\nexport *\n\n\
                size : List Text -> Effect Text Int\nsize = texts => pure (List.length texts)\n\n\
                letters : Int -> Effect Text Int\nletters = n => size (split \"\" (repeat n \"ab\"))\n\n\
                pieces : Int -> Effect Text Int\npieces = n => size (split \"a\" (repeat n \"ab\"))\n\n\
                lines : Int -> Effect Text Int\nlines = n => size (splitLines (repeat n \"\\n\"))\n\n\
                chunks : Int -> Effect Text Int\nchunks = n => size (chunk 1 (repeat n \"ab\"))\n\n\
                open : Int -> Effect Text Int\nopen = n => decode (repeat n \"[\") match\n  | Ok _ => pure 1\n  | Err _ => pure 2\n\n\
                flat : Int -> Effect Text Int\nflat = n => decode \"[{repeat n \"1,\"}1]\" match\n  | Ok _ => pure 1\n  | Err _ => pure 2\n";
    let limits = Limits::none().memory(8 * MEGABYTE);
    let engine = Engine::builder().limits(limits).build().expect("an engine");
    let script = engine.compile("m.aivi", text).unwrap_or_else(|error| panic!("{error}"));
    for (function, few) in [("letters", 20), ("pieces", 11), ("lines", 10), ("chunks", 20), ("open", 2), ("flat", 1)] {
        assert_eq!(script.call::<i64, _>(function, (10,)), Ok(few), "{function}");
        let ended = script.call::<i64, _>(function, (1_500_000,));
        assert!(
            matches!(&ended, Err(CallError::Limit(report)) if report.what == Limit::Memory),
            "{function}: {ended:?}"
        );
    }
}
