//! Functions of scripts that the host calls.

use std::sync::{Arc, Mutex};

use aivi::{Aivi, CallError, Callback, Engine, HostModule, LookupError, Output, Script, Value};

type Hooks = Arc<Mutex<Vec<Callback<(i64,), i64>>>>;

/// A script, and the callbacks that it has given.
fn case(body: &str) -> (Script, Hooks) {
    let hooks = Hooks::default();
    let (kept, used) = (hooks.clone(), hooks.clone());
    let module = HostModule::new("events")
        .effect("onHit : (Int -> Effect Text Int) -> Effect Text Unit", move |hook: Callback<(i64,), i64>| {
            kept.lock().expect("no panic").push(hook);
            Ok::<(), String>(())
        })
        .effect("now : (Int -> Int) -> Int -> Effect Text Int", |hook: Callback<(i64,), i64>, n: i64| {
            hook.call((n,)).map_err(|error| error.to_string())
        })
        .blocking("wait : (Int -> Int) -> Int -> Effect Text Int", |hook: Callback<(i64,), i64>, n: i64| {
            hook.call((n,)).map_err(|error| error.to_string())
        })
        .future("later : (Int -> Int) -> Int -> Effect Text Int", async |hook: Callback<(i64,), i64>, n: i64| {
            hook.start((n,)).await.map_err(|error| error.to_string())
        })
        .effect("fire : Int -> Effect Text Int", move |n: i64| {
            used.lock().expect("no panic").iter().for_each(|hook| hook.start((n,)).detach());
            Ok::<_, String>(n)
        });
    let output = Output::buffer();
    let builder = Engine::builder().workers(1).stdout(output.clone()).stderr(output).module(module);
    let text = format!("module t\nuse events\nuse aivi.concurrency\nexport *\n\n{body}");
    let engine = builder.build().unwrap_or_else(|error| panic!("{error}"));
    (engine.compile("t.aivi", &text).unwrap_or_else(|error| panic!("{error}")), hooks)
}

#[test]
fn a_callback_is_called_after_the_call_that_gave_it() {
    let (script, hooks) = case(
        "start : Int -> Effect Text Unit\nstart = k => onHit (n => do Effect {\n  sleep 1\n  \
         given n < 10 or fail \"too large\"\n  pure (n * k)\n})\n",
    );
    script.call::<(), _>("start", (3,)).expect("it succeeds");
    let hook = hooks.lock().expect("no panic").remove(0);
    // The callback keeps the program.
    drop(script);
    assert_eq!(hook.call((4,)), Ok(12));
    assert_eq!(hook.call((10,)), Err(CallError::Failure("too large".to_owned())));
    let threads: Vec<_> = (0..4)
        .map(|n| {
            let hook = hook.clone();
            std::thread::spawn(move || hook.start((n,)).wait())
        })
        .collect();
    let results: Vec<i64> = threads.into_iter().map(|it| it.join().expect("no panic").expect("it succeeds")).collect();
    assert_eq!(results, [0, 3, 6, 9]);
}

#[test]
fn a_callback_is_called_during_the_call_that_gave_it_where_waiting_is_allowed() {
    let (script, _) = case(
        "f : Int -> Effect Text Int\nf = n => wait (x => x * 2) n\n\n\
         g : Int -> Effect Text Int\ng = n => later (x => x * 3) n\n\n\
         h : Int -> Effect Text Int\nh = n => now (x => x * 4) n\n",
    );
    assert_eq!(script.call::<i64, _>("f", (4,)), Ok(8));
    assert_eq!(script.call::<i64, _>("g", (4,)), Ok(12));
    match script.call::<i64, _>("h", (4,)) {
        Err(CallError::Failure(error)) => assert!(error.contains("make it `blocking` or a `future`"), "{error}"),
        other => panic!("no failure, but {other:?}"),
    }
}

#[test]
fn calls_return_callbacks() {
    let (script, _) = case(
        "adder : Int -> Int -> Int\nadder = a b => a + b\n\nconst : Int -> Effect Text Int\nconst = n => pure n\n\n\
         same : A -> A\nsame = a => a\n\nlisted : List (Int -> Int)\nlisted = [(x => x + 1), adder 10]\n",
    );
    let add = script.call::<Callback<(i64,), i64>, _>("adder", (2,)).expect("it succeeds");
    assert_eq!(add.call((3,)), Ok(5));
    let listed: Vec<Callback<(i64,), i64>> = script.call("listed", ()).expect("it succeeds");
    assert_eq!(listed.iter().map(|each| each.call((1,))).collect::<Vec<_>>(), [Ok(2), Ok(11)]);
    // What a function takes is known from its type only.
    let is_type_error = |error: CallError| matches!(error, CallError::Lookup(LookupError::Type { .. }));
    let wrong = script.call::<Callback<(String,), i64>, _>("adder", (2,)).expect_err("it takes an Int");
    assert!(is_type_error(wrong));
    let any = script.call::<Callback<(Value,), i64>, _>("adder", (2,)).expect_err("it takes an Int");
    assert!(is_type_error(any));
    let unknown = script.call::<Callback<(i64,), i64>, _>("same", (2,)).expect_err("nobody knows");
    assert!(is_type_error(unknown));
    let hidden: Value = script.call("adder", (2,)).expect("anything is a value");
    assert!(hidden.to::<Callback<(String,), i64>>().is_err());
}

#[derive(Aivi)]
#[aivi(output)]
struct Plugin {
    name: String,
    #[aivi(rename = "onHit")]
    on_hit: Callback<(i64, String), String>,
    stop: Callback<(), i64>,
}

#[test]
fn records_hold_callbacks() {
    let (script, _) = case(
        "plugin : { name: Text, onHit: Int -> Text -> Text, stop: Effect Text Int }\n\
         plugin = { name: \"p\", onHit: n who => \"{who} {n}\", stop: pure 7 }\n",
    );
    let plugin: Plugin = script.call("plugin", ()).expect("it succeeds");
    assert_eq!(plugin.name, "p");
    assert_eq!(plugin.on_hit.call((3, "Bo".to_owned())), Ok("Bo 3".to_owned()));
    assert_eq!((plugin.stop.call(()), plugin.stop.call(())), (Ok(7), Ok(7)));
}

#[test]
fn a_detached_call_of_a_callback_goes_on_by_itself() {
    let (script, hooks) = case(
        "start : Sender Int -> Effect Text Unit\nstart = tx => onHit (n => do Effect {\n  send tx n\n  pure n\n})\n\n\
         all : Effect Text Int\nall = do Effect {\n  (tx, rx) <- make 0\n  start tx\n  start tx\n  \
         _ <- fire 21\n  a <- recv rx\n  b <- recv rx\n  pure ((a or 0) + (b or 0))\n}\n",
    );
    let sum = script.call::<i64, _>("all", ());
    assert!(matches!(sum, Ok(42)), "{sum:?}");
    hooks.lock().expect("no panic").clear();
}

#[test]
fn a_callback_spawns_into_a_scope_of_the_call_that_gave_it() {
    let (script, hooks) = case(
        "give : Int -> Effect Text Int
give = n => do Effect {
  (tx, rx) <- make 0
  (go, gone) <- make 0
  scope (s => do Effect {
    onHit (m => if m == 0 then do Effect {
      close go
      pure m
    } else do Effect {
      _ <- spawnIn s (work tx gone m)
      pure m
    })
    // While a clock runs it is no deadlock that only the host can end.
    (first, second) <- timeoutWith 1000000 \"late\" (do Effect {
      first <- recv rx
      second <- recv rx
      pure (first, second)
    })
    pure (n + (first or 0) + (second or 0))
  })
}

work : Sender Int -> Receiver Int -> Int -> Effect Text Unit
work = tx gone m => do Effect {
  _ <- recv gone
  texts = [m, m] |> List.map (n => \"{n}\")
  send tx (m * List.length texts)
}
",
    );
    let call = script.function::<(i64,), i64>("give").expect("it is there").start((1,));
    let hook = loop {
        if let Some(hook) = hooks.lock().expect("no panic").pop() {
            break hook;
        }
        std::thread::yield_now();
    };
    // These calls are long over when what they have spawned runs.
    assert_eq!([10, 20, 0].map(|m| hook.call((m,))), [Ok(10), Ok(20), Ok(0)]);
    assert_eq!(call.wait(), Ok(61));
    assert!(matches!(hook.call((30,)), Err(CallError::Fault(fault)) if fault.message == "the scope has ended"));
}
