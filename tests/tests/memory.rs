//! What a fiber that only sleeps costs: everything that the program allocates for it, its handle and its place in a list included.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use aivi::{Engine, Output};

/// The system's allocator, with the bytes that are in use and the most that ever were.
struct Counting;

static USED: AtomicUsize = AtomicUsize::new(0);
static MOST: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is the system's allocator's doing; the counters change nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        MOST.fetch_max(USED.fetch_add(layout.size(), Relaxed) + layout.size(), Relaxed);
        // SAFETY: promised by the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        USED.fetch_sub(layout.size(), Relaxed);
        // SAFETY: promised by the caller.
        unsafe { System.dealloc(memory, layout) }
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

/// The most bytes in use while so many fibers sleep.
fn bytes_with(sleepers: usize) -> usize {
    let (before, count) = (USED.load(Relaxed), sleepers.to_string());
    MOST.store(before, Relaxed);
    let stdout = Output::buffer();
    let engine =
        Engine::builder().simulated(0).args([count.clone()]).stdout(stdout.clone()).build().expect("an engine");
    let script = engine.compile("sleepers", SLEEPERS).expect("no errors");
    assert!(script.run_main().report().is_none());
    assert_eq!(stdout.text().trim(), count);
    MOST.load(Relaxed) - before
}

#[test]
fn a_sleeper_costs_little() {
    // Tables that double stand a little below their size with both.
    let (few, many) = (8_000, 64_000);
    let each = (bytes_with(many) - bytes_with(few)) / (many - few);
    println!("{each} bytes for a sleeping fiber");
    assert!(each <= 512, "{each} bytes for a sleeping fiber");
}
