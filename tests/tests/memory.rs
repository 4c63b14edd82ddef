//! What is allocated: for a fiber that only sleeps, its handle and its place in a list included; and for a message,
//! whose `Ok` is not made when it is looked at at once. And what programs leave behind when they are dropped: nothing.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

use aivi::{Engine, Output};

/// The system's allocator, with the bytes that are in use, the most that ever were, and how often memory was taken.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// One measurement at a time.
static TURN: Mutex<()> = Mutex::new(());

// SAFETY: everything is the system's allocator's doing; the counters change nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.fetch_add(1, Relaxed);
        MOST.fetch_max(USED.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: promised by the caller. Who looks at an object that was freed finds a count of one, frees it again,
        // and comes to grief.
        unsafe {
            (0..layout.size() / 4).for_each(|index| memory.cast::<u32>().add(index).write_unaligned(1));
            System.dealloc(memory, layout);
        }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const SLEEPERS: &str = "module demo
use aivi.concurrency
use aivi.system (args)
use aivi.text (parseInt)

sleeper : Effect Text Int
sleeper = do Effect {
  sleep 1000
  pure 1
}

spawned : Int -> Effect Text (List (Task Int))
spawned = n => do Effect {
  loop (i, tasks) = (0, []) => {
    if i == n then pure tasks else do Effect {
      task <- spawn sleeper
      recurse (i + 1, [task, ...tasks])
    }
  }
}

joined : List (Task Int) -> Effect Text Int
joined = tasks => do Effect {
  loop (rest, sum) = (tasks, 0) => {
    rest match
      | [] => pure sum
      | [task, ...more] => do Effect {
          one <- task.join
          recurse (more, sum + one)
        }
  }
}

main : Effect Text Unit
main = do Effect {
  words <- args
  n = words match
    | [word, ..._] => parseInt word ?? 0
    | []           => 0
  tasks <- spawned n
  sum <- joined tasks
  println \"{sum}\"
}
";

/// `main` sends so many messages and receives each at once, or another fiber does.
const MESSAGES: &str = "module demo
use aivi.concurrency
use aivi.system (args)
use aivi.text (parseInt)

received : Receiver Int -> Effect Text Int
received = rx => do Effect {
  loop sum = 0 => {
    message <- recv rx
    message match
      | Ok n       => recurse (sum + n)
      | Err Closed => pure sum
  }
}

sent : Sender Int -> Int -> Effect Text Unit
sent = tx n => do Effect {
  loop i = 0 => {
    if i == n then close tx else do Effect {
      send tx 1
      recurse (i + 1)
    }
  }
}

main : Effect Text Unit
main = do Effect {
  words <- args
  (n, room) = words match
    | [count, size, ..._] => (parseInt count ?? 0, parseInt size ?? 0)
    | _                   => (0, 0)
  (tx, rx) <- makeBounded room
  (_, sum) <- par (sent tx n) (received rx)
  println \"{sum}\"
}
";

fn run(text: &str, args: &[&str]) {
    let stdout = Output::buffer();
    let args_owned = args.iter().map(ToString::to_string);
    let engine = Engine::builder().simulated(0).args(args_owned).stdout(stdout.clone()).build().expect("an engine");
    let script = engine.compile("demo", text).expect("no errors");
    assert!(script.run_main().report().is_none());
    assert_eq!(stdout.text().trim(), args[0]);
}

/// The most bytes in use while so many fibers sleep.
fn bytes_with(sleepers: usize) -> usize {
    let before = USED.load(Relaxed);
    MOST.store(before, Relaxed);
    run(SLEEPERS, &[&sleepers.to_string()]);
    MOST.load(Relaxed) - before
}

/// How often memory is taken while so many messages pass through a channel with that much room.
fn allocations_with(messages: usize, room: usize) -> usize {
    let before = TAKEN.load(Relaxed);
    run(MESSAGES, &[&messages.to_string(), &room.to_string()]);
    TAKEN.load(Relaxed) - before
}

#[test]
fn a_sleeper_costs_little() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    // Tables that double stand a little below their size with both.
    let (few, many) = (8_000, 64_000);
    let each = (bytes_with(many) - bytes_with(few)) / (many - few);
    println!("{each} bytes for a sleeping fiber");
    assert!(each <= 512, "{each} bytes for a sleeping fiber");
}

/// In debug builds every object is an allocation; there is room for most messages, since a wait may allocate there as
/// well.
#[test]
fn a_message_that_is_looked_at_at_once_allocates_nothing() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let (few, many) = (1_000, 11_000);
    let more = allocations_with(many, 64).saturating_sub(allocations_with(few, 64));
    println!("{more} allocations for {} messages", many - few);
    assert!(more < (many - few) / 10, "{more} allocations for {} messages", many - few);
}

/// Constants and globals of all sorts: texts, numbers, lists, records, maps, functions that hold others, a channel.
const CONSTANTS: &str = "module demo
export *
use aivi.concurrency (make, send, recv, spawn)

Shape = Circle Float | Named { name: Text, parts: List Shape }

long : Text
long = \"a text that is too long to stand in a value, and so an object of its own with a buffer behind it, as it seems\"

shapes : List Shape
shapes = [Circle 1.0, Named { name: long, parts: [Circle 2.0, Named { name: \"inner {long}\", parts: [] }] }]

numbers : Map Int Text
numbers = Map.fromList (List.map (n => (n, \"number {n} {long}\")) [1, 2, 3, 4])

adders : List (Int -> Int)
adders = List.map (n => (m => m + n)) [1, 2, 3]

value : Int -> Effect Text Int
value = n => do Effect {
  (tx, rx) <- make (shapes, numbers)
  _ <- spawn (send tx (shapes, numbers))
  got <- recv rx
  got match
    | Ok (all, texts) => pure (n + List.length all + Map.size texts + List.foldl (sum add => add sum) 0 adders)
    | Err _           => fail \"closed\"
}
";

#[test]
fn programs_are_freed() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let engine = Engine::builder().workers(1).stdout(Output::buffer()).build().expect("an engine");
    let run = || {
        let script = engine.compile("constants", CONSTANTS).expect("no errors");
        assert_eq!(script.call::<i64, _>("value", (1,)), Ok(1 + 2 + 4 + 6));
    };
    // What is kept for the next one: pages of the thread, fibers, tables of the engine.
    (0..20).for_each(|_| run());
    let before = USED.load(Relaxed);
    (0..60).for_each(|_| run());
    let each = USED.load(Relaxed).saturating_sub(before) / 60;
    // The engine has an entry for each until it looks which are gone.
    assert!(each < 1024, "a program leaves {each} bytes behind");
}

/// What a call has come to is looked at when its program is gone: it goes before.
#[test]
fn results_go_before_their_programs() {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let text = CONSTANTS.to_owned()
        + "
words : Int -> Effect Text (List Shape, Text)
words = n => do Effect {
  task <- spawn (pure (shapes, long))
  (all, text) <- task.join
  _ <- spawn (fail long)
  pure (all, if n == 0 then text else \"{text}\")
}
";
    for round in 0..60 {
        let engine = Engine::builder().workers(2).stdout(Output::buffer()).stderr(Output::buffer()).build();
        let engine = engine.expect("an engine");
        let script = engine.compile("constants", &text).expect("no errors");
        let words = script.function::<(i64,), aivi::Value>("words").expect("it is there");
        let call = words.start((0,));
        let other = words.start((1,));
        drop((words, script));
        while round % 2 == 0 && !call.is_finished() {
            std::thread::yield_now();
        }
        match round % 3 {
            0 => drop(call),
            1 => call.detach(),
            _ => assert!(call.wait().expect("it ends").to_string().contains("too long to stand")),
        }
        drop(engine);
        drop(other);
    }
}
